"""Pictures of a case as it stands on stage, also of the way from one step to the next; banner and origin in each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self

from attrs import evolve, frozen
from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

from viewer.analysis.matching import match
from viewer.domain.finding import MatchRule
from viewer.domain.view_state import Comparison, Layout, OverlayMode, ViewName
from viewer.scene.quality import Quality
from viewer.scene.volume3d import Scene3D
from viewer.ui.canvas.paint_frame import Look
from viewer.ui.canvas.paint_plane import PlanePainter, image_of
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.painting import paint_all, tiles_for
from viewer.ui.canvas.shown import Drawn, Shown, shown_from
from viewer.ui.canvas.tiles import CanvasStyle, Density, Tile
from viewer.ui.canvas.view3d import Picture, volume_scene
from viewer.ui.fonts import Type, font
from viewer.ui.present.card import MARGIN, RESERVED, Narration, card_corner, card_side, reserves_space
from viewer.ui.present.stage_bar import GAP, MOST_SEGMENTS, SEGMENT
from viewer.ui.present.stage_bar import HEIGHT as BAR_HEIGHT
from viewer.ui.present.sweep_readout import counted, paint_readout, readout_place
from viewer.ui.snapshot import behind_of, behind_of_second, ensure_application, said_by_both
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.domain.view_state import ViewState
    from viewer.domain.walkthrough import Step
    from viewer.scene.volume_scene import VolumeScene
    from viewer.services.left_behind import LeftBehind
    from viewer.ui.canvas.beyond import Behind
    from viewer.ui.present.sweep_readout import Rows

STAGE = (1920, 1080)


@frozen
class Words:
    """What stands beside a picture.

    Attributes
    ----------
    number
        Of the step that the bar names, from 0.
    opacity
        Of the narration's card; 0 leaves it out.
    room
        Where the large view makes room for it: −1 at the left, 1 at the right, anything between on the way.
    asked
        True shows the step's question, and nothing that answers it.
    sweeping
        True shows the threshold, and what is counted there.
    """

    number: int
    opacity: float = 1.0
    room: float = -1.0
    asked: bool = False
    sweeping: bool = False


class StageFrames:
    """Draws frames of one case; to be closed, because 3D has a thread of its own.

    Parameters
    ----------
    left
        The case as it leaves.
    size
        Width and height of a frame in pixels.
    """

    def __init__(self, left: LeftBehind, size: tuple[int, int] = STAGE) -> None:
        ensure_application()
        self.left, self.size = left, size
        self._theme = Theme()
        self._scale = size[1] / STAGE[1]
        self._scene = Scene3D()
        self._drawn_3d: tuple[VolumeScene, Quality, Picture] | None = None
        self._quality = Quality.FINEST

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread of 3D."""
        self._scene.close()

    def forget(self) -> None:
        """Draw 3D anew with the next frame, also where nothing of it has changed."""
        self._drawn_3d = None

    def still(self, number: int, *, counted: bool = False) -> QImage:
        """Return a step as it stands on stage, from 0; with what it `counted` where its threshold has swept."""
        step = self.left.steps[number]
        return self.frame(step.view, Words(number, 1.0, self.room(number), sweeping=counted and step.sweep is not None))

    def bare(self, number: int, size: tuple[int, int]) -> QImage:
        """Return a step's picture alone, for where its words stand beside it."""
        image, painter = _canvas(size)
        try:
            self._paint_view(painter, QRectF(0, 0, *size), self.left.steps[number].view, (0.0, 0.0), size[1] / STAGE[1])
        finally:
            painter.end()
        return image

    def room(self, number: int) -> float:
        """Return at which side a step makes room for its card: −1 left, 1 right."""
        step = self.left.steps[number]
        return -1.0 if card_side(step.view, self.told(step)) == "left" else 1.0

    def told(self, step: Step) -> Finding | None:
        """Return the finding that a step is about."""
        both = (*self._said_by(step.view, 0), *(self._said_by(step.view, 1) if step.view.models else ()))
        known = (*both, *self.left.loaded.lesions)
        return next((f for f in known if f.id == step.view.selected_finding), None)

    def listed(self, number: int) -> tuple[Drawn, ...]:
        """Return the findings and true lesions that a step shows: the selected one first, then by score."""
        view = self.left.steps[number].view
        drawn = self._shown(view).drawn
        behind = self._behind(view) if view.models is not None else None
        if behind is not None:
            drawn += behind.shown.drawn
        return tuple(sorted(drawn, key=lambda d: (not d.selected, *d.finding.order)))

    def frame(self, view: ViewState, words: Words, *, moving: bool = False) -> QImage:
        """Return a frame: a view, the card and the bar; `moving` is True for one of many that is seen for a moment."""
        self._quality = Quality.STILL if moving else Quality.FINEST
        image, painter = _canvas(self.size)
        width, height = self.size
        scale = self._scale
        bar = round(BAR_HEIGHT * scale)
        step = self.left.steps[words.number]
        told = self.told(step)
        if words.asked and step.question is not None:
            # The card goes away from the lesion, and would point at it.
            step, told = evolve(step, title=step.question.text, narration=""), None
        # Qt ends the whole program where a picture goes away while it is being painted, as an error would make it.
        try:
            aside = round((RESERVED + 20) * scale) if view.layout is Layout.FOUR else 0
            room = RESERVED * scale * abs(words.room) if reserves_space(view) else 0.0
            free = (room, 0.0) if words.room < 0 else (0.0, room)
            area = QRectF(aside, 0, width - aside, height - bar)
            self._paint_view(painter, area, view, free, scale, veiled=words.asked)
            side, stage = card_side(step.view, told), QSizeF(width, height - bar)
            if words.opacity > 0:
                card = Narration(self._theme, step, scale, self.left.loaded.case.folder)
                painter.setOpacity(words.opacity)
                card.paint(painter, card_corner(card.size, stage, step.view, side, scale))
                painter.setOpacity(1.0)
            if words.sweeping and view.overlay is not OverlayMode.OFF:
                place = readout_place(rows := self._counted(view), step.view, stage, side, scale)
                paint_readout(painter, place, rows, view.threshold, self._theme, scale)
            self._paint_bar(painter, QRectF(0, height - bar, width, bar), words.number)
        finally:
            self._quality = Quality.FINEST
            painter.end()
        return image

    def plane(self, view: ViewState, name: ViewName, size: tuple[int, int]) -> QImage:
        """Return one view alone, with its letters and findings and nothing beside it."""
        image, painter = _canvas(size)
        area = QRectF(0, 0, *size)
        try:
            self._paint(painter, area, self._shown(view), (Tile(name, area, area),), size[1] / 760, Density.LETTERS)
        finally:
            painter.end()
        return image

    # --- within

    def _shown(self, view: ViewState, *, veiled: bool = False) -> Shown:
        loaded = self.left.loaded
        if veiled:
            return shown_from(loaded.volume, view, masked=True, title=loaded.case.title, veiled=True)
        return self._shown_of(view, self._said_by(view, 0))

    def _counted(self, view: ViewState) -> Rows:
        loaded = self.left.loaded
        findings = tuple(f for f in self._said_by(view, 0) if f.score is None or f.score >= view.threshold)
        matching = match(findings, loaded.lesions, view.threshold, MatchRule()) if loaded.judged else None
        return counted(matching, len(findings))

    def _said_by(self, view: ViewState, side: int) -> tuple[Finding, ...]:
        """Return the findings of a side: those of the case, or of the first or second of two models."""
        loaded = self.left.loaded
        if view.models is None:
            return loaded.findings
        return next((r.findings for r in loaded.results if r.model_id == view.models[side]), ())

    def _shown_of(self, view: ViewState, findings: tuple[Finding, ...]) -> Shown:
        loaded = self.left.loaded
        matching = match(findings, loaded.lesions, view.threshold, MatchRule()) if loaded.judged else None
        said = said_by_both(loaded.results, view)
        apart = said is not None and view.comparison is Comparison.DIFFERENCE
        return shown_from(
            loaded.volume,
            view,
            second=said[1].shown if said is not None and apart else None,
            two_models=(said[0].name, said[1].name) if said is not None else None,
            findings=tuple(f for f in findings if f.score is None or f.score >= view.threshold),
            truth=loaded.lesions,
            matching=matching,
            masked=True,
            title=loaded.case.title,
            called=loaded.prior.own_title if loaded.prior is not None else "",
        )

    def _paint_view(
        self,
        painter: QPainter,
        area: QRectF,
        view: ViewState,
        room: tuple[float, float],
        scale: float,
        *,
        veiled: bool = False,
    ) -> None:
        shown = self._shown(view, veiled=veiled)
        placed = tiles_for(shown, (area.width(), area.height()), CanvasStyle.STAGE, room)
        self._paint(painter, area, shown, placed, scale, Density.FULL)

    def _paint(
        self,
        painter: QPainter,
        area: QRectF,
        shown: Shown,
        placed: tuple[Tile, ...],
        scale: float,
        density: Density,
    ) -> None:
        look = Look(TextLook(self._theme, stage=True, scale=scale), density)
        painter.save()
        painter.translate(area.topLeft())
        behind = self._behind(shown.view)
        size = (area.width(), area.height())
        paint_all(painter, size, placed, shown, look, PlanePainter(), self._picture_3d(placed, shown), behind=behind)
        painter.restore()

    def _behind(self, view: ViewState) -> Behind | None:
        """Return what a view's curtain uncovers: the earlier scan, or what the second of two models says."""
        said = said_by_both(self.left.loaded.results, view)
        if said is None:
            return behind_of(self.left.loaded.prior, self.left.loaded.volume, view)
        if view.comparison is Comparison.DIFFERENCE:
            return None
        return behind_of_second(self._shown_of(view, self._said_by(view, 0)), *said)

    def _picture_3d(self, placed: tuple[Tile, ...], shown: Shown) -> Picture:
        tile = next((tile for tile in placed if tile.view is ViewName.THREE_D), None)
        if tile is None or shown.view.shows_curved:
            return Picture()
        scene = volume_scene(shown, tile, self._theme, 1.0)
        before = self._drawn_3d
        if before is not None and _same(before[0], scene) and before[1] in (self._quality, Quality.FINEST):
            return before[2]
        drawn = self._scene.picture_once(scene, self._quality)
        if drawn is None:
            why = self._scene.unavailable
            return Picture(sentence=why.sentence if why else "There is no 3D picture.")
        picture = Picture(image_of(drawn.pixels), drawn=drawn.drawn)
        self._drawn_3d = (scene, self._quality, picture)
        return picture

    def _paint_bar(self, painter: QPainter, bar: QRectF, number: int) -> None:
        colour, scale = self._theme.on_anatomy, self._scale
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(bar, colour("viewport"))
        painter.fillRect(QRectF(bar.left(), bar.top(), bar.width(), 1), colour("hairline"))
        inner = bar.adjusted(MARGIN * scale, 0, -MARGIN * scale, 0)
        count = len(self.left.steps)
        left = inner.right() - self._paint_progress(painter, inner, number, count)
        room = QRectF(inner.left(), inner.top() + 12 * scale, left - inner.left() - 48 * scale, 36 * scale)
        _line(painter, room, self.left.banner, Type.STAGE_BAR, scale, colour("text2"))
        below = room.translated(0, 38 * scale)
        _line(painter, below, self.left.origin, Type.STAGE_SMALL, scale * 0.78, colour("text3"))

    def _paint_progress(self, painter: QPainter, inner: QRectF, number: int, count: int) -> float:
        """Draw where in the story this is, at the right, and return how wide that is."""
        colour, scale = self._theme.on_anatomy, self._scale
        words = f"{number + 1} of {count}"
        face = font(Type.STAGE_BAR_NAME, scale=scale)
        wide = QFontMetricsF(face).horizontalAdvance(f"{count} of {count}")
        painter.setFont(face)
        painter.setPen(colour("text"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words)
        shown = min(count, MOST_SEGMENTS)
        bars = (shown * SEGMENT[0] + (shown - 1) * GAP) * scale
        gap = GAP * scale if count <= MOST_SEGMENTS else 2.0
        each = (bars - gap * (count - 1)) / count
        high = SEGMENT[1] * scale
        start = inner.right() - wide - 24 * scale - bars
        painter.setPen(Qt.PenStyle.NoPen)
        for n in range(count):
            painter.setBrush(colour("text2" if n < number else "accent" if n == number else "hairline"))
            box = QRectF(start + n * (each + gap), inner.center().y() - high / 2, each, high)
            painter.drawRoundedRect(box, high / 2, high / 2)
        return wide + 24 * scale + bars


def _canvas(size: tuple[int, int]) -> tuple[QImage, QPainter]:
    image = QImage(size[0], size[1], QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    return image, QPainter(image)


def _line(painter: QPainter, area: QRectF, text: str, kind: Type, scale: float, colour: QColor) -> None:
    face = font(kind, scale=scale)
    # Digits of one width also widen the hyphen.
    face.unsetFeature(QFont.Tag("tnum"))
    painter.setFont(face)
    painter.setPen(colour)
    words = QFontMetricsF(face).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)


def _same(a: VolumeScene, b: VolumeScene) -> bool:
    """Return whether two 3D scenes of one case look the same; how far the camera may differ is less than a pixel."""
    same = (a.width_px, a.height_px, a.preset, a.table, a.clips, a.planes, a.values) == (
        b.width_px, b.height_px, b.preset, b.table, b.clips, b.planes, b.values,
    )  # fmt: skip
    if not same or a.surfaces != b.surfaces:
        return False
    ends = zip(
        (*a.camera.focal_lps_mm, *a.camera.to_eye, *a.camera.up, a.camera.height_mm),
        (*b.camera.focal_lps_mm, *b.camera.to_eye, *b.camera.up, b.camera.height_mm),
        strict=True,
    )
    return all(math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6) for one, other in ends)
