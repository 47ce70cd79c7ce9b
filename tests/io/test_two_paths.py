"""The fast path and pydicom read the same header, geometry and voxels in every file that both can read."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pydicom
import pytest

from tests.io.conftest import ENCODERS, NATIVE
from tests.io.marked_series import ORIENTATIONS, MarkedSeries
from viewer.domain.job import JobContext
from viewer.io import image_header
from viewer.io.assemble import assemble
from viewer.io.file_bytes import FileSource, InflatedSource
from viewer.io.header_walk import DEFLATED_LITTLE, EXPLICIT_LITTLE, Start, find_start, walk
from viewer.io.pydicom_headers import read_elements
from viewer.io.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    monkeypatch.setattr(image_header, "walk", lambda *_: None)
    assert scanned(folder) == fast


def test_every_real_geometry(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_scans_agree(real_data, monkeypatch)


def test_every_made_geometry(made_series: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_scans_agree(made_series, monkeypatch)


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
