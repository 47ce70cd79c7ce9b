"""Two patients' images under one series UID keep their decisions, marks and measurements apart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from tests.services.test_reviewing import Desk, finding, volume
from viewer.domain.decision import Answer
from viewer.domain.geometry import PlaneName
from viewer.domain.identifiers import new_uid
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.volume import PatientIdentity
from viewer.io import journal_store
from viewer.io.journal import Journal
from viewer.io.journal_chain import check_chain
from viewer.services.laid_files import LaidFiles, LaidKind
from viewer.services.whose_series import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from viewer.domain.volume import Volume

_FILE = "decisions.sqlite3"


def of_patient(patient_id: str, study_uid: str = "") -> Volume:
    made = volume()
    identity = PatientIdentity("Doe^Jane", patient_id)
    return evolve(made, series=evolve(made.series, identity=identity, study_uid=study_uid or made.series.study_uid))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def opened(desk: Desk, patient_id: str, study_uid: str = "") -> None:
    found = tuple(f for f in desk.session.findings if f.id.startswith("f"))
    desk.session.findings = ()
    desk.session.volume = of_patient(patient_id, study_uid)
    desk.session.findings = found


def said(desk: Desk) -> tuple[dict[str, Answer | None], int, int]:
    marks = sum(1 for f in desk.session.findings if not f.id.startswith("f"))
    return desk.answers(), marks, len(desk.session.measurements)


def review(desk: Desk) -> None:
    desk.reviewing.select("f1", fly=False)
    desk.reviewing.decide(Answer.REJECTED)
    desk.reviewing.mark_missed((1.0, 2.0, 10.0))
    ends = ((-10.0, -10.0, 10.0), (10.0, -10.0, 10.0))
    made = Measurement(new_uid(), MeasurementKind.LENGTH, ends, PlaneName.AXIAL, (1, 0, 0), (0, 1, 0))
    desk.reviewing.keep_measurement(made)


def test_what_is_said_of_one_patient_is_not_shown_on_another_whose_images_carry_the_same_uid(
    desk: Desk, tmp_path: Path
) -> None:
    opened(desk, "A 017")
    review(desk)
    assert desk.reviewing.unsaved == 0
    opened(desk, "B 23")
    assert said(desk) == ({}, 0, 0)
    assert not desk.reviewing.can_undo
    assert [told.sentence for told in desk.told] == [
        "Decisions or measurements under the UID of this series are of another patient’s ID, or study; they are not "
        "shown here."
    ]
    desk.reviewing.select("f1", fly=False)
    desk.reviewing.decide(Answer.ACCEPTED)
    # Nothing is lost, and an ID that may be the same patient's, or none, loses nothing either.
    for patient_id in ("A 017", "a17"):
        opened(desk, patient_id)
        assert said(desk) == ({"f1": Answer.REJECTED}, 1, 1)
    opened(desk, "")
    assert said(desk)[1:] == (1, 1)
    assert check_chain(tmp_path / _FILE).whole
    content = (tmp_path / _FILE).read_bytes() + (tmp_path / f"{_FILE}-wal").read_bytes()
    assert b"A 017" not in content
    assert b"Doe" not in content


@pytest.mark.parametrize("patient_id", ["A", ""])
def test_two_studies_that_use_one_series_uid_do_not_share_what_was_said(desk: Desk, patient_id: str) -> None:
    opened(desk, patient_id, "1.2")
    review(desk)
    opened(desk, patient_id, "7.8")
    assert said(desk) == ({}, 0, 0)
    assert not desk.reviewing.can_undo
    assert len(desk.told) == 1
    desk.reviewing.select("f1", fly=False)
    desk.reviewing.decide(Answer.ACCEPTED)
    opened(desk, patient_id, "1.2")
    assert said(desk) == ({"f1": Answer.REJECTED}, 1, 1)
    for _ in range(3):
        desk.reviewing.undo()
    assert said(desk) == ({}, 0, 0)
    opened(desk, patient_id, "7.8")
    assert said(desk) == ({"f1": Answer.ACCEPTED}, 0, 0)


def test_what_waits_for_the_disk_is_of_its_patient_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(desk, "A")
    with monkeypatch.context() as full:

        def fails(*_said: object, **_more: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        full.setattr("viewer.io.journal.append_event", fails)
        review(desk)
        assert desk.reviewing.unsaved == 3
        opened(desk, "B")
        assert said(desk) == ({}, 0, 0)
        opened(desk, "A")
        assert said(desk) == ({"f1": Answer.REJECTED}, 1, 1)
    desk.reviewing.retry()
    opened(desk, "B")
    assert said(desk) == ({}, 0, 0)


def test_what_was_said_before_patients_were_told_apart_is_of_all_of_them_also_on_a_disk_that_is_only_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(journal_store, "MIGRATIONS", journal_store.MIGRATIONS[:3])
        Journal(tmp_path / _FILE).close()
    with closing(sqlite3.connect(tmp_path / _FILE)) as old:
        names = ", ".join(row[1] for row in old.execute("PRAGMA table_info(event)"))
        newer = Journal(tmp_path / "newer.sqlite3")
        newer.decide("1.2.3", finding(1, 0.9, (5, 5, 3)), Answer.REJECTED, "Dr Example")
        newer.close()
        old.execute("ATTACH ? AS newer", (str(tmp_path / "newer.sqlite3"),))
        old.execute(f"INSERT INTO event ({names}) SELECT {names} FROM newer.event")
        old.commit()
    with monkeypatch.context() as fixed:

        def refuse(_path: Path) -> sqlite3.Connection:
            raise sqlite3.OperationalError("attempt to write a readonly database")

        fixed.setattr(journal_store, "open_for_writing", refuse)
        journal = Journal(tmp_path / _FILE)
        assert journal.read_only is not None
        assert [d.answer for d in journal.decisions("1.2.3").values()] == [Answer.REJECTED]
        journal.close()
    assert check_chain(tmp_path / _FILE).whole
    desk = Desk(tmp_path)
    opened(desk, "B")
    assert desk.answers() == {"f1": Answer.REJECTED}
    assert desk.told == []
    desk.close()
    assert check_chain(tmp_path / _FILE).whole


def test_a_segmentation_that_was_laid_over_one_patient_is_not_laid_over_the_other(tmp_path: Path) -> None:
    files = LaidFiles()
    files.keep(of_patient("A"), LaidKind.LABELS, tmp_path / "seg.dcm")
    assert files.over(of_patient("A"), LaidKind.LABELS) == tmp_path / "seg.dcm"
    assert files.over(of_patient("B"), LaidKind.LABELS) is None


@pytest.mark.parametrize("other", ["4711", "HOSP 04711", "hosp-4711", "Hosp.00 4711"])
def test_one_patient_s_id_in_another_spelling_is_one_patient_and_another_number_another(other: str) -> None:
    same = {mark_of("1.2", said) for said in ("HOSP 4711", "hosp 04711", "HOSP-4711")}
    assert len(same) == 1
    assert (mark_of("1.2", other) in same) is (other not in ("4711", "Hosp.00 4711"))


@pytest.mark.parametrize(("one", "other"), [("1007", "17"), ("4700", "47"), ("100", "10"), ("P1", "P10")])
def test_noughts_within_an_id_tell_patients_apart(one: str, other: str) -> None:
    assert mark_of("1.2", one) != mark_of("1.2", other)


def test_a_patient_s_marks_of_two_series_do_not_say_that_they_are_one_s() -> None:
    assert mark_of("1.2", "4711") != mark_of("1.3", "4711")


def test_a_series_whose_uid_is_damaged_still_tells_its_patients_apart() -> None:
    assert mark_of("1.2\udcfc", "4711") not in ("", mark_of("1.2\udcfc", "4712"))
    assert mark_of("1.2", " - ") == ""
