"""In a kiosk a visitor may touch, wander and guess, and nothing leads out but the keys that staff know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QInputDevice, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from viewer.domain.session import Workspace
from viewer.domain.step_acts import Question
from viewer.ui.present.guess_layer import heat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.domain.view_state import Point
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow

CONTROL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture
def kiosk(opened: MainWindow, case: Case, qtbot: QtBot) -> Iterator[MainWindow]:
    """Return the window as a kiosk, at the second step, which asks."""
    steps = list(case.steps)
    steps[1] = evolve(steps[1], question=Question("Where is the bleed?", finding="true left"))
    opened.desk.session.case = evolve(case, steps=tuple(steps))
    opened.present_from(1)
    opened.kiosk_here.begin()
    qtbot.wait(20)
    yield opened
    # Until then it refuses to be closed.
    opened.end_kiosk()
    opened.close()


WAYS_OUT = (
    (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier),
    (Qt.Key.Key_F11, Qt.KeyboardModifier.NoModifier),
    (Qt.Key.Key_F4, ALT),
    (Qt.Key.Key_K, CONTROL),
    (Qt.Key.Key_O, CONTROL),
    (Qt.Key.Key_Q, CONTROL),
    (Qt.Key.Key_1, CONTROL),
    (Qt.Key.Key_3, CONTROL),
    (Qt.Key.Key_Comma, CONTROL),
    (Qt.Key.Key_L, CONTROL),
    (Qt.Key.Key_Question, SHIFT),
    (Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier),
    (Qt.Key.Key_B, Qt.KeyboardModifier.NoModifier),
    (Qt.Key.Key_Menu, Qt.KeyboardModifier.NoModifier),
)


def test_no_key_leads_out(kiosk: MainWindow, press: Callable[..., None]) -> None:
    theme = kiosk.theme.dark
    for key, modifiers in WAYS_OUT:
        press(kiosk, key, modifiers)
        assert kiosk.desk.session.workspace is Workspace.PRESENT
        assert kiosk.isVisible()
        assert kiosk.full_screen.on
        assert kiosk.theme.dark == theme
        assert not kiosk.stage.is_black
        assert QApplication.activePopupWidget() is None
    sheets = (kiosk.asking.palette_sheet, kiosk.asking.keys_sheet, kiosk.asking.settings_sheet)
    assert not any(sheet is not None and sheet.isVisible() for sheet in sheets)


def test_closing_menus_and_drops_are_refused(kiosk: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    assert kiosk.close() is False
    assert kiosk.isVisible()
    canvas = kiosk.stage.canvas
    place = canvas.rect().center()
    QTest.mouseClick(canvas, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, place)
    for reason in (QContextMenuEvent.Reason.Keyboard, QContextMenuEvent.Reason.Mouse):
        QApplication.sendEvent(canvas, QContextMenuEvent(reason, place, canvas.mapToGlobal(place)))
    assert QApplication.activePopupWidget() is None
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    drag = QDragEnterEvent(
        place, Qt.DropAction.CopyAction, dropped, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    drag.ignore()
    QApplication.sendEvent(kiosk, drag)
    assert not drag.isAccepted()
    minimised = Qt.WindowState.WindowMinimized
    for state in (minimised, minimised | Qt.WindowState.WindowFullScreen):
        kiosk.setWindowState(state)
        qtbot.waitUntil(lambda: kiosk.isFullScreen() and not kiosk.isMinimized())


def test_the_keys_that_staff_know_lead_out(kiosk: MainWindow, press: Callable[..., None]) -> None:
    press(kiosk, Qt.Key.Key_Q, CONTROL | ALT)
    assert kiosk.desk.session.workspace is Workspace.LIBRARY
    assert not kiosk.kiosk
    press(kiosk, Qt.Key.Key_3, CONTROL)
    assert kiosk.desk.session.workspace is Workspace.REVIEW


def test_a_visitor_wanders_guesses_and_reveals(
    kiosk: MainWindow, press: Callable[..., None], own_home: Path, left_of: Point
) -> None:
    loop = kiosk.kiosk_here.loop
    assert loop is not None
    assert not loop.attended
    press(kiosk, Qt.Key.Key_Up)
    assert loop.attended
    assert "Exploring" in kiosk.stage.bar.words
    press(kiosk, Qt.Key.Key_M)
    kiosk.desk.player.asking.guess(left_of)
    press(kiosk, Qt.Key.Key_Return)
    assert "Best of 2 guesses inside" in kiosk.stage.card.words
    assert "2 guesses of visitors" in kiosk.stage.card.words

    (kept,) = (own_home / "data" / "guesses").glob("*.json")
    stored = json.loads(kept.read_text(encoding="utf-8"))
    (step,) = stored["guesses"]["steps"]
    assert set(stored) == {"format", "version", "guesses"}
    assert step["step"] == "s1"
    assert np.allclose(step["places_lps_mm"][1], left_of, atol=0.1)


def test_a_presenter_keeps_no_guesses_and_staff_see_those_of_visitors(
    kiosk: MainWindow, press: Callable[..., None], own_home: Path, left_of: Point, qtbot: QtBot
) -> None:
    kiosk.desk.player.asking.guess(left_of)
    kiosk.desk.player.reveal()
    kiosk.end_kiosk()
    kiosk.present_from(1)
    kiosk.desk.player.asking.guess(left_of)
    kiosk.desk.player.reveal()
    assert "of visitors" not in kiosk.stage.card.words
    qtbot.wait(20)
    press(kiosk, Qt.Key.Key_G, CONTROL)
    assert "1 guess of visitors" in kiosk.stage.card.words
    assert kiosk.actions_.run("ask.forget")
    assert "of visitors" not in kiosk.stage.card.words
    assert not list((own_home / "data" / "guesses").iterdir())


def test_the_heat_is_where_was_guessed_and_fades_with_the_distance_from_the_image(kiosk: MainWindow) -> None:
    canvas, session = kiosk.stage.canvas, kiosk.desk.session
    tile = next(tile for tile in canvas._placed() if tile.large)
    assert session.volume is not None
    assert session.view is not None
    assert tile.view.plane is not None
    geometry = tile.geometry(session.volume, session.view, tile.view.plane)
    place = np.array(geometry.lps_from_screen(300.0, 200.0))
    shares = heat(place[None, :], geometry, cell_px=10.0)
    assert shares is not None
    row, column = np.unravel_index(int(shares.argmax()), shares.shape)
    assert abs(int(row) * 10 + 5 - 200) <= 5
    assert abs(int(column) * 10 + 5 - 300) <= 5
    assert heat(place[None, :] + 60.0 * geometry.axes.into, geometry) is None
    assert heat(np.zeros((0, 3)), geometry) is None


def test_a_click_of_a_visitor_is_a_touch(kiosk: MainWindow) -> None:
    loop = kiosk.kiosk_here.loop
    assert loop is not None
    QTest.mouseMove(kiosk.stage.canvas, QPoint(50, 50))
    assert not loop.attended
    QTest.mouseClick(
        kiosk.stage.bar,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        QPointF(kiosk.stage.bar.next_area.center()).toPoint(),
    )
    assert loop.attended
    assert not kiosk.desk.player.asking.open


def test_a_finger_guesses_drags_and_steps(kiosk: MainWindow, qtbot: QtBot) -> None:
    canvas, asking, loop = kiosk.stage.canvas, kiosk.desk.player.asking, kiosk.kiosk_here.loop
    device = QTest.createTouchDevice(QInputDevice.DeviceType.TouchScreen)
    assert loop is not None
    assert kiosk.presenting._touch is not None
    kiosk.presenting._touch.when_s = lambda _event: 0.0
    tile = next(tile for tile in canvas._placed() if tile.large)
    middle = tile.free.center().toPoint()

    def touch(start: QPoint, end: QPoint) -> None:
        QTest.touchEvent(canvas, device).press(0, start).commit()
        QTest.touchEvent(canvas, device).move(0, (start + end) / 2).commit()
        QTest.touchEvent(canvas, device).release(0, end).commit()
        qtbot.wait(20)

    view = kiosk.desk.session.view
    touch(middle, middle + QPoint(60, 80))
    assert kiosk.desk.session.view != view
    assert loop.attended
    assert not asking.guesses, "a drag is no guess"
    # Sooner it would be a double tap.
    qtbot.wait(QApplication.doubleClickInterval() + 50)
    touch(middle, middle)
    assert len(asking.guesses) == 1
    edge = QPoint(canvas.width() - 12, middle.y())
    touch(edge, edge)
    assert not asking.open, "it is revealed"


def test_a_visitor_who_drags_for_long_is_not_sent_back(kiosk: MainWindow) -> None:
    here, now = kiosk.kiosk_here, 0.0
    here.end()
    kiosk.present_from(1)
    here.begin(clock=lambda: now)
    canvas = kiosk.stage.canvas
    assert here.loop is not None
    place = next(tile for tile in canvas._placed() if tile.large).free.center()
    press, move = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove
    for n in range(30):
        now, at = 5.0 * n, place + QPointF(2.0 * n, 0)
        event = QMouseEvent(
            move if n else press, at, canvas.mapToGlobal(at), Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(canvas, event)
        here.loop.tick()
        assert here.loop.attended, f"after {now:.0f} s"
    now += 61.0
    here.loop.tick()
    assert not here.loop.attended


def test_the_cases_go_round_in_the_order_in_which_they_are_named(
    kiosk: MainWindow, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    kiosk.kiosk_here.end()
    shelf = tuple(evolve(case, id=ident) for ident in ("a", "b", "c"))
    monkeypatch.setattr(kiosk.kiosk_here, "_ready", lambda: shelf)
    kiosk.desk.settings.change(kiosk_cases=("c", "gone", "a", "c"))
    kiosk.kiosk_here.begin()
    assert kiosk.kiosk_here.loop is not None
    assert [one.id for one in kiosk.kiosk_here.loop.cases] == ["c", "a"]


def test_the_heat_is_that_of_the_step_also_where_another_was_guessed_at_as_often_on_the_same_view(
    kiosk: MainWindow, press: Callable[..., None], left_of: Point
) -> None:
    session, layer = kiosk.desk.session, kiosk.questions.layer
    assert layer is not None
    assert session.view is not None
    kiosk.desk.player.asking.guess(left_of)
    kiosk.desk.player.reveal()
    plane = session.view.main.plane
    assert plane is not None
    middle = np.array(session.view.plane(plane).centre_lps_mm)
    middle[2] = session.view.cursor_lps_mm[2]
    pictures = []
    for away in (-30.0, 30.0, -30.0):
        layer._visitors = lambda away=away: middle[None, :] + (away, 0.0, 0.0)
        pictures.append(layer.grab().toImage())
    assert pictures[0] != pictures[1]
    assert pictures[0] == pictures[2]
