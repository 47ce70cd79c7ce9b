"""On stage: the audience is asked, guesses by click or key, and sees how near it came; thresholds sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from viewer.domain.finding import Truth
from viewer.domain.geometry import PlaneName
from viewer.domain.session import Workspace
from viewer.domain.step_acts import Question, Sweep
from viewer.domain.view_state import ViewName
from viewer.scene.plane_slices import snapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.domain.finding import Finding
    from viewer.domain.view_state import Point
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow

QUESTION = Question("Where is the bleed?", finding="true left")


@pytest.fixture
def tell(opened: MainWindow, case: Case, qtbot: QtBot) -> Callable[..., MainWindow]:
    """Return a function that presents the case with acts for its second step, from there."""

    def act(**acts: Any) -> MainWindow:
        steps = list(case.steps)
        steps[1] = evolve(steps[1], **acts)
        opened.desk.session.case = evolve(case, steps=tuple(steps))
        opened.present_from(1)
        # Commands follow once the event loop has turned.
        qtbot.wait(20)
        return opened

    return act


def _click(window: MainWindow, lps_mm: Point) -> QPoint:
    """Click a place of the patient on the large axial view, and return where that is."""
    canvas, session = window.stage.canvas, window.desk.session
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    assert tile.view.plane is not None
    assert session.volume is not None
    assert session.view is not None
    x, y = tile.geometry(session.volume, session.view, tile.view.plane).screen_from_lps(lps_mm)
    place = QPoint(round(tile.area.left() + x), round(tile.area.top() + y))
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    return place


def test_the_question_stands_alone_and_nothing_tells_the_answer(tell: Callable[..., MainWindow]) -> None:
    window = tell(question=QUESTION)
    assert "Where is the bleed?" in window.stage.card.words
    assert "outlines" not in window.stage.card.words
    assert "Blood on the left" not in window.stage.card.words
    picture = window.stage.canvas.grab().toImage()
    window.desk.session.findings = ()
    window.desk.session.truth = None
    assert window.stage.canvas.grab().toImage() == picture
    assert window.stage.bar.resume.text() == "Reveal"


def test_the_search_on_the_stage_names_a_step_that_asks_by_its_question(
    tell: Callable[..., MainWindow], press: Callable[..., None]
) -> None:
    window = tell(question=QUESTION)
    press(window, Qt.Key.Key_Slash)
    search = window.presenting.search
    assert search is not None
    assert "2 Where is the bleed?" in search.lines
    assert not any("left" in line.lower() for line in search.lines)


def test_no_key_shows_the_answer_early(tell: Callable[..., MainWindow], press: Callable[..., None]) -> None:
    window = tell(question=QUESTION)
    before = window.desk.session.view
    for key in (Qt.Key.Key_N, Qt.Key.Key_P):
        press(window, key)
    assert window.desk.session.view == before
    press(window, Qt.Key.Key_G)
    press(window, Qt.Key.Key_G)
    assert window.desk.session.shown_findings == ()


def test_the_card_does_not_step_aside_for_a_lesion_that_nobody_knows(
    tell: Callable[..., MainWindow], press: Callable[..., None], findings: tuple[Finding, ...]
) -> None:
    window = tell(question=Question("Where?", finding="true right"))
    asked = window.stage.card.x()
    press(window, Qt.Key.Key_Return)
    assert window.stage.card.x() == asked

    steps = window.desk.player.steps
    window.desk.session.case = evolve(window.desk.session.case, steps=(evolve(steps[2], question=QUESTION),))
    window.present_from(0)
    left = window.stage.card.x()
    press(window, Qt.Key.Key_Return)
    assert window.stage.card.x() > left


def test_clicks_are_guesses_and_the_best_is_told_with_its_distance(
    tell: Callable[..., MainWindow], press: Callable[..., None], left_of: Point
) -> None:
    window = tell(question=QUESTION)
    _click(window, (left_of[0] - 30.0, left_of[1], left_of[2]))
    _click(window, left_of)
    assert "2 guesses" in window.stage.card.words
    press(window, Qt.Key.Key_PageDown)
    assert window.desk.session.step == 1
    words = window.stage.card.words
    assert "The AI outlines a bleed" in words
    assert "Best of 2 guesses inside" in words
    assert "Model found it, score 0.95 recorded" in words
    assert "Truth 0.51 mL" in words
    press(window, Qt.Key.Key_PageDown)
    assert window.desk.session.step == 2


def test_a_guess_beside_says_how_far_and_on_which_side_of_the_patient(
    tell: Callable[..., MainWindow], press: Callable[..., None], left_of: Point
) -> None:
    window = tell(question=QUESTION)
    _click(window, (left_of[0] - 35.0, left_of[1], left_of[2]))
    press(window, Qt.Key.Key_Return)
    assert "mm, on the patient’s right of it" in window.stage.card.words


def test_backspace_takes_the_last_guess_back_and_going_back_asks_again(
    tell: Callable[..., MainWindow], press: Callable[..., None], left_of: Point, qtbot: QtBot
) -> None:
    window = tell(question=QUESTION)
    asking = window.desk.player.asking
    for aside in (0.0, 30.0):
        _click(window, (left_of[0] - aside, left_of[1], left_of[2]))
    qtbot.wait(20)
    press(window, Qt.Key.Key_Backspace)
    assert len(asking.guesses) == 1
    press(window, Qt.Key.Key_PageDown)
    press(window, Qt.Key.Key_PageDown)
    press(window, Qt.Key.Key_PageUp)
    assert asking.open
    assert asking.guesses == ()
    assert "Where is the bleed?" in window.stage.card.words


def test_a_click_on_a_guess_takes_it_back(tell: Callable[..., MainWindow], left_of: Point) -> None:
    window = tell(question=QUESTION)
    for aside in (0.0, 30.0, 0.0):
        _click(window, (left_of[0] - aside, left_of[1], left_of[2]))
    (left,) = window.desk.player.asking.guesses
    assert left[0] == pytest.approx(left_of[0] - 30.0, abs=1.0)


def test_a_drag_is_no_guess_and_two_quick_clicks_are_one(tell: Callable[..., MainWindow], left_of: Point) -> None:
    window = tell(question=QUESTION)
    canvas = window.stage.canvas
    place = _click(window, left_of)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert len(window.desk.player.asking.guesses) == 1
    layout = window.desk.session.view.layout if window.desk.session.view else None
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    QTest.mouseMove(canvas, place + QPoint(40, 0))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place + QPoint(40, 0))
    assert len(window.desk.player.asking.guesses) == 1
    assert window.desk.session.view is not None
    assert window.desk.session.view.layout is layout


def test_the_keyboard_alone_guesses(tell: Callable[..., MainWindow], press: Callable[..., None]) -> None:
    window = tell(question=QUESTION)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    press(window, Qt.Key.Key_M)
    for _ in range(3):
        press(window, Qt.Key.Key_Left, both)
    press(window, Qt.Key.Key_M)
    middle, aside = window.desk.player.asking.guesses
    # Left on the screen is the patient's right.
    assert aside[0] < middle[0]
    assert aside[1:] == pytest.approx(middle[1:])


def test_a_guess_by_the_keyboard_lies_on_the_image_that_is_seen_as_one_by_a_click_does(
    tell: Callable[..., MainWindow], press: Callable[..., None]
) -> None:
    window = tell(question=QUESTION)
    session = window.desk.session
    assert session.volume is not None
    assert session.view is not None
    x, y, z = snapped(session.volume, PlaneName.AXIAL, session.view.cursor_lps_mm)
    beside = z + 0.4 * session.volume.grid.spacing_mm[2]
    session.view = evolve(session.view, cursor_lps_mm=(x, y, beside))
    press(window, Qt.Key.Key_M)
    (by_key,) = window.desk.player.asking.guesses
    press(window, Qt.Key.Key_Backspace)
    _click(window, by_key)
    (by_click,) = window.desk.player.asking.guesses
    assert by_key[2] == pytest.approx(z)
    assert by_click[2] == pytest.approx(z)


def test_a_question_can_be_passed_over(tell: Callable[..., MainWindow], press: Callable[..., None]) -> None:
    window = tell(question=QUESTION)
    press(window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ShiftModifier)
    assert window.desk.session.step == 2
    assert not window.desk.session.veiled


def test_leaving_the_stage_ends_the_question(tell: Callable[..., MainWindow], press: Callable[..., None]) -> None:
    window = tell(question=QUESTION)
    press(window, Qt.Key.Key_Escape)
    assert window.desk.session.shown_findings
    assert not window.desk.player.asking.open


def test_a_question_is_not_put_where_the_stage_was_left_before_its_case_was_whole(
    tell: Callable[..., MainWindow],
) -> None:
    window = tell(question=QUESTION)
    desk = window.desk
    for place in (Workspace.REVIEW, Workspace.INSPECT):
        desk.session.workspace = place
        # What is open by now is all there, and the case begins.
        desk.player.start(1)
        assert desk.session.workspace is place
        assert not desk.session.veiled
        assert desk.session.shown_findings
    window.present_from(1)
    assert desk.player.asking.open


def test_the_threshold_sweeps_with_a_quiet_count_and_rests_at_its_end(
    opened: MainWindow, tell: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    now_s = [0.0]
    opened.desk.player.acting._clock = lambda: now_s[0]
    window = tell(sweep=Sweep(1.0, 0.5, 1.5))
    assert window.stage.readout.words == "Threshold 1.00  0 found  0 false  3 missed"
    assert "The AI outlines a bleed" in window.stage.card.words
    for _ in range(7):
        now_s[0] += 0.25
        window.desk.player.acting.tick()
    assert not window.desk.player.acting.running
    assert window.stage.readout.words == "Threshold 0.50  2 found  1 false  1 missed"
    qtbot.wait(5)
    assert window.stage.bar.resume.isHidden()


def test_a_sweep_where_nothing_is_to_be_found_counts_what_is_false_alone(tell: Callable[..., MainWindow]) -> None:
    window = tell(sweep=Sweep(1.0, 0.5, 60.0))
    window.desk.session.truth = Truth()
    assert window.stage.readout.words == "Threshold 1.00  Nothing to find  0 false"
    window.desk.session.truth = None
    assert window.stage.readout.words == "Threshold 1.00  0 findings"


def test_a_touch_stops_the_sweep_and_resume_lands_at_the_steps_threshold(
    tell: Callable[..., MainWindow], press: Callable[..., None], qtbot: QtBot
) -> None:
    window = tell(sweep=Sweep(1.0, 0.0, 60.0))
    qtbot.waitUntil(lambda: window.desk.session.view is not None and window.desk.session.view.threshold < 1.0)
    press(window, Qt.Key.Key_Up)
    assert not window.desk.player.acting.running
    assert "Exploring" in window.stage.bar.words
    press(window, Qt.Key.Key_Return)
    assert window.desk.session.view == window.desk.player.steps[1].view
    assert window.stage.readout.words.startswith("Threshold 0.50")


def test_where_nothing_is_to_be_found_the_answer_says_so_and_what_the_model_reported(
    tell: Callable[..., MainWindow],
) -> None:
    window = tell(question=Question("Is there a bleed?"))
    session = window.desk.session
    session.truth = Truth()
    assert session.view is not None
    session.view = evolve(session.view, selected_finding=None)
    step = window.desk.player.steps[1]
    window.desk.player.asking.begin(evolve(step, view=evolve(step.view, selected_finding=None)))
    _click(window, session.view.cursor_lps_mm)
    window.desk.player.reveal()
    assert "Guess nothing is there" in window.stage.card.words
    assert "Truth nothing to find here" in window.stage.card.words
    assert "Model reported 3 findings recorded" in window.stage.card.words
    session.view = evolve(session.view, threshold=0.99)
    assert "Model reported nothing" in window.stage.card.words
    session.findings = ()
    assert "Model" not in window.stage.card.words


def test_where_no_model_ran_the_answer_does_not_say_that_one_missed_it(tell: Callable[..., MainWindow]) -> None:
    window = tell(question=QUESTION)
    session = window.desk.session
    session.findings, session.truth = session.lesions, None
    window.desk.player.reveal()
    assert "Truth" in window.stage.card.words
    assert "Model" not in window.stage.card.words
