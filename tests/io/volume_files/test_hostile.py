"""Files made to do harm, or spoilt on their way: a sentence for each, at once and without memory."""

from __future__ import annotations

import bz2
import gzip
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.io.volume_files.made import (
    DIRECTIONS,
    PLAIN_MATRIX,
    RAW,
    assert_lies_as,
    meta_header,
    nrrd_header,
    opened,
    refused,
    values,
    written_by_itk,
)
from viewer.domain.errors import CaseStageError, TooLargeError
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.volume_files import middle_slice, volume_file_entries

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = [".nrrd", ".nhdr", ".mha", ".mhd", ".nii", ".nii.gz"]


NRRD = {
    "huge": ["sizes: 65535 65535 65535"],
    "huge slices that fit no memory": ["sizes: 16384 16384 65535"],
    "larger than any number": [f"sizes: {'9' * 400} 6 5"],
    "a million digits": [f"sizes: {'9' * 1_000_000} 6 5"],
    "negative": ["sizes: -7 6 5"],
    "two negative": ["sizes: -7 -6 5"],
    "none": ["sizes: 0 6 5"],
    "a fraction": ["sizes: 7.5 6 5"],
    "words": ["sizes: seven six five"],
    "too few": ["sizes: 7 6"],
    "two dimensions": ["dimension: 2", "sizes: 7 6", "kinds: domain domain", "space directions: (1,0,0) (0,1,0)"],
    "a thousand dimensions": ["dimension: 1000", f"sizes: {'1 ' * 1000}"],
    "five dimensions": ["dimension: 5", "sizes: 7 6 5 2 2", "kinds: domain domain domain list list"],
    "a million volumes": ["dimension: 4", "sizes: 7 6 5 1000000", "kinds: domain domain domain list"],
    "volumes that are not there": ["dimension: 4", "sizes: 7 6 5 4000", "kinds: domain domain domain list"],
    "no such type": ["type: quaternion"],
    "blocks": ["type: block", "block size: 4"],
    "no such packing": ["encoding: zrl"],
    "no such order": ["endian: middle"],
    "a skip before the start": ["byte skip: -2"],
    "a skip beyond the end": ["byte skip: 1000000000000"],
    "lines that are not there": ["line skip: 1000000"],
    "a skip from the end of packed voxels": ["byte skip: -1", "encoding: gzip"],
    "directions of other words": ["space directions: (0.7,0,0) (0,0.8,0) east"],
    "too many directions": [f"space directions: {'(0,0,1) ' * 5}"],
    "a direction of two numbers": ["space directions: (0.7,0) (0,0.8) (0,0)"],
    "kinds of other axes": ["kinds: domain domain domain domain"],
    "complex": ["dimension: 4", "sizes: 2 7 6 5", "kinds: complex domain domain domain"],
}


@pytest.mark.usefixtures("cheaply")
@pytest.mark.parametrize("name", NRRD)
def test_nrrd_headers_that_cannot_be(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.nrrd"
    without = ["space directions"] if any(line.startswith("dimension") for line in NRRD[name]) else []
    if "two dimensions" in name:
        without = []
    path.write_bytes(nrrd_header(*NRRD[name], without=without) + RAW)
    refused(path)


@pytest.mark.usefixtures("cheaply")
@pytest.mark.parametrize("field", ["type", "dimension", "sizes", "encoding", "endian"])
def test_nrrd_headers_that_leave_out_what_is_needed(tmp_path: Path, field: str) -> None:
    (tmp_path / "a.nrrd").write_bytes(nrrd_header(without=[field]) + RAW)
    refused(tmp_path / "a.nrrd")


META = {
    "huge": ["DimSize = 65535 65535 65535"],
    "huge slices that fit no memory": ["DimSize = 16384 16384 65535"],
    "larger than any number": [f"DimSize = {'9' * 400} 6 5"],
    "negative": ["DimSize = -7 6 5"],
    "none": ["DimSize = 7 0 5"],
    "too few": ["DimSize = 7 6"],
    "two dimensions": ["NDims = 2", "DimSize = 7 6"],
    "five dimensions": ["NDims = 5", "DimSize = 7 6 5 1 1"],
    "a million volumes": ["NDims = 4", "DimSize = 7 6 5 1000000"],
    "a million channels": ["ElementNumberOfChannels = 1000000"],
    "no channel": ["ElementNumberOfChannels = 0"],
    "channels of volumes": ["NDims = 4", "DimSize = 7 6 5 2", "ElementNumberOfChannels = 2"],
    "no such type": ["ElementType = MET_STRING"],
    "neither true nor false": ["CompressedData = maybe"],
    "a header before the start": ["HeaderSize = -2"],
    "a header beyond the end": ["HeaderSize = 1000000000000"],
    "a header at the end of packed voxels": ["HeaderSize = -1", "CompressedData = True"],
    "a matrix of two rows": ["TransformMatrix = 1 0 0 1"],
    "a matrix of words": ["TransformMatrix = left back up"],
    "one number of spacing": ["ElementSpacing = 1"],
    "a key twice": ["DimSize = 7 6 5\nDimSize = 7 6 4"],
}


@pytest.mark.usefixtures("cheaply")
@pytest.mark.parametrize("name", META)
def test_metaimage_headers_that_cannot_be(tmp_path: Path, name: str) -> None:
    without = ["TransformMatrix", "Offset", "ElementSpacing"] if "NDims" in META[name][0] else []
    (tmp_path / "a.mha").write_bytes(meta_header(*META[name], without=without) + RAW)
    refused(tmp_path / "a.mha")


@pytest.mark.usefixtures("cheaply")
@pytest.mark.parametrize("key", ["NDims", "DimSize", "ElementType", "ElementDataFile"])
def test_metaimage_headers_that_leave_out_what_is_needed(tmp_path: Path, key: str) -> None:
    (tmp_path / "a.mha").write_bytes(meta_header(without=[key]) + RAW)
    refused(tmp_path / "a.mha")


def nifti_with(folder: Path, place: int, numbers: np.ndarray) -> Path:
    path = written_by_itk(folder / "a.nii", values(), DIRECTIONS["LPS"])
    raw = bytearray(path.read_bytes())
    raw[place : place + numbers.nbytes] = numbers.tobytes()
    path.write_bytes(bytes(raw))
    return path


NIFTI = {
    "huge": (42, np.array([32767, 32767, 32767], "<i2")),
    "negative": (42, np.array([-7, 6, 5], "<i2")),
    "none": (42, np.array([7, 6, 0], "<i2")),
    "two dimensions": (40, np.array([2, 7, 6, 1], "<i2")),
    "six dimensions": (40, np.array([6, 7, 6, 5, 2, 2, 2], "<i2")),
    "thirty thousand volumes": (40, np.array([4, 7, 6, 5, 30000], "<i2")),
    "no such type": (70, np.array([77], "<i2")),
    "complex": (70, np.array([32, 64], "<i2")),
    "colours": (70, np.array([128, 24], "<i2")),
    "voxels before the header ends": (108, np.array([10], "<f4")),
    "voxels beyond the end": (108, np.array([1e12], "<f4")),
    "voxels nowhere": (108, np.array([np.nan], "<f4")),
    "endless intercept": (112, np.array([2, np.inf], "<f4")),
    "voxels in another file": (344, np.frombuffer(b"ni1\0", np.uint8)),
}


@pytest.mark.usefixtures("cheaply")
@pytest.mark.parametrize("name", NIFTI)
def test_nifti_headers_that_cannot_be(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    refused(nifti_with(tmp_path, *NIFTI[name]))
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("cheaply")
def test_random_header_bytes_never_crash(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    sources = {
        ".nrrd": (nrrd_header(), RAW),
        ".mha": (meta_header(), RAW),
        ".nii": (written_by_itk(tmp_path / "a.nii", values(), DIRECTIONS["oblique"]).read_bytes()[:352], RAW),
    }
    said: list[str] = []
    for ending, (header, payload) in sources.items():
        for n in range(60):
            spoilt = bytearray(header)
            for place in rng.integers(0, len(header), 1 + n % 6):
                spoilt[place] = rng.integers(0, 256)
            path = tmp_path / f"b{ending}"
            path.write_bytes(bytes(spoilt) + payload)
            try:
                for entry in scan(path, JobContext()).series[:3]:
                    assemble(entry, JobContext())
            except CaseStageError as error:
                said.append(error.sentence)
    assert said
    assert all(sentence.endswith(".") for sentence in said)


@pytest.mark.usefixtures("cheaply")
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "content", [b"", b"NRRD", b"\0" * 5000, b"NDims = 3\n", b"\x1f\x8b" + b"\xff" * 500, b"x" * 6_000_000]
)
def test_files_that_are_something_else(tmp_path: Path, ending: str, content: bytes) -> None:
    (tmp_path / f"a{ending}").write_bytes(content)
    refused(tmp_path / f"a{ending}")


@pytest.mark.usefixtures("cheaply")
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_a_file_cut_anywhere_is_refused_and_never_filled_up(tmp_path: Path, ending: str, packed: bool) -> None:
    path = written_by_itk(tmp_path / f"a{ending}", values(), DIRECTIONS["oblique"], packed=packed)
    voxels = next((p for p in tmp_path.iterdir() if p != path), path)
    whole = voxels.read_bytes()
    for share in (0.2, 0.5, 0.9, 0.999):
        voxels.write_bytes(whole[: int(len(whole) * share)])
        refused(path)
    voxels.write_bytes(whole)
    opened(path)


@pytest.mark.parametrize("ending", [".nrrd", ".mha", ".nii.gz"])
def test_no_flipped_bit_in_packed_voxels_changes_one_unnoticed(tmp_path: Path, ending: str) -> None:
    path = written_by_itk(tmp_path / f"a{ending}", values(), DIRECTIONS["oblique"], packed=True)
    whole, slices = path.read_bytes(), opened(path).slices
    noticed = 0
    for place in range(len(whole) - 100, len(whole)):
        spoilt = bytearray(whole)
        spoilt[place] ^= 1 << (place % 8)
        path.write_bytes(bytes(spoilt))
        try:
            # The last byte of packed voxels has bits that mean nothing.
            assert np.array_equal(opened(path).slices, slices)
        except CaseStageError:
            noticed += 1
    assert noticed >= 98


@pytest.mark.usefixtures("cheaply")
def test_nothing_is_unpacked_beyond_what_the_header_says(tmp_path: Path) -> None:
    bomb = RAW + bytes(50 << 20)
    cases = {
        "a.nrrd": nrrd_header("encoding: gzip") + gzip.compress(bomb, 1),
        "b.mha": meta_header("CompressedData = True") + zlib.compress(bomb, 1),
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
    del bomb
    tracemalloc.reset_peak()
    for name in cases:
        assert_lies_as(opened(tmp_path / name), values(), PLAIN_MATRIX)


def test_no_gigabytes_are_unpacked_for_a_picture_in_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.io.volume_files._MOST_UNPACKED_FOR_A_PICTURE", 1 << 20)
    path = tmp_path / "a.nrrd"
    skipped = 3 << 20
    path.write_bytes(nrrd_header("encoding: gzip", f"byte skip: {skipped}") + gzip.compress(bytes(skipped) + RAW))
    (entry,) = volume_file_entries(str(path))
    with pytest.raises(TooLargeError, match="picture"):
        middle_slice(entry)
    assert_lies_as(opened(path), values(), PLAIN_MATRIX)


@pytest.mark.usefixtures("cheaply")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.nrrd", nrrd_header("encoding: gzip", "sizes: 2000 2000 900") + gzip.compress(RAW)),
        ("a.mha", meta_header("CompressedData = True", "DimSize = 2000 2000 900") + zlib.compress(RAW)),
        ("a.nrrd", nrrd_header("encoding: text", "sizes: 2000 2000 900") + b"1 2 3"),
        ("a.nrrd", nrrd_header("encoding: hex", "sizes: 2000 2000 900") + b"0123"),
        ("a.nrrd", nrrd_header("sizes: 2000 2000 900") + RAW),
    ],
)
def test_a_header_that_promises_gigabytes_costs_none(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path / name).sentence == "The file is damaged or ends early."


@pytest.mark.usefixtures("cheaply")
def test_packed_voxels_that_end_early_are_refused_whatever_was_promised(tmp_path: Path) -> None:
    header = nrrd_header("encoding: bzip2", "sizes: 512 512 40")
    (tmp_path / "a.nrrd").write_bytes(header + bz2.compress(bytes(1 << 20)))
    assert refused(tmp_path / "a.nrrd").sentence == "The file is damaged or ends early."
