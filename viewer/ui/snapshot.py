"""Pictures without a window, through the same painting code as the canvas.

In use::

    picture(volume, view, findings, (1920, 1080), banner=banner_words(volume)).save("out.png")
    thumbnail(volume, view, (440, 296))        # one plane, no text, no identity

Works without a screen: Qt's offscreen platform is chosen where no application runs yet.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QImageWriter, QPainter
from PySide6.QtWidgets import QApplication

from viewer.domain.errors import StorageError
from viewer.domain.overlays import Overlays
from viewer.domain.view_state import Comparison, ViewName
from viewer.io.atomic_file import write_atomically
from viewer.scene.quality import Quality
from viewer.scene.volume3d import Scene3D
from viewer.services.linked_views import Links, followed
from viewer.services.views import view_of_volume
from viewer.ui.canvas.beyond import Behind
from viewer.ui.canvas.paint_frame import Look
from viewer.ui.canvas.paint_plane import PlanePainter, image_of
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.painting import paint_all, tiles_for
from viewer.ui.canvas.shown import Shown, shown_from
from viewer.ui.canvas.tiles import CanvasStyle, Density, Tile, tiles
from viewer.ui.canvas.view3d import Picture, volume_scene
from viewer.ui.fonts import Type, font
from viewer.ui.present.card import RESERVED, card_side, paint_card, reserves_space
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from viewer.domain.decision import Decision
    from viewer.domain.finding import Finding, Matching
    from viewer.domain.model_result import ModelResult
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Step
    from viewer.scene.volume_scene import VolumeScene
    from viewer.services.loading import LoadedPrior

NOTHING_OVER = Overlays()
NOT_FOR_DIAGNOSIS = "Not for diagnostic use"
STAGE_BAR_SHARE = 96 / 1080
DESK_BAR_PX = 32

_application: list[QApplication] = []


def banner_words(volume: Volume) -> str:
    """Return the sentence that stands on every workspace and export."""
    return f"Synthetic · {NOT_FOR_DIAGNOSIS}" if volume.series.synthetic else NOT_FOR_DIAGNOSIS


def ensure_application() -> None:
    """Make sure that there is an application to draw with, without a screen if need be."""
    if QApplication.instance() is None:
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and os.name == "posix":
            os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _application.append(QApplication(["casestage"]))


def picture(
    volume: Volume,
    view: ViewState,
    findings: tuple[Finding, ...] = (),
    size: tuple[int, int] = (1920, 1080),
    *,
    banner: str = "",
    title: str = "",
    style: CanvasStyle = CanvasStyle.STAGE,
    matching: Matching | None = None,
    decisions: Mapping[str, Decision] | None = None,
    truth: tuple[Finding, ...] = (),
    inspecting: bool = False,
    scene_3d: Scene3D | None = None,
    step: Step | None = None,
    prior: LoadedPrior | None = None,
    results: tuple[ModelResult, ...] = (),
    overlays: Overlays = NOTHING_OVER,
    solid: Callable[[VolumeScene], Picture] | None = None,
    theme: Theme | None = None,
) -> QImage:
    """Return the picture of a view, with the banner burned in; identity is never drawn.

    Parameters
    ----------
    size
        Width and height in pixels.
    banner
        "" stands for what the volume demands; there is no picture without it.
    step
        Draws its narration beside the large view, as on stage.
    prior
        The earlier scan that a view with a curtain uncovers.
    results
        What models said, for a view that compares two of them.
    overlays
        The labels and the map that lie over the volume.
    scene_3d
        Draws 3D; where it is None one is made and ended again. A machine without 3D gives a sentence in its place.
    solid
        Gives what stands in place of 3D, for a picture that is wanted at once; it is drawn here where left out.
    theme
        Of the narration's card; the dark one where left out.
    """
    ensure_application()
    theme = theme or Theme()
    stage = style is CanvasStyle.STAGE
    width, height = size
    bar = round(height * STAGE_BAR_SHARE) if stage else DESK_BAR_PX
    said = said_by_both(results, view)
    if said is not None:
        findings = said[0].findings
    apart = said is not None and view.comparison is Comparison.DIFFERENCE
    shown = shown_from(
        volume,
        view,
        second=said[1].shown if said is not None and apart else None,
        two_models=(said[0].name, said[1].name) if said is not None else None,
        findings=tuple(f for f in findings if f.score is None or f.score >= view.threshold),
        truth=truth,
        decisions=decisions,
        matching=matching,
        inspecting=inspecting,
        masked=True,
        title=title,
        called=prior.own_title if prior is not None else "",
        overlays=overlays,
    )
    scale = height / 1080 if stage else 1.0
    look = Look(TextLook(theme, stage=stage, scale=scale), Density.FULL)
    area = (float(width), float(height - bar))
    told = next((f for f in (*findings, *truth) if f.id == view.selected_finding), None)
    placed = tiles_for(shown, area, style, _room_for(step, told, scale))
    image = _blank(size)
    picture_3d = _picture_3d(placed, shown, theme, solid or partial(_drawn_here, given=scene_3d))
    # Qt ends the whole program where a picture goes away while it is being painted, as an error would make it.
    painter = QPainter(image)
    try:
        behind = behind_of(prior, volume, view) if said is None else None if apart else behind_of_second(shown, *said)
        paint_all(painter, area, placed, shown, look, PlanePainter(), picture_3d, behind=behind)
        if step is not None:
            paint_card(painter, theme, step, told, QSizeF(*area), scale)
        paint_bar(painter, QRectF(0, height - bar, width, bar), banner or banner_words(volume), title, look.text)
    finally:
        painter.end()
    return image


def thumbnail(volume: Volume, view: ViewState, size: tuple[int, int], findings: tuple[Finding, ...] = ()) -> QImage:
    """Return the view's main plane without any text, for cards and tiles; 3D as the axial plane."""
    ensure_application()
    plane = view.main if view.main is not ViewName.THREE_D else ViewName.AXIAL
    tile = tiles(view.layout.SINGLE, plane, (float(size[0]), float(size[1])))[0]
    image = _blank(size)
    painter = QPainter(image)
    look = Look(TextLook(Theme(), stage=True), Density.LETTERS, decorated=False)
    try:
        PlanePainter().paint(painter, tile, shown_from(volume, view, findings=findings), look, first=False)
    finally:
        painter.end()
    return image


def save_png(image: QImage, path: Path) -> None:
    """Write a picture, whole or not at all; see `save_picture`."""
    save_picture(image, path, "png")


def save_picture(image: QImage, path: Path, kind: str, quality: int = -1) -> None:
    """Write a picture, whole or not at all, as "png" or as "jpg" of a quality of up to 100.

    Raises
    ------
    StorageError
        When the disk refuses.
    """
    content = QBuffer()
    content.open(QBuffer.OpenModeFlag.WriteOnly)
    writer = QImageWriter(content, QByteArray(kind.encode()))
    writer.setQuality(quality)
    if not writer.write(image):
        raise StorageError("The picture could not be made.", "Ask for a smaller one.", writer.error().name)
    write_atomically(path, bytes(content.data().data()), "The picture")


def _room_for(step: Step | None, told: Finding | None, scale: float) -> tuple[float, float]:
    """Return the pixels at the left and at the right of the large view that a step's narration lies over."""
    if step is None or not reserves_space(step.view):
        return (0.0, 0.0)
    room = RESERVED * scale
    return (room, 0.0) if card_side(step.view, told) == "left" else (0.0, room)


def said_by_both(results: tuple[ModelResult, ...], view: ViewState) -> tuple[ModelResult, ModelResult] | None:
    """Return what the two models of a view said; None where it compares none, or one of them said nothing."""
    known = {result.model_id: result for result in results}
    if view.models is None or not all(model in known for model in view.models):
        return None
    return known[view.models[0]], known[view.models[1]]


def behind_of_second(shown: Shown, first: ModelResult, second: ModelResult) -> Behind | None:
    """Return the same volume with what the second model says, for right of a view's curtain."""
    if shown.view.comparison is Comparison.OFF:
        return None
    there = shown_from(shown.volume, shown.view, findings=second.shown, masked=True, is_second=True)
    return Behind(there, PlanePainter(), ((f"A  {first.name}",), (f"B  {second.name}",)))


def behind_of(prior: LoadedPrior | None, volume: Volume, view: ViewState) -> Behind | None:
    """Return what the curtain of a view of a volume uncovers."""
    if prior is None or view.comparison is Comparison.OFF:
        return None
    there = followed(view_of_volume(prior.volume), view, prior.alignment, Links.of(volume, prior.volume))
    known = tuple(f for f in prior.findings if f.score is None or f.score >= view.threshold)
    shown = shown_from(prior.volume, there, findings=known, masked=True)
    return Behind(shown, PlanePainter(), ((prior.own_title,), (prior.title,)))


def _blank(size: tuple[int, int]) -> QImage:
    image = QImage(size[0], size[1], QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    return image


def _picture_3d(
    placed: tuple[Tile, ...], shown: Shown, theme: Theme, solid: Callable[[VolumeScene], Picture]
) -> Picture:
    tile = next((tile for tile in placed if tile.view is ViewName.THREE_D), None)
    if tile is None or shown.view.shows_curved:
        return Picture()
    return solid(volume_scene(shown, tile, theme, 1.0))


def _drawn_here(scene: VolumeScene, *, given: Scene3D | None) -> Picture:
    drawing = given or Scene3D()
    try:
        drawn = drawing.picture_once(scene, Quality.FINEST)
    finally:
        if given is None:
            drawing.close()
    if drawn is None:
        why = drawing.unavailable
        return Picture(sentence=why.sentence if why else "There is no 3D picture.")
    return Picture(image_of(drawn.pixels), drawn=drawn.drawn)


def paint_bar(painter: QPainter, bar: QRectF, banner: str, title: str, look: TextLook) -> None:
    """Draw the bar below a picture: what it is not for at the left, its title at the right."""
    painter.fillRect(bar, look.theme.on_anatomy("viewport" if look.stage else "panel"))
    painter.fillRect(QRectF(bar.left(), bar.top(), bar.width(), 1), look.theme.on_anatomy("hairline"))
    face = font(Type.STAGE_BAR, scale=look.scale) if look.stage else font(Type.CAPTION)
    margin = 40 * look.scale if look.stage else 16
    words = bar.adjusted(margin, 0, -margin, 0)
    painter.setFont(face)
    painter.setPen(look.theme.on_anatomy("text2"))
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, banner)
    painter.setPen(look.theme.on_anatomy("text"))
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, title)
