"""The next step as a picture: as it looked when it was shown, else as it was kept, and then its planes drawn."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from viewer.domain.errors import unexpected
from viewer.domain.view_state import ViewName
from viewer.services.kept_pictures import kept_picture
from viewer.ui.canvas.paint_plane import image_of
from viewer.ui.canvas.view3d import Picture
from viewer.ui.fonts import Type, font
from viewer.ui.present.card import paint_card
from viewer.ui.present.stage_bar import HEIGHT as BAR_HEIGHT
from viewer.ui.presenter.live_picture import clip_to_frame, fitted
from viewer.ui.ringing import rings_once
from viewer.ui.theme import RADIUS_BADGE
from viewer.ui.widgets import rounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Step
    from viewer.scene.volume_scene import Picture3D, VolumeScene
    from viewer.services.desk import Desk
    from viewer.ui.canvas.view3d import View3D
    from viewer.ui.theme import Theme

_log = logging.getLogger(__name__)

# After the step has arrived: nothing is drawn here while the stage moves.
DRAWN_AFTER_MS = 350
NO_3D_YET = "3D"
LAST = "This is the last step"
_SHAPE = QSize(16, 9)
# What was kept was drawn as large as this.
_STAGE = (1920, 1080)
# Drawn as large as it is seen; what is all 3D takes the renderer from the stage for longer the larger it is.
_LEAST_HEIGHT, _MOST_HEIGHT = 396, 1080


class NextPicture(QWidget):
    """Shows a step.

    Parameters
    ----------
    known
        Gives a picture of a step from when it was on stage, or None.
    view_3d
        The stage's, which draws 3D for it while the stage rests.
    """

    def __init__(self, desk: Desk, theme: Theme, known: Callable[[Step], QPixmap | None], view_3d: View3D) -> None:
        super().__init__()
        self._desk, self._theme, self._known, self._view_3d = desk, theme, known, view_3d
        self._solid: tuple[Step, int, Picture] | None = None
        self._step: Step | None = None
        self._drawn: tuple[Step, QImage] | None = None
        self._kept: QImage | None = None
        self._later = rings_once(self, self._draw, DRAWN_AFTER_MS)
        theme.changed.connect(self._recoloured)

    @property
    def step(self) -> Step | None:
        """The step that is shown."""
        return self._step

    @property
    def has_picture(self) -> bool:
        """True where there is more than black."""
        step = self._step
        if step is None:
            return False
        return self._known(step) is not None or self._drawn_now(step) is not None or self._kept is not None

    def show_step(self, step: Step | None) -> None:
        """Show a step, or that there is none."""
        if step != self._step:
            self._step = step
            self._kept = self._kept_of(step)
            self._later.start()
        self.update()

    def _recoloured(self, _name: object) -> None:
        self._drawn = None
        self._later.start()
        self.update()

    def _drawn_now(self, step: Step) -> QImage | None:
        return self._drawn[1] if self._drawn is not None and self._drawn[0] == step else None

    def _draw(self) -> None:
        step, session = self._step, self._desk.session
        volume = session.volume
        if step is None or volume is None or volume.preview or not self.isVisible():
            return
        height, drawn = self._height_px(step), self._drawn_now(step)
        if self._known(step) is not None or (drawn is not None and drawn.height() >= height):
            self.update()
            return
        if self._kept is not None and step.view.main is ViewName.THREE_D:
            # It fills the picture, and was kept finer than it could be drawn while the stage is shown.
            return
        if self._desk.navigation.moving:
            self._later.start()
            return
        # Loaded with the first presenter's window.
        from viewer.ui.snapshot import picture

        asked: list[VolumeScene] = []

        def solid(scene: VolumeScene) -> Picture:
            if self._solid is not None and self._solid[0] == step and self._solid[1] >= height:
                return self._solid[2]
            if self._view_3d.draw_aside(scene, lambda drawn: self._take_3d(step, volume, height, drawn)):
                asked.append(scene)
            return Picture(sentence=NO_3D_YET)

        size = (round(height * 16 / 9), height)
        try:
            made = picture(
                volume, step.view, session.findings, size, truth=session.lesions, step=step, solid=solid,
                theme=self._theme,
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001 (a picture for one pair of eyes: the talk goes on)
            _log.error("the next step could not be drawn: %s", unexpected(error).detail)
            return
        if asked and self._kept is not None:
            # What was kept has its 3D; it stays until this has.
            return
        self._drawn = (step, made)
        self.update()

    def _height_px(self, step: Step) -> int:
        """Return how many pixels of the screen the picture is high, within limits."""
        if step.view.main is ViewName.THREE_D:
            return _LEAST_HEIGHT
        seen = fitted(_SHAPE, self.rect()).height() * self.devicePixelRatioF()
        return round(min(max(seen, _LEAST_HEIGHT), _MOST_HEIGHT))

    def _take_3d(self, step: Step, volume: Volume, height: int, drawn: Picture3D | None) -> None:
        """Draw a step once more with its 3D, where it is still the next one."""
        # Nobody may see a face on the presenter's screen either.
        if step != self._step or volume is not self._desk.session.volume or drawn is None or not drawn.masked:
            return
        self._solid = (step, height, Picture(image_of(drawn.pixels), drawn=drawn.drawn, camera=drawn.camera))
        self._drawn = None
        self._draw()

    def _kept_of(self, step: Step | None) -> QImage | None:
        """Return the picture that was kept of a step, for the doctor to compare with."""
        case = self._desk.session.case
        kept = kept_picture(case, step) if case is not None and step is not None else None
        image = QImage(str(kept.path)) if kept is not None else QImage()
        return None if image.isNull() else image

    def _paint_kept(self, painter: QPainter, kept: QImage, step: Step) -> None:
        """Draw the picture that was kept, and its card anew: that is small and dark in it."""
        place = fitted(_SHAPE, self.rect())
        painter.drawImage(place, kept)
        session = self._desk.session
        told = next((f for f in (*session.findings, *session.lesions) if f.id == step.view.selected_finding), None)
        folder = session.case.folder if session.case is not None else ""
        width, height = _STAGE
        painter.save()
        painter.translate(place.topLeft())
        painter.scale(place.width() / width, place.height() / height)
        paint_card(painter, self._theme, step, told, QSizeF(width, height - BAR_HEIGHT), 1.0, folder)
        painter.restore()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw it larger where it is seen larger."""
        super().resizeEvent(event)
        self._later.start()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        """Draw the picture in its frame, and over it the words of a step that has none."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            clip_to_frame(painter, self.rect(), 1)
            painter.fillRect(self.rect(), self._theme.on_anatomy("viewport"))
            step = self._step
            seen = self._known(step) if step is not None else None
            drawn = self._drawn_now(step) if step is not None else None
            if seen is not None:
                painter.drawPixmap(fitted(seen.size(), self.rect()), seen)
            elif drawn is not None:
                painter.drawImage(fitted(_SHAPE, self.rect()), drawn)
            elif self._kept is not None and step is not None:
                self._paint_kept(painter, self._kept, step)
            elif step is None:
                painter.setFont(font(Type.BODY))
                painter.setPen(self._theme.on_anatomy("text2"))
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, LAST)
            painter.setClipping(False)
            painter.setPen(QPen(self._theme.colour("hairline"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rounded(self.rect(), 1), RADIUS_BADGE, RADIUS_BADGE)
