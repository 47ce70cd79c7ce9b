"""Every bundled case on stage as somebody tells it: forwards, wandering at each step, and backwards.

Those whose pictures are made at first use take up to a minute each: one is told here, the others with `--every-case`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.journeys.telling import STAGE, bundled, open_case, still_case, tell, window
from tests.two_monitors import two_monitors
from viewer.domain.session import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow

__all__ = ["window"]

CASES = bundled(with_pictures=True)
FIRST_USE = "lung-false-alarm"


@pytest.mark.parametrize("name", CASES)
def test_each_step_looks_the_same_forwards_backwards_and_after_wandering(
    window: MainWindow, name: str, qtbot: QtBot
) -> None:
    case = still_case(name)
    open_case(window, case, qtbot)
    window.stage.resize(STAGE)
    assert window.desk.session.workspace is Workspace.PRESENT
    tell(window, case, qtbot)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tell one case that is made at first use, or all of them where that was asked for."""
    if "made_here" in metafunc.fixturenames:
        every = metafunc.config.getoption("--every-case")
        metafunc.parametrize("made_here", bundled(with_pictures=False) if every else [FIRST_USE])


def test_a_case_whose_pictures_are_made_at_first_use_is_told_like_any_other(
    window: MainWindow, made_here: str, qtbot: QtBot
) -> None:
    case = still_case(made_here)
    open_case(window, case, qtbot)
    window.stage.resize(STAGE)
    tell(window, case, qtbot)


def test_from_the_start_to_a_case_on_stage_takes_two_actions(window: MainWindow, qtbot: QtBot) -> None:
    # The first is starting the program; this is the second.
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Return)
    session = window.desk.session
    qtbot.waitUntil(lambda: session.case is not None and not window.stage.preparing, timeout=60_000)
    assert session.workspace is Workspace.PRESENT
    assert session.step == 0
    assert session.case is not None
    assert session.case.id in CASES


def test_with_two_screens_the_audience_sees_the_steps_and_the_presenter_the_notes(repository: Path) -> None:
    with two_monitors(STAGE.width(), STAGE.height()) as display:
        environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        # It shares nothing with the processes that test beside it.
        for name in [name for name in environment if name.startswith("PYTEST_")]:
            del environment[name]
        told = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"]
            + ["tests/journeys/on_two_screens.py"],
            cwd=repository, env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    assert told.returncode == 0, told.stdout[-6000:]
    assert f"{len(CASES) + 1} passed" in told.stdout
