"""A case is made from what is open: steps are captured, told, put in order and taken back, and nothing gets lost."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.cli.conftest import write_small_case
from tests.full_disk import room_for
from viewer.domain.errors import CaseDocumentError, StorageError
from viewer.domain.finding import Truth
from viewer.domain.job import JobContext
from viewer.domain.model_result import ModelResult
from viewer.domain.session import Session
from viewer.domain.view_state import Layout, OverlayMode, ViewName
from viewer.io import draft_file
from viewer.io.case_document import read_case
from viewer.services.case_making import CaseMaking
from viewer.services.loading import load_case
from viewer.services.views import view_of_finding

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def case_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "case"
    write_small_case(folder)
    return folder


@pytest.fixture
def session(case_folder: Path) -> Session:
    loaded = load_case(read_case(case_folder), JobContext())
    session = Session()
    session.volume, session.findings, session.truth = loaded.volume, loaded.findings, loaded.truth
    session.view = loaded.case.steps[0].view
    return session


@pytest.fixture
def making(session: Session, tmp_path: Path) -> CaseMaking:
    return CaseMaking(session, tmp_path / "drafts")


def _titles(making: CaseMaking) -> list[str]:
    assert making.draft is not None
    return [step.title for step in making.draft.steps]


def _look_at_finding(session: Session) -> None:
    assert session.view is not None
    assert session.volume is not None
    session.view = view_of_finding(session.view, session.findings[0], session.volume)


def test_a_step_is_captured_with_the_title_of_the_finding_in_hand(session: Session, making: CaseMaking) -> None:
    _look_at_finding(session)
    step = making.capture()
    assert step.title == "Block, 20 mm"
    assert step.view == session.view


def test_without_a_finding_the_title_says_plane_place_and_window(session: Session, making: CaseMaking) -> None:
    assert session.view is not None
    session.view = evolve(
        session.view, layout=Layout.SINGLE, main=ViewName.CORONAL, window_centre=-600, window_width=1500
    )
    assert making.capture().title == "Coronal, lung window"
    assert session.volume is not None
    body = np.array([[-100.0, 100.0], [-100.0, 100.0], [0.0, 200.0]])
    session.volume = evolve(session.volume, body_lps_mm=body)
    session.view = evolve(session.view, cursor_lps_mm=(20.0, -60.0, 112.0), window_centre=1, layout=Layout.FOUR)
    assert making.capture().title == "Overview, left, front"
    session.view = evolve(session.view, layout=Layout.STAGE, main=ViewName.THREE_D)
    assert making.capture().title == "3D"


def test_a_finding_that_is_not_in_view_gives_no_title(session: Session, making: CaseMaking) -> None:
    _look_at_finding(session)
    assert session.view is not None
    session.view = evolve(session.view, cursor_lps_mm=(-40.0, 30.0, 100.0), layout=Layout.SINGLE)
    assert "Block" not in making.capture().title


def test_a_new_step_comes_behind_the_one_in_hand(making: CaseMaking) -> None:
    first, second = making.capture(), making.capture()
    making.edit(first.id, title="first")
    making.edit(second.id, title="second")
    making.choose(first.id)
    between = making.capture()
    making.edit(between.id, title="between")
    assert _titles(making) == ["first", "between", "second"]


def test_steps_are_moved_duplicated_and_deleted_and_all_of_it_is_taken_back(making: CaseMaking) -> None:
    ids = [making.capture().id for _ in range(3)]
    for step_id, title in zip(ids, "abc", strict=True):
        making.edit(step_id, title=title)
    making.move(ids[2], 0)
    assert _titles(making) == ["c", "a", "b"]
    making.duplicate(ids[0])
    assert _titles(making) == ["c", "a", "a", "b"]
    making.delete(ids[1])
    assert _titles(making) == ["c", "a", "a"]
    for before in (["c", "a", "a", "b"], ["c", "a", "b"], ["a", "b", "c"]):
        making.undo()
        assert _titles(making) == before
    for after in (["c", "a", "b"], ["c", "a", "a", "b"], ["c", "a", "a"]):
        making.redo()
        assert _titles(making) == after
    assert not making.can_redo


def test_of_steps_that_are_deleted_one_after_another_the_following_one_is_in_hand_and_at_the_end_the_last(
    making: CaseMaking,
) -> None:
    first, second, third, fourth = (making.capture().id for _ in range(4))
    making.delete(second)
    assert making.in_hand is not None
    assert making.in_hand.id == third
    making.delete(fourth)
    assert making.in_hand.id == third
    making.delete(third)
    assert making.in_hand.id == first


def test_typing_on_in_a_narration_is_taken_back_at_once(making: CaseMaking) -> None:
    step = making.capture()
    for text in ("H", "He", "Hello"):
        making.edit(step.id, narration=text)
    making.edit(step.id, notes="Smile.", duration_s=30.0)
    making.undo()
    assert making.in_hand is not None
    assert (making.in_hand.narration, making.in_hand.notes) == ("Hello", "")
    making.undo()
    assert making.in_hand.narration == ""
    making.redo()
    assert making.in_hand.narration == "Hello"


def test_findings_stay_hidden_until_the_step_that_shows_them(session: Session, making: CaseMaking) -> None:
    _look_at_finding(session)
    steps = [making.capture() for _ in range(3)]
    making.hide_findings_until(steps[1].id)
    assert making.draft is not None
    told = making.draft.told
    assert [step.view.overlay for step in told] == [OverlayMode.OFF, OverlayMode.OUTLINE, OverlayMode.OUTLINE]
    assert told[0].view.selected_finding is None
    # Nothing is lost: the views are as they were captured.
    making.hide_findings_until("")
    assert [step.view for step in making.draft.told] == [step.view for step in steps]
    making.hide_findings_until(steps[1].id)
    making.delete(steps[1].id)
    assert making.draft.hidden_until == steps[2].id


def test_a_first_draft_is_told_from_the_findings_and_from_what_was_missed(session: Session, making: CaseMaking) -> None:
    draft = making.start(told=True)
    assert [step.id for step in draft.steps] == ["overview", "finding-1", "solid", "end"]
    assert draft.steps[1].title == "Block, 20 mm"
    assert "score **0.90**" in draft.steps[1].narration
    assert "recorded result" in draft.steps[1].narration
    assert draft.steps[-1].title == "1 of 1 found"
    assert draft.told[0].view.overlay is OverlayMode.OFF
    assert session.view is not None
    session.view = evolve(session.view, threshold=0.95)
    missed = making.start(told=True).steps
    assert [step.id for step in missed] == ["overview", "missed-1", "solid", "end"]
    assert missed[1].title == "Missed: block, 20 mm"
    assert missed[1].view.show_truth
    assert "below the threshold" in missed[1].narration
    assert missed[-1].title == "0 of 1 found"
    assert all(len(step.narration.split()) <= 25 for step in (*draft.steps, *missed))


def test_a_first_draft_of_a_scan_with_nothing_to_find_counts_false_alarms(session: Session, making: CaseMaking) -> None:
    session.truth = Truth()
    wrong = making.start(told=True).steps
    assert [step.id for step in wrong] == ["overview", "finding-1", "solid", "end"]
    assert wrong[1].narration.startswith("A false alarm")
    assert wrong[-1].title == "Nothing to find, 1 false alarm"
    session.findings = ()
    assert making.start(told=True).steps[-1].title == "Nothing to find here"
    session.results = {"one": ModelResult("one", "One", ())}
    assert making.start(told=True).steps[-1].title == "Nothing to find, nothing found"


def test_a_first_draft_before_any_model_ran_tells_what_is_true_and_of_no_miss(
    session: Session, making: CaseMaking
) -> None:
    session.findings = ()
    steps = making.start(told=True).steps
    assert [step.id for step in steps] == ["overview", "finding-1", "solid", "end"]
    assert steps[1].narration.startswith("Known to be here.")
    assert steps[1].view.selected_finding == "truth-1"
    assert steps[-1].view.show_truth


def test_a_first_draft_over_steps_that_were_captured_is_taken_back_like_any_change(making: CaseMaking) -> None:
    making.capture()
    making.describe(title="Mine")
    captured = _titles(making)
    making.start(told=True)
    assert making.draft is not None
    assert making.draft.title == "Mine"
    assert len(_titles(making)) > 2
    making.undo()
    assert _titles(making) == captured


def test_after_a_crash_the_draft_is_there_with_its_series(session: Session, making: CaseMaking, tmp_path: Path) -> None:
    step = making.capture()
    making.edit(step.id, title="Ünderlined", narration="**Look** here.")
    making.describe(title="A block", summary="In water.")
    kept = making.draft
    # Nothing was closed: another process starts where this one died.
    after = CaseMaking(session, tmp_path / "drafts")
    assert after.left_over() == kept
    assert kept is not None
    after.go_on(kept)
    assert _titles(after) == ["Ünderlined"]
    assert after.became_case(kept)
    assert after.draft is None
    assert after.left_over() is None


def test_a_draft_that_two_programs_go_on_with_becomes_two_and_none_is_lost(
    session: Session, making: CaseMaking, tmp_path: Path
) -> None:
    step = making.capture()
    other = CaseMaking(session, tmp_path / "drafts")
    left = other.left_over()
    assert left is not None
    other.go_on(left)
    told: list[StorageError] = []
    making.failed.connect(told.append)
    other.failed.connect(told.append)
    making.edit(step.id, title="Of the first")
    other.edit(step.id, title="Of the second")
    assert [error.sentence for error in told] == [
        "Another CaseStage has changed this draft; yours goes on as a draft of its own."
    ]
    making.edit(step.id, narration="And on")
    other.edit(step.id, narration="And on")
    making.undo()
    other.undo()
    other.undo()
    other.redo()
    assert len(told) == 1
    assert (_titles(making), _titles(other)) == (["Of the first"], ["Of the second"])
    # Each becomes a case without the other.
    saved = other.making().draft
    assert other.became_case(saved)
    after = CaseMaking(session, tmp_path / "drafts")
    kept = after.left_over()
    assert kept is not None
    assert [step.title for step in kept.steps] == ["Of the first"]


def test_the_draft_that_was_changed_last_is_offered_first_though_the_clock_was_put_back(
    session: Session, making: CaseMaking, tmp_path: Path
) -> None:
    making.capture()
    assert making.draft is not None
    other = evolve(making.draft, id="f" * 32, title="Before the clock was put back")
    draft_file.write_draft(tmp_path / "drafts", other)
    tomorrow = time.time() + 86_400
    os.utime(tmp_path / "drafts" / f"{other.id}.json", (tomorrow, tomorrow))
    making.capture()
    assert CaseMaking(session, tmp_path / "drafts").left_over() == making.draft


def test_a_case_that_was_saved_takes_away_no_draft_that_another_program_went_on_with(
    session: Session, making: CaseMaking, tmp_path: Path
) -> None:
    step = making.capture()
    other = CaseMaking(session, tmp_path / "drafts")
    left = other.left_over()
    assert left is not None
    other.go_on(left)
    other.edit(step.id, title="Of the second")
    assert making.became_case(making.making().draft)
    after = CaseMaking(session, tmp_path / "drafts").left_over()
    assert after is not None
    assert [step.title for step in after.steps] == ["Of the second"]


def test_what_was_changed_while_the_case_was_saved_is_kept(session: Session, making: CaseMaking) -> None:
    step = making.capture()
    saved = making.making().draft
    making.edit(step.id, narration="One word more")
    assert not making.became_case(saved)
    assert making.draft is not None
    assert making.draft.steps[0].narration == "One word more"
    volume = session.volume
    session.volume = None
    assert not making.became_case(saved)
    session.volume = volume
    left = making.left_over()
    assert left is not None
    assert left.steps[0].narration == "One word more"


def test_a_draft_of_another_series_is_not_taken_for_the_one_that_became_a_case(
    session: Session, making: CaseMaking
) -> None:
    making.capture()
    saved, volume = making.making().draft, session.volume
    assert volume is not None
    other = evolve(volume, series=evolve(volume.series, series_uid="1.2.3"))
    session.volume = other
    making.capture()
    assert making.became_case(saved)
    assert making.draft is not None
    assert making.left_over() == making.draft
    session.volume = volume
    assert making.left_over() is None


def test_drafts_on_disk_are_for_the_user_alone_and_name_nobody(making: CaseMaking, tmp_path: Path) -> None:
    making.capture()
    (path,) = (tmp_path / "drafts").iterdir()
    assert (tmp_path / "drafts").stat().st_mode & 0o077 == 0
    text = path.name + path.read_text("utf-8")
    assert not any(word in text.lower() for word in ("tweety", "canary", "90210"))


def test_a_damaged_draft_does_not_hide_the_others(session: Session, making: CaseMaking, tmp_path: Path) -> None:
    making.capture()
    (tmp_path / "drafts" / f"{'0' * 32}.json").write_text("{", "utf-8")
    (tmp_path / "drafts" / "notes.json").write_text("[]", "utf-8")
    assert CaseMaking(session, tmp_path / "drafts").left_over() == making.draft


def test_a_full_disk_is_said_and_the_draft_goes_on(making: CaseMaking, monkeypatch: pytest.MonkeyPatch) -> None:
    step = making.capture()
    said: list[StorageError] = []
    making.failed.connect(said.append)

    def full(*_: object) -> None:
        raise StorageError("The draft could not be saved: the disk is full.")

    monkeypatch.setattr(draft_file, "write_draft", full)
    making.edit(step.id, title="still here")
    assert _titles(making) == ["still here"]
    assert len(said) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit for files")
def test_a_draft_that_a_full_disk_refuses_is_there_again_with_its_series_and_written_once_there_is_room(
    session: Session, making: CaseMaking, tmp_path: Path
) -> None:
    step = making.capture()
    with room_for(100):
        making.edit(step.id, title="not on disk")
        first = session.volume
        assert first is not None
        session.volume = evolve(first, series=evolve(first.series, series_uid="1.2.3"))
        assert making.draft is None
        session.volume = first
        left = making.left_over()
        assert left is not None
        assert [step.title for step in left.steps] == ["not on disk"]
        with pytest.raises(StorageError, match="could not be saved"):
            making.kept.retry()
        assert making.kept.unsaved == 1
    making.kept.retry()
    assert making.kept.unsaved == 0
    assert CaseMaking(session, tmp_path / "drafts").left_over() == left


def test_opening_another_series_puts_the_draft_away(session: Session, making: CaseMaking) -> None:
    making.capture()
    volume = session.volume
    assert volume is not None
    session.volume = evolve(volume, series=evolve(volume.series, series_uid="1.2.3"))
    assert making.draft is None
    assert making.left_over() is None
    session.volume = volume
    assert making.left_over() is not None


def test_no_case_is_made_of_nothing(tmp_path: Path) -> None:
    making = CaseMaking(Session(), tmp_path)
    with pytest.raises(CaseDocumentError, match="Nothing is open"):
        making.capture()
    with pytest.raises(CaseDocumentError, match="no steps yet"):
        making.making()


def test_a_draft_is_of_the_phase_that_it_was_made_on(session: Session, making: CaseMaking, tmp_path: Path) -> None:
    first = session.volume
    assert first is not None
    later = evolve(first, source_uids=tuple(f"{uid}.2" for uid in first.source_uids))
    making.capture()
    for second in (later, evolve(later, part="phase 2 of 2")):
        session.volume = second
        assert making.draft is None
        assert making.left_over() is None
        assert CaseMaking(session, tmp_path / "drafts").left_over() is None
        session.volume = evolve(first, part="phase 1 of 2")
        left = making.left_over()
        assert left is not None
        making.go_on(left)
    making.capture()
    assert len(_titles(making)) == 2


def test_a_draft_of_before_images_were_named_is_of_its_series(
    session: Session, making: CaseMaking, tmp_path: Path
) -> None:
    making.capture()
    assert making.draft is not None
    path = tmp_path / "drafts" / f"{making.draft.id}.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    del stored["draft"]["image"]
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert CaseMaking(session, tmp_path / "drafts").left_over() is not None
