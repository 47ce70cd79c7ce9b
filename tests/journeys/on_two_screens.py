"""The bundled cases told with two screens; run by `test_bundled_cases`, on a display that has two."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from tests.journeys.telling import STAGE, Audience, Presenter, bundled, open_case, still_case, tell, window
from tests.two_monitors import Monitors
from viewer.domain.presenter_notes import parse_notes

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow

__all__ = ["window"]


@pytest.mark.parametrize("name", bundled(with_pictures=True))
def test_the_audience_sees_the_steps_and_the_presenter_the_notes(window: MainWindow, name: str, qtbot: QtBot) -> None:
    first, second = sorted(QGuiApplication.screens(), key=lambda screen: screen.geometry().left())
    case = still_case(name)
    open_case(window, case, qtbot)
    presenter = window.presenting.window
    assert presenter is not None
    qtbot.waitUntil(lambda: window.geometry() == second.geometry() and presenter.isActiveWindow(), timeout=15_000)
    assert first.geometry().contains(presenter.geometry())
    assert window.stage.size() == STAGE
    shown = QRect(window.stage.mapToGlobal(window.stage.rect().topLeft()), window.stage.size())
    assert shown == second.geometry()

    questions = {answer.question for step in case.steps for answer in parse_notes(step.notes).answers}
    assert len(questions) >= 2

    def at_step(number: int) -> None:
        if number < 0:
            assert presenter.exploring.whole.startswith("Exploring, ")
            return
        qtbot.waitUntil(lambda: presenter.now_words.whole == f"Step {number + 1} of {len(case.steps)}", timeout=15_000)
        notes = parse_notes(case.steps[number].notes)
        assert presenter.notes.words.split() == notes.told.split()
        assert set(presenter.steps.questions) == questions
        read = [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
        told = notes.told.splitlines()[0]
        assert not any(told in text for text in [*read, window.stage.card.words, window.stage.bar.words])

    tell(window, case, qtbot, at_step)
    QTest.keyClick(QApplication.focusWidget() or presenter, Qt.Key.Key_B)
    assert not Audience(window, qtbot).picture().any()
    QTest.keyClick(QApplication.focusWidget() or presenter, Qt.Key.Key_B)
    assert Audience(window, qtbot).picture().any()


def test_a_screen_that_is_unplugged_and_plugged_in_again_loses_nothing(window: MainWindow, qtbot: QtBot) -> None:
    def areas() -> list[QRect]:
        return sorted((screen.geometry() for screen in QGuiApplication.screens()), key=QRect.left)

    first, second = areas()
    case = still_case("head-small-bleed")
    open_case(window, case, qtbot)
    presenter = window.presenting.window
    assert presenter is not None
    qtbot.waitUntil(lambda: window.geometry() == second, timeout=15_000)
    window.desk.player.jump(2)
    with Monitors(os.environ["DISPLAY"]) as monitors:
        monitors.unplug("RIGHT")
        qtbot.waitUntil(lambda: window.geometry() == first and window.isActiveWindow(), timeout=15_000)
        assert window.desk.player.index == 2
        assert Audience(window, qtbot).picture().any()
        Presenter(window).press(Qt.Key.Key_PageDown)
        assert window.desk.player.index == 3
        monitors.plug("RIGHT", (second.x(), second.y(), second.width(), second.height()))
        qtbot.waitUntil(lambda: window.geometry() == second, timeout=15_000)
    assert first.intersects(presenter.geometry())
    assert presenter.isVisible()
    assert window.desk.player.index == 3
