"""Two models on one case: side by side, behind a curtain, as a difference, and each counted against the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.ui.window.conftest import _finding
from tests.ui.window.model_results import card, result
from viewer.domain.errors import ModelRefusedError
from viewer.domain.finding import Finding, SourceKind, Truth
from viewer.domain.geometry import Verdict
from viewer.domain.overlays import PROBABILITY, ValueMap
from viewer.domain.session import Workspace
from viewer.domain.view_state import Comparison
from viewer.ui.canvas.shown import shown_in
from viewer.ui.canvas.side_names import side_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.domain.volume import Volume
    from viewer.ui.main_window import MainWindow

A, B = "test-finder", "other-finder"


def value_map(head: Volume, value: int, name: str) -> ValueMap:
    voxels = np.full(head.slices.shape, value, np.int16)
    volume = evolve(head, slices=voxels, voxels=voxels, unit=PROBABILITY, verdict=Verdict.OK)
    return ValueMap(volume, PROBABILITY, 0.0, 1.0, scale=1 / 250, made_by=name)


@pytest.fixture
def second(head: Volume) -> tuple[Finding, ...]:
    """What B finds: the left bleed a little lower, and the small one that A misses."""
    made = (
        _finding("b-left", (70, 40, 11), head, 0.80, SourceKind.MODEL),
        _finding("b-small", (40, 20, 22), head, 0.66, SourceKind.MODEL),
    )
    return tuple(evolve(f, source=evolve(f.source, name="Other finder", model_id=B)) for f in made)


@pytest.fixture
def ran(
    opened: MainWindow,
    head: Volume,
    findings: tuple[Finding, ...],
    second: tuple[Finding, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> list[str]:
    """Return the ids of the models that were run since, each of which answers at once."""
    asked: list[str] = []
    run = opened.desk.finding_run
    cards = {A: card(A, "Test finder"), B: card(B, "Other finder")}
    given = {
        A: result(findings, value_map(head, 200, "Test finder")),
        B: result(second, value_map(head, 50, "Other finder")),
    }

    def compute(model_id: str, done: Callable[..., None], failed: object, **_: object) -> None:
        asked.append(model_id)
        done(cards[model_id], given[model_id])

    monkeypatch.setattr(run, "models", lambda: tuple(cards.values()))
    monkeypatch.setattr(run, "compute", compute)
    return asked


@pytest.fixture
def compared(opened: MainWindow, ran: list[str], press: Callable[..., None]) -> MainWindow:
    """Return the window after Ctrl+M and Enter."""
    press(opened, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    sheet = opened.models.sheet
    assert sheet is not None
    assert sheet.pair == (A, B)
    QTest.keyClick(sheet, Qt.Key.Key_Return)
    assert not sheet.is_open
    assert ran == [A, B]
    return opened


def test_two_keys_show_both_side_by_side_each_with_its_own(
    compared: MainWindow, findings: tuple[Finding, ...], second: tuple[Finding, ...]
) -> None:
    session, other = compared.desk.session, compared.desk.other.session
    assert compared.desk.comparing.mode is Comparison.BESIDE
    assert not compared.compare.there.isHidden()
    assert other.volume is session.volume
    assert session.shown_findings == findings
    assert other.shown_findings == second
    assert side_names(session, other) == ("A  Test finder", "B  Other finder")
    here, there = shown_in(session), shown_in(other)
    assert here is not None
    assert there is not None
    # Solid on the one side, dashed on the other.
    assert not any(d.second for d in here.drawn)
    assert all(d.second for d in there.drawn if d.finding in second)


def test_differences_come_first_and_are_said_in_words(compared: MainWindow) -> None:
    panel = compared.models.panel
    assert panel is not None
    assert panel.isVisible()
    # A reader decides without having seen the answer.
    assert panel.words == [
        "Bleed right, Only A, 0.51 mL",
        "Bleed wrong, Only A, 0.51 mL",
        "Bleed b-small, Only B, 0.51 mL",
        "Bleed left, Both · overlap 0.60, 0.51 mL",
    ]
    assert panel.counts_words == ("", "")


def test_a_row_leads_to_its_place_on_both_sides(compared: MainWindow, press: Callable[..., None]) -> None:
    session, other = compared.desk.session, compared.desk.other.session
    for key, here, there in (
        (Qt.Key.Key_PageDown, "right", None),
        (Qt.Key.Key_PageDown, "wrong", None),
        (Qt.Key.Key_PageDown, "b-small", "b-small"),
        (Qt.Key.Key_PageDown, "left", "b-left"),
        (Qt.Key.Key_PageUp, "b-small", "b-small"),
    ):
        press(compared, key, Qt.KeyboardModifier.ControlModifier)
        assert session.view is not None
        assert other.view is not None
        assert session.view.selected_finding == here
        assert other.view.selected_finding in (there, here)
        assert other.view.cursor_lps_mm == session.view.cursor_lps_mm


def test_as_a_difference_both_lie_on_one_picture_with_the_maps_subtracted(
    compared: MainWindow, press: Callable[..., None], qtbot: QtBot, second: tuple[Finding, ...]
) -> None:
    session = compared.desk.session
    qtbot.waitUntil(lambda: compared.desk.two_models.has_difference_map, timeout=5000)
    press(compared, Qt.Key.Key_7, Qt.KeyboardModifier.ShiftModifier)
    assert compared.desk.comparing.mode is Comparison.DIFFERENCE
    assert compared.compare.there.isHidden()
    shown = shown_in(session)
    assert shown is not None
    assert [d.finding.id for d in shown.drawn if d.second] == [f.id for f in second]
    assert len([d for d in shown.drawn if not d.second and d.finding.source.model_id == A]) == 3
    made = session.overlays.value_map
    assert made is not None
    assert made.diverging
    assert made.made_by == "Test finder − Other finder"
    assert made.value_at(session.view.cursor_lps_mm) == pytest.approx(0.6)
    assert shown.value_map is made
    # Side by side each shows its own again.
    press(compared, Qt.Key.Key_5, Qt.KeyboardModifier.ShiftModifier)
    assert session.overlays.value_map is not None
    assert session.overlays.value_map.made_by == "Test finder"
    assert compared.desk.other.session.overlays.value_map is not None
    assert compared.desk.other.session.overlays.value_map.made_by == "Other finder"


def test_a_curtain_can_be_drawn_between_the_two(compared: MainWindow, press: Callable[..., None]) -> None:
    press(compared, Qt.Key.Key_6, Qt.KeyboardModifier.ShiftModifier)
    assert compared.desk.comparing.mode is Comparison.CURTAIN
    beyond = compared.canvas.hands.beyond
    assert beyond is not None
    behind = beyond.behind
    assert behind is not None
    assert behind.names == (("A  Test finder",), ("B  Other finder",))
    assert any(d.second for d in behind.shown.drawn)


def test_under_the_pointer_each_side_tells_the_map_of_its_own_model(compared: MainWindow) -> None:
    session, status = compared.desk.session, compared.status
    assert session.view is not None
    session.view = evolve(session.view, map_look=evolve(session.view.map_look, shown=True))
    for second, told in ((False, "map 0.80"), (True, "map 0.20")):
        status.show_pointer(35.0, session.view.cursor_lps_mm, of=session.volume, second=second)
        assert told in status._value.text()


def test_in_inspect_both_are_counted_against_the_truth(compared: MainWindow) -> None:
    compared.go(Workspace.INSPECT)
    panel = compared.models.inspecting
    assert panel is not None
    assert panel.isVisible()
    assert panel.counts_words == ("2 true, 1 false, 1 missed", "2 true, 0 false, 1 missed")
    assert panel.words == [
        "Bleed right, Only A · true positive, 0.51 mL",
        "Bleed wrong, Only A · false positive, 0.51 mL",
        "Bleed b-small, Only B · true positive, 0.51 mL",
        "Bleed left, Both · overlap 0.60 · true positive, 0.51 mL",
    ]
    # A lesion that neither finds is a row too.
    compared.desk.inspecting.set_threshold(0.99)
    assert any(words.startswith("Bleed true right, Missed by both") for words in panel.words)


def test_where_nothing_is_to_be_found_both_are_counted_by_what_is_false_alone(compared: MainWindow) -> None:
    compared.go(Workspace.INSPECT)
    panel = compared.models.inspecting
    assert panel is not None
    for session in (compared.desk.session, compared.desk.other.session):
        session.truth = Truth()
    assert panel.counts_words == ("3 false", "2 false")
    assert [label.text() for label in panel._numbers[0]] == ["–", "3", "–"]
    assert all("false positive" in words for words in panel.words)


def test_when_it_ends_where_no_model_ran_before_no_lesion_is_taken_for_missed(
    opened: MainWindow, ran: list[str]
) -> None:
    session = opened.desk.session
    session.findings = ()
    opened.go(Workspace.INSPECT)
    opened.desk.two_models.compare(A, B)
    assert ran == [A, B]
    assert opened.inspect.counts == (2, 1, 1)
    opened.desk.two_models.close()
    assert session.findings == ()
    assert session.matching is None
    assert opened.inspect.nothing_held.words[0] == "No model has run"


def test_when_it_ends_the_findings_of_before_are_there_again(
    compared: MainWindow, press: Callable[..., None], findings: tuple[Finding, ...]
) -> None:
    press(compared, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    session = compared.desk.session
    assert compared.desk.comparing.mode is Comparison.OFF
    assert compared.desk.other.session.volume is None
    assert session.findings == findings
    assert compared.models.panel is not None
    assert not compared.models.panel.isVisible()
    assert compared.review.panel.isVisible()


def test_ended_from_the_bar_of_any_comparison_it_ends_as_well(compared: MainWindow) -> None:
    compared.actions_.run("compare.close")
    assert compared.desk.two_models.pair is None
    assert compared.desk.session.view is not None
    assert compared.desk.session.view.models is None


def test_what_is_known_is_not_run_again_unless_it_is_asked_for(
    compared: MainWindow, ran: list[str], press: Callable[..., None]
) -> None:
    compared.desk.two_models.close()
    compared.desk.two_models.compare(A, B)
    assert ran == [A, B]
    press(compared, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    assert ran == [A, B, A, B]
    assert compared.desk.two_models.pair == (A, B)


def test_a_model_that_was_not_made_for_it_says_so_and_can_be_run_anyway(
    opened: MainWindow, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = opened.desk.finding_run
    working = run.compute

    def refuse(model_id: str, done: object, failed: Callable[..., None], *, anyway: bool = False, **_: object) -> None:
        if anyway:
            working(model_id, done, failed)
        else:
            failed(card(model_id, "Test finder"), ModelRefusedError("It was made for chests."))

    monkeypatch.setattr(run, "compute", refuse)
    opened.desk.two_models.compare(A, B)
    assert opened.messages.message is not None
    assert opened.messages.message.sentence == "Test finder was not made for this volume."
    opened.messages.act()
    assert opened.desk.two_models.pair == (A, B)


def test_a_step_of_a_case_holds_the_two_and_the_next_step_one_again(
    compared: MainWindow, findings: tuple[Finding, ...], press: Callable[..., None]
) -> None:
    desk, session = compared.desk, compared.desk.session
    press(compared, Qt.Key.Key_6, Qt.KeyboardModifier.ShiftModifier)
    assert session.view is not None
    assert session.case is not None
    told = evolve(session.view, curtain=0.4)
    steps = (session.case.steps[0], evolve(session.case.steps[1], view=told), session.case.steps[2])
    desk.two_models.close()
    session.case = evolve(session.case, steps=steps)
    compared.present_from(0)
    assert desk.other.session.volume is None
    press(compared, Qt.Key.Key_Right)
    assert desk.two_models.pair == (A, B)
    assert desk.other.session.volume is session.volume
    # A case brings no maps along; the step looks the same where its models have just been run.
    assert session.overlays.value_map is None
    assert desk.player.exploring_words == ""
    press(compared, Qt.Key.Key_Right)
    assert desk.other.session.volume is None
    assert session.findings == findings
