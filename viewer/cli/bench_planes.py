"""The figures of planes at rest: cubic interpolation, slabs over padding, and the picture along a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.cli.bench_figures import SIZE, figure, noise
from viewer.domain.geometry import SliceStack
from viewer.domain.volume import SeriesFacts, Volume
from viewer.scene.plane_timing import cubic_times, curved_times, oblique_slab_times
from viewer.ui.stall_timing import longest_stall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.cli.bench_figures import Figure

SLICES = 400
PADDING = -2000


def _padded() -> Volume:
    """Return the volume of the other figures of looking, with the padding of a round field of view."""
    positions = [(-180.0, -180.0, float(k)) for k in range(SLICES)]
    stack = SliceStack((SIZE, SIZE), (0.7, 0.7), (1, 0, 0), (0, 1, 0), positions)
    voxels = noise(SLICES)
    j, i = np.mgrid[0:SIZE, 0:SIZE]
    voxels[:, np.hypot(i - SIZE / 2, j - SIZE / 2) > SIZE / 2 - 6] = PADDING
    series = SeriesFacts("2.25.1001", modality="CT", synthetic=True)
    return Volume(series, voxels, stack, voxels, stack.as_grid(), padding=float(PADDING))


def planes_at_rest() -> Iterator[Figure]:
    """Yield how long fine pictures take, and how long the window stands still for them."""
    volume = _padded()
    grid = f"{SIZE}×{SIZE}×{SLICES} int16"
    size = f"{grid} with padding"
    cubic = cubic_times(evolve(volume, padding=None))
    yield figure(
        "cubic_still",
        cubic.p95_ms,
        "ms p95",
        None,
        f"{cubic.count} coronal pictures of 900×900 of {grid}, cubic convolution within the plane, made beside "
        f"the main thread once it rests; median {cubic.p50_ms:.1f} ms.",
    )
    for moving, name, target in ((True, "curved_moving", 33.0), (False, "curved_still", None)):
        curved = curved_times(volume, moving=moving)
        words = "as coarse as it is while it moves" if moving else "fine, made beside the main thread once it rests"
        yield figure(
            name,
            curved.p95_ms,
            "ms p95",
            target,
            f"{curved.count} straightened pictures of 700×450 along a helix through {size}, turned by 5° from one to "
            f"the next, {words}; median {curved.p50_ms:.1f} ms.",
        )
    slab = oblique_slab_times(volume)
    yield figure(
        "oblique_slab_still",
        slab.p95_ms,
        "ms p95",
        None,
        f"{slab.count} pictures of 900×900 of a 10 mm MIP at an angle to all axes of {size}, fine, made beside the "
        f"main thread; median {slab.p50_ms:.0f} ms.",
    )
    stall = longest_stall(volume)
    yield figure(
        "oblique_slab_stall",
        stall.p95_ms,
        "ms",
        50.0,
        f"Longest time for which a window of 1400×900 with three such planes answered nothing while it came to rest, a "
        f"timer of 2 ms watching; the longest of {stall.count} times.",
    )
