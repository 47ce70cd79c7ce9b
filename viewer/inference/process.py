"""A process of its own for one model run: started, asked once, and gone."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import ModelError
from viewer.domain.patches import Patches
from viewer.inference.worker import CHUNK_BYTES, Request, allowed_bytes, serve
from viewer.io.own_processes import deaf_to_interrupts
from viewer.io.system_memory import resident_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from viewer.domain.job import JobContext

# How long a model may say nothing: one part of a large volume on a slow computer takes less.
SILENCE_S = 300.0


class ModelProcess:
    """A process that has loaded the runtime and waits to be asked, once.

    Starting takes a second or two; who knows that a model will be run soon may start one early and hand it to
    `run_model`. It ends by itself with the program, after its answer, or by `end`.
    """

    def __init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._ours: Any
        self._ours, theirs = spawn.Pipe(duplex=True)
        self._process: Any = spawn.Process(target=serve, args=(theirs,), name="casestage-model", daemon=True)
        self._ended = False
        self._ready = False
        try:
            with deaf_to_interrupts():
                self._process.start()
        except OSError as error:
            self.end()
            raise ModelError("A process for the model could not be started.", "", str(error)) from error
        finally:
            theirs.close()

    @property
    def ready(self) -> bool:
        """True when the runtime is loaded and a request will be heard at once."""
        if not self._ready and not self._ended and self._ours.poll(0):
            self._ready = self._ours.recv()[0] == "ready"
        return self._ready

    @property
    def usable(self) -> bool:
        """True until it was asked, ended, or died."""
        return not self._ended and bool(self._process.is_alive())

    def ask(
        self,
        request: Request,
        ctx: JobContext,
        *,
        name: str,
        voxels: np.ndarray[Any, Any] | None = None,
        silence_s: float = SILENCE_S,
        on_patches: Callable[[Patches], None] | None = None,
    ) -> object:
        """Return the answer to the one request; the process is gone afterwards.

        Raises
        ------
        ModelError, CancelledError
            When there is no answer.
        """
        try:
            ctx.stop_if_cancelled()
            try:
                self._ours.send(request)
                if voxels is not None:
                    _send(self._ours, voxels, ctx)
                more = (0 if voxels is None else voxels.nbytes) + allowed_bytes(request.memory_bytes)
                return self._awaited(ctx, name, silence_s, more, on_patches)
            except (EOFError, OSError) as error:
                self._process.join(1.0)
                raise self._died(name) from error
        finally:
            self.end()

    def end(self) -> None:
        """Stop the process, however busy it is."""
        if self._ended:
            return
        self._ended = True
        self._ours.close()
        process = self._process
        if process.pid is None:
            return
        process.join(0.1)
        if process.is_alive():
            process.terminate()
            process.join(0.7)
        if process.is_alive():
            process.kill()
            process.join(5.0)
        with contextlib.suppress(ValueError):
            process.close()

    def _awaited(
        self,
        ctx: JobContext,
        name: str,
        silence_s: float,
        more_bytes: int,
        on_patches: Callable[[Patches], None] | None,
    ) -> object:
        heard, patches = time.monotonic(), Patches(())
        most = resident_bytes(self._process.pid) + more_bytes
        while True:
            ctx.stop_if_cancelled()
            if self._ours.poll(0.05):
                message = self._ours.recv()
                heard = time.monotonic()
                if message[0] == "ready":
                    continue
                if message[0] == "done":
                    return message[1]
                if message[0] == "error":
                    raise message[1]
                if message[0] in ("parts", "part"):
                    patches = Patches(message[1]) if message[0] == "parts" else patches.with_one_more()
                    if on_patches is not None:
                        on_patches(patches)
                    continue
                ctx.report(*message[1:])
            elif not self._process.is_alive() and not self._ours.poll(0):
                raise self._died(name)
            elif resident_bytes(self._process.pid) > most:
                # Where the system itself keeps no limit, or none could be set.
                raise ModelError(
                    f"{name} asks for more memory than it may have here, and was stopped.",
                    "A smaller patch in its manifest, or a computer with more memory, may do.",
                )
            elif time.monotonic() - heard > silence_s:
                raise ModelError(
                    f"{name} made no progress for {silence_s:g} s and was stopped.",
                    "The model may not end, or this computer is too slow for it.",
                )

    def _died(self, name: str) -> ModelError:
        return ModelError(
            f"{name} stopped unexpectedly; there is no result.",
            "It may have asked for more memory than there is. The program itself is not affected.",
            f"The model's process ended with code {self._process.exitcode}.",
        )


def _send(connection: Connection, voxels: np.ndarray[Any, Any], ctx: JobContext) -> None:
    view = np.ascontiguousarray(voxels, dtype=voxels.dtype.newbyteorder("=")).data.cast("B")
    for start in range(0, len(view), CHUNK_BYTES):
        ctx.stop_if_cancelled()
        connection.send_bytes(view[start : start + CHUNK_BYTES])
