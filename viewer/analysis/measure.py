"""Measures of marked voxels on the original slices, in patient millimetres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from viewer.analysis.across import across_axis
from viewer.analysis.pieces import pieces
from viewer.domain.overlays import LabelFacts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from viewer.domain.geometry import SliceStack
    from viewer.domain.labels import Mask
    from viewer.domain.volume import Volume

_RowEnds: TypeAlias = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]
_SAMPLES_MM, _LEAST_SAMPLES = 4.0, 48


@frozen(eq=False)
class Measured:
    """What is measured of a mask; fields as in `viewer.domain.finding.Finding`.

    `volume_ml` is None on a single slice, which has no thickness. `long_axis_mm` is the largest distance between the
    centres of two marked voxels (no voxel extent added), so a single voxel has 0. `short_axis_mm` is the largest
    distance between centres of marked voxels whose joining line stands upright on the long axis; its ends lie in one
    plane across it. `bounds_lps_mm` are outer faces of the marked voxels. `mean` and `sd` leave out padding and are
    None where nothing else is marked; `sd` is that of the marked voxels themselves (divided by n).
    """

    volume_ml: float | None
    long_axis_mm: float
    long_axis_lps_mm: NDArray[np.float64] = field(repr=False)
    short_axis_mm: float
    short_axis_lps_mm: NDArray[np.float64] = field(repr=False)
    centre_lps_mm: NDArray[np.float64]
    bounds_lps_mm: NDArray[np.float64]
    mean: float | None
    sd: float | None


def describe(mask: Mask, volume: Volume) -> Measured:
    """Return the measures of a mask that marks at least one voxel.

    The volume is the sum over slices of marked area × half the distance to both neighbouring slices along the
    normal (end slices: the adjacent gap). The centre is the marked voxel nearest to the centre of mass, in which
    every voxel counts with the length that its slice stands for.
    """
    if not mask.voxels.any():
        raise ValueError("an empty mask has no measures")
    stack = volume.stack
    weights_mm = stack.slice_weights_mm[mask.box[0]]
    counts = np.count_nonzero(mask.voxels, axis=(1, 2))
    mean, sd = _mean_and_sd(mask, volume)
    rows = _row_ends(mask)
    outline = _outline_lps(mask, stack, rows)
    ends = _farthest(outline)
    across = across_axis(mask, stack, ends)
    return Measured(
        volume_ml=_volume_ml(mask, volume),
        long_axis_mm=float(np.linalg.norm(ends[1] - ends[0])),
        long_axis_lps_mm=ends,
        short_axis_mm=float(np.linalg.norm(across[1] - across[0])),
        short_axis_lps_mm=across,
        centre_lps_mm=_centre_lps(mask, stack, counts, weights_mm),
        bounds_lps_mm=_bounds_lps(mask, stack, rows),
        mean=mean,
        sd=sd,
    )


def label_facts(mask: Mask, volume: Volume) -> LabelFacts:
    """Return volume and values of a mask that marks at least one voxel, as `describe` has them."""
    mean, sd = _mean_and_sd(mask, volume)
    kept = [values for values in values_within(mask, volume) if len(values)]
    least = min((float(values.min()) for values in kept), default=None)
    return LabelFacts(_volume_ml(mask, volume), mean, sd, least, max((float(v.max()) for v in kept), default=None))


def _volume_ml(mask: Mask, volume: Volume) -> float | None:
    if volume.stack.count < 2:
        return None
    spacing, counts = volume.stack.pixel_spacing_mm, np.count_nonzero(mask.voxels, axis=(1, 2))
    return float(counts @ volume.stack.slice_weights_mm[mask.box[0]]) * spacing[0] * spacing[1] / 1000.0


def values_within(mask: Mask, volume: Volume) -> list[NDArray[Any]]:
    """Return the original values that a mask marks, padding left out: an array for each of its slices."""
    kept = []
    for image, own in zip(volume.slices[mask.box], mask.voxels, strict=True):
        values = image[own]
        kept.append(values if volume.padding is None else values[values != volume.padding])
    return kept


def _mean_and_sd(mask: Mask, volume: Volume) -> tuple[float | None, float | None]:
    # Slice by slice, twice: a mask of a whole body would need gigabytes at once.
    kept = values_within(mask, volume)
    count = sum(len(values) for values in kept)
    if not count:
        return None, None
    mean = sum(float(values.sum(dtype=np.float64)) for values in kept) / count
    squares = sum(float(np.square(values.astype(np.float64) - mean).sum()) for values in kept)
    return mean, float(np.sqrt(squares / count))


def _first_points(mask: Mask, stack: SliceStack) -> NDArray[np.float64]:
    """LPS of the box's first voxel in each of its slices, shape (nk, 3)."""
    i, j, k = mask.first_ijk
    ijk = np.array([(i, j, k + n) for n in range(len(mask.voxels))], dtype=np.float64)
    return stack.lps(ijk)


def _row_ends(mask: Mask) -> _RowEnds:
    """Slice, row, first and last marked column of each marked row: the hull's points are among these."""
    k, j = np.nonzero(mask.voxels.any(axis=2))
    rows = mask.voxels[k, j]
    return k, j, rows.argmax(axis=1), rows.shape[1] - 1 - rows[:, ::-1].argmax(axis=1)


def _outline_lps(mask: Mask, stack: SliceStack, row_ends: _RowEnds) -> NDArray[np.float64]:
    """LPS of the marked voxels at both ends of the marked rows; those that are no corner of a hull may be left out."""
    k, j, first, last = row_ends
    points, step = _first_points(mask, stack), stack.pixel_spacing_mm[0] * stack.row_direction
    down = stack.pixel_spacing_mm[1] * stack.column_direction
    ends = []
    for column, outwards in ((first, -1), (last, 1)):
        at = _bulging(k, j, column, outwards)
        ends.append(points[k[at]] + j[at][:, None] * down + column[at][:, None] * step)
    return np.concatenate(ends)


def _bulging(k: NDArray[np.intp], j: NDArray[np.intp], column: NDArray[np.intp], outwards: int) -> NDArray[np.intp]:
    """Return which row ends may be corners of the hull: those not on or behind the line between both neighbours."""
    at = np.arange(len(k))
    for _ in range(4):
        inside = np.zeros(len(at), dtype=bool)
        slices, rows, ends = k[at], j[at], column[at] * outwards
        before, after = rows[1:-1] - rows[:-2], rows[2:] - rows[1:-1]
        behind = ends[1:-1] * (before + after) <= ends[:-2] * after + ends[2:] * before
        inside[1:-1] = behind & (slices[2:] == slices[:-2])
        if not inside.any():
            break
        at = at[~inside]
    return at


def _farthest(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the two points that lie farthest apart, shape (2, 3).

    They are corners of the convex hull; of points in one plane or on one line, of the hull there.
    """
    # These libraries take long to load: only who measures pays for it, not the program's start.
    from scipy.spatial import ConvexHull, QhullError
    from scipy.spatial.distance import cdist

    if len(points) > 400:
        try:
            points = points[ConvexHull(points).vertices]
        except QhullError:
            centred = points - points.mean(axis=0)
            axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
            try:
                points = points[ConvexHull(centred @ axes.T).vertices]
            except QhullError:
                along = centred @ axes[0]
                points = points[[int(along.argmin()), int(along.argmax())]]
    best, ends = -1.0, points[[0, 0]]
    for start in range(0, len(points), 1000):
        distances = cdist(points[start : start + 1000], points)
        a, b = np.unravel_index(int(distances.argmax()), distances.shape)
        if distances[a, b] > best:
            best, ends = float(distances[a, b]), points[[start + int(a), int(b)]]
    return np.array(ends, dtype=np.float64)


def _centre_lps(
    mask: Mask, stack: SliceStack, counts: NDArray[np.intp], weights_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    if not weights_mm.any():
        weights_mm = np.ones_like(weights_mm)
    columns = np.arange(mask.voxels.shape[2], dtype=np.float64)
    rows = np.arange(mask.voxels.shape[1], dtype=np.float64)
    mean_i = np.count_nonzero(mask.voxels, axis=1) @ columns / np.maximum(counts, 1)
    mean_j = np.count_nonzero(mask.voxels, axis=2) @ rows / np.maximum(counts, 1)
    firsts = _first_points(mask, stack)
    di, dj = stack.pixel_spacing_mm
    means = firsts + mean_i[:, None] * di * stack.row_direction + mean_j[:, None] * dj * stack.column_direction
    share = counts * weights_mm
    goal = share @ means / share.sum()
    best, found = np.inf, goal
    # Slices from the nearest on: one that lies farther than the best voxel cannot hold a nearer one.
    away = np.abs((firsts - goal) @ stack.normal)
    for n in np.argsort(away, kind="stable"):
        if away[n] ** 2 >= best:
            break
        jj, ii = np.nonzero(mask.voxels[n])
        if not len(jj):
            continue
        offset = goal - firsts[n]
        squares = (ii * di - offset @ stack.row_direction) ** 2 + (jj * dj - offset @ stack.column_direction) ** 2
        at = int(squares.argmin())
        distance = float(squares[at]) + float(away[n]) ** 2
        if distance < best:
            best = distance
            found = firsts[n] + ii[at] * di * stack.row_direction + jj[at] * dj * stack.column_direction
    return np.asarray(found, dtype=np.float64)


def _bounds_lps(mask: Mask, stack: SliceStack, row_ends: _RowEnds) -> NDArray[np.float64]:
    """Smallest and largest x, y, z of the marked voxels' outer faces, shape (3, 2).

    A voxel reaches half a pixel to each side in its slice, and half the gap to the neighbouring slice (an end
    slice: half the adjacent gap) along the normal, or along the line of positions where the gantry was tilted.
    """
    k, j, first, last = row_ends
    di, dj = stack.pixel_spacing_mm
    start = _first_points(mask, stack)
    before, after = (steps[mask.box[0]] for steps in _half_steps(stack))
    columns, rows = ((first - 0.5) * di, (last + 0.5) * di), ((j - 0.5) * dj, (j + 0.5) * dj)
    bounds = np.empty((3, 2))
    for axis in range(3):
        across, down = stack.row_direction[axis], stack.column_direction[axis]
        for side, of_two, of_all in ((0, np.minimum, np.min), (1, np.maximum, np.max)):
            faces = of_two(before[:, axis], after[:, axis])
            within = of_two(columns[0] * across, columns[1] * across) + of_two(rows[0] * down, rows[1] * down)
            bounds[axis, side] = of_all(start[k, axis] + within + faces[k])
    return bounds


def _half_steps(stack: SliceStack) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Vectors from each slice to its faces towards the slice before and after, shape (n, 3) each."""
    if stack.count < 2:
        return np.zeros((1, 3)), np.zeros((1, 3))
    steps = np.diff(stack.positions_lps_mm, axis=0) / 2
    return -np.concatenate([steps[:1], steps]), np.concatenate([steps, steps[-1:]])


def place_words(centre_lps_mm: ArrayLike, volume: Volume, body: NDArray[np.float64] | None = None) -> str:
    """Return a coarse place such as "Left, upper, front", or "" where it cannot be said honestly.

    It is the place within what was scanned of the body, not within an organ. Nothing is said of left or right
    within a twentieth of the body's extent from its middle and of the other directions within a tenth, of height
    in scans that name no body part, and of anything not on the scale of HU or of which the geometry is not trusted.
    `body` is what `body_bounds` gave for this volume, to be asked once for many places.
    """
    if not (volume.on_hu_scale and volume.measurable):
        return ""
    bounds = body_bounds(volume) if body is None else body
    if bounds is None:
        return ""
    extent = bounds[:, 1] - bounds[:, 0]
    if extent[0] < 60 or extent[1] < 60:
        return ""
    share = (np.asarray(centre_lps_mm, dtype=np.float64) - bounds.mean(axis=1)) / np.maximum(extent, 1e-6)
    words = []
    if abs(share[0]) >= 0.05:
        words.append("left" if share[0] > 0 else "right")
    if volume.series.body_part and extent[2] >= 60 and abs(share[2]) >= 0.1:
        words.append("upper" if share[2] > 0 else "lower")
    if abs(share[1]) >= 0.1:
        words.append("back" if share[1] > 0 else "front")
    return ", ".join(words).capitalize()


def body_bounds(volume: Volume) -> NDArray[np.float64] | None:
    """LPS bounds of the largest connected piece above −400 HU in a coarse sample of the slices, shape (3, 2).

    A slice that holds none of it, as one that could not be read, does not part those on both sides of it. While a
    volume is still being read they are those of the piece around the middle of the first slice that is in, over the
    whole length of the stack. None where there is no such piece.
    """
    step_i, step_j, step_k = _sample_steps(volume.stack)
    if volume.arrived is not None:
        there = np.flatnonzero(volume.arrived)
        if not len(there):
            return None
        rows, columns = np.nonzero(_piece_in_the_middle(_tissue(volume, volume.slices[there[0], ::step_j, ::step_i])))
        ends = [np.array([0, volume.stack.count - 1]), rows, columns]
        step_k = 1
    else:
        tissue = _tissue(volume, volume.slices[::step_k, ::step_j, ::step_i])
        planes = np.flatnonzero(tissue.any(axis=(1, 2)))
        labels, count = pieces(tissue[planes])
        if not count:
            return None
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        largest = labels == sizes.argmax()
        flat = largest.any(axis=0)
        ends = [planes[largest.any(axis=(1, 2))], *(np.flatnonzero(flat.any(axis=axis)) for axis in (1, 0))]
    if not all(len(part) for part in ends):
        return None
    corners = [
        (i * step_i, j * step_j, min(k * step_k, volume.stack.count - 1))
        for k in (ends[0].min(), ends[0].max())
        for j in (ends[1].min(), ends[1].max())
        for i in (ends[2].min(), ends[2].max())
    ]
    points = volume.stack.lps(np.array(corners, dtype=np.float64))
    return np.stack([points.min(axis=0), points.max(axis=0)], axis=1)


def within_body_mm(stack: SliceStack) -> NDArray[np.float64]:
    """Return how far, along x, y and z, a body may reach beyond its `body_bounds`, which see it in a coarse sample."""
    along = np.stack([stack.row_direction, stack.column_direction, stack.normal], axis=1)
    gap_mm = float(np.diff(stack.heights_mm).max()) if stack.count > 1 else 0.0
    spacing_mm = np.array([*stack.pixel_spacing_mm, gap_mm])
    return np.asarray(np.abs(along) @ (np.array(_sample_steps(stack)) * spacing_mm))


def _sample_steps(stack: SliceStack) -> tuple[int, int, int]:
    """Every which column, row and slice is looked at: 4 mm apart, closer in a small field of view."""
    (di, dj), (columns, rows) = stack.pixel_spacing_mm, stack.size_ij
    return _step(di, columns), _step(dj, rows), max(1, stack.count // 40)


def _step(spacing_mm: float, size: int) -> int:
    return max(1, min(round(_SAMPLES_MM / spacing_mm), size // _LEAST_SAMPLES))


def _tissue(volume: Volume, values: NDArray[Any]) -> NDArray[np.bool_]:
    tissue = np.asarray(values > -400)
    return tissue if volume.padding is None else tissue & (values != volume.padding)


def _piece_in_the_middle(tissue: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the connected piece of a small image [j, i] that lies nearest to its middle."""
    piece = np.zeros_like(tissue)
    rows, columns = np.nonzero(tissue)
    if not len(rows):
        return piece
    nearest = np.argmin(np.hypot(rows - tissue.shape[0] / 2, columns - tissue.shape[1] / 2))
    piece[rows[nearest], columns[nearest]] = True
    count = 1
    while True:
        piece[1:] |= piece[:-1]
        piece[:-1] |= piece[1:]
        piece[:, 1:] |= piece[:, :-1]
        piece[:, :-1] |= piece[:, 1:]
        piece &= tissue
        grown = int(np.count_nonzero(piece))
        if grown == count:
            return piece
        count = grown
