"""What does not fit into memory is refused before it is read, and offered smaller, at its true place."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from tests.services.test_measuring import Bench, length
from viewer.domain.errors import TooLargeError
from viewer.domain.geometry import PlaneName, Verdict
from viewer.domain.identifiers import new_uid
from viewer.domain.job import JobContext
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import as_point
from viewer.io import memory, system_memory
from viewer.io.findings_file import write_findings
from viewer.io.scan import scan
from viewer.services import loading
from viewer.services.exporting import write_review
from viewer.services.loading import load_series, memory_needed

SYNTAXES = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80")


def entry_of(made_ct: Any, *, shear: float = 0.0, **elements: Any) -> Any:
    positions = [(-10.0, -20.0 + shear * k, 2.5 * k) for k in range(6)]
    made_ct.stack(positions, **elements)
    (entry,) = scan(made_ct.folder, JobContext()).series
    return entry


def with_free(monkeypatch: pytest.MonkeyPatch, count: float) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: int(count / 0.7) + 1)


@pytest.mark.parametrize("slope", ["1", "0.5"])
def test_estimate_is_what_is_then_used(made_ct: Any, slope: str) -> None:
    entry = entry_of(made_ct, RescaleSlope=slope)
    volume = load_series(entry, JobContext())
    assert memory_needed(entry) == volume.slices.nbytes


def test_estimate_counts_the_regular_grid_of_a_tilted_series(made_ct: Any) -> None:
    entry = entry_of(made_ct, shear=0.9)
    volume = load_series(entry, JobContext())
    assert volume.regridded
    assert memory_needed(entry) == volume.slices.nbytes + volume.voxels.nbytes


def test_series_that_does_not_fit_is_refused_unread_with_a_way_out(
    made_ct: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entry_of(made_ct)
    with_free(monkeypatch, memory_needed(entry) * 0.3)
    monkeypatch.setattr(loading, "assemble", lambda *_, **__: pytest.fail("something was read"))
    with pytest.raises(TooLargeError) as caught:
        load_series(entry, JobContext())
    assert caught.value.shrink == 2
    assert caught.value.hint == "It would fit at 1/2 of its resolution."
    with_free(monkeypatch, 10)
    with pytest.raises(TooLargeError) as hopeless:
        load_series(entry, JobContext())
    assert hopeless.value.shrink == 0
    assert hopeless.value.hint == "Close other programs."


@pytest.mark.parametrize("shear", [0.0, 0.9], ids=["straight", "tilted"])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_smaller_volume_lies_where_the_whole_one_does(made_ct: Any, syntax: str, shear: float) -> None:
    entry = entry_of(made_ct, syntax=syntax, shear=shear)
    whole, small = load_series(entry, JobContext()), load_series(entry, JobContext(), shrink=2)
    assert small.slices.dtype == np.int16
    assert small.stack.size_ij == (16, 12)
    assert small.stack.pixel_spacing_mm == (1.4, 1.6)
    squares = whole.slices.reshape(6, 12, 2, 16, 2).mean(axis=(2, 4))
    assert np.array_equal(small.slices, np.rint(squares))
    # The ramp that these slices hold is linear, so that the middle of a square has the square's mean.
    point = small.stack.lps((7, 6, 3))
    around = [whole.value_at(whole.stack.lps((14 + i, 12 + j, 3))) for i in (0, 1) for j in (0, 1)]
    assert small.value_at(point) == pytest.approx(np.mean(np.asarray(around, dtype=float)), abs=0.51)
    assert np.allclose(point, whole.stack.lps((14.5, 12.5, 3)))
    assert small.verdict is Verdict.RESAMPLED
    assert any("mean of 2 × 2" in reason for reason in small.reasons)
    assert small.regridded == whole.regridded


def test_padding_is_not_mixed_into_smaller_pixels(made_ct: Any) -> None:
    stored = made_ct.pixels()
    stored[4:6, 4:8] = -2000
    stored[4, 4] = 100
    stored[8, 8] = -2000
    for k in range(3):
        made_ct.slice(f"a{k}", stored, (0, 0, 2.0 * k), PixelPaddingValue=-2000)
    (entry,) = scan(made_ct.folder, JobContext()).series
    small = load_series(entry, JobContext(), shrink=2)
    assert small.padding is not None
    assert small.slices[0, 2, 2] == small.padding
    assert small.slices[0, 2, 3] == small.padding
    others = np.array([stored[8, 9], stored[9, 8], stored[9, 9]], dtype=float) - 1024
    assert small.slices[0, 4, 4] == np.rint(others.mean())


@pytest.mark.parametrize("enhanced", [False, True], ids=["a file each", "all in one"])
def test_a_measurement_is_shown_on_its_images_also_where_they_are_opened_smaller(
    made_ct: Any, tmp_path: Path, enhanced: bool
) -> None:
    if enhanced:
        planes: list[dict[str, Any]] = [
            {"PlanePositionSequence": {"ImagePositionPatient": [-10, -20, 2.5 * k]}} for k in range(4)
        ]
        made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(4)], planes)
    else:
        made_ct.stack([(-10.0, -20.0, 2.5 * k) for k in range(4)])
    (entry,) = scan(made_ct.folder, JobContext()).series
    bench = Bench(tmp_path)
    bench.session.volume = load_series(entry, JobContext())
    bench.measuring.keep(length("a", z=5.0))
    bench.session.volume = load_series(entry, JobContext(), shrink=2)
    assert [m.id for m in bench.session.measurements] == ["a"]
    bench.close()


def test_masks_on_smaller_pixels_do_not_leave_as_dicom(made_ct: Any, tmp_path: Path, finding_on: Any) -> None:
    small = load_series(entry_of(made_ct), JobContext(), shrink=2)
    written = write_findings(tmp_path / "out", small, [finding_on(small)], None)
    assert "opened smaller than it is" in written.note
    assert {path.name for path in written.files} == {"findings.json", "seg.nii.gz"}


def test_what_was_measured_on_smaller_pixels_says_so_wherever_it_goes(made_ct: Any, tmp_path: Path) -> None:
    small = load_series(entry_of(made_ct), JobContext(), shrink=2)
    corners = (as_point(small.stack.lps((2, 2, 3))), as_point(small.stack.lps((9, 8, 3))))
    area = Measurement(new_uid(), MeasurementKind.RECTANGLE, corners, PlaneName.AXIAL, (1, 0, 0), (0, 1, 0))
    written = write_review(tmp_path, small, (), {}, "", (area,), (), JobContext())
    said = "Each pixel is the mean of 2 × 2, because all would not fit into memory."
    assert said in json.loads((tmp_path / "measurements.json").read_text(encoding="utf-8"))["note"]
    assert said in json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))["note"]
    with (tmp_path / "measurements.csv").open(encoding="utf-8", newline="") as file:
        notes = [row["note"] for row in csv.DictReader(file)]
    assert notes == [f"Not for diagnostic use · {said}"]
    assert any("so there is no SR" in note for note in written.notes)


def in_one_file(path: Path, values: np.ndarray[Any, Any]) -> Any:
    """Return the entry of a NIfTI file of values [i, j, k], which lie oblique and with their slices from the top."""
    affine = np.array([[0.56, 0.48, 0, 3], [-0.42, 0.64, 0, 5], [0, 0, -2.5, 7], [0, 0, 0, 1.0]])
    nibabel.save(nibabel.Nifti1Image(values, affine), path)
    (entry,) = scan(path, JobContext()).series
    return entry


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_volume_in_one_file_that_does_not_fit_is_offered_smaller_and_lies_where_the_whole_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    rng = np.random.default_rng(1)
    entry = in_one_file(tmp_path / name, rng.integers(-1000, 1000, (65, 48, 300)).astype(np.int16))
    whole = load_series(entry, JobContext())
    with monkeypatch.context() as patched:
        with_free(patched, whole.slices.nbytes * 0.99)
        with pytest.raises(TooLargeError) as caught:
            load_series(entry, JobContext())
        assert caught.value.shrink == 2
        small = load_series(entry, JobContext(), shrink=2)
    by, rows, columns = 2, 24, 32
    squares = whole.slices[:, : rows * by, : columns * by].reshape(300, rows, by, columns, by).mean(axis=(2, 4))
    assert small.slices.dtype == np.int16
    assert np.array_equal(small.slices, np.rint(squares))
    middle = (by - 1) / 2
    assert np.allclose(small.stack.lps((2, 3, 5)), whole.stack.lps((2 * by + middle, 3 * by + middle, 5)))
    assert (small.verdict, small.unit) == (Verdict.RESAMPLED, "HU")
    assert any(f"mean of {by} × {by}" in reason for reason in small.reasons)


def test_voxels_without_a_number_are_not_mixed_into_smaller_ones(tmp_path: Path) -> None:
    values = np.full((6, 6, 3), 10.0, np.float32)
    values[0, 0, 1] = np.nan
    values[1, 0, 1] = 16.0
    values[2:4, 0, 1] = np.nan
    small = load_series(in_one_file(tmp_path / "a.nii", values), JobContext(), shrink=2)
    assert small.slices.dtype == np.int16
    assert small.slices[1, 0, 0] == 12
    assert small.slices[1, 0, 1] == small.padding
    assert small.slices[1, 1, 1] == 10


def test_fractions_stay_fractions_in_smaller_volumes(tmp_path: Path) -> None:
    values = np.arange(6 * 6 * 3, dtype=np.float32).reshape(6, 6, 3) / 8
    small = load_series(in_one_file(tmp_path / "a.nii", values), JobContext(), shrink=2)
    assert small.slices.dtype == np.float32
    assert small.slices.mean() == pytest.approx(values.mean())


def test_slices_of_a_single_row_are_not_offered_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = in_one_file(tmp_path / "a.nii", np.zeros((900, 1, 900), np.int16))
    with_free(monkeypatch, 900 * 900)
    with pytest.raises(TooLargeError) as caught:
        load_series(entry, JobContext())
    assert caught.value.shrink == 0


def test_a_container_is_taken_at_what_it_may_have(tmp_path: Path) -> None:
    groups, mounted = tmp_path / "groups", tmp_path / "mounted"

    def group(name: str, **files: object) -> None:
        (mounted / name).mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (mounted / name / file.replace("__", ".")).write_text(f"{text}\n")

    def free() -> int | None:
        return system_memory.free_of_group_bytes(str(groups), str(mounted))

    assert free() is None
    groups.write_text("0::/user.slice/app\n")
    group("", memory__stat="anon 5\ninactive_file 7\n")
    group("user.slice/app", memory__max="max", memory__current=50, memory__stat="inactive_file 10")
    assert free() is None
    group("user.slice", memory__max=1000, memory__current=600, memory__stat="anon 1\ninactive_file 100")
    assert free() == 500
    group("user.slice/app", memory__max=100)
    assert free() == 60
    # Inside a container its own group is the root, whatever it is called outside.
    groups.write_text("0::/somewhere/else\n")
    group("", memory__max=300, memory__current=100)
    assert free() == 207
    groups.write_text("3:cpu,cpuacct:/x\n4:memory:/docker/x\n0::/\n")
    for file in ("memory.max", "memory.current"):
        (mounted / file).unlink()
    stat = "inactive_file 1\ntotal_inactive_file 20"
    group("memory/docker/x", memory__limit_in_bytes=(1 << 63) - 4096, memory__usage_in_bytes=5, memory__stat=stat)
    assert free() is None
    group("memory/docker", memory__limit_in_bytes=900, memory__usage_in_bytes=400, memory__stat=stat)
    assert free() == 520


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is free")
def test_a_shell_that_allows_less_has_less() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + (300 << 20), before[1]))
    try:
        assert 200 << 20 < system_memory.free_bytes() <= 300 << 20
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
