"""The window with a folder of three series of one patient listed, and what is said about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow

JANE = {"PatientName": "DOE^JANE", "PatientID": "HOSP4711", "StudyDate": "20240131", "AccessionNumber": "ACC77"}


def titles(window: MainWindow) -> list[str]:
    """Return the lines of the list: studies in brackets, then their series."""
    lines = window.library.scans.lines
    return [
        lines.title(n) if lines.line(n).series else f"[{' / '.join(lines.heading(n))}]" for n in range(lines.rowCount())
    ]


def places(window: MainWindow) -> list[tuple[str, str, str]]:
    model = window.library.scans.places.places
    return [model.words(n) for n in range(model.rowCount())]


def marked(window: MainWindow) -> str:
    return window.library.scans.lines.title(window.library.scans.list.currentIndex().row())


def search(window: MainWindow, words: str, qtbot: QtBot) -> None:
    window.library.scans.search.setText(words)
    searched(window, qtbot)


def searched(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until the list holds what matches the words by now: it follows a moment after the typing."""
    qtbot.waitUntil(lambda: not window.library.scans._waiting.isActive())
