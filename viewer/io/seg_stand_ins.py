"""Frames of several multi-frame images as if each were an image, for a segmentation of them; and its way back.

The library that makes segmentations takes single images, or one image of many frames. A series may hold several such,
as the parts of an image that was stored in several files (PS3.3 C.7.6.16.2.2.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.identifiers import uid_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset

    from viewer.domain.volume import Volume

_ONE_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
# What says which image it is, where its frames are, or belongs to all of them together.
_OF_FRAMES = (
    "SOPClassUID",
    "SOPInstanceUID",
    "NumberOfFrames",
    "PerFrameFunctionalGroupsSequence",
    "SharedFunctionalGroupsSequence",
    "DimensionOrganizationSequence",
    "DimensionIndexSequence",
    "DimensionOrganizationType",
    "ConcatenationUID",
    "InConcatenationNumber",
    "InConcatenationTotalNumber",
    "ConcatenationFrameOffsetNumber",
    "SOPInstanceUIDOfConcatenationSource",
)


def several(headers: Sequence[Dataset]) -> bool:
    """Return whether images of many frames are more than one."""
    return len(headers) > 1 and all("PerFrameFunctionalGroupsSequence" in header for header in headers)


def stand_ins(volume: Volume, slices: Sequence[int], headers: Sequence[Dataset]) -> list[Dataset]:
    """Return a header for each of some slices, under a UID of its own; the first of `headers` is whole."""
    from pydicom.dataset import Dataset

    by_uid = {str(header.SOPInstanceUID): header for header in headers}
    made = []
    for k in slices:
        image, frame = by_uid[volume.source_uids[k]], volume.source_frames[k]
        stand_in = Dataset()
        for element in headers[0]:
            if element.keyword not in _OF_FRAMES:
                stand_in.add(element)
        stand_in.SOPClassUID, stand_in.SOPInstanceUID = _ONE_IMAGE, _uid(volume, k)
        stand_in.ImagePositionPatient = _said(image, frame, "PlanePositionSequence").ImagePositionPatient
        stand_in.ImageOrientationPatient = _said(image, frame, "PlaneOrientationSequence").ImageOrientationPatient
        measures = _said(image, frame, "PixelMeasuresSequence")
        stand_in.PixelSpacing = measures.PixelSpacing
        stand_in.SliceThickness = measures.get("SliceThickness") or 1.0
        made.append(stand_in)
    return made


def as_they_are(segmentation: Dataset, volume: Volume, slices: Sequence[int]) -> None:
    """Let a segmentation of stand-ins name the frames that they stand for."""
    of = {_uid(volume, k): k for k in slices}
    for group in segmentation.PerFrameFunctionalGroupsSequence:
        for derivation in group.get("DerivationImageSequence") or ():
            for source in derivation.SourceImageSequence:
                k = of.get(str(source.ReferencedSOPInstanceUID))
                if k is None:
                    # Frames of several segments share one item.
                    continue
                source.ReferencedSOPClassUID = volume.source_class_uid
                source.ReferencedSOPInstanceUID = volume.source_uids[k]
                source.ReferencedFrameNumber = volume.source_frames[k]
    for series in segmentation.ReferencedSeriesSequence:
        images = {}
        for item in series.ReferencedInstanceSequence:
            item.ReferencedSOPClassUID = volume.source_class_uid
            item.ReferencedSOPInstanceUID = volume.source_uids[of[str(item.ReferencedSOPInstanceUID)]]
            images[item.ReferencedSOPInstanceUID] = item
        series.ReferencedInstanceSequence = list(images.values())


def _said(image: Dataset, frame: int, macro: str) -> Dataset:
    own, shared = image.PerFrameFunctionalGroupsSequence[frame - 1], image.SharedFunctionalGroupsSequence[0]
    said: Dataset = (own.get(macro) or shared[macro].value)[0]
    return said


def _uid(volume: Volume, k: int) -> str:
    return uid_from(f"stand-in of {volume.source_uids[k]} {volume.source_frames[k]}")
