"""The figures of running models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.cli.bench_figures import figure
from viewer.inference.accept import refusal
from viewer.inference.manifest import Manifest
from viewer.inference.models import installed_models
from viewer.inference.timing import time_model
from viewer.io.shipped import shipped
from viewer.phantom.as_volume import volume_of
from viewer.phantom.head import make_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.cli.bench_figures import Figure


def models() -> Iterator[Figure]:
    """Yield how much slower a run is than its bare model."""
    manifests = [m for m in installed_models((shipped("resources/models"),)) if isinstance(m, Manifest)]
    if not manifests:
        return
    volume = volume_of(make_head(1, spacing_mm=(0.9, 0.9, 3.0), size_ij=256))
    for manifest in manifests:
        if refusal(manifest, volume) is not None:
            continue
        timing = time_model(manifest, volume)
        yield figure(
            f"model_{manifest.id}",
            timing.ratio,
            "× bare session.run",
            1.15 if not manifest.rules else None,
            f"{manifest.name} on a synthetic head of {'×'.join(map(str, reversed(volume.slices.shape)))}: preparing, "
            f"running and making findings ({timing.total_s:.2f} s) ÷ the same {timing.calls} calls of session.run "
            f"alone ({timing.bare_s:.2f} s), in one process, smallest of 3.",
        )
