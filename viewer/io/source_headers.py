"""The headers of a volume's DICOM files, as the source that segmentations and reports refer to."""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import StorageError, UnreadableFileError
from viewer.domain.identifiers import uid_from
from viewer.io.file_bytes import as_stream
from viewer.io.pydicom_headers import dicom_faults, without_escapes
from viewer.io.zip_archive import place_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydicom.dataset import Dataset

    from viewer.domain.volume import Volume

# What a patient or study may leave out, but an object made from it must carry, if empty (PS3.3 C.7.1.1, C.7.2.1).
_MAY_BE_EMPTY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
)


# Patient and study are taken from the first header; of the others only what says which image it is and where.
_OF_EACH_IMAGE = [
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "Modality",
    "ImageType",
    "Rows",
    "Columns",
    "PixelSpacing",
    "SliceThickness",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "NumberOfFrames",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    *_MAY_BE_EMPTY,
]


@contextmanager
def without_complaints() -> Iterator[None]:
    """Silence what the DICOM library says of other people's headers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def source_headers(volume: Volume, slices: Iterable[int]) -> list[Dataset]:
    """Return one header per slice, or the one header of a multi-frame image; pixels are not read.

    The first is whole; the others hold what identifies and places their image.

    Text is decoded and held as UTF-8, so that what is made from it can hold any reader's name beside the patient's.
    Attributes that must exist in a derived object are there, empty where the source does not know.

    Parameters
    ----------
    volume
        Read from DICOM.
    slices
        Indices into `volume.slices`.

    Raises
    ------
    StorageError
        When the volume was not read from DICOM, or its files are no longer there, or are others now.
    """
    from pydicom import dcmread

    if not volume.source_uids:
        raise StorageError(
            "This volume was not read from DICOM, so there is no patient and study to refer to.",
            "Its findings are kept as NIfTI and JSON instead.",
        )
    wanted = list(slices)
    paths = list(dict.fromkeys(volume.source_files[k] for k in wanted))
    headers: list[Dataset] = []
    faults: tuple[type[Exception], ...] = (*dicom_faults(), UnreadableFileError)
    for path in paths:
        wanted_tags: Any = _OF_EACH_IMAGE if headers else None
        try:
            with without_complaints(), place_named(path).opened() as (source, size):
                stream = as_stream(source, size)
                header = dcmread(stream, stop_before_pixels=True, force=True, specific_tags=wanted_tags)
                _check_same(header, {volume.source_uids[k] for k in wanted if volume.source_files[k] == path})
                headers.append(_prepared(header, volume))
        except faults as error:
            raise StorageError(
                "The CT files that the findings refer to cannot be read any more.",
                "Put them back in their place, or open the series again where it is now.",
                type(error).__name__,
            ) from error
    return headers


def refuse_one_uid_for_several(volume: Volume) -> None:
    """Raise ValueError where images of a volume share a UID: nothing made from them could say which it is of."""
    if len(volume.image_set) < len(volume.images):
        raise ValueError("images share a SOP Instance UID")


def _check_same(header: Dataset, uids: set[str]) -> None:
    """Refuse a file that was replaced since: findings would go to whoever it is of."""
    if str(header.get("SOPInstanceUID") or "").strip("\0 ") not in uids:
        raise StorageError(
            "The CT files that the findings refer to were replaced by others.",
            "Put the first ones back in their place, or open what is there now.",
        )


def _prepared(header: Dataset, volume: Volume) -> Dataset:
    from pydicom.valuerep import PersonName

    def as_text(_: Dataset, element: Any) -> None:
        # A person's name remembers its bytes in the file's character set and would write them again.
        if element.VR == "PN" and element.value and element.VM == 1:
            element.value = PersonName(without_escapes(str(element.value)))
        elif isinstance(element.value, str) and "\x1b" in element.value:
            element.value = without_escapes(element.value)

    header.decode()
    header.walk(as_text)
    # What a source names but leaves empty would be copied, and is wrong where a value is asked for.
    for element in list(header):
        if element.is_empty and element.keyword not in _MAY_BE_EMPTY:
            del header[element.tag]
    if not re.fullmatch(r"\d{3}[DWMY]", str(header.get("PatientAge", ""))):
        header.pop("PatientAge", None)
    header.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _MAY_BE_EMPTY:
        if keyword not in header:
            setattr(header, keyword, None if keyword.endswith(("Date", "Time")) else "")
    series = volume.series
    defaults = {
        "SeriesInstanceUID": series.series_uid,
        "StudyInstanceUID": series.study_uid or uid_from(f"study of {series.series_uid}"),
        # Without one, nothing could say that a mask lies where the image lies.
        "FrameOfReferenceUID": uid_from(f"frame of reference of {series.series_uid}"),
        "Modality": series.modality or "CT",
        "SOPClassUID": volume.source_class_uid,
    }
    for keyword, value in defaults.items():
        if not header.get(keyword):
            setattr(header, keyword, value)
    if header.get("PatientIdentityRemoved") == "YES" and not (
        header.get("DeidentificationMethod") or header.get("DeidentificationMethodCodeSequence")
    ):
        # One of the two must be there (PS3.3 C.7.1.1); the source leaves open which method it was.
        header.DeidentificationMethod = "Not stated by the source"
    if not volume.source_frames and not header.get("SliceThickness"):
        gaps = volume.stack.gaps_mm
        header.SliceThickness = round(float(np.median(gaps)), 6) if len(gaps) else 1.0
    return header
