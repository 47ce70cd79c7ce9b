"""The figures of 3D: turning, coming to rest, and how long the window waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.cli.bench_figures import SIZE, figure, noise
from viewer.domain.geometry import SliceStack
from viewer.domain.labels import Mask
from viewer.domain.volume import SeriesFacts, Volume
from viewer.scene.timing_3d import times_3d
from viewer.scene.volume_scene import FindingSurface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.cli.bench_figures import Figure

SLICES = 400
FINDINGS = 20
_SETTLE_AFTER_MS = 60.0


def _chest() -> Volume:
    """Return a body with ribs, a spine and lungs around the texture of the other figures."""
    voxels = noise(SLICES)
    k = np.arange(SLICES)
    j, i = np.mgrid[0:SIZE, 0:SIZE]
    out = np.hypot((i - 256) / 200, (j - 256) / 150)
    wall = (out > 0.86) & (out < 0.92)
    lung = np.minimum(np.hypot((i - 160) / 80, (j - 250) / 100), np.hypot((i - 352) / 80, (j - 250) / 100)) < 1
    spine = np.hypot((i - 256) / 22, (j - 345) / 20) < 1
    for at in k:
        plane = voxels[at]
        plane[lung] = -850
        plane[spine & (at % 28 > 4)] = 500
        plane[wall & ((at + j // 6) % 30 < 12)] = 700
    stack = SliceStack((SIZE, SIZE), (0.7, 0.7), (1, 0, 0), (0, 1, 0), [(-180.0, -180.0, float(n)) for n in k])
    return Volume(SeriesFacts("2.25.1001", modality="CT", synthetic=True), voxels, stack, voxels, stack.as_grid())


def _findings() -> tuple[FindingSurface, ...]:
    j, i = np.mgrid[-10:11, -10:11]
    ball = np.stack([np.hypot(i, j) < np.sqrt(max(100 - k * k, 0)) for k in range(-10, 11)])
    places = [(140 + 58 * (n % 5), 180 + 40 * (n % 4), 30 + 17 * n) for n in range(FINDINGS)]
    return tuple(FindingSurface(Mask(place, ball), (0.3, 0.7, 1.0)) for place in places)


def three_d() -> Iterator[Figure]:
    """Yield how quick 3D is; nothing where it cannot be drawn."""
    volume = _chest()
    plain = times_3d(volume, "bone")
    if plain is None:
        return
    size = f"a chest of {SIZE}×{SIZE}×{SLICES} int16 in bone, 600×600"
    yield figure(
        "turn_3d",
        plain.moving.p50_ms,
        "ms median",
        40.0,
        f"{plain.moving.count} pictures while turning, {size}; p95 {plain.moving.p95_ms:.0f} ms.",
    )
    found = times_3d(volume, "bone", _findings())
    if found is not None:
        yield figure(
            "turn_3d_findings",
            found.moving.p50_ms,
            "ms median",
            1000.0 / 18,
            f"As turn_3d, with {FINDINGS} findings as surfaces; p95 {found.moving.p95_ms:.0f} ms.",
        )
    for name, preset in (("still_3d", "bone"), ("still_3d_lung", "lung")):
        times = plain if preset == "bone" else times_3d(volume, preset)
        if times is None:
            continue
        yield figure(
            name,
            _SETTLE_AFTER_MS + times.settling.p50_ms + times.still.p50_ms,
            "ms median",
            800.0,
            f"From letting go to the picture in full quality, {size.replace('bone', preset)}: "
            f"{_SETTLE_AFTER_MS:.0f} ms of waiting, {times.settling.p50_ms:.0f} ms for at most a quarter of the rays, "
            f"{times.still.p50_ms:.0f} ms for all of them. Where nothing happens then, one in finer steps takes "
            f"{times.finest.p50_ms:.0f} ms more.",
        )
    yield figure(
        "stall_3d",
        max(plain.stall_ms, found.stall_ms if found is not None else 0.0),
        "ms",
        50.0,
        "The longest that a thread which wakes each millisecond came late while 3D was turned and brought to rest.",
    )
