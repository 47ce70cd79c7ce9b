"""What memory a kiosk keeps as its hours go by, for `casestage bench --only kiosk`."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtCore import Qt as Key
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from viewer.domain.view_state import as_point
from viewer.ui.measuring_itself import MeasuringItself, kept_bytes, pass_time, wait_until

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow

_HOUR_S = 3600.0
_LIMIT_S = 120.0
_SEED = 6
# A visitor comes to every third question or step, as at a busy stand.
_VISITED = 0.34
_FIRST_ROUNDS = 4


class KioskTimes(MeasuringItself):
    """Lets a kiosk live through hours as fast as its pictures come, then prints one line of JSON and closes it."""

    def __init__(self, window: MainWindow, hours: float) -> None:
        super().__init__(window)
        self._hours = hours
        self._now_s = 0.0
        self._random = random.Random(_SEED)
        self._steps, self._guesses = 0, 0

    def _close(self) -> None:
        self._window.end_kiosk()
        super()._close()

    def _told(self) -> dict[str, object]:
        window = self._window
        window.kiosk_here.begin(clock=lambda: self._now_s)
        loop = window.kiosk_here.loop
        if loop is None:
            return {}
        loop.begin_anew()
        self._until_there()
        first = window.desk.session.case
        # The first rounds fill what is kept on purpose: fonts, outlines, the allocator's pools.
        for _ in range(_FIRST_ROUNDS):
            self._round(first)
        begun_s, self._steps, self._guesses = self._now_s, 0, 0
        hours, resident = [0.0], [kept_bytes()]
        while hours[-1] < self._hours:
            self._round(first)
            hours.append((self._now_s - begun_s) / _HOUR_S)
            resident.append(kept_bytes())
        return {"hours": hours, "resident": resident, "steps": self._steps, "guesses": self._guesses}

    def _round(self, first: Case | None) -> None:
        """Live until the first step of the first case is there again, after something else was."""
        away = False
        while True:
            self._live()
            session = self._window.desk.session
            at_first = session.case is not None and first is not None and session.case.id == first.id
            if at_first and session.step == 0 and away:
                return
            away = away or not at_first or session.step != 0

    def _live(self) -> None:
        """Let one step of the story pass, or half of one that asks, now and then with a visitor."""
        window, loop = self._window, self._window.kiosk_here.loop
        step = window.desk.player.step
        if loop is None:
            return
        self._steps += 1
        loop.tick()
        if self._random.random() < _VISITED:
            self._visit()
            self._now_s += window.desk.settings.now.kiosk_idle_s + 1.0
        elif step is not None:
            self._now_s += loop.lasting_s(step) + 0.1
        loop.tick()
        self._until_there()
        # Once more, so that the next act begins to count now.
        loop.tick()

    def _visit(self) -> None:
        """Scroll, click and drag on the picture as people do, and guess where something is asked."""
        canvas = self._window.stage.canvas
        for _ in range(self._random.randint(3, 12)):
            place = QPointF(
                self._random.uniform(0.4, 0.6) * canvas.width(), self._random.uniform(0.3, 0.7) * canvas.height()
            )
            self._wheel(place, self._random.choice((-120, 120)))
            self._click(place)
            pass_time(0.02)
        asking = self._window.desk.player.asking
        volume = self._window.desk.session.volume
        if asking.open and volume is not None:
            low, high = volume.grid.bounds_lps_mm.T
            asking.guess(as_point([self._random.uniform(a, b) for a, b in zip(low, high, strict=True)]))
            self._guesses += 1
            self._window.desk.player.next()
        loop = self._window.kiosk_here.loop
        if loop is not None:
            loop.touched()

    def _click(self, place: QPointF) -> None:
        canvas = self._window.stage.canvas
        on_screen = QPointF(canvas.mapToGlobal(place.toPoint()))
        left, none = Key.MouseButton.LeftButton, Key.MouseButton.NoButton
        for kind, held in ((QMouseEvent.Type.MouseButtonPress, left), (QMouseEvent.Type.MouseButtonRelease, none)):
            event = QMouseEvent(kind, place, on_screen, left, held, Key.KeyboardModifier.NoModifier)
            QApplication.sendEvent(canvas, event)

    def _wheel(self, place: QPointF, by: int) -> None:
        canvas = self._window.stage.canvas
        event = QWheelEvent(
            place,
            QPointF(canvas.mapToGlobal(place.toPoint())),
            QPoint(),
            QPoint(0, by),
            Key.MouseButton.NoButton,
            Key.KeyboardModifier.NoModifier,
            Key.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(canvas, event)

    def _until_there(self) -> None:
        """Wait until the step is on screen."""
        window = self._window

        def there() -> bool:
            still = not window.stage.preparing and not window.desk.navigation.moving
            return still and not window.desk.player.acting.running and window.desk.session.volume is not None

        pass_time(0.02)
        wait_until(there, _LIMIT_S)
        pass_time(0.1)
