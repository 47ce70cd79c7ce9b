"""The figures of looking at a volume: scrolling, slabs."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import numpy as np

from viewer.cli.bench_figures import SIZE, figure, noise, seconds
from viewer.domain.geometry import PlaneName, SliceStack
from viewer.domain.volume import SeriesFacts, Volume
from viewer.scene.timing import oblique_times, scroll_times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.cli.bench_figures import Figure

SLICES = 400


def _volume() -> Volume:
    positions = [(-180.0, -180.0, float(k)) for k in range(SLICES)]
    stack = SliceStack((SIZE, SIZE), (0.7, 0.7), (1, 0, 0), (0, 1, 0), positions)
    voxels = noise(SLICES)
    return Volume(SeriesFacts("2.25.1001", modality="CT", synthetic=True), voxels, stack, voxels, stack.as_grid())


def looking() -> Iterator[Figure]:
    """Yield how quick pictures are."""
    volume = _volume()
    table = np.arange(65536, dtype=np.uint32)
    picture = np.zeros((900, 900), dtype=np.uint16)
    raw = statistics.median(seconds(lambda: table[picture]) for _ in range(9)) * 1000
    size = f"{SIZE}×{SIZE}×{SLICES} int16, 900×900 viewport, the picture without painting it"
    for plane, target in ((PlaneName.AXIAL, 8.0), (PlaneName.CORONAL, 8.0), (PlaneName.SAGITTAL, 10.0)):
        times = scroll_times(volume, plane)
        yield figure(
            f"scroll_{plane.value}",
            times.p95_ms,
            "ms p95",
            target,
            f"{times.count} single-image steps through {size}; median {times.p50_ms:.1f} ms, "
            f"{times.p50_ms / raw:.1f} × colouring as many pixels by a table ({raw:.1f} ms).",
        )
    slab = scroll_times(volume, PlaneName.AXIAL, slab_mm=10.0)
    yield figure(
        "scroll_slab", slab.p95_ms, "ms p95", 20.0, f"As scroll_axial, 10 mm MIP; median {slab.p50_ms:.1f} ms."
    )
    oblique = oblique_times(volume)
    yield figure(
        "scroll_oblique",
        oblique.p95_ms,
        "ms p95",
        33.0,
        f"{oblique.count} steps through {size}, at an angle to all axes, as coarse as pictures are while they move; "
        f"median {oblique.p50_ms:.1f} ms.",
    )
