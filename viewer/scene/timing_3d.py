"""How long 3D takes here, from a turn to the picture at rest, and how long it holds up the caller meanwhile."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.domain.view_state import overview
from viewer.scene.camera import turned
from viewer.scene.quality import Quality
from viewer.scene.timing import Times, times_of
from viewer.scene.volume3d import Scene3D
from viewer.scene.volume_scene import FindingSurface, Picture3D, VolumeScene

if TYPE_CHECKING:
    from viewer.domain.volume import Volume
    from viewer.scene.opengl_probe import Unavailable3D

_POLL_S = 0.001


@frozen
class Times3D:
    """Times of pictures of each quality, and the longest that the caller's thread was held up, in milliseconds."""

    moving: Times
    settling: Times
    still: Times
    finest: Times
    stall_ms: float


class _Stopwatch:
    """Draws one picture after another and watches how late its own thread comes."""

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self.seconds: dict[Quality, list[float]] = {quality: [] for quality in Quality}
        self.stall_s = 0.0
        self.drawing = Scene3D(self._take, self._give_up)

    def _take(self, picture: Picture3D) -> None:
        self.seconds[picture.quality].append(picture.seconds)
        self._arrived.set()

    def _give_up(self, _why: Unavailable3D) -> None:
        self._arrived.set()

    def draw(self, scene: VolumeScene, quality: Quality, timeout_s: float) -> bool:
        self._arrived.clear()
        self.drawing.request(scene, quality)
        began = before = time.perf_counter()
        while not self._arrived.is_set():
            time.sleep(_POLL_S)
            now = time.perf_counter()
            self.stall_s, before = max(self.stall_s, now - before - _POLL_S), now
            if now - began > timeout_s:
                return False
        return self.drawing.unavailable is None


def times_3d(
    volume: Volume,
    preset: str,
    surfaces: tuple[FindingSurface, ...] = (),
    *,
    size_px: int = 600,
    turns: int = 4,
    timeout_s: float = 120.0,
) -> Times3D | None:
    """Return how long pictures take while a volume is turned in several goes and let go after each.

    None where 3D cannot be drawn here. The first picture, which also makes what the others stand on, does not count;
    nor does how late the caller comes while it is made.
    """
    camera = overview(volume.series.series_uid, volume.grid).camera
    scene = VolumeScene(volume, camera, size_px, size_px, preset, surfaces)
    watch = _Stopwatch()
    try:
        if not watch.draw(scene, Quality.MOVING, timeout_s):
            return None
        watch.seconds[Quality.MOVING].clear()
        watch.stall_s = 0.0
        for _ in range(turns):
            for _ in range(8):
                scene = evolve(scene, camera=turned(scene.camera, 9, 2))
                if not watch.draw(scene, Quality.MOVING, timeout_s):
                    return None
            at_rest = (Quality.SETTLING, Quality.STILL, Quality.FINEST)
            if not all(watch.draw(scene, quality, timeout_s) for quality in at_rest):
                return None
    finally:
        watch.drawing.close()
    made = {quality: times_of(seconds) for quality, seconds in watch.seconds.items()}
    moving, settling, still, finest = (made[quality] for quality in Quality)
    return Times3D(moving, settling, still, finest, watch.stall_s * 1000.0)
