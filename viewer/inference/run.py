"""A model run on a volume in a process of its own, its marks made into findings."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from viewer.domain.errors import ModelError, ModelRefusedError
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.identifiers import uid_from
from viewer.domain.labels import Mask
from viewer.domain.volume import PatientIdentity
from viewer.inference.accept import refusal
from viewer.inference.worker import CHUNK_BYTES, Request, VolumeFacts, serve

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume
    from viewer.inference.manifest import Manifest

# How long a model may say nothing: one part of a large volume on a slow computer takes less.
SILENCE_S = 300.0


def run_model(
    manifest: Manifest,
    volume: Volume,
    ctx: JobContext,
    *,
    anyway: bool = False,
    silence_s: float = SILENCE_S,
    memory_bytes: int | None = None,
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
    request = Request(manifest=manifest, volume=facts, memory_bytes=memory_bytes)
    packed: Any = asked_of_worker(request, ctx, name=manifest.name, voxels=volume.slices, silence_s=silence_s)
    findings = [_finding(manifest, volume, parts) for parts in packed]
    return tuple(sorted(findings, key=lambda finding: finding.order))


def asked_of_worker(
    request: Request,
    ctx: JobContext,
    *,
    name: str,
    voxels: np.ndarray[Any, Any] | None = None,
    silence_s: float = SILENCE_S,
) -> object:
    """Return the answer of a new worker process to one request; the process is gone afterwards.

    Raises
    ------
    ModelError, CancelledError
        When there is no answer.
    """
    ctx.stop_if_cancelled()
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=True)
    process = spawn.Process(target=serve, args=(theirs, request), name="casestage-model", daemon=True)
    try:
        process.start()
        theirs.close()
        try:
            if voxels is not None:
                _send(ours, voxels, ctx)
            return _awaited(ours, process, ctx, name, silence_s)
        except (EOFError, OSError) as error:
            process.join(1.0)
            raise _died(name, process.exitcode) from error
    finally:
        _end(process)
        ours.close()


def _send(connection: Connection, voxels: np.ndarray[Any, Any], ctx: JobContext) -> None:
    view = np.ascontiguousarray(voxels, dtype=voxels.dtype.newbyteorder("=")).data.cast("B")
    for start in range(0, len(view), CHUNK_BYTES):
        ctx.stop_if_cancelled()
        connection.send_bytes(view[start : start + CHUNK_BYTES])


def _awaited(connection: Connection, process: Any, ctx: JobContext, name: str, silence_s: float) -> object:
    heard = time.monotonic()
    while True:
        ctx.stop_if_cancelled()
        if connection.poll(0.05):
            message = connection.recv()
            heard = time.monotonic()
            if message[0] == "done":
                return message[1]
            if message[0] == "error":
                raise message[1]
            ctx.report(*message[1:])
        elif not process.is_alive() and not connection.poll(0):
            raise _died(name, process.exitcode)
        elif time.monotonic() - heard > silence_s:
            raise ModelError(
                f"{name} made no progress for {silence_s:g} s and was stopped.",
                "The model may not end, or this computer is too slow for it.",
            )


def _died(name: str, exit_code: int | None) -> ModelError:
    return ModelError(
        f"{name} stopped unexpectedly; there is no result.",
        "It may have asked for more memory than there is. The program itself is not affected.",
        f"The model's process ended with code {exit_code}.",
    )


def _end(process: Any) -> None:
    if process.pid is None:
        return
    if process.is_alive():
        process.join(0.2)
    if process.is_alive():
        process.terminate()
        process.join(0.7)
    if process.is_alive():
        process.kill()
        process.join(5.0)
    with contextlib.suppress(ValueError):
        process.close()


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
        volume_ml=measured.volume_ml,
        long_axis_mm=measured.long_axis_mm,
        long_axis_lps_mm=ends,
        mean=measured.mean,
        sd=measured.sd,
        place=place,
        colour=label.colour,
        window=label.window,
    )
