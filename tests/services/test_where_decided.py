"""What a model found at one place in two phases of a series is decided in each for itself."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from attrs import evolve

from tests.services.test_case_of_phases import phases
from tests.services.test_measuring import Bench, length
from tests.services.test_reviewing import finding, volume
from tests.services.test_where_measured import in_one_object, phase
from viewer.domain.decision import Answer
from viewer.io.journal import Journal
from viewer.io.journal_chain import Chain, Changed, check_chain
from viewer.services.chain_words import of_series

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from viewer.domain.volume import Volume

EARLY, LATE = phase(30, part="30 %"), phase(70, part="70 %")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def answers(bench: Bench, on: Volume) -> dict[str, Answer | None]:
    bench.session.volume = on
    return bench.answers()


def decide(bench: Bench, on: Volume, answer: Answer, finding_id: str = "f1") -> None:
    bench.session.volume = on
    bench.reviewing.select(finding_id, fly=False)
    bench.reviewing.decide(answer)


def decided_before(folder: Path, comment: str = "") -> None:
    """Accept the first finding as it was kept before decisions named their images."""
    journal = Journal(folder / "decisions.sqlite3")
    journal.decide("1.2.3", finding(1, 0.9, (10, 10, 5)), Answer.ACCEPTED, "Dr Example", comment)
    journal.close()


def test_each_phase_has_its_own_answer_also_after_a_restart_and_where_it_is_opened_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    decide(bench, EARLY, Answer.ACCEPTED)
    assert answers(bench, LATE) == {}
    assert bench.reviewing.decided == 0
    decide(bench, LATE, Answer.REJECTED)
    assert answers(bench, EARLY) == {"f1": Answer.ACCEPTED}
    assert bench.reviewing.decided == 1
    bench.close()
    again = Bench(tmp_path)
    assert answers(again, phase(30)) == {"f1": Answer.ACCEPTED}
    assert answers(again, phase(70)) == {"f1": Answer.REJECTED}
    decide(again, phase(70), Answer.UNSURE)
    assert answers(again, LATE) == {"f1": Answer.UNSURE}
    again.close()


def test_a_finding_whose_id_a_hand_wrote_keeps_its_answer(bench: Bench) -> None:
    odd = "lesion\t1, \u201cleft\u201d"
    bench.session.findings = (evolve(bench.session.findings[0], id=odd),)
    decide(bench, EARLY, Answer.ACCEPTED, odd)
    assert answers(bench, LATE) == {}
    assert answers(bench, EARLY) == {odd: Answer.ACCEPTED}


def test_phases_of_one_object_are_decided_each_for_itself(bench: Bench) -> None:
    decide(bench, in_one_object("arterial", 1), Answer.ACCEPTED)
    assert answers(bench, in_one_object("venous", 21)) == {}
    assert answers(bench, in_one_object("arterial", 1)) == {"f1": Answer.ACCEPTED}


def test_undo_and_redo_pass_over_what_was_decided_on_another_phase(bench: Bench) -> None:
    decide(bench, EARLY, Answer.ACCEPTED)
    decide(bench, LATE, Answer.REJECTED)
    bench.session.volume = EARLY
    bench.reviewing.undo()
    assert bench.answers() == {}
    assert not bench.reviewing.can_undo
    assert answers(bench, LATE) == {"f1": Answer.REJECTED}
    assert not bench.reviewing.can_redo
    bench.session.volume = EARLY
    bench.reviewing.redo()
    assert bench.answers() == {"f1": Answer.ACCEPTED}


def test_a_comment_is_of_its_phase_and_keeps_the_answer(bench: Bench) -> None:
    decide(bench, EARLY, Answer.ACCEPTED)
    bench.reviewing.comment("Only here", finding_id="f1")
    bench.session.volume = LATE
    bench.reviewing.comment("Not here", finding_id="f1")
    assert bench.answers() == {"f1": None}
    bench.session.volume = EARLY
    assert bench.answers() == {"f1": Answer.ACCEPTED}
    assert bench.session.decisions["f1"].comment == "Only here"


def test_what_was_decided_before_phases_were_told_apart_holds_in_each_until_that_is_decided(tmp_path: Path) -> None:
    decided_before(tmp_path, "As it was")
    bench = Bench(tmp_path)
    assert answers(bench, EARLY) == answers(bench, LATE) == {"f1": Answer.ACCEPTED}
    # What is said now is said of what is seen: the comment stays with the answer, and the answer with a comment.
    decide(bench, EARLY, Answer.REJECTED)
    assert bench.session.decisions["f1"].comment == "As it was"
    bench.session.volume = LATE
    bench.reviewing.comment("", finding_id="f1")
    assert bench.answers() == {"f1": Answer.ACCEPTED}
    bench.close()
    bench = Bench(tmp_path)
    assert answers(bench, LATE) == {"f1": Answer.ACCEPTED}
    assert bench.session.decisions["f1"].comment == ""
    assert answers(bench, EARLY) == {"f1": Answer.REJECTED}
    bench.reviewing.undo()
    assert bench.answers() == {"f1": Answer.ACCEPTED}
    bench.reviewing.undo()
    assert bench.answers() == {}
    assert answers(bench, LATE) == {"f1": Answer.ACCEPTED}
    bench.close()
    assert check_chain(tmp_path / "decisions.sqlite3").whole


def test_an_answer_stays_where_files_of_the_series_are_gone_or_come_again(bench: Bench) -> None:
    whole = EARLY
    decide(bench, whole, Answer.ACCEPTED)
    lacking = evolve(whole, source_uids=("9.9.1", *whole.source_uids[1:-1], "9.9.2"))
    assert answers(bench, lacking) == {"f1": Answer.ACCEPTED}
    decide(bench, lacking, Answer.REJECTED)
    assert answers(bench, whole) == {"f1": Answer.REJECTED}
    bench.reviewing.undo()
    assert answers(bench, lacking) == {"f1": Answer.ACCEPTED}


def test_what_is_kept_on_images_that_are_not_there_now_is_told_of(bench: Bench) -> None:
    decide(bench, EARLY, Answer.ACCEPTED)
    bench.measuring.keep(length("a"))
    bench.measuring.keep(length("b"))
    decide(bench, LATE, Answer.ACCEPTED)
    mark = bench.reviewing.mark_missed((1.0, 2.0, 10.0))
    assert mark is not None
    bench.reviewing.comment("Only here", finding_id=mark.id)
    # Beside the others each phase has its own.
    bench.session.volume = EARLY
    assert bench.told == []
    bench.session.volume = phase(30)
    (told,) = bench.told
    assert told.sentence == "1 mark on this series belongs to images that are not open."
    sent_again = phase(99)
    bench.session.volume = sent_again
    assert bench.told[-1].sentence == (
        "1 decision, 1 mark and 2 measurements on this series belong to images that are not open."
    )
    assert "open those images" in bench.told[-1].hint
    bench.told.clear()
    bench.session.volume = volume()
    assert bench.told == []


def test_an_answer_that_waits_for_the_disk_is_of_its_phase(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:

        def fails(*_said: object, **_more: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        full.setattr("viewer.io.journal.append_event", fails)
        decide(bench, EARLY, Answer.ACCEPTED)
        assert answers(bench, LATE) == {}
        assert answers(bench, EARLY) == {"f1": Answer.ACCEPTED}
        bench.session.volume = LATE
    bench.reviewing.retry()
    assert bench.reviewing.unsaved == 0
    assert bench.answers() == {}
    assert answers(bench, EARLY) == {"f1": Answer.ACCEPTED}


def test_where_images_have_no_uids_an_answer_is_of_the_series(bench: Bench) -> None:
    decide(bench, volume(), Answer.ACCEPTED)
    assert answers(bench, evolve(volume(), part="other")) == {"f1": Answer.ACCEPTED}


def test_an_entry_that_was_changed_outside_is_named_by_its_finding_alone(bench: Bench) -> None:
    decide(bench, EARLY, Answer.ACCEPTED)
    (entry,) = bench.journal.events("1.2.3")
    assert of_series(Chain(1, (Changed(1, entry.finding_id),))).detail == "Entry 1: f1"


def test_what_leaves_from_one_phase_has_the_answer_of_that_phase(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    first, second = phases(tmp_path / "ct")
    place = first.stack.lps((22, 20, 1))
    around = np.stack([place - 2, place + 2], axis=1)
    found = finding(1, 0.9, (20, 15, 1))
    bench.session.findings = (evolve(found, mask=None, centre_lps_mm=place, bounds_lps_mm=around),)
    said = {first.part: "Accepted", second.part: "Rejected"}
    for opened, answer in ((first, Answer.ACCEPTED), (second, Answer.REJECTED)):
        decide(bench, opened, answer)
    for opened in (first, second):
        bench.session.volume = opened
        bench.reviewing.export(tmp_path / opened.part)
        bench.at_rest()
        report = str(pydicom.dcmread(tmp_path / opened.part / "sr.dcm"))
        assert [word for word in said.values() if word in report] == [said[opened.part]]
    bench.close()
