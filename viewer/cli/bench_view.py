"""The figures of looking at a volume: scrolling, slabs, findings over it."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import numpy as np

from viewer.cli.bench_figures import SIZE, figure, noise, seconds
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.geometry import PlaneName, SliceStack
from viewer.domain.labels import Mask
from viewer.domain.volume import SeriesFacts, Volume
from viewer.scene.timing import oblique_times, scroll_times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.cli.bench_figures import Figure

SLICES = 400
LESIONS = 20


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
    yield from _overlay(volume)


def _overlay(volume: Volume) -> Iterator[Figure]:
    """Yield how much longer frames take with lesions drawn over them."""
    from viewer.ui.overlay_timing import overlay_times

    lesions = lesions_in(volume, LESIONS)
    how = (
        f"Outlines of {LESIONS} lesions of 6 to 40 mm around the images scrolled through: whole frames of 900×900, "
        "painted without and with them in turn, one-image steps at {} per second with work ahead between them"
    )
    for name, plane, turned in (
        ("overlay_axial", PlaneName.AXIAL, False),
        ("overlay_coronal", PlaneName.CORONAL, False),
        ("overlay_sagittal", PlaneName.SAGITTAL, False),
        ("overlay_oblique", PlaneName.CORONAL, True),
    ):
        times = overlay_times(volume, lesions, plane, turned=turned)
        yield figure(
            name,
            times.factor,
            "×",
            1.2,
            f"{how.format(30 if turned else 60)}; median {times.with_ms:.1f} ms for {times.without_ms:.1f} ms, "
            f"p95 {times.with_p95_ms:.1f} ms for {times.without_p95_ms:.1f} ms of the painting thread.",
        )
    cold = overlay_times(volume, lesions, PlaneName.AXIAL, ahead=False)
    yield figure(
        "overlay_axial_unprepared",
        cold.factor,
        "×",
        None,
        "As overlay_axial, but step after step without any time between them, each outline drawn for the first time.",
    )


def lesions_in(volume: Volume, count: int) -> tuple[Finding, ...]:
    """Return lesions with lobes around the middle of a volume, the same ones each time."""
    rng = np.random.default_rng(2)
    spacing, size = np.asarray(volume.grid.spacing_mm), np.asarray(volume.grid.size_ijk)
    reach_of_all = np.minimum((150, 110, 30), size * 0.3)
    made = []
    for n in range(count):
        radius_mm = float(rng.uniform(3, 20))
        centre = (size - 1) / 2 + rng.uniform(-reach_of_all, reach_of_all)
        reach = np.ceil(radius_mm / spacing).astype(int) + 1
        first = np.floor(centre).astype(int) - reach
        k, j, i = np.indices(tuple(2 * reach[::-1] + 2))
        across = [
            (axis + start - at) * step for axis, start, at, step in zip((i, j, k), first, centre, spacing, strict=True)
        ]
        turn = np.arctan2(across[1], across[0])
        lobes = 0.88 + 0.08 * np.sin(3 * turn + n) + 0.05 * np.sin(5 * turn + 2 * n)
        mask = Mask.from_full(np.sqrt(sum(axis**2 for axis in across)) < radius_mm * lobes)
        if mask is None:
            continue
        at = tuple(int(start + own) for start, own in zip(first, mask.first_ijk, strict=True))
        lps = volume.grid.lps(centre)
        made.append(
            Finding(
                id=f"lesion-{n}",
                tracking_uid=f"2.25.{n + 1}",
                label_key="lesion",
                label="Lesion",
                source=Source(SourceKind.MODEL, "Bench"),
                centre_lps_mm=lps,
                bounds_lps_mm=np.stack([lps - radius_mm, lps + radius_mm], axis=1),
                score=0.9,
                mask=Mask((at[0], at[1], at[2]), mask.voxels),
                long_axis_mm=2 * radius_mm,
            )
        )
    return tuple(made)
