"""The stage as the audience sees it, small: drawn again when the window has drawn, a few times a second at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from viewer.ui.fonts import Type, font
from viewer.ui.ringing import rings_once
from viewer.ui.theme import RADIUS_BADGE
from viewer.ui.widgets import rounded

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from viewer.services.desk import Desk
    from viewer.ui.present.stage_page import StagePage
    from viewer.ui.theme import Theme

AFTER_MS, WHILE_MOVING_MS = 80, 250
BLACK = "Black"


def fitted(inner: QSize, room: QRect) -> QRect:
    """Return the largest place of a picture's shape within a room, in its middle."""
    size = QSizeF(inner).scaled(QSizeF(room.size()), Qt.AspectRatioMode.KeepAspectRatio).toSize()
    return QRect(
        room.x() + (room.width() - size.width()) // 2, room.y() + (room.height() - size.height()) // 2,
        size.width(), size.height(),
    )  # fmt: skip


def clip_to_frame(painter: QPainter, room: QRect, width_px: float) -> None:
    """Let nothing be drawn beyond the middle of a picture's frame: at its corners the window's ground is seen."""
    shape = QPainterPath()
    shape.addRoundedRect(rounded(room, width_px), RADIUS_BADGE, RADIUS_BADGE)
    painter.setClipPath(shape)


class LivePicture(QWidget):
    """Follows a stage. `of_step` keeps what each step looked like on script."""

    def __init__(self, desk: Desk, theme: Theme, stage: StagePage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._theme, self._stage = desk, theme, stage
        self._picture = QPixmap()
        self._taking = False
        self.of_step: dict[str, QPixmap] = {}
        self._soon = rings_once(self, self.take)
        stage.window().installEventFilter(self)
        desk.player.changed.connect(self._changed)
        desk.session.case_changed.connect(lambda *_: self.of_step.clear())
        # The stage looks otherwise from then on.
        theme.changed.connect(lambda _name: self.of_step.clear())
        self.setAccessibleName("What the audience sees")

    @property
    def word(self) -> str:
        """The word across the picture: "Black" while the stage is black."""
        return BLACK if self._desk.player.black else ""

    @property
    def picture(self) -> QPixmap:
        """The newest picture."""
        return self._picture

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """See that the stage's window draws."""
        if event.type() == QEvent.Type.UpdateRequest and not self._taking:
            self._changed()
        return False

    def _changed(self) -> None:
        if self.isVisible() and not self._soon.isActive():
            self._soon.start(WHILE_MOVING_MS if self._desk.navigation.moving else AFTER_MS)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        """Take a picture at once."""
        super().showEvent(event)
        self._changed()

    def take(self) -> None:
        """Take a picture of the stage now."""
        stage = self._stage
        if not self.isVisible() or stage.width() < 2 or stage.height() < 2:
            return
        self._taking = True
        try:
            whole = stage.grab()
        finally:
            self._taking = False
        ratio = self.devicePixelRatioF()
        room = fitted(stage.size(), self.rect()).size() * ratio
        small = whole.scaled(room, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
        small.setDevicePixelRatio(ratio)
        self._picture = small
        player = self._desk.player
        on_script = not (player.exploring or player.black or self._desk.navigation.moving or stage.preparing)
        if player.step is not None and on_script and stage.card.words:
            self.of_step[player.step.id] = small
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the picture in its frame."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            clip_to_frame(painter, self.rect(), 2)
            painter.fillRect(self.rect(), self._theme.on_anatomy("viewport"))
            if not self._picture.isNull():
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawPixmap(fitted(self._stage.size(), self.rect()), self._picture)
            if self.word:
                painter.fillRect(self.rect(), self._theme.on_anatomy("viewport"))
                painter.setFont(font(Type.PAGE_TITLE))
                painter.setPen(self._theme.on_anatomy("text"))
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.word)
            painter.setClipping(False)
            painter.setPen(QPen(self._theme.on_anatomy("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rounded(self.rect(), 2), RADIUS_BADGE, RADIUS_BADGE)
