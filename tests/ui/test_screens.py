"""Which screen is whose, and where windows go when one is unplugged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QGuiApplication

from viewer.ui.presenter.screens import ScreenFacts, Screens, brought_inside, shared_out
from viewer.ui.presenter.touch import touched_step

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

LAPTOP = ScreenFacts("eDP-1", QRect(0, 0, 1280, 720), QRect(0, 28, 1280, 692), primary=True)
PROJECTOR = ScreenFacts("HDMI-1", QRect(1280, 0, 1920, 1080), QRect(1280, 0, 1920, 1080))
THIRD = ScreenFacts("DP-1", QRect(3200, 0, 1920, 1080), QRect(3200, 0, 1920, 1080))


def test_the_audience_gets_the_screen_that_is_not_the_first() -> None:
    assert shared_out((LAPTOP, PROJECTOR)) == (PROJECTOR, LAPTOP)
    assert shared_out((PROJECTOR, LAPTOP)) == (PROJECTOR, LAPTOP)


def test_where_the_presenter_was_last_time_counts_for_more() -> None:
    assert shared_out((LAPTOP, PROJECTOR), "HDMI-1") == (LAPTOP, PROJECTOR)
    assert shared_out((LAPTOP, PROJECTOR), "a screen that is not here") == (PROJECTOR, LAPTOP)


def test_of_three_screens_the_stage_stays_where_it_is() -> None:
    assert shared_out((LAPTOP, PROJECTOR, THIRD), shown_on="DP-1") == (THIRD, LAPTOP)
    assert shared_out((LAPTOP, PROJECTOR, THIRD)) == (PROJECTOR, LAPTOP)


def test_one_screen_and_two_that_show_the_same_leave_none_for_the_presenter() -> None:
    twin = ScreenFacts("HDMI-1", LAPTOP.area, LAPTOP.free)
    assert shared_out((LAPTOP,)) == (LAPTOP, None)
    assert shared_out((LAPTOP, twin)) == (LAPTOP, None)


@pytest.mark.parametrize(
    ("place", "inside"),
    [
        (QRect(100, 100, 800, 500), QRect(100, 100, 800, 500)),
        # It was on the projector, which is gone.
        (QRect(1400, 100, 1000, 600), QRect(280, 100, 1000, 600)),
        (QRect(1280, 0, 1920, 1080), QRect(0, 28, 1280, 692)),
        (QRect(-300, -50, 800, 500), QRect(0, 28, 800, 500)),
    ],
)
def test_a_window_comes_back_inside_the_screen_that_is_left(place: QRect, inside: QRect) -> None:
    assert brought_inside(place, (LAPTOP,)) == inside


def test_a_window_stays_on_the_screen_that_it_is_mostly_on() -> None:
    assert brought_inside(QRect(1200, 50, 900, 600), (LAPTOP, PROJECTOR)) == QRect(1280, 50, 900, 600)


def test_a_burst_of_changes_is_told_once(qtbot: QtBot) -> None:
    screens = Screens()
    told: list[int] = []
    screens.changed.connect(lambda: told.append(len(screens.now)))
    screen = QGuiApplication.primaryScreen()
    app = QGuiApplication.instance()
    assert isinstance(app, QGuiApplication)
    with qtbot.waitSignal(screens.changed):
        app.screenRemoved.emit(screen)
        app.primaryScreenChanged.emit(screen)
        screen.geometryChanged.emit(screen.geometry())
    qtbot.wait(200)
    assert told == [len(QGuiApplication.screens())]


@pytest.mark.parametrize(
    ("start", "end", "seconds", "step"),
    [
        ((960, 500), (960, 500), 0.1, 0),
        ((50, 500), (55, 503), 0.1, -1),
        ((1900, 500), (1900, 500), 0.2, 1),
        ((1900, 500), (1900, 500), 1.5, 0),
        ((1200, 500), (800, 520), 0.2, 1),
        ((700, 500), (1100, 480), 0.2, -1),
        ((1200, 500), (800, 520), 1.2, 0),
        ((1200, 200), (900, 700), 0.2, 0),
    ],
    ids=["tap", "left edge", "right edge", "held", "swipe left", "swipe right", "slow drag", "down"],
)
def test_taps_at_the_edges_and_swipes_are_told_from_a_hand_on_the_picture(
    start: tuple[float, float], end: tuple[float, float], seconds: float, step: int
) -> None:
    assert touched_step(QPointF(*start), QPointF(*end), 1920, seconds) == step
