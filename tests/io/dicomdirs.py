"""A DICOMDIR for images that were made, as discs have one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def list_images(folder: Path, series: Mapping[str, Iterable[Path]]) -> None:
    """Write a DICOMDIR into a folder that lists the images below it, by Series Instance UID."""
    listed = [{"DirectoryRecordType": "PATIENT"}, {"DirectoryRecordType": "STUDY"}]
    for uid, images in series.items():
        listed.append({"DirectoryRecordType": "SERIES", "SeriesInstanceUID": uid})
        for image in images:
            sop_uid = pydicom.dcmread(image, stop_before_pixels=True).SOPInstanceUID
            parts = [part.upper() for part in image.relative_to(folder).parts]
            named = {"ReferencedFileID": parts, "ReferencedSOPInstanceUIDInFile": sop_uid}
            listed.append({"DirectoryRecordType": "IMAGE", **named})
    directory = Dataset()
    directory.file_meta = FileMetaDataset()
    directory.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    directory.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    directory.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    directory.DirectoryRecordSequence = []
    for elements in listed:
        record = Dataset()
        for keyword, value in elements.items():
            setattr(record, keyword, value)
        directory.DirectoryRecordSequence.append(record)
    directory.save_as(folder / "DICOMDIR", enforce_file_format=True)
