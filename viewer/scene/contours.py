"""Outlines of findings and labels in a plane, in patient millimetres.

Outlines run half-way between marked and unmarked voxel centres. They are closed polylines (the first point comes
again at the end), holes among them: filled by the odd-even rule they give the marked area.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from viewer.analysis.grid_masks import mask_on_grid
from viewer.domain.geometry import PLANE_AXES, Grid, PlaneAxes, PlaneName
from viewer.domain.labels import Mask
from viewer.domain.plane_turn import turned_axes
from viewer.scene.plane_slices import PlaneRuns, cut, plane_runs, turned

if TYPE_CHECKING:
    from viewer.domain.finding import Finding
    from viewer.domain.plane_turn import Turn
    from viewer.domain.view_state import Point
    from viewer.domain.volume import Volume
    from viewer.scene.acquired import AcquiredSlices

SMALL_MM = 5.0
_OUTSIDE_MM = 1.0
_MOST_KEPT = 512
# Grown outlines are worked out on square samples: fine enough to look round, few enough to be quick.
_FINEST_SAMPLE_MM = 0.25
_MOST_SAMPLES = 160
_OF_SMALL_VOXELS, _ENOUGH_SAMPLES = 5, 60

Polyline = NDArray[np.float64]


def grow_mm(finding: Finding, *, missed: bool = False) -> float:
    """Return how far outside a finding its outline is drawn: 1 mm when missed or smaller than 5 mm, else 0."""
    small = finding.long_axis_mm is not None and finding.long_axis_mm < SMALL_MM
    return _OUTSIDE_MM if missed or small else 0.0


@define(frozen=True, eq=False)
class _Section:
    """A finding cut by a plane: how much of each sample is inside (0…1), [down, right], and where samples lie.

    `first_mm` and `step_mm` are (right, down), measured along the screen directions.
    """

    inside: NDArray[np.float64]
    first_mm: tuple[float, float]
    step_mm: tuple[float, float]


@define(eq=False)
class _Kept:
    """A mask on the volume's grid, where it lies, and its outlines so far."""

    mask: Mask
    first_ijk: tuple[int, int, int]
    voxels: NDArray[np.bool_]
    crop: Grid
    runs: dict[PlaneName, PlaneRuns | None]
    corners_lps_mm: NDArray[np.float64]
    padded: NDArray[np.uint8] | None = None
    lines: dict[tuple[object, ...], tuple[Polyline, ...]] = field(factory=dict)


class Outlines:
    """Makes outlines and keeps them until another volume comes. One thread at a time."""

    def __init__(self) -> None:
        self._volume: Volume | None = None
        self._runs: dict[PlaneName, PlaneRuns | None] = {}
        self._kept: dict[int, _Kept] = {}

    def clear(self) -> None:
        """Let go of everything kept."""
        self._volume = None
        self._runs.clear()
        self._kept.clear()

    def of(
        self,
        mask: Mask,
        volume: Volume,
        plane: PlaneName,
        cursor_lps_mm: Point,
        *,
        turn: Turn | None = None,
        grow_mm: float = 0.0,
    ) -> tuple[Polyline, ...]:
        """Return the outlines of a mask in the plane through the cursor, each (n, 3) in LPS; () where it is not.

        Parameters
        ----------
        turn
            How the plane is turned away from the standard one.
        grow_mm
            Draw this far outside, so that the line does not hide what is marked.
        """
        if volume is not self._volume:
            self.clear()
            self._volume = volume
            self._runs = {name: plane_runs(volume.grid, name) for name in PlaneName}
        kept = self._kept.get(id(mask))
        if kept is None:
            kept = _kept(mask, volume)
            self._kept[id(mask)] = kept
        axes = turned_axes(PLANE_AXES[plane], turn)
        depth_mm = float(np.dot(cursor_lps_mm, axes.into))
        runs = self._runs[plane] if turn is None else None
        layer = round(depth_mm, 2) if runs is None else int(np.floor(runs.into.place(depth_mm) + 0.5))
        key = (plane, turn, layer, grow_mm)
        flat = kept.lines.get(key)
        if flat is None:
            if len(kept.lines) >= _MOST_KEPT:
                kept.lines.clear()
            if runs is None:
                section = _oblique_section(kept, axes, depth_mm)
            else:
                section = _layer_section(kept, plane, runs.into.index(int(layer)))
            flat = kept.lines[key] = () if section is None else _flat_outlines(section, grow_mm)
        return tuple(line[:, :1] * axes.right + line[:, 1:] * axes.down + depth_mm * axes.into for line in flat)


def slice_outlines(mask: Mask, acquired: AcquiredSlices, k: int, *, grow_mm: float = 0.0) -> tuple[Polyline, ...]:
    """Return the outlines of what a mask marks in an original slice, each (n, 3) in LPS; () where nothing.

    `grow_mm` is that of `Outlines.of`.
    """
    if not 0 <= k - mask.first_ijk[2] < len(mask.voxels):
        return ()
    right, down = acquired.runs(k)
    marked = turned(mask.voxels[k - mask.first_ijk[2]], right, down)
    if not marked.any():
        return ()
    # Where in the slice, in pixels from its left upper corner on the screen, the box of the mask begins.
    begins = []
    for run in (right, down):
        start, size = mask.first_ijk[run.grid_axis], mask.voxels.shape[2 - run.grid_axis]
        begins.append(start if run.forward else run.count - start - size)
    section = _Section(
        marked.astype(np.float64),
        (right.first_mm + begins[0] * right.spacing_mm, down.first_mm + begins[1] * down.spacing_mm),
        (right.spacing_mm, down.spacing_mm),
    )
    axes = acquired.axes
    depth_mm = float(acquired.stack.positions_lps_mm[k] @ axes.into)
    return tuple(
        line[:, :1] * axes.right + line[:, 1:] * axes.down + depth_mm * axes.into
        for line in _flat_outlines(section, grow_mm)
    )


def _kept(mask: Mask, volume: Volume) -> _Kept:
    on_grid = mask_on_grid(mask, volume)
    nk, nj, ni = on_grid.voxels.shape
    matrix = volume.grid.lps_from_ijk.copy()
    matrix[:3, 3] = volume.grid.lps(on_grid.first_ijk)
    crop = Grid((ni, nj, nk), matrix)
    # One voxel beyond the box: interpolated between its last voxel and what is not marked, the outline lies outside it.
    corners = crop.lps(np.array(list(np.ndindex(2, 2, 2))) * (np.array((ni, nj, nk)) + 1) - 1.0)
    runs = {name: plane_runs(crop, name) for name in PlaneName}
    return _Kept(mask, on_grid.first_ijk, on_grid.voxels, crop, runs, corners)


def _layer_section(kept: _Kept, plane: PlaneName, index: int) -> _Section | None:
    """Return a layer of the volume's voxels, by its index along the grid's axis, or None beside what is marked.

    By its index, which the picture has too: half way between two layers each grid would round in its own way.
    """
    runs = kept.runs[plane]
    if runs is None:
        return None
    within = index - kept.first_ijk[runs.into.grid_axis]
    if not 0 <= within < runs.into.count:
        return None
    layer = runs.into.index(within)
    inside = cut(kept.voxels, runs, layer, layer)
    if not inside.any():
        return None
    return _Section(
        inside.astype(np.float64),
        (runs.right.first_mm, runs.down.first_mm),
        (runs.right.spacing_mm, runs.down.spacing_mm),
    )


def _oblique_section(kept: _Kept, axes: PlaneAxes, depth_mm: float) -> _Section | None:
    """Return the finding interpolated on a plane at an angle to its voxels, or None beside it."""
    crop, corners = kept.crop, kept.corners_lps_mm
    depths = corners @ axes.into
    if not depths.min() <= depth_mm <= depths.max():
        return None
    finest, extent = min(crop.spacing_mm), float(np.ptp(corners, axis=0).max())
    step = max(finest, extent / _MOST_SAMPLES)
    # Of a voxel or two, samples as far apart as voxels would see nothing, or hardly a corner.
    step = min(step, max(finest / _OF_SMALL_VOXELS, extent / _ENOUGH_SAMPLES))
    across = _cut_corners(corners, depths - depth_mm) @ np.stack([axes.right, axes.down], axis=1)
    (left, top), (last_right, last_down) = across.min(axis=0), across.max(axis=0)
    right, down = np.arange(left, last_right + step, step), np.arange(top, last_down + step, step)
    points = right[None, :, None] * axes.right + down[:, None, None] * axes.down + depth_mm * axes.into
    ijk = crop.ijk(points)
    if kept.padded is None:
        kept.padded = np.pad(kept.voxels, 1).view(np.uint8)
    places = np.moveaxis(ijk[..., ::-1] + 1, -1, 0)
    from scipy.ndimage import map_coordinates

    inside = map_coordinates(kept.padded, places, output=np.float32, order=1, cval=0.0)
    if not (inside > 0.5).any():
        return None
    return _Section(inside.astype(np.float64), (float(right[0]), float(down[0])), (step, step))


# The edges of a box, by the numbers of its corners in the order of `np.ndindex(2, 2, 2)`.
_EDGES = np.array([(a, b) for a in range(8) for b in range(a + 1, 8) if (a ^ b) in (1, 2, 4)])


def _cut_corners(corners: NDArray[np.float64], heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where a plane cuts the edges of a box, (n, 3): what lies around them alone needs to be sampled."""
    first, last = heights[_EDGES[:, 0]], heights[_EDGES[:, 1]]
    cut = (first <= 0) != (last <= 0)
    if not cut.any():
        return corners
    share = (first[cut] / (first[cut] - last[cut]))[:, None]
    edges = _EDGES[cut]
    return np.asarray(corners[edges[:, 0]] * (1 - share) + corners[edges[:, 1]] * share, dtype=np.float64)


def _grown(section: _Section, grow: float) -> tuple[_Section, float]:
    """Return distances from a section on square samples, and the distance to draw at."""
    rows, columns = section.inside.shape
    wide, high = columns * section.step_mm[0], rows * section.step_mm[1]
    sample = max(_FINEST_SAMPLE_MM, (max(wide, high) + 2 * grow) / _MOST_SAMPLES)
    around = grow + 2 * sample
    right, down = np.arange(-around, wide + around, sample), np.arange(-around, high + around, sample)
    column, row = np.floor(right / section.step_mm[0]).astype(int), np.floor(down / section.step_mm[1]).astype(int)
    marked = np.pad(section.inside > 0.5, 1)[
        np.clip(row, -1, rows)[:, None] + 1, np.clip(column, -1, columns)[None, :] + 1
    ]
    # Loaded late for the sake of the program's start.
    from scipy.ndimage import distance_transform_edt

    distance = distance_transform_edt(~marked, sampling=sample)
    first = (
        section.first_mm[0] - section.step_mm[0] / 2 + float(right[0]),
        section.first_mm[1] - section.step_mm[1] / 2 + float(down[0]),
    )
    # From the middle of a sample outside to the middle of one inside is half a sample too far.
    return _Section(np.asarray(distance, dtype=np.float64), first, (sample, sample)), grow + sample / 2


def _flat_outlines(section: _Section, grow: float) -> tuple[Polyline, ...]:
    """Return outlines as (n, 2) positions along (right, down)."""
    if grow > 0:
        section, level = _grown(section, grow)
        field = section.inside
    else:
        level = 0.5
        field = np.pad(section.inside, 1)
    lines = _contours(field, level)
    shift = 0.0 if grow > 0 else 1.0
    first, step = np.asarray(section.first_mm), np.asarray(section.step_mm)
    return tuple(first + (line - shift) * step for line in lines)


def _contours(field: NDArray[np.float64], level: float) -> list[Polyline]:
    """Return contours as (n, 2) columns and rows.

    The class itself is asked: `contour_generator` looks for masked and infinite values first, which takes longer than
    the contours.
    """
    # Loaded with the first outline: no window waits for it.
    from contourpy import FillType, LineType, SerialContourGenerator, ZInterp

    rows, columns = field.shape
    x, y = np.meshgrid(np.arange(columns, dtype=np.float64), np.arange(rows, dtype=np.float64))
    made = SerialContourGenerator(
        x,
        y,
        field,
        None,  # type: ignore[arg-type]  # its stub forgets that there may be no mask
        corner_mask=True,
        line_type=LineType.Separate,
        fill_type=FillType.OuterCode,
        quad_as_tri=False,
        z_interp=ZInterp.Linear,
    )
    lines: list[Polyline] = made.lines(level)  # type: ignore[assignment]  # so they are with Separate
    return lines
