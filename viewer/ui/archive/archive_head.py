"""Over the search of an archive: which one it is, its settings, and its password where it wants one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from viewer.ui.archive.choice import Choice
from viewer.ui.fonts import Type, font
from viewer.ui.theme import CONTROL_HEIGHT
from viewer.ui.widgets import Button, ElidedLabel, text_label

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

CHOICE_WIDTH = 264


class ArchiveHead(QWidget):
    """Which archive is searched, where it is, and buttons to change it and to add one; `chosen` tells of another."""

    chosen = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        self.choice = Choice(theme, "Archive")
        self.choice.setFixedWidth(CHOICE_WIDTH)
        self.choice.setToolTip("Which archive is searched")
        self.choice.currentIndexChanged.connect(lambda _n: self.chosen.emit())
        self.place = ElidedLabel("", Type.CAPTION, "text2")
        self.change = Button(theme, "Edit…", icon="pencil")
        self.change.setToolTip("This archive’s settings, a connection test, and its removal")
        self.add = Button(theme, "Add…", icon="plus")
        self.add.setToolTip("Add another archive")
        row.addWidget(self.choice)
        row.addWidget(self.place, 1)
        row.addWidget(self.change)
        row.addWidget(self.add)


class PasswordRow(QWidget):
    """A field for an archive's password, and whose it is."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        self.field = QLineEdit()
        self.field.setFont(font(Type.BODY))
        self.field.setFixedSize(CHOICE_WIDTH, CONTROL_HEIGHT)
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setPlaceholderText("Password")
        self.field.setAccessibleName("Password")
        self._whose = text_label("", Type.CAPTION, "text2")
        row.addWidget(self.field)
        row.addWidget(self._whose, 1)

    def say_whose(self, user: str) -> None:
        """Say whose password it is."""
        self._whose.setText(f"of {user}. It is kept until CaseStage closes, and nowhere else.")
