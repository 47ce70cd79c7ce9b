"""DICOM SEG read back as masks on a volume's original slices, whoever wrote it and however it is encoded."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

from viewer.domain.errors import TooLargeError, UnreadableFileError
from viewer.domain.labels import Mask
from viewer.domain.slice_gaps import commonest_gap_mm
from viewer.io.dicom_colour import srgb_of_cielab
from viewer.io.pydicom_headers import dicom_faults
from viewer.io.seg_frames import JPEG_2000, JPEG_LS, stored_frames
from viewer.io.source_headers import without_complaints

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from viewer.domain.geometry import SliceStack
    from viewer.domain.volume import Volume

_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
# How far a frame may lie from its slice, in pixels and mm: text in headers is rounded.
_OFF_PX = 0.1
_OFF_MM = 0.05
# How far apart the far corners of the two may lie, in pixels: beyond half of one, a neighbour would be marked.
_TURNED_PX = 0.5
# From which distance on, in those of the series, frames are of thicker images; how even theirs are then.
_THICKER = 1.5
_OFF_STEPS = 0.05
_FEW = 2
_NOT_ITS_SERIES = "Open the series that it was made from."
_DEFLATED = "1.2.840.10008.1.2.1.99"
_MOST_INFLATED = 1 << 30


@define(frozen=True, eq=False)
class SegSegment:
    """One segment as it was written; `mask` is None where nothing is marked, `colour` "#RRGGBB" or ""."""

    number: int
    label: str
    tracking_uid: str
    tracking_id: str
    type_code: str
    type_words: str
    algorithm_type: str
    algorithm_name: str
    mask: Mask | None
    colour: str = ""


def read_seg(
    path: Path, volume: Volume, *, least_fraction: float = 0.5, in_its_frame: bool = False
) -> tuple[SegSegment, ...]:
    """Return the segments of a SEG or Label Map SEG, by number, as masks on the volume's original slices.

    Frames may be fewer or smaller than the slices (sparse, cropped); each is placed by its position in the patient.

    Parameters
    ----------
    path
        BINARY, FRACTIONAL or LABELMAP, in any lossless encoding.
    volume
        What it lies on.
    least_fraction
        From which share of the largest value a voxel of a FRACTIONAL segment is marked.
    in_its_frame
        Refuses one that names another frame of reference than the volume's, and another series.

    Raises
    ------
    UnreadableFileError
        When it is no SEG, is damaged, or does not lie on this volume's slices.
    """
    from pydicom import dcmread

    try:
        with without_complaints():
            _refuse_what_inflates_too_far(path)
            dataset = dcmread(path)
            if str(dataset.get("SOPClassUID", "")) not in _CLASSES:
                raise UnreadableFileError("The file is not a DICOM segmentation.", "Choose a SEG file.")
            if in_its_frame:
                _refuse_another_frame(dataset, volume)
            return _segments(dataset, volume, least_fraction)
    except OSError as error:
        raise UnreadableFileError(
            "The segmentation cannot be opened.", "Check that the file is there.", type(error).__name__
        ) from error
    except dicom_faults() as error:
        raise UnreadableFileError(
            "The segmentation is damaged, or is not a DICOM file.",
            "Export it again from the program that made it.",
            type(error).__name__,
        ) from error


def refuse_image_codecs(path: Path) -> None:
    """Refuse a SEG whose frames are images of a codec: such are decoded here only where a person has asked for it.

    What is no DICOM file at all is for reading it to say.

    Raises
    ------
    UnreadableFileError
        When it is one of those.
    """
    from pydicom.filereader import read_file_meta_info

    try:
        with without_complaints():
            syntax = str(read_file_meta_info(path).get("TransferSyntaxUID", ""))
    except OSError:
        return
    except dicom_faults():
        return
    if syntax in (*JPEG_2000, *JPEG_LS):
        raise UnreadableFileError(
            "The segmentation is packed as JPEG 2000 or JPEG-LS, which is not read by itself.",
            "Export it without compression.",
        )


def series_of_seg(path: Path) -> str:
    """Return the UID of the series that a SEG was made from; "" where the file is none, or does not say."""
    from pydicom import dcmread

    try:
        with without_complaints():
            dataset = dcmread(path, stop_before_pixels=True, specific_tags=["SOPClassUID", "ReferencedSeriesSequence"])
            if str(dataset.get("SOPClassUID", "")) not in _CLASSES:
                return ""
            made_from = _made_from(dataset)
    except OSError:
        return ""
    except dicom_faults():
        return ""
    return made_from.pop() if len(made_from) == 1 else ""


def _made_from(dataset: Dataset) -> set[str]:
    return {str(item.get("SeriesInstanceUID", "")) for item in dataset.get("ReferencedSeriesSequence") or ()}


def _refuse_another_frame(dataset: Dataset, volume: Volume) -> None:
    """Refuse what only by chance has the numbers of this series' positions."""
    series, frame = volume.series, str(dataset.get("FrameOfReferenceUID", ""))
    apart = bool(frame and series.frame_of_reference_uid) and frame != series.frame_of_reference_uid
    if apart and series.series_uid not in _made_from(dataset):
        raise UnreadableFileError(
            "The segmentation belongs to another frame of reference than this series.", _NOT_ITS_SERIES
        )


def _refuse_what_inflates_too_far(path: Path) -> None:
    from pydicom.filereader import read_file_meta_info

    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") != _DEFLATED:
        return
    total = 0
    inflate = zlib.decompressobj(-15)
    with path.open("rb") as file:
        # Preamble and prefix, then the group length's own element, then the group.
        file.seek(132 + 12 + int(meta.FileMetaInformationGroupLength))
        rest = b""
        while not inflate.eof and (rest := inflate.unconsumed_tail or file.read(1 << 16)):
            total += len(inflate.decompress(rest, 1 << 20))
            if total > _MOST_INFLATED:
                raise TooLargeError("The segmentation would need more than 1 GiB of memory to be read.")


def _segments(dataset: Dataset, volume: Volume, least_fraction: float) -> tuple[SegSegment, ...]:
    kind = str(dataset.get("SegmentationType", "BINARY"))
    least = 1.0
    if kind == "FRACTIONAL":
        least = least_fraction * int(dataset.get("MaximumFractionalValue", 255))
    if "NumberOfFrames" in dataset and not int(dataset.NumberOfFrames or 0) and not dataset.get("PixelData"):
        # Not as the standard has it, which wants a frame; but one that lost its frames would still count them.
        return tuple(_segment(item, {}) for item in dataset.get("SegmentSequence") or ())
    described = {int(item.SegmentNumber): item for item in dataset.SegmentSequence}
    if kind == "LABELMAP":
        # There, 0 is what belongs to no segment, also where it has a name (PS3.3 C.8.20.2).
        described.pop(0, None)
    padding = dataset.get("PixelPaddingValue") if kind == "LABELMAP" else None
    planes: dict[int, dict[int, NDArray[np.bool_]]] = {number: {} for number in described}
    shared = dataset.SharedFunctionalGroupsSequence[0]
    groups = dataset.PerFrameFunctionalGroupsSequence
    _refuse_thicker_images(dataset, volume)
    for values, group in zip(stored_frames(dataset), groups, strict=True):
        k, pasted = _pasted(values, _Place(shared, group), volume.stack)
        if kind == "LABELMAP":
            numbers = [n for n in np.unique(values).tolist() if n in described and n != padding]
            marks = [(n, pasted == n) for n in numbers]
        else:
            identification = _group(shared, group, "SegmentIdentificationSequence")
            marks = [(int(identification.ReferencedSegmentNumber), pasted >= least)]
        for number, marked in marks:
            earlier = planes[number].get(k)
            planes[number][k] = marked if earlier is None else earlier | marked
    return tuple(_segment(item, planes[number]) for number, item in sorted(described.items()))


def _refuse_thicker_images(dataset: Dataset, volume: Volume) -> None:
    """Refuse frames that lie further apart than the series' images, as they say and as they lie: few would be marked.

    They lie so where images of the series are between them. Of one or two what they say counts, unless they were made
    from this series: how far apart marked images are, some take for how far apart images are.
    """
    shared, groups = dataset.SharedFunctionalGroupsSequence[0], dataset.PerFrameFunctionalGroupsSequence
    stack = volume.stack
    places = [_Place(shared, group) for group in groups]
    if stack.count < 2 or not places or not (apart_mm := places[0].apart_mm):
        return
    own_mm = commonest_gap_mm(stack.own_gaps_mm)
    heights = np.unique(np.round([place.position @ stack.normal for place in places], 2))
    if len(heights) <= _FEW and volume.series.series_uid in _made_from(dataset):
        return
    steps = np.diff(heights) / apart_mm
    nearest = np.searchsorted((stack.heights_mm[1:] + stack.heights_mm[:-1]) / 2, heights)
    so_they_lie = bool((np.abs(steps - np.rint(steps)) < _OFF_STEPS).all() and (np.diff(nearest) > 1).all())
    if apart_mm > _THICKER * own_mm and so_they_lie:
        raise _not_here(places[0], f"its images lie {apart_mm:.2f} mm apart, those of the series {own_mm:.2f} mm")


def _group(shared: Dataset, group: Dataset, keyword: str) -> Dataset:
    sequence = group.get(keyword) or shared.get(keyword)
    if not sequence:
        raise ValueError(f"no {keyword}")
    item: Dataset = sequence[0]
    return item


class _Place:
    """Where a frame lies: first pixel, directions of row and column, spacing between rows and columns."""

    def __init__(self, shared: Dataset, group: Dataset) -> None:
        position = _group(shared, group, "PlanePositionSequence").ImagePositionPatient
        orientation = _group(shared, group, "PlaneOrientationSequence").ImageOrientationPatient
        self.position = np.array([float(v) for v in position])
        self.row = np.array([float(v) for v in orientation[:3]])
        self.column = np.array([float(v) for v in orientation[3:]])
        measures = _group(shared, group, "PixelMeasuresSequence")
        self.between_rows, self.between_columns = (float(v) for v in measures.PixelSpacing)
        self.apart_mm = abs(float(measures.get("SpacingBetweenSlices") or 0))


def _not_here(place: _Place, why: str) -> UnreadableFileError:
    x, y, z = place.position
    return UnreadableFileError(
        f"The segmentation does not lie on this series: {why}.",
        _NOT_ITS_SERIES,
        f"frame at LPS {x:.2f}, {y:.2f}, {z:.2f}",
    )


def _pasted(values: NDArray[Any], place: _Place, stack: SliceStack) -> tuple[int, NDArray[Any]]:
    """Return the slice index of a frame, and its values on the whole slice [row, column], 0 where it does not reach."""
    if min(place.row @ stack.row_direction, place.column @ stack.column_direction) < 1 - 1e-4:
        raise _not_here(place, "its images are turned otherwise")
    spacing = np.array([place.between_columns, place.between_rows])
    rows, columns = values.shape
    if _turned_mm(place, stack, spacing * (columns - 1, rows - 1)) > _TURNED_PX * spacing.min():
        raise _not_here(place, "its images are turned otherwise")
    # Over the whole width of a frame the grids must not drift apart by more than a tenth of a pixel.
    drift = np.abs(spacing / np.array(stack.pixel_spacing_mm) - 1) * (columns, rows)
    if drift.max() > _OFF_PX:
        raise _not_here(place, "its pixels are of another size")
    height = float(place.position @ stack.normal)
    k = int(np.argmin(np.abs(stack.heights_mm - height)))
    if abs(stack.heights_mm[k] - height) > _OFF_MM:
        raise _not_here(place, "one of its images lies where the series has none")
    offset = place.position - stack.positions_lps_mm[k]
    at = np.array([offset @ stack.row_direction, offset @ stack.column_direction]) / stack.pixel_spacing_mm
    i, j = (int(v) for v in np.round(at))
    if np.abs(at - (i, j)).max() > _OFF_PX:
        raise _not_here(place, "its pixels lie between those of the series")
    whole = np.zeros((stack.size_ij[1], stack.size_ij[0]), dtype=values.dtype)
    top, left = max(j, 0), max(i, 0)
    bottom, right = min(j + rows, whole.shape[0]), min(i + columns, whole.shape[1])
    if top < bottom and left < right:
        whole[top:bottom, left:right] = values[top - j : bottom - j, left - i : right - i]
    if np.count_nonzero(whole) != np.count_nonzero(values):
        raise _not_here(place, "it reaches beyond the edge of the images")
    return k, whole


def _turned_mm(place: _Place, stack: SliceStack, size_mm: NDArray[np.float64]) -> float:
    """Return how far the directions of a frame of a size (right, down) take a corner from where the stack's take it."""
    across = (place.row / np.linalg.norm(place.row) - stack.row_direction) * size_mm[0]
    down = (place.column / np.linalg.norm(place.column) - stack.column_direction) * size_mm[1]
    return max(float(np.linalg.norm(corner)) for corner in (across, down, across + down))


def _segment(item: Dataset, planes: dict[int, NDArray[np.bool_]]) -> SegSegment:
    kind = item.SegmentedPropertyTypeCodeSequence[0] if item.get("SegmentedPropertyTypeCodeSequence") else None
    return SegSegment(
        number=int(item.SegmentNumber),
        label=str(item.get("SegmentLabel", "")),
        tracking_uid=str(item.get("TrackingUID", "")),
        tracking_id=str(item.get("TrackingID", "")),
        type_code="" if kind is None else str(kind.get("CodeValue", "")),
        type_words="" if kind is None else str(kind.get("CodeMeaning", "")),
        algorithm_type=str(item.get("SegmentAlgorithmType", "")),
        algorithm_name=str(item.get("SegmentAlgorithmName", "")),
        mask=_mask(planes),
        colour=srgb_of_cielab(item.get("RecommendedDisplayCIELabValue")),
    )


def _mask(planes: dict[int, NDArray[np.bool_]]) -> Mask | None:
    marked = {k: plane for k, plane in planes.items() if plane.any()}
    if not marked:
        return None
    first, last = min(marked), max(marked)
    spans = list(_spans(marked))
    j0, j1 = min(s[0] for s in spans), max(s[1] for s in spans)
    i0, i1 = min(s[2] for s in spans), max(s[3] for s in spans)
    voxels = np.zeros((last - first + 1, j1 - j0, i1 - i0), dtype=bool)
    for k, plane in marked.items():
        voxels[k - first] = plane[j0:j1, i0:i1]
    return Mask((i0, j0, first), voxels)


def _spans(planes: dict[int, NDArray[np.bool_]]) -> Iterator[tuple[int, int, int, int]]:
    for plane in planes.values():
        rows, columns = np.flatnonzero(plane.any(axis=1)), np.flatnonzero(plane.any(axis=0))
        yield int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
