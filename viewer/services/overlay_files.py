"""Files that are laid over an open series: segmentations and maps, refused where they do not belong there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.analysis.label_sampling import covered_share, lost_between, masks_by_value, on_slices
from viewer.analysis.measure import label_facts
from viewer.domain.errors import GeometryError, TooLargeError, UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.label_palette import MOST_LABELS
from viewer.domain.labels import Mask
from viewer.domain.overlays import PROBABILITY, UNKNOWN_UNIT, Label, Segmentation, ValueMap
from viewer.domain.value_units import unit_words
from viewer.io.volume_files import is_volume_file, read_volume_file, volume_file_entries
from viewer.services.loading import load_series

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume

_NOT_HERE = "Open the series that it was made from, then lay it over that."
_HIGHEST_VALUE = 65535
_LEAST_SHARE_SAID = 0.98
# Smoothing and resampling leave values a little beyond those of the model, and a little below 0.
_BEYOND = 0.02
_LEAST_BELOW = 0.05


@frozen(eq=False)
class _Named:
    """A label as a file has it; `colour` "#RRGGBB", "" where it says none."""

    number: int
    name: str
    mask: Mask
    colour: str = ""


@frozen(eq=False)
class _LabelMaps:
    """The labels of a file, and how they lie on a series.

    That is whether each voxel of the series lies at one of theirs, how many of their pieces no image shows, and which
    share (0…1) of the series they reach.
    """

    named: list[_Named]
    exact: bool
    lost: int = 0
    pieces: int = 0
    covered: float = 1.0


@frozen(eq=False)
class Laid:
    """What was read, and what is to be said of it, in sentences; "" for nothing."""

    what: Segmentation | ValueMap
    note: str = ""


def read_labels(path: Path, volume: Volume, ctx: JobContext) -> Laid:
    """Return the labels of a DICOM SEG, or of a label map as NIfTI, NRRD or MetaImage, over a series.

    Parameters
    ----------
    volume
        The series; labels become masks on its original slices.

    Raises
    ------
    GeometryError
        Where the file or the series does not say where it lies, or the two do not belong together.
    UnreadableFileError
        Where the file is damaged, holds no labels, or lies elsewhere.
    TooLargeError
        Where it holds more than 255 labels.
    CancelledError
        When the work was cancelled.
    """
    _refuse_series(volume)
    if not is_volume_file(path.name):
        from viewer.io.seg_sources import made_from_others

        return Laid(_segmentation(_of_seg(path, volume), volume, ctx), made_from_others(path, volume))
    maps, notes = _of_label_maps(path, volume, ctx), []
    if not maps.exact:
        notes.append("The labels lie on a grid of their own; each voxel of the series shows the nearest of them.")
    if maps.lost:
        lie = "lies" if maps.lost == 1 else "lie"
        notes.append(f"Of {_pieces(maps.pieces)} {maps.lost} {lie} between the images, unseen.")
    return Laid(_segmentation(maps.named, volume, ctx), " ".join(notes))


def named_masks(path: Path, volume: Volume, ctx: JobContext) -> list[tuple[str, Mask]]:
    """Return what a file as of `read_labels` marks on a series, each with its name; none where it marks nothing.

    A name is "" where the file gives none. Refused is also what would lose a piece between the images, and
    what reaches only a part of them.
    """
    _refuse_series(volume)
    is_map = is_volume_file(path.name)
    if is_map:
        maps = _of_label_maps(path, volume, ctx)
        if maps.covered < _LEAST_SHARE_SAID:
            raise GeometryError(
                f"It covers {max(maps.covered * 100, 1):.0f} % of the series, and says nothing of what lies beyond.",
                "Give a label map of the whole series.",
            )
        if maps.lost:
            lie = "lies" if maps.lost == 1 else "lie"
            raise GeometryError(
                f"Of the {_pieces(maps.pieces)} that it marks {maps.lost} {lie} between the images, which do not show "
                f"{'it' if maps.lost == 1 else 'them'}.",
                "Give a label map on the grid of the series.",
            )
    named = maps.named if is_map else _of_seg(path, volume)
    usual = "Label" if is_map else "Segment"
    return [("" if one.name == f"{usual} {one.number}" else one.name, one.mask) for one in named]


def _pieces(count: int) -> str:
    return "1 piece" if count == 1 else f"{count} pieces"


def _segmentation(named: list[_Named], volume: Volume, ctx: JobContext) -> Segmentation:
    if not named:
        raise UnreadableFileError(
            "The file marks nothing on this series.", "Choose another file, or the series that it was made from."
        )
    if len(named) > MOST_LABELS:
        raise TooLargeError(
            f"The file holds {len(named)} labels; up to {MOST_LABELS} can be told apart.",
            "If it holds measured values, open it as a map.",
        )
    labels = []
    for n, one in enumerate(named):
        ctx.report(n, len(named), "Measuring labels")
        facts = label_facts(one.mask, volume) if volume.measurable else None
        labels.append(Label(f"label {one.number} {one.name}", one.name, n, one.mask, facts, one.colour))
    return Segmentation(tuple(labels))


def _of_seg(path: Path, volume: Volume) -> list[_Named]:
    from viewer.io.seg import read_seg

    segments = read_seg(path, volume, in_its_frame=True)
    return [
        _Named(s.number, s.label or f"Segment {s.number}", s.mask, s.colour) for s in segments if s.mask is not None
    ]


def _of_label_maps(path: Path, volume: Volume, ctx: JobContext) -> _LabelMaps:
    from viewer.io.label_names import label_colours, label_names

    entries = volume_file_entries(str(path))
    names, colours = label_names(path, len(entries)), label_colours(path, len(entries))
    found: list[tuple[int, int, Mask]] = []
    exact, lost, pieces, covered = True, 0, 0, 1.0
    for n, entry in enumerate(entries):
        part = ctx.part(n / len(entries), (n + 1) / len(entries))
        over = read_volume_file(entry, part.part(0.0, 0.4))
        _refuse_place(over, volume)
        covered = min(covered, covered_share(volume.stack.as_grid(), over.grid))
        values = _whole_numbers(over)
        placed = on_slices(values, over.grid, volume.stack, part.part(0.4, 0.7))
        exact = exact and placed.exact
        if not placed.exact or values.shape != volume.stack.shape_kji:
            # A voxel of the series may lie at one of the map, and yet not each of the map at one of the series.
            gone, there = lost_between(values, over.grid, volume.stack, part.part(0.7, 0.9))
            lost, pieces = lost + gone, pieces + there
        found += [(n, value, mask) for value, mask in masks_by_value(placed.labels).items()]
    number_of = _numbering(found, len(entries))
    labels = []
    for layer, value, mask in found:
        number = number_of(layer, value)
        name, colour = names.get((layer, value), f"Label {number}"), colours.get((layer, value), "")
        labels.append(_Named(number, name, mask, colour))
    return _LabelMaps(labels, exact, lost, pieces, covered)


def _numbering(found: list[tuple[int, int, Mask]], layers: int) -> Callable[[int, int], int]:
    """Return what numbers the labels of some layers: their values, or where values are there twice their order."""
    if layers == 1:
        return lambda _layer, value: value
    if all(value == 1 for _layer, value, _mask in found):
        # Images of 0 and 1 in one file are one label each.
        return lambda layer, _value: layer + 1
    order = {(layer, value): n for n, (layer, value, _mask) in enumerate(found, start=1)}
    return lambda layer, value: order[layer, value]


def _whole_numbers(over: Volume) -> NDArray[np.int32]:
    values = over.slices
    finite = values.dtype.kind != "f" or bool(np.isfinite(values).all())
    if not finite or (values.dtype.kind == "f" and bool(np.any(values != np.rint(values)))):
        raise UnreadableFileError(
            "The file holds values between whole numbers, so they are not labels.", "Open it as a map instead."
        )
    if float(values.min()) < 0 or float(values.max()) > _HIGHEST_VALUE:
        raise UnreadableFileError(
            "The file holds values that are no labels: below 0, or too high.", "Open it as a map instead."
        )
    return values.astype(np.int32)


def read_map(path: Path, volume: Volume, ctx: JobContext) -> Laid:
    """Return a map of values as NIfTI, NRRD or MetaImage over a series, on its own grid.

    Its unit is what the file says. Values from 0 to 1 without one are taken for probabilities, which the note says.

    Raises
    ------
    GeometryError
        Where the map or the series does not say where it lies, or they do not overlap.
    UnreadableFileError
        Where the file is damaged, or holds no values.
    CancelledError
        When the work was cancelled.
    """
    _refuse_series(volume)
    if not is_volume_file(path.name):
        raise UnreadableFileError("This is no file of a map.", "Maps are read from NIfTI, NRRD and MetaImage.")
    entries = volume_file_entries(str(path))
    over = load_series(entries[0], ctx)
    _refuse_place(over, volume)
    notes = []
    if len(entries) > 1:
        notes.append(f"The file holds {len(entries)} maps; the first is shown.")
    made, note = value_map(over)
    notes += [note] if note else []
    share = covered_share(volume.grid, over.grid)
    if share < _LEAST_SHARE_SAID:
        notes.append(f"The map covers {max(share * 100, 1):.0f} % of the series; beyond it nothing is drawn.")
    return Laid(made, " ".join(notes))


def value_map(over: Volume) -> tuple[ValueMap, str]:
    """Return a volume of values as a map, and what was assumed of its unit, in a sentence.

    Raises
    ------
    UnreadableFileError
        Where it holds no number.
    """
    known = over.voxels[np.isfinite(over.voxels)] if over.voxels.dtype.kind == "f" else over.voxels.ravel()
    if over.padding is not None:
        known = known[known != over.padding]
    if not known.size:
        raise UnreadableFileError("The map holds no values.", "Choose another file.")
    low, high = float(known.min()), float(known.max())
    if over.unit == "unknown" and low >= -_BEYOND and high <= 1 + _BEYOND:
        note = "The file does not say a unit; values from 0 to 1 are taken for probabilities."
        return ValueMap(over, PROBABILITY, 0.0, 1.0), note
    unit = unit_words(over.unit) or UNKNOWN_UNIT
    if high >= 0 and low < min(-_LEAST_BELOW * high, 0.0):
        # Also where nothing is above 0: what lies there is not the highest value, but none.
        reach = _high_end(np.abs(known))
        return ValueMap(over, unit, -reach, reach, diverging=True), ""
    if high < 0:
        # Where all is one value, what is mixed of it lies a last digit above or below.
        return ValueMap(over, unit, low if low < high else 1.1 * low, high), ""
    return ValueMap(over, unit, 0.0, _high_end(known)), ""


def _high_end(values: NDArray[np.float32] | NDArray[np.int16]) -> float:
    """Return the value that all but the 500th part of what is not 0 lie below: single voxels set no scale."""
    there = values[values != 0]
    if not there.size:
        return 1.0
    return float(np.percentile(there[:: max(1, there.size // 1_000_000)], 99.8))


def _refuse_series(volume: Volume) -> None:
    if volume.preview:
        raise GeometryError("The images are still being read.", "Wait until all of them are in, then open it again.")
    if not volume.placed:
        raise GeometryError(
            "The open series does not say where its images lie, so nothing can be laid over it.",
            "Open a series with positions.",
        )


def _refuse_place(over: Volume, volume: Volume) -> None:
    if not over.placed or over.verdict is Verdict.UNTRUSTED:
        raise GeometryError("The file does not say where in the patient it lies.", _NOT_HERE, " ".join(over.reasons))
    frames = {v.series.frame_of_reference_uid for v in (over, volume)} - {""}
    if len(frames) > 1:
        raise GeometryError("It belongs to another frame of reference than this series.", _NOT_HERE)
    if covered_share(over.grid, volume.grid) == 0 and covered_share(volume.grid, over.grid) == 0:
        raise GeometryError("It lies beside this series: the two do not overlap anywhere.", _NOT_HERE)
