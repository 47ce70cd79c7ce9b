"""Where the slices of a series lie, and whether that can be trusted: proven from position and orientation alone.

DICOM PS3.3 C.7.6.2: position is the centre of an image's first pixel, orientation the directions of its rows and
columns. Gantry tilt is what the positions show, never what a tag says.
"""

from __future__ import annotations

import itertools
import math
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, evolve

from viewer.domain.geometry import PLANE_AXES, PlaneName, SliceStack, Verdict, position_words
from viewer.domain.slice_gaps import commonest_gap_mm
from viewer.io.moments import in_time
from viewer.io.slice_header import Frame, Kind
from viewer.io.thicker_slices import wide_for_thickness

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

# Positions are written as rounded text, by some with two digits behind the point; no slices lie so near each other,
# unless their pixels are as small.
SAME_PLACE_MM = 0.005
_ROUNDED_MM = 0.05
_ROUNDED_PX = 0.1
_UNEVEN_MM = 0.05
_SHIFTED_MM = 0.1
_TILTED_DEG = 0.1
_SAME_DIRECTION = 2e-3
_ROUNDED_DIRECTION = 1e-3
_SAME_SPACING = 1e-3
_MOST_NAMED = 3
# From pixels of a tenth of a micrometre to some that are larger than those of any scan of a body.
_SIZES_MM = (1e-4, 50.0)
_MIXED = "The images of this series look in different directions."


@define(frozen=True, eq=False)
class Arrangement:
    """Frames in the order of the stack, where they lie, and what is to be said about it.

    `placed` is False where positions are only those of a stack to be looked at.
    """

    frames: tuple[Frame, ...]
    stack: SliceStack
    verdict: Verdict
    reasons: tuple[str, ...]
    placed: bool


def same_direction(a: Sequence[float], b: Sequence[float]) -> bool:
    """Return True where two orientations agree within about 0.1°."""
    return a is b or all(abs(x - y) <= _SAME_DIRECTION for x, y in zip(a, b, strict=True))


def same_spacing(a: Sequence[float], b: Sequence[float]) -> bool:
    """Return True where two distances of rows and columns agree within a thousandth."""
    return a is b or all(abs(x / y - 1) < _SAME_SPACING for x, y in zip(a, b, strict=True))


def located(frames: Sequence[Frame]) -> bool:
    """Return True where every image says where it lies."""
    kinds = {f.kind for f in frames}
    sized = all(kind.orientation is not None and kind.row_column_spacing for kind in kinds)
    return sized and all(f.position is not None for f in frames)


def same_place_mm(frames: Sequence[Frame]) -> float:
    """Return up to what distance along their normal images lie at one place."""
    pixels = [min(kind.row_column_spacing) for kind in {f.kind for f in frames} if kind.row_column_spacing]
    return max(SAME_PLACE_MM, min(_ROUNDED_MM, _ROUNDED_PX * min(pixels, default=0.0)))


def same_places(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Return the groups of two or more images that lie at one place, each in the order of their numbers.

    Images that look in different directions lie nowhere together.
    """
    if not located(frames) or len(frames) < 2:
        return []
    ordered, heights = _by_height(frames)
    groups, same_mm = [[ordered[0]]], same_place_mm(frames)
    for frame, gap in zip(ordered[1:], np.diff(heights), strict=True):
        if gap <= same_mm and same_direction(groups[-1][0].orientation or (), frame.orientation or ()):
            groups[-1].append(frame)
        else:
            groups.append([frame])
    return [sorted(group, key=lambda f: f.order) for group in groups if len(group) > 1]


def arranged(frames: Sequence[Frame], unread: Sequence[Frame] = ()) -> Arrangement:
    """Return the frames (at least one) sorted along their normal, with the verdict on their geometry.

    `unread` are images that could not be read; where they lie, nothing is said to be missing.

    Images that do not say where they lie, or of which several lie at one place, become a stack of 1 mm steps that
    can be looked at and is not trusted.
    """
    first = min(frames, key=lambda f: f.order)
    if not located(frames):
        return _loose(frames, f"The images do not say {_unsaid(frames)}; they are shown as a stack.")
    kinds = {f.kind for f in frames}
    if not all(same_spacing(first.row_column_spacing or (), kind.row_column_spacing or ()) for kind in kinds):
        return _loose(frames, "The pixels of these images are of different sizes; they are shown as a stack.")
    ordered, heights = _by_height(frames)
    mixed = not all(same_direction(first.orientation or (), kind.orientation or ()) for kind in kinds)
    gaps, same_mm = np.diff(heights), same_place_mm(frames)
    if len(frames) > 1 and float(gaps.min()) <= same_mm:
        why = "The images do not lie one after another, so they are no volume but a stack of images."
        if float(gaps.max()) <= same_mm:
            where = frame_place(first)
            why = f"{len(frames):,} images lie at one place, {where}: no volume."
        return _loose(frames, _MIXED if mixed else why)
    stack = _stack(first, np.asarray([f.position for f in ordered], dtype=np.float64))
    stack = evolve(stack, wide_gaps=wide_for_thickness(ordered, stack.gaps_mm))
    places = [f.position for f in unread if f.position is not None]
    verdict, reasons = judge(stack, np.asarray(places, dtype=np.float64).reshape(-1, 3))
    turned_mm = _turned_mm(first, kinds)
    if turned_mm > _SHIFTED_MM:
        said = f"The images are turned against each other, by up to {turned_mm:.1f} mm at their corners."
        verdict, reasons = Verdict.UNTRUSTED, (said, *reasons)
    shapes = {(kind.orientation, kind.row_column_spacing): kind for kind in kinds}
    bent = max(map(_bent, shapes.values()), key=itemgetter(0))
    if bent[0] > _SHIFTED_MM:
        said = f"{bent[1]}, which leaves open where corners lie, by up to {bent[0]:.1f} mm."
        verdict, reasons = Verdict.UNTRUSTED, (said, *reasons)
    larger_mm = _larger_mm(first, kinds)
    if larger_mm > _SHIFTED_MM:
        said = "The pixels of some images are larger than those of others, which moves their corners by up to"
        verdict, reasons = Verdict.UNTRUSTED, (f"{said} {larger_mm:.1f} mm.", *reasons)
    if mixed:
        verdict, reasons = Verdict.UNTRUSTED, (_MIXED,)
    return Arrangement(tuple(ordered), stack, verdict, reasons, placed=True)


def _unsaid(frames: Sequence[Frame]) -> str:
    """Return what some of the images do not say of their place."""
    unsaid = [
        words
        for words, said in (
            ("where they lie in the patient", [f.position for f in frames]),
            ("which way they look", [f.orientation for f in frames]),
            ("how large their pixels are", [f.row_column_spacing for f in frames]),
        )
        if None in said
    ]
    return " or ".join(unsaid)


def heights_mm(frames: Sequence[Frame], reference: Frame) -> NDArray[np.float64]:
    """Return the position of located images along the normal of one of them."""
    normal = np.cross(*_directions(reference))
    along = itertools.chain.from_iterable(f.position or () for f in frames)
    return np.fromiter(along, np.float64, 3 * len(frames)).reshape(-1, 3) @ normal


def _by_height(frames: Sequence[Frame]) -> tuple[list[Frame], NDArray[np.float64]]:
    heights = heights_mm(frames, min(frames, key=lambda f: f.order))
    order = sorted(range(len(frames)), key=lambda n: (float(heights[n]), frames[n].order))
    return [frames[n] for n in order], heights[order]


def _directions(frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return unit vectors of an image at right angles; rounded text leaves them a little off."""
    return _unit_vectors(frame.orientation)


def _unit_vectors(orientation: Sequence[float] | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values = orientation or (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    row = np.asarray(values[:3])
    row = row / np.linalg.norm(row)
    column = np.asarray(values[3:])
    column = column - (column @ row) * row
    return row, column / np.linalg.norm(column)


def _stack(frame: Frame, positions: NDArray[np.float64]) -> SliceStack:
    row, column = _directions(frame)
    between_rows, between_columns = frame.row_column_spacing or (1.0, 1.0)
    return SliceStack(
        size_ij=(frame.code.columns, frame.code.rows),
        pixel_spacing_mm=(between_columns, between_rows),
        row_direction=row,
        column_direction=column,
        positions_lps_mm=positions,
    )


def _loose(frames: Sequence[Frame], reason: str) -> Arrangement:
    """Return images as a stack of 1 mm steps, in which going on into the screen is going on by their numbers.

    Where several have the same number it is going on in time, if each tells its own.
    """
    first = min(frames, key=lambda f: f.order)
    row, column = _directions(first)
    normal = np.cross(row, column)
    into = PLANE_AXES[max(PlaneName, key=lambda plane: abs(float(normal @ PLANE_AXES[plane].into)))].into
    ordered = sorted(frames, key=lambda f: f.order)
    if len({f.instance for f in frames}) < len(frames):
        ordered = in_time(ordered) or ordered
    if normal @ into < 0:
        ordered.reverse()
    origin = np.asarray(first.position or (0.0, 0.0, 0.0))
    steps = np.arange(len(ordered))[:, None] * normal
    stack = _stack(first, origin + steps)
    return Arrangement(tuple(ordered), stack, Verdict.UNTRUSTED, (reason,), placed=False)


def judge(
    stack: SliceStack, unread_lps_mm: NDArray[np.float64] | None = None, *, leans: str = "The gantry was tilted by"
) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict on a stack whose slices lie at different heights, and the reasons in sentences.

    `untrusted`: slices are missing (a gap within 5 % of a whole multiple of the commonest gap, where slices are not as
    much thicker), the images shift sideways, or their pixels are of a size that none has. `resampled`: gantry tilt
    above 0.1°, or uneven gaps. `ok`: neither, up to the rounding of positions. `leans` begins the sentence about slices
    that lean.
    """
    sized = _impossible_sizes(stack)
    if stack.count < 2:
        return Verdict.UNTRUSTED if sized else Verdict.OK, sized
    heights, gaps = stack.heights_mm, stack.gaps_mm
    common = commonest_gap_mm(gaps)
    reasons = [*sized, *_missing(stack, unread_lps_mm)]
    sideways = stack.positions_lps_mm - np.outer(heights, stack.normal)
    slope = (sideways[-1] - sideways[0]) / (heights[-1] - heights[0])
    residual = np.linalg.norm(sideways - sideways[0] - np.outer(heights - heights[0], slope), axis=1)
    shifted = float(residual.max()) > _SHIFTED_MM
    if shifted:
        reasons.append(_shift(stack, sideways))
    verdict = Verdict.UNTRUSTED if reasons else Verdict.OK
    extent = float(np.linalg.norm(sideways[-1] - sideways[0]))
    if not shifted and stack.tilt_deg > _TILTED_DEG and extent > _UNEVEN_MM:
        reasons.append(f"{leans} {stack.tilt_deg:.1f}°.")
        verdict = verdict if verdict is Verdict.UNTRUSTED else Verdict.RESAMPLED
    line = np.linspace(heights[0], heights[-1], stack.count)
    tolerance = min(_UNEVEN_MM, max(0.025, 0.05 * common))
    if verdict is not Verdict.UNTRUSTED and float(np.abs(heights - line).max()) > tolerance:
        reasons.append(f"The slices are {gaps.min():.2f} to {gaps.max():.2f} mm apart.")
        verdict = Verdict.RESAMPLED
    return verdict, tuple(reasons)


def _impossible_sizes(stack: SliceStack) -> tuple[str, ...]:
    """Return a sentence where a header takes metres for millimetres, or the like."""
    least, most = min(stack.pixel_spacing_mm), max(stack.pixel_spacing_mm)
    if least >= _SIZES_MM[0] and most <= _SIZES_MM[1]:
        return ()
    return (f"The pixels are said to be {most if most > _SIZES_MM[1] else least:.4g} mm large, which no scan's are.",)


def _missing(stack: SliceStack, unread_lps_mm: NDArray[np.float64] | None) -> list[str]:
    found = []
    unread = np.zeros(0) if unread_lps_mm is None else unread_lps_mm @ stack.normal
    for k, missing in enumerate(stack.missing):
        if not missing:
            continue
        count = int(missing - np.count_nonzero((unread > stack.heights_mm[k]) & (unread < stack.heights_mm[k + 1])))
        if count > 0:
            words = "1 slice is missing" if count == 1 else f"{count} slices are missing"
            middle = (stack.heights_mm[k] + stack.heights_mm[k + 1]) / 2
            found.append(f"{words} near {_where(stack, middle)}.")
    if len(found) > _MOST_NAMED:
        found[_MOST_NAMED - 1 :] = [f"Slices are missing at {len(found) - _MOST_NAMED + 1} more places."]
    return found


def _turned_mm(first: Frame, kinds: Collection[Kind]) -> float:
    """Return how far apart the directions of some images and those of the first, which all are shown by, put a corner.

    Of directions that count as the same: tenths of a degree are a millimetre at the edge of an image.
    """
    row, column = _directions(first)
    between_rows, between_columns = first.row_column_spacing or (1.0, 1.0)
    width, height = between_columns * (first.code.columns - 1), between_rows * (first.code.rows - 1)
    worst = 0.0
    for orientation in {kind.orientation for kind in kinds} - {first.orientation}:
        other_row, other_column = _unit_vectors(orientation)
        across, down = (other_row - row) * width, (other_column - column) * height
        worst = max(worst, *(float(np.linalg.norm(corner)) for corner in (across, down, across + down)))
    return worst


def _bent(kind: Kind) -> tuple[float, str]:
    """Return how far a corner of an image lies from where the directions of its header, as they are, put it, and why.

    They are unit vectors at right angles (PS3.3 C.7.6.2.1.1); 0 and "" where they are, as far as three digits tell.
    """
    row, column = _unit_vectors(kind.orientation)
    said = np.asarray(kind.orientation or (*row, *column))
    askew, *longer = abs(said[:3] @ said[3:]), *(abs(np.linalg.norm(one) - 1) for one in (said[:3], said[3:]))
    if max(askew, *longer) <= _ROUNDED_DIRECTION:
        return 0.0, ""
    between_rows, between_columns = kind.row_column_spacing or (1.0, 1.0)
    across = (said[:3] - row) * between_columns * (kind.code.columns - 1)
    down = (said[3:] - column) * between_rows * (kind.code.rows - 1)
    why = "Rows and columns are not at right angles" if askew >= max(longer) else "Directions are not of length 1"
    return max(float(np.linalg.norm(corner)) for corner in (across, down, across + down)), why


def _larger_mm(first: Frame, kinds: Collection[Kind]) -> float:
    """Return how far the last corner of some images lies from where it is by the first's pixels, which all get.

    Of sizes that count as the same: a thousandth is half a millimetre over the width of an image.
    """
    steps = first.row_column_spacing or (1.0, 1.0)
    sizes = {kind.row_column_spacing or steps for kind in kinds}
    counts = (first.code.rows - 1, first.code.columns - 1)
    return max(math.hypot(*((b - a) * n for a, b, n in zip(steps, size, counts, strict=True))) for size in sizes)


def _shift(stack: SliceStack, sideways: NDArray[np.float64]) -> str:
    """Return the sentence about the largest step from image to image that is not the one they commonly make."""
    steps = np.diff(sideways, axis=0) / stack.gaps_mm[:, None]
    from_median = np.linalg.norm(steps - np.median(steps, axis=0), axis=1)
    beside_mm = np.linalg.norm((steps - steps[np.argmin(from_median)]) * stack.gaps_mm[:, None], axis=1)
    if 3 * np.count_nonzero(beside_mm <= _SHIFTED_MM) < 2 * len(steps):
        # No step is common, as where images lie to and fro: then the one that is usual without a tilt.
        straight_mm = np.linalg.norm(steps * stack.gaps_mm[:, None], axis=1)
        beside_mm = min(beside_mm, straight_mm, key=np.max)
    k = int(np.argmax(beside_mm))
    middle = (stack.heights_mm[k] + stack.heights_mm[k + 1]) / 2
    return f"The images shift sideways by {beside_mm[k]:.1f} mm near {_where(stack, middle)}."


def _where(stack: SliceStack, height_mm: float) -> str:
    """Return a height along the normal in words, at the middle of the image, on the axis nearest to the normal."""
    k = float(np.interp(height_mm, stack.heights_mm, np.arange(stack.count)))
    centre = stack.lps(((stack.size_ij[0] - 1) / 2, (stack.size_ij[1] - 1) / 2, k))
    axis = int(np.argmax(np.abs(stack.normal)))
    return position_words(axis, float(centre[axis]))


def frame_place(frame: Frame) -> str:
    """Return where one image lies in words, or its number in the series."""
    if frame.position is None or frame.orientation is None:
        return f"number {frame.instance}"
    stack = _stack(frame, np.asarray([frame.position], dtype=np.float64))
    return _where(stack, float(stack.heights_mm[0]))
