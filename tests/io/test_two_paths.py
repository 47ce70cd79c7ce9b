"""The fast path and pydicom read the same header, geometry and voxels in every file that both can read."""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pydicom
import pytest

from tests.io.conftest import ENCODERS, NATIVE
from tests.io.marked_series import ORIENTATIONS, MarkedSeries
from viewer.domain.errors import NothingToOpenError, UnreadableFileError
from viewer.domain.job import JobContext
from viewer.io import image_header
from viewer.io.assemble import assemble
from viewer.io.file_bytes import BytesSource, FilePlace, FileSource, InflatedSource
from viewer.io.header_walk import DEFLATED_LITTLE, EXPLICIT_LITTLE, Start, find_start, walk
from viewer.io.pydicom_headers import read_elements
from viewer.io.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.domain.volume import Volume
    from viewer.io.file_bytes import Source

# pydicom decodes these by itself, without a codec that the program uses too.
BY_PYDICOM_ALONE = (*NATIVE, "1.2.840.10008.1.2.5")


@pytest.fixture(scope="module")
def made_series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of marked series: several orientations, and every transfer syntax."""
    folder = tmp_path_factory.mktemp("made")
    for n, (name, orientation) in enumerate(ORIENTATIONS.items()):
        series = MarkedSeries(orientation, [3.0 * k for k in range(4)], tilt_deg=5 * n)
        series.write(folder / name, order="shuffled", SeriesInstanceUID=f"1.2.3.{n}")
    series = MarkedSeries(ORIENTATIONS["double oblique"], [3.0 * k for k in range(4)])
    for n, syntax in enumerate([*NATIVE, *ENCODERS]):
        series.write_as(folder / syntax, syntax, SeriesInstanceUID=f"1.2.4.{n}")
    return folder


def files_in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def read_alike_by_both(folder: Path) -> int:
    """Return how many files the fast walk and pydicom read, having found them alike."""
    both = 0
    for path in files_in(folder):
        with path.open("rb", buffering=0) as file:
            source: Source = FileSource(file)
            size: int | None = path.stat().st_size
            start = find_start(source)
            if start is not None and start.transfer_syntax == DEFLATED_LITTLE:
                source, size = InflatedSource(source, start.offset, path.stat().st_size - start.offset), None
                start = Start(0, EXPLICIT_LITTLE)
            fast = walk(source, start, size) if start else None
            if start is None or fast is None:
                continue
            assert fast == read_elements(source, start, size), path.name
        both += 1
    return both


def test_every_real_header(real_data: Path) -> None:
    assert read_alike_by_both(real_data) > 650


def test_every_made_header(made_series: Path) -> None:
    # Big endian is pydicom's alone.
    assert read_alike_by_both(made_series) == len(files_in(made_series)) - 4


def scanned(folder: Path) -> list[Any]:
    """Return all that a scan says: parts, and every image's place, storage, rescale and what tells it apart."""
    found = scan(folder, JobContext())
    series = [(e.facts, e.part, e.files, [attrs.asdict(f) for f in e.frames]) for e in found.series]
    return [series, found.skipped]


def assert_scans_agree(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = scanned(folder)
    monkeypatch.setattr(image_header, "walk", lambda *_, **_how: None)
    assert scanned(folder) == fast


def test_every_real_geometry(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_scans_agree(real_data, monkeypatch)


def test_every_made_geometry(made_series: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_scans_agree(made_series, monkeypatch)


ENHANCED = [f"1.2.840.10008.5.1.4.1.1.{n}\0".encode() for n in ("2.1", "4.1")]
MACROS = {
    "PlanePositionSequence": ["ImagePositionPatient"],
    "PlaneOrientationSequence": ["ImageOrientationPatient"],
    "PixelMeasuresSequence": ["PixelSpacing", "SliceThickness"],
    "PixelValueTransformationSequence": ["RescaleIntercept", "RescaleSlope", "RescaleType"],
    "FrameVOILUTSequence": ["WindowCenter", "WindowWidth"],
    "FrameContentSequence": ["StackID"],
    "CTReconstructionSequence": ["ConvolutionKernel"],
}


def frames_read_alike(path: Path) -> int:
    """Return how many frames of a file say of themselves what pydicom finds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(path, stop_before_pixels=True)
        shared, groups = ds.SharedFunctionalGroupsSequence[0], ds.PerFrameFunctionalGroupsSequence
        theirs = []
        for group in groups:
            found = {}
            for macro, keywords in MACROS.items():
                there = [place[macro] for place in (shared, group) if macro in place]
                for item in [sequence[0] for sequence in there if len(sequence.value)]:
                    tags = [pydicom.tag.Tag(keyword) for keyword in keywords if keyword in item]
                    found |= {int(tag): item.get_item(tag).value or b"" for tag in tags}
            theirs.append(found)
    described = image_header.read_image_header(FilePlace(str(path))).described
    assert len(described) == len(theirs)
    wanted = {int(pydicom.tag.Tag(keyword)) for keywords in MACROS.values() for keyword in keywords}
    for mine, found in zip(described, theirs, strict=True):
        assert {tag: value for tag, value in mine.items() if tag in wanted} == found
    return len(described)


def test_every_real_frame_says_of_itself_what_pydicom_finds(real_data: Path) -> None:
    found = 0
    for path in files_in(real_data):
        with path.open("rb") as file:
            start = file.read(4096)
        if start[128:132] == b"DICM" and any(kind in start for kind in ENHANCED):
            found += frames_read_alike(path)
    assert found > 10


@pytest.mark.parametrize("syntax", NATIVE)
@pytest.mark.parametrize("undefined", [False, True])
def test_every_made_frame_says_of_itself_what_pydicom_finds(made_ct: Any, syntax: str, undefined: bool) -> None:
    path = enhanced(made_ct, syntax=syntax)
    ds = pydicom.dcmread(path)
    for sequence in (ds["SharedFunctionalGroupsSequence"], ds["PerFrameFunctionalGroupsSequence"]):
        sequence.is_undefined_length = undefined
        for item in sequence.value:
            item.is_undefined_length_sequence_item = undefined
            for inner in item:
                inner.is_undefined_length = undefined
    pydicom.dcmwrite(path, ds)
    assert frames_read_alike(path) == 4


@pytest.mark.parametrize("undefined", [False, True])
def test_frames_that_a_writer_did_not_know_are_understood(made_ct: Any, undefined: bool) -> None:
    known = scan(enhanced(made_ct), JobContext()).series[0].frames
    path = enhanced(made_ct)
    ds = pydicom.dcmread(path)
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        inside = pydicom.Dataset()
        inside[keyword] = ds[keyword]
        inside[keyword].is_undefined_length = undefined
        stream = BytesIO()
        pydicom.dcmwrite(stream, inside, implicit_vr=True, little_endian=True)
        # As bytes of no known kind: the header says UN, and what follows is implicit.
        ds[keyword] = pydicom.DataElement(ds[keyword].tag, "OB", stream.getvalue()[8:])
    pydicom.dcmwrite(path, ds)
    raw = path.read_bytes()
    for at in (raw.index(b"\x00\x52\x29\x92OB"), raw.index(b"\x00\x52\x30\x92OB")):
        length = b"\xff" * 4 if undefined else raw[at + 8 : at + 12]
        raw = raw[: at + 4] + b"UN\0\0" + length + raw[at + 12 :]
    path.write_bytes(raw)
    found = scan(path, JobContext()).series[0].frames
    assert [f.position for f in found] == [f.position for f in known] == [(-10.0, -20.0, 2.0 * k) for k in range(4)]
    assert [f.kind.unit for f in found] == ["HU"] * 4


@pytest.mark.parametrize("sequence", [b"\x00\x52\x29\x92", b"\x28\x00\x45\x91"], ids=["shared groups", "rescale"])
def test_frames_whose_description_says_to_be_no_sequence_are_refused(made_ct: Any, sequence: bytes) -> None:
    path = enhanced(made_ct)
    raw = path.read_bytes()
    assert sequence + b"SQ" in raw
    path.write_bytes(raw.replace(sequence + b"SQ", sequence + b"UR"))
    with pytest.raises(NothingToOpenError, match="description of the frames is damaged"):
        scan(path, JobContext())


def enhanced(made_ct: Any, **elements: Any) -> Path:
    groups = [
        {
            "PlanePositionSequence": {"ImagePositionPatient": [-10.0, -20.0, 2.0 * k]},
            "FrameVOILUTSequence": {"WindowCenter": str(40 + k), "WindowWidth": "400"},
            "FrameContentSequence": {"StackID": "1", "InStackPositionNumber": k + 1},
        }
        for k in range(4)
    ]
    return Path(made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(4)], groups, **elements))


def test_a_header_that_pydicom_gives_up_in_its_own_way_is_damaged(made_ct: Any) -> None:
    raw = made_ct.slice("a", made_ct.pixels(), SpecificCharacterSet="ISO_IR 192").read_bytes()
    at = raw.index(b"\x08\x00\x05\x00CS")
    source = BytesSource(raw[: at + 4] + b"SL" + raw[at + 6 :])
    start = find_start(source)
    assert start is not None
    with pytest.raises(UnreadableFileError, match="header is damaged"):
        read_elements(source, start, len(raw))


def images(folder: Path) -> Iterator[tuple[Path, Volume, Any]]:
    """Yield single images that pydicom decodes alone: the file, its volume, and the data set."""
    for path in files_in(folder):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ds = pydicom.dcmread(path)
            except pydicom.errors.InvalidDicomError:
                continue
            syntax = getattr(ds.file_meta, "TransferSyntaxUID", pydicom.uid.ImplicitVRLittleEndian)
            one = ds.get("Rows") and "PixelData" in ds and int(ds.get("NumberOfFrames") or 1) == 1
            if (
                not one
                or syntax not in BY_PYDICOM_ALONE
                or ds.get("SamplesPerPixel") != 1
                or ds.get("Modality") == "SEG"
            ):
                continue
        (entry,) = scan(path, JobContext()).series
        yield path, assemble(entry, JobContext()), ds


def compare_with_pydicom(folder: Path) -> int:
    count = 0
    for path, volume, ds in images(folder):
        slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
        theirs = ds.pixel_array.astype(np.float64) * slope + intercept
        if volume.slices.dtype == np.int16:
            assert np.array_equal(volume.slices[0], theirs), path.name
        else:
            assert np.array_equal(volume.slices[0], theirs.astype(np.float32)), path.name
        if ds.get("ImagePositionPatient") and ds.get("ImageOrientationPatient"):
            assert np.array_equal(volume.stack.positions_lps_mm[0], ds.ImagePositionPatient)
            directions = [*volume.stack.row_direction, *volume.stack.column_direction]
            assert np.allclose(directions, ds.ImageOrientationPatient, atol=1e-5)
            assert volume.stack.pixel_spacing_mm == (ds.PixelSpacing[1], ds.PixelSpacing[0])
        count += 1
    return count


def test_every_real_voxel(real_data: Path) -> None:
    assert compare_with_pydicom(real_data) > 550


def test_every_made_voxel(made_series: Path) -> None:
    assert compare_with_pydicom(made_series) == 4 * (len(ORIENTATIONS) + len(BY_PYDICOM_ALONE))
