"""What is painted and said, held against plain arithmetic on the original values: greys, measurements, lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF

from viewer.domain.measurement import MeasurementKind
from viewer.domain.view_state import Interpolation, SlabMode
from viewer.scene.acquired import acquired_on, crosshair_lps_mm
from viewer.ui.canvas.shown import shown_in
from viewer.ui.measurement_list import MeasurementModel

if TYPE_CHECKING:
    from random import Random

    from numpy.typing import NDArray

    from tests.monkey.watching import Faults
    from viewer.domain.measurement import Measurement
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.canvas import Canvas
    from viewer.ui.canvas.tiles import Tile
    from viewer.ui.main_window import MainWindow

_POINTS, _LEAST_POINTS = 400, 80
# Text, lines and outlines lie over some of a picture, those of many measurements over much of it.
_MOST_COVERED, _MOST_MEASURED = 0.45, 4
_GREYS_APART = 3
_ALONG = 0.9999
_MIXED = 1.7
_HALF_WAY = 0.03


def greys(canvas: Canvas, tile: Tile, pixels: NDArray[np.uint32], faults: Faults, rng: Random) -> None:
    """Hold painted greys of a plane against those of the values that lie there; what is painted must be at rest.

    Parameters
    ----------
    pixels
        What the canvas shows, 0xFFRRGGBB, [row, column].
    """
    view, volume, shown = canvas.session.view, canvas.session.volume, shown_in(canvas.session)
    if view is None or volume is None or shown is None or tile.view.plane is None or volume.preview:
        return
    if shown.covered or view.lut or view.interpolation is Interpolation.CUBIC or view.shows_curved:
        return
    if (
        shown.value_map is not None
        or len(shown.measured) > _MOST_MEASURED
        or not (volume.on_hu_scale or view.colours == "grey")
    ):
        return
    affine = _affine(canvas, tile, volume)
    if affine is None:
        return
    ratio = canvas.devicePixelRatioF()
    area = tile.area
    at = np.array(
        [
            (rng.randrange(round(area.left() * ratio) + 3, round(area.right() * ratio) - 3),
             rng.randrange(round(area.top() * ratio) + 3, round(area.bottom() * ratio) - 3))
            for _ in range(_POINTS)
        ]
    )  # fmt: skip
    origin, right, down = affine
    if np.linalg.norm(right) > _MIXED * min(volume.stack.pixel_spacing_mm):
        # Several voxels come to a pixel.
        return
    away = (at + 0.5) / ratio - origin[0]
    sample = _sampler(volume, view, tile, (right, down))
    if sample.unclear:
        # Half way between two layers, or with one on a slab's face, either is right; beyond all there is nothing.
        return
    near = []
    reach = 2.0 if ratio > 1 or sample.oblique else 0.25
    for dx in (-reach, 0, reach):
        for dy in (-reach, 0, reach):
            x, y = away[:, 0] + dx / ratio, away[:, 1] + dy / ratio
            near.append(sample.values(origin[1] + x[:, None] * right + y[:, None] * down))
    values = np.array(near)
    there = ~np.isnan(values).any(axis=0)
    painted = pixels[at[:, 1], at[:, 0]]
    red, green, blue = (painted >> 16) & 255, (painted >> 8) & 255, painted & 255
    there &= (red == green) & (green == blue)
    if not there.any():
        return
    grey = _grey(values[:, there], volume, view)
    # Black air and white bone are alike in every image.
    tells = (grey.max(axis=0) > 0) & (grey.min(axis=0) < 255)
    low, high = grey.min(axis=0) - _GREYS_APART, grey.max(axis=0) + _GREYS_APART
    wrong = ((red[there] < low) | (red[there] > high))[tells]
    if len(wrong) >= _LEAST_POINTS and wrong.mean() > _MOST_COVERED:
        said = f"W {view.window_width:g} L {view.window_centre:g} slab {view.slab_mm:g} {view.interpolation}"
        faults.add("greys", f"{wrong.mean():.0%} of {len(wrong)} in {tile.view} are not those of the values; {said}")


def _affine(
    canvas: Canvas, tile: Tile, volume: Volume
) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64], NDArray[np.float64]] | None:
    """Return a place of the tile in px and LPS mm, and mm per px right and down; None where two volumes share it."""
    corners = [tile.area.center() + QPointF(x, y) for x, y in ((0, 0), (16, 0), (0, 16))]
    edges = [QPointF(x, tile.area.center().y()) for x in (tile.area.left() + 2, tile.area.right() - 2)]
    pointed = [canvas.hands.pointed(tile, place) for place in (*corners, *edges)]
    if any(each.volume is not volume or each.beyond or each.lps_mm is None for each in pointed):
        return None
    middle, side, below = (np.asarray(each.lps_mm) for each in pointed[:3])
    origin = np.array([corners[0].x(), corners[0].y()])
    return (origin, middle), (side - middle) / 16, (below - middle) / 16


class _Sampler:
    """Values of places in LPS mm, NaN where there are none: of a layer, a slab of layers, a slice, or between all."""

    def __init__(self, volume: Volume, voxels: NDArray[Any], lps_from_ijk: NDArray[np.float64]) -> None:
        self._voxels, self._padding = voxels, volume.padding
        self._ijk_from_lps = np.linalg.inv(lps_from_ijk)
        self.axis: int | None = None
        self.layers: tuple[int, ...] = ()
        self.apart_mm: NDArray[np.float64] = np.zeros(0)
        self.into = np.zeros(3)
        self.unclear = False
        self.mode, self.nearest, self.oblique = SlabMode.MAX, False, False

    def values(self, lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values of places, shape (n, 3)."""
        ijk = lps_mm @ self._ijk_from_lps[:3, :3].T + self._ijk_from_lps[:3, 3]
        if len(self.apart_mm):
            along = self._ijk_from_lps[:3, :3] @ self.into
            return self._combined([self._between(ijk + by * along) for by in self.apart_mm])
        return self._between(ijk)

    def _between(self, ijk: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.axis is not None:
            ijk[:, self.axis] = self.layers[0]
        if self.nearest:
            ijk = np.floor(ijk + 0.5)
        size = np.array(self._voxels.shape[::-1])
        inside = ((ijk >= 0) & (ijk <= size - 1)).all(axis=1)
        low = np.clip(np.floor(ijk).astype(int), 0, size - 1)
        share = np.clip(ijk - low, 0.0, 1.0)
        total = np.zeros(len(ijk))
        for corner in np.ndindex(2, 2, 2):
            weight = np.prod(np.where(np.array(corner, bool), share, 1 - share), axis=1)
            total += np.where(weight > 0, weight * self._at(np.minimum(low + corner, size - 1)), 0.0)
        return np.where(inside, total, np.nan)

    def _at(self, ijk: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the values of voxels, of a slab along each ray."""
        found = []
        for layer in self.layers or (0,):
            if self.axis is not None:
                ijk[:, self.axis] = layer
            i, j, k = ijk.T
            values = self._voxels[k, j, i].astype(np.float64)
            found.append(values if self._padding is None else np.where(values == self._padding, np.nan, values))
        return self._combined(found)

    def _combined(self, layers: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        pick = {SlabMode.MAX: np.max, SlabMode.MIN: np.min, SlabMode.MEAN: np.mean}[self.mode]
        return np.asarray(pick(np.array(layers), axis=0))


def _sampler(
    volume: Volume, view: ViewState, tile: Tile, across: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> _Sampler:
    """Return what samples that which a plane shows; `across` is what a pixel to the right and down is in LPS mm."""
    plane = tile.view.plane
    assert plane is not None
    cursor = np.asarray(crosshair_lps_mm(volume, view))
    if acquired_on(volume, view, plane) is not None:
        stack = volume.stack
        row, column = np.asarray(stack.row_direction), np.asarray(stack.column_direction)
        normal = np.cross(row, column)
        k = int(np.abs((stack.positions_lps_mm - cursor) @ normal).argmin())
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1] = row * stack.pixel_spacing_mm[0], column * stack.pixel_spacing_mm[1]
        affine[:3, 2], affine[:3, 3] = normal, stack.positions_lps_mm[k]
        made = _Sampler(volume, volume.slices[k : k + 1], affine)
        made.axis, made.layers = 2, (0,)
        made.nearest = view.interpolation is Interpolation.NEAREST
        return made
    affine = np.asarray(volume.grid.lps_from_ijk)
    made = _Sampler(volume, volume.voxels, affine)
    made.nearest = view.interpolation is Interpolation.NEAREST
    into = np.eye(3)[{"axial": 2, "coronal": 1, "sagittal": 0}[plane.value]]
    ways = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    made.mode = view.slab_mode
    if view.plane(plane).turned is not None or (np.abs(ways).max(axis=0) < _ALONG).any():
        made.oblique = True
        if view.slab_mm:
            made.into = np.cross(*across) / np.linalg.norm(np.cross(*across))
            made.apart_mm = np.linspace(-view.slab_mm / 2, view.slab_mm / 2, 1 + 2 * int(np.ceil(view.slab_mm)))
        return made
    axis = int(np.abs(into @ ways).argmax())
    place = float((np.linalg.inv(affine) @ [*cursor, 1.0])[axis])
    half = view.slab_mm / 2 / float(np.linalg.norm(affine[:3, axis]))
    count = volume.voxels.shape[2 - axis]
    within = [n for n in range(count) if abs(n - place) <= half + 1e-9]
    made.axis = axis
    edges = [abs(abs(n - place) - half) for n in range(count)] if half else [abs(place % 1 - 0.5)]
    # Beyond all images nothing is shown, also where a slab would reach back to some of them.
    made.unclear = min(edges) < _HALF_WAY or not -0.5 <= place < count - 0.5
    made.layers = tuple(within or [min(max(int(np.floor(place + 0.5)), 0), count - 1)])
    return made


def _grey(values: NDArray[np.float64], volume: Volume, view: ViewState) -> NDArray[np.float64]:
    """Return greys 0…255 by DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    centre, width = view.window_centre, view.window_width
    function = volume.series.voi_function
    if function == "LINEAR" and not volume.on_hu_scale and volume.slices.dtype.kind == "f":
        function = "LINEAR_EXACT"
    if function == "SIGMOID":
        grey = 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -500, 500)))
    elif function == "LINEAR_EXACT":
        grey = (values - centre) / width + 0.5
    else:
        grey = (values - (centre - 0.5)) / max(width - 1, 1e-6) + 0.5
    grey = np.clip(grey, 0, 1) * 255
    return 255 - grey if view.invert != volume.series.monochrome1 else grey


def measurements(window: MainWindow, faults: Faults) -> None:
    """Hold what the list says of measurements against their points and the original values."""
    session = window.desk.session
    volume = session.volume
    models = [model for model in window.findChildren(MeasurementModel) if model.volume is volume]
    if volume is None or volume.preview or not volume.measurable or not models:
        return
    model = models[0]
    for row in range(model.rowCount()):
        measurement = model.row(row)
        said = model.value(row).replace("−", "-")
        told = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", said)]
        expected = _measured(measurement, volume)
        if expected is None or not told or measurement.kind.bears_words:
            continue
        if any(abs(one - other) > by for (other, by), one in zip(expected, told, strict=False)):
            faults.add("a measurement", f"{said!r} of a {measurement.kind}, where {expected} are counted")


def _measured(measurement: Measurement, volume: Volume) -> list[tuple[float, float]] | None:
    """Return the numbers that should be said, each with how far it may be off."""
    points = np.asarray(measurement.points_lps_mm)
    kind = measurement.kind
    if kind is MeasurementKind.LENGTH:
        return [(float(np.sqrt(((points[1] - points[0]) ** 2).sum())), 0.051)]
    if kind is MeasurementKind.TWO_AXES:
        ends = sorted((np.sqrt(((points[n + 1] - points[n]) ** 2).sum()) for n in (0, 2)), reverse=True)
        return [(float(end), 0.051) for end in ends]
    if kind in (MeasurementKind.ANGLE, MeasurementKind.COBB):
        cobb = kind is MeasurementKind.COBB
        one, other = (
            (points[1] - points[0], points[3] - points[2]) if cobb else (points[0] - points[1], points[2] - points[1])
        )
        lengths = np.linalg.norm(one) * np.linalg.norm(other)
        if not lengths:
            return None
        angle = float(np.degrees(np.arccos(np.clip(one @ other / lengths, -1, 1))))
        return [(min(angle, 180 - angle) if cobb else angle, 0.06)]
    if kind.is_box and volume.is_hu:
        return _spread(measurement, volume)
    return None


def _spread(measurement: Measurement, volume: Volume) -> list[tuple[float, float]] | None:
    """Return mean and SD of the pixels of an original slice whose centres a region encloses; None across slices."""
    stack = volume.stack
    row, column = np.asarray(stack.row_direction), np.asarray(stack.column_direction)
    normal = np.cross(row, column)
    right, down = np.asarray(measurement.right), np.asarray(measurement.down)
    if abs(float(np.cross(right, down) @ normal)) < _ALONG:
        return None
    points = np.asarray(measurement.points_lps_mm)
    middle = points.mean(axis=0)
    k = int(np.abs((stack.positions_lps_mm - middle) @ normal).argmin())
    columns, rows = np.meshgrid(np.arange(stack.size_ij[0]), np.arange(stack.size_ij[1]))
    places = stack.positions_lps_mm[k] + columns[..., None] * row * stack.pixel_spacing_mm[0]
    places = places + rows[..., None] * column * stack.pixel_spacing_mm[1] - middle
    width, height = abs((points[1] - points[0]) @ right), abs((points[1] - points[0]) @ down)
    across, along = places @ right, places @ down
    if measurement.kind is MeasurementKind.ELLIPSE:
        within = (2 * across / max(width, 1e-9)) ** 2 + (2 * along / max(height, 1e-9)) ** 2 <= 1
    else:
        within = (np.abs(across) <= width / 2) & (np.abs(along) <= height / 2)
    values = volume.slices[k][within].astype(np.float64)
    if volume.padding is not None:
        values = values[values != volume.padding]
    if len(values) < 20:
        return None
    # An edge pixel more or less.
    by = 0.51 + 3 * float(np.ptp(values)) / len(values)
    return [(float(values.mean()), by), (float(values.std()), by + 1)]
