"""A mark of known HU sits at a known LPS point: found there within 0.05 mm and 0 HU, however the files are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.io.conftest import ENCODERS, NATIVE
from tests.io.marked_series import (
    AIR_HU,
    BETWEEN_COLUMNS_MM,
    BETWEEN_ROWS_MM,
    BLOB_SIGMA_MM,
    COLUMNS,
    ORDERS,
    ORIENTATIONS,
    ROWS,
    MarkedSeries,
)
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.scan import scan
from viewer.services.loading import load_series

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.volume import Volume

EVEN = [2.5 * k for k in range(16)]
UNEVEN = [0, 2, 4, 6, 8, 10, 13.1, 16.2, 19.3, 22.4, 25.5, 27.5, 29.5, 31.5, 33.5, 35.5]
LOSSY_HU = {".50": 48, ".51": 40, ".81": 2, ".91": 4, ".203": 16}


def opened(folder: Path) -> Volume:
    (entry,) = scan(folder, JobContext()).series
    return load_series(entry, JobContext())


def assert_marks_are_found(series: MarkedSeries, volume: Volume, *, within_hu: int = 0, without: int = -1) -> None:
    for mark in series.marks:
        if mark.k == without:
            continue
        value = volume.value_at(mark.lps)
        assert value is not None
        assert abs(value - mark.hu) <= within_hu, mark
        if not within_hu:
            (found,) = np.argwhere(volume.slices == mark.hu)
            assert np.linalg.norm(volume.stack.lps(found[::-1]) - mark.lps) < 0.05
            assert value == mark.hu
    corner, (row, column) = series.marks[4], (np.asarray(d) for d in series.orientation)
    for across in (0.49 * BETWEEN_COLUMNS_MM * row, 0.49 * BETWEEN_ROWS_MM * column):
        assert abs((volume.value_at(corner.lps + across) or 0) - corner.hu) <= within_hu
        assert volume.value_at(corner.lps + across * 0.51 / 0.49) is None


def centroid(volume: Volume, near: Any) -> Any:
    """Return the centre of what is above air on the grid that is shown, in LPS mm."""
    k, j, i = np.indices(volume.voxels.shape, sparse=True)
    places = volume.grid.lps(np.stack(np.broadcast_arrays(i, j, k), axis=-1))
    weights = np.where(volume.voxels == volume.padding, 0.0, volume.voxels.astype(float) - AIR_HU)
    weights[np.linalg.norm(places - near, axis=-1) > 4 * BLOB_SIGMA_MM] = 0
    return (places * weights[..., None]).sum(axis=(0, 1, 2)) / weights.sum()


@pytest.mark.parametrize("order", list(ORDERS))
@pytest.mark.parametrize("tilt", [0, 15, -15])
@pytest.mark.parametrize("orientation", list(ORIENTATIONS))
def test_marks_are_found_under_every_orientation_tilt_and_order(
    tmp_path: Path, orientation: str, tilt: int, order: str
) -> None:
    series = MarkedSeries(ORIENTATIONS[orientation], EVEN, tilt)
    series.write(tmp_path, order=order)
    volume = opened(tmp_path)
    assert volume.verdict is (Verdict.RESAMPLED if tilt else Verdict.OK)
    assert volume.stack.tilt_deg == pytest.approx(abs(tilt), abs=0.001)
    assert volume.slices.dtype == np.int16
    assert np.array_equal(volume.slices, series.hu)
    assert_marks_are_found(series, volume)
    assert np.linalg.norm(centroid(volume, series.blob_lps) - series.blob_lps) < 0.05
    assert np.linalg.det(volume.grid.lps_from_ijk[:3, :3]) > 0


@pytest.mark.parametrize("tilt", [0, 15, -15])
@pytest.mark.parametrize("orientation", list(ORIENTATIONS))
def test_marks_are_found_where_the_spacing_changes(tmp_path: Path, orientation: str, tilt: int) -> None:
    series = MarkedSeries(ORIENTATIONS[orientation], UNEVEN, tilt)
    series.write(tmp_path, order="shuffled")
    volume = opened(tmp_path)
    assert volume.verdict is Verdict.RESAMPLED
    assert "The slices are 2.00 to 3.10 mm apart." in volume.reasons
    assert np.allclose(volume.stack.gaps_mm, np.diff(UNEVEN), atol=1e-6)
    assert np.array_equal(volume.slices, series.hu)
    assert_marks_are_found(series, volume)
    assert np.linalg.norm(centroid(volume, series.blob_lps) - series.blob_lps) < 0.05


@pytest.mark.parametrize("tilt", [0, -15])
@pytest.mark.parametrize("orientation", list(ORIENTATIONS))
def test_marks_stay_in_their_place_where_a_slice_is_missing(tmp_path: Path, orientation: str, tilt: int) -> None:
    series = MarkedSeries(ORIENTATIONS[orientation], EVEN, tilt)
    series.write(tmp_path, order="shuffled", leave_out=5)
    volume = opened(tmp_path)
    assert volume.verdict is Verdict.UNTRUSTED
    assert not volume.measurable
    centre = series.positions[5] + (COLUMNS - 1) / 2 * BETWEEN_COLUMNS_MM * np.asarray(series.orientation[0])
    centre = centre + (ROWS - 1) / 2 * BETWEEN_ROWS_MM * np.asarray(series.orientation[1])
    (words,) = re.findall(r"1 slice is missing near ([RLAPHF]) ([\d.]+) mm", " ".join(volume.reasons))
    axis = int(np.argmax(np.abs(np.cross(*series.orientation))))
    assert words[0] == ("RL", "AP", "FH")[axis][int(centre[axis] >= 0)]
    assert float(words[1]) == pytest.approx(abs(centre[axis]), abs=0.051)
    assert_marks_are_found(series, volume)


@pytest.mark.parametrize("said", ["15", "-15", "0"])
@pytest.mark.parametrize("tilt", [0, 15])
def test_what_the_tilt_tag_says_moves_no_mark(tmp_path: Path, tilt: int, said: str) -> None:
    series = MarkedSeries(ORIENTATIONS["axial"], EVEN, tilt)
    series.write(tmp_path, GantryDetectorTilt=said)
    volume = opened(tmp_path)
    assert volume.stack.tilt_deg == pytest.approx(tilt, abs=0.001)
    assert_marks_are_found(series, volume)
    assert np.linalg.norm(centroid(volume, series.blob_lps) - series.blob_lps) < 0.05


def test_what_slice_thickness_and_spacing_tags_say_moves_no_mark(tmp_path: Path) -> None:
    series = MarkedSeries(ORIENTATIONS["sagittal"], EVEN)
    said = {"SliceThickness": "7", "SpacingBetweenSlices": "-9", "SliceLocation": "3", "PatientPosition": "FFP"}
    series.write(tmp_path, **said)
    volume = opened(tmp_path)
    assert volume.verdict is Verdict.OK
    assert volume.grid.spacing_mm == pytest.approx((BETWEEN_COLUMNS_MM, BETWEEN_ROWS_MM, 2.5), abs=1e-6)
    assert_marks_are_found(series, volume)


@pytest.mark.parametrize(("orientation", "tilt"), [("coronal", 0), ("double oblique", 15)])
@pytest.mark.parametrize("syntax", [*NATIVE, *ENCODERS])
def test_marks_are_found_in_every_transfer_syntax(tmp_path: Path, syntax: str, orientation: str, tilt: int) -> None:
    series = MarkedSeries(ORIENTATIONS[orientation], EVEN[:10], tilt)
    series.write_as(tmp_path, syntax)
    volume = opened(tmp_path)
    lossy = [hu for ending, hu in LOSSY_HU.items() if syntax.endswith(ending)]
    assert volume.verdict is (Verdict.RESAMPLED if tilt else Verdict.OK)
    assert volume.unit == "HU"
    assert volume.slices.dtype == np.int16
    assert volume.series.lossy == bool(lossy)
    assert np.abs(volume.slices.astype(int) - series.hu).max() <= (lossy[0] if lossy else 0)
    assert_marks_are_found(series, volume, within_hu=lossy[0] if lossy else 0)
    assert np.linalg.norm(centroid(volume, series.blob_lps) - series.blob_lps) < (0.1 if lossy else 0.05)


@pytest.mark.parametrize("tilt", [0, 15])
@pytest.mark.parametrize("orientation", list(ORIENTATIONS))
def test_simpleitk_puts_every_slice_where_the_program_does(tmp_path: Path, orientation: str, tilt: int) -> None:
    sitk = pytest.importorskip("SimpleITK")
    series = MarkedSeries(ORIENTATIONS[orientation], EVEN[:6], tilt)
    series.write(tmp_path, order="numbers against names")
    volume = opened(tmp_path)
    for k, name in enumerate(volume.source_files):
        image = sitk.ReadImage(name)
        assert np.array_equal(sitk.GetArrayFromImage(image)[0], volume.slices[k])
        for i, j in ((0, 0), (COLUMNS - 1, 0), (0, ROWS - 1), (COLUMNS - 1, ROWS - 1)):
            theirs = image.TransformIndexToPhysicalPoint((i, j, 0))
            assert np.linalg.norm(volume.stack.lps((i, j, k)) - theirs) < 1e-3
    if not tilt:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path)))
        image = reader.Execute()
        for mark in series.marks:
            assert image[image.TransformPhysicalPointToIndex(mark.lps)] == mark.hu
