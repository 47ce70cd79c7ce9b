"""A case that is read ahead is there at once; what is too large, not made yet, or not wanted any more is not read."""

from __future__ import annotations

import json
import queue
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from tests.cli.conftest import write_small_case
from viewer.domain.finding import Truth
from viewer.domain.session import Session
from viewer.io.case_document import read_case
from viewer.services import case_ahead, first_use
from viewer.services.jobs import JobRunner
from viewer.services.opening import Opening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from viewer.domain.walkthrough import Case
    from viewer.io.decoders import Decoders


class Desk:
    """What opens cases, its answers taken home here."""

    def __init__(self, decoders: Decoders) -> None:
        self._calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.runner = JobRunner(self._calls.put)
        self.session = Session()
        self.opening = Opening(self.session, self.runner, decoders)

    def settle(self, seconds: float = 60.0) -> None:
        """Take answers home until no job runs."""
        until = time.monotonic() + seconds
        while self.runner._jobs and time.monotonic() < until:
            try:
                self._calls.get(timeout=0.2)()
            except queue.Empty:
                continue


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return write_small_case(tmp_path_factory.mktemp("case") / "small")


@pytest.fixture
def desk(shared_decoders: Decoders) -> Iterator[Desk]:
    made = Desk(shared_decoders)
    yield made
    made.runner.shutdown()


def test_what_was_read_ahead_is_opened_without_reading_it_again(
    desk: Desk, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = desk.opening.ahead
    ahead.want(case)
    desk.settle()
    assert ahead.ready == case
    assert desk.session.volume is None

    def read_again(*_: object, **__: object) -> None:
        raise AssertionError("it was there")

    monkeypatch.setattr("viewer.services.loading.load_case", read_again)
    told: list[str] = []
    desk.opening.open_case(case, lambda: told.append("in"))
    desk.settle()
    assert told == ["in"]
    assert desk.session.case == case
    assert [f.id for f in desk.session.findings] == ["block-1"]
    assert len(desk.session.lesions) == 1
    # It is held by the session alone from then on.
    assert ahead.ready is None


def test_a_case_whose_truth_holds_nothing_is_told_from_one_without_a_truth(
    desk: Desk, case: Case, tmp_path: Path
) -> None:
    folder = tmp_path / "normal"
    shutil.copytree(case.folder, folder)
    document = json.loads((folder / "truth" / "findings.json").read_text())
    (folder / "truth" / "findings.json").write_text(json.dumps(document | {"findings": [], "segmentation": None}))
    desk.opening.open_case(read_case(folder))
    desk.settle()
    assert desk.session.truth == Truth()
    document = json.loads((folder / "case.json").read_text())
    (folder / "case.json").write_text(json.dumps(document | {"truth_path": ""}))
    desk.opening.open_case(read_case(folder))
    desk.settle()
    assert [f.id for f in desk.session.findings] == ["block-1"]
    assert desk.session.truth is None


def test_another_case_is_not_taken_for_it(desk: Desk, case: Case) -> None:
    ahead = desk.opening.ahead
    ahead.want(case)
    desk.settle()
    assert ahead.take(evolve(case, title="Another")) is None
    assert ahead.ready is None


def test_what_would_take_too_much_memory_is_not_read_ahead(
    desk: Desk, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_ahead, "free_bytes", lambda: 1000)
    desk.opening.ahead.want(case)
    desk.settle()
    assert desk.opening.ahead.ready is None


def test_pictures_made_at_first_use_are_not_made_ahead_and_are_read_ahead_once_they_are_there(
    desk: Desk, case: Case, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "first-use"
    shutil.copytree(case.folder, folder)
    pictures = folder / case.series_path
    here = evolve(case, folder=str(folder), series_sha256="5a" * 32, recipe_path="recipe.json")
    aside = tmp_path / "aside"
    pictures.rename(aside)
    monkeypatch.setattr(first_use, "_made_in_a_process", None)
    desk.opening.ahead.want(here)
    desk.settle()
    assert desk.opening.ahead.ready is None
    made = first_use.place_of(here.series_sha256)
    assert made.is_relative_to(own_home)
    shutil.copytree(aside, made)
    (made.parent / "alike.txt").write_text("Alike.")
    desk.opening.ahead.forget()
    desk.opening.ahead.want(here)
    desk.settle()
    assert desk.opening.ahead.ready == here


def test_what_cannot_be_read_is_told_by_whoever_opens_it(desk: Desk, case: Case, tmp_path: Path) -> None:
    failed: list[str] = []
    desk.opening.failed.connect(lambda error: failed.append(error.sentence))
    gone = evolve(case, folder=str(tmp_path / "gone"))
    desk.opening.ahead.want(gone)
    desk.settle()
    assert failed == []
    desk.opening.open_case(gone)
    desk.settle()
    assert len(failed) == 1


def test_whatever_is_opened_has_memory_and_processors_for_itself(desk: Desk, case: Case) -> None:
    desk.opening.ahead.want(case)
    desk.settle()
    desk.opening.open_case(evolve(case, id="other"))
    assert desk.opening.ahead.ready is None
    desk.settle()
