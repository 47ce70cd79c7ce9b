"""Measurements are kept as decisions are: with every digit and word, undone, and each on the phase it was drawn on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.io.journal_parts import OTHER_SERIES, SERIES, finding_of_a_model
from viewer.domain.decision import Answer
from viewer.domain.geometry import PlaneName
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.io.journal import Journal
from viewer.io.journal_chain import check_chain
from viewer.io.journal_state import state_from

if TYPE_CHECKING:
    from pathlib import Path


def _length(far: float = 10.0) -> Measurement:
    ends = ((0.1, 1 / 3, -7.0), (far, 1 / 3, -7.0))
    return Measurement("m-1", MeasurementKind.LENGTH, ends, PlaneName.AXIAL, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def test_a_measurement_is_kept_with_every_digit_and_goes_and_comes_with_undo(path: Path) -> None:
    journal = Journal(path)
    journal.measure(SERIES, _length(), "")
    journal.measure(SERIES, _length(22.5), "")
    assert journal.measure(SERIES, _length(22.5), "") is None
    journal.unmeasure(SERIES, "m-1", "")
    journal.close()
    journal = Journal(path)
    assert journal.measurements(SERIES) == ()
    journal.undo(SERIES)
    assert journal.measurements(SERIES) == (_length(22.5),)
    journal.undo(SERIES)
    assert journal.measurements(SERIES) == (_length(),)
    assert journal.measurements(OTHER_SERIES) == ()
    assert check_chain(journal.path).whole
    journal.close()


def test_decisions_are_written_as_before_there_were_measurements(journal: Journal) -> None:
    event = journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    assert event is not None
    assert set(json.loads(event.after)) == {"said", "mark"}


def test_marks_are_written_as_before_models_could_code_what_they_find(journal: Journal) -> None:
    event = journal.mark(SERIES, finding_of_a_model(), "A")
    assert event is not None
    assert not {"category", "kind"} & json.loads(event.after)["mark"].keys()
    assert [mark.id for mark in journal.marks(SERIES)] == ["nodule-1"]


def test_a_measurement_is_not_taken_for_a_mark_or_a_decision(journal: Journal) -> None:
    journal.measure(SERIES, _length(), "A")
    assert journal.marks(SERIES) == ()
    assert journal.decisions(SERIES) == {}


def _of_part(ident: str, part: str) -> Measurement:
    ends = ((0.0, 0.0, 0.0), (9.0, 0.0, 0.0))
    return Measurement(ident, MeasurementKind.LENGTH, ends, PlaneName.AXIAL, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), part)


def _parts(journal: Journal) -> list[str]:
    return [measurement.id for measurement in journal.measurements(SERIES)]


def test_undo_takes_back_what_was_measured_on_the_phase_that_is_open_and_not_on_another(journal: Journal) -> None:
    journal.measure(SERIES, _of_part("early", "arterial"), "A")
    journal.measure(SERIES, _of_part("late", "venous"), "A")
    assert journal.undo(SERIES, part="arterial") is not None
    assert _parts(journal) == ["late"]
    assert not journal.can_undo(SERIES, part="arterial")
    assert journal.can_redo(SERIES, part="arterial")
    assert not journal.can_redo(SERIES, part="venous")
    # Something new on another phase does not end what can be made again on this one.
    journal.measure(SERIES, _of_part("later", "venous"), "A")
    journal.redo(SERIES, part="arterial")
    assert sorted(_parts(journal)) == ["early", "late", "later"]
    journal.undo(SERIES, part="venous")
    journal.undo(SERIES, part="venous")
    assert _parts(journal) == ["early"]
    assert not journal.can_undo(SERIES, part="venous")
    assert check_chain(journal.path).whole


def test_decisions_belong_to_all_phases_and_keep_their_order_among_measurements(journal: Journal) -> None:
    journal.measure(SERIES, _of_part("early", "arterial"), "A")
    journal.decide(SERIES, finding_of_a_model(), Answer.ACCEPTED, "A")
    journal.measure(SERIES, _of_part("late", "venous"), "A")
    journal.undo(SERIES, part="arterial")
    assert journal.decisions(SERIES) == {}
    # On the other phase the newest thing done is still its own measurement.
    journal.undo(SERIES, part="venous")
    assert _parts(journal) == ["early"]
    journal.undo(SERIES, part="arterial")
    assert _parts(journal) == []
    journal.redo(SERIES, part="arterial")
    journal.redo(SERIES, part="arterial")
    assert _parts(journal) == ["early"]
    assert set(journal.decisions(SERIES)) == {"nodule-1"}


def test_outlines_arrows_and_texts_come_back_with_their_words(path: Path) -> None:
    right, down = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
    made = (
        Measurement(
            "o",
            MeasurementKind.FREEHAND,
            tuple((n * 1.1, n * n / 7, -3.0) for n in range(40)),
            PlaneName.AXIAL,
            right,
            down,
        ),
        Measurement(
            "a", MeasurementKind.ARROW, ((0.0, 0.0, 1.0), (9.0, 9.0, 1.0)), PlaneName.AXIAL, right, down, text="“schön”"
        ),
        Measurement("t", MeasurementKind.TEXT, ((5.0, 5.0, 1.0),), PlaneName.AXIAL, right, down, text="日本"),
    )
    journal = Journal(path)
    for one in made:
        journal.measure(SERIES, one, "A")
    journal.close()
    journal = Journal(path)
    assert journal.measurements(SERIES) == made
    journal.close()


def test_a_measurement_written_before_there_were_words_is_read(journal: Journal, path: Path) -> None:
    event = journal.measure(SERIES, _length(), "A")
    assert event is not None
    stored = json.loads(event.after)
    del stored["measured"]["text"]
    assert state_from(json.dumps(stored)).measured == _length()
