"""Findings and labels on a plane: outlines with casing, fill, marks of points, the long axis with its length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen, QTransform

from viewer.domain.finding import Finding
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.overlay_look import MOST_LABEL_OPACITY, look_of
from viewer.domain.view_state import OverlayMode
from viewer.scene.acquired import acquired_slices, image_step_mm
from viewer.scene.camera import screen_from_lps
from viewer.scene.contours import Outlines, Polyline, grow_mm, slice_outlines
from viewer.ui.canvas.closed_path import closed_path
from viewer.ui.canvas.frame_places import frame_places, seen_part
from viewer.ui.canvas.paint_text import SHORT_PX, TextLook, paint_plate
from viewer.ui.fonts import Type, font
from viewer.ui.marks import Line, Mark, line_of, line_of_label
from viewer.ui.theme import CASING_OPACITY

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    from viewer.domain.labels import Mask
    from viewer.domain.overlay_look import LabelLook
    from viewer.domain.view_state import Camera
    from viewer.domain.volume import Volume
    from viewer.scene.plane_geometry import ViewportGeometry
    from viewer.ui.canvas.shown import Drawn, Shown

MOST_FILL = 0.3
RING_PX = 11.0
MOST_KEPT = 4000
# Twice the area of the triangle of three points in a row, below which the middle one lies on the line.
STRAIGHT_MM2 = 1e-9
# A long axis that leaves the plane further than this is said to be measured in 3D.
IN_PLANE_SHARE = 0.985
LEAST_AXIS_SHARE = 0.7
# What the letters at the sides of a viewport keep for themselves.
LETTER_SIDE_PX = 56.0
# Of a finding, what its length may cover before it is left out.
HIDDEN_SHARE = 0.1
# Above and below, letters and corner text of one or more lines; low views have one.
RIM_PX, LOW_RIM_PX = 56.0, 30.0


class OutlinePaths:
    """Outlines as painter paths in mm right of and below the LPS origin, kept by mask, plane and image."""

    def __init__(self) -> None:
        self._outlines = Outlines()
        self._kept: dict[tuple[object, ...], tuple[Mask, QPainterPath]] = {}
        self._volume: Volume | None = None

    def of(self, mask: Mask, volume: Volume, geometry: ViewportGeometry, *, grow: float = 0.0) -> QPainterPath:
        """Return a mask's outline in the image through the cursor; empty where the image misses it."""
        if volume is not self._volume or len(self._kept) >= MOST_KEPT:
            self._kept.clear()
            self._volume = volume
        depth = round(float(np.asarray(geometry.cursor_lps_mm) @ geometry.axes.into), 3)
        key = (id(mask), geometry.plane, geometry.view.turned, geometry.image, depth, grow)
        held = self._kept.get(key)
        if held is None:
            # The mask is kept beside its path: an id is only unique while its object lives.
            held = self._kept[key] = (mask, self._path(mask, volume, geometry, grow))
        return held[1]

    def _path(self, mask: Mask, volume: Volume, geometry: ViewportGeometry, grow: float) -> QPainterPath:
        across = np.stack([geometry.axes.right, geometry.axes.down], axis=1)
        corners = []
        for line in self._lines(mask, volume, geometry, grow):
            flat = line @ across
            # Corners alone: a point on the way from one neighbour to the other only takes time to draw.
            steps = np.diff(flat, axis=0, append=flat[1:2])
            turns = steps[:-1, 0] * steps[1:, 1] - steps[:-1, 1] * steps[1:, 0]
            corner = np.concatenate([[True], np.abs(turns) > STRAIGHT_MM2])
            corner[-1] = True
            corners.append(flat[corner])
        return closed_path(corners)

    def _lines(self, mask: Mask, volume: Volume, geometry: ViewportGeometry, grow: float) -> tuple[Polyline, ...]:
        acquired = acquired_slices(volume) if geometry.image is not None else None
        if acquired is not None and geometry.image is not None:
            return slice_outlines(mask, acquired, geometry.image, grow_mm=grow)
        return self._outlines.of(
            mask, volume, geometry.plane, geometry.cursor_lps_mm, turn=geometry.view.turned, grow_mm=grow
        )


def screen_from_mm(geometry: ViewportGeometry) -> QTransform:
    """Return the transform from plane mm (right of and below the LPS origin) to pixels of the viewport."""
    scale = 1.0 / geometry.mm_per_px
    x, y = geometry.screen_from_lps((0.0, 0.0, 0.0))
    return QTransform(scale, 0, 0, scale, x, y)


@frozen(eq=False)
class Painted:
    """Where findings were drawn, and the selected one with its place where a long axis may be drawn for it."""

    taken: tuple[QRectF, ...] = ()
    with_axis: tuple[Finding, QRectF] | None = None


def paint_overlay(
    painter: QPainter, shown: Shown, geometry: ViewportGeometry, outlines: OutlinePaths, look: TextLook
) -> Painted:
    """Draw labels and above them findings that the plane goes through, the selected one on top, and say where."""
    steps = overlay_steps(painter, shown, geometry, outlines, look)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            painted: Painted = done.value
            return painted


def overlay_steps(
    painter: QPainter, shown: Shown, geometry: ViewportGeometry, outlines: OutlinePaths, look: TextLook
) -> Generator[None, None, Painted]:
    """Draw as `paint_overlay` does, a little at a time, for who works ahead between other things."""
    if shown.view.overlay is OverlayMode.OFF:
        return Painted()
    transform = screen_from_mm(geometry)
    yield from _label_steps(painter, shown, geometry, outlines, look, transform)
    taken: list[QRectF] = []
    with_axis: tuple[Finding, QRectF] | None = None
    for drawn in shown.drawn:
        if not drawn.finding.placed:
            continue
        chosen = look_of(shown.view.label_looks, drawn.finding.label_key)
        line = _line(drawn, chosen, look)
        if drawn.finding.mask is None:
            _paint_point(painter, drawn, shown, geometry, line, look)
            continue
        grow = grow_mm(drawn.finding, missed=drawn.mark is Mark.MISSED)
        path = transform.map(outlines.of(drawn.finding.mask, shown.volume, geometry, grow=grow))
        if path.isEmpty():
            continue
        opacity = chosen.opacity if chosen in shown.view.label_looks else min(shown.view.fill_opacity, MOST_FILL)
        _paint_fill(painter, path, line, shown.view.overlay, opacity, look)
        if shown.view.overlay is not OverlayMode.FILL_ALONE or drawn.selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for pen in (line.casing(look.theme, scale=look.scale), line.pen(look.theme, scale=look.scale)):
                painter.setPen(pen)
                painter.drawPath(path)
        taken.append(path.boundingRect())
        if drawn.selected and not look.stage:
            with_axis = (drawn.finding, path.boundingRect())
        yield
    return Painted(tuple(taken), with_axis)


def paint_measure(
    painter: QPainter, painted: Painted, shown: Shown, geometry: ViewportGeometry, look: TextLook
) -> None:
    """Draw the axes of the selected finding above all that was painted."""
    if painted.with_axis is not None:
        finding, bounds = painted.with_axis
        paint_short_axis(painter, finding, shown, geometry, look)
        paint_long_axis(painter, finding, shown, geometry, bounds, look, list(painted.taken))


def _label_steps(
    painter: QPainter,
    shown: Shown,
    geometry: ViewportGeometry,
    outlines: OutlinePaths,
    look: TextLook,
    transform: QTransform,
) -> Iterator[None]:
    """Draw labels: all fills, then all casings, then all lines, so that no label hides the line of another."""
    seen = QRectF(0, 0, geometry.width_px, geometry.height_px)
    placed = []
    for label in shown.labels:
        path = transform.map(outlines.of(label.mask, shown.volume, geometry))
        yield
        if path.isEmpty() or not path.boundingRect().intersects(seen):
            continue
        chosen = look_of(shown.view.label_looks, label.key)
        line = line_of_label(label, chosen, stage=look.stage)
        placed.append((path, line))
        _paint_fill(painter, path, line, shown.view.overlay, chosen.opacity, look)
        yield
    if shown.view.overlay is OverlayMode.FILL_ALONE:
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for path, line in placed:
        painter.setPen(line.casing(look.theme, scale=look.scale))
        painter.drawPath(path)
        yield
    for path, line in placed:
        painter.setPen(line.pen(look.theme, scale=look.scale))
        painter.drawPath(path)
        yield


def _paint_fill(
    painter: QPainter, path: QPainterPath, line: Line, mode: OverlayMode, opacity: float, look: TextLook
) -> None:
    if mode in (OverlayMode.FILL, OverlayMode.FILL_ALONE) and opacity > 0:
        painter.fillPath(path, line.colour(look.theme, min(opacity, MOST_LABEL_OPACITY)))


def _paint_point(
    painter: QPainter, drawn: Drawn, shown: Shown, geometry: ViewportGeometry, line: Line, look: TextLook
) -> None:
    """Draw a point as a ring where the plane is within two images of it."""
    finding = drawn.finding
    reach = max(2 * image_step_mm(shown.volume, geometry), 2.0)
    if abs(geometry.distance_mm(finding.centre_lps_mm)) > reach:
        return
    _paint_ring(painter, QPointF(*geometry.screen_from_lps(finding.centre_lps_mm)), line, look)


def paint_points_in_3d(painter: QPainter, shown: Shown, camera: Camera, area: QRectF, look: TextLook) -> None:
    """Draw what has a place and no outline as rings over a 3D picture that was taken from a camera.

    As surfaces do they shine through what lies before them.
    """
    if shown.view.overlay is OverlayMode.OFF:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for drawn in shown.drawn:
        finding = drawn.finding
        if finding.placed and finding.mask is None:
            x, y = screen_from_lps(camera, finding.centre_lps_mm, area.width(), area.height())
            line = _line(drawn, look_of(shown.view.label_looks, finding.label_key), look)
            _paint_ring(painter, area.topLeft() + QPointF(x, y), line, look)
    painter.restore()


def _line(drawn: Drawn, chosen: LabelLook, look: TextLook) -> Line:
    return line_of(drawn.mark, selected=drawn.selected, stage=look.stage, own_colour=chosen.colour, second=drawn.second)


def _paint_ring(painter: QPainter, middle: QPointF, line: Line, look: TextLook) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (line.casing(look.theme, scale=look.scale), line.pen(look.theme, scale=look.scale)):
        painter.setPen(pen)
        painter.drawEllipse(middle, RING_PX * look.scale, RING_PX * look.scale)


def paint_long_axis(
    painter: QPainter,
    finding: Finding,
    shown: Shown,
    geometry: ViewportGeometry,
    bounds: QRectF,
    look: TextLook,
    taken: list[QRectF],
) -> None:
    """Draw the long axis with its length, in the plane that holds it best, where the plane crosses it.

    `taken` are the places of findings, which the label must not cover.
    """
    ends = finding.long_axis_lps_mm
    share = _axis_share(ends, shown, geometry)
    if ends is None or finding.long_axis_mm is None or share is None:
        return
    places = [QPointF(*geometry.screen_from_lps(end)) for end in ends]
    _paint_axis(painter, places, look)
    frame = [] if look.stage else frame_places(geometry.width_px, geometry.height_px, look)
    words = f"{finding.long_axis_mm:.1f} mm" + ("" if share >= IN_PLANE_SHARE else " in 3D")
    _paint_leader(painter, words, places, bounds, seen_part(shown.part, geometry), look, taken, frame)


def paint_short_axis(
    painter: QPainter, finding: Finding, shown: Shown, geometry: ViewportGeometry, look: TextLook
) -> None:
    """Draw the short axis without words, in the plane that holds it best, where the plane crosses it."""
    ends = finding.short_axis_lps_mm
    if ends is not None and _axis_share(ends, shown, geometry) is not None:
        _paint_axis(painter, [QPointF(*geometry.screen_from_lps(end)) for end in ends], look)


def _axis_share(ends: NDArray[np.float64] | None, shown: Shown, geometry: ViewportGeometry) -> float | None:
    """Return how much of an axis lies in the plane; None where it is drawn in another one, or not at all."""
    if ends is None or not shown.volume.measurable:
        return None
    axis = ends[1] - ends[0]
    length = float(np.linalg.norm(axis))
    if length < 1e-6:
        return None
    normals = {name: axes.into for name, axes in PLANE_AXES.items()} | {geometry.plane: geometry.axes.into}
    shares = {name: _share(axis / length, normals[name]) for name in PlaneName}
    if max(shares, key=lambda name: shares[name]) is not geometry.plane:
        return None
    share = shares[geometry.plane]
    depths = sorted(geometry.distance_mm(end) for end in ends)
    step = image_step_mm(shown.volume, geometry)
    if share < LEAST_AXIS_SHARE or depths[0] > step or depths[1] < -step:
        return None
    return share


def _paint_axis(painter: QPainter, places: list[QPointF], look: TextLook) -> None:
    for colour, width in ((look.theme.on_anatomy("casing", CASING_OPACITY), 3.5), (look.theme.on_anatomy("text"), 1.0)):
        painter.setPen(QPen(colour, width * look.scale, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLine(places[0], places[1])
        for place in places:
            painter.drawLine(*_end_tick(places[0], places[1], place))


def _share(unit: NDArray[np.float64], normal: NDArray[np.float64]) -> float:
    """Return how much of a direction lies in the plane of a normal."""
    return float(np.sqrt(max(0.0, 1 - float(unit @ normal) ** 2)))


def _end_tick(first: QPointF, last: QPointF, at: QPointF) -> tuple[QPointF, QPointF]:
    dx, dy = last.x() - first.x(), last.y() - first.y()
    length = max((dx * dx + dy * dy) ** 0.5, 1e-6)
    side = QPointF(-dy / length * 4, dx / length * 4)
    return at - side, at + side


def _paint_leader(
    painter: QPainter,
    words: str,
    ends: list[QPointF],
    bounds: QRectF,
    seen: QRectF,
    look: TextLook,
    taken: list[QRectF],
    frame: list[QRectF],
) -> None:
    """Draw a label beside the finding, where it covers no other, with a line to it.

    None is drawn that would be cut, or hide what it is about.
    """
    face = font(Type.NAME)
    size = QSizeF(round(QFontMetricsF(face).horizontalAdvance(words)) + 12, 24)
    plate = label_place(bounds, size, seen, taken, frame)
    hidden = any(plate.intersects(place) for place in frame) or any(_hides(plate, place) for place in taken)
    if hidden or seen.width() < size.width() or not seen.intersects(bounds):
        # It stands in the list; half a number would be another one.
        return
    corner = QPointF(
        plate.left() + 8 if plate.center().x() > bounds.center().x() else plate.right() - 8,
        plate.bottom() if plate.center().y() < bounds.center().y() else plate.top(),
    )
    start = min(ends, key=lambda end: (end - corner).manhattanLength())
    for colour, width in ((look.theme.on_anatomy("casing", CASING_OPACITY), 3.5), (look.theme.on_anatomy("text"), 1.0)):
        painter.setPen(QPen(colour, width))
        painter.drawLine(start, corner)
    paint_plate(painter, plate, look.theme)
    painter.setFont(face)
    painter.setPen(look.theme.on_anatomy("text"))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)


def _hides(plate: QRectF, finding: QRectF) -> bool:
    """Return whether a label would cover a good part of a finding."""
    over = plate.intersected(finding)
    return over.width() * over.height() > HIDDEN_SHARE * finding.width() * finding.height()


def _moved_into(room: QRectF, place: QRectF) -> QRectF:
    left = max(room.left(), min(place.left(), room.right() - place.width()))
    top = max(room.top(), min(place.top(), room.bottom() - place.height()))
    return QRectF(QPointF(round(left), round(top)), place.size())


def label_place(
    bounds: QRectF, size: QSizeF, seen: QRectF, taken: list[QRectF], frame: list[QRectF] | None = None
) -> QRectF:
    """Return where a label goes: diagonally beside a finding, on what is seen, over no finding if possible.

    Letters and corner text keep a margin for themselves, and the places where they stand, `frame`, if there is room
    elsewhere. Where a finding leaves no room beside it, the label is moved inside the viewport, at a corner that covers
    as little of findings as possible.
    """
    low = seen.height() < SHORT_PX
    # Where their places are known, letters need no strip along the whole edge of a low view.
    free = seen.width() < size.width() + 2 * LETTER_SIDE_PX or (low and frame)
    side, rim = 8 if free else LETTER_SIDE_PX, LOW_RIM_PX if low else RIM_PX
    inside = seen.adjusted(side, rim, -side, -rim)
    places = []
    for away in (18.0, 48.0):
        for right, above in ((True, True), (False, True), (True, False), (False, False)):
            left = bounds.right() + away * 0.7 if right else bounds.left() - away * 0.7 - size.width()
            top = bounds.top() - away - size.height() if above else bounds.bottom() + away
            places.append(QRectF(QPointF(round(left), round(top)), size))
    whole = [place for place in places if inside.contains(place)] or [_moved_into(inside, place) for place in places]
    readable = [place for place in whole if not any(place.intersects(words) for words in frame or ())] or whole
    clear = (place for place in readable if not any(place.intersects(other) for other in taken))
    return next(clear, readable[0])
