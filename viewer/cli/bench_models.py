"""The figures of running models."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.analysis.measure import body_bounds
from viewer.cli.bench_figures import figure
from viewer.domain.job import JobContext
from viewer.inference.accept import refusal
from viewer.inference.installed import installed_models
from viewer.inference.manifest import Manifest
from viewer.inference.run import run_on
from viewer.inference.timing import time_model
from viewer.io.shipped import shipped
from viewer.phantom.as_volume import volume_of
from viewer.phantom.chest import make_chest
from viewer.phantom.head import make_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.cli.bench_figures import Figure
    from viewer.domain.volume import Volume
    from viewer.phantom.phantom import Phantom

_RATIO = 1.15
_RUNS = 3
# The bare model itself swings by more than all that is done beside it: it takes some runs to see both undisturbed.
_RATIO_RUNS = 9


def models() -> Iterator[Figure]:
    """Yield how much slower a run is than its bare model, and how long one waits for findings of a whole scan."""
    manifests = [m for m in installed_models((shipped("resources/models"),)) if isinstance(m, Manifest)]
    if not manifests:
        return
    head = _loaded(make_head(1, spacing_mm=(0.9, 0.9, 3.0), size_ij=256))
    on_head = [m for m in manifests if refusal(m, head) is None]
    for manifest in on_head:
        yield _ratio(manifest, head)
    trained = [m for m in on_head if not m.rules]
    if trained:
        whole = _loaded(make_head(1, spacing_mm=(0.45, 0.45, 1.5), size_ij=512))
        yield from (_wait(m, whole, "findings_head", 3.0) for m in trained)
    others = [m for m in manifests if m not in on_head]
    if others:
        chest = _loaded(make_chest(1, spacing_mm=(0.7, 0.7, 1.5), size_ij=512))
        for manifest in (m for m in others if refusal(m, chest) is None):
            yield _ratio(manifest, chest)
            yield _wait(manifest, chest, "findings_chest", 10.0)


def _loaded(phantom: Phantom) -> Volume:
    """Return a phantom's volume with what is known of one that was read from disk."""
    volume = volume_of(phantom)
    return evolve(volume, body_lps_mm=body_bounds(volume))


def _ratio(manifest: Manifest, volume: Volume) -> Figure:
    timing = time_model(manifest, volume, repeats=_RATIO_RUNS)
    return figure(
        f"model_{manifest.id}",
        timing.ratio,
        "× bare session.run",
        None if manifest.rules else _RATIO,
        f"{manifest.name} on {_what(volume)}: preparing, running and making findings ({timing.total_s:.2f} s) ÷ the "
        f"same {timing.calls} calls of session.run alone ({timing.bare_s:.2f} s), in one process, "
        f"smallest of {_RATIO_RUNS}.",
    )


def _wait(manifest: Manifest, volume: Volume, name: str, target_s: float) -> Figure:
    waits = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        found = len(run_on(manifest, volume, JobContext(), processor_alone=True).findings)
        waits.append(time.perf_counter() - start)
    return figure(
        name,
        sorted(waits)[_RUNS // 2],
        "s",
        target_s,
        f"{manifest.name} on {_what(volume)}: from the loaded volume to {found} measured findings, in a process that "
        f"is started for it, median of {_RUNS}.",
    )


def _what(volume: Volume) -> str:
    size = "×".join(map(str, reversed(volume.slices.shape)))
    return f"a synthetic {volume.series.body_part.lower()} of {size}"
