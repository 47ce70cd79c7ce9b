"""After the computer slept everything is painted anew: planes at once, 3D in a window of its own that is made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ui.test_canvas_3d import opened
from viewer.ui.canvas import view3d
from viewer.ui.canvas.view3d import PREPARING, SILENT
from viewer.ui.waking import Waking

if TYPE_CHECKING:
    import pytest
    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session


class Clocks:
    def __init__(self) -> None:
        self.steady = self.wall = 100.0

    def go(self, steady: float, wall: float) -> None:
        self.steady += steady
        self.wall += wall


def test_sleep_is_told_once_and_a_busy_moment_is_none(qtbot: QtBot) -> None:
    clocks, woke = Clocks(), []
    waking = Waking(None, lambda: clocks.steady, lambda: clocks.wall)
    waking.woke.connect(lambda: woke.append(1))
    clocks.go(2.0, 2.0)
    waking.look()
    clocks.go(6.0, 6.1)
    waking.look()
    assert woke == []
    # The lid was shut for an hour: one clock stood still.
    clocks.go(2.0, 3602.0)
    waking.look()
    assert woke == [1]
    clocks.go(2.0, 2.0)
    waking.look()
    assert woke == [1]
    # Where both clocks go on in sleep, the timer itself comes an hour late.
    clocks.go(3600.0, 3600.0)
    waking.look()
    assert woke == [1, 1]
    waking.deleteLater()


def test_3d_is_asked_for_anew_and_its_last_picture_stays_meanwhile(qtbot: QtBot, session: Session) -> None:
    shown = opened(qtbot, session)
    drawing = shown.drawing[0]
    drawing.answer(0x303030)
    qtbot.waitUntil(lambda: shown.canvas.view_3d.picture.image is not None)
    drawing.asked.clear()
    shown.canvas.view_3d.outlive()
    shown.canvas.update()
    assert shown.canvas.view_3d.picture.image is not None
    qtbot.waitUntil(lambda: bool(drawing.asked))


def test_after_a_sleep_no_driver_is_said_to_hang_that_was_not_asked_meanwhile(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view3d, "FIRST_SILENT_AFTER_MS", 150)
    shown = opened(qtbot, session)
    view = shown.canvas.view_3d
    qtbot.waitUntil(lambda: view.picture.sentence == SILENT)
    monkeypatch.setattr(view3d, "FIRST_SILENT_AFTER_MS", 30_000)
    view.outlive()
    shown.canvas.update()
    qtbot.waitUntil(lambda: view.picture.sentence == PREPARING)
    shown.drawing[0].answer(0x303030)
    qtbot.waitUntil(lambda: view.picture.image is not None)
    assert view.picture.sentence == ""
