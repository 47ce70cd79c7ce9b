"""Which series to compare with: all scans of this computer, those of the same patient first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout

from viewer.ui.fonts import Type
from viewer.ui.library.scan_lines import ScanLines
from viewer.ui.library.scan_list import ScanList
from viewer.ui.library.search_field import SearchField
from viewer.ui.sheet import Sheet
from viewer.ui.widgets import Button, Kind, text_label

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from viewer.services.desk import Desk
    from viewer.ui.theme import Theme

LIST_HEIGHT, LEAST_LIST = 420, 64
NOTHING = "No other scan is known. Open its folder."
NOT_FOUND = "Nothing matches “{words}”."


class CompareSheet(Sheet):
    """Lists series to choose from. `chosen` carries one, `itself` and `folder_wanted` ask for the other two ways."""

    chosen = Signal(int)
    itself = Signal()
    folder_wanted = Signal()

    def __init__(self, window: QWidget, theme: Theme, desk: Desk) -> None:
        super().__init__(window, theme, "Compare with", width=760, top=0.1)
        self._desk = desk
        self.search = SearchField(theme, "Search any word", "")
        self.search.textChanged.connect(self._find)
        self.search.left.connect(self.dismiss)
        self.search.installEventFilter(self)
        self.body.addWidget(self.search)
        self.lines = ScanLines(desk, self)
        self.list = ScanList(theme, self.lines)
        self.let_give_way(self.list, LIST_HEIGHT, LEAST_LIST)
        self.list.opened.connect(self._choose)
        self.list.typed.connect(self.search.go_on_typing)
        self.list.pictures_wanted.connect(desk.pictures.want)
        desk.pictures.ready.connect(self.lines.take_picture)
        self.body.addWidget(self.list, 1)
        self._none = text_label(NOTHING, Type.BODY, "text2")
        self.body.addWidget(self._none)
        row = QHBoxLayout()
        itself = Button(theme, "Itself", icon="copy")
        itself.setToolTip("The open series a second time, for another window or another place")
        itself.clicked.connect(self._itself)
        folder = Button(theme, "Open folder…", icon="folder-open")
        folder.setToolTip("Compare with a series in another folder")
        folder.clicked.connect(self._folder)
        row.addWidget(itself)
        row.addWidget(folder)
        row.addStretch()
        self._compare = Button(theme, "Compare", key="Return", kind=Kind.MAIN)
        self._compare.setToolTip("Compare with the marked series (Enter)")
        self._compare.clicked.connect(self._choose_marked)
        row.addWidget(self._compare)
        self.body.addLayout(row)

    @property
    def empty_words(self) -> str:
        """What is said in place of the list, "" where it is there."""
        return "" if self._none.isHidden() else self._none.text()

    def ask(self) -> None:
        """Open with all scans."""
        self.search.clear()
        self._find()
        self.open(self.search)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Let the field's arrows and Enter act on the list."""
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            if key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
                self.list.keyPressEvent(event)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose_marked()
                return True
        return super().eventFilter(watched, event)

    def _find(self) -> None:
        self.lines.show(self.search.text(), None, beside=self._desk.session.volume)
        self.list.choose(None)
        found = bool(self.lines.series_ids)
        self.list.setVisible(found)
        words = self.search.text().strip()
        self._none.setText(NOT_FOUND.format(words=words) if words else NOTHING)
        self._none.setVisible(not found)
        self._compare.setEnabled(found)

    def _choose_marked(self) -> None:
        if self.list.chosen is not None:
            self._choose(self.list.chosen)

    def _choose(self, series: int) -> None:
        self.dismiss()
        self.chosen.emit(series)

    def _itself(self) -> None:
        self.dismiss()
        self.itself.emit()

    def _folder(self) -> None:
        self.dismiss()
        self.folder_wanted.emit()
