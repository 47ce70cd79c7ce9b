"""A volume beside itself: what is said of it stays, however the comparison goes on or ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, Qt

from tests.ui.acquired.hands import drag, place_in
from viewer.domain.decision import Answer
from viewer.domain.view_state import ViewName
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume
    from viewer.ui.main_window import MainWindow


@pytest.fixture
def beside(opened: MainWindow, press: Callable[..., None]) -> MainWindow:
    """Return the window with the case beside itself; a finding is accepted, and a length is measured."""
    opened.desk.reviewing.select("left")
    assert opened.actions_.run("review.accept")
    press(opened, Qt.Key.Key_L)
    drag(opened.canvas, Qt.MouseButton.LeftButton, place_in(opened.canvas, ViewName.AXIAL, 0.3, 0.4), QPoint(60, 20))
    press(opened, Qt.Key.Key_Escape)
    assert len(opened.desk.session.measurements) == 1
    assert opened.actions_.run("compare.itself")
    return opened


def end(window: MainWindow, _head: Volume) -> None:
    assert window.actions_.run("compare.close")


def ask_again(window: MainWindow, _head: Volume) -> None:
    assert window.actions_.run("compare.itself")


def open_another(window: MainWindow, head: Volume) -> None:
    other = window.desk.other
    other.opening.close()
    other.session.volume = evolve(head, series=evolve(head.series, series_uid="1.2.3.10"))
    other.session.view = view_of_volume(other.session.volume)


@pytest.mark.parametrize("go_on", [end, ask_again, open_another])
def test_findings_decisions_and_measurements_stay(
    beside: MainWindow, head: Volume, findings: tuple[Finding, ...], go_on: Callable[[MainWindow, Volume], None]
) -> None:
    session = beside.desk.session
    go_on(beside, head)
    assert session.findings == findings
    assert {ident: decision.answer for ident, decision in session.decisions.items()} == {"left": Answer.ACCEPTED}
    assert len(session.measurements) == 1
    assert beside.review.panel.decided_words == "1 of 3 decided"


def test_both_sides_say_the_same_and_a_decision_on_one_is_one_on_both(beside: MainWindow) -> None:
    here, there = beside.desk.session, beside.desk.other.session
    assert (there.findings, there.decisions, there.measurements) == (here.findings, here.decisions, here.measurements)
    beside.desk.reviewing.select("left")
    assert beside.actions_.run("review.reject")
    assert here.decisions["left"].answer is Answer.REJECTED
    assert there.decisions == here.decisions
