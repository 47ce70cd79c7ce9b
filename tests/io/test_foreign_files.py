"""Files that are no images themselves, but hold some or should be called otherwise: each is named, with what to do."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import pytest

from viewer.domain.errors import NothingToOpenError
from viewer.domain.job import JobContext
from viewer.io.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

NIFTI = nibabel.Nifti1Image(np.full((4, 5, 6), -1000, np.int16), np.eye(4)).to_bytes()


def tar(mode: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=f"w{mode}") as archive:
        member = tarfile.TarInfo("IM0001")
        member.size = 3000
        archive.addfile(member, io.BytesIO(bytes(3000)))
    return stream.getvalue()


def zipped(name: str = "IM0001") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, bytes(300))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence", "hint"),
    [
        pytest.param(b"7z\xbc\xaf\x27\x1c" + bytes(300), "A 7z archive.", "Unpack it first.", id="7z"),
        pytest.param(b"Rar!\x1a\x07\x01\x00" + bytes(300), "A RAR archive.", "Unpack it first.", id="RAR"),
        pytest.param(tar(""), "A tar archive.", "Unpack it first.", id="tar"),
        pytest.param(tar(":gz"), "A tar archive packed with gzip.", "Unpack it first.", id="tar.gz"),
        pytest.param(gzip.compress(bytes(500), mtime=0), "A file packed with gzip.", "Unpack it first.", id="gzip"),
        pytest.param(bz2.compress(bytes(500)), "A file packed with bzip2.", "Unpack it first.", id="bzip2"),
        pytest.param(lzma.compress(bytes(500)), "A file packed with xz.", "Unpack it first.", id="xz"),
        pytest.param(b"PK\7\x08" + zipped(), "A part of an archive in several parts.", "Join", id="part of a zip"),
        pytest.param(NIFTI, "A NIfTI volume by another name.", "ends in .nii.", id="NIfTI"),
        pytest.param(
            gzip.compress(NIFTI, mtime=0), "A NIfTI volume by another name.", "ends in .nii.gz.", id="packed NIfTI"
        ),
        pytest.param(b"NRRD0004\ntype: short\n", "An NRRD volume by another name.", "ends in .nrrd.", id="NRRD"),
        pytest.param(b"ObjectType = Image\nNDims = 3\n", "A MetaImage volume by", "ends in .mha", id="MetaImage"),
    ],
)
def test_what_a_file_is_is_said_with_what_to_do(tmp_path: Path, content: bytes, sentence: str, hint: str) -> None:
    (tmp_path / "export").write_bytes(content)
    for path in (tmp_path / "export", tmp_path):
        with pytest.raises(NothingToOpenError) as refused:
            scan(path, JobContext())
        words = f"{refused.value.sentence} {refused.value.hint}"
        assert sentence in words
        assert hint in words


@pytest.mark.parametrize(
    ("name", "content", "sentence", "hint"),
    [
        ("cd.iso", bytes(40_000), "A disc image.", "Mount it"),
        ("brain.mgz", gzip.compress(bytes(300), mtime=0), "A FreeSurfer volume.", "Convert it to NIfTI."),
        ("brain.mnc", b"\x89HDF\r\n\x1a\n" + bytes(300), "A MINC volume.", "Convert it to NIfTI."),
        ("ct.npy", b"\x93NUMPY\1\0" + bytes(300), "An array of numbers", "Convert it to NIfTI."),
    ],
)
def test_what_researchers_and_archives_hand_over_is_known(
    tmp_path: Path, name: str, content: bytes, sentence: str, hint: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NothingToOpenError) as caught:
        scan(tmp_path / name, JobContext())
    assert caught.value.sentence.startswith(sentence)
    assert caught.value.hint.startswith(hint)


def test_a_zip_archive_without_its_ending_opens_alone_and_is_named_in_a_folder(made_ct: Any) -> None:
    made_ct.stack([(0, 0, 2.0 * k) for k in range(3)])
    with zipfile.ZipFile(made_ct.folder.parent / "export", "w") as archive:
        for file in sorted(made_ct.folder.iterdir()):
            archive.write(file, file.name)
    assert [entry.count for entry in scan(made_ct.folder.parent / "export", JobContext()).series] == [3]
    (made_ct.folder.parent / "export").rename(made_ct.folder / "export")
    (skipped,) = scan(made_ct.folder, JobContext()).skipped
    assert skipped.why == "A zip archive without .zip at the end of its name."
    assert skipped.hint == "Open it by itself."


@pytest.mark.parametrize("name", ["[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"])
def test_a_document_that_is_packed_as_a_zip_archive_is_no_archive_of_images(made_ct: Any, name: str) -> None:
    made_ct.stack([(0, 0, 2.0 * k) for k in range(3)])
    (made_ct.folder / "report").write_bytes(zipped(name))
    (skipped,) = scan(made_ct.folder, JobContext()).skipped
    assert skipped.why == "Not an image in DICOM, NIfTI, NRRD or MetaImage."


def test_the_last_part_of_a_zip_archive_in_several_asks_for_the_others(tmp_path: Path) -> None:
    whole = bytearray(zipped())
    directory, end = whole.rindex(b"PK\1\2"), whole.rindex(b"PK\5\6")
    # Where a member begins is counted in the part of that number; the directory lies in the last.
    whole[directory + 34 : directory + 36] = b"\0\0"
    whole[end + 4 : end + 8] = b"\2\0\2\0"
    (tmp_path / "export.zip").write_bytes(whole[directory:])
    with pytest.raises(NothingToOpenError) as refused:
        scan(tmp_path / "export.zip", JobContext())
    assert refused.value.sentence == "The last part of an archive in several parts."
    assert refused.value.hint == "Join all its parts, or unpack them together, and open what comes out."


def test_damage_is_not_answered_with_what_can_be_opened(tmp_path: Path) -> None:
    (tmp_path / "scan.zip").write_bytes(b"<!DOCTYPE html><html>Please log in</html>")
    (tmp_path / "scan.nii").write_bytes(bytes(1000))
    for name, hint in (("scan.zip", "Get the archive again."), ("scan.nii", "Copy the file again")):
        with pytest.raises(NothingToOpenError) as refused:
            scan(tmp_path / name, JobContext())
        assert refused.value.hint.startswith(hint)
