"""Whose images may go into a pack: nobody's who has a name, whatever kind of file tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from tests.cli.conftest import write_series
from viewer.domain.errors import PackError
from viewer.domain.job import JobContext
from viewer.io.whose_images import named_patients

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEG, SR, CT = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.2"
TWEETY = {"PatientName": "CANARY^TWEETY", "PatientID": "90210"}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Return an image of a synthetic series, whose patient has a name that is none."""
    write_series(tmp_path / "ct")
    return sorted((tmp_path / "ct").iterdir())[0]


def written(path: Path, modality: str, sop_class: str, **said: str) -> Path:
    """Write a DICOM object without pixels."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = sop_class
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = generate_uid()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.Modality, made.StudyInstanceUID, made.SeriesInstanceUID = modality, generate_uid(), generate_uid()
    for keyword, value in said.items():
        setattr(made, keyword, value)
    made.save_as(path, enforce_file_format=True)
    return path


def refused(*files: Path) -> None:
    with pytest.raises(PackError) as refusal:
        named_patients("Two nodules", files, JobContext())
    said = f"{refusal.value.sentence} {refusal.value.hint} {refusal.value.detail}"
    assert "Two nodules" in said
    assert "CANARY" not in said.upper()


def test_images_and_what_was_made_of_them_may_leave_where_they_name_nobody(tmp_path: Path, image: Path) -> None:
    header = pydicom.dcmread(image)
    same = {"PatientName": str(header.PatientName), "PatientID": str(header.PatientID)}
    seg = written(tmp_path / "seg.dcm", "SEG", SEG, **same)
    nobody = written(tmp_path / "nobody.dcm", "SEG", SEG, PatientName="", PatientID="")
    removed = written(tmp_path / "removed.dcm", "CT", CT, PatientName="CASE-1", PatientIdentityRemoved="YES")
    named_patients("Two nodules", [image, seg, nobody, removed], JobContext())
    (tmp_path / "case.json").write_text('{"PatientName": "no DICOM"}')
    named_patients("Two nodules", [tmp_path / "case.json", image], JobContext())


@pytest.mark.parametrize(("modality", "sop_class"), [("SEG", SEG), ("SR", SR), ("CT", CT), ("RTSTRUCT", SR)])
@pytest.mark.parametrize("said", [{"PatientName": "CANARY^TWEETY"}, {"PatientID": "90210"}])
def test_another_object_of_somebody_with_a_name_does_not_leave(
    tmp_path: Path, image: Path, modality: str, sop_class: str, said: dict[str, str]
) -> None:
    other = written(tmp_path / "other.dcm", modality, sop_class, **said)
    refused(image, other)
    refused(other, image)


def _vr(content: bytes) -> bytes:
    return content.replace(b"\x08\x00\x60\x00CS", b"\x08\x00\x60\x00\xff\xff")


def _length(content: bytes) -> bytes:
    at = content.index(b"\x08\x00\x16\x00UI") + 6
    return content[:at] + b"\xf0\xff" + content[at + 2 :]


def _end(content: bytes) -> bytes:
    return content[: content.index(b"TWEETY") + 6]


def _meta(content: bytes) -> bytes:
    return content[:132] + b"\xff" * 12 + content[144:]


@pytest.mark.parametrize("spoil", [_vr, _length, _end, _meta])
@pytest.mark.parametrize(("modality", "sop_class"), [("SEG", SEG), ("CT", CT)])
def test_a_damaged_file_that_may_name_somebody_does_not_leave(
    tmp_path: Path, image: Path, spoil: Callable[[bytes], bytes], modality: str, sop_class: str
) -> None:
    whole = written(tmp_path / "other.dcm", modality, sop_class, **TWEETY).read_bytes()
    spoilt = spoil(whole)
    assert spoilt != whole
    assert b"TWEETY" in spoilt
    (tmp_path / "spoilt.dcm").write_bytes(spoilt)
    refused(image, tmp_path / "spoilt.dcm")
