from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.inference.kinds import DETECTION, SLICES, VOLUME, box_of_bright, mean_of_slices, mean_of_volume
from tests.inference.test_kinds import ran
from viewer.domain.errors import ModelRefusedError
from viewer.domain.job import JobContext
from viewer.domain.volume import Volume
from viewer.inference.manifest import read_manifest
from viewer.inference.recalled import difference_words, run_or_recall
from viewer.inference.run_records import RunRecords, record_key

if TYPE_CHECKING:
    from viewer.domain.finding import Finding

Folder = Callable[..., Path]
MakeVolume = Callable[..., Volume] if TYPE_CHECKING else Callable


def said(finding: Finding) -> dict[str, object]:
    """Everything of a finding that can be compared."""
    facts = {}
    for name in finding.__attrs_attrs__:
        value = getattr(finding, name.name)
        if name.name == "recorded":
            continue
        if name.name == "mask":
            value = None if value is None else (value.first_ijk, value.voxels.tolist())
        facts[name.name] = value.tolist() if isinstance(value, np.ndarray) else value
    return facts


@pytest.mark.parametrize("kind", ["segmentation", "detection", "slices", "volume"])
def test_a_recorded_result_is_the_same_in_everything_and_says_that_it_is_recorded(
    model_folder: Folder, two_balls: Volume, tmp_path: Path, kind: str
) -> None:
    if kind == "segmentation":
        folder = model_folder()
    else:
        model, manifest_text = {
            "detection": (box_of_bright, DETECTION),
            "slices": (mean_of_slices, SLICES),
            "volume": (mean_of_volume, VOLUME),
        }[kind]
        folder = model_folder(model(), manifest=manifest_text)
    manifest, records = read_manifest(folder), RunRecords(tmp_path / "runs")
    key = record_key(manifest, two_balls)
    assert records.find(manifest, two_balls, key) is None
    result = ran(folder, two_balls)
    assert result.findings
    records.keep(key, result)
    found = records.find(manifest, two_balls, key)
    assert found is not None
    assert found.recorded
    assert all(finding.recorded for finding in found.findings)
    assert [said(f) for f in found.findings] == [said(f) for f in result.findings]
    assert found.case_scores == result.case_scores
    assert (found.value_map is None) == (result.value_map is None) == (kind != "segmentation")
    if found.value_map is not None and result.value_map is not None:
        assert np.array_equal(found.value_map.volume.voxels, result.value_map.volume.voxels)
        assert found.value_map.volume.grid.lps_from_ijk == pytest.approx(result.value_map.volume.grid.lps_from_ijk)


def test_another_volume_place_model_or_setting_has_another_record(
    model_folder: Folder, two_balls: Volume, make_volume: MakeVolume
) -> None:
    manifest = read_manifest(model_folder())
    keys = {record_key(manifest, two_balls)}
    slices = np.array(two_balls.slices)
    positions = np.array(two_balls.stack.positions_lps_mm)
    # The same voxels under another name are the same.
    keys.add(record_key(manifest, evolve(two_balls, series=evolve(two_balls.series, series_uid="9.9"))))
    assert len(keys) == 1
    keys.add(record_key(manifest, make_volume(slices, positions + 1.0)))
    keys.add(record_key(manifest, make_volume(slices, positions, spacing=(1.0, 1.1))))
    keys.add(record_key(manifest, make_volume(slices, positions, padding=0.0)))
    changed = slices.copy()
    changed[0, 0, 0] = 1
    keys.add(record_key(manifest, make_volume(changed, positions)))
    beyond = {"channels = [": "beyond = 0.5\nchannels = ["}
    keys.add(record_key(read_manifest(model_folder(changes=beyond, name="beyond")), two_balls))
    other = {"mask_threshold = 0.5": "mask_threshold = 0.4"}
    keys.add(record_key(read_manifest(model_folder(changes=other, name="other")), two_balls))
    keys.add(record_key(read_manifest(model_folder("plain values", name="third")), two_balls))
    assert len(keys) == 8


def test_a_volume_of_fractions_is_recorded_as_well(model_folder: Folder, make_volume: MakeVolume) -> None:
    manifest = read_manifest(model_folder())
    volumes = [
        make_volume(np.full((3, 4, 4), value, np.float32), [[0.0, 0, float(z)] for z in range(3)])
        for value in (0.25, 0.5)
    ]
    assert record_key(manifest, volumes[0]) != record_key(manifest, volumes[1])


def test_the_first_run_is_recorded_the_second_recalled_and_the_third_compared(
    model_folder: Folder, two_balls: Volume, tmp_path: Path
) -> None:
    manifest, records = read_manifest(model_folder()), RunRecords(tmp_path / "runs")
    first = run_or_recall(manifest, two_balls, JobContext(), records)
    assert (first.recorded, first.comparison) == (False, "")
    second = run_or_recall(manifest, two_balls, JobContext(), records)
    assert second.recorded
    third = run_or_recall(manifest, two_balls, JobContext(), records, again=True)
    assert not third.recorded
    assert third.comparison.startswith("Same as the result recorded on 20")


def test_what_differs_is_said(model_folder: Folder, two_balls: Volume, tmp_path: Path) -> None:
    result = ran(model_folder(), two_balls)
    recorded = evolve(result, recorded_at="2026-11-26T10:00:00+00:00")
    large, small = result.findings
    assert difference_words(recorded, result) == "Same as the result recorded on 2026-11-26."
    lost = evolve(result, findings=(large,))
    assert "1 finding fewer" in difference_words(recorded, lost)
    assert "1 finding more" in difference_words(evolve(lost, recorded_at="2026-11-26"), result)
    other = evolve(result, findings=(evolve(large, score=0.9), small))
    assert "scores by up to 0.1" in difference_words(recorded, other)
    shrunk = ran(model_folder(changes={"mask_threshold = 0.5": "mask_threshold = 0.6"}, name="b"), two_balls)
    assert "outlines by up to" in difference_words(recorded, shrunk)


def test_a_refusal_holds_for_recorded_results_too(model_folder: Folder, two_balls: Volume, tmp_path: Path) -> None:
    manifest = read_manifest(model_folder(changes={"synthetic_only = false": "synthetic_only = true"}))
    records = RunRecords(tmp_path / "runs")
    records.keep(record_key(manifest, two_balls), ran(manifest.folder, two_balls))
    with pytest.raises(ModelRefusedError):
        run_or_recall(manifest, two_balls, JobContext(), records)
    recalled = run_or_recall(manifest, two_balls, JobContext(), records, anyway=True)
    assert recalled.recorded
    assert recalled.notes[0].startswith("Tiny was not made for this")
    assert "may mean nothing" in recalled.notes[0]


def test_a_damaged_record_is_as_none(model_folder: Folder, two_balls: Volume, tmp_path: Path) -> None:
    manifest, records = read_manifest(model_folder()), RunRecords(tmp_path / "runs")
    key = record_key(manifest, two_balls)
    records.keep(key, ran(manifest.folder, two_balls))
    (path,) = (tmp_path / "runs").iterdir()
    whole = path.read_bytes()
    random = np.random.default_rng(3)
    for n in range(60):
        damaged = bytearray(whole[: int(random.integers(1, len(whole)))] if n % 2 else whole)
        for at in random.integers(0, len(damaged), 8):
            damaged[at] ^= int(random.integers(1, 256))
        path.write_bytes(bytes(damaged))
        found = records.find(manifest, two_balls, key)
        assert found is None or len(found.findings) == 2
    path.write_bytes(whole)
    assert records.find(manifest, two_balls, key) is not None


def test_the_least_used_records_go_first_where_there_are_too_many(
    model_folder: Folder, two_balls: Volume, tmp_path: Path
) -> None:
    folder = model_folder()
    manifest, result = read_manifest(folder), ran(folder, two_balls)
    RunRecords(tmp_path / "one").keep("0" * 64, result)
    size = RunRecords(tmp_path / "one").held()[1]
    records = RunRecords(tmp_path / "runs", limit_bytes=3 * size + size // 2)
    keys = [str(n) * 64 for n in range(5)]
    for n, key in enumerate(keys):
        records.keep(key, result)
        os.utime(tmp_path / "runs" / f"{key}.run", ns=(n * 10**9, n * 10**9))
        if n == 2:
            # Looking at the first makes it the last used.
            assert records.find(manifest, two_balls, keys[0]) is not None
    assert records.held()[0] == 3
    assert records.find(manifest, two_balls, keys[0]) is not None
    assert records.find(manifest, two_balls, keys[1]) is None
    records.clear()
    assert records.held() == (0, 0)


def test_a_new_result_is_recorded_though_older_ones_say_that_they_are_of_tomorrow(
    model_folder: Folder, two_balls: Volume, tmp_path: Path
) -> None:
    folder = model_folder()
    manifest, result = read_manifest(folder), ran(folder, two_balls)
    RunRecords(tmp_path / "one").keep("0" * 64, result)
    records = RunRecords(tmp_path / "runs", limit_bytes=RunRecords(tmp_path / "one").held()[1] * 5 // 2)
    before, after = [str(n) * 64 for n in range(2)], [str(n) * 64 for n in range(2, 4)]
    tomorrow = time.time() + 86_400
    for key in before:
        records.keep(key, result)
        os.utime(tmp_path / "runs" / f"{key}.run", (tomorrow, tomorrow))
    for key in after:
        records.keep(key, result)
    assert all(records.find(manifest, two_balls, key) is not None for key in after)


def test_a_folder_that_cannot_be_written_costs_a_note_and_not_the_result(
    model_folder: Folder, two_balls: Volume, tmp_path: Path
) -> None:
    (tmp_path / "runs").write_text("a file stands here")
    result = run_or_recall(read_manifest(model_folder()), two_balls, JobContext(), RunRecords(tmp_path / "runs"))
    assert len(result.findings) == 2
    assert result.notes[0].startswith("The result was not recorded: ")


@pytest.mark.parametrize("year", [1970, 2108])
def test_a_clock_whose_battery_is_flat_costs_no_result(
    model_folder: Folder, two_balls: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, year: int
) -> None:
    folder = model_folder()
    result, manifest, records = ran(folder, two_balls), read_manifest(folder), RunRecords(tmp_path)
    key = record_key(manifest, two_balls)
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: (year - 1970) * 365.25 * 86400.0)
        records.keep(key, result)
    found = records.find(manifest, two_balls, key)
    assert found is not None
    assert [said(f) for f in found.findings] == [said(f) for f in result.findings]


def test_a_record_names_nobody(model_folder: Folder, make_volume: MakeVolume, tmp_path: Path) -> None:
    slices = np.full((6, 12, 12), 300, np.int16)
    volume = make_volume(slices, [[0.0, 0, 3.0 * z] for z in range(6)], description="DOE^JANE")
    manifest, records = read_manifest(model_folder()), RunRecords(tmp_path / "runs")
    records.keep(record_key(manifest, volume), ran(manifest.folder, volume))
    import zipfile

    (path,) = (tmp_path / "runs").iterdir()
    with zipfile.ZipFile(path) as file:
        text = file.read("answer.json").decode()
    assert "DOE" not in text
    assert volume.series.series_uid not in text


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the system keeps one time zone for all programs")
def test_a_result_was_recorded_on_the_day_of_whoever_recorded_it(
    model_folder: Folder, two_balls: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ran(model_folder(), two_balls)
    try:
        for zone, day in (("JST-9", "2026-11-30"), ("UTC0", "2026-11-29"), ("PST8", "2026-11-29")):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            recorded = evolve(result, recorded_at="2026-11-29T22:30:00+00:00")
            assert difference_words(recorded, result) == f"Same as the result recorded on {day}."
    finally:
        monkeypatch.undo()
        time.tzset()
