"""Buttons of icon, words and key chip, painted in every state; to be used through `viewer.ui.widgets`."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFontMetricsF, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from viewer.ui.commands import Command, key_words, shortcut_words
from viewer.ui.fonts import Type, font
from viewer.ui.icons import paint_icon
from viewer.ui.theme import BAR_CONTROL_HEIGHT, CONTROL_HEIGHT, RADIUS_BADGE, RADIUS_CONTROL, Theme


class Kind(Enum):
    """How a button looks at rest: with a border, filled with the accent, without border, or as a place on top."""

    NORMAL = "normal"
    MAIN = "main"
    FLAT = "flat"
    PLACE = "place"


def rounded(area: QRectF | QRect, line: float = 1.0) -> QRectF:
    """Return the rectangle along which a line of a width lies wholly inside an area, sharp on pixels."""
    half = line / 2
    return QRectF(area).adjusted(half, half, -half, -half)


def key_chip_width(key: str) -> float:
    """Return the width of a key chip."""
    return max(22.0, QFontMetricsF(font(Type.KEY)).horizontalAdvance(key) + 12)


def paint_key_chip(painter: QPainter, area: QRectF, key: str, text: QColor, border: QColor) -> None:
    """Draw a key's name in its small frame, 20 px high, in the middle of an area."""
    box = QRectF(0, 0, key_chip_width(key), 20)
    box.moveCenter(area.center())
    box.moveTopLeft(QPointF(round(box.x()), round(box.y())))
    painter.setPen(QPen(border, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rounded(box), RADIUS_BADGE, RADIUS_BADGE)
    painter.setPen(text)
    painter.setFont(font(Type.KEY))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)


class Button(QAbstractButton):
    """A button of icon, words and key chip.

    `kind` says how it looks, `spread` puts the key chip at the right edge and the words at the left.
    """

    def __init__(
        self,
        theme: Theme,
        text: str,
        *,
        icon: str = "",
        key: str = "",
        kind: Kind = Kind.NORMAL,
        height: int = CONTROL_HEIGHT,
        spread: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.theme = theme
        self.kind = kind
        self.icon_name = icon
        self.icon_role = ""
        self.key = key_words(key) if key else ""
        self.spread = spread
        self.stage_scale = 1.0
        self._compact = self._keyless = False
        self._action: QAction | None = None
        self.type = Type.BUTTON_MAIN if kind is Kind.MAIN else Type.BUTTON
        self.setText(text)
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    @classmethod
    def of(
        cls,
        theme: Theme,
        action: QAction,
        command: Command,
        *,
        text: str | None = None,
        kind: Kind = Kind.NORMAL,
        height: int = CONTROL_HEIGHT,
        spread: bool = False,
        parent: QWidget | None = None,
    ) -> Button:
        """Return a button that asks for a command and follows its action."""
        button = cls(
            theme,
            command.title if text is None else text,
            icon=command.icon,
            key=shortcut_words(command),
            kind=kind,
            height=height,
            spread=spread,
            parent=parent,
        )
        button.follow(action)
        return button

    def follow(self, action: QAction) -> None:
        """Take enabled, checked and tooltip from an action, and trigger it when clicked."""
        self._action = action
        self._take_action()
        action.changed.connect(self._take_action)
        self.clicked.connect(self._trigger_action)

    def _take_action(self) -> None:
        action = self._action
        if action is not None:
            self.setEnabled(action.isEnabled())
            self.setCheckable(action.isCheckable())
            self.setChecked(action.isChecked())
            self.setToolTip(action.toolTip())
            self.setAccessibleName(action.text())

    def _trigger_action(self) -> None:
        if self._action is not None:
            self._action.trigger()
            # A click flips a checkable button by itself; the command decides what is on.
            self._take_action()

    def setText(self, text: str) -> None:  # noqa: N802 (Qt's name)
        """Change the words; an ampersand in a name is one, and no key."""
        super().setText(text)
        self.setShortcut(QKeySequence())

    def set_words(self, text: str) -> None:
        """Change the words and ask for the room they need."""
        self.setText(text)
        self.updateGeometry()
        self.update()

    def set_compact(self, on: bool) -> None:
        """Show the icon alone, the words alone where there is no icon; the rest stands in the tooltip."""
        if on is not self._compact:
            self._compact = on
            self.updateGeometry()
            self.update()

    def set_keyless(self, on: bool) -> None:
        """Leave out the key, which stands in the tooltip."""
        if on is not self._keyless:
            self._keyless = on
            self.updateGeometry()
            self.update()

    def wanted_width(self, *, compact: bool) -> int:
        """Return how wide it would like to be with or without its words."""
        before, self._compact = self._compact, compact
        width = self.sizeHint().width()
        self._compact = before
        return width

    @property
    def _words(self) -> str:
        return "" if self._compact and self.icon_name else self.text()

    @property
    def _chip(self) -> str:
        return "" if self._compact or self._keyless else self.key

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return the room that icon, words and key need."""
        return QSize(max(self.height(), round(self._content_width() + 2 * self._padding())), self.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return the same: words are never squeezed, but for those of a list, which are cut."""
        return QSize(self.height(), self.height()) if self.spread else self.sizeHint()

    def _padding(self) -> float:
        if not self._words and not self._chip:
            return (self.height() - self._icon_size()) / 2
        return (12 if self.kind in (Kind.FLAT, Kind.PLACE) else 14) * self.stage_scale

    def _icon_size(self) -> float:
        return (24 if self.height() >= 56 else 18) * self.stage_scale

    def _content_width(self) -> float:
        width = 0.0
        if self.icon_name:
            width += self._icon_size() + (8 * self.stage_scale if self._words else 0)
        if self._words:
            width += QFontMetricsF(font(self.type, scale=self.stage_scale)).horizontalAdvance(self._words) + 1
        if self._chip:
            width += key_chip_width(self._chip) + 10
        return width

    def _colours(self) -> tuple[QColor | None, QColor | None, QColor]:
        """Return fill, border and ink of the state the button is in."""
        theme, enabled, down = self.theme, self.isEnabled(), self.isDown()
        over = enabled and self.underMouse()
        if self.kind is Kind.MAIN:
            if not enabled:
                return theme.colour("hover"), None, theme.colour("disabled")
            fill = "accent_pressed" if down else "accent_hover" if over else "accent"
            return theme.colour(fill), None, theme.colour("accent_text")
        flat = self.kind in (Kind.FLAT, Kind.PLACE)
        ink = theme.colour("text" if enabled else "disabled")
        if self.isChecked() and self.kind is not Kind.PLACE:
            return theme.colour("selected"), theme.colour("accent" if enabled else "hairline"), ink
        if down:
            return theme.colour("selected"), None if flat else theme.colour("hairline"), ink
        if over:
            return theme.colour("hover"), None if flat else theme.colour("field"), ink
        if flat:
            quiet = theme.colour("text" if self.isChecked() else "text2")
            return None, None, quiet if enabled else ink
        return theme.colour("control"), theme.colour("hairline"), ink

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the button in its state."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            fill, border, ink = self._colours()
            area = QRectF(self.rect())
            if fill is not None or border is not None:
                painter.setPen(QPen(border, 1) if border is not None else Qt.PenStyle.NoPen)
                painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
                body = area if self.kind is not Kind.PLACE else area.adjusted(0, 10, 0, -10)
                painter.drawRoundedRect(rounded(body), RADIUS_CONTROL, RADIUS_CONTROL)
            if self.kind is Kind.PLACE and self.isChecked():
                painter.fillRect(QRectF(0, self.height() - 3, self.width(), 3), self.theme.colour("accent"))
            self._paint_content(painter, area, ink)

    def _paint_content(self, painter: QPainter, area: QRectF, ink: QColor) -> None:
        size, pad = self._icon_size(), self._padding()
        x = pad if self.spread else (area.width() - self._content_width()) / 2
        if self.icon_name:
            role = self.icon_role if self.icon_role and self.isEnabled() else self._role_of_ink()
            box = QRectF(round(x), round((area.height() - size) / 2), size, size)
            paint_icon(painter, box, self.theme, self.icon_name, role)
            x += size + 8 * self.stage_scale
        if self._words:
            painter.setPen(ink)
            painter.setFont(font(self.type, scale=self.stage_scale))
            words = QRectF(x, 0, area.width() - x, area.height())
            said = self._words
            if self.spread:
                # A list gives its buttons the width that it has, whatever they say.
                room = area.width() - x - pad - (key_chip_width(self._chip) + 10 if self._chip else 0)
                said = QFontMetricsF(painter.font()).elidedText(said, Qt.TextElideMode.ElideRight, room + 1)
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, said)
        if self._chip:
            width = key_chip_width(self._chip)
            right = area.width() - (pad if self.spread else (area.width() - self._content_width()) / 2)
            chip_ink = ink if self.kind is Kind.MAIN or not self.isEnabled() else self.theme.colour("text2")
            border = QColor(chip_ink)
            border.setAlphaF(0.75)
            paint_key_chip(painter, QRectF(right - width, 0, width, area.height()), self._chip, chip_ink, border)

    def _role_of_ink(self) -> str:
        if not self.isEnabled():
            return "disabled"
        if self.kind is Kind.MAIN:
            return "accent_text"
        flat = self.kind in (Kind.FLAT, Kind.PLACE)
        return "text2" if flat and not self.isChecked() and not self.underMouse() else "text"


class IconButton(Button):
    """A flat button of one icon, 40 × 40, with name and key in its tooltip."""

    def __init__(
        self, theme: Theme, icon: str, tooltip: str, *, size: int = CONTROL_HEIGHT, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, "", icon=icon, kind=Kind.FLAT, height=size, parent=parent)
        self.setToolTip(tooltip)
        self.setAccessibleName(tooltip)

    @classmethod
    def of_command(cls, theme: Theme, action: QAction, command: Command, parent: QWidget | None = None) -> IconButton:
        """Return an icon button that asks for a command and follows its action."""
        button = cls(theme, command.icon, command.tooltip, parent=parent)
        button.follow(action)
        return button


class Segmented(QWidget):
    """A row of joined buttons of which one is chosen; `chosen` is emitted when the user picks another."""

    chosen = Signal(str)

    def __init__(
        self,
        theme: Theme,
        segments: tuple[tuple[str, str, str], ...],
        *,
        height: int = BAR_CONTROL_HEIGHT,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._group = QButtonGroup(self)
        self._buttons: dict[str, _Segment] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for name, text, key in segments:
            button = _Segment(theme, text, key=key, height=height)
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, name=name: self.chosen.emit(name))
            self._group.addButton(button)
            self._buttons[name] = button
            row.addWidget(button)
        row_of = list(self._buttons.values())
        for n, button in enumerate(row_of):
            button.before, button.after = tuple(row_of[:n]), tuple(row_of[n + 1 :])
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def choice(self) -> str:
        """The chosen segment's name, or ""."""
        return next((name for name, button in self._buttons.items() if button.isChecked()), "")

    def choose(self, name: str) -> None:
        """Show a segment as chosen, or none for a name that is not there; emits nothing."""
        self._group.setExclusive(False)
        for other, button in self._buttons.items():
            button.setChecked(other == name)
        self._group.setExclusive(True)

    def button(self, name: str) -> Button:
        """Return one segment, to change its words or tooltip."""
        return self._buttons[name]

    def stretch(self) -> None:
        """Let the segments share the width that is there."""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for button in self._buttons.values():
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)


class _Segment(Button):
    """One part of a segmented control: round at the outer corners alone, hairlines between."""

    before: tuple[QWidget, ...] = ()
    after: tuple[QWidget, ...] = ()

    @property
    def first(self) -> bool:
        """True where none of those before it is shown."""
        return all(button.isHidden() for button in self.before)

    @property
    def last(self) -> bool:
        """True where none of those after it is shown."""
        return all(button.isHidden() for button in self.after)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            fill, border, ink = self._colours()
            area = QRectF(self.rect())
            if border is None or not self.isChecked():
                border = self.theme.colour("hairline")
            # Wider than the segment where it has a neighbour, so that only outer corners are round.
            body = area.adjusted(0 if self.first else -8, 0, 1 if self.last else 8, 0)
            body.setRight(min(body.right(), area.right() + (0 if self.last else 8)))
            painter.save()
            painter.setClipRect(area)
            painter.setPen(QPen(border, 1))
            painter.setBrush(fill if fill is not None else self.theme.colour("control"))
            painter.drawRoundedRect(rounded(body), RADIUS_CONTROL, RADIUS_CONTROL)
            if self.isChecked():
                if not self.first:
                    painter.drawLine(QPointF(0.5, 0.5), QPointF(0.5, area.height() - 0.5))
                if not self.last:
                    painter.drawLine(QPointF(area.width() - 0.5, 0.5), QPointF(area.width() - 0.5, area.height() - 0.5))
            elif not self.first:
                painter.drawLine(QPointF(0.5, 0.5), QPointF(0.5, area.height() - 0.5))
            painter.restore()
            self._paint_content(painter, area, ink if self.isChecked() or not self.isEnabled() else ink)
