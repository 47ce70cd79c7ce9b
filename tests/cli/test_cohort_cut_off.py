"""A cohort that was cut off, or whose scans were moved, counts nothing twice and nothing that holds no more."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pydicom
import pytest

from tests.cli.conftest import casestage, write_series, write_small_case
from tests.cli.test_cohort import empty, run
from viewer.io.cohort_store import CohortStore
from viewer.services import cohort

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def own_model(anatomy: Path, tmp_path: Path) -> Path:
    """Return a copy of a model, to be changed."""
    return shutil.copytree(anatomy, tmp_path / "model")


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Return two scans, each with its truth."""
    folder = tmp_path / "scans"
    for name, number in (("one", 1), ("two", 2)):
        write_small_case(folder / name)
        if number > 1:
            renew(folder / name, number)
    return folder


def renew(scan: Path, number: int) -> None:
    """Make another series of a scan, of which its truth is."""
    uids = {}
    for path in (scan / "ct").iterdir():
        image = pydicom.dcmread(path)
        uids[str(image.SeriesInstanceUID)] = f"{image.SeriesInstanceUID}.{number}"
        image.SeriesInstanceUID = f"{image.SeriesInstanceUID}.{number}"
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"{image.SOPInstanceUID}.{number}"
        image.save_as(path)
    # Nothing is there to be found, which needs no outlines.
    place = scan / "truth" / "findings.json"
    told = json.loads(place.read_text())
    place.write_text(json.dumps(told | {"series": uids[told["series"]], "findings": [], "segmentation": None}))


def change(model: Path) -> None:
    """Give a model other settings."""
    manifest = model / "model.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("[post]", "[post]\nsmallest_ml = 1.5"), "utf-8")


def counts(out: Path) -> dict[str, Any]:
    (count,) = casestage("cohort", "evaluate", out, "--json").json["models"]
    return dict(count)


def cut_off(monkeypatch: pytest.MonkeyPatch, after: int, scans: Path, model: Path, out: Path) -> None:
    """Run a cohort until a person stops it while a model runs for the next time after so many."""
    real, runs = cohort.run_or_recall, []

    def stopped(*given: Any, **more: Any) -> Any:
        runs.append(given)
        if len(runs) > after:
            raise KeyboardInterrupt
        return real(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(cohort, "run_or_recall", stopped)
        assert casestage("cohort", "run", scans, "--model", model, "--out", out, "--anyway").code == 130


def test_a_scan_whose_folder_got_another_name_is_counted_once(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    run(scans, anatomy, out)
    before = counts(out)
    (scans / "one").rename(scans / "patient 1")
    told = run(scans, anatomy, out)[1]
    assert (told["runs"], told["not_here"]) == (0, 0)
    after = counts(out)
    assert (after["scans"], after["lesions"]) == (before["scans"], before["lesions"]) == (2, 1)


def test_a_scan_that_took_the_place_of_another_is_not_taken_for_it(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    run(scans, anatomy, out)
    (scans / "one").rename(scans / "three")
    (scans / "two").rename(scans / "one")
    (scans / "three").rename(scans / "two")
    assert run(scans, anatomy, out)[1]["runs"] == 0
    assert counts(out)["scans"] == 2


def test_scans_that_are_not_below_the_folder_any_more_are_told(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    run(scans, anatomy, out)
    (scans / "two").rename(tmp_path / "two")
    said = casestage("cohort", "run", scans, "--model", anatomy, "--out", out, "--anyway")
    assert "1 scan of earlier runs is not below this folder now; what was found there is still counted." in said.out
    assert counts(out)["scans"] == 2


def test_what_was_not_run_yet_is_told(
    scans: Path, anatomy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, table = tmp_path / "cohort", tmp_path / "runs.csv"
    cut_off(monkeypatch, 1, scans, anatomy, out)
    assert (counts(out)["scans"], counts(out)["not_run"]) == (1, 1)
    assert "1 scan not run yet" in casestage("cohort", "evaluate", out).out
    said = casestage("cohort", "report", out, "--out", table, "--json").json
    assert (said["rows"], said["not_run"]) == (1, 1)
    assert run(scans, anatomy, out)[1]["runs"] == 1
    assert (counts(out)["scans"], counts(out)["not_run"]) == (2, 0)


def test_where_it_was_cut_off_results_of_two_settings_are_not_counted_together(
    scans: Path, own_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "cohort"
    run(scans, own_model, out)
    change(own_model)
    cut_off(monkeypatch, 1, scans, own_model, out)
    assert (counts(out)["scans"], counts(out)["not_run"]) == (1, 1)
    cut_off(monkeypatch, 0, scans, own_model, out)
    assert (counts(out)["scans"], counts(out)["not_run"]) == (1, 1)
    assert run(scans, own_model, out)[1]["runs"] == 1
    assert (counts(out)["scans"], counts(out)["not_run"]) == (2, 0)


def test_with_the_settings_of_before_what_was_found_with_them_counts_again(
    scans: Path, own_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, manifest = tmp_path / "cohort", own_model / "model.toml"
    before = manifest.read_text("utf-8")
    run(scans, own_model, out)
    change(own_model)
    cut_off(monkeypatch, 0, scans, own_model, out)
    assert counts(out)["not_run"] == 2
    manifest.write_text(before, "utf-8")
    assert run(scans, own_model, out)[1]["runs"] == 0
    assert (counts(out)["scans"], counts(out)["not_run"]) == (2, 0)


def test_a_scan_that_is_elsewhere_does_not_count_with_other_settings(
    scans: Path, own_model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "cohort"
    run(scans, own_model, out)
    (scans / "two").rename(tmp_path / "two")
    change(own_model)
    run(scans, own_model, out)
    assert (counts(out)["scans"], counts(out)["not_run"]) == (1, 1)


def test_files_of_other_settings_are_never_held_against_the_truth(
    scans: Path, own_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, manifest = tmp_path / "cohort", own_model / "model.toml"
    before = manifest.read_text("utf-8")
    run(scans, own_model, out)
    right = counts(out)["false_positives"]
    manifest.write_text(before.replace("[post]", "[post]\nsmallest_ml = 100000.0"), "utf-8")

    def killed(*_given: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        # Its files are written, and that they were is not noted.
        patch.setattr(CohortStore, "keep", killed)
        casestage("cohort", "run", scans, "--model", own_model, "--out", out, "--anyway")
    manifest.write_text(before, "utf-8")
    place = scans / "one" / "truth" / "findings.json"
    place.write_text(place.read_text() + "\n")
    run(scans, own_model, out)
    assert counts(out)["false_positives"] == right


def test_what_a_killed_run_left_half_written_is_gone_once_it_is_run_again(
    scans: Path, anatomy: Path, tmp_path: Path
) -> None:
    results = tmp_path / "cohort" / "results" / "000001-anatomy"
    (results / ".0badf00d.part" / "new").mkdir(parents=True)
    (results / ".seg.dcm.0badf00d.part").touch()
    run(scans, anatomy, tmp_path / "cohort")
    assert sorted(path.name for path in results.iterdir()) == ["findings.json", "seg.dcm", "sr.dcm"]


@pytest.mark.skipif(os.name != "posix", reason="has other rights")
def test_a_folder_that_others_may_look_into_stays_so(anatomy: Path, tmp_path: Path) -> None:
    write_series(tmp_path / "scans" / "ct")
    out = tmp_path / "of all of us"
    out.mkdir()
    out.chmod(0o775)
    run(tmp_path / "scans", anatomy, out)
    assert out.stat().st_mode & 0o777 == 0o775
    for part in out.glob("cohort.sqlite3*"):
        if not part.name.endswith(".lock"):
            assert part.stat().st_mode & 0o077 == 0


def test_what_fails_leaves_no_files_of_an_earlier_run(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    run(scans, anatomy, out)
    for path in (scans / "one" / "ct").iterdir():
        path.write_bytes(path.read_bytes()[:-3000])
    assert run(scans, anatomy, out)[1]["failed"] == 1
    assert sorted(path.name for path in (out / "results" / "000001-anatomy").iterdir()) == []


def test_a_scan_of_which_no_segmentation_can_be_made_does_not_end_the_cohort(anatomy: Path, tmp_path: Path) -> None:
    scans, out = tmp_path / "scans", tmp_path / "cohort"
    write_small_case(scans / "one")
    for path in (scans / "one" / "ct").iterdir():
        image = pydicom.dcmread(path)
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
        image.save_as(path)
    empty(scans / "one")
    write_series(scans / "two" / "ct", number=2)
    code, told = run(scans, anatomy, out)
    assert (code, told["runs"], told["failed"]) == (0, 2, 0)
    count = counts(out)
    assert count["scans"] + count["without_truth"] == 2
    assert run(scans, anatomy, out)[1]["runs"] == 0
