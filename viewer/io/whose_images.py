"""Whether DICOM files may leave: only those of synthetic CT, or from which the patient was removed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from viewer.domain.errors import PackError, UnreadableFileError
from viewer.io.file_bytes import FilePlace, as_stream
from viewer.io.image_header import read_header
from viewer.io.pydicom_headers import dicom_faults
from viewer.io.source_headers import without_complaints

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from viewer.domain.job import JobContext

_ASKED = ["PatientName", "PatientID", "PatientIdentityRemoved", "SyntheticData", "Modality"]
# PS3.5 6.2, CS.
_CODE = re.compile(r"[A-Z0-9 _]{1,16}")


def named_patients(title: str, files: Sequence[Path], ctx: JobContext) -> None:
    """Refuse files that name a patient: images that are not de-identified, and other DICOM objects of other patients.

    Raises
    ------
    PackError
        Naming the case by its title, and no patient.
    """
    refused = PackError(
        f"The images of the case “{title}” are not de-identified.",
        "Open them, choose “Make a case” and save it; that removes the patient.",
    )
    cleared: set[tuple[str, str]] = set()
    derived: list[tuple[str, str]] = []
    for number, path in enumerate(files):
        ctx.report(number, len(files), "Looking for patients' names")
        said = _said(path)
        if said is None:
            if not _begins_as_dicom(path):
                continue
            raise PackError(
                f"A DICOM file of the case “{title}” cannot be read, so nobody knows whom it names.",
                "Take it out of the case's folder.",
                path.name,
            )
        who = (said["PatientName"], said["PatientID"])
        if said["SyntheticData"] == "YES":
            cleared.add(who)
        elif said["Modality"] == "SEG":
            derived.append(who)
        elif said["PatientIdentityRemoved"] == "YES" or not any(who):
            cleared.add(who)
        else:
            raise refused
    # A segmentation has the patient of its images.
    if any(any(who) and who not in cleared for who in derived):
        raise refused


def _said(path: Path) -> dict[str, str] | None:
    """Return what a DICOM file says of its patient, None for one that cannot be read or is of another kind."""
    from pydicom import dcmread

    try:
        with without_complaints(), FilePlace(str(path)).opened() as (source, size):
            try:
                read_header(source, size)
            except UnreadableFileError:
                return None
            stream = as_stream(source, size, 5.0)
            found = dcmread(stream, stop_before_pixels=True, force=True, specific_tags=list(_ASKED))
            said = {keyword: str(found.get(keyword) or "").strip() for keyword in _ASKED}
            # Every image and report has a modality; what has none was not read to the patient, or lists several.
            return said if _CODE.fullmatch(said["Modality"]) else None
    except UnreadableFileError:
        return None
    except dicom_faults():
        return None


def _begins_as_dicom(path: Path) -> bool:
    """Return whether a file has the mark of DICOM (PS3.10 7.1)."""
    with FilePlace(str(path)).opened() as (source, size):
        return size >= 132 and source.read_at(128, 4) == b"DICM"
