"""Which images a DICOM segmentation was made from, and whether those are the ones that it lies on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.io.pydicom_headers import dicom_faults
from viewer.io.source_headers import without_complaints

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydicom.dataset import Dataset

    from viewer.domain.volume import Volume


OTHER_PHASE = "The segmentation was made from other images of this series, as of another phase."


def made_from_others(path: Path, volume: Volume) -> str:
    """Return in a sentence that a segmentation was made from other images than it lies on; "" where it was not.

    "" also where it names no images.
    """
    from pydicom import dcmread

    faults: tuple[type[Exception], ...] = (OSError, *dicom_faults())
    try:
        with without_complaints():
            dataset = dcmread(path, stop_before_pixels=True)
            named = set(_images(dataset))
            series = {str(item.get("SeriesInstanceUID", "")) for item in dataset.get("ReferencedSeriesSequence") or ()}
    except faults:
        return ""
    if not named or not volume.source_uids or not named.isdisjoint(volume.source_uids):
        return ""
    if volume.series.series_uid in series:
        return OTHER_PHASE
    return "The segmentation was made from another series, of the same place."


def _images(dataset: Dataset) -> Iterator[str]:
    for item in dataset.get("ReferencedSeriesSequence") or ():
        yield from (str(image.ReferencedSOPInstanceUID) for image in item.get("ReferencedInstanceSequence") or ())
