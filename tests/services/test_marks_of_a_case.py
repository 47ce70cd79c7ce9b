"""Readers' marks that a case carries are there wherever it is opened, beside what is marked on it there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.services.test_case_of_phases import phases
from tests.services.test_opening import Desk
from viewer.domain.decision import Answer
from viewer.domain.finding import Finding, SourceKind
from viewer.domain.job import JobContext
from viewer.domain.model_result import ModelResult
from viewer.domain.view_state import Comparison, as_point
from viewer.io.case_document import read_case
from viewer.io.journal import Journal
from viewer.io.scan import scan
from viewer.services.case_making import CaseMaking
from viewer.services.case_saving import save_case
from viewer.services.comparing import Comparing
from viewer.services.navigation import Navigation
from viewer.services.reader_marks import mark_at, moved
from viewer.services.reviewing import Reviewing
from viewer.services.settings import Settings
from viewer.services.views import view_of_finding, view_of_volume

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case
    from viewer.io.decoders import Decoders


class Reader(Desk):
    """A reader with a journal of their own, who opens cases and what they are compared with."""

    def __init__(self, folder: Path, decoders: Decoders) -> None:
        super().__init__(decoders)
        self.session.reader = "Dr Another"
        self.journal = Journal(folder / "decisions.sqlite3")
        self.settings = Settings(folder / "settings.json")
        self.reviewing = self._reviewing(self.session)
        beside = Desk(decoders)
        self.beside, self.reviewing_beside = beside.session, self._reviewing(beside.session)
        self._desks = (self, beside)
        self.comparing = Comparing(self.session, beside.session, beside.opening, self.runner)
        self.opening.prior_opened.connect(self.comparing.bring)

    def _reviewing(self, session: Session) -> Reviewing:
        return Reviewing(session, Navigation(session, self.settings), self.runner, self.journal)

    def opened_case(self, case: Case) -> None:
        done: list[bool] = []
        self.opening.open_case(case, then=lambda: done.append(True))
        self.until(lambda: bool(done))

    def opened_plain(self, case: Case) -> None:
        (entry,) = scan(Path(case.folder) / case.series_path, JobContext()).series
        self.opening.open_series(entry)
        self.until_opened(len(self.opened) + 1)

    def close(self) -> None:
        self.reviewing.close()
        for desk in self._desks:
            desk.runner.shutdown()


def marks_in(session: Session) -> list[str]:
    return [f.id for f in session.findings if f.source.kind is SourceKind.READER]


def _middle(volume: Volume) -> tuple[float, float, float]:
    return as_point(volume.grid.lps(np.array(volume.grid.size_ijk) / 2))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, shared_decoders: Decoders) -> tuple[Case, Finding, Finding]:
    """Return a case of two phases, with a mark on each of them that was made before the case was."""
    folder = tmp_path_factory.mktemp("told")
    first, second = phases(folder / "ct")
    desk = Desk(shared_decoders)
    beside = Desk(shared_decoders)
    here, there = desk.session, beside.session
    mark, other = (mark_at(_middle(volume), "Dr Example", missed=False) for volume in (first, second))
    here.volume, here.findings, here.view = first, (mark,), view_of_finding(view_of_volume(first), mark, first)
    comparing = Comparing(here, there, beside.opening, desk.runner)
    there.volume, there.findings, there.view = second, (other,), view_of_volume(second)
    comparing.mode = Comparison.CURTAIN
    making = CaseMaking(here, folder / "drafts", there, comparing)
    making.capture()
    making.describe(title="Marked")
    saved = save_case(making.making(), folder / "cases", JobContext(), signed_off=True)
    for each in (desk, beside):
        each.runner.shutdown()
    return read_case(Path(saved.folder)), mark, other


@pytest.fixture
def reader(tmp_path: Path, shared_decoders: Decoders) -> Iterator[Reader]:
    made = Reader(tmp_path, shared_decoders)
    yield made
    made.close()


def test_a_step_has_the_mark_in_hand_that_its_case_carries(reader: Reader, told: tuple[Case, Finding, Finding]) -> None:
    case, mark, other = told
    reader.opened_case(case)
    assert reader.session.selected is not None, "the step points at nothing"
    assert reader.session.selected.id == mark.id
    assert marks_in(reader.session) == [mark.id]
    assert marks_in(reader.beside) == [other.id]


def test_what_is_marked_on_a_case_stands_beside_what_it_carries_and_is_undone_alone(
    reader: Reader, told: tuple[Case, Finding, Finding]
) -> None:
    case, mark, _ = told
    reader.opened_case(case)
    own = reader.reviewing.mark_missed(as_point(mark.centre_lps_mm))
    assert own is not None
    assert marks_in(reader.session) == [mark.id, own.id]
    reader.reviewing.undo()
    assert marks_in(reader.session) == [mark.id]
    assert not reader.reviewing.can_undo
    reader.reviewing.redo()
    reader.reviewing.remove_mark(own.id)
    assert marks_in(reader.session) == [mark.id]


def test_the_case_s_own_mark_is_answered_as_a_finding_is_and_neither_moved_nor_removed(
    reader: Reader, told: tuple[Case, Finding, Finding]
) -> None:
    case, mark, _ = told
    reader.opened_case(case)
    reader.reviewing.remove_mark(mark.id)
    assert not reader.reviewing.move_mark(mark.id, (mark.centre_lps_mm[0] + 3.0, *mark.centre_lps_mm[1:]))
    assert marks_in(reader.session) == [mark.id]
    assert not reader.reviewing.can_undo
    reader.reviewing.decide(Answer.REJECTED)
    assert reader.session.decisions[mark.id].answer is Answer.REJECTED
    reader.opened_case(case)
    assert reader.session.decisions[mark.id].answer is Answer.REJECTED
    reader.reviewing.undo()
    assert mark.id not in reader.session.decisions
    assert marks_in(reader.session) == [mark.id]


def test_the_same_mark_moved_by_its_reader_goes_before_the_case_s(
    reader: Reader, told: tuple[Case, Finding, Finding]
) -> None:
    case, mark, _ = told
    place = (mark.centre_lps_mm[0] + 3.0, mark.centre_lps_mm[1], mark.centre_lps_mm[2])
    reader.journal.mark(case.series_uid, moved(mark, place, "Dr Another"), "Dr Another")
    reader.opened_case(case)
    (shown,) = (f for f in reader.session.findings if f.id == mark.id)
    assert tuple(shown.centre_lps_mm) == place
    # Taken back there, it is again where the case has it.
    reader.reviewing.undo()
    (shown,) = (f for f in reader.session.findings if f.id == mark.id)
    assert tuple(shown.centre_lps_mm) == pytest.approx(tuple(mark.centre_lps_mm))


def test_the_series_of_a_case_opened_alone_has_none_of_its_marks(
    reader: Reader, told: tuple[Case, Finding, Finding]
) -> None:
    case, mark, _ = told
    reader.opened_case(case)
    own = reader.reviewing.mark_missed(as_point(mark.centre_lps_mm))
    assert own is not None
    reader.opened_plain(case)
    assert marks_in(reader.session) == [own.id]
    assert marks_in(reader.beside) == []


def test_a_case_compared_with_itself_has_its_marks_on_both_sides(
    reader: Reader, told: tuple[Case, Finding, Finding]
) -> None:
    case, mark, _ = told
    reader.opened_case(case)
    reader.comparing.show_same()
    assert marks_in(reader.beside) == [mark.id]
    own = reader.reviewing_beside.mark_missed(as_point(mark.centre_lps_mm))
    assert own is not None
    assert marks_in(reader.session) == marks_in(reader.beside) == [mark.id, own.id]


def test_a_second_model_s_side_of_a_case_has_the_marks_too_and_the_prior_its_own_again(
    reader: Reader, told: tuple[Case, Finding, Finding]
) -> None:
    case, mark, other = told
    reader.opened_case(case)
    reader.comparing.show_second(ModelResult("b", "Model B", ()))
    assert marks_in(reader.beside) == [mark.id]
    reader.comparing.end_second()
    assert marks_in(reader.beside) == [other.id]


def test_where_a_case_carries_marks_alone_no_model_has_missed_what_is_marked_next(
    reader: Reader, told: tuple[Case, Finding, Finding]
) -> None:
    case, mark, _ = told
    reader.opened_case(case)
    for reviewing in (reader.reviewing, reader.reviewing_beside):
        own = reviewing.mark_missed(as_point(mark.centre_lps_mm))
        assert own is not None
        assert own.label == "Marked by the reader"


def test_findings_are_told_as_changed_only_where_they_are(reader: Reader, told: tuple[Case, Finding, Finding]) -> None:
    case, mark, _ = told
    reader.opened_case(case)
    changes: list[object] = []
    reader.session.findings_changed.connect(lambda *_: changes.append(_))
    reader.reviewing.select(mark.id, fly=False)
    reader.reviewing.comment("Seen", finding_id=mark.id)
    reader.reviewing.undo()
    assert changes == []
