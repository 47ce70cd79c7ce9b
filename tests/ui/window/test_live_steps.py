"""A step that runs a model on stage: what it finds is shown when it comes, else what was recorded, and which it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import Qt

from tests.ui.window.conftest import _finding
from tests.ui.window.model_results import card, result
from viewer.domain.errors import ModelError
from viewer.domain.finding import Finding, SourceKind
from viewer.domain.patches import Patches
from viewer.domain.step_acts import LiveRun, Question
from viewer.ui.canvas.shown import shown_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow

MODEL = "test-finder"


class Model:
    """Stands for the model's run: it waits until the test lets it answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []
        self.cancelled = 0
        self.done: Callable[..., None] = lambda *_: None
        self.failed: Callable[..., None] = lambda *_: None

    def compute(
        self, model_id: str, done: Callable[..., None], failed: Callable[..., None], *, again: bool = False
    ) -> None:
        self.asked.append((model_id, again))
        self.done, self.failed = done, failed

    def cancel(self) -> None:
        self.cancelled += 1

    def answers(self, findings: tuple[Finding, ...]) -> None:
        self.done(card(MODEL, "Test finder"), result(findings))


@pytest.fixture
def model(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Model:
    made, run = Model(), opened.desk.finding_run
    monkeypatch.setattr(run, "compute", made.compute)
    monkeypatch.setattr(run, "cancel", made.cancel)
    monkeypatch.setattr(run, "models", lambda: (card(MODEL, "Test finder"),))
    monkeypatch.setattr(run, "_manifests", ())
    return made


@pytest.fixture
def staged(opened: MainWindow, case: Case, model: Model) -> Callable[..., MainWindow]:
    """Return a function that presents the case from its first step, the second of which runs the model."""

    def present(live: LiveRun, question: Question | None = None) -> MainWindow:
        steps = (case.steps[0], evolve(case.steps[1], live=live, question=question), case.steps[2])
        opened.desk.session.case = evolve(case, steps=steps)
        opened.present_from(0)
        return opened

    return present


@pytest.fixture
def found(head: Volume) -> tuple[Finding, ...]:
    """What the model finds live: not quite what was recorded."""
    return (evolve(_finding("live", (68, 40, 10), head, 0.91, SourceKind.MODEL), recorded=False),)


def shown(window: MainWindow) -> list[str]:
    """Return the ids of the model's findings that are drawn."""
    now = shown_in(window.desk.session)
    assert now is not None
    return [d.finding.id for d in now.drawn if d.finding.source.kind is SourceKind.MODEL]


def test_the_model_runs_when_the_step_arrives_and_its_findings_take_the_place_of_the_recorded_ones(
    staged: Callable[..., MainWindow], model: Model, found: tuple[Finding, ...], press: Callable[..., None]
) -> None:
    window = staged(LiveRun(MODEL))
    assert "left" in shown(window)
    assert model.asked == []
    press(window, Qt.Key.Key_Right)
    assert model.asked == [(MODEL, True)]
    assert shown(window) == []
    assert "Test finder is running live" in window.stage.bar.words
    window.desk.session.patches = Patches(np.zeros((8, 8, 3))).with_one_more().with_one_more()
    assert "Test finder is running live · 2 of 8" in window.stage.bar.words
    model.answers(found)
    assert shown(window) == ["live"]
    assert "Live, 0.1 s" in window.stage.bar.words
    assert "Recorded" not in window.stage.bar.words


def test_what_takes_too_long_is_stopped_and_the_recorded_result_says_so(
    staged: Callable[..., MainWindow],
    model: Model,
    found: tuple[Finding, ...],
    press: Callable[..., None],
    qtbot: QtBot,
) -> None:
    window = staged(LiveRun(MODEL, most_s=0.1))
    press(window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: "Recorded" in window.stage.bar.words, timeout=5000)
    assert "Recorded · the live run took longer than 0.1 s" in window.stage.bar.words
    assert model.cancelled == 1
    assert "left" in shown(window)
    # An answer that comes after all changes nothing any more.
    model.answers(found)
    assert "left" in shown(window)
    assert "Live" not in window.stage.bar.words


def test_a_model_that_fails_or_is_not_here_costs_a_sentence_and_no_step(
    staged: Callable[..., MainWindow], model: Model, press: Callable[..., None]
) -> None:
    window = staged(LiveRun(MODEL))
    press(window, Qt.Key.Key_Right)
    model.failed(None, ModelError("There is no model called “test-finder” here."))
    assert "Recorded · there is no model called “test-finder” here" in window.stage.bar.words
    assert "left" in shown(window)


def test_next_and_back_do_not_wait_and_other_steps_show_what_was_rehearsed(
    staged: Callable[..., MainWindow],
    model: Model,
    found: tuple[Finding, ...],
    findings: tuple[Finding, ...],
    press: Callable[..., None],
) -> None:
    window = staged(LiveRun(MODEL))
    press(window, Qt.Key.Key_Right)
    press(window, Qt.Key.Key_Right)
    assert window.desk.session.step == 2
    assert model.cancelled == 1
    assert window.desk.session.findings == findings
    assert "running" not in window.stage.bar.words
    press(window, Qt.Key.Key_Left)
    assert len(model.asked) == 2
    model.answers(found)
    press(window, Qt.Key.Key_Left)
    assert window.desk.session.findings == findings
    assert "Live" not in window.stage.bar.words


def test_on_a_key_it_waits_for_the_key(
    staged: Callable[..., MainWindow],
    model: Model,
    found: tuple[Finding, ...],
    press: Callable[..., None],
    qtbot: QtBot,
) -> None:
    window = staged(LiveRun(MODEL, on_key=True))
    press(window, Qt.Key.Key_Right)
    assert model.asked == []
    assert "L runs Test finder" in window.stage.bar.words
    assert shown(window) == []
    press(window, Qt.Key.Key_L)
    assert model.asked == [(MODEL, True)]
    model.answers(found)
    assert shown(window) == ["live"]
    # A key that is held is pressed once.
    qtbot.wait(200)
    press(window, Qt.Key.Key_L)
    assert len(model.asked) == 2


def test_in_a_kiosk_where_nobody_presses_l_it_runs_by_itself(
    staged: Callable[..., MainWindow], model: Model, press: Callable[..., None], qtbot: QtBot
) -> None:
    window = staged(LiveRun(MODEL, on_key=True))
    window.kiosk_here.begin()
    try:
        press(window, Qt.Key.Key_Right)
        qtbot.waitUntil(lambda: model.asked == [(MODEL, True)], timeout=3000)
    finally:
        # Until then it refuses to be closed.
        window.end_kiosk()
        window.close()


def test_before_the_models_are_known_the_key_is_told_all_the_same(
    staged: Callable[..., MainWindow], press: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    window = staged(LiveRun(MODEL, on_key=True))
    monkeypatch.setattr(window.desk.finding_run, "_manifests", None)
    press(window, Qt.Key.Key_Right)
    assert "L runs the model" in window.stage.bar.words


def test_a_step_that_asks_first_runs_when_it_is_revealed(
    staged: Callable[..., MainWindow], model: Model, press: Callable[..., None]
) -> None:
    window = staged(LiveRun(MODEL), Question("Where is it?"))
    press(window, Qt.Key.Key_Right)
    assert model.asked == []
    press(window, Qt.Key.Key_Right)
    assert window.desk.session.step == 1
    assert len(model.asked) == 1


def test_leaving_the_stage_shows_the_recorded_result_at_the_desk(
    staged: Callable[..., MainWindow],
    model: Model,
    findings: tuple[Finding, ...],
    press: Callable[..., None],
) -> None:
    window = staged(LiveRun(MODEL))
    press(window, Qt.Key.Key_Right)
    press(window, Qt.Key.Key_Escape)
    assert model.cancelled == 1
    assert window.desk.session.shown_findings == findings
    assert not window.desk.session.awaited
