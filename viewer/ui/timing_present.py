"""How long a presented case lets wait, for `casestage bench --only present`."""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from viewer.domain.session import Workspace
from viewer.ui.measuring_itself import MeasuringItself, pass_time, wait_until

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow

_LIMIT_S = 60.0
_MOST_CASES = 2
# Until what comes next has been made ready.
_REST_S = 1.0


class _Painted(QObject):
    """Counts how often the stage was painted since its view last changed."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.count = 0
        window.stage.canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        if event.type() == QEvent.Type.Paint:
            self.count += 1
        return super().eventFilter(watched, event)


class PresentTimes(MeasuringItself):
    """Presents bundled cases and goes through their steps, then prints one line of JSON and closes the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window, after_ms=1500)

    def _told(self) -> dict[str, object]:
        window = self._window
        shelf = window.library.shelf
        ready = [case for case in shelf.cases if case.steps and not case.recipe_path] if shelf is not None else []
        cases = ready[:_MOST_CASES]
        if len(cases) < 2:
            return {}
        self._painted = _Painted(window)
        ahead = window.desk.opening.ahead
        for case in cases:
            self._open(case)
        opened, picked, steps = [], [], []
        for case in cases:
            opened.append(self._open(case))
            steps += self._steps(case)
        for case in cases:
            window.desk.session.workspace = Workspace.LIBRARY
            ahead.want(case)
            if wait_until(partial(self._made_ahead, case)):
                picked.append(self._open(case))
        return {"cases": len(cases), "opened_s": opened, "picked_s": picked, "steps_ms": steps}

    def _made_ahead(self, case: Case) -> bool:
        return self._window.desk.opening.ahead.ready == case

    def _moved_from(self, before: ViewState | None) -> bool:
        return self._window.desk.session.view != before

    def _open(self, case: Case) -> float:
        window, session = self._window, self._window.desk.session
        window.desk.session.workspace = Workspace.LIBRARY
        window.desk.opening.close()
        pass_time(0.2)
        start = time.perf_counter()
        window.open_case(case)
        wait_until(lambda: session.case is not None and session.case.id == case.id and not window.stage.preparing)
        window.stage.repaint()
        QApplication.processEvents()
        return time.perf_counter() - start

    def _steps(self, case: Case) -> list[float]:
        """Return after how many ms the picture moved, for each step but the first."""
        window, painted, times = self._window, self._painted, []
        navigation = window.desk.navigation
        for _ in range(1, len(case.steps)):
            wait_until(lambda: not navigation.moving)
            pass_time(_REST_S)
            before = window.desk.session.view
            start, painted.count = time.perf_counter(), 0
            window.desk.player.skip()
            moved = wait_until(partial(self._moved_from, before))
            painted.count = 0
            if moved and wait_until(lambda: painted.count > 0, 5.0):
                times.append((time.perf_counter() - start) * 1000)
        return times


def tell_going_on(window: MainWindow) -> None:
    """Accept the offer to go on as soon as it is made, print when the step is on stage, and close the window."""

    def shown() -> None:
        window.stage.repaint()
        QApplication.processEvents()
        told = {"shown_at": time.monotonic(), "step": window.desk.session.step}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        window.close()

    def accept() -> None:
        if window.go_on.bar is not None:
            window.go_on.bar.accepted.emit()
            session = window.desk.session
            wait_until(lambda: session.step is not None and session.case is not None and not window.stage.preparing)
            shown()
        else:
            QTimer.singleShot(5, accept)

    QTimer.singleShot(0, accept)
    QTimer.singleShot(round(_LIMIT_S * 1000), window.close)
