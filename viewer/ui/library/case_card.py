"""One case of the library: picture, title, one line, duration, steps, and whether it is ready."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from viewer.domain.reading_direction import isolated
from viewer.services.cases import can_be_presented
from viewer.ui.fonts import Type, font
from viewer.ui.icons import paint_icon
from viewer.ui.theme import FOCUS_WIDTH, RADIUS_CARD
from viewer.ui.widgets import Button, Kind, rounded

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case
    from viewer.ui.library.card_pictures import CardPictures
    from viewer.ui.theme import Theme

TEXT_HEIGHT = 116
LYING_HEIGHT = TEXT_HEIGHT + 12
PAD = 18
# Two icons with their gaps, and a gap between the words.
AROUND_FOOT = 58
SHORTER = {"Ready, recorded results": "Recorded"}


def duration_words(seconds: float) -> str:
    """Return a duration in whole minutes, such as "6 min"; at least one."""
    return f"{max(1, round(seconds / 60))} min"


def steps_words(count: int) -> str:
    """Return how many steps there are."""
    return f"{count} steps" if count != 1 else "1 step"


def card_height(width: int, room: int, *, alone: bool) -> int:
    """Return the height of a card: a picture of 3 to 2 above the words, a lower one where the page is lower.

    Parameters
    ----------
    room
        How much of the page is seen at once.
    alone
        True where no other stands beside it; one that the page does not hold then lies, its picture beside the words.
    """
    height = round((width - 4) * 2 / 3) + TEXT_HEIGHT
    if height <= room:
        return height
    return LYING_HEIGHT if alone else max(room, round(width / 2) + TEXT_HEIGHT)


class CaseCard(QWidget):
    """A case as a card; a click picks it, a double-click or its button presents it.

    `menu_wanted` carries where on the screen a menu is to be.
    """

    picked = Signal()
    presented = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(
        self,
        theme: Theme,
        case: Case,
        state: str,
        pictures: CardPictures,
        parent: QWidget | None = None,
        *,
        rehearsed: str = "",
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.case = case
        self.state, self.rehearsed = state, rehearsed
        self._selected = self._focused = False
        self._fraction: float | None = None
        self._busy = False
        self._pictures = pictures
        self._buttons: tuple[Button, Button] | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        about = (f"{case.title}.", case.summary, f"{self.foot_words}.", state)
        self.setAccessibleName(" ".join(part for part in about if part))
        self._say_all()

    @property
    def foot_words(self) -> str:
        """Duration, number of steps, and when it was last rehearsed."""
        parts = (duration_words(self.case.duration_s), steps_words(len(self.case.steps)), self.rehearsed)
        return "    ".join(part for part in parts if part)

    @property
    def foot_px(self) -> float:
        """How wide all of the foot's words are."""
        return QFontMetricsF(font(Type.CAPTION)).horizontalAdvance(self.foot_words) + 1

    def foot_within(self, width: float) -> str:
        """Return the foot's words, without the rehearsal, which the tooltip tells too, where they are too wide."""
        return self.foot_words if width >= self.foot_px else self.foot_words.removesuffix(self.rehearsed).rstrip()

    @property
    def ready(self) -> bool:
        """True where the case can be presented."""
        return can_be_presented(self.state)

    @property
    def selected(self) -> bool:
        """True while it is the picked one."""
        return self._selected

    @selected.setter
    def selected(self, selected: bool) -> None:
        self._selected = selected
        offered = selected and self.ready and not self._busy
        if offered and self._buttons is None:
            self._buttons = self._made_buttons()
            self._place_buttons()
        for button in self._buttons or ():
            button.setVisible(offered)
        self.update()

    @property
    def focused(self) -> bool:
        """True while keys go to it, and whoever uses them has to see so."""
        return self._focused

    @focused.setter
    def focused(self, focused: bool) -> None:
        if focused is not self._focused:
            self._focused = focused
            self.update()

    def show_busy(self, fraction: float | None, *, busy: bool) -> None:
        """Show how far the case is with being opened."""
        self._fraction, self._busy = fraction, busy
        self.selected = self._selected

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Keep the buttons in the picture's lower right corner."""
        super().resizeEvent(event)
        self._place_buttons()
        self._say_all()

    def _say_all(self) -> None:
        """Let the tip tell what is cut, and when the case was rehearsed."""
        room = self._words_area().width()
        lines = ((self.case.title, Type.CARD_TITLE), (self.case.summary, Type.BODY))
        cut = [text for text, kind in lines if _line_px(text, kind) > room]
        self.setToolTip("\n".join([*cut, *([f"{self.rehearsed}. {self.state}"] if self.rehearsed else [])]))

    def _made_buttons(self) -> tuple[Button, Button]:
        """Return what only the picked card shows, made when it is first picked."""
        present = Button(self._theme, "Present", icon="play", kind=Kind.MAIN, parent=self)
        present.setToolTip("Present this case on the full screen (Enter)")
        present.clicked.connect(self.presented)
        more = Button(self._theme, "", icon="ellipsis", parent=self)
        more.setToolTip("What else can be done with this case")
        more.setAccessibleName("What else can be done with this case")
        more.clicked.connect(lambda: self.menu_wanted.emit(more.mapToGlobal(more.rect().bottomLeft())))
        # Made after everything else, they would be the last that Tab comes to.
        QWidget.setTabOrder(self.parentWidget() or self, present)
        QWidget.setTabOrder(present, more)
        return present, more

    def _place_buttons(self) -> None:
        x, bottom = self._picture_area().right() - 12, self._picture_area().bottom() - 12
        for button in self._buttons or ():
            size = button.sizeHint()
            button.resize(size)
            x -= size.width()
            button.move(round(x), round(bottom - size.height()))
            x -= 8

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Pick the case."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 (Qt's name)
        """Present the case."""
        if event.button() == Qt.MouseButton.LeftButton and self.ready:
            self.presented.emit()

    @property
    def _lying(self) -> bool:
        return self.height() == LYING_HEIGHT

    def _picture_area(self) -> QRectF:
        if self._lying:
            return QRectF(2, 2, round((self.height() - 4) * 3 / 2), self.height() - 4)
        return QRectF(2, 2, self.width() - 4, self.height() - TEXT_HEIGHT)

    def _words_area(self) -> QRectF:
        left = PAD + (self._picture_area().right() if self._lying else 0)
        top = (self.height() - TEXT_HEIGHT) / (2 if self._lying else 1) + 2
        return QRectF(left, top, max(0, self.width() - left - PAD), TEXT_HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the card."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            colour = self._theme.colour
            shape = QPainterPath()
            shape.addRoundedRect(QRectF(self.rect()), RADIUS_CARD, RADIUS_CARD)
            painter.setClipPath(shape)
            painter.fillRect(self.rect(), colour("selected" if self._selected else "panel"))
            self._paint_picture(painter)
            self._paint_words(painter)
            painter.setClipping(False)
            role, width = ("accent", 2.0) if self._selected else ("field" if self.underMouse() else "hairline", 1.0)
            painter.setPen(QPen(colour(role), width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rounded(self.rect(), width), RADIUS_CARD - width / 2, RADIUS_CARD - width / 2)
            if self._focused:
                self._paint_focus(painter)

    def _paint_focus(self, painter: QPainter) -> None:
        """Draw a ring inside the border, on a line of the card's own ground: pictures are black, and bone is white."""
        inside = self.rect().adjusted(2, 2, -2, -2)
        for role, width in (("selected", 2 * FOCUS_WIDTH), ("accent", FOCUS_WIDTH)):
            painter.setPen(QPen(self._theme.colour(role), width))
            ring = rounded(inside, width) if role == "selected" else rounded(inside.adjusted(2, 2, -2, -2), width)
            painter.drawRoundedRect(ring, RADIUS_CARD - 4, RADIUS_CARD - 4)

    def _paint_picture(self, painter: QPainter) -> None:
        area = self._picture_area()
        painter.fillRect(area.adjusted(-2, -2, 0 if self._lying else 2, 0), self._theme.colour("viewport"))
        named = self.case.thumbnail_path
        picture = self._pictures.of(Path(self.case.folder) / named, self) if named else QImage()
        if picture is None:
            # It comes with one of the next paints.
            pass
        elif picture.isNull():
            box = QRectF(0, 0, 32, 32)
            box.moveCenter(area.center())
            paint_icon(painter, box, self._theme, "image", "text3")
        else:
            # Filled, not fitted: the middle of a picture made for a wider screen is what counts.
            scale = max(area.width() / picture.width(), area.height() / picture.height())
            width, height = area.width() / scale, area.height() / scale
            part = QRectF((picture.width() - width) / 2, (picture.height() - height) / 2, width, height)
            painter.drawImage(area, picture, part)
        if self._busy:
            bar = QRectF(0, area.bottom() - 4, self.width(), 4)
            painter.fillRect(bar, self._theme.colour("hairline"))
            bar.setWidth(bar.width() * (self._fraction or 0.0))
            painter.fillRect(bar, self._theme.colour("accent"))

    def _paint_words(self, painter: QPainter) -> None:
        area = self._words_area()
        left, top, room = area.left(), area.top(), area.width()
        self._line(painter, QRectF(left, top + 13, room, 24), self.case.title, Type.CARD_TITLE, "text")
        self._line(painter, QRectF(left, top + 40, room, 20), self.case.summary, Type.BODY, "text2")
        foot = top + 78
        paint_icon(painter, QRectF(left, foot + 1, 16, 16), self._theme, "clock", "text2")
        state, icon, role = self._state_words()
        measures = QFontMetricsF(font(Type.CAPTION))
        if room < measures.horizontalAdvance(state) + measures.horizontalAdvance(self.foot_words) + AROUND_FOOT:
            state = SHORTER.get(state, state)
        width = measures.horizontalAdvance(state) + 1
        x = self.width() - PAD - width
        free = x - 22 - 12 - left - 22
        self._line(painter, QRectF(left + 22, foot, free, 18), self.foot_within(free), Type.CAPTION, "text2")
        self._line(painter, QRectF(x, foot, width + 2, 18), state, Type.CAPTION, "text" if not self.ready else "text2")
        paint_icon(painter, QRectF(round(x - 22), foot + 1, 16, 16), self._theme, icon, role)

    def _state_words(self) -> tuple[str, str, str]:
        if self._busy:
            number = f" {self._fraction * 100:.0f} %" if self._fraction is not None else ""
            return f"Preparing{number}", "loader-circle", "text2"
        if self.ready and not self.state.startswith("Ready"):
            return self.state, "circle-dashed", "text2"
        return (self.state, "circle-check", "agree") if self.ready else (self.state, "triangle-alert", "disagree")

    def _line(self, painter: QPainter, area: QRectF, text: str, kind: Type, role: str) -> None:
        painter.setFont(_line_font(kind))
        painter.setPen(self._theme.colour(role))
        shown = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, isolated(shown))


def _line_font(kind: Type) -> QFont:
    face = font(kind)
    # Digits of one width also widen the hyphen, which in a sentence looks like a gap.
    face.unsetFeature(QFont.Tag("tnum"))
    return face


def _line_px(text: str, kind: Type) -> float:
    return QFontMetricsF(_line_font(kind)).horizontalAdvance(text)
