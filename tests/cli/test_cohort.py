"""Models over many scans: counted against the truth, gone on with where it was cut off, written without names."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pydicom
import pytest

from tests.cli.conftest import PATIENT, PATIENT_ID, casestage, write_series, write_small_case
from viewer.domain.errors import StorageError
from viewer.io.cohort_store import CohortRun, CohortStore
from viewer.services import cohort

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.walkthrough import Case


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Return three scans: one with a truth that is found, one without any truth, one that cannot be opened."""
    folder = tmp_path / "Tweety's scans"
    write_small_case(folder / "with truth")
    write_series(folder / "plain" / "ct", number=2)
    broken = write_series(folder / "broken" / "ct", number=3, slices=4)
    for path in broken.iterdir():
        path.write_bytes(path.read_bytes()[:-3000])
    return folder


def empty(scan: Path) -> None:
    """Let the truth of a scan say that there is nothing to find."""
    place = scan / "truth" / "findings.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | {"findings": [], "segmentation": None}))


def run(scans: Path, model: Path, out: Path) -> tuple[int, dict[str, object]]:
    said = casestage("cohort", "run", scans, "--model", model, "--out", out, "--anyway", "--json")
    assert not any(word in said.out for word in (*PATIENT.split("^"), PATIENT_ID))
    return said.code, said.json


def test_what_is_found_missed_and_false_is_counted_over_all_scans(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    code, told = run(scans, anatomy, out)
    assert (code, told["runs"], told["failed"]) == (1, 3, 1)
    (count,) = casestage("cohort", "evaluate", out, "--json").json["models"]
    assert (count["scans"], count["lesions"], count["found"]) == (1, 1, 1)
    assert (count["without_truth"], count["failed"]) == (1, 1)
    found = json.loads((out / "results" / "000001-anatomy" / "findings.json").read_text())
    assert found["not_for_diagnostic_use"] is True
    words = casestage("cohort", "evaluate", out).out
    assert "1 of 1 lesion found, 0 missed" in words
    assert "1 scan without a truth, not counted" in words
    assert "Not for diagnostic use" in words


@pytest.mark.parametrize(("threshold", "counted"), [(0.91, (0, 0)), (0.9, (1, 0)), (0.51, (1, 0)), (0.5, (2, 1))])
def test_what_scores_exactly_the_threshold_counts(threshold: float, counted: tuple[int, int]) -> None:
    run = CohortRun(1, "1.2.3", "anatomy", "", 3, 2, ((0.9, 1, 0), (0.5, 2, 1)), 1.0)
    assert cohort.at_threshold(run, threshold) == counted


def test_scans_with_nothing_to_find_count_by_what_is_false_in_them(anatomy: Path, tmp_path: Path) -> None:
    write_small_case(tmp_path / "scans" / "one")
    empty(tmp_path / "scans" / "one")
    out = tmp_path / "cohort"
    assert run(tmp_path / "scans", anatomy, out)[0] == 0
    (count,) = casestage("cohort", "evaluate", out, "--json").json["models"]
    assert (count["scans"], count["normal"], count["normal_clear"]) == (1, 1, 0)
    assert (count["lesions"], count["found"], count["without_truth"]) == (0, 0, 0)
    assert count["false_positives"] >= 1
    words = casestage("cohort", "evaluate", out).out
    assert "there is nothing to find in these scans" in words
    assert "nothing to find in 1 scan, and nothing found in 0 of them" in words
    assert "%" not in words


def test_where_no_truth_is_known_nothing_is_counted(anatomy: Path, tmp_path: Path) -> None:
    write_series(tmp_path / "scans" / "ct")
    out = tmp_path / "cohort"
    assert run(tmp_path / "scans", anatomy, out)[0] == 0
    words = casestage("cohort", "evaluate", out).out
    assert "of no scan the truth is known, so nothing is counted" in words
    assert "false positive" not in words


def test_a_truth_that_came_later_is_counted_and_that_of_another_series_is_none(anatomy: Path, tmp_path: Path) -> None:
    scan, out = tmp_path / "scans" / "one", tmp_path / "cohort"
    write_small_case(scan)
    write_series(scan / "other", number=2)
    (scan / "truth").rename(tmp_path / "truth")
    assert run(tmp_path / "scans", anatomy, out)[1]["runs"] == 2
    assert casestage("cohort", "evaluate", out, "--json").json["models"][0]["truth_changed"] == 0
    (tmp_path / "truth").rename(scan / "truth")
    assert casestage("cohort", "evaluate", out, "--json").json["models"][0]["truth_changed"] == 1
    assert "the truth of 1 scan has changed since, or has come" in casestage("cohort", "evaluate", out).out
    # Of the two series that the folder lies beside it is the truth of one.
    code, told = run(tmp_path / "scans", anatomy, out)
    assert (code, told["runs"], told["matched_anew"], told["failed"]) == (0, 0, 1, 0)
    (count,) = casestage("cohort", "evaluate", out, "--json").json["models"]
    assert (count["scans"], count["lesions"], count["without_truth"], count["truth_changed"]) == (1, 1, 1, 0)
    assert run(tmp_path / "scans", anatomy, out)[1]["matched_anew"] == 0


def test_the_table_holds_a_row_for_each_scan_and_names_nobody(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    out, table = tmp_path / "cohort", tmp_path / "runs.csv"
    run(scans, anatomy, out)
    assert casestage("cohort", "report", out, "--out", table, "--json").json["rows"] == 3
    text = table.read_text(encoding="utf-8")
    assert text.startswith("# Not for diagnostic use")
    assert not any(word in text for word in (*PATIENT.split("^"), PATIENT_ID, "with truth", "plain"))
    rows = list(csv.DictReader(text.splitlines()[1:]))
    assert {row["study"] for row in rows} == {"1", "2", "3"}
    assert sum(bool(row["problem"]) for row in rows) == 1
    judged = next(row for row in rows if row["lesions"])
    assert (judged["found"], judged["missed"]) == ("1", "0")


def test_begun_again_it_makes_only_what_is_missing(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    run(scans, anatomy, out)
    code, told = run(scans, anatomy, out)
    # What failed is tried again; what was done is not.
    assert (code, told["runs"], told["failed"]) == (1, 1, 1)


def test_what_was_done_before_it_was_cut_off_is_kept(
    scans: Path, anatomy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, real = tmp_path / "cohort", cohort.run_or_recall
    runs: list[object] = []

    def cut_off(*given: object, **more: object) -> object:
        runs.append(given)
        if len(runs) == 2:
            raise KeyboardInterrupt
        return real(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(cohort, "run_or_recall", cut_off)
        assert casestage("cohort", "run", scans, "--model", anatomy, "--out", out, "--anyway").code == 130
    with closing(CohortStore(out, to_write=False)) as store:
        (model,) = store.models()
        assert sum(not one.problem for one in store.runs(model.sha256)) == 1
    runs.clear()
    monkeypatch.setattr(cohort, "run_or_recall", lambda *given, **more: (runs.append(1), real(*given, **more))[1])
    run(scans, anatomy, out)
    assert len(runs) == 1


def test_two_programs_do_not_run_one_cohort(scans: Path, anatomy: Path, tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    with (
        closing(CohortStore(out, to_write=True)),
        pytest.raises(StorageError, match="run already"),
    ):
        CohortStore(out, to_write=True)
    assert out.stat().st_mode & 0o077 == 0


def test_what_is_no_cohort_is_said_in_a_sentence(tmp_path: Path, small_case: Case, anatomy: Path) -> None:
    assert casestage("cohort", "evaluate", tmp_path).is_sentence()
    assert list(tmp_path.glob("cohort*")) == []
    other = tmp_path / "theirs"
    other.mkdir()
    with closing(sqlite3.connect(other / "cohort.sqlite3")) as made:
        made.execute("CREATE TABLE theirs (x)")
        made.commit()
    assert "another program" in casestage("cohort", "evaluate", other).err
    assert casestage("cohort", "run", other, "--model", anatomy, "--out", other).is_sentence()
    empty = tmp_path / "empty"
    empty.mkdir()
    assert casestage("cohort", "run", empty, "--model", anatomy, "--out", tmp_path / "none").is_sentence()
    assert not (tmp_path / "none").exists()


def test_a_truth_that_was_changed_is_told_and_held_against_what_was_found_without_running_the_model(
    anatomy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_small_case(tmp_path / "scans" / "one")
    out = tmp_path / "cohort"
    assert run(tmp_path / "scans", anatomy, out)[0] == 0
    (before,) = casestage("cohort", "evaluate", out, "--json").json["models"]
    assert (before["lesions"], before["found"], before["truth_changed"]) == (1, 1, 0)
    empty(tmp_path / "scans" / "one")
    # Nobody has to look at the scans to be told so.
    said = casestage("cohort", "evaluate", out)
    assert "the truth of 1 scan has changed since" in said.out
    assert "“cohort run” holds what was found against that of now" in said.out
    (stale,) = casestage("cohort", "evaluate", out, "--json").json["models"]
    assert (stale["lesions"], stale["truth_changed"]) == (1, 1)

    def never(*_given: object, **_more: object) -> object:
        raise AssertionError("the model ran again")

    monkeypatch.setattr(cohort, "run_or_recall", never)
    code, told = run(tmp_path / "scans", anatomy, out)
    assert (code, told["runs"], told["matched_anew"], told["failed"]) == (0, 0, 1, 0)
    (now,) = casestage("cohort", "evaluate", out, "--json").json["models"]
    assert (now["lesions"], now["normal"], now["truth_changed"]) == (0, 1, 0)
    assert now["false_positives"] >= 1
    assert run(tmp_path / "scans", anatomy, out)[1]["matched_anew"] == 0


def test_a_truth_that_was_taken_away_counts_no_more(anatomy: Path, tmp_path: Path) -> None:
    write_small_case(tmp_path / "scans" / "one")
    out = tmp_path / "cohort"
    run(tmp_path / "scans", anatomy, out)
    (tmp_path / "scans" / "one" / "truth").rename(tmp_path / "truth")
    assert casestage("cohort", "evaluate", out, "--json").json["models"][0]["truth_changed"] == 1
    assert run(tmp_path / "scans", anatomy, out)[1]["matched_anew"] == 1
    (count,) = casestage("cohort", "evaluate", out, "--json").json["models"]
    assert (count["scans"], count["without_truth"]) == (0, 1)


def test_where_the_scans_are_not_there_nothing_is_said_of_their_truth(anatomy: Path, tmp_path: Path) -> None:
    write_small_case(tmp_path / "scans" / "one")
    out = tmp_path / "cohort"
    run(tmp_path / "scans", anatomy, out)
    (tmp_path / "scans").rename(tmp_path / "elsewhere")
    assert casestage("cohort", "evaluate", out, "--json").json["models"][0]["truth_changed"] == 0


def test_a_cohort_of_before_truths_were_watched_is_read_and_goes_on(anatomy: Path, tmp_path: Path) -> None:
    write_small_case(tmp_path / "scans" / "one")
    out = tmp_path / "cohort"
    run(tmp_path / "scans", anatomy, out)
    with closing(sqlite3.connect(out / "cohort.sqlite3")) as made:
        made.executescript(
            "ALTER TABLE run DROP COLUMN truth; ALTER TABLE run DROP COLUMN truth_file;"
            "ALTER TABLE run DROP COLUMN made_with; ALTER TABLE run DROP COLUMN settings;"
            "ALTER TABLE run DROP COLUMN due; ALTER TABLE study DROP COLUMN images; PRAGMA user_version = 1;"
        )
    (count,) = casestage("cohort", "evaluate", out, "--json").json["models"]
    assert (count["lesions"], count["found"], count["truth_changed"]) == (1, 1, 0)
    assert run(tmp_path / "scans", anatomy, out)[1]["matched_anew"] == 1
    assert run(tmp_path / "scans", anatomy, out)[1]["matched_anew"] == 0


def test_what_a_model_refuses_is_told_with_what_to_type_to_run_it_all_the_same(anatomy: Path, tmp_path: Path) -> None:
    folder = write_series(tmp_path / "scans" / "ct")
    for path in sorted(folder.iterdir())[3:5]:
        path.unlink()
    given = ("cohort", "run", tmp_path / "scans", "--model", anatomy, "--out", tmp_path / "cohort")
    said = casestage(*given)
    assert said.code == 1
    assert "It runs with --anyway" in said.out
    assert any("--anyway" in note for note in casestage(*given, "--json").json["notes"])
    assert "--anyway" not in casestage(*given, "--anyway").out


def test_two_patients_whose_images_carry_one_uid_in_one_folder_are_two_scans(anatomy: Path, tmp_path: Path) -> None:
    scans, out = tmp_path / "scans", tmp_path / "cohort"
    folder = write_series(scans / "ct", number=2)
    assert run(scans, anatomy, out)[1]["runs"] == 1
    for path in list(folder.iterdir()):
        image = pydicom.dcmread(path)
        image.PatientID, image.SOPInstanceUID = "another", f"{image.SOPInstanceUID}.2"
        image.save_as(folder / f"other {path.name}")
    # Which of the two was run before is not known: both are.
    assert run(scans, anatomy, out)[1]["runs"] == 2
    assert run(scans, anatomy, out)[1]["runs"] == 0
    (count,) = casestage("cohort", "evaluate", out, "--json").json["models"]
    assert count["without_truth"] == 2
