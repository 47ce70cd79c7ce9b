"""A folder of three series of one patient, and the window in which it is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.io.conftest import MadeCt
from tests.ui.window.scans.listed import JANE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow


@pytest.fixture
def made(tmp_path: Path) -> MadeCt:
    """Return a writer of small CT into a folder named after its patient."""
    folder = tmp_path / "Doe_Jane"
    folder.mkdir()
    return MadeCt(folder)


@pytest.fixture
def folder(made: MadeCt) -> Path:
    """Return a folder with three series of one study, and a letter."""
    for n, (name, count) in enumerate((("thin", 5), ("lung", 3), ("JaneDoe", 2)), 1):
        for k in range(count):
            made.slice(
                f"{name}/IM{k}", made.pixels(k), (-10, -20, 2.5 * k), series=str(n), SeriesNumber=str(n),
                SeriesDescription=f"Thorax {name}", StudyDescription="Staging", BodyPartExamined="CHEST", **JANE,
            )  # fmt: skip
    (made.folder / "letter to Jane.txt").write_text("no image")
    return made.folder


@pytest.fixture
def rest(window: MainWindow, qtbot: QtBot) -> Callable[[], None]:
    """Return a function that waits until nothing runs in the background."""

    def act() -> None:
        # What a job has found is on its way for a moment after it ended.
        library, runner = window.desk.library, window.desk.runner
        for _ in range(2):
            qtbot.waitUntil(lambda: not runner._jobs and not library._checks, timeout=20_000)
            qtbot.wait(30)
        qtbot.waitUntil(lambda: not runner._jobs and not library._checks, timeout=20_000)

    return act


@pytest.fixture
def listed(window: MainWindow, folder: Path, rest: Callable[[], None]) -> MainWindow:
    """Return the window with the folder's series listed."""
    window.open_paths([folder])
    rest()
    return window
