"""The process in which models run, so that a model can crash, hang or ask for the world without taking the window.

The worker says ("ready",) when it is up; the parent sends a `Request` and, for a run, the voxels; the worker then
says ("progress", done, total, what), once ("parts", corners of all) and after each ("part",), and at last
("done", value) or ("error", CaseStageError). No patient identity is sent.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen

from viewer.domain.errors import CaseStageError, ModelError
from viewer.domain.geometry import SliceStack, Verdict
from viewer.domain.job import JobContext, Progress
from viewer.domain.labels import Mask
from viewer.domain.volume import SeriesFacts, Volume
from viewer.inference.manifest import Manifest
from viewer.inference.marks import Mark
from viewer.inference.probability_map import PackedMap
from viewer.io.system_memory import addressed_bytes, free_bytes

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


CHUNK_BYTES = 32 * 1024 * 1024
_LEAST_BYTES = 1536 * 1024 * 1024


@frozen(eq=False)
class VolumeFacts:
    """A volume without its voxels."""

    series: SeriesFacts
    stack: SliceStack
    dtype: str
    unit: str
    verdict: Verdict
    padding: float | None
    body_lps_mm: np.ndarray[Any, Any] | None


@frozen(eq=False)
class Request:
    """What a worker is asked: to run a manifest's model, to hold it against the manifest, or to load a file."""

    manifest: Manifest | None = None
    volume: VolumeFacts | None = None
    path: Path | None = None
    memory_bytes: int | None = None
    processor_alone: bool = False
    with_map: bool = False


@frozen(eq=False)
class Packed:
    """A mark without its mask, and the mask's first voxel, shape and bits; None where it has none."""

    mark: Mark
    mask: tuple[tuple[int, int, int], tuple[int, ...], bytes] | None


@frozen(eq=False)
class RunAnswer:
    """What a worker says of a volume: marks, the case's score by label, where it ran, notes for the user, and a map."""

    marks: tuple[Packed, ...]
    case_scores: dict[str, float]
    provider: str
    notes: tuple[str, ...]
    probabilities: PackedMap | None


def serve(connection: Connection) -> None:
    """Load the runtime, answer one request, then end the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Loaded before anything is asked, so that a process started early answers at once.
    from viewer.inference import pipeline, session

    del pipeline, session
    with contextlib.suppress(OSError):
        connection.send(("ready",))
    answer: tuple[str, object]
    code = 0
    try:
        answer = ("done", _answer(connection, connection.recv()))
    except CaseStageError as error:
        answer = ("error", error)
    except MemoryError:
        answer = ("error", ModelError("The model asks for more memory than it may have here."))
    except (OSError, EOFError):
        os._exit(1)
    except Exception as error:  # noqa: BLE001 (whatever it is, it must not end the process without a sentence)
        sentence = "The model's process met an error that was not expected; there is no result."
        answer = ("error", ModelError(sentence, "", "".join(traceback.format_exception(error))[-4000:]))
    try:
        connection.send(answer)
        connection.close()
    except OSError:
        code = 1
    # The runtime's threads and arenas need no orderly end.
    os._exit(code)


def _answer(connection: Connection, request: Request) -> object:
    from viewer.inference.pipeline import answer_in
    from viewer.inference.providers import session_on
    from viewer.inference.session import check_tensors, checked_bytes, session_from

    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.nice(5)
    if request.volume is None:
        limit_memory(request.memory_bytes)
        if request.manifest is not None:
            whole = checked_bytes(request.manifest.onnx_path, request.manifest.sha256)
            check_tensors(request.manifest, session_from(whole, request.manifest.name))
        elif request.path is not None:
            session_from(checked_bytes(request.path), request.path.name)
        return None
    if request.manifest is None:
        raise ModelError("Nothing was asked of the model's process.")
    volume = _received(connection, request.volume)

    def tell(progress: Progress) -> None:
        connection.send(("progress", progress.done, progress.total, progress.what))

    def parts(boxes_lps_mm: np.ndarray[Any, Any] | None) -> None:
        connection.send(("part",) if boxes_lps_mm is None else ("parts", boxes_lps_mm))

    manifest = request.manifest
    content = checked_bytes(manifest.onnx_path, manifest.sha256)
    # Before anything of the model is used: even reading its graph may ask for the world.
    chosen = session_on(content, manifest.name, request)
    del content
    check_tensors(manifest, chosen.session)
    answer = answer_in(manifest, volume, chosen.session, JobContext(tell), parts)
    return RunAnswer(
        tuple(packed(mark) for mark in answer.marks),
        answer.case_scores,
        chosen.provider,
        (*chosen.notes, *answer.notes),
        answer.probabilities if request.with_map else None,
    )


def packed(mark: Mark) -> Packed:
    """Return a mark as it travels: an eighth of its mask's size."""
    mask = mark.mask
    if mask is None:
        return Packed(mark, None)
    return Packed(evolve(mark, mask=None), (mask.first_ijk, mask.voxels.shape, np.packbits(mask.voxels).tobytes()))


def unpacked(one: Packed) -> Mark:
    """Return the mark with its mask."""
    if one.mask is None:
        return one.mark
    first_ijk, shape, bits = one.mask
    voxels = np.unpackbits(np.frombuffer(bits, np.uint8), count=int(np.prod(shape))).astype(bool).reshape(shape)
    return evolve(one.mark, mask=Mask(first_ijk, voxels))


def _received(connection: Connection, facts: VolumeFacts) -> Volume:
    slices: np.ndarray[Any, Any] = np.empty(facts.stack.shape_kji, dtype=facts.dtype)
    view = slices.data.cast("B")
    for start in range(0, len(view), CHUNK_BYTES):
        connection.recv_bytes_into(view[start : start + CHUNK_BYTES])
    return Volume(
        facts.series,
        slices,
        facts.stack,
        slices,
        facts.stack.as_grid(),
        unit=facts.unit,
        verdict=facts.verdict,
        padding=facts.padding,
        body_lps_mm=facts.body_lps_mm,
    )


def allowed_bytes(wanted: int | None = None) -> int:
    """Return how much memory a model may have, by default 70 % of what is available."""
    return wanted if wanted is not None else max(_LEAST_BYTES, int(free_bytes() * 0.7))


def limit_memory(wanted: int | None = None) -> None:
    """Let this process have so much more memory than now, by default 70 % of what is available.

    Where the system knows no such limit (Windows; macOS does not keep it) nothing happens.
    """
    if sys.platform != "linux":
        return
    import resource

    allowed = allowed_bytes(wanted)
    with contextlib.suppress(OSError, ValueError):
        now = addressed_bytes()
        resource.setrlimit(resource.RLIMIT_AS, (now + allowed, now + allowed))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
