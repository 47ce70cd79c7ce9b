"""DICOM SEG: findings written as one segment each on the frames they were found on; see `seg_reading` for the way back.

PS3.3 A.51 and C.8.20. Frames refer to the original slices, so tilted and unevenly spaced series need no regridding.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import StorageError, TooLargeError
from viewer.domain.finding import Finding, Localisation, SourceKind
from viewer.domain.identifiers import new_uid
from viewer.io.atomic_file import replacing
from viewer.io.program import NAME, NOT_FOR_DIAGNOSTIC_USE, program_version
from viewer.io.seg_reading import SegSegment, read_seg
from viewer.io.seg_stand_ins import as_they_are, several, stand_ins
from viewer.io.source_headers import refuse_one_uid_for_several, source_headers, without_complaints

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from viewer.domain.labels import Mask
    from viewer.domain.volume import Volume

__all__ = ["SegSegment", "read_seg", "segmented", "touched_slices", "write_seg"]

# Overlapping segments need an array of their own each while the object is made.
_MOST_BYTES = 2_000_000_000


def segmented(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings that become a segment: those with a mask, in their order; the first is segment 1."""
    return tuple(f for f in findings if f.mask is not None)


def write_seg(
    path: Path, volume: Volume, findings: Sequence[Finding], *, reader: str = "", compressed: bool = False
) -> None:
    """Write findings as a DICOM SEG, BINARY, one segment per finding that has a mask.

    Identity comes from the source files. Tracking UIDs are those of the findings, shared with the SR.

    Parameters
    ----------
    path
        File to write; replaced as a whole.
    volume
        What the findings lie on, read from DICOM.
    findings
        Those without a mask are left out.
    reader
        Who made or checked it; becomes the content's creator.
    compressed
        Deflate the whole data set (PS3.5 A.5): a hundredth of the size, but fewer programs read it.

    Raises
    ------
    StorageError
        When no finding has a mask, the source files are gone or lack what a SEG must name, or writing fails.
    """
    chosen = segmented(findings)
    if not chosen:
        raise StorageError(
            "There is no outlined finding, so there is no segmentation to write.",
            "Marks without an outline are written to the report.",
        )
    with without_complaints():
        dataset = _segmentation(volume, chosen, reader)
        if compressed:
            from pydicom.uid import DeflatedExplicitVRLittleEndian

            dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        with replacing(path, "The segmentation") as waiting:
            dataset.save_as(waiting, enforce_file_format=True)


class NotMadeError(StorageError):
    """An object for other programs that the source's header does not allow to be made."""


def not_made(what: str, error: Exception) -> NotMadeError:
    """Return the error for an object that the source's header does not allow to be made."""
    return NotMadeError(
        f"{what} could not be made, because the header of the CT lacks or contradicts what it must name.",
        "The findings are still in findings.json.",
        repr(error),
    )


def description(what: str, volume: Volume) -> str:
    """Return a series description that says what it is and is not, at most 64 characters."""
    synthetic = "Synthetic · " if volume.series.synthetic else ""
    return f"{what} · {synthetic}{NOT_FOR_DIAGNOSTIC_USE}"


def _segmentation(volume: Volume, findings: tuple[Finding, ...], reader: str) -> Dataset:
    import highdicom
    from highdicom.seg import Segmentation, SegmentationTypeValues

    masks = [f.mask for f in findings if f.mask is not None]
    slices = touched_slices(masks)
    headers = source_headers(volume, slices)
    apart = several(headers)
    try:
        refuse_one_uid_for_several(volume)
        if apart:
            headers = stand_ins(volume, slices, headers)
        if "PerFrameFunctionalGroupsSequence" in headers[0]:
            # A multi-frame source gives all its frames their place; those without a mark are left out on writing.
            frames = volume.source_frames or (1,)
            places = {k: frames[k] - 1 for k in range(volume.stack.count)}
            count = int(headers[0].NumberOfFrames)
            measures = None
        else:
            places = {k: n for n, k in enumerate(slices)}
            count = len(slices)
            measures = highdicom.PixelMeasuresSequence(
                pixel_spacing=[float(v) for v in headers[0].PixelSpacing],
                slice_thickness=float(headers[0].SliceThickness),
            )
        dataset = Segmentation(
            source_images=headers,
            pixel_array=_pixels(masks, places, count, volume),
            segmentation_type=SegmentationTypeValues.BINARY,
            segment_descriptions=[_described(number, f) for number, f in enumerate(findings, start=1)],
            series_instance_uid=new_uid(),
            series_number=9901,
            sop_instance_uid=new_uid(),
            instance_number=1,
            manufacturer=NAME,
            manufacturer_model_name=NAME,
            software_versions=program_version(),
            device_serial_number="none",
            content_description=NOT_FOR_DIAGNOSTIC_USE,
            content_creator_name=person(reader) or None,
            content_label="CASESTAGE",
            pixel_measures=measures,
            series_description=description("CaseStage findings", volume),
        )
    except (AttributeError, TypeError, ValueError, LookupError) as error:
        raise not_made("The segmentation", error) from error
    if apart:
        as_they_are(dataset, volume, slices)
    _name_segment_in_each_frame(dataset)
    _say_how_far_apart(dataset, volume)
    if volume.series.synthetic:
        # (0008,001C) Synthetic Data
        dataset.add_new(0x0008001C, "CS", "YES")
    return dataset


def _name_segment_in_each_frame(dataset: Dataset) -> None:
    # Where there is one segment, highdicom names it once for all frames: allowed, but most readers look in each.
    shared = dataset.SharedFunctionalGroupsSequence[0]
    if "SegmentIdentificationSequence" in shared:
        for group in dataset.PerFrameFunctionalGroupsSequence:
            group.SegmentIdentificationSequence = deepcopy(shared.SegmentIdentificationSequence)
        del shared.SegmentIdentificationSequence


def _say_how_far_apart(dataset: Dataset, volume: Volume) -> None:
    # highdicom takes what the source says or else the distance of the marked slices, and 1 mm for a single one, as how
    # thick other programs then draw it.
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    gap = _even_gap(volume)
    if gap is not None:
        measures.SpacingBetweenSlices = gap
    elif "SpacingBetweenSlices" in measures:
        del measures.SpacingBetweenSlices


def touched_slices(masks: Sequence[Mask]) -> list[int]:
    """Return the indices of the slices on which any mask marks a voxel, rising."""
    slices: set[int] = set()
    for mask in masks:
        slices.update(int(k) + mask.first_ijk[2] for k in np.flatnonzero(mask.voxels.any(axis=(1, 2))))
    return sorted(slices)


def _pixels(masks: list[Mask], places: dict[int, int], count: int, volume: Volume) -> NDArray[Any]:
    """Return a label map [frame, row, column], or where findings overlap one such array each as the last axis."""
    _, rows, columns = volume.stack.shape_kji
    labels = np.zeros((count, rows, columns), dtype=np.uint8 if len(masks) < 256 else np.uint16)
    for number, mask in enumerate(masks, start=1):
        for k, plane, box in _planes(mask):
            target = labels[places[k]][box]
            if target[plane].any():
                return _pixels_apart(masks, places, (count, rows, columns))
            target[plane] = number
    return labels


def _pixels_apart(masks: list[Mask], places: dict[int, int], shape: tuple[int, int, int]) -> NDArray[Any]:
    size = int(np.prod(shape)) * len(masks)
    if size > _MOST_BYTES:
        raise TooLargeError(
            f"{len(masks)} findings that overlap are too many for one segmentation.",
            "Hide labels that are not needed, then export again.",
        )
    # The segment's axis lies first in memory, so that each is filled and read in one run.
    apart = np.zeros((len(masks), *shape), dtype=np.uint8)
    for number, mask in enumerate(masks):
        for k, plane, box in _planes(mask):
            apart[number, places[k]][box] = plane
    return np.moveaxis(apart, 0, -1)


def _planes(mask: Mask) -> list[tuple[int, NDArray[np.bool_], tuple[slice, slice]]]:
    _, j, i = mask.box
    first = mask.first_ijk[2]
    return [(first + n, plane, (j, i)) for n, plane in enumerate(mask.voxels) if plane.any()]


def _even_gap(volume: Volume) -> float | None:
    gaps = volume.stack.gaps_mm
    if not len(gaps) or float(np.ptp(gaps)) > 0.01:
        return None
    return round(float(np.median(gaps)), 6)


def _described(number: int, finding: Finding) -> Any:
    import highdicom
    from highdicom.seg import SegmentAlgorithmTypeValues, SegmentDescription

    from viewer.io.dicom_codes import AI_FAMILY, RULES_FAMILY, category_and_type

    category, kind = category_and_type(finding)
    source = finding.source
    algorithm = None
    if source.kind is not SourceKind.READER:
        algorithm = highdicom.AlgorithmIdentificationSequence(
            name=one_value(source.name) or "unnamed",
            family=RULES_FAMILY if source.rules else AI_FAMILY,
            version=one_value(source.version) or "unknown",
            source=source.model_id or None,
        )
    return SegmentDescription(
        segment_number=number,
        segment_label=_segment_label(finding),
        segmented_property_category=category,
        segmented_property_type=kind,
        algorithm_type=SegmentAlgorithmTypeValues.MANUAL if algorithm is None else SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
        tracking_uid=finding.tracking_uid,
        tracking_id=finding.id[:64],
    )


def _segment_label(finding: Finding) -> str:
    """Return the finding's label, and what its mask is where it is no outline; at most 64 characters."""
    kind = {Localisation.BOX: " (box)", Localisation.MAP: " (where the model looked)"}.get(finding.localisation, "")
    return (one_value(finding.label) or "Finding")[: 64 - len(kind)] + kind


def one_value(text: str) -> str:
    """Return a text as one value of a DICOM attribute (PS3.5 6.2): a backslash would part it in two."""
    return " ".join("".join(c if c.isprintable() else " " for c in text.replace("\\", "/")).split())


def person(name: str) -> str:
    """Return a typed name as a DICOM person's name (PS3.5 6.2.1): no separators, at most 64 characters."""
    return "".join(" " if c in "\\^=" or ord(c) < 32 else c for c in name).strip()[:64]
