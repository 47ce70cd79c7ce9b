"""Every word of a window that a person or a screen reader comes by: none names a patient while identity is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QAccessibleInterface

    from tests.monkey.watching import Faults
    from viewer.ui.main_window import MainWindow

_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.StatusTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.AccessibleDescriptionRole,
)
_MOST_ROWS, _MOST_READ, _DEEPEST = 100, 600, 12


class Identity:
    """Looks for names in a window, and on the clipboard since identity was hidden."""

    def __init__(self, window: MainWindow, faults: Faults) -> None:
        self._window, self._faults = window, faults
        self._copied = ""

    def look(self) -> None:
        """Look at all that is shown now."""
        clipboard = QGuiApplication.clipboard().text()
        copied, self._copied = self._copied, clipboard
        for shown in QApplication.topLevelWidgets():
            if shown.isVisible() and self._faults.named(shown.windowTitle()):
                self._faults.add("a name in a title", shown.windowTitle())
        if not self._window.desk.session.masked:
            return
        if clipboard != copied and self._faults.named(clipboard):
            self._faults.add("a name on the clipboard while masked", clipboard)
        for shown in QApplication.topLevelWidgets():
            if not shown.isVisible():
                continue
            for words, widget in (*_words(shown), *_read(QAccessible.queryAccessibleInterface(shown), 0)):
                if words and self._faults.named(words):
                    self._faults.add("a name while masked", f"{words!r} in {widget}")


def _words(top: QWidget) -> Iterator[tuple[str, str]]:
    for widget in (top, *top.findChildren(QWidget)):
        if not widget.isVisible():
            continue
        kind = type(widget).__name__
        for said in (widget.toolTip(), widget.statusTip(), widget.whatsThis(), widget.windowTitle()):
            yield said, kind
        yield widget.accessibleName(), kind
        yield widget.accessibleDescription(), kind
        for said in _own_words(widget):
            yield said, kind


def _own_words(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel | QAbstractButton):
        yield widget.text()
    elif isinstance(widget, QLineEdit):
        yield widget.placeholderText()
        # What is being typed is the typist's own.
        if not widget.hasFocus():
            yield widget.text()
    elif isinstance(widget, QTextEdit | QPlainTextEdit) and not widget.hasFocus():
        yield widget.toPlainText()
    elif isinstance(widget, QComboBox):
        yield from (widget.itemText(n) for n in range(widget.count()))
    elif isinstance(widget, QMenu):
        for action in widget.actions():
            yield from (action.text(), action.toolTip(), action.statusTip())
    elif isinstance(widget, QAbstractItemView) and widget.model() is not None:
        model = widget.model()
        for row in range(min(model.rowCount(), _MOST_ROWS)):
            index = model.index(row, 0)
            yield from (str(model.data(index, role) or "") for role in _ROLES)


def _read(seen: QAccessibleInterface | None, depth: int) -> Iterator[tuple[str, str]]:
    """Return what a screen reader is told of something and of what lies in it."""
    if seen is None or not seen.isValid() or depth > _DEEPEST:
        return
    state: Any = seen.state()
    if depth and state.invisible:
        return
    for part in (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Help):
        yield seen.text(part), f"what a screen reader says of a {seen.role().name}"
    if not state.focused:
        yield seen.text(QAccessible.Text.Value), f"the value of a {seen.role().name}"
    for n in range(min(seen.childCount(), _MOST_READ)):
        yield from _read(seen.child(n), depth + 1)
