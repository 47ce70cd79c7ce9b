"""In making a case a step can ask, sweep and draw the curtain, and the card is seen as on stage while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.cli.conftest import write_small_case
from tests.ui.window.model_results import card
from viewer.domain.job import JobContext
from viewer.domain.session import Workspace
from viewer.domain.step_acts import CurtainDraw, LiveRun, Question, Sweep
from viewer.domain.view_state import Comparison
from viewer.io.case_document import read_case
from viewer.services.loading import load_case

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.domain.walkthrough import Step
    from viewer.ui.main_window import MainWindow
    from viewer.ui.making.making_panel import MakingPanel


@pytest.fixture
def panel(window: MainWindow, tmp_path: Path, press: Callable[..., None]) -> MakingPanel:
    """Return the panel with one step captured of a patient's series."""
    write_small_case(tmp_path / "source")
    loaded = load_case(read_case(tmp_path / "source"), JobContext())
    session = window.desk.session
    session.volume, session.findings, session.truth = loaded.volume, loaded.findings, loaded.truth
    session.view = loaded.case.steps[0].view
    session.workspace = Workspace.REVIEW
    window.desk.settings.change(reader="Dr Example", reduce_motion=True)
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.making.panel is not None
    return window.making.panel


def _step(window: MainWindow) -> Step:
    step = window.desk.case_making.in_hand
    assert step is not None
    return step


def test_the_card_is_seen_over_the_picture_while_it_is_written(panel: MakingPanel, window: MainWindow) -> None:
    panel.step_title.setText("")
    QTest.keyClicks(panel.step_title, "A bleed")
    panel.narration.setPlainText("Pressed against the **bone**.")
    assert " ".join(panel.preview.words.split()) == "A bleed Pressed against the bone."
    assert window.canvas.rect().contains(panel.preview.geometry())
    panel.shows_card.click()
    assert panel.preview.words == ""
    panel.shows_card.click()
    window.actions_.run("making.close")
    assert panel.preview.words == ""


@pytest.mark.parametrize("width", [180, 263, 900])
def test_the_card_is_whole_also_where_the_panel_leaves_little_to_the_pictures(
    panel: MakingPanel, window: MainWindow, width: int
) -> None:
    panel.step_title.setText("A bleed")
    panel.narration.setPlainText("Pressed against the bone, and not seen before.")
    window.canvas.resize(width, 215)
    QApplication.processEvents()
    assert panel.preview.isVisible()
    assert window.canvas.rect().contains(panel.preview.geometry())


def test_the_card_is_read_in_either_theme_also_when_it_is_switched(panel: MakingPanel, window: MainWindow) -> None:
    panel.step_title.setText("A bleed")
    for theme in ("light", "dark", "light"):
        window.desk.settings.change(theme=theme)
        picture = panel.preview.grab().toImage()
        grey = [picture.pixelColor(x, y).lightness() for x in range(picture.width()) for y in range(picture.height())]
        assert max(grey) - min(grey) > 150, theme


def test_a_question_is_typed_its_answer_chosen_and_both_taken_back(panel: MakingPanel, window: MainWindow) -> None:
    panel.parts.button("acts").click()
    QTest.keyClicks(panel.acts.question, "Where is it?")
    assert _step(window).question == Question("Where is it?")
    assert panel.preview.words.startswith("Where is it?\nClick where you see it.")

    finding = window.desk.session.findings[0]
    assert window.desk.session.view is not None
    window.desk.session.view = evolve(window.desk.session.view, selected_finding=finding.id)
    panel.acts.by_finding.click()
    assert _step(window).question == Question("Where is it?", finding.id)
    assert finding.label in panel.acts.answer.text()
    panel.acts.by_place.click()
    question = _step(window).question
    assert question is not None
    assert question.at_lps_mm == window.desk.session.view.cursor_lps_mm

    for _ in range(3):
        window.desk.case_making.undo()
    assert _step(window).question is None
    assert panel.acts.question.text() == ""


def test_a_sweep_ends_at_the_threshold_of_the_step_unless_told_otherwise(
    panel: MakingPanel, window: MainWindow
) -> None:
    panel.parts.button("acts").click()
    panel.acts.sweep.tick.click()
    threshold = _step(window).view.threshold
    assert _step(window).sweep == Sweep(0.95, round(threshold, 3))
    first = panel.acts.sweep.fields[0]
    first.setFocus()
    first.selectAll()
    QTest.keyClicks(first, "0.8")
    assert _step(window).sweep == Sweep(0.8, round(threshold, 3))
    first.selectAll()
    QTest.keyClicks(first, "7")
    assert _step(window).sweep == Sweep(0.8, round(threshold, 3))
    assert not panel.acts.sweep.wrong.isHidden()
    panel.acts.sweep.tick.click()
    assert _step(window).sweep is None


def test_a_curtain_is_drawn_only_where_one_hangs(panel: MakingPanel, window: MainWindow, qtbot: QtBot) -> None:
    panel.parts.button("acts").click()
    assert not panel.acts.curtain.tick.isEnabled()
    making = window.desk.case_making
    draft, step = making.draft, _step(window)
    assert draft is not None
    hanging = evolve(step, view=evolve(step.view, comparison=Comparison.CURTAIN))
    making.go_on(evolve(draft, steps=(hanging,)))
    panel.acts.curtain.tick.click()
    assert _step(window).curtain == CurtainDraw(0.9, 0.1)
    # What is looked at now compares nothing.
    making.set_view(step.id)
    assert _step(window).curtain is None
    qtbot.wait(1)


def test_a_step_is_told_to_run_a_model_on_stage(
    window: MainWindow, panel: MakingPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = window.desk.finding_run
    cards = (card("test-finder", "Test finder"), card("other-finder", "Other finder"))
    monkeypatch.setattr(run, "models", lambda: cards)
    monkeypatch.setattr(run, "_manifests", ())
    panel.live.show_step(_step(window))
    panel.parts.button("acts").click()
    panel.live.tick.click()
    # The model whose findings are shown is proposed.
    usual = window.desk.session.findings[0].source.model_id
    live = _step(window).live
    assert live is not None
    assert live.most_s == 10.0
    assert live.model_id == (usual or "test-finder")
    panel.live.choose("other-finder")
    assert panel.live.model.text() == "Other finder"
    panel.live.seconds.setText("4")
    panel.live.seconds.textEdited.emit("4")
    panel.live.on_key.click()
    assert _step(window).live == LiveRun("other-finder", 4.0, on_key=True)
    panel.live.tick.click()
    assert _step(window).live is None


def test_a_second_scan_that_cannot_come_along_into_a_step_is_told_of(panel: MakingPanel, window: MainWindow) -> None:
    session, other = window.desk.session, window.desk.other.session
    assert session.volume is not None
    assert session.view is not None
    other.volume = evolve(session.volume, part="phase 2 of 2")
    session.view = evolve(session.view, comparison=Comparison.CURTAIN)
    for ask in ("making.capture", "making.set_view"):
        window.messages.clear()
        assert window.actions_.run(ask)
        assert _step(window).view.comparison is Comparison.OFF
        assert window.messages.message is not None
        assert "shows the first scan alone" in window.messages.message.sentence
    window.messages.clear()
    session.view = evolve(session.view, comparison=Comparison.OFF)
    assert window.actions_.run("making.capture")
    assert window.messages.message is None
