"""The views as a picture to give away: as they stand on screen, without whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from viewer.domain.measurement import MeasurementKind
from viewer.scene.presets_3d import allowed_preset, preset_3d
from viewer.ui.canvas.paint_frame import Look
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.painting import paint_all, tiles_for
from viewer.ui.canvas.side_names import all_side_names
from viewer.ui.canvas.tiles import CanvasStyle
from viewer.ui.canvas.view3d import Picture
from viewer.ui.honesty import banner_words
from viewer.ui.snapshot import DESK_BAR_PX, paint_bar

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.ui.canvas import Canvas
    from viewer.ui.canvas.beyond import Behind
    from viewer.ui.canvas.shown import Shown

NO_FACE = "3D is left out: it may show a face.\nHide identity (Ctrl+Shift+H) to have it in the picture."


def desk_picture(canvases: tuple[Canvas, ...]) -> QImage | None:
    """Return what canvases that stand side by side show, with what it is not for burned in; None where nothing is open.

    Neither patient nor date, nor what a reader wrote, nor a face is in it, also while they are shown on screen.
    """
    volume = canvases[0].session.volume
    if volume is None:
        return None
    first = canvases[0]
    ratio, left = first.devicePixelRatioF(), first.x()
    width = max(canvas.x() + canvas.width() for canvas in canvases) - left
    height = first.height() + DESK_BAR_PX
    image = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(first.theme.on_anatomy("hairline"))
    with QPainter(image) as painter:
        for canvas in canvases:
            painter.save()
            painter.translate(canvas.x() - left, 0)
            _paint(painter, canvas)
            painter.restore()
        case = first.session.case
        words = banner_words(volume, case, _second(canvases))
        bar = QRectF(0, height - DESK_BAR_PX, width, DESK_BAR_PX)
        look = TextLook(first.theme)
        paint_bar(painter, bar, words, case.title if case is not None else "", look)
    return image


def _paint(painter: QPainter, canvas: Canvas) -> None:
    shown = canvas.shown
    if shown is None:
        return
    shown = without_names(shown)
    size = (float(canvas.width()), float(canvas.height()))
    look = Look(TextLook(canvas.theme), canvas.density)
    placed = tiles_for(shown, size, CanvasStyle.REVIEW)
    paint_all(painter, size, placed, shown, look, canvas.planes, _solid(canvas, shown), behind=_behind(canvas))


def without_names(shown: Shown) -> Shown:
    """Return what is shown without the patient, and without the words of a reader, which may name one."""
    measured = tuple(
        evolve(drawn, measurement=evolve(drawn.measurement, text=""), in_hand=False)
        for drawn in shown.measured
        if drawn.measurement.kind is not MeasurementKind.TEXT
    )
    return evolve(shown, patient="", masked=True, measured=measured)


def _solid(canvas: Canvas, shown: Shown) -> Picture:
    """Return the picture in 3D, or why it is left out."""
    view, volume = shown.view, shown.volume
    same = allowed_preset(volume, view.preset_3d, masked=True) is preset_3d(view.preset_3d)
    if canvas.view_3d.shows_no_face or volume.series.synthetic or (same and not view.labels_3d):
        return canvas.view_3d.picture
    return Picture(sentence=NO_FACE)


def _behind(canvas: Canvas) -> Behind | None:
    """Return what the curtain uncovers."""
    beyond = canvas.hands.beyond
    behind = beyond.behind if beyond is not None else None
    if beyond is None or behind is None:
        return None
    names = all_side_names(canvas.session, beyond.session, unnamed=True)
    return evolve(behind, shown=without_names(behind.shown), names=names)


def _second(canvases: tuple[Canvas, ...]) -> Volume | None:
    """Return the volume that stands beside the first, or behind a curtain."""
    beyond = canvases[0].hands.beyond
    if len(canvases) > 1:
        return canvases[-1].session.volume
    return beyond.session.volume if beyond is not None and beyond.there else None


def name_of(session: Session) -> str:
    """Return what a file with the picture is called: nothing that says whose it is."""
    return f"{session.case.id}.png" if session.case is not None else "views.png"
