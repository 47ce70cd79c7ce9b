"""Volumes in single files inside zip archives: the same as beside them, and nothing from outside."""

from __future__ import annotations

import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.io.volume_files.made import (
    DIRECTIONS,
    PLAIN_MATRIX,
    assert_as_itk,
    assert_lies_as,
    meta_header,
    nrrd_header,
    opened,
    values,
    written_by_itk,
)
from viewer.domain.errors import CaseStageError
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.thumbnails import thumbnail

if TYPE_CHECKING:
    from pathlib import Path

RAW = values().tobytes()
PACKINGS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}
ENDINGS = [".nrrd", ".nhdr", ".mha", ".mhd", ".nii", ".nii.gz"]


def zipped(to: Path, files: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(to, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return to


@pytest.mark.parametrize("packing", PACKINGS.values(), ids=PACKINGS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_volume_in_an_archive_is_the_same_as_beside_it(tmp_path: Path, ending: str, packing: int) -> None:
    (tmp_path / "plain").mkdir()
    path = written_by_itk(tmp_path / "plain" / f"a{ending}", values(), DIRECTIONS["oblique, left-handed"])
    files = {f"study/deep/{one.name}": one.read_bytes() for one in path.parent.iterdir()}
    archive = zipped(tmp_path / "study.zip", files, packing)
    found = scan(archive, JobContext())
    assert [e.facts.description for e in found.series] == ["a"]
    assert found.skipped == ()
    volume = assemble(found.series[0], JobContext())
    assert_as_itk(volume, path)
    assert volume.series.series_uid == opened(path).series.series_uid
    assert np.array_equal(thumbnail(found.series[0]), thumbnail(scan(path, JobContext()).series[0]))


def test_an_archive_whose_folders_are_written_as_on_windows_is_read(tmp_path: Path) -> None:
    written_by_itk(tmp_path / "a.mhd", values(), DIRECTIONS["oblique, left-handed"])
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for name in ("study/deep/", "study/deep/a.mhd", "study/deep/a.raw"):
            member = zipfile.ZipInfo(name)
            member.create_system = 0
            out.writestr(member, b"" if name.endswith("/") else (tmp_path / name[-5:]).read_bytes())
    archive.write_bytes(archive.read_bytes().replace(b"study/deep/", b"study\\deep\\"))
    found = scan(archive, JobContext())
    assert (found.series[0].facts.description, found.skipped) == ("a", ())
    assert_as_itk(assemble(found.series[0], JobContext()), tmp_path / "a.mhd")


def test_an_archive_among_the_files_of_a_folder_is_read_too(tmp_path: Path) -> None:
    written_by_itk(tmp_path / "a.mhd", values(), DIRECTIONS["LPS"])
    files = {"b.nhdr": nrrd_header("data file: voxels/s%d.raw 1 5 1")}
    files |= {f"voxels/s{k + 1}.raw": values()[k].tobytes() for k in range(5)}
    zipped(tmp_path / "more.zip", files)
    found = scan(tmp_path, JobContext())
    assert [e.facts.description for e in found.series] == ["a", "b"]
    assert found.skipped == ()
    assert_lies_as(assemble(found.series[1], JobContext()), values(), PLAIN_MATRIX)


@pytest.mark.parametrize("packing", PACKINGS.values(), ids=PACKINGS)
def test_a_later_volume_of_an_archived_file_is_read(tmp_path: Path, packing: int) -> None:
    header = nrrd_header(
        "dimension: 4",
        "sizes: 7 6 5 3",
        "kinds: domain domain domain time",
        "space directions: (0.7,0,0) (0,0.8,0) (0,0,2.5) none",
    )
    stored = b"".join((values() + n).tobytes() for n in range(3))
    entries = scan(zipped(tmp_path / "a.zip", {"a.nrrd": header + stored}, packing), JobContext()).series
    for n, entry in enumerate(entries):
        assert_lies_as(assemble(entry, JobContext()), values() + n, PLAIN_MATRIX)


def spoil(archive: Path) -> None:
    """Change a bit near the end of the last member."""
    whole = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as listed:
        last = listed.infolist()[-1]
        whole[last.header_offset + 30 + len(last.filename) + last.compress_size - 20] ^= 1
    archive.write_bytes(bytes(whole))


@pytest.mark.parametrize("packing", PACKINGS.values(), ids=PACKINGS)
@pytest.mark.parametrize("name", ["a.mha", "a.mhd"])
def test_a_byte_changed_in_an_archive_is_noticed(tmp_path: Path, name: str, packing: int) -> None:
    files = {"a.mha": meta_header() + RAW}
    if name == "a.mhd":
        files = {"a.mhd": meta_header("ElementDataFile = a.raw"), "a.raw": RAW}
    archive = zipped(tmp_path / "a.zip", files, packing)
    spoil(archive)
    with pytest.raises(CaseStageError) as caught:
        opened(archive)
    assert "cannot be read" in caught.value.sentence + caught.value.detail
    # A larger one is read to its end only when it is opened.
    large = np.random.default_rng(2).integers(-1000, 1000, (60, 130, 200)).astype(np.int16).tobytes()
    header = meta_header("DimSize = 200 130 60", "ElementDataFile = a.raw")
    zipped(archive, {"a.mhd": header, "a.raw": large}, packing)
    spoil(archive)
    with pytest.raises(CaseStageError, match="damaged or ends early"):
        opened(archive)


def test_voxels_are_looked_for_only_in_the_same_archive(tmp_path: Path) -> None:
    (tmp_path / "voxels.raw").write_bytes(RAW)
    zipped(tmp_path / "other.zip", {"voxels.raw": RAW})
    for said in ("../voxels.raw", "../other.zip/voxels.raw", "/voxels.raw", "voxels.raw", "other.zip/voxels.raw"):
        for name, header in (
            ("a.nhdr", nrrd_header(f"data file: {said}")),
            ("a.mhd", meta_header(f"ElementDataFile = {said}")),
        ):
            with pytest.raises(CaseStageError, match="outside of its folder|not beside its header"):
                opened(zipped(tmp_path / "a.zip", {name: header}))


@pytest.mark.parametrize("packing", PACKINGS.values(), ids=PACKINGS)
def test_reading_from_an_archive_takes_no_more_memory_than_the_volume(tmp_path: Path, packing: int) -> None:
    array = np.random.default_rng(2).integers(-1000, 1000, (60, 160, 200)).astype(np.int16)
    path = written_by_itk(tmp_path / "a.nrrd", array, DIRECTIONS["left-handed"])
    (entry,) = scan(zipped(tmp_path / "a.zip", {"a.nrrd": path.read_bytes()}, packing), JobContext()).series
    tracemalloc.start()
    volume = assemble(entry, JobContext())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # What LZMA looks back into is as large as the archive says.
    assert peak < 1.3 * volume.slices.nbytes + (24 << 20 if packing == zipfile.ZIP_LZMA else 0)
