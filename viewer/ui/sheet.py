"""Something asked or told above the window: a card on a veil, closed by Esc or a click beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QApplication, QHBoxLayout, QVBoxLayout, QWidget

from viewer.ui.fonts import Type
from viewer.ui.tall import Tall
from viewer.ui.widgets import Card, IconButton, text_label

if TYPE_CHECKING:
    from viewer.ui.theme import Theme

VEIL_OPACITY = 0.6
# What of the window stays to be seen around a sheet.
EDGE_PX = 16
LEAST_SCROLLING_PX = 44
_SCROLLS = {
    Qt.Key.Key_PageUp: QAbstractSlider.SliderAction.SliderPageStepSub,
    Qt.Key.Key_PageDown: QAbstractSlider.SliderAction.SliderPageStepAdd,
    Qt.Key.Key_Home: QAbstractSlider.SliderAction.SliderToMinimum,
    Qt.Key.Key_End: QAbstractSlider.SliderAction.SliderToMaximum,
}
HIDE_IDENTITY = QKeySequence("Ctrl+Shift+H")


class Sheet(QWidget):
    """A card above a window; `body` takes its contents. While it is open no key of the window works but Hide identity.

    Parameters
    ----------
    window
        The widget it lies over, as a whole.
    title
        Shown with a close button; "" leaves the head out.
    width
        Of the card, in logical pixels; less where the window is narrower.
    top
        Share of the window's height above the card; None puts it in the middle.
    """

    closed = Signal()
    scrolled = Signal(int)

    def __init__(
        self, window: QWidget, theme: Theme, title: str = "", *, width: int = 560, top: float | None = None
    ) -> None:
        super().__init__(window)
        self.theme = theme
        self._width, self._top = width, top
        self._before: QWidget | None = None
        self._giving: tuple[QWidget, int, int] | None = None
        self._scrolling: tuple[Tall, QWidget] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("own_focus", True)
        self.card = Card(self)
        outer = QVBoxLayout(self.card)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        if title:
            head = QHBoxLayout()
            head.setContentsMargins(24, 16, 12, 4)
            self.title = text_label(title, Type.PANEL_TITLE)
            head.addWidget(self.title)
            head.addStretch()
            close = IconButton(theme, "x", "Close (Esc)")
            close.clicked.connect(self.dismiss)
            head.addWidget(close)
            outer.addLayout(head)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(24, 8 if title else 16, 24, 24)
        self.body.setSpacing(12)
        outer.addLayout(self.body)
        window.installEventFilter(self)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._keys_went)
        self.hide()

    @property
    def is_open(self) -> bool:
        """True while it is shown."""
        return not self.isHidden()

    def open(self, first: QWidget | None = None) -> None:
        """Show it and give the keys to `first`, or to the sheet itself."""
        over = self.parentWidget()
        if not self.is_open and over is not None:
            self._before = over.window().focusWidget()
        self.show()
        self.raise_()
        self.place()
        (first or self).setFocus(Qt.FocusReason.OtherFocusReason)

    def dismiss(self) -> None:
        """Close it and give the keys back."""
        if not self.is_open:
            return
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self._before = None
        self.closed.emit()

    def put_aside(self) -> str:
        """Close it because something else comes, which nobody asked of it: what was typed is there the next time.

        Returns where it is kept, a sentence, "" where there is nothing to keep.
        """
        self.dismiss()
        return ""

    def _keys_went(self, _old: QWidget | None, new: QWidget | None) -> None:
        """Keep the keys from what lies below, such as a page that comes by itself; it has them once this is closed."""
        if not self.is_open or new is None or new.window() is not self.window():
            return
        if self._scrolling is not None and self._scrolling[1].isAncestorOf(new):
            self._scrolling[0].ensureWidgetVisible(new)
        if _in_a_sheet(new):
            return
        self._before = new
        (self.focusWidget() or self).setFocus(Qt.FocusReason.OtherFocusReason)

    def focusNextPrevChild(self, forwards: bool) -> bool:  # noqa: N802 (Qt's name)
        """Let Tab go round within the sheet: what lies below would take it in and show nothing of it."""
        if not self.is_open:
            # Qt takes the focus out of what was closed.
            return super().focusNextPrevChild(forwards)
        stops: list[QWidget] = []
        before, focused = 0, self.focusWidget()
        widget = self.nextInFocusChain()
        while widget is not None and widget is not self:
            if widget is focused:
                before = len(stops)
            if self.isAncestorOf(widget) and _is_a_stop(widget):
                stops.append(widget)
            widget = widget.nextInFocusChain()
        if not stops:
            return False
        if focused in stops:
            to = before + (1 if forwards else -1)
        else:
            # What had the keys is gone: they go to what comes next, from the last to the one before.
            to = min(before, len(stops) - 1)
        reason = Qt.FocusReason.TabFocusReason if forwards else Qt.FocusReason.BacktabFocusReason
        stops[to % len(stops)].setFocus(reason)
        return True

    def let_give_way(self, part: QWidget, wanted_px: int, least_px: int) -> None:
        """Make a part as high as it wants; where the window is lower than the sheet it gives way to all others."""
        self._giving = (part, wanted_px, least_px)
        part.setFixedHeight(wanted_px)

    def let_scroll(self) -> QVBoxLayout:
        """Return a layout at the end of the body for what scrolls where the window is lower than the sheet."""
        panel = QWidget()
        panel.setProperty("surface", "panel")
        rows = QVBoxLayout(panel)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(self.body.spacing())
        tall = Tall()
        tall.hold(panel, 0)
        self._scrolling = tall, panel
        tall.verticalScrollBar().valueChanged.connect(self.scrolled)
        self.body.addWidget(tall)
        return rows

    def _let_scroll(self, width: int, room: int) -> None:
        """Let what may scroll be as high as it needs, or as there is room for beside all else of a card so wide."""
        if self._scrolling is None:
            return
        tall, panel = self._scrolling
        margins = self.body.contentsMargins()
        inside = width - margins.left() - margins.right()
        wanted = _height_at(panel, inside)
        tall.setFixedHeight(wanted)
        over = max(0, self._needed(width) - room)
        if over:
            wanted_beside_bar = _height_at(panel, inside - tall.verticalScrollBar().sizeHint().width())
            tall.setFixedHeight(max(LEAST_SCROLLING_PX, wanted - over))
            wanted = wanted_beside_bar
        tall.need(wanted)

    def place(self) -> None:
        """Lay the veil over the window and the card into it."""
        over = self.parentWidget()
        if over is None:
            return
        self.setGeometry(over.rect())
        width = min(self._width, self.width() - 2 * EDGE_PX)
        self.card.setFixedWidth(width)
        room = self.height() - 2 * EDGE_PX
        self._let_scroll(width, room)
        if self._giving is not None:
            part, wanted_px, least_px = self._giving
            part.setFixedHeight(wanted_px)
            part.setFixedHeight(max(least_px, wanted_px - max(0, self._needed(width) - room)))
        height = min(self._needed(width), room)
        y = (self.height() - height) // 2 if self._top is None else round(self.height() * self._top)
        self.card.setGeometry(
            (self.width() - width) // 2, max(EDGE_PX, min(y, self.height() - height - EDGE_PX)), width, height
        )

    def _needed(self, width: int) -> int:
        """Return how high the card has to be at a width."""
        return _height_at(self.card, width)

    def event(self, event: QEvent) -> bool:
        """Keep the window's shortcuts from acting below, but for the one that hides identity: sheets name patients."""
        if event.type() == QEvent.Type.ShortcutOverride:
            if isinstance(event, QKeyEvent) and QKeySequence(event.keyCombination()) == HIDE_IDENTITY:
                event.ignore()
                return False
            event.accept()
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Follow the window's size."""
        if watched is self.parentWidget() and event.type() == QEvent.Type.Resize and self.is_open:
            self.place()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        """Close on Esc, click the button in focus on Enter, scroll; no other key goes through to the window."""
        focused, way = self.focusWidget(), _SCROLLS.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(focused, QAbstractButton):
            focused.click()
        elif way is not None and self._scrolling is not None:
            self._scrolling[0].verticalScrollBar().triggerAction(way)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Close on a click beside the card."""
        if not self.card.geometry().contains(event.position().toPoint()):
            self.dismiss()
        event.accept()

    def wheelEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        """Let nothing scroll below."""
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the veil."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self.theme.on_anatomy("casing", VEIL_OPACITY))


def _height_at(panel: QWidget, width: int) -> int:
    layout = panel.layout()
    if layout is None:
        return panel.sizeHint().height()
    layout.activate()
    # Of words that wrap the hint says how high they are where they are narrow.
    return layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.totalSizeHint().height()


def _is_a_stop(widget: QWidget) -> bool:
    if not widget.isVisible() or not widget.isEnabled() or widget.focusProxy() is not None:
        return False
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    if group is not None and group.exclusive() and group.checkedButton() is not None:
        # Of one choice of several Tab goes to the one that is made, arrows to the others.
        return widget is group.checkedButton() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
    return (widget.focusPolicy() & Qt.FocusPolicy.TabFocus) == Qt.FocusPolicy.TabFocus


def _in_a_sheet(widget: QWidget) -> bool:
    above: QWidget | None = widget
    while above is not None and not isinstance(above, Sheet):
        above = above.parentWidget()
    return above is not None
