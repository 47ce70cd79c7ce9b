"""The program started once more, without a window, for work that must neither hold up nor bring down this one."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

# What is told to stop ends once it has coded a part of a film.
_KILL_AFTER_MS = 10_000
_NOT_RUNNING = QProcess.ProcessState.NotRunning
_CRASHED = "It stopped unexpectedly. There may be too little memory: close other programs, then try again."


class ProgramRun(QObject):
    """One run of a command at a time.

    `progressed` carries a share (or None) and words; `ended` carries the exit code (−1 where it crashed, or was
    cancelled before it was done), what it printed, and what it complained of: nothing where it was cancelled.
    """

    progressed = Signal(object, str)
    ended = Signal(int, str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        # They were told to stop, and nobody listens to them any more.
        self._stopping: list[QProcess] = []
        self._cancelled = False
        self._said, self._complained = "", ""

    @property
    def running(self) -> bool:
        """True while a command runs."""
        return self._process is not None

    def start(self, words: Sequence[str]) -> None:
        """Run a command that takes `--progress`; an earlier one is cancelled, and nothing is told of it any more."""
        self._give_up()
        self._said = self._complained = ""
        self._cancelled = False
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        if sys.platform == "linux":
            environment.insert("QT_QPA_PLATFORM", "offscreen")
        # What it says is read here, whatever language the system speaks.
        environment.insert("PYTHONUTF8", "1")
        process.setProcessEnvironment(environment)
        process.readyReadStandardError.connect(self._read_progress)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._failed)
        self._process = process
        process.start(sys.executable, ["-P", "-m", "viewer", *words, "--progress"])

    def cancel(self) -> None:
        """Stop what runs; it removes what it had half written."""
        process = self._process
        if process is None:
            return
        self._cancelled = True
        process.terminate() if os.name == "posix" else process.kill()

    def close(self) -> None:
        """Stop what runs and wait until it is gone."""
        self._give_up()
        for process in self._stopping:
            if not process.waitForFinished(_KILL_AFTER_MS):
                process.kill()
                process.waitForFinished(_KILL_AFTER_MS)
        self._stopping.clear()

    def _give_up(self) -> None:
        self._stopping = [process for process in self._stopping if process.state() is not _NOT_RUNNING]
        if self._process is None:
            return
        if not self._cancelled:
            self.cancel()
        self._process.blockSignals(True)
        self._stopping.append(self._process)
        self._process = None

    def _read(self) -> None:
        if self._process is not None:
            self._said += bytes(self._process.readAllStandardOutput().data()).decode("utf-8", "replace")

    def _read_progress(self) -> None:
        if self._process is None:
            return
        self._complained += bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        *whole, rest = self._complained.split("\n")
        kept = []
        newest: dict[str, Any] | None = None
        for line in whole:
            told = _progress(line)
            if told is None:
                kept.append(line)
            else:
                newest = told
        self._complained = "\n".join([*kept, rest])
        if newest is not None and not self._cancelled:
            self.progressed.emit(newest["fraction"], str(newest["what"]))

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_progress()
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        crashed = status is not QProcess.ExitStatus.NormalExit
        if self._cancelled and (crashed or code != 0):
            self.ended.emit(-1, self._said, "")
            return
        self.ended.emit(-1 if crashed else code, self._said, self._complained.strip() or (_CRASHED if crashed else ""))

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            process, self._process = self._process, None
            process.deleteLater()
            self.ended.emit(-1, "", "The program could not be started a second time.")


def _progress(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) and "fraction" in told and "what" in told else None
