"""How quick a real window follows wheel, links, motions and turning, for `casestage bench`.

The program is started with CASESTAGE_BENCH set to "views" and a folder to open; the window then does what a user
would, tells the times in one line of JSON, and closes.
"""

from __future__ import annotations

import json
import math
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve
from PySide6.QtCore import QEvent, QEventLoop, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import Layout, ViewName, ViewState, as_point
from viewer.scene.bare_picture import bare_ms
from viewer.scene.camera import turned
from viewer.services.navigation import Motion
from viewer.ui.canvas.view3d import View3D
from viewer.ui.stall_watch import StallWatch

if TYPE_CHECKING:
    from viewer.ui.canvas.tiles import Tile
    from viewer.ui.main_window import MainWindow

# All that is loaded beside is loaded by then.
_SETTLED_MS = 5000
_FIRST_3D_S = 60.0
_ALONE_PX, _FOUR_PX = (900, 900), (1802, 1802)
_FLIGHTS_EACH, _TURNS_EACH = 8 / 60, 3 / 60
_TURN_S = 2.0
_TURN_EVERY_S = 1 / 60


class ViewTimes(QObject):
    """Measures once the window has opened something.

    `images` is how many notches of the wheel are measured in each plane; motions and turning follow in proportion.
    """

    def __init__(self, window: MainWindow, images: int = 60) -> None:
        super().__init__(window)
        self._images = images
        self._window, self._canvas, self._session = window, window.canvas, window.desk.session
        self._painted_at: list[float] = []
        self._pictures_at: list[float] = []
        self._views: list[ViewState | None] = []
        self._canvas.installEventFilter(self)
        for view in self._canvas.findChildren(View3D):
            view.changed.connect(lambda: self._pictures_at.append(time.perf_counter()))
        self._stalls = StallWatch(self)
        window.desk.opening.opened.connect(lambda _: QTimer.singleShot(_SETTLED_MS, self._measure))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Note what the canvas paints."""
        if event.type() == QEvent.Type.Paint:
            self._painted_at.append(time.perf_counter())
            self._views.append(self._session.view)
        return super().eventFilter(watched, event)

    def _measure(self) -> None:
        # Whatever happens, whoever started the program does not wait for it in vain.
        try:
            told = self._told()
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
        finally:
            self._window.close()

    def _told(self) -> dict[str, object]:
        view = self._session.view
        assert view is not None
        told: dict[str, object] = {"ratio": self._canvas.devicePixelRatioF()}
        self._resize(_ALONE_PX)
        for name in (ViewName.AXIAL, ViewName.CORONAL, ViewName.SAGITTAL):
            self._show(evolve(view, layout=Layout.SINGLE, main=name))
            told[f"bare_{name.value}_ms"] = self._bare(PlaneName(name.value))
            told |= self._notched(name, name.value)
            told["alone_px"] = self._tile_size(name)
        self._resize(_FOUR_PX)
        self._show(evolve(view, layout=Layout.FOUR))
        told["four_px"] = self._tile_size(ViewName.AXIAL)
        told["bare_four_ms"] = self._bare(*PlaneName)
        told |= self._notched(ViewName.AXIAL, "four")
        told["linked_four_ms"] = self._linked()
        self._resize((1920 - 432, 1080 - 136))
        told["moving_px"] = [self._canvas.width(), self._canvas.height()]
        if self._has_3d():
            told |= self._turn()
        return told | self._fly()

    def _bare(self, *planes: PlaneName) -> float:
        """Return how long numpy alone takes for as many pixels, just now."""
        volume = self._session.volume
        assert volume is not None
        return bare_ms(volume, planes, size_px=_ALONE_PX[0])

    def _resize(self, size: tuple[int, int]) -> None:
        window, canvas = self._window, self._canvas
        window.setWindowState(Qt.WindowState.WindowNoState)
        # Panels beside the canvas have widths for narrow and for wide windows.
        for _ in range(2):
            window.resize(window.width() + size[0] - canvas.width(), window.height() + size[1] - canvas.height())
            self._wait(0.3)

    def _show(self, view: ViewState) -> None:
        self._session.view = view
        self._wait(0.5)

    def _wait(self, seconds: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    def _tile(self, view: ViewName) -> Tile:
        tile = self._canvas.tile(view)
        assert tile is not None
        return tile

    def _tile_size(self, view: ViewName) -> list[int]:
        area = self._tile(view).area
        return [round(area.width()), round(area.height())]

    def _until_painted(self) -> float:
        """Return the moment at which what was asked for is painted and handed to the screen."""
        before = len(self._painted_at)
        # At the first and the last image nothing else would ask for it.
        self._canvas.update()
        while len(self._painted_at) == before:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        return time.perf_counter()

    def _notched(self, view: ViewName, name: str) -> dict[str, object]:
        """Return for each notch how long it takes until all that shows it is on screen, and what processor time."""
        place = self._tile(view).area.center()
        spent, worked = [], []
        for n in range(self._images + 4):
            event = QWheelEvent(
                place,
                QPointF(self._canvas.mapToGlobal(place.toPoint())),
                QPoint(),
                QPoint(0, -120 if n < self._images // 2 else 120),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            start, before = time.perf_counter(), time.thread_time()
            QApplication.sendEvent(self._canvas, event)
            spent.append((self._until_painted() - start) * 1000)
            worked.append((time.thread_time() - before) * 1000)
        return {f"wheel_{name}_ms": spent[4:], f"wheel_{name}_worked_ms": worked[4:]}

    def _linked(self) -> list[float]:
        """Return how long it takes until all is on screen when the cursor moves across all three planes at once."""
        volume, spent = self._session.volume, []
        assert volume is not None
        for n in range(self._images + 4):
            view = self._session.view
            assert view is not None
            step = np.asarray(volume.grid.spacing_mm) * (1 if n < self._images // 2 else -1)
            start = time.perf_counter()
            self._session.view = evolve(view, cursor_lps_mm=as_point(np.asarray(view.cursor_lps_mm) + step))
            spent.append((self._until_painted() - start) * 1000)
        return spent[4:]

    def _has_3d(self) -> bool:
        """Return whether there are 3D pictures here, waiting for the first one."""
        until = time.perf_counter() + _FIRST_3D_S
        while not self._pictures_at and time.perf_counter() < until:
            self._wait(0.1)
        self._wait(1.0)
        return bool(self._pictures_at)

    def _turn(self) -> dict[str, object]:
        """Return pictures a second while 3D is turned with the mouse, and the longest stall of each turn."""
        place = self._tile(ViewName.THREE_D).area.center()
        rates, stalls = [], []
        for _ in range(math.ceil(_TURNS_EACH * self._images)):
            self._mouse(QEvent.Type.MouseButtonPress, place)
            with self._stalls.watching():
                start, n = time.perf_counter(), 0
                while (now := time.perf_counter()) < start + _TURN_S:
                    n += 1
                    self._mouse(QEvent.Type.MouseMove, place + QPointF(3 * n % 200, n % 60))
                    self._wait(max(start + n * _TURN_EVERY_S - now, 0.001))
            self._mouse(QEvent.Type.MouseButtonRelease, place)
            rates.append(sum(start < at <= start + _TURN_S for at in self._pictures_at) / _TURN_S)
            stalls.append(self._stalls.longest_ms)
            self._wait(1.5)
        return {"turn_per_s": rates, "turn_stalls_ms": stalls}

    def _mouse(self, kind: QEvent.Type, place: QPointF) -> None:
        left = Qt.MouseButton.LeftButton
        which = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else left
        everywhere = QPointF(self._canvas.mapToGlobal(place.toPoint()))
        QApplication.sendEvent(
            self._canvas, QMouseEvent(kind, place, everywhere, which, held, Qt.KeyboardModifier.NoModifier)
        )

    def _fly(self) -> dict[str, object]:
        """Return frames and 3D pictures a second in motions from step to step, and each motion's longest stall."""
        here, volume = self._session.view, self._session.volume
        assert here is not None
        assert volume is not None
        across = volume.grid.bounds_lps_mm[:, 1] - volume.grid.bounds_lps_mm[:, 0]
        there = here.looking_at(as_point(np.asarray(here.cursor_lps_mm) + 0.2 * across), height_mm=120.0)
        there = evolve(there, camera=turned(here.camera, 300, 80), window_centre=300.0, window_width=1500.0)
        rates, rates_3d, stalls = [], [], []
        for n in range(math.ceil(_FLIGHTS_EACH * self._images)):
            self._wait(1.5)
            with self._stalls.watching():
                self._window.desk.navigation.go(here if n % 2 else there, Motion.STEP)
                start = time.perf_counter()
                while self._window.desk.navigation.moving:
                    QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
                spent = time.perf_counter() - start
            shown = {
                id(view) for at, view in zip(self._painted_at, self._views, strict=True) if start <= at < start + spent
            }
            rates.append(len(shown) / spent)
            rates_3d.append(sum(start <= at < start + spent for at in self._pictures_at) / spent)
            stalls.append(self._stalls.longest_ms)
        return {"flight_per_s": rates, "flight_3d_per_s": rates_3d, "flight_stalls_ms": stalls}
