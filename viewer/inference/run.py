"""A model run on a volume in a process of its own, its marks made into findings."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.errors import ModelError, ModelRefusedError
from viewer.domain.volume import PatientIdentity
from viewer.inference.accept import refusal
from viewer.inference.process import SILENCE_S, ModelProcess
from viewer.inference.result import RunResult, result_of
from viewer.inference.worker import Request, RunAnswer, VolumeFacts, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.finding import Finding
    from viewer.domain.job import JobContext
    from viewer.domain.overlays import ValueMap
    from viewer.domain.patches import Patches
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest


def run_model(
    manifest: Manifest,
    volume: Volume,
    ctx: JobContext,
    *,
    anyway: bool = False,
    silence_s: float = SILENCE_S,
    memory_bytes: int | None = None,
    process: ModelProcess | None = None,
    keep_map: Callable[[ValueMap], None] | None = None,
) -> tuple[Finding, ...]:
    """Return what a model finds, best first; see `run_on`.

    `keep_map` is given the map of probabilities that the findings were cut from, where the model gives some.
    """
    result = run_on(
        manifest,
        volume,
        ctx,
        anyway=anyway,
        silence_s=silence_s,
        memory_bytes=memory_bytes,
        process=process,
        with_map=keep_map is not None,
    )
    if keep_map is not None and result.value_map is not None:
        keep_map(result.value_map)
    return result.findings


def run_on(
    manifest: Manifest,
    volume: Volume,
    ctx: JobContext,
    *,
    anyway: bool = False,
    silence_s: float = SILENCE_S,
    memory_bytes: int | None = None,
    process: ModelProcess | None = None,
    processor_alone: bool = False,
    with_map: bool = False,
    on_patches: Callable[[Patches], None] | None = None,
) -> RunResult:
    """Return what a model says of a volume; may be called from any thread.

    Parameters
    ----------
    anyway
        Run although the manifest says that the model was not made for this volume.
    silence_s
        Stop a model that has made no progress for so long.
    memory_bytes
        Memory that the model may have; by default 70 % of what is available.
    process
        One that was started early; it is used up. Without it, or where it has ended, a new one is started.
    processor_alone
        Leave graphics cards out.
    on_patches
        Told where the model will look, and then each time that it is through with a part.
    with_map
        Keep the map of probabilities that the findings were cut from, where the model gives some.

    Raises
    ------
    ModelRefusedError
        When the model was not made for this volume.
    ModelError
        When there is no result.
    CancelledError
        When the work was cancelled; the process has ended then.
    """
    check_may_run(manifest, volume, anyway=anyway)
    facts = VolumeFacts(
        series=evolve(volume.series, identity=PatientIdentity()),
        stack=volume.stack,
        dtype=volume.slices.dtype.newbyteorder("=").str,
        unit=volume.unit,
        verdict=volume.verdict,
        padding=volume.padding,
        body_lps_mm=volume.body_lps_mm,
    )
    request = Request(
        manifest=manifest, volume=facts, memory_bytes=memory_bytes, processor_alone=processor_alone, with_map=with_map
    )
    ctx.stop_if_cancelled()
    started = time.monotonic()
    worker = process if process is not None and process.usable else ModelProcess()
    answer = worker.ask(
        request, ctx, name=manifest.name, voxels=volume.slices, silence_s=silence_s, on_patches=on_patches
    )
    if not isinstance(answer, RunAnswer):
        raise ModelError(f"{manifest.name} gave no answer.")
    return result_of(
        manifest,
        volume,
        [unpacked(one) for one in answer.marks],
        answer.case_scores,
        provider=answer.provider,
        notes=answer.notes,
        seconds=time.monotonic() - started,
        probabilities=answer.probabilities,
    )


def check_may_run(manifest: Manifest, volume: Volume, *, anyway: bool) -> None:
    """Refuse a volume that is not all there, or that the model was not made for unless it is to run anyway.

    Raises
    ------
    ModelError, ModelRefusedError
        With the reason.
    """
    if volume.preview:
        raise ModelError("The series is still being read.", "Wait until all slices are in, then run again.")
    sentence = refusal(manifest, volume)
    if sentence is not None and not anyway:
        raise ModelRefusedError(sentence, "It can be run anyway; what it then finds may mean nothing.")
