"""A program that was killed on stage: the next start offers the same step, and Enter goes there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.cli.conftest import write_small_case
from viewer.domain.session import Workspace
from viewer.services.desk import build_desk
from viewer.ui.deliver import Deliver
from viewer.ui.main_window import MainWindow
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot


def place_file(home: Path) -> Path:
    return home / "data" / "presenting.json"


@pytest.fixture
def case_id(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the id of a case that stands in the library, the only one."""
    folder = own_home / "data" / "cases" / "small"
    write_small_case(folder)
    monkeypatch.setattr("viewer.ui.library.library_page.case_folders", lambda: (own_home / "data" / "cases",))
    read: dict[str, str] = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    return read["id"]


@pytest.fixture
def start(qtbot: QtBot, own_home: Path, case_id: str) -> Iterator[Callable[[], MainWindow]]:
    """Return a function that starts the program's window anew."""
    delivers: list[Deliver] = []
    (own_home / "data").mkdir(parents=True, exist_ok=True)

    def act() -> MainWindow:
        deliver = Deliver()
        delivers.append(deliver)
        window = MainWindow(build_desk(deliver), Theme(), None)
        deliver.setParent(window)
        qtbot.addWidget(window)
        window.setWindowState(Qt.WindowState.WindowNoState)
        window.resize(1280, 720)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        return window

    yield act
    for deliver in delivers:
        deliver.stop()


def left_at(home: Path, case: str, step: int) -> None:
    place_file(home).parent.mkdir(parents=True, exist_ok=True)
    place_file(home).write_text(json.dumps({"case": case, "step": step}), encoding="utf-8")


def test_enter_goes_on_with_the_step_at_which_it_was_cut_off(
    start: Callable[[], MainWindow], own_home: Path, case_id: str, qtbot: QtBot
) -> None:
    left_at(own_home, case_id, 1)
    window = start()
    bar = window.go_on.bar
    assert bar is not None
    assert bar.isVisible()
    assert bar.sentence.startswith("Presenting was cut off. Go on with step 2 of “")
    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Return)
    session = window.desk.session
    qtbot.waitUntil(lambda: session.step == 1 and not window.desk.opening.running, timeout=20_000)
    assert session.workspace is Workspace.PRESENT
    assert window.go_on.bar is None
    window.close()


def test_other_keys_go_to_the_library_and_esc_forgets(
    start: Callable[[], MainWindow], own_home: Path, case_id: str
) -> None:
    left_at(own_home, case_id, 1)
    window = start()
    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Right)
    assert window.library.cases.grid.hasFocus()
    assert window.go_on.bar is not None
    window.go_on.bar.setFocus()
    QTest.keyClick(window.go_on.bar, Qt.Key.Key_Escape)
    assert window.go_on.bar is None
    assert not place_file(own_home).exists()
    window.close()


@pytest.mark.parametrize("said", ['{"case": "gone", "step": 1}', '{"case": 4}', "{", '{"case": "small", "step": 99}'])
def test_what_is_not_there_any_more_is_not_offered(start: Callable[[], MainWindow], own_home: Path, said: str) -> None:
    place_file(own_home).write_text(said, encoding="utf-8")
    window = start()
    assert window.go_on.bar is None
    window.close()


def test_who_leaves_the_stage_or_the_program_in_order_is_offered_nothing(
    start: Callable[[], MainWindow], own_home: Path, case_id: str, qtbot: QtBot
) -> None:
    window = start()
    assert window.library.shelf is not None
    window.open_case(window.library.shelf.named(case_id), 0)
    session = window.desk.session
    qtbot.waitUntil(lambda: session.case is not None and not window.desk.opening.running, timeout=20_000)
    window.desk.player.next()
    assert json.loads(place_file(own_home).read_text(encoding="utf-8")) == {"case": case_id, "step": 1}
    window.leave_present()
    assert not place_file(own_home).exists()
    window.present_from(0)
    assert place_file(own_home).exists()
    window.close()
    assert not place_file(own_home).exists()


def test_killed_on_stage_the_next_start_offers_that_step(
    start: Callable[[], MainWindow], own_home: Path, case_id: str
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "viewer", "demo", case_id, "--step", "2"],
        env=os.environ | {"CASESTAGE_HOME": str(own_home), "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 60
        while not (place_file(own_home).exists() and '"step": 1' in place_file(own_home).read_text(encoding="utf-8")):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    # Which case and which step; nothing that could name anybody.
    assert json.loads(place_file(own_home).read_text(encoding="utf-8")) == {"case": case_id, "step": 1}
    window = start()
    assert window.go_on.bar is not None
    assert "step 2 of “A small case”" in window.go_on.bar.sentence
    window.close()


def test_a_second_program_neither_offers_nor_overwrites_what_the_first_presents(
    start: Callable[[], MainWindow], own_home: Path, case_id: str
) -> None:
    first = start()
    left_at(own_home, case_id, 1)
    second = start()
    assert second.go_on.bar is None
    second.close()
    assert place_file(own_home).exists()
    first.close()
