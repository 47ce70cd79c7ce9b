"""How many rays a 3D picture casts, so that turning stays smooth and no picture holds the graphics card for long."""

from __future__ import annotations

import math

from attrs import field, frozen, mutable

from viewer.scene.quality import Quality


@frozen
class Limits:
    """What a way of drawing is held to.

    Attributes
    ----------
    moving_px, settling_px
        Screen pixels per ray while something moves, and just after: the least and the most.
    moving_first_px
        With how many it begins.
    moving_area_px
        Pixels of a picture at most while something moves; a larger view is drawn smaller, and stretched when shown.
    moving_s, settling_s
        How long such pictures may take.
    still_s
        How long a picture at rest may take before it casts fewer rays, or None where it can be given up meanwhile.
    still_most_px
        Screen pixels per ray of a picture at rest, at most.
    """

    moving_px: tuple[float, float]
    moving_first_px: float
    settling_px: tuple[float, float]
    moving_area_px: int
    moving_s: float = 0.033
    settling_s: float = 0.1
    still_s: float | None = None
    still_most_px: float = 1.0


BY_PROCESSOR = Limits((2.0, 6.0), 3.0, (2.0, 3.0), 1_000_000)
# A card draws a picture in one piece, which nothing can stop; Windows takes a driver for dead after 2 s of it.
BY_CARD = Limits((1.0, 4.0), 2.0, (1.0, 4.0), 2_400_000, moving_s=0.025, still_s=0.7, still_most_px=3.0)


@mutable
class RayPace:
    """Fewer rays where this machine is slow, more where it is quick; learned from what pictures took."""

    limits: Limits
    _moving_px: float = field(init=False)
    _settling_px: float = field(init=False)
    _paced: bool = field(init=False, default=False)
    _s_per_work: float | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self._moving_px = self.limits.moving_first_px
        self._settling_px = self.limits.settling_px[0]

    def forget_first(self) -> None:
        """Take no pace from the next picture: a first one also makes gradients, or brings voxels to a card."""
        self._paced = False

    @property
    def needs_trial(self) -> bool:
        """Return whether a picture at rest would be drawn without an idea of how long that takes."""
        return self.limits.still_s is not None and self._s_per_work is None

    def size_px(self, quality: Quality, width_px: int, height_px: int) -> tuple[int, int]:
        """Return the size to draw a view of a size in, of the same shape."""
        share = math.sqrt(self.limits.moving_area_px / (width_px * height_px))
        if quality is not Quality.MOVING or share >= 1.0:
            return width_px, height_px
        return max(round(width_px * share), 1), max(round(height_px * share), 1)

    def px(self, quality: Quality, finest_px: float, work: float) -> float:
        """Return screen pixels per ray; `finest_px` shows all that there is to see.

        `work` is that of one ray for each pixel: pixels times steps per voxel.
        """
        if quality is Quality.MOVING:
            return self._moving_px
        wanted = self._settling_px * finest_px if quality is Quality.SETTLING else finest_px
        if self.limits.still_s is None or self._s_per_work is None:
            return wanted
        enough = math.sqrt(self._s_per_work * work / self.limits.still_s)
        return max(wanted, min(enough, self.limits.still_most_px))

    def took(self, quality: Quality, seconds: float, px: float, work: float) -> None:
        """Learn from a whole picture that cast a ray for each `px` screen pixels in both directions."""
        if self._paced:
            self._s_per_work = seconds * px**2 / work
            if quality is Quality.MOVING:
                wanted = self._moving_px * min(max((seconds / self.limits.moving_s) ** 0.5, 0.8), 1.25)
                self._moving_px = min(max(wanted, self.limits.moving_px[0]), self.limits.moving_px[1])
        if quality is Quality.SETTLING:
            wanted = self._settling_px * (seconds / self.limits.settling_s) ** 0.5
            self._settling_px = min(max(wanted, self.limits.settling_px[0]), self.limits.settling_px[1])
        self._paced = True
