"""The next steps and the picked case are made ready while something else is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.session import Workspace
from viewer.domain.step_acts import LiveRun
from viewer.domain.view_state import Interpolation

if TYPE_CHECKING:
    import pytest
    from pytestqt.qtbot import QtBot

    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow


def test_fine_pictures_of_the_next_step_are_there_before_it_is_asked_for(
    opened: MainWindow, case: Case, qtbot: QtBot
) -> None:
    session, desk = opened.desk.session, opened.desk
    fine = evolve(case.steps[1].view, interpolation=Interpolation.CUBIC)
    session.case = evolve(case, steps=(case.steps[0], evolve(case.steps[1], view=fine), case.steps[2]))
    opened.present_from(0)
    painter = opened.stage.canvas.planes
    # The large plane and the two small ones.
    qtbot.waitUntil(lambda: len(painter._ahead) == 3, timeout=10_000)
    ahead = {id(image) for image, _ in painter._ahead.values()}
    desk.player.next()
    opened.stage.canvas._motion.stop()
    opened.stage.canvas.grab()
    assert {id(held.image) for held in painter._pictures.values()} == ahead


def test_the_process_of_a_model_that_a_step_will_run_is_started_before(
    opened: MainWindow, case: Case, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready: list[int] = []
    monkeypatch.setattr(opened.desk.finding_run, "get_ready", lambda: ready.append(1))
    monkeypatch.setattr(opened.desk.finding_run, "_manifests", ())
    live = evolve(case.steps[2], live=LiveRun("test-finder"))
    opened.desk.session.case = evolve(case, steps=(*case.steps[:2], live))
    opened.present_from(0)
    qtbot.waitUntil(lambda: bool(ready), timeout=5000)


def test_the_picked_case_is_read_while_the_library_is_looked_at(
    opened: MainWindow, case: Case, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[str] = []
    other = evolve(case, id="another")
    monkeypatch.setattr(type(opened.library), "case_in_hand", property(lambda _self: other))
    monkeypatch.setattr(opened.desk.opening.ahead, "want", lambda one: wanted.append(one.id))
    opened.go(Workspace.LIBRARY)
    qtbot.waitUntil(lambda: wanted == ["another"], timeout=5000)
