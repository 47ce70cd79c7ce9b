"""How long a model takes with everything around it, against its bare runs on the same input."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.job import JobContext
from viewer.inference.marks import marks_of
from viewer.inference.patches import plan
from viewer.inference.pipeline import feeds, values_in
from viewer.inference.prepare import prepare
from viewer.inference.session import check_tensors, checked_bytes, run_once, session_from, thread_count

if TYPE_CHECKING:
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest


@frozen
class Timing:
    """Seconds: preparing, running with everything in between, making findings; and the same calls bare."""

    prepare_s: float
    run_s: float
    findings_s: float
    bare_s: float
    calls: int
    findings: int

    @property
    def total_s(self) -> float:
        """From the volume to findings, in one process, the model loaded before."""
        return self.prepare_s + self.run_s + self.findings_s

    @property
    def ratio(self) -> float:
        """Total over bare: 1.0 would be no overhead at all."""
        return self.total_s / self.bare_s if self.bare_s else float("inf")


def time_model(manifest: Manifest, volume: Volume, ctx: JobContext | None = None, *, repeats: int = 3) -> Timing:
    """Return the times of a model on a volume in this process; of each figure the smallest of some repeats.

    Use for models that are trusted: nothing contains them here.

    Raises
    ------
    ModelError, CancelledError
        As `run_model`.
    """
    ctx = ctx or JobContext()
    session = session_from(checked_bytes(manifest.onnx_path, manifest.sha256), manifest.name)
    check_tensors(manifest, session)
    made: list[tuple[float, float, float, float]] = []
    calls = findings = 0
    for repeat in range(repeats + 1):
        ctx.report(repeat, repeats + 1, f"Timing {manifest.name}")
        start = time.perf_counter()
        prepared = prepare(manifest, volume, JobContext(), threads=thread_count())
        ready = time.perf_counter()
        how = plan(prepared.shape_kji, manifest.image, manifest.inference)
        values = values_in(manifest, prepared, how, session, JobContext())
        ran = time.perf_counter()
        findings = len(marks_of(manifest, volume, values, prepared.sampling, JobContext()))
        end = time.perf_counter()
        del values
        bare = 0.0
        calls = 0
        for feed in feeds(manifest, prepared, how):
            before = time.perf_counter()
            run_once(manifest, session, feed.tensors)
            bare += time.perf_counter() - before
            calls += 1
        # The first round warms the caches and the runtime's arena, and does not count.
        if repeat:
            made.append((ready - start, ran - ready, end - ran, bare))
    best = [min(column) for column in zip(*made, strict=True)]
    return Timing(best[0], best[1], best[2], best[3], calls, findings)
