"""Zip archives and DICOMDIR: the same images as from a folder, and nothing from outside of it."""

from __future__ import annotations

import os
import struct
import tracemalloc
import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset

from tests.io.conftest import axial, opened
from tests.machine_speed import Effort
from viewer.domain.errors import NothingToOpenError, StorageError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.source_headers import source_headers
from viewer.io.volume_hash import volume_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DEFLATED_SYNTAX = "1.2.840.10008.1.2.1.99"
SYNTAXES = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    DEFLATED_SYNTAX,
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.80",
)


def zipped(folder: Path, to: Path, *, packing: int = zipfile.ZIP_DEFLATED) -> Path:
    to.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(to, "w", packing) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path != to:
                archive.write(path, str(path.relative_to(folder)))
    return to


PACKINGS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


@pytest.mark.parametrize("packing", PACKINGS.values(), ids=PACKINGS)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_zip_holds_the_same_voxels_as_its_folder(made_ct: Any, tmp_path: Path, syntax: str, packing: int) -> None:
    made_ct.stack(axial(5), prefix="study/deep/", syntax=syntax)
    folder, archive = opened(made_ct.folder), opened(zipped(made_ct.folder, tmp_path / "study.zip", packing=packing))
    assert volume_sha256(archive) == volume_sha256(folder)
    assert np.array_equal(archive.stack.positions_lps_mm, folder.stack.positions_lps_mm)
    assert archive.verdict is Verdict.OK
    assert archive.source_uids == folder.source_uids


@pytest.mark.parametrize("inner", PACKINGS.values(), ids=[f"inner {name}" for name in PACKINGS])
@pytest.mark.parametrize("outer", PACKINGS.values(), ids=[f"outer {name}" for name in PACKINGS])
def test_an_archive_in_an_archive_holds_the_same_voxels(made_ct: Any, tmp_path: Path, outer: int, inner: int) -> None:
    made_ct.stack(axial(5), prefix="deep/")
    folder = opened(made_ct.folder)
    zipped(made_ct.folder, tmp_path / "in" / "a series.zip", packing=inner)
    archive = zipped(tmp_path / "in", tmp_path / "study.zip", packing=outer)
    volume = opened(archive)
    assert volume_sha256(volume) == volume_sha256(folder)
    assert [h.SOPInstanceUID for h in source_headers(volume, range(5))] == list(volume.source_uids)
    assert scan(archive, JobContext()).series[0].files[0].startswith(f"{archive}/a series.zip/deep/IM")


def test_images_of_one_series_in_several_inner_archives_are_one_volume(made_ct: Any, tmp_path: Path) -> None:
    syntax = "1.2.840.10008.1.2.4.80"
    stored = made_ct.stack(axial(6), syntax=syntax)
    with zipfile.ZipFile(tmp_path / "study.zip", "w", zipfile.ZIP_DEFLATED) as out:
        for n, path in enumerate(sorted(made_ct.folder.iterdir())):
            with zipfile.ZipFile(tmp_path / "one.zip", "w", zipfile.ZIP_DEFLATED) as one:
                one.write(path, path.name)
            out.write(tmp_path / "one.zip", f"part {n}.zip")
    volume = opened(tmp_path / "study.zip")
    assert np.array_equal(volume.slices, np.stack(stored).astype(int) - 1024)
    assert volume.verdict is Verdict.OK


def test_a_third_archive_inside_is_named_with_what_to_do(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(axial(3))
    zipped(made_ct.folder, tmp_path / "c" / "c.zip")
    made_ct.stack(axial(2), series="2")
    for path in list(made_ct.folder.iterdir())[:2]:
        path.rename(tmp_path / "c" / path.name)
    zipped(tmp_path / "c", tmp_path / "b" / "b.zip")
    found = scan(zipped(tmp_path / "b", tmp_path / "a.zip"), JobContext())
    (skipped,) = found.skipped
    assert skipped.file == "a.zip/b.zip/c.zip"
    assert skipped.why == "An archive inside an archive inside an archive; unpack the outer one first."
    assert skipped.unread


@pytest.mark.parametrize("spoil", ["a bit", "its end"])
@pytest.mark.parametrize("packing", PACKINGS.values(), ids=PACKINGS)
def test_a_damaged_inner_archive_costs_no_more_than_itself(
    made_ct: Any, tmp_path: Path, packing: int, spoil: str
) -> None:
    made_ct.stack(axial(5), prefix="first/")
    (tmp_path / "in").mkdir()
    whole = zipped(made_ct.folder, tmp_path / "in" / "b.zip", packing=zipfile.ZIP_STORED).read_bytes()
    zipped(made_ct.folder, tmp_path / "in" / "a.zip")
    raw = bytearray(whole)
    if spoil == "a bit":
        raw[len(raw) // 2] ^= 1
    (tmp_path / "in" / "b.zip").write_bytes(bytes(raw) if spoil == "a bit" else whole[: len(whole) // 2])
    for path in (made_ct.folder / "first").iterdir():
        path.unlink()
    found = scan(zipped(tmp_path / "in", tmp_path / "study.zip", packing=packing), JobContext())
    volume = assemble(found.series[0], JobContext())
    assert np.array_equal(volume.slices, np.stack([made_ct.pixels(k) for k in range(5)]).astype(int) - 1024)
    if spoil == "its end":
        assert [s.file for s in found.skipped] == ["study.zip/b.zip"]


@pytest.mark.parametrize("packing", list(PACKINGS.values())[1:], ids=list(PACKINGS)[1:])
def test_what_would_fill_the_memory_is_not_unpacked(made_ct: Any, tmp_path: Path, packing: int) -> None:
    made_ct.stack(axial(3))
    archive = zipped(made_ct.folder, tmp_path / "study.zip")
    with zipfile.ZipFile(archive, "a") as out:
        for name in ("bomb.dcm", "bomb.zip"):
            out.writestr(name, bytes(1000), packing)
        for name in ("liar.dcm", "liar.zip"):
            out.writestr(name, b"\0" * 128 + b"DICM" + bytes(16 << 20), packing)
    raw = archive.read_bytes()
    for name, size in (("bomb.dcm", 80 << 20), ("bomb.zip", 80 << 20), ("liar.dcm", 1000), ("liar.zip", 1000)):
        at = raw.rindex(name.encode()) - 46 + 24
        raw = raw[:at] + struct.pack("<L", size) + raw[at + 4 :]
    archive.write_bytes(raw)
    tracemalloc.start()
    found = scan(archive, JobContext())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [e.count for e in found.series] == [3]
    # What LZMA looks back into is as large as the archive says.
    assert peak < (24 if packing == zipfile.ZIP_LZMA else 8) << 20
    why = {s.file: s.why for s in found.skipped}
    assert "GB when unpacked" in why["study.zip/bomb.dcm"]
    assert "GB when unpacked" in why["study.zip/bomb.zip"]
    assert {"study.zip/liar.dcm", "study.zip/liar.zip"} <= set(why)


def test_lzma_that_asks_for_gigabytes_to_unpack_is_not_given_them(made_ct: Any, tmp_path: Path) -> None:
    made_ct.slice("a", made_ct.pixels())
    archive = zipped(made_ct.folder, tmp_path / "a.zip", packing=zipfile.ZIP_LZMA)
    raw = archive.read_bytes()
    at = raw.index(b"\x09\x04\x05\x00") + 5
    archive.write_bytes(raw[:at] + b"\xff\xff\xff\xff" + raw[at + 4 :])
    with pytest.raises(NothingToOpenError) as caught:
        scan(archive, JobContext())
    assert caught.value.sentence == "The packed data is damaged or too large."


def test_zip_of_real_ct_opens_like_its_folder(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "a03_head_slicer_64"
    archive = zipped(source, tmp_path / "head.zip")
    assert volume_sha256(opened(archive)) == volume_sha256(opened(source))


def test_zip_lies_among_the_files_of_a_folder_or_has_another_name(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(axial(3), series="1", prefix="a/")
    zipped(made_ct.folder, made_ct.folder / "more.zip")
    for path in (made_ct.folder / "a").iterdir():
        path.unlink()
    made_ct.stack(axial(4), series="2")
    assert sorted(e.count for e in scan(made_ct.folder, JobContext()).series) == [3, 4]
    plain = tmp_path / "download"
    (made_ct.folder / "more.zip").rename(plain)
    assert opened(plain).stack.count == 3


def test_findings_can_refer_to_images_inside_an_archive(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(axial(3))
    volume = opened(zipped(made_ct.folder, tmp_path / "study.zip"))
    headers = source_headers(volume, range(3))
    assert [h.SOPInstanceUID for h in headers] == list(volume.source_uids)
    (tmp_path / "study.zip").unlink()
    with pytest.raises(StorageError, match="cannot be read any more"):
        source_headers(volume, range(3))


@pytest.mark.parametrize("other", [True, False])
def test_of_two_members_of_one_name_that_differ_one_is_missed(made_ct: Any, tmp_path: Path, other: bool) -> None:
    made_ct.stack(axial(5))
    *files, last = sorted(made_ct.folder.iterdir(), key=lambda path: path.name[-1])
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as out, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in files:
            out.write(path, path.name)
        out.write(last if other else files[-1], files[-1].name)
    volume = opened(archive)
    assert volume.stack.count == 4
    assert volume.verdict is (Verdict.UNTRUSTED if other else Verdict.OK)
    assert any("images of this series may be missing" in reason for reason in volume.reasons) == other


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("way", ["lost from the directory", "in an archive before it"])
def test_images_that_the_directory_of_an_archive_does_not_list_are_missed(
    made_ct: Any, tmp_path: Path, way: str, packing: int
) -> None:
    made_ct.stack(axial(5))
    files = sorted(made_ct.folder.iterdir(), key=lambda path: path.name[-1])

    def archive_of(paths: Sequence[Path]) -> bytes:
        with zipfile.ZipFile(tmp_path / "part.zip", "w", packing) as out:
            for path in paths:
                out.write(path, path.name)
        return (tmp_path / "part.zip").read_bytes()

    archive = tmp_path / "study.zip"
    if way == "in an archive before it":
        archive.write_bytes(archive_of(files[3:]) + archive_of(files[:3]))
    else:
        raw = archive_of(files)
        first = _entries(raw)[3]
        end = raw.rfind(b"PK\x05\x06")
        tail = bytearray(raw[end:])
        tail[8:12] = struct.pack("<HH", 3, 3)
        tail[12:16] = struct.pack("<L", first - _entries(raw)[0])
        archive.write_bytes(raw[:first] + tail)
    volume = opened(archive)
    assert volume.stack.count == 3
    assert volume.verdict is Verdict.UNTRUSTED
    assert any("2 of the 5 files in its folder could not be read" in reason for reason in volume.reasons)
    named = [one for one in scan(archive, JobContext()).skipped if "not in its directory" in one.why]
    assert len(named) == 2


def _entries(raw: bytes) -> list[int]:
    """Return where the entries of an archive's directory begin."""
    return [n for n in range(len(raw)) if raw.startswith(b"PK\x01\x02", n)]


def test_an_image_whose_name_ends_as_that_of_a_folder_is_no_folder(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(axial(4))
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in made_ct.folder.iterdir():
            out.writestr(zipfile.ZipInfo(path.name + "/" * path.name.endswith("_3")), path.read_bytes())
        out.mkdir("empty")
    assert opened(archive).stack.count == 4


def test_images_in_a_folder_that_only_is_called_as_a_macs_own_are_opened(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(axial(4))
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in made_ct.folder.iterdir():
            out.write(path, f"__MACOSX/{path.name}")
            out.writestr(f"__MACOSX/._{path.name}", b"resource")
    assert opened(archive).stack.count == 4
    assert scan(archive, JobContext()).skipped == ()


def test_byte_that_changed_inside_an_archive_costs_that_image_alone(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(axial(5))
    archive = zipped(made_ct.folder, tmp_path / "study.zip", packing=zipfile.ZIP_STORED)
    (third,) = (n for n in zipfile.ZipFile(archive).namelist() if n.endswith("_2"))
    info = zipfile.ZipFile(archive).getinfo(third)
    raw = bytearray(archive.read_bytes())
    raw[info.header_offset + 30 + len(third) + info.file_size - 100] ^= 0xFF
    archive.write_bytes(raw)
    volume = opened(archive)
    assert volume.verdict is Verdict.UNTRUSTED
    assert "The image at H 5.0 mm could not be read: the file is damaged inside its archive." in volume.reasons
    assert volume.stack.count == 4


def test_what_an_archive_hides_is_named_with_the_reason(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(axial(3), prefix="ct/")
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in (made_ct.folder / "ct").iterdir():
            out.write(path, f"ct/{path.name}")
        out.writestr("inner.zip", b"PK\x03\x04")
        out.writestr("notes.txt", b"hello")
        out.writestr("shrunk.dcm", b"x" * 500)
        out.writestr("bomb.dcm", bytes(80 << 20), zipfile.ZIP_DEFLATED)
        out.writestr("locked.dcm", b"x" * 100)
        out.writestr("__MACOSX/ct/._IM1", b"x")
    raw = bytearray(archive.read_bytes())
    at = raw.rindex(b"locked.dcm") - 46
    assert raw[at : at + 4] == b"PK\x01\x02"
    struct.pack_into("<H", raw, at + 8, 1)
    struct.pack_into("<H", raw, raw.rindex(b"shrunk.dcm") - 46 + 10, 9)
    archive.write_bytes(raw)
    found = scan(archive, JobContext())
    assert [e.count for e in found.series] == [3]
    why = {s.file: s.why for s in found.skipped}
    assert set(why) == {f"study.zip/{n}" for n in ("inner.zip", "notes.txt", "shrunk.dcm", "bomb.dcm", "locked.dcm")}
    assert "The archive is damaged" in why["study.zip/inner.zip"]
    assert "not supported" in why["study.zip/shrunk.dcm"]
    assert "GB when unpacked" in why["study.zip/bomb.dcm"]
    assert "encrypted" in why["study.zip/locked.dcm"]


def test_names_that_lead_out_of_an_archive_lead_nowhere(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(axial(3))
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for n, path in enumerate(sorted(made_ct.folder.iterdir())):
            out.write(path, f"../../../outside_{n}")
    before = set(tmp_path.rglob("*"))
    assert opened(archive).stack.count == 3
    assert set(tmp_path.rglob("*")) == before


def dicomdir(folder: Path, names: Sequence[Sequence[str]], patient: str = "") -> Path:
    """Write a DICOMDIR that lists files by the parts of their names."""
    listing = Dataset()
    listing.file_meta = FileMetaDataset()
    listing.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    listing.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    listing.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    records = []
    for parts in names:
        record = Dataset()
        record.DirectoryRecordType = "IMAGE"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            record.ReferencedFileID = list(parts)
        if patient:
            record.PatientName = patient
        records.append(record)
    listing.DirectoryRecordSequence = records
    path = folder / "DICOMDIR"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        listing.save_as(path, enforce_file_format=True)
    return path


def test_dicomdir_opens_what_it_lists_whatever_the_case_of_the_names(made_ct: Any) -> None:
    made_ct.stack(axial(3), prefix="images/set/")
    listed = [("IMAGES", "SET", p.name.upper() + ";1") for p in (made_ct.folder / "images" / "set").iterdir()]
    made_ct.stack(axial(4), series="2", prefix="other/")
    path = dicomdir(made_ct.folder, [*listed, ("IMAGES", "SET", "GONE")])
    found = scan(path, JobContext())
    assert [e.count for e in found.series] == [3]
    assert [(s.file, s.why) for s in found.skipped] == [
        ("IMAGES/SET/GONE", "Is listed in the DICOMDIR but is not there.")
    ]


def test_dicomdir_cannot_lead_out_of_its_folder(made_ct: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    made_ct.slice("../outside/secret", made_ct.pixels(), (0, 0, 50))
    made_ct.stack(axial(2))
    inner = sorted(p.name for p in made_ct.folder.iterdir())
    (made_ct.folder / "link").symlink_to(outside)
    path = dicomdir(made_ct.folder, [(n,) for n in inner] + [("..", "outside", "secret"), ("link", "secret")])
    found = scan(path, JobContext())
    assert [e.count for e in found.series] == [2]
    assert len(found.skipped) == 2
    assert all("outside" in s.why or "leads out" in s.why for s in found.skipped)


def test_damaged_dicomdir_falls_back_to_what_lies_beside_it(made_ct: Any) -> None:
    made_ct.stack(axial(3), prefix="a/")
    path = made_ct.folder / "DICOMDIR"
    path.write_bytes(b"\0" * 128 + b"DICM" + os.urandom(64))
    assert [e.count for e in scan(path, JobContext()).series] == [3]


@pytest.mark.parametrize("variant", ["", "-bigEnd", "-implicit", "-nooffset", "-nopatient", "-reordered"])
def test_every_kind_of_dicomdir_lists_the_same_series(real_data: Path, variant: str) -> None:
    folder = real_data / "a17_dicomdir" / "dicomdirtests"
    found = scan(folder / f"DICOMDIR{variant}", JobContext())
    counts = [(e.facts.modality, e.count) for e in found.series]
    assert ("CT", 5) in counts
    assert ("CT", 4) in counts
    assert {modality for modality, _ in counts} >= {"CT", "CR", "MR"}
    assert len(counts) == 13


def test_slow_folder_is_read_in_the_same_order_by_several_threads(
    made_ct: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_ct.stack(axial(60))
    (made_ct.folder / "zz_notes.txt").write_text("no image")
    quick = scan(made_ct.folder, JobContext())
    monkeypatch.setattr("viewer.io.scan._SLOW_FILE_S", 0.0)
    slow = scan(made_ct.folder, JobContext())
    assert slow.series[0].files == quick.series[0].files
    assert slow.skipped == quick.skipped


def test_what_keeps_all_of_an_archive_closed_is_said_first(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack([(0, 0, float(k)) for k in range(3)])
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("notes.txt", "no image")
        for file in sorted(made_ct.folder.iterdir()):
            archive.write(file, file.name)
    raw = packed.read_bytes()
    for file in made_ct.folder.iterdir():
        at = raw.rindex(file.name.encode()) - 46 + 10
        # Deflate64, which Windows takes for large files.
        raw = raw[:at] + b"\x09\x00" + raw[at + 2 :]
    packed.write_bytes(raw)
    with pytest.raises(NothingToOpenError) as caught:
        scan(packed, JobContext())
    assert caught.value.hint == "3 files: Is packed in a way that is not supported; unpack the archive first."


def test_dicomdir_whose_files_were_given_other_names_misses_none(made_ct: Any) -> None:
    made_ct.stack(axial(3))
    names = sorted(file.name for file in made_ct.folder.iterdir())
    path = dicomdir(made_ct.folder, [(name,) for name in names])
    for name in names:
        (made_ct.folder / name).rename(made_ct.folder / f"{name}.dcm")
    found = scan(path, JobContext())
    assert [entry.count for entry in found.series] == [3]
    assert [one.file for one in found.skipped] == ["DICOMDIR"]


def test_dicomdir_without_the_files_of_its_disc_says_that_they_are_not_there(made_ct: Any) -> None:
    dicomdir(made_ct.folder, [("IMAGES", f"IM{k}") for k in range(3)])
    for path in (made_ct.folder / "DICOMDIR", made_ct.folder):
        with pytest.raises(NothingToOpenError) as caught:
            scan(path, JobContext())
        assert "were read" not in caught.value.detail
    with pytest.raises(NothingToOpenError) as caught:
        scan(made_ct.folder / "DICOMDIR", JobContext())
    assert caught.value.hint == "3 files: Is listed in the DICOMDIR but is not there."


def test_an_image_that_a_dicomdir_lists_and_that_is_gone_may_be_missed(made_ct: Any) -> None:
    made_ct.stack(axial(3), prefix="IMAGES/")
    names = sorted(path.name for path in (made_ct.folder / "IMAGES").iterdir())
    dicomdir(made_ct.folder, [("IMAGES", name) for name in [*names, "IM9"]])
    found = scan(made_ct.folder / "DICOMDIR", JobContext())
    assert [entry.count for entry in found.series] == [3]
    assert [(one.file, one.unread) for one in found.skipped] == [("IMAGES/IM9", True)]


def test_archive_without_files_is_a_sentence(tmp_path: Path) -> None:
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w"):
        pass
    with pytest.raises(NothingToOpenError, match="archive holds no files"):
        scan(empty, JobContext())


def test_dicomdir_that_inflates_to_gigabytes_is_not_inflated(made_ct: Any) -> None:
    made_ct.stack(axial(3), prefix="a/")
    path = dicomdir(made_ct.folder, [("A", "GONE")])
    raw = path.read_bytes()
    (length,) = struct.unpack_from("<L", raw, 140)
    raw = raw.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99\0\0".ljust(24, b"\0")[:24])
    at = raw.index(b"\x02\x00\x10\x00UI")
    raw = raw[: at + 6] + struct.pack("<H", 24) + raw[at + 8 :]
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(struct.pack("<HH2sHL", 0x0003, 0x1000, b"OB", 0, 900 << 20))
    bomb += b"".join(packer.compress(bytes(1 << 20)) for _ in range(900)) + packer.flush()
    path.write_bytes(raw[: 144 + length + 4] + bomb)
    tracemalloc.start()
    effort = Effort()
    assert [e.count for e in scan(path, JobContext()).series] == [3]
    assert effort.seconds() < 5
    assert tracemalloc.get_traced_memory()[1] < 300 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("items", [400_000, 2_000_000])
def test_dicomdir_of_very_many_records_takes_seconds_at_most(made_ct: Any, items: int) -> None:
    made_ct.stack(axial(3), prefix="a/")
    path = dicomdir(made_ct.folder, [("A", "GONE")])
    raw = path.read_bytes()
    at = raw.index(struct.pack("<HH2s", 0x0004, 0x1220, b"SQ"))
    records = struct.pack("<HHL", 0xFFFE, 0xE000, 0) * items
    path.write_bytes(raw[: at + 8] + struct.pack("<L", len(records)) + records)
    effort = Effort()
    assert [e.count for e in scan(path, JobContext()).series] == [3]
    assert effort.seconds() < 5


def test_dicomdir_says_nothing_of_a_patient_whose_name_its_lengths_run_into(made_ct: Any) -> None:
    made_ct.stack(axial(2))
    names = sorted(p.name for p in made_ct.folder.iterdir())
    path = dicomdir(made_ct.folder, [(n,) for n in names], patient="Nobody^Made")
    raw = path.read_bytes()
    at = raw.index(struct.pack("<HH2s", 0x0004, 0x1500, b"CS"))
    end = raw.index(b"Nobody^Made") + 12
    path.write_bytes(raw[: at + 6] + struct.pack("<H", end - at - 8) + raw[at + 8 :])
    found = scan(path, JobContext())
    assert "Nobody" not in " ".join(s.file + s.why for s in found.skipped)
    assert ("DICOMDIR", "Names a file by what can be no name.") in [(s.file, s.why) for s in found.skipped]


@pytest.mark.parametrize("name", ["", "/"])
def test_a_member_without_a_name_costs_nothing(made_ct: Any, tmp_path: Path, name: str) -> None:
    made_ct.stack(axial(3))
    archive = zipped(made_ct.folder, tmp_path / "a.zip")
    with zipfile.ZipFile(archive, "a") as more:
        more.writestr("@", b"x")
    raw = archive.read_bytes()
    # Its name is taken out of both headers.
    for mark, lengths, size in ((b"PK\x03\x04", 26, 30), (b"PK\x01\x02", 28, 46)):
        at = raw.rindex(mark)
        raw = raw[: at + lengths] + struct.pack("<H", len(name)) + raw[at + lengths + 2 :]
        raw = raw[: at + size] + name.encode() + raw[at + size + 1 :]
    end = raw.rindex(b"PK\x05\x06")
    size, start = struct.unpack_from("<LL", raw, end + 12)
    less = 1 - len(name)
    archive.write_bytes(raw[: end + 12] + struct.pack("<LL", size - less, start - less) + raw[end + 20 :])
    assert [e.count for e in scan(archive, JobContext()).series] == [3]


def test_names_of_members_steer_no_terminal_and_turn_no_line(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(axial(3))
    archive = zipped(made_ct.folder, tmp_path / "a.zip")
    with zipfile.ZipFile(archive, "a") as more:
        more.writestr("\u202egnp.exe\x1b[2J", b"no image")
        more.writestr("woman \U0001f469\u200d\U0001f52c", b"no image")
    found = scan(archive, JobContext())
    assert {s.file for s in found.skipped} == {
        "a.zip/\N{REPLACEMENT CHARACTER}gnp.exe\N{REPLACEMENT CHARACTER}[2J",
        "a.zip/woman \U0001f469\u200d\U0001f52c",
    }


def test_names_that_are_not_the_text_that_they_say_to_be_hide_no_image(made_ct: Any, tmp_path: Path) -> None:
    stored = made_ct.stack(axial(4))
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for n, path in enumerate(sorted(made_ct.folder.iterdir())):
            out.write(path, f"Größe {n}")
    archive.write_bytes(archive.read_bytes().replace("öß".encode(), b"\xf6\xdf\xff\xfe"))
    volume = opened(archive)
    assert np.array_equal(volume.slices, np.stack(stored).astype(int) - 1024)
    assert volume.verdict is Verdict.OK
    assert len(source_headers(volume, range(4))) == 4


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("at", [26, 28], ids=["length of the name", "length of what follows it"])
def test_an_image_whose_own_header_in_the_archive_is_damaged_is_missed(
    made_ct: Any, tmp_path: Path, at: int, packing: int
) -> None:
    for k, place in enumerate(axial(5)):
        made_ct.slice(f"IM{k}", made_ct.pixels(k), place)
    archive = zipped(made_ct.folder, tmp_path / "study.zip", packing=packing)
    last = zipfile.ZipFile(archive).infolist()[-1]
    raw = bytearray(archive.read_bytes())
    raw[last.header_offset + at] ^= 0x10
    archive.write_bytes(raw)
    volume = opened(archive)
    assert (volume.stack.count, volume.verdict) == (4, Verdict.UNTRUSTED)
    assert any("images of this series may be missing" in reason for reason in volume.reasons)


def test_an_image_whose_name_is_cut_off_at_its_beginning_is_opened(made_ct: Any, tmp_path: Path) -> None:
    for k, place in enumerate(axial(4)):
        made_ct.slice(f"IM{k}", made_ct.pixels(k), place)
    archive = zipped(made_ct.folder, tmp_path / "study.zip")
    archive.write_bytes(archive.read_bytes().replace(b"IM3", b"\0M3"))
    assert opened(archive).stack.count == 4


def test_an_archive_whose_directory_counts_more_than_it_names_is_not_trusted(made_ct: Any, tmp_path: Path) -> None:
    for k, place in enumerate(axial(5)):
        made_ct.slice(f"IM{k}", made_ct.pixels(k), place)
    archive = zipped(made_ct.folder, tmp_path / "study.zip")
    raw = bytearray(archive.read_bytes())
    # The comment of the third takes in the fourth and the fifth, whose own headers are damaged as well.
    third, fourth = _entries(bytes(raw))[2:4]
    raw[third + 32 : third + 34] = struct.pack("<H", raw.rfind(b"PK\x05\x06") - fourth)
    for info in zipfile.ZipFile(archive).infolist()[3:]:
        raw[info.header_offset] = 0
    archive.write_bytes(raw)
    volume = opened(archive)
    assert (volume.stack.count, volume.verdict) == (3, Verdict.UNTRUSTED)
    (said,) = (one.why for one in scan(archive, JobContext()).skipped)
    assert "it names 3 of the 5 files that it counts" in said
