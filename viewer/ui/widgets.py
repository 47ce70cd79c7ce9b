"""Styled widgets shared by all panels; each takes the theme first and follows a theme switch by itself.

Button(theme, "Accept", icon="check", key="A")            ordinary; .kind = Kind.MAIN | FLAT | PLACE
Button.of(theme, actions["review.accept"], command)       follows a command's action in text, state and tooltip
IconButton(theme, "ruler", "Length (L)")                  40 × 40, flat, with a tooltip
Segmented(theme, (("all", "All 5", ""), ("lung", "Lung", "2")))   .chosen(str), .choose(key)
Badge(theme, "Synthetic"), Badge(theme, "Geometry ok", icon="circle-check", role="agree")
Card(parent)                                              frame with hairline and radius 8
ProgressBar(theme)                                        4 px high; .set_fraction(0…1 or None)
text_label("Findings", Type.PANEL_TITLE), text_label("8.2 mm", Type.CAPTION, "text2"), ElidedLabel(...)
hairline(vertical=False)                                  a separating line
FocusRing(window, theme)                                  once per window: the 2 px ring of keyboard focus
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from viewer.ui.buttons import Button, IconButton, Kind, Segmented, key_chip_width, paint_key_chip, rounded
from viewer.ui.commands import key_words
from viewer.ui.fonts import Type, fitting_words, font
from viewer.ui.icons import paint_icon
from viewer.ui.theme import (
    FOCUS_DISTANCE,
    FOCUS_WIDTH,
    RADIUS_BADGE,
    RADIUS_CONTROL,
    Theme,
)

__all__ = [
    "Badge",
    "Button",
    "Card",
    "ElidedLabel",
    "FocusRing",
    "IconButton",
    "KeyChip",
    "Kind",
    "ProgressBar",
    "Segmented",
    "hairline",
    "key_chip_width",
    "paint_key_chip",
    "rounded",
    "set_tone",
    "panel_column",
    "text_label",
]

KEYBOARD_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class Badge(QWidget):
    """A fact in a small frame, 24 px high: "Synthetic", "Recorded", "Geometry ok"."""

    clicked = Signal()

    def __init__(
        self, theme: Theme, text: str, *, icon: str = "", role: str = "text2", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text, self._icon, self._role = text, icon, role
        self.setFixedHeight(24)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    @property
    def text(self) -> str:
        """The words."""
        return self._text

    def say(self, text: str, *, icon: str = "", role: str = "text2") -> None:
        """Change words, icon and the icon's colour role."""
        self._text, self._icon, self._role = text, icon, role
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return the room the words need."""
        width = QFontMetricsF(font(Type.CAPTION)).horizontalAdvance(self._text) + 17
        return QSize(round(width + (22 if self._icon else 0)), 24)

    def mouseReleaseEvent(self, _event: object) -> None:  # noqa: N802 (Qt's name)
        """Tell that the badge was clicked."""
        self.clicked.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the badge."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.colour("hairline"), 1))
            painter.setBrush(self._theme.colour("control"))
            painter.drawRoundedRect(rounded(self.rect()), RADIUS_BADGE, RADIUS_BADGE)
            x = 8.0
            if self._icon:
                paint_icon(painter, QRectF(x, 4, 16, 16), self._theme, self._icon, self._role)
                x += 22
            # The icon carries the state's colour; words stay in a text colour, so that they can be read.
            painter.setPen(self._theme.colour("text" if self._icon else "text2"))
            painter.setFont(font(Type.CAPTION))
            area = QRectF(x, 0, self.width() - x, self.height())
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._text)


class KeyChip(QWidget):
    """A key's name in its small frame."""

    def __init__(self, theme: Theme, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._key = key_words(key)
        self.setFixedSize(round(key_chip_width(self._key)), 20)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the chip."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ink, border = self._theme.colour("text2"), self._theme.colour("field")
            paint_key_chip(painter, QRectF(self.rect()), self._key, ink, border)


class ProgressBar(QWidget):
    """A bar 4 px high: accent as far as the work is, hairline beyond; nothing while the share is unknown."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._fraction: float | None = None
        self.setFixedHeight(4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_fraction(self, fraction: float | None) -> None:
        """Show a share of 0…1, or None where it is not known."""
        self._fraction = fraction
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the bar."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("hairline"))
            painter.drawRoundedRect(QRectF(self.rect()), 2, 2)
            if self._fraction:
                painter.setBrush(self._theme.colour("accent"))
                painter.drawRoundedRect(QRectF(0, 0, max(4.0, self.width() * self._fraction), self.height()), 2, 2)


class Card(QFrame):
    """A frame with a hairline and radius 8, on the panel's colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")


def panel_column(widget: QWidget, spacing: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)) -> QVBoxLayout:
    """Return a column for a widget, which gets a panel's ground; margins are left, top, right, bottom."""
    widget.setProperty("surface", "panel")
    column = QVBoxLayout(widget)
    column.setContentsMargins(*margins)
    column.setSpacing(spacing)
    return column


def text_label(text: str, kind: Type = Type.BODY, tone: str = "text", parent: QWidget | None = None) -> QLabel:
    """Return a label in one use of the type scale and one tone (text, text2, text3, agree, …)."""
    label = QLabel(text, parent)
    label.setFont(font(kind))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("tone", tone)
    return label


def set_tone(widget: QWidget, tone: str) -> None:
    """Change a label's tone after it was made."""
    if widget.property("tone") != tone:
        widget.setProperty("tone", tone)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class ElidedLabel(QLabel):
    """A label that is cut in the middle where it does not fit, with the whole text in its tooltip."""

    def __init__(
        self, text: str = "", kind: Type = Type.BODY, tone: str = "text", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setFont(font(kind))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._whole = self._in_full = ""
        self._shorter: tuple[str, ...] = ()
        self.set_whole(text)

    @property
    def whole(self) -> str:
        """The text without elision."""
        return self._whole

    def set_whole(self, text: str, *, in_full: str = "", shorter: tuple[str, ...] = ()) -> None:
        """Change the text; `in_full` is what a tooltip says of it, however much room there is.

        Of `shorter` texts, the longest first, the first that has room is shown where the whole one has none.
        """
        self._whole, self._in_full, self._shorter = text, in_full, shorter
        self._elide()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return the room of the whole text."""
        width = QFontMetricsF(self.font()).horizontalAdvance(self._whole)
        return QSize(round(width) + 2, super().sizeHint().height())

    @property
    def least_width(self) -> int:
        """The room of the shortest text that is not cut."""
        measures = QFontMetricsF(self.font())
        return round(min(measures.horizontalAdvance(text) for text in (self._whole, *self._shorter))) + 2

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Cut again."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        shown = fitting_words(QFontMetricsF(self.font()), (self._whole, *self._shorter), max(0, self.width()))
        self.setText(shown)
        self.setToolTip(self._in_full or (self._whole if shown != self._whole else ""))


def hairline(*, vertical: bool = False, parent: QWidget | None = None) -> QFrame:
    """Return a separating line of 1 px."""
    line = QFrame(parent)
    line.setProperty("line", "true")
    if vertical:
        line.setFixedWidth(1)
    else:
        line.setFixedHeight(1)
    return line


class FocusRing(QWidget):
    """The ring of keyboard focus: 2 px of accent, 2 px outside the control that has it. One per window.

    Shown from Tab on until a click, which moves the focus silently. Fields show focus by their own border. A widget
    that draws rows marks them itself and sets the property `own_focus`.
    """

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._theme = theme
        self._on: QWidget | None = None
        self._watched: list[QWidget] = []
        self._by_keyboard = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        window.installEventFilter(self)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._moved)

    def _moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        for widget in self._watched:
            if isValid(widget):
                widget.removeEventFilter(self)
        self._on, self._watched = None, []
        window = self.parent()
        if new is not None and new is not window and new.window() is window:
            self._on = new
            # What holds the control may move too: a list that scrolls, a panel that comes.
            holder: QWidget | None = new
            while holder is not None and holder is not window:
                holder.installEventFilter(self)
                self._watched.append(holder)
                holder = holder.parentWidget()
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Follow the control that has the focus, and see by what the focus goes on."""
        kind = event.type()
        if kind == QEvent.Type.FocusOut and isinstance(event, QFocusEvent):
            # Sent before the next control is known: the reason is the same for both. Where nobody moved the focus, as
            # to a sheet that opens and back again, whoever uses the keyboard still has to see where it went.
            by_mouse = event.reason() is Qt.FocusReason.MouseFocusReason
            self._by_keyboard = event.reason() in KEYBOARD_REASONS or (self._by_keyboard and not by_mouse)
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            # Any other key leaves it as it is: what a button does when it is pressed may move the button.
            self._by_keyboard |= event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
        elif kind in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            if watched in self._watched:
                self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        control, window = self._on, self.parentWidget()
        if control is None or window is None or not self._by_keyboard or not control.isVisible():
            self.hide()
            return
        if isinstance(control, QLineEdit | QPlainTextEdit) or control.property("own_focus"):
            self.hide()
            return
        reach = FOCUS_DISTANCE + FOCUS_WIDTH
        seen = QRect(control.mapTo(window, QPoint(0, 0)), control.size())
        for holder in self._watched:
            seen &= QRect(holder.mapTo(window, QPoint(0, 0)), holder.size())
        if seen.isEmpty():
            self.hide()
            return
        # At the window's edge there is no room outside the control.
        self.setGeometry(seen.adjusted(-reach, -reach, reach, reach) & window.rect())
        self.raise_()
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the ring."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.colour("accent"), FOCUS_WIDTH))
            radius = RADIUS_CONTROL + FOCUS_DISTANCE
            painter.drawRoundedRect(rounded(self.rect(), FOCUS_WIDTH), radius, radius)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802 (Qt's name)
        """Let the pointer through."""
        event.ignore()
