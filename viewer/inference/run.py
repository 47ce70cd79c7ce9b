"""A model run on a volume in a process of its own, its marks made into findings."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from viewer.domain.errors import ModelError, ModelRefusedError
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.identifiers import uid_from
from viewer.domain.labels import Mask
from viewer.domain.volume import PatientIdentity
from viewer.inference.accept import refusal
from viewer.inference.probability_map import unpacked_map
from viewer.inference.process import SILENCE_S, ModelProcess
from viewer.inference.worker import Request, VolumeFacts

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.job import JobContext
    from viewer.domain.overlays import ValueMap
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
    """Return what a model finds, best first; may be called from any thread.

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
    keep_map
        Is given the map of probabilities that the findings were cut from, where the model gives some.

    Raises
    ------
    ModelRefusedError
        When the model was not made for this volume.
    ModelError
        When there is no result.
    CancelledError
        When the work was cancelled; the process has ended then.
    """
    if volume.preview:
        raise ModelError("The series is still being read.", "Wait until all slices are in, then run again.")
    sentence = refusal(manifest, volume)
    if sentence is not None and not anyway:
        raise ModelRefusedError(sentence, "It can be run anyway; what it then finds may mean nothing.")
    facts = VolumeFacts(
        series=evolve(volume.series, identity=PatientIdentity()),
        stack=volume.stack,
        dtype=volume.slices.dtype.newbyteorder("=").str,
        unit=volume.unit,
        verdict=volume.verdict,
        padding=volume.padding,
    )
    request = Request(manifest=manifest, volume=facts, memory_bytes=memory_bytes, with_map=keep_map is not None)
    ctx.stop_if_cancelled()
    worker = process if process is not None and process.usable else ModelProcess()
    answer: Any = worker.ask(request, ctx, name=manifest.name, voxels=volume.slices, silence_s=silence_s)
    packed, probabilities = answer
    if keep_map is not None and probabilities is not None:
        keep_map(unpacked_map(probabilities, manifest.name))
    findings = [_finding(manifest, volume, parts) for parts in packed]
    return tuple(sorted(findings, key=lambda finding: finding.order))


def _finding(manifest: Manifest, volume: Volume, parts: tuple[Any, ...]) -> Finding:
    key, first_ijk, shape, bits, score, measured, place = parts
    count = int(np.prod(shape))
    voxels = np.unpackbits(np.frombuffer(bits, np.uint8), count=count).astype(bool).reshape(shape)
    label = manifest.label_of(key)
    if label is None:
        raise ModelError(f"{manifest.name} answered with a label that its manifest does not have.")
    centre = ",".join(f"{value:.2f}" for value in measured.centre_lps_mm)
    identity = f"{volume.series.series_uid}|{manifest.id}|{key}|{centre}"
    ends = np.array(measured.long_axis_lps_mm)
    ends.setflags(write=False)
    return Finding(
        id=f"{key}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}",
        tracking_uid=uid_from(f"finding|{identity}"),
        label_key=key,
        label=label.name,
        source=Source(
            kind=SourceKind.MODEL,
            name=manifest.name,
            version=manifest.version,
            model_id=manifest.id,
            model_sha256=manifest.sha256,
            rules=manifest.rules,
        ),
        centre_lps_mm=measured.centre_lps_mm,
        bounds_lps_mm=measured.bounds_lps_mm,
        score=score,
        mask=Mask(first_ijk, voxels),
        # Where the geometry is not trusted, nothing is measured.
        volume_ml=measured.volume_ml if volume.measurable else None,
        long_axis_mm=measured.long_axis_mm if volume.measurable else None,
        long_axis_lps_mm=ends if volume.measurable else None,
        mean=measured.mean,
        sd=measured.sd,
        place=place,
        colour=label.colour,
        window=label.window,
    )
