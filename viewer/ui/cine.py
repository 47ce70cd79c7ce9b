"""Cine: plays through the images of a plane at a steady rate, until something stops it."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer

from viewer.domain.view_state import ViewName
from viewer.ui.canvas.moves import scrolled, to_end
from viewer.ui.escape import EscapeKey

if TYPE_CHECKING:
    from viewer.domain.geometry import PlaneName
    from viewer.domain.view_state import Point, ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.canvas.canvas import Canvas

RATES = (5, 8, 10, 12, 15, 20, 25, 30)
FIRST_RATE = 15
# Between two images there is always time for keys and the mouse, however long painting takes.
LEAST_PAUSE_S = 0.004
# Through a turned plane the last image is met again only as nearly as numbers are rounded.
_SAME_MM = 1e-6
_STOPPING = frozenset({QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick, QEvent.Type.Wheel})


class Cine:
    """Plays or not, at one of `RATES`, round and round or back and forth; keeps both choices between plays."""

    def __init__(self) -> None:
        self._run: _Run | None = None
        self.rate = FIRST_RATE
        self.back_and_forth = False

    @property
    def playing(self) -> bool:
        """True while images follow one another."""
        return self._run is not None

    def start(self, canvas: Canvas, plane: PlaneName) -> None:
        """Play the images of a plane; stops by itself once somebody takes hold of the view, or of another one."""
        self.stop()
        self._run = _Run(self, canvas, plane)
        canvas.settings_changed.emit()

    def stop(self) -> None:
        """Stop where it is."""
        run, self._run = self._run, None
        if run is not None:
            run.end()

    def change_rate(self, steps: int) -> None:
        """Play faster or slower."""
        self.rate = RATES[min(max(RATES.index(self.rate) + steps, 0), len(RATES) - 1)]


def next_image(
    volume: Volume, view: ViewState, plane: PlaneName, direction: int, *, back_and_forth: bool
) -> tuple[ViewState, int]:
    """Return the view on the next image and the direction from there on; the same view where there is one image."""
    moved = scrolled(volume, view, plane, direction)
    if math.dist(moved.cursor_lps_mm, on_image(volume, view, plane)) > _SAME_MM:
        return moved, direction
    if back_and_forth:
        return scrolled(volume, view, plane, -direction), -direction
    return to_end(volume, view, plane, last=direction < 0), direction


def on_image(volume: Volume, view: ViewState, plane: PlaneName) -> Point:
    """Return the cursor moved onto the image that it is nearest to."""
    return scrolled(volume, view, plane, 0).cursor_lps_mm


class _Run(QObject):
    """One play on one canvas."""

    def __init__(self, cine: Cine, canvas: Canvas, plane: PlaneName) -> None:
        super().__init__(canvas)
        session = canvas.session
        self._cine, self._session, self._canvas, self._plane = cine, session, canvas, plane
        self._active = canvas.active
        self._direction = 1
        self._left_at = session.view
        self._due_s = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._next)
        self._escape = EscapeKey(self, cine.stop)
        canvas.installEventFilter(self)
        session.workspace_changed.connect(self._gone)
        self._arm()

    def end(self) -> None:
        """Let go of everything."""
        self._timer.stop()
        self._escape.stop()
        self._canvas.removeEventFilter(self)
        self._session.workspace_changed.disconnect(self._gone, missing_ok=True)
        self._canvas.settings_changed.emit()
        self.deleteLater()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Stop at a click or the wheel, which then do what they always do; also where the canvas goes."""
        if event.type() in _STOPPING or event.type() == QEvent.Type.Hide:
            self._cine.stop()
        return False

    def _gone(self, _new: object, _old: object) -> None:
        self._cine.stop()

    def _arm(self) -> None:
        now = time.monotonic()
        # Where painting takes longer than an image may, none is left out: the rate falls.
        self._due_s = max(self._due_s + 1 / self._cine.rate, now + LEAST_PAUSE_S)
        self._timer.start(max(round((self._due_s - now) * 1000), 1))

    def _next(self) -> None:
        view, volume = self._session.view, self._session.volume
        if view is None or volume is None or self._left_at is None or not _same_place(view, self._left_at):
            self._cine.stop()
            return
        if self._canvas.active is not self._active or self._canvas.keys_here is False:
            # Keys act on another view by now, and would stop or move something else than what plays.
            self._cine.stop()
            return
        moved, self._direction = next_image(
            volume, view, self._plane, self._direction, back_and_forth=self._cine.back_and_forth
        )
        self._left_at = moved
        self._session.view = moved
        self._arm()


def _same_place(view: ViewState, before: ViewState) -> bool:
    """Return whether nobody else has moved on, to another series, place or layout; the window is free to change."""
    return (view.series_uid, view.cursor_lps_mm, view.layout, view.main) == (
        before.series_uid,
        before.cursor_lps_mm,
        before.layout,
        before.main,
    )


def plane_to_play(canvas: Canvas) -> PlaneName | None:
    """Return the active plane of a canvas, else the first that is shown; None for 3D alone."""
    if canvas.active.plane is not None:
        return canvas.active.plane
    shown = (view.plane for view in ViewName if canvas.tile(view) is not None)
    return next((plane for plane in shown if plane is not None), None)
