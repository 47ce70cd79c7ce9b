"""Keys, mouse and windows of a user's own, in the window."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDesktopServices, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from tests.ui.window.looking import view_of
from viewer.domain.session import Workspace
from viewer.domain.view_state import ViewName
from viewer.services.conventions import FILE_NAME, read_conventions
from viewer.services.desk import build_desk
from viewer.services.views import view_of_volume
from viewer.ui.deliver import Deliver
from viewer.ui.main_window import MainWindow
from viewer.ui.own_keys import with_own_keys
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.domain.volume import Volume

    Start = Callable[[str], MainWindow]


@pytest.fixture
def start(qtbot: QtBot, own_home: Path, head: Volume) -> Iterator[Start]:
    """Return a function that opens the window with a file of conventions, on a head."""
    delivers: list[Deliver] = []

    def act(text: str) -> MainWindow:
        folder = own_home / "config"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE_NAME).write_text(text, encoding="utf-8")
        deliver = Deliver()
        delivers.append(deliver)
        window = MainWindow(build_desk(deliver), Theme(), None)
        deliver.setParent(window)
        qtbot.addWidget(window)
        window.setWindowState(Qt.WindowState.WindowNoState)
        window.resize(1600, 900)
        session = window.desk.session
        # On an image, so that each step is one of 3 mm.
        view = evolve(view_of_volume(head), cursor_lps_mm=(0.0, 0.0, 45.0))
        session.volume, session.view, session.workspace = head, view, Workspace.REVIEW
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        return window

    yield act
    for deliver in delivers:
        deliver.stop()


def drag(window: MainWindow, button: Qt.MouseButton, by: QPoint) -> None:
    canvas = window.canvas
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    place = tile.area.topLeft().toPoint() + QPoint(60, 60)
    QTest.mousePress(canvas, button, Qt.KeyboardModifier.NoModifier, place)
    for n in range(1, 9):
        QTest.mouseMove(canvas, place + by * n / 8)
    QTest.mouseRelease(canvas, button, Qt.KeyboardModifier.NoModifier, place + by)


def wheel_down(window: MainWindow) -> None:
    tile = window.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    place, none = QPointF(tile.area.topLeft()) + QPointF(60, 60), Qt.MouseButton.NoButton
    turn = QWheelEvent(
        place, window.canvas.mapToGlobal(place), QPoint(), QPoint(0, -120), none,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(window.canvas, turn)


def test_own_keys_stand_in_the_place_of_the_usual_ones_and_in_every_tip(start: Start) -> None:
    window = start("[keys]\n'view.invert' = ['Ctrl+I']\n'view.cine' = []\n")
    QTest.keyClick(window, Qt.Key.Key_I)
    assert not view_of(window).invert
    QTest.keyClick(window, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    assert view_of(window).invert
    assert window.actions_["view.invert"].toolTip().endswith("(Ctrl+I)")
    assert window.actions_["view.cine"].shortcuts() == []
    assert window.messages.message is None


def test_a_key_of_ones_own_stays_with_a_command_that_is_called_otherwise_by_now(start: Start) -> None:
    window = start("[keys]\n'review.comment' = ['F8']\n")
    assert window.messages.message is None
    assert "(F8)" in window.actions_["review.edit"].toolTip()


def test_a_key_that_is_taken_is_none_or_for_nothing_is_told_and_the_usual_one_stays(start: Start) -> None:
    window = start("[keys]\n'view.invert' = ['C']\n'view.reset' = ['Nonsense+Q']\n'view.fly' = ['F8']\n")
    message = window.messages.message
    assert message is not None
    told = f"{message.sentence} {message.hint}"
    for said in ("C for Invert is taken by ", "“Nonsense+Q” for Reset", "“view.fly”"):
        assert said in told
    QTest.keyClick(window, Qt.Key.Key_I)
    assert view_of(window).invert


def test_two_commands_may_swap_their_keys(start: Start) -> None:
    table = start("").actions_.table
    invert, cine = table["view.invert"], table["view.cine"]
    made, problems = with_own_keys(table, {invert.id: cine.shortcuts, cine.id: invert.shortcuts})
    assert problems == []
    assert {c.id: c.shortcuts for c in made}["view.cine"] == invert.shortcuts


def test_a_window_of_ones_own_is_on_its_key_and_in_the_bar(start: Start) -> None:
    window = start("[windows]\n4 = ['Petrous', 4000, 700]\n")
    QTest.keyClick(window, Qt.Key.Key_4)
    view = view_of(window)
    assert (view.window_width, view.window_centre) == (4000, 700)
    assert window.actions_["view.preset_4"].text() == "Petrous window"


def test_buttons_and_wheel_do_what_the_file_says(start: Start) -> None:
    window = start("[mouse]\nright = 'images'\nmiddle = 'window'\nwheel_down = 'head'\ndrag_right = 'narrower'\n")
    first = view_of(window)
    drag(window, Qt.MouseButton.RightButton, QPoint(0, 48))
    dragged = view_of(window)
    assert dragged.cursor_lps_mm[2] - first.cursor_lps_mm[2] == pytest.approx(6 * 3.0)
    assert dragged.axial.height_mm == first.axial.height_mm
    drag(window, Qt.MouseButton.MiddleButton, QPoint(80, 0))
    assert view_of(window).window_width < dragged.window_width
    window.desk.session.view = first
    wheel_down(window)
    assert view_of(window).cursor_lps_mm[2] - first.cursor_lps_mm[2] == pytest.approx(3.0)
    # The sheet of keys says the same.
    assert window.actions_.run("app.keys")
    said = {label.text() for label in window.asking.keys_sheet.findChildren(QLabel)}
    assert {"Through the images", "Window", "One image, down to the head"} <= said
    window.asking.keys_sheet.dismiss()


def test_without_a_file_they_are_what_radiologists_expect(start: Start) -> None:
    window = start("")
    first = view_of(window)
    wheel_down(window)
    assert view_of(window).cursor_lps_mm[2] - first.cursor_lps_mm[2] == pytest.approx(-3.0)
    drag(window, Qt.MouseButton.RightButton, QPoint(0, -48))
    assert view_of(window).axial.height_mm < first.axial.height_mm


def test_a_file_that_is_wrong_is_told_and_the_usual_ones_hold(start: Start) -> None:
    window = start("[mouse]\nright = 'fly'\n")
    message = window.messages.message
    assert message is not None
    assert "“right” in [mouse]" in message.sentence
    QTest.keyClick(window, Qt.Key.Key_I)
    assert view_of(window).invert


def test_the_file_is_made_with_everything_in_it_and_says_what_is_usual(
    start: Start, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = start("")
    path = own_home / "config" / FILE_NAME
    path.unlink()
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    assert window.actions_.run("app.conventions")
    assert opened == [str(path)]
    assert read_conventions(path).keys == {}
    text = path.read_text(encoding="utf-8")
    # With every # taken away it is a file that changes nothing.
    lines = [line[2:] if line.startswith(('# "', "# ")) and "=" in line else line for line in text.splitlines()]
    said = tomllib.loads("\n".join(line for line in lines if not line.startswith("# ")))
    assert said["keys"] == {command.id: list(command.shortcuts) for command in window.actions_.table}
    path.write_text("\n".join(lines), encoding="utf-8")
    found = read_conventions(path)
    assert (found.mouse, found.windows) == (window.desk.conventions.mouse, window.desk.conventions.windows)


def test_settings_that_cannot_be_understood_are_told_and_the_window_works_on(start: Start, own_home: Path) -> None:
    (own_home / "config").mkdir(parents=True)
    (own_home / "config" / "settings.json").write_text('{"reader": "Dr.', encoding="utf-8")
    window = start("")
    message = window.messages.message
    assert message is not None
    assert message.sentence == "Your settings cannot be understood; the usual ones hold."
    assert "settings-unread.json" in message.hint
    window.desk.settings.change(theme="light")
    assert (own_home / "config" / "settings-unread.json").read_text(encoding="utf-8") == '{"reader": "Dr.'
