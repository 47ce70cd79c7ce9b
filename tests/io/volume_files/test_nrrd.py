"""NRRD as other programs write it by hand: where its voxels are, how they are stored, which way its axes run."""

from __future__ import annotations

import bz2
import gzip
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import SimpleITK as sitk

from tests.io.volume_files.made import (
    ORIGIN,
    PLAIN_MATRIX,
    assert_as_itk,
    assert_lies_as,
    nrrd_header,
    opened,
    refused,
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


def attached(folder: Path, header: bytes, payload: bytes = RAW) -> Path:
    path = folder / "a.nrrd"
    path.write_bytes(header + payload)
    return path


def detached(folder: Path, *lines: str, **files: bytes) -> Path:
    return written_beside(folder / "a.nhdr", nrrd_header(*lines).removesuffix(b"\n"), files)


def as_text(array: Any) -> bytes:
    return b"".join(b" ".join(str(v).encode() for v in row) + b"\n" for row in array.reshape(-1, array.shape[-1]))


@pytest.mark.parametrize(
    ("lines", "payload"),
    [
        (["encoding: raw"], RAW),
        (["encoding: gzip"], gzip.compress(RAW, mtime=0)),
        (["encoding: gz"], gzip.compress(RAW[:100], mtime=0) + gzip.compress(RAW[100:], mtime=0)),
        (["encoding: bzip2"], bz2.compress(RAW)),
        (["encoding: bz2"], bz2.compress(RAW[:100]) + bz2.compress(RAW[100:])),
        (["encoding: text"], as_text(values())),
        (["encoding: ascii"], as_text(values()).replace(b" ", b", ")),
        (["encoding: hex"], RAW.hex("\n", 7).encode()),
        (["endian: big"], values().astype(">i2").tobytes()),
        (["endian: big", "encoding: gzip"], gzip.compress(values().astype(">i2").tobytes(), mtime=0)),
        (["endian: big", "encoding: hex"], values().astype(">i2").tobytes().hex().encode()),
        (["byte skip: 11"], b"eleven bytes"[:11] + RAW),
        (["byte skip: -1"], b"some header of another program" + RAW),
        (["line skip: 2"], b"one\ntwo\n" + RAW),
        (["line skip: 1", "byteskip: 3"], b"a line\nabc" + RAW),
        (["byte skip: 5", "encoding: gzip"], gzip.compress(b"12345" + RAW, mtime=0)),
        (["line skip: 1", "byte skip: 5", "encoding: gzip"], b"a line\n" + gzip.compress(b"12345" + RAW, mtime=0)),
        (["type: signed short int"], RAW),
        (["type: unsigned char"], values(np.uint8).tobytes()),
        (["type: double"], values(np.float64).tobytes()),
        (["type: double", "encoding: text"], as_text(values(np.float64))),
        (["type: longlong", "endian: big"], values(np.int64).astype(">i8").tobytes()),
    ],
    ids=lambda value: " and ".join(value) if isinstance(value, list) else "",
)
def test_voxels_are_found_however_they_are_stored(tmp_path: Path, lines: list[str], payload: bytes) -> None:
    volume = opened(attached(tmp_path, nrrd_header(*lines), payload))
    expected = values(np.uint8) if "type: unsigned char" in lines else values()
    assert_lies_as(volume, expected, PLAIN_MATRIX)
    assert volume.slices.dtype == np.int16
    assert volume.verdict is Verdict.OK
    assert volume.reasons == ("NRRD does not say a unit, and the values are not those of CT.",)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["byte skip: 11"],
        ["byte skip: -1"],
        ["line skip: 2"],
        ["endian: big"],
        ["type: uint16"],
        ["space: right-anterior-superior"],
        ["space: left-anterior-superior"],
        ["space: LPS"],
        ["space: RAS", "space directions: (0,0.8,0) (-0.7,0,0) (0,0,2.5)"],
        ["space directions: (0,0,0.7) (0.8,0,0) (0,2.5,0)"],
    ],
    ids=" and ".join,
)
def test_itk_reads_the_same(tmp_path: Path, lines: list[str]) -> None:
    path = attached(tmp_path, nrrd_header(*lines), b"twenty-one bytes here\n\n" + values().tobytes())
    if "byte skip: -1" not in lines:
        path = attached(
            tmp_path, nrrd_header(*lines), (b"one\ntwo\n" if lines == ["line skip: 2"] else b"") + RAW + RAW
        )
    assert_as_itk(opened(path), path)


def test_lines_may_end_as_on_windows(tmp_path: Path) -> None:
    header = nrrd_header("# a comment", "key:=a\x0cvalue\x85of\u2028several lines").replace(b"\n", b"\r\n")
    assert_lies_as(opened(attached(tmp_path, header)), values(), PLAIN_MATRIX)


def test_what_follows_the_voxels_is_left_alone(tmp_path: Path) -> None:
    for payload, encoding in ((RAW + b"more", "raw"), (gzip.compress(RAW) + b"more", "gzip")):
        path = attached(tmp_path, nrrd_header(f"encoding: {encoding}"), payload)
        assert_lies_as(opened(path), values(), PLAIN_MATRIX)


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior", (1, 1, 1)),
        ("LPS", (1, 1, 1)),
        ("right-anterior-superior", (-1, -1, 1)),
        ("RAS", (-1, -1, 1)),
        ("left-anterior-superior", (1, -1, 1)),
        ("LAS", (1, -1, 1)),
    ],
)
def test_every_space_is_turned_to_lps(tmp_path: Path, space: str, signs: tuple[int, int, int]) -> None:
    matrix = np.diag([*signs, 1]) @ PLAIN_MATRIX
    volume = opened(attached(tmp_path, nrrd_header(f"space: {space}")))
    assert_lies_as(volume, values(), matrix)
    assert volume.verdict is Verdict.OK


@pytest.mark.parametrize(
    ("space", "signs"), [("left-posterior-superior-time", (1, 1, 1)), ("RAST", (-1, -1, 1)), ("LAST", (1, -1, 1))]
)
def test_a_space_with_time_holds_time_points(tmp_path: Path, space: str, signs: tuple[int, int, int]) -> None:
    header = nrrd_header(
        "dimension: 4",
        f"space: {space}",
        "sizes: 7 6 5 3",
        "space directions: (0.7,0,0,0) (0,0.8,0,0) (0,0,2.5,0) (0,0,0,1.5)",
        "space origin: (11.5,-22.25,333.125,0)",
        without=["kinds"],
    )
    payload = b"".join((values() + 1000 * n).tobytes() for n in range(3))
    entries = scan(attached(tmp_path, header, payload), JobContext()).series
    assert [e.part for e in entries] == ["time point 1 of 3", "time point 2 of 3", "time point 3 of 3"]
    for n, entry in enumerate(entries):
        volume = assemble(entry, JobContext())
        assert_lies_as(volume, values() + 1000 * n, np.diag([*signs, 1]) @ PLAIN_MATRIX)
        assert volume.verdict is Verdict.OK


@pytest.mark.parametrize("place", [0, 1, 2, 3])
@pytest.mark.parametrize("encoding", ["raw", "gzip"])
@pytest.mark.parametrize(
    ("kind", "word"), [("list", "volume"), ("time", "time point"), ("vector", "channel"), ("4-vector", "channel")]
)
def test_parts_are_told_apart_wherever_their_axis_is(
    tmp_path: Path, place: int, encoding: str, kind: str, word: str
) -> None:
    volumes = np.stack([CT + n for n in range(4)])
    sizes, kinds = ["7", "6", "5"], ["domain"] * 3
    vectors = ["(0.7,0,0)", "(0,0.8,0)", "(0,0,2.5)"]
    for said, one in ((sizes, "4"), (kinds, kind), (vectors, "none")):
        said.insert(place, one)
    header = nrrd_header(
        "dimension: 4",
        f"sizes: {' '.join(sizes)}",
        f"kinds: {' '.join(kinds)}",
        f"space directions: {' '.join(vectors)}",
        f"encoding: {encoding}",
    )
    # Axes are listed fastest first, so the last of the array is the first of the file.
    stored = np.moveaxis(volumes, 0, 3 - place).astype("<i2").tobytes()
    entries = scan(
        attached(tmp_path, header, gzip.compress(stored) if encoding == "gzip" else stored), JobContext()
    ).series
    assert [e.part for e in entries] == [f"{word} {n} of 4" for n in (1, 2, 3, 4)]
    assert len({e.facts.series_uid for e in entries}) == 4
    for n, entry in enumerate(entries):
        volume = assemble(entry, JobContext())
        assert_lies_as(volume, CT + n, PLAIN_MATRIX)
        # Values this low are HU in volumes and time points, but not in the parts of a vector.
        assert volume.unit == ("unknown" if word == "channel" else "HU")


def test_axes_of_one_value_are_left_out(tmp_path: Path) -> None:
    header = nrrd_header(
        "dimension: 5",
        "sizes: 1 7 6 5 1",
        "kinds: stub domain domain domain list",
        "space directions: none (0.7,0,0) (0,0.8,0) (0,0,2.5) none",
    )
    assert_lies_as(opened(attached(tmp_path, header)), values(), PLAIN_MATRIX)


@pytest.mark.parametrize(
    "lines",
    [
        ["kinds: RGB-color domain domain", "space directions: none (1,0,0) (0,1,0)"],
        ["dimension: 4", "sizes: 3 7 6 5", "kinds: 3-color domain domain domain"],
        ["dimension: 4", "sizes: 4 7 6 5", "kinds: RGBA-color domain domain domain"],
        ["dimension: 4", "sizes: 3 7 6 5", "type: uchar", "kinds: vector domain domain domain"],
        ["dimension: 4", "sizes: 7 6 5 3", "type: uchar", "kinds: domain domain domain 3-vector"],
    ],
    ids=" and ".join,
)
def test_colours_are_refused(tmp_path: Path, lines: list[str]) -> None:
    header = nrrd_header(*lines, without=["space directions"] if len(lines) > 2 else [])
    with pytest.raises(CaseStageError, match="The file holds colours, not measured values"):
        opened(attached(tmp_path, header, bytes(3000)))


def test_files_of_a_list_are_one_volume(tmp_path: Path) -> None:
    slices = {f"s{k}": values()[k].tobytes() for k in range(5)}
    path = detached(tmp_path, "data file: LIST\ns0.raw\ns1.raw\ns2.raw\ns3.raw\ns4.raw", **slices)
    assert_lies_as(opened(path), values(), PLAIN_MATRIX)
    assert_as_itk(opened(path), path)


def test_slabs_of_a_list_are_one_volume(tmp_path: Path) -> None:
    parts = {"a": values()[:1].tobytes(), "b": values()[1:2].tobytes()}
    path = detached(tmp_path, "sizes: 7 6 2", "byte skip: 4", "data file: LIST 3\na.raw\nb.raw")
    for name, payload in parts.items():
        (tmp_path / f"{name}.raw").write_bytes(b"skip" + payload)
    assert_lies_as(opened(path), values()[:2], PLAIN_MATRIX)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("s%03d.raw 1 5 1", ["s001", "s002", "s003", "s004", "s005"]),
        ("s%d.raw 10 2 -2", ["s10", "s8", "s6", "s4", "s2"]),
        ("./s%02d.raw 0 20 5 2", ["s00", "s05", "s10", "s15", "s20"]),
    ],
)
def test_files_of_a_pattern_are_one_volume(tmp_path: Path, said: str, names: list[str]) -> None:
    path = detached(tmp_path, f"data file: {said}", **{name: values()[k].tobytes() for k, name in enumerate(names)})
    assert_lies_as(opened(path), values(), PLAIN_MATRIX)
    assert_as_itk(opened(path), path)
    found = scan(tmp_path, JobContext())
    assert (len(found.series), found.skipped) == (1, ())


def test_packed_files_of_a_list_are_one_volume(tmp_path: Path) -> None:
    slices = {f"s{k}": gzip.compress(values()[k].tobytes()) for k in range(5)}
    names = "\n".join(f"s{k}.raw" for k in range(5))
    path = detached(tmp_path, "encoding: gzip", f"data file: LIST\n{names}", **slices)
    assert_lies_as(opened(path), values(), PLAIN_MATRIX)


def test_a_later_time_point_opens_only_its_own_files(tmp_path: Path) -> None:
    path = detached(
        tmp_path,
        "dimension: 4",
        "sizes: 7 6 5 2",
        "kinds: domain domain domain list",
        "space directions: (0.7,0,0) (0,0.8,0) (0,0,2.5) none",
        "data file: LIST\nfirst.raw\nsecond.raw",
        first=RAW,
        second=(values() + 7).tobytes(),
    )
    _, second = scan(path, JobContext()).series
    (tmp_path / "first.raw").write_bytes(b"")
    assert_lies_as(assemble(second, JobContext()), values() + 7, PLAIN_MATRIX)


def test_voxels_in_a_folder_below_are_found(tmp_path: Path) -> None:
    (tmp_path / "voxels").mkdir()
    (tmp_path / "voxels" / "head of someone.raw").write_bytes(RAW)
    for said in ("voxels/head of someone.raw", "./voxels/head of someone.raw", "voxels\\head of someone.raw"):
        path = detached(tmp_path, f"datafile: {said}")
        assert_lies_as(opened(path), values(), PLAIN_MATRIX)


@pytest.mark.parametrize(
    ("lines", "without", "reason"),
    [
        (["spacings: 0.7 0.8 2.5"], ["space directions", "space origin"], "does not say where it lies"),
        ([], ["space"], "does not say where it lies"),
        (["space: scanner-xyz"], [], "does not say where it lies"),
        (["space: 3D-right-handed"], [], "does not say where it lies"),
        ([], ["space origin"], "does not say where it lies"),
        (["space directions: (0.7,0,0) (0,0.8,0) none", "kinds: domain domain domain"], [], "does not say where"),
        (["space directions: (0.7,0,0) (0,0.8,0) (nan,nan,nan)"], [], "describes no place"),
        (["space directions: (0.7,0,0) (0,0.8,0) (0,0,inf)"], [], "describes no place"),
        (["space directions: (0.7,0,0) (0,0.8,0) (0,0,0)"], [], "describes no place"),
        (["space directions: (0.7,0,0) (0,0.8,0) (0.7,0,0)"], [], "describes no place"),
        (["space directions: (0.7,0,0) (0,0.8,0) (0,0,1e300)"], [], "describes no place"),
        (["space origin: (nan,0,0)"], [], "describes no place"),
        (["space directions: (0.7,0,0) (0.1,0.8,0) (0,0,2.5)"], [], "not at right angles"),
        (['space units: "furlong" "furlong" "furlong"'], [], "a unit that is not understood"),
        (['space units: "mm" "mm" "cm"'], [], "a unit that is not understood"),
    ],
)
def test_a_place_that_is_not_proven_is_not_trusted(
    tmp_path: Path, lines: list[str], without: list[str], reason: str
) -> None:
    volume = opened(attached(tmp_path, nrrd_header(*lines, without=without)))
    assert volume.verdict is Verdict.UNTRUSTED
    assert not volume.measurable
    assert volume.placed is not (reason.startswith(("does not say where", "describes no place")))
    assert reason in volume.reasons[0]
    assert np.array_equal(volume.slices, values()) or np.array_equal(volume.slices[::-1], values())


def test_spacing_without_a_place_still_gives_the_shape_of_a_picture(tmp_path: Path) -> None:
    header = nrrd_header("spacings: 0.7 0.8 2.5", without=["space", "space directions", "space origin"])
    volume = opened(attached(tmp_path, header))
    assert volume.stack.pixel_spacing_mm == (0.7, 0.8)
    assert volume.stack.gaps_mm == pytest.approx([2.5] * 4)


def test_slices_that_slide_sideways_are_a_tilt(tmp_path: Path) -> None:
    volume = opened(attached(tmp_path, nrrd_header("space directions: (0.7,0,0) (0,0.8,0) (0,0.8,3)")))
    assert volume.verdict is Verdict.RESAMPLED
    assert volume.stack.tilt_deg == pytest.approx(np.degrees(np.arctan(0.8 / 3)), abs=0.01)
    assert volume.reasons[0] == "The file's slices do not lie straight behind one another, but lean by 14.9°."


@pytest.mark.parametrize(("unit", "mm"), [("mm", 1), ("cm", 10), ("m", 1000), ("um", 0.001)])
def test_lengths_are_in_the_unit_that_the_file_names(tmp_path: Path, unit: str, mm: float) -> None:
    scaled = ",".join(str(v / mm) for v in ORIGIN)
    header = nrrd_header(
        f'space units: "{unit}" "{unit}" "{unit}"',
        f"space directions: ({0.7 / mm},0,0) (0,{0.8 / mm},0) (0,0,{2.5 / mm})",
        f"space origin: ({scaled})",
    )
    assert_lies_as(opened(attached(tmp_path, header)), values(), PLAIN_MATRIX)


def test_a_unit_is_taken_from_the_file_and_not_guessed(tmp_path: Path) -> None:
    ct = CT.astype("<i2").tobytes()
    cases: dict[str, tuple[list[str], bytes]] = {
        "HU": (['sample units: "HU"'], RAW),
        "mm": (["sample units: mm"], ct),
        "unknown": (["old min: -1000", "old max: 3000"], ct),
    }
    for unit, (lines, payload) in cases.items():
        assert opened(attached(tmp_path, nrrd_header(*lines), payload)).unit == unit
    assumed = opened(attached(tmp_path, nrrd_header(), ct))
    assert assumed.unit == "HU"
    assert "NRRD does not say a unit; HU is assumed" in assumed.reasons[0]


def test_a_modality_is_taken_only_from_a_word_that_is_one(tmp_path: Path) -> None:
    ct = CT.astype("<i2").tobytes()
    for key, value, modality, unit in (
        ("modality", "CT", "CT", "HU"),
        ("DICOM_0008_0060", "mr", "MR", "unknown"),
        ("modality", "Doe^Jane", "", "HU"),
    ):
        volume = opened(attached(tmp_path, nrrd_header(f"{key}:={value}"), ct))
        assert (volume.series.modality, volume.unit) == (modality, unit)


def test_a_number_too_large_for_its_type_is_refused(tmp_path: Path) -> None:
    text = as_text(values()).replace(b"109", b"40000", 1)
    with pytest.raises(CaseStageError, match="no room for"):
        opened(attached(tmp_path, nrrd_header("encoding: text"), text))


def test_byte_order_is_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(CaseStageError, match="its header is damaged"):
        opened(attached(tmp_path, nrrd_header(without=["endian"])))
    # One byte has no order.
    path = attached(tmp_path, nrrd_header("type: uint8", without=["endian"]), values(np.uint8).tobytes())
    assert_lies_as(opened(path), values(np.uint8), PLAIN_MATRIX)


def test_a_space_that_only_counts_its_axes_may_count_time_as_itk_writes_it(tmp_path: Path) -> None:
    volume = sitk.GetImageFromArray(CT)
    volume.SetSpacing((0.7, 0.8, 2.5))
    sitk.WriteImage(sitk.JoinSeries([volume, volume + 5]), str(tmp_path / "a.nrrd"))
    entries = scan(tmp_path / "a.nrrd", JobContext()).series
    assert [entry.part for entry in entries] == ["time point 1 of 2", "time point 2 of 2"]
    for n, entry in enumerate(entries):
        found = assemble(entry, JobContext())
        assert np.array_equal(found.slices, CT + 5 * n)
        assert found.stack.pixel_spacing_mm == pytest.approx((0.7, 0.8))
        assert found.verdict is Verdict.UNTRUSTED
        assert found.reasons[0] == "The file does not say where it lies in the patient."


def test_a_flat_picture_is_said_to_be_one(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(CT[0]), str(tmp_path / "a.nrrd"))
    assert refused(tmp_path / "a.nrrd").sentence == "This NRRD file has 2 dimensions, so it is no volume."
