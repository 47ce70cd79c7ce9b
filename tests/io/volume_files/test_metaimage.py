"""MetaImage as other programs write it by hand: where its voxels are, how they are stored, which way its axes run."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.io.volume_files.made import (
    DIRECTIONS,
    PLAIN_MATRIX,
    assert_as_itk,
    assert_lies_as,
    meta_header,
    opened,
    values,
    written_beside,
)
from viewer.domain.errors import CaseStageError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

RAW = values().tobytes()
CT = values() * 10 - 500


def local(folder: Path, header: bytes, payload: bytes = RAW) -> Path:
    path = folder / "a.mha"
    path.write_bytes(header + payload)
    return path


def detached(folder: Path, *lines: str, **files: bytes) -> Path:
    return written_beside(folder / "a.mhd", meta_header(*lines), files)


@pytest.mark.parametrize(
    ("lines", "payload"),
    [
        ([], RAW),
        (["BinaryDataByteOrderMSB = True"], values().astype(">i2").tobytes()),
        (["CompressedData = True"], zlib.compress(RAW)),
        (["CompressedData = True"], gzip.compress(RAW)),
        (["CompressedData = True", f"CompressedDataSize = {len(zlib.compress(RAW))}"], zlib.compress(RAW) + b"more"),
        (["CompressedData = True", "BinaryDataByteOrderMSB = True"], zlib.compress(values().astype(">i2").tobytes())),
        (["HeaderSize = -1"], b"some header of another program" + RAW),
        (["ElementType = MET_LONG"], values(np.int32).tobytes()),
        (["ElementType = MET_LONG_LONG"], values(np.int64).tobytes()),
        (["ElementType = MET_DOUBLE"], values(np.float64).tobytes()),
        (["ElementType = MET_UCHAR"], values(np.uint8).tobytes()),
        (["ElementType = MET_CHAR"], values(np.int8).tobytes()),
        (["Comment = a = b : c"], RAW),
        (["ElementSize = 9 9 9"], RAW),
        (["Modality = MET_MOD_CT"], RAW),
        (["ElementDataFile = local"], RAW),
    ],
    ids=lambda value: " and ".join(value) if isinstance(value, list) else "",
)
def test_voxels_are_found_however_they_are_stored(tmp_path: Path, lines: list[str], payload: bytes) -> None:
    volume = opened(local(tmp_path, meta_header(*lines), payload))
    array = values({"MET_UCHAR": np.uint8, "MET_CHAR": np.int8}.get("".join(lines).rpartition(" ")[2], np.int16))
    assert_lies_as(volume, array, PLAIN_MATRIX)
    assert volume.slices.dtype == np.int16
    assert volume.verdict is Verdict.OK


@pytest.mark.parametrize(
    "lines",
    [
        ["HeaderSize = -1"],
        ["BinaryDataByteOrderMSB = True"],
        ["ElementType = MET_USHORT"],
        ["TransformMatrix = 0 1 0 0 0 1 1 0 0"],
        ["TransformMatrix = 0.8 0.6 0 -0.6 0.8 0 0 0 -1", "AnatomicalOrientation = ???"],
        ["Rotation = -1 0 0 0 -1 0 0 0 1"],
        ["Orientation = -1 0 0 0 1 0 0 0 1"],
        ["Position = 1 2 3"],
        ["Origin = 1 2 3"],
        ["ElementSize = 1 2 3"],
    ],
    ids=" and ".join,
)
def test_itk_reads_the_same(tmp_path: Path, lines: list[str]) -> None:
    other = {"Rotation": "TransformMatrix", "Orientation": "TransformMatrix", "Position": "Offset", "Origin": "Offset"}
    key = lines[0].partition(" ")[0]
    without = [other[key]] if key in other else ["ElementSpacing"] if key == "ElementSize" else []
    letters = [] if key in ("ElementSize", "HeaderSize") else ["AnatomicalOrientation"]
    path = local(tmp_path, meta_header(*lines, without=[*without, *letters]))
    assert_as_itk(opened(path), path)


def test_the_older_word_for_the_order_of_bytes_is_understood(tmp_path: Path) -> None:
    header = meta_header("ElementByteOrderMSB = True", without=["BinaryDataByteOrderMSB"])
    assert_lies_as(opened(local(tmp_path, header, values().astype(">i2").tobytes())), values(), PLAIN_MATRIX)


@pytest.mark.parametrize("older", [True, False])
def test_numbers_that_may_be_stored_either_way_are_not_guessed(tmp_path: Path, older: bool) -> None:
    header = meta_header(f"ElementByteOrderMSB = {older}", f"BinaryDataByteOrderMSB = {not older}")
    with pytest.raises(CaseStageError, match="says in two ways how its numbers are stored, and they differ"):
        opened(local(tmp_path, header))


@pytest.mark.parametrize(
    ("line", "trusted"),
    [
        ("Origin = 5 5 5", False),
        ("Position = 11.5 -22.25 0", False),
        ("Orientation = 0 1 0 1 0 0 0 0 1", False),
        ("Position = 11.50 -22.25 333.125", True),
        ("Rotation = 1.0 0 0 0 1.0 0 0 0 1", True),
    ],
)
def test_two_places_that_differ_are_not_trusted(tmp_path: Path, line: str, trusted: bool) -> None:
    volume = opened(local(tmp_path, meta_header(line, without=["AnatomicalOrientation"])))
    assert volume.measurable is trusted
    assert ("The file says in two ways where it lies, and they differ." in volume.reasons) is not trusted


def test_header_size_counts_from_the_start_of_the_file(tmp_path: Path) -> None:
    path = detached(tmp_path, "HeaderSize = 16", "ElementDataFile = a.raw", a=b"sixteen bytes...\0"[:16] + RAW)
    assert_lies_as(opened(path), values(), PLAIN_MATRIX)
    assert_as_itk(opened(path), path)
    header = meta_header("HeaderSize = 1000")
    path = local(tmp_path, header, bytes(1000 - len(header)) + RAW)
    assert_lies_as(opened(path), values(), PLAIN_MATRIX)
    assert_as_itk(opened(path), path)


@pytest.mark.parametrize("order", ["True", "False"])
def test_numbers_may_be_written_as_text_which_has_no_order_of_bytes(tmp_path: Path, order: str) -> None:
    text = " ".join(str(v) for v in values().flat).encode()
    path = local(tmp_path, meta_header("BinaryData = False", f"BinaryDataByteOrderMSB = {order}"), text)
    assert_lies_as(opened(path), values(), PLAIN_MATRIX)


def test_lines_may_end_as_on_windows(tmp_path: Path) -> None:
    path = local(tmp_path, meta_header().replace(b"\n", b"\r\n"))
    assert_lies_as(opened(path), values(), PLAIN_MATRIX)
    assert_as_itk(opened(path), path)


def test_files_of_a_list_are_one_volume(tmp_path: Path) -> None:
    slices = {f"s{k}": values()[k].tobytes() for k in range(5)}
    names = "\n".join(f"s{k}.raw" for k in range(5))
    for said in (f"LIST\n{names}", f"LIST 2\n{names}", f"LIST 2D\n{names}\n\n"):
        path = detached(tmp_path, f"ElementDataFile = {said}", **slices)
        assert_lies_as(opened(path), values(), PLAIN_MATRIX)
        assert_as_itk(opened(path), path)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("s%03d.raw 1 5 1", ["s001", "s002", "s003", "s004", "s005"]),
        ("s%03d.raw 1 5", ["s001", "s002", "s003", "s004", "s005"]),
        ("s%d.raw 2 10 2", ["s2", "s4", "s6", "s8", "s10"]),
    ],
)
def test_files_of_a_pattern_are_one_volume(tmp_path: Path, said: str, names: list[str]) -> None:
    files = {name: values()[k].tobytes() for k, name in enumerate(names)}
    path = detached(tmp_path, f"ElementDataFile = {said}", **files)
    assert_lies_as(opened(path), values(), PLAIN_MATRIX)
    if said.count(" ") == 3:
        assert_as_itk(opened(path), path)
    found = scan(tmp_path, JobContext())
    assert (len(found.series), found.skipped) == (1, ())


@pytest.mark.parametrize("name", DIRECTIONS)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_four_dimensions_are_volumes_in_one_place(tmp_path: Path, name: str, packed: bool) -> None:
    turned = np.eye(4)
    turned[:3, :3] = DIRECTIONS[name]
    header = meta_header(
        "NDims = 4",
        # Each run of four is the direction of one axis.
        f"TransformMatrix = {' '.join(f'{v:.17g}' for v in turned.T.flat)}",
        "Offset = 11.5 -22.25 333.125 0",
        "ElementSpacing = 0.7 0.8 2.5 1.5",
        "DimSize = 7 6 5 3",
        f"CompressedData = {packed}",
        without=["AnatomicalOrientation", "CenterOfRotation"],
    )
    stored = b"".join((CT + n).tobytes() for n in range(3))
    entries = scan(local(tmp_path, header, zlib.compress(stored) if packed else stored), JobContext()).series
    assert [e.part for e in entries] == ["volume 1 of 3", "volume 2 of 3", "volume 3 of 3"]
    matrix = PLAIN_MATRIX.copy()
    matrix[:3, :3] = DIRECTIONS[name] * (0.7, 0.8, 2.5)
    for n, entry in enumerate(entries):
        volume = assemble(entry, JobContext())
        assert_lies_as(volume, CT + n, matrix)
        assert (volume.verdict, volume.unit) == (Verdict.OK, "HU")


def test_channels_are_told_apart_and_are_no_hu(tmp_path: Path) -> None:
    stored = np.stack([CT, CT + 1], axis=-1).astype("<i2").tobytes()
    path = local(tmp_path, meta_header("ElementNumberOfChannels = 2"), stored)
    entries = scan(path, JobContext()).series
    assert [e.part for e in entries] == ["channel 1 of 2", "channel 2 of 2"]
    for n, entry in enumerate(entries):
        volume = assemble(entry, JobContext())
        assert_lies_as(volume, CT + n, PLAIN_MATRIX)
        assert volume.unit == "unknown"
        assert "The file holds several channels, which are no HU." in volume.reasons


@pytest.mark.parametrize("channels", [3, 4])
def test_colours_are_refused(tmp_path: Path, channels: int) -> None:
    header = meta_header(f"ElementNumberOfChannels = {channels}", "ElementType = MET_UCHAR")
    with pytest.raises(CaseStageError, match="The file holds colours, not measured values"):
        opened(local(tmp_path, header, bytes(3000)))


@pytest.mark.parametrize(
    ("lines", "without", "reason"),
    [
        ([], ["TransformMatrix", "AnatomicalOrientation"], "does not say where it lies"),
        (["AnatomicalOrientation = RAS"], ["TransformMatrix"], "does not say where it lies"),
        ([], ["Offset"], "does not say where it lies"),
        ([], ["ElementSpacing"], "does not say where it lies"),
        (["ElementSpacing = 0.7 0.8 0"], [], "describes no place"),
        (["ElementSpacing = 0.7 0.8 nan"], [], "describes no place"),
        (["ElementSpacing = 0.7 0.8 1e300"], [], "describes no place"),
        (["Offset = inf 0 0"], [], "describes no place"),
        (["ElementSpacing = -0.7 0.8 2.5"], [], "gives its voxels a negative size"),
        (["ElementSpacing = 0.7 0.8 -2.5"], [], "gives its voxels a negative size"),
        (["TransformMatrix = 1 0 0 1 0 0 0 0 1"], ["AnatomicalOrientation"], "describes no place"),
        (["TransformMatrix = nan 0 0 0 1 0 0 0 1"], [], "describes no place"),
        (["TransformMatrix = 1 0 0 0.1 1 0 0 0 1"], [], "not at right angles"),
        (["AnatomicalOrientation = RAS"], [], "in two ways which way its axes run"),
        (["DistanceUnits = parsec"], [], "a unit that is not understood"),
    ],
)
def test_a_place_that_is_not_proven_is_not_trusted(
    tmp_path: Path, lines: list[str], without: list[str], reason: str
) -> None:
    volume = opened(local(tmp_path, meta_header(*lines, without=without)))
    assert volume.verdict is Verdict.UNTRUSTED
    assert not volume.measurable
    assert volume.placed is not (reason.startswith(("does not say where", "describes no place")))
    assert reason in volume.reasons[0]
    assert np.array_equal(volume.slices, values()) or np.array_equal(volume.slices[::-1], values())


@pytest.mark.parametrize("letters", ["RAI", "LPS", "???", ""])
def test_letters_that_fit_the_axes_are_no_doubt(tmp_path: Path, letters: str) -> None:
    volume = opened(local(tmp_path, meta_header(f"AnatomicalOrientation = {letters}")))
    assert volume.verdict is Verdict.OK


def test_lengths_are_in_the_unit_that_the_file_names(tmp_path: Path) -> None:
    header = meta_header("DistanceUnits = cm", "Offset = 1.15 -2.225 33.3125", "ElementSpacing = 0.07 0.08 0.25")
    assert_lies_as(opened(local(tmp_path, header)), values(), PLAIN_MATRIX)


def test_hu_is_assumed_only_of_ct_with_air(tmp_path: Path) -> None:
    ct = CT.tobytes()
    cases = [
        (["Modality = MET_MOD_CT"], ct, "CT", "HU"),
        (["Modality = MET_MOD_CT"], RAW, "CT", "unknown"),
        (["Modality = MET_MOD_MR"], ct, "MR", "unknown"),
        (["Modality = MET_MOD_UNKNOWN"], ct, "", "HU"),
        (["Modality = Doe^Jane"], ct, "", "HU"),
        (["ElementToIntensityFunctionSlope = 2"], ct, "", "unknown"),
        (["ElementToIntensityFunctionOffset = -1024"], ct, "", "unknown"),
        (["ElementToIntensityFunctionSlope = 1", "ElementToIntensityFunctionOffset = 0"], ct, "", "HU"),
    ]
    for lines, payload, modality, unit in cases:
        volume = opened(local(tmp_path, meta_header(*lines), payload))
        assert (volume.series.modality, volume.unit) == (modality, unit), lines
        assert len(volume.reasons) == 1


def test_shapes_are_no_image(tmp_path: Path) -> None:
    with pytest.raises(CaseStageError, match="The file holds shapes, not an image"):
        opened(local(tmp_path, meta_header("ObjectType = Tube")))
