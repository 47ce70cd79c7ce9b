"""The process in which models run, so that a model can crash, hang or ask for the world without taking the window.

The worker says ("ready",) when it is up; the parent sends a `Request` and, for a run, the voxels; the worker then
says ("progress", done, total, what), and at last ("done", value) or ("error", CaseStageError). No patient identity
is sent.
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
from attrs import frozen

from viewer.domain.errors import CaseStageError, ModelError
from viewer.domain.geometry import SliceStack, Verdict
from viewer.domain.job import JobContext, Progress
from viewer.domain.volume import SeriesFacts, Volume
from viewer.inference.manifest import Manifest

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


@frozen(eq=False)
class Request:
    """What a worker is asked: to run a manifest's model on a volume, or to load a file and say what it is.

    Of a run it answers (packed marks, PackedMap or None); `with_map` asks for the map.
    """

    manifest: Manifest | None = None
    volume: VolumeFacts | None = None
    path: Path | None = None
    memory_bytes: int | None = None
    with_map: bool = False


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
    from viewer.inference.pipeline import marks_and_map_in
    from viewer.inference.session import check_tensors, checked_bytes, session_from

    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)
    if request.manifest is None or request.volume is None:
        if request.path is None:
            raise ModelError("Nothing was asked of the model's process.")
        limit_memory(request.memory_bytes)
        session_from(checked_bytes(request.path), request.path.name)
        return None
    volume = _received(connection, request.volume)
    limit_memory(request.memory_bytes)

    def tell(progress: Progress) -> None:
        connection.send(("progress", progress.done, progress.total, progress.what))

    manifest = request.manifest
    content = checked_bytes(manifest.onnx_path, manifest.sha256)
    session = session_from(content, manifest.name)
    del content
    check_tensors(manifest, session)
    marks, probabilities = marks_and_map_in(manifest, volume, session, JobContext(tell))
    return [_packed(mark) for mark in marks], probabilities if request.with_map else None


def _packed(mark: Any) -> tuple[Any, ...]:
    mask = mark.mask
    return (
        mark.label_key,
        mask.first_ijk,
        mask.voxels.shape,
        np.packbits(mask.voxels).tobytes(),
        mark.score,
        mark.measured,
        mark.place,
    )


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
    )


def available_bytes() -> int:
    """Return the memory that programs can still have; 4 GiB where the system does not tell."""
    with contextlib.suppress(OSError, ValueError), open("/proc/meminfo", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 4 * 1024**3


def limit_memory(wanted: int | None = None) -> None:
    """Let this process have so much more memory than now, by default 70 % of what is available.

    Where the system knows no such limit (Windows; macOS does not keep it) nothing happens.
    """
    if sys.platform == "win32":
        return
    import resource

    allowed = wanted if wanted is not None else max(_LEAST_BYTES, int(available_bytes() * 0.7))
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm", encoding="ascii") as sizes:
            now = int(sizes.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + allowed, now + allowed))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
