from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import dcmread

from tests.cli.conftest import Outcome, casestage, write_series
from viewer.inference.result import RunResult

if TYPE_CHECKING:
    from pathlib import Path

FINDING_KEYS = {"id", "label", "score", "centre_lps_mm", "volume_ml", "long_axis_mm", "bounds_lps_mm"}


@pytest.fixture(scope="module")
def abdomen(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    """Anatomy run on a real abdomen, once for this file."""
    out = tmp_path_factory.mktemp("run") / "deep" / "out"
    said = casestage("run", real_data / "a13_abdomen_contrast_CRLM-1004", "--model", "anatomy", "--out", out)
    return said, out


@pytest.fixture
def for_synthetic_only(anatomy: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "synthetic-only"
    shutil.copytree(anatomy, folder)
    text = (folder / "model.toml").read_text(encoding="utf-8")
    changed = text.replace("synthetic_only = false", "synthetic_only = true")
    assert changed != text
    (folder / "model.toml").write_text(changed, encoding="utf-8")
    return folder


def read_json(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "findings.json").read_text(encoding="utf-8")))


def test_a_real_abdomen_gives_bone_and_air_in_words(abdomen: tuple[Outcome, Path]) -> None:
    said, _ = abdomen
    assert said.code == 0, said.err
    assert said.err == ""
    assert "Air inside the body: " in said.out
    assert "Bone: " in said.out
    assert said.out.rstrip().endswith("Not for diagnostic use.")


def test_findings_json_is_as_agreed(abdomen: tuple[Outcome, Path]) -> None:
    document = read_json(abdomen[1])
    assert document["model"] == "anatomy"
    assert document["series"] == "1.3.6.1.4.1.14519.5.2.1.9203.8273.254242588659825836950462054011"
    assert document["not_for_diagnostic_use"] is True
    assert document["synthetic"] is False
    assert document["recorded"] is False
    assert [f["label"] for f in document["findings"]] == ["Air inside the body", "Bone"]
    for finding in document["findings"]:
        assert set(finding) >= FINDING_KEYS
        assert finding["score"] is None
        assert np.shape(finding["bounds_lps_mm"]) == (3, 2)
        for value, (low, high) in zip(finding["centre_lps_mm"], finding["bounds_lps_mm"], strict=True):
            assert low <= value <= high


def test_segmentation_and_report_say_the_same_and_share_uids(abdomen: tuple[Outcome, Path]) -> None:
    out = abdomen[1]
    assert sorted(path.name for path in out.iterdir()) == ["findings.json", "seg.dcm", "sr.dcm"]
    seg, sr = dcmread(out / "seg.dcm"), dcmread(out / "sr.dcm")
    assert seg.Modality == "SEG"
    assert sr.Modality == "SR"
    assert [s.SegmentLabel for s in seg.SegmentSequence] == ["Air inside the body", "Bone"]
    report = str(sr)
    for segment in seg.SegmentSequence:
        assert str(segment.TrackingUID) in report
    for dataset in (seg, sr):
        assert "Not for diagnostic use" in dataset.SeriesDescription


def test_nifti_gives_nifti_and_says_why(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "a14_nifti_totalsegmentator" / "example_ct_sm.nii.gz"
    said = casestage("run", source, "--model", "anatomy", "--out", tmp_path / "out")
    assert said.code == 0, said.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["findings.json", "seg.nii.gz"]
    assert "no DICOM SEG" in said.out
    assert len(read_json(tmp_path / "out")["findings"]) == 2


def test_a_model_for_synthetic_ct_declines_real_ct_and_runs_when_told_to(
    real_data: Path, for_synthetic_only: Path, tmp_path: Path
) -> None:
    command = ("run", real_data / "a06_seg_liver_3slice" / "ct", "--model", for_synthetic_only, "--out", tmp_path / "o")
    said = casestage(*command)
    assert said.is_sentence()
    assert "was not made for this" in said.err
    assert "synthetic" in said.err
    assert "--anyway" in said.err
    assert not (tmp_path / "o").exists()
    told = casestage(*command, "--anyway")
    assert told.code == 0, told.err
    assert "What it found may mean nothing." in told.out
    assert (tmp_path / "o" / "seg.dcm").is_file()


def test_synthetic_ct_is_called_so_in_what_is_written(
    small_series: Path, for_synthetic_only: Path, tmp_path: Path
) -> None:
    said = casestage("run", small_series, "--model", for_synthetic_only, "--out", tmp_path)
    assert said.code == 0, said.err
    document = read_json(tmp_path)
    assert document["synthetic"] is True
    (bone,) = [f for f in document["findings"] if f["label"] == "Bone"]
    # 3 slices of 6 × 8 voxels of 2 × 2 × 3 mm.
    assert bone["volume_ml"] == pytest.approx(3 * 48 * 12 / 1000)
    for name in ("seg.dcm", "sr.dcm"):
        assert "Synthetic" in dcmread(tmp_path / name).SeriesDescription


def test_nothing_found_leaves_no_older_result_behind(small_series: Path, anatomy: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("findings.json", "seg.dcm", "seg.nii.gz", "sr.dcm"):
        (out / name).write_bytes(b"of an older run")
    empty = tmp_path / "empty"
    shutil.copytree(small_series, empty)
    for path in empty.iterdir():
        dataset = dcmread(path)
        dataset.PixelData = np.full(dataset.Rows * dataset.Columns, 1024, np.uint16).tobytes()
        dataset.save_as(path)
    said = casestage("run", empty, "--model", anatomy, "--out", out)
    assert said.code == 0, said.err
    assert "reported nothing" in said.out
    assert [path.name for path in out.iterdir()] == ["findings.json"]
    assert read_json(out)["findings"] == []


def test_of_several_series_the_longest_is_used_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = RunResult((), (), (), {}, "processor", (), 0.0)
    monkeypatch.setattr("viewer.cli.models.run_or_recall", lambda *_, **__: nothing)
    write_series(tmp_path / "ct" / "a", slices=5, number=1)
    write_series(tmp_path / "ct" / "b", slices=9, number=2)
    listed = casestage("info", tmp_path / "ct", "--json").json["series"]
    longest = next(s["uid"] for s in listed if s["slices"] == 9)
    said = casestage("run", tmp_path / "ct", "--model", "anatomy", "--out", tmp_path / "out")
    assert said.code == 0, said.err
    assert "2 series here; the one with the most images is used." in said.out
    assert read_json(tmp_path / "out")["series"] == longest


def test_a_run_is_recorded_taken_from_the_record_and_compared_with_it(small_series: Path, tmp_path: Path) -> None:
    first = casestage("run", small_series, "--model", "anatomy", "--out", tmp_path / "a")
    assert first.code == 0, first.err
    assert read_json(tmp_path / "a")["recorded"] is False
    assert casestage("models", "cache", "--json").json["results"] == 1
    again = casestage("run", small_series, "--model", "anatomy", "--out", tmp_path / "b")
    assert "Same as the result recorded on" in again.out
    recorded = casestage("run", small_series, "--model", "anatomy", "--out", tmp_path / "c", "--recorded")
    assert "not computed now" in recorded.out
    assert read_json(tmp_path / "c")["recorded"] is True
    assert read_json(tmp_path / "c")["findings"] == read_json(tmp_path / "a")["findings"]
    assert casestage("models", "cache", "--clear").out.startswith("0 results recorded")


def test_a_model_that_is_not_there_is_told_with_those_that_are(small_series: Path, tmp_path: Path) -> None:
    said = casestage("run", small_series, "--model", "crystal-ball", "--out", tmp_path)
    assert said.is_sentence()
    assert "anatomy" in said.err


def test_positions_that_coincide_are_declined(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "a12_edge_series" / "notavolume"
    said = casestage("run", folder, "--model", "anatomy", "--out", tmp_path / "out")
    assert said.is_sentence()
    assert "geometry of this series cannot be trusted" in said.err
    assert "at one place" in said.out
    assert not (tmp_path / "out").exists()
