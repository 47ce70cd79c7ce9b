"""A mouse and a keyboard in hands that mean nothing by it, and what becomes of menus and dialogs that they open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLineEdit, QWidget

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

_BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton)
_HELD = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
_LEAD_OUT = {"Quit", "Quit (Ctrl+Q)"}


class Hands(QObject):
    """Hands on one window; `rng` is that of the step."""

    def __init__(self, window: QWidget, folder: Path, places: list[Path], rng: Random) -> None:
        super().__init__()
        self.window, self.rng, self._folder, self._places = window, rng, folder, places
        self._answered: dict[int, int] = {}
        (folder / "written").mkdir(exist_ok=True)
        self._stopped = False
        self._answer()

    def stop(self) -> None:
        """Answer nothing more."""
        self._stopped = True

    # --- keys

    def with_keys(self) -> QWidget:
        """Return the widget that keys go to."""
        focus = QApplication.focusWidget()
        return focus if focus is not None and focus.window().isVisible() else self.window

    def key(self, combination: int | Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the keys go."""
        QTest.keyClick(self.with_keys(), Qt.Key(combination), held)

    def type(self, words: str) -> None:
        """Type words where the keys go."""
        for letter in words:
            for kind in (QKeyEvent.Type.KeyPress, QKeyEvent.Type.KeyRelease):
                event = QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, letter)
                QApplication.sendEvent(self.with_keys(), event)

    # --- mouse

    def _somewhere(self, widget: QWidget) -> QPoint:
        return QPoint(self.rng.randrange(max(widget.width(), 1)), self.rng.randrange(max(widget.height(), 1)))

    def _on_top(self, widget: QWidget) -> tuple[QWidget, QPoint]:
        """Return what is seen somewhere on a widget, the widget itself or what lies over it, and where on that."""
        place = widget.mapTo(widget.window(), self._somewhere(widget))
        seen = widget.window().childAt(place) or widget.window()
        return seen, seen.mapFrom(widget.window(), place)

    def click(self, below: QWidget) -> str:
        """Click somewhere on a widget."""
        widget, place = self._on_top(below)
        button, held = self.rng.choice(_BUTTONS), self.rng.choice(_HELD)
        if self.rng.random() < 0.15:
            QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, held, place)
            return f"double click at {place.toTuple()} {held.name}"
        QTest.mouseClick(widget, button, held, place)
        return f"{button.name} at {place.toTuple()} {held.name}"

    def drag(self, below: QWidget) -> str:
        """Drag over a widget, now and then with Esc or the wheel in between."""
        widget, start = self._on_top(below)
        button, held = self.rng.choice(_BUTTONS), self.rng.choice(_HELD)
        QTest.mousePress(widget, button, held, start)
        for n in range(self.rng.randint(1, 12)):
            place = self._somewhere(widget) if n % 4 == 3 else start + QPoint(*(self.rng.randint(-30, 30),) * 2)
            QTest.mouseMove(widget, place, 3)
            start = place
        between = self.rng.random()
        if between < 0.1:
            self.key(Qt.Key.Key_Escape)
        elif between < 0.15:
            self.wheel(widget)
        QTest.mouseRelease(widget, button, held, start)
        return f"{button.name} to {start.toTuple()} {held.name}"

    def move(self, below: QWidget) -> str:
        """Move the pointer over a widget."""
        widget, place = self._on_top(below)
        QTest.mouseMove(widget, place, 2)
        return str(place.toTuple())

    def wheel(self, below: QWidget) -> str:
        """Turn the wheel over a widget."""
        (widget, place), held = self._on_top(below), self.rng.choice(_HELD)
        notches = self.rng.choice((-1, 1)) * self.rng.choice((1, 1, 3, 12))
        for _ in range(abs(notches)):
            turn = QPoint(0, 120 if notches > 0 else -120)
            event = QWheelEvent(
                QPointF(place), QPointF(widget.mapToGlobal(place)), QPoint(), turn, Qt.MouseButton.NoButton, held,
                Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(widget, event)
        return f"{notches} at {place.toTuple()} {held.name}"

    def button(self) -> str:
        """Click a button that is seen and can be clicked."""
        seen = [
            button
            for window in QApplication.topLevelWidgets()
            if window.isVisible()
            for button in window.findChildren(QAbstractButton)
            if button.isVisible() and button.isEnabled() and button.toolTip() not in _LEAD_OUT
        ]
        if not seen:
            return "none"
        button = self.rng.choice(seen)
        said = button.text() or button.toolTip() or button.accessibleName() or type(button).__name__
        over = button.window().childAt(button.mapTo(button.window(), button.rect().center()))
        if over is not button and not button.isAncestorOf(over):
            return f"{said} lies under something"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        return said

    # --- menus and dialogs

    def _answer(self) -> None:
        """Choose in a menu, answer a dialog, or close it; whoever opened it waits for that."""
        if self._stopped:
            return
        # Asked for first: what an answer opens is answered from within it.
        QTimer.singleShot(60, self, self._answer)
        popup = QApplication.activePopupWidget()
        asked = popup or QApplication.activeModalWidget()
        if asked is None:
            self._answered.clear()
            return
        times = self._answered[id(asked)] = self._answered.get(id(asked), 0) + 1
        if times > 20:
            asked.close()
        elif popup is not None:
            key = Qt.Key.Key_Escape if times > 6 else self.rng.choice((*(Qt.Key.Key_Down,) * 6, Qt.Key.Key_Return))
            QTest.keyClick(popup, key)
        elif isinstance(asked, QFileDialog):
            self._choose(asked, times)
        else:
            QTest.keyClick(asked, self.rng.choice((Qt.Key.Key_Escape, Qt.Key.Key_Return)))

    def _choose(self, dialog: QFileDialog, times: int) -> None:
        field = dialog.findChild(QLineEdit)
        if times > 3 or field is None or self.rng.random() < 0.3:
            dialog.reject()
            return
        reads = dialog.acceptMode() is QFileDialog.AcceptMode.AcceptOpen
        to_open = reads and dialog.windowTitle().startswith(("Open a CT", "Open "))
        field.setText(str(self.rng.choice(self._places) if to_open else self._folder / "written"))
        QTest.keyClick(field, Qt.Key.Key_Return)
