"""A reader is told of decisions on findings that a model gives no more."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from tests.services.test_finding_run import Running, block, running  # noqa: F401 (a fixture)
from viewer.domain.decision import Answer
from viewer.domain.finding import Source, SourceKind
from viewer.io.journal import Journal
from viewer.services.navigation import Navigation
from viewer.services.out_of_sight import out_of_sight
from viewer.services.reviewing import Reviewing
from viewer.services.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def reviewed(running: Running, tmp_path: Path) -> Iterator[tuple[Running, Reviewing]]:  # noqa: F811
    journal = Journal(tmp_path / "decisions.sqlite3")
    settings = Settings(tmp_path / "settings.json")
    reviewing = Reviewing(running.session, Navigation(running.session, settings), running.runner, journal)
    running.run.beside = partial(out_of_sight, running.session, journal)
    running.session.reader = "Dr Example"
    running.session.volume = block()
    yield running, reviewing
    journal.close()


def test_decisions_on_what_an_earlier_version_found_are_told_of_and_those_of_other_models_are_not(
    reviewed: tuple[Running, Reviewing],
) -> None:
    desk, reviewing = reviewed
    desk.run.start("anatomy")
    desk.wait()
    assert desk.told == []
    found, *_ = desk.session.findings
    reviewing.comment("seen", finding_id=found.id)
    earlier = Source(SourceKind.MODEL, "Anatomy", "0.9", "anatomy", "cd" * 32)
    series = block().series.series_uid
    journal = reviewing._journal
    journal.decide(series, evolve(found, id="bone-was-here", source=earlier), Answer.ACCEPTED, "Dr Example")
    journal.decide(series, evolve(found, id="taken-back", source=earlier), Answer.ACCEPTED, "Dr Example")
    journal.undo(series)
    desk.session.volume = evolve(block())
    desk.run.start("anatomy")
    desk.wait()
    assert desk.told[0].endswith(
        "1 decision on this series is of a finding that Anatomy by rules does not give now, as before or in an earlier "
        "version. It is kept, and in no export."
    )
    assert desk.session.decisions[found.id].comment == "seen"


def test_decisions_on_what_another_model_found_wait_for_it_without_a_word(
    reviewed: tuple[Running, Reviewing],
) -> None:
    desk, reviewing = reviewed
    desk.run.start("anatomy")
    desk.wait()
    found, *_ = desk.session.findings
    (ran,) = desk.run.models()
    theirs = evolve(found, id="bleed-1", source=Source(SourceKind.MODEL, "Bleeds", "1", "bleeds", "ef" * 32))
    reviewing._journal.decide(block().series.series_uid, theirs, Answer.REJECTED, "Dr Example")
    desk.session.volume = evolve(block())
    assert "bleed-1" in desk.session.decisions
    assert out_of_sight(desk.session, reviewing._journal, ran, {"ef" * 32}) == ""
    assert out_of_sight(desk.session, reviewing._journal, ran, set()).startswith("1 decision on this series is")
