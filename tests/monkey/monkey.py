"""One window with a monkey at it."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from tests.monkey.acts import Acts
from tests.monkey.checks import busy_with, check, open_sheets
from tests.monkey.freshness import look_again
from tests.monkey.hands import Hands
from tests.monkey.identity import Identity
from tests.monkey.material import NAMES, make_material
from tests.monkey.watching import Faults, Heart
from viewer.app import build_application, build_window
from viewer.io.system_memory import resident_bytes
from viewer.ui.program_run import ProgramRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

# The others are made at first use, which takes long.
_CASES = ("head-epidural", "head-small-bleed", "lung-nodules", "tour")
_SETTLES_EVERY, _TOLD_EVERY, _LOOKS_AGAIN_EVERY = 40, 200, 5
_TOLD_BEFORE = 14


class Monkey:
    """Does things to a window that it builds on a folder, and tells by `say` what was found."""

    def __init__(self, folder: Path, real: Path | None, say: Callable[[str], None]) -> None:
        self._say = say
        self.broken = 0
        self._done: list[str] = []
        self._known: set[str] = set()
        self._began = time.monotonic()
        places = make_material(folder, real)
        _start_nothing_else()
        build_application()
        self._window = window = build_window()
        window.desk.settings.change(reader="Dr Monkey")
        self._faults = Faults(NAMES, lambda: window.desk.session.masked)
        self._heart = Heart(self._faults)
        self._identity = Identity(window, self._faults)
        window.show()
        window.library.fill()
        window.activateWindow()
        self._hands = Hands(window, folder, places, Random(0))
        self._acts = Acts(window, self._hands, places, _CASES, self._faults, self._heart)
        self._acts.pause(2.0)
        self._faults.take()

    def play(self, seed: int, numbers: Iterable[int], *, every_step: bool = False, stop: bool = False) -> None:
        """Do the steps of a seed, and look after each; `stop` ends at the first fault."""
        acts = self._acts
        for n in numbers:
            self._hands.rng = Random(f"{seed} {n}")
            told = f"{seed}:{n} {acts.one()}"
            self._done.append(told)
            if every_step:
                self._say(told)
            acts.pause(0.02)
            if QApplication.activeWindow() is None:
                # Without a window manager nobody else gives the window the keys after a dialog.
                self._window.activateWindow()
            with self._heart.resting():
                check(self._window, self._faults, Random(f"{seed} {n} looking"))
                self._identity.look()
            if n % _LOOKS_AGAIN_EVERY == _LOOKS_AGAIN_EVERY - 1:
                with self._heart.resting():
                    look_again(self._window, self._faults, acts.pause, Random(f"{seed} {n} again"))
            if n % _SETTLES_EVERY == _SETTLES_EVERY - 1:
                self._come_to_rest()
            self._tell(told)
            if self.broken and stop:
                return
            if n % _TOLD_EVERY == _TOLD_EVERY - 1:
                self._tell_size(f"{seed}:{n}")
        self._come_to_rest()
        self._tell(f"the end of {seed}")
        self._say(f"seed {seed}: {self.broken} faults. Of {acts.looked} commands nothing was seen: {acts.silent}")

    def leave(self) -> None:
        """Close the window."""
        self._heart.stop()
        self._hands.stop()
        self._window.close()

    def _come_to_rest(self) -> None:
        """Wait until nothing goes on, and close what lies over the window."""
        if self._acts.settle():
            self._faults.add("never done", busy_with(self._window))
            self._window.desk.opening.cancel()
        for _ in range(8):
            if open_sheets(self._window):
                self._hands.key(Qt.Key.Key_Escape)
                self._acts.pause(0.05)
        if sheets := open_sheets(self._window):
            keys = type(self._hands.with_keys()).__name__
            self._faults.add("cannot be closed", f"{type(sheets[0]).__name__} while {keys} has the keys")

    def _tell(self, told: str) -> None:
        """Tell what was found, once while it lasts."""
        found = self._faults.take()
        before, self._known = self._known, set(found)
        for fault in found:
            if fault not in before:
                self.broken += 1
                after = "\n".join(f"    {line}" for line in self._done[-_TOLD_BEFORE:])
                self._say(f"--- fault {self.broken} at {told}\n{fault}\n  after:\n{after}")

    def _tell_size(self, where: str) -> None:
        mb, objects = resident_bytes() / 1e6, len(self._window.findChildren(QObject))
        seconds = time.monotonic() - self._began
        self._say(f"{where} {seconds:.0f} s, {mb:.0f} MB, {objects} objects, {self.broken} faults")


def _start_nothing_else() -> None:
    """Keep the monkey from editors, file managers and further processes of the program."""
    QDesktopServices.openUrl = lambda _url: True

    def start(run: ProgramRun, _words: object) -> None:
        QTimer.singleShot(200, lambda: run.ended.emit(1, "", "No."))

    ProgramRun.start = start
