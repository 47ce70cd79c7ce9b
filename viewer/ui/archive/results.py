"""What a search came to: the studies, or a sentence in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout

from viewer.ui.archive.study_list import StudyList
from viewer.ui.empty import EmptyState
from viewer.ui.widgets import Button, Card

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from viewer.ui.archive.study_rows import StudyRows
    from viewer.ui.theme import Theme


class Results(Card):
    """A card that holds the list of studies and what is said where there is none."""

    def __init__(self, theme: Theme, rows: StudyRows, add_first: Button) -> None:
        super().__init__()
        self.list = StudyList(theme, rows)
        self.invitation = EmptyState(
            theme, "search", "Search for a study", "Any field may stay empty. Enter searches, ↓ goes to the results."
        )
        self.searching = EmptyState(theme, "search", "", "")
        self.empty = EmptyState(
            theme, "inbox", "Nothing matches", "Try fewer fields, * in the name, or another modality."
        )
        self.wrong = EmptyState(theme, "triangle-alert", "", "", role="disagree")
        self.none_yet = EmptyState(
            theme,
            "database",
            "No archive yet",
            "Add the PACS of your hospital by its DICOMweb address, or by AE title, host and port.",
            add_first,
        )
        self._stack = QStackedWidget()
        for page in (self.list, self.invitation, self.searching, self.empty, self.wrong, self.none_yet):
            self._stack.addWidget(page)
        inner = QVBoxLayout(self)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self._stack)

    @property
    def shown(self) -> QWidget | None:
        """The list or the sentence that is shown."""
        return self._stack.currentWidget()

    @property
    def listed(self) -> bool:
        """True where studies are shown."""
        return self.shown is self.list

    def show_page(self, page: QWidget) -> None:
        """Show the list or a sentence."""
        self._stack.setCurrentWidget(page)


def uninstalled(theme: Theme, install_line: str) -> EmptyState:
    """Return what is said where archives need what is not installed: the line that installs it, to copy."""
    copy = Button(theme, "Copy the line", icon="copy")
    copy.setToolTip("Copy the command that installs it, for a terminal")
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(install_line))
    return EmptyState(
        theme,
        "package",
        "Archives need the extra “pacs”, which is not installed",
        f"Install it with this line, then start CaseStage again:\n{install_line}",
        copy,
    )
