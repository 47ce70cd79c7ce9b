"""The library's first page: search, filter, cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from viewer.ui.fonts import Type, font
from viewer.ui.icons import icon
from viewer.ui.library.card_grid import CardGrid
from viewer.ui.theme import CONTROL_HEIGHT
from viewer.ui.widgets import Button, KeyChip, Kind, Segmented, text_label

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case
    from viewer.services.cases import CaseShelf
    from viewer.ui.theme import Theme

MARGIN = 48
ALL = "all"


class SearchField(QLineEdit):
    """A field with a magnifier and its key; Esc empties it, ↓ or Enter goes on to the cards."""

    left = Signal()

    def __init__(self, theme: Theme, hint: str, key: str) -> None:
        super().__init__()
        self._theme = theme
        self.setFont(font(Type.BODY))
        self.setPlaceholderText(hint)
        self.setAccessibleName(hint)
        self.setFixedHeight(CONTROL_HEIGHT)
        self._magnifier = QAction(icon(theme, "search", "text2"), "", self)
        self.addAction(self._magnifier, QLineEdit.ActionPosition.LeadingPosition)
        self._chip = KeyChip(theme, key, self)
        self.textChanged.connect(lambda text: self._chip.setVisible(not text))
        theme.changed.connect(lambda: self._magnifier.setIcon(icon(self._theme, "search", "text2")))

    def resizeEvent(self, event: object) -> None:  # noqa: N802 (Qt's name)
        """Keep the key chip at the right."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._chip.move(self.width() - self._chip.width() - 10, (self.height() - self._chip.height()) // 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Empty the field, or leave it."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        else:
            super().keyPressEvent(event)


def searched_text(case: Case) -> str:
    """Return everything of a case that a search looks at."""
    steps = (f"{step.title} {step.narration}" for step in case.steps)
    return " ".join((case.title, case.summary, case.body_part, *steps)).casefold()


class CasesPage(QWidget):
    """Cards of all cases. `presented` carries a case; `problems_wanted` asks why some cannot be shown."""

    presented = Signal(object)
    folder_wanted = Signal()
    file_wanted = Signal()
    problems_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shelf: CaseShelf | None = None
        self._part = ALL
        self.setProperty("surface", "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 24, 0, 0)
        column.setSpacing(0)
        self._head = QHBoxLayout()
        self._head.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self._head.setSpacing(16)
        self._head.addWidget(text_label("Cases", Type.PAGE_TITLE))
        self._problems = Button(theme, "", icon="triangle-alert", kind=Kind.FLAT)
        self._problems.icon_role = "disagree"
        self._problems.setToolTip("Show which cases cannot be shown, and why")
        self._problems.clicked.connect(self.problems_wanted)
        self._problems.hide()
        self._head.addWidget(self._problems)
        self._head.addStretch()
        self._parts: Segmented | None = None
        self.search = SearchField(theme, "Search titles and findings", "Ctrl+F")
        self.search.setMinimumWidth(240)
        self.search.setMaximumWidth(360)
        self.search.textChanged.connect(lambda _text: self._filter())
        self._head.addWidget(self.search, 1)
        browse = Button(theme, "Open folder…", icon="folder-open")
        browse.setToolTip("Choose a folder of DICOM files (Ctrl+O)")
        browse.clicked.connect(self.folder_wanted)
        self._head.addWidget(browse)
        column.addLayout(self._head)
        column.addSpacing(32)
        self.grid = CardGrid(theme)
        self.grid.presented.connect(self.presented)
        self.grid.drop.folder_wanted.connect(self.folder_wanted)
        self.grid.drop.file_wanted.connect(self.file_wanted)
        self.search.left.connect(self.grid.setFocus)
        self._none = text_label("", Type.BODY, "text2")
        self._none.setContentsMargins(MARGIN, 0, MARGIN, 24)
        self._none.hide()
        column.addWidget(self._none)
        holder = QWidget()
        holder.setProperty("surface", "window")
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(MARGIN, 0, MARGIN - 12, 24)
        inner.addWidget(self.grid)
        inner.addStretch()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Room for the bar is kept free, so that cards do not jump when it comes.
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._scroll.setWidget(holder)
        self._holder_layout = inner
        self.grid.reveal.connect(self._reveal)
        self._scroll.verticalScrollBar().rangeChanged.connect(self._keep_margin)
        column.addWidget(self._scroll, 1)
        self._keep_margin(0, 0)

    @property
    def problem_words(self) -> str:
        """What is said about cases that cannot be shown, or ""."""
        return "" if self._problems.isHidden() else self._problems.text()

    @property
    def scrolled_px(self) -> int:
        """How far the cards are scrolled."""
        return self._scroll.verticalScrollBar().value()

    def show_shelf(self, shelf: CaseShelf, states: dict[str, str]) -> None:
        """Show the cases of a shelf; `states` are by case id."""
        self._shelf = shelf
        self.grid.set_cases([(case, states[case.id]) for case in shelf.cases])
        self._make_parts(shelf)
        count = len(shelf.problems)
        self._problems.set_words("1 case cannot be shown" if count == 1 else f"{count} cases cannot be shown")
        self._problems.setVisible(bool(count))
        self._filter()

    def _make_parts(self, shelf: CaseShelf) -> None:
        if self._parts is not None:
            self._head.removeWidget(self._parts)
            self._parts.hide()
            self._parts.deleteLater()
            self._parts = None
        names: dict[str, int] = {}
        for case in shelf.cases:
            names[case.body_part] = names.get(case.body_part, 0) + 1
        if len(names) < 2:
            self._part = ALL
            return
        segments = [(ALL, f"All {len(shelf.cases)}", "")]
        segments += [(name, f"{name.capitalize() or 'Other'} {count}", "") for name, count in sorted(names.items())]
        self._parts = Segmented(self._theme, tuple(segments), height=CONTROL_HEIGHT)
        self._parts.choose(self._part if self._part in (ALL, *names) else ALL)
        self._parts.chosen.connect(self._choose_part)
        self._head.insertWidget(self._head.indexOf(self.search), self._parts)

    def _choose_part(self, name: str) -> None:
        self._part = name
        self._filter()

    def _filter(self) -> None:
        if self._shelf is None:
            return
        wanted = self.search.text().casefold().split()
        shown = tuple(
            case.id
            for case in self._shelf.cases
            if self._part in (ALL, case.body_part) and all(word in searched_text(case) for word in wanted)
        )
        self.grid.show_only(shown)
        if not self._shelf.cases:
            words = "No case is installed yet. Open a CT folder, or copy a case into the cases folder."
        elif not shown:
            words = f"No case matches “{self.search.text()}”." if wanted else "No case of this kind."
        else:
            words = ""
        self._none.setText(words)
        self._none.setVisible(bool(words))

    def _reveal(self, card: QWidget) -> None:
        if not self.isVisible():
            # Before the page has its size, cards lie elsewhere; it begins at its top.
            return
        self._scroll.ensureWidgetVisible(card, 0, 24)

    def _keep_margin(self, _least: int, most: int) -> None:
        self._holder_layout.setContentsMargins(MARGIN, 0, MARGIN - (12 if most else 0), 24)
