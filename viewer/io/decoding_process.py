"""One process that decodes compressed images: what it was asked for, where that will lie, and what it answered."""

from __future__ import annotations

import contextlib
import itertools
import json
import pickle
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from viewer.domain.errors import CaseStageError, UnreadableFileError
from viewer.io.asked_frames import told
from viewer.io.encapsulated import HTJ2K, JPEG, RLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection  # noqa: TC004 (no field is evaluated; slow to load)

    from viewer.io.shared_array import SharedArray  # noqa: TC004 (as above)
    from viewer.io.slice_header import Frame

_LARGE_BYTES = 64 << 20
_SMALL_BYTES = 2 << 20
# How many images are asked for in one message: more where an image takes hardly longer than its message.
_TOGETHER = {RLE: 6, **dict.fromkeys((*JPEG, *HTJ2K), 4)}
# No image takes as long on any computer; a hung decoder does.
_LEAST_LIMIT_S = 3.0
_LIMIT_S_PER_PIXEL = 4e-6
_START_LIMIT_S = 60.0

Answer = str | CaseStageError


class InexactError(Exception):
    """A value does not fit int16."""


@define(eq=False)
class Asked:
    """Images that a worker was asked for at once, where they will lie, and whether anybody still waits for them."""

    ticket: int
    ks: list[int]
    rooms: list[NDArray[Any]]
    limit_s: float
    wanted: bool = True


@define(eq=False)
class DecodingProcess:
    """One process, what it has not answered yet, and since when it works on the first of it.

    `proven` is False from when it is borrowed after a rest until it answers: it may have ended while it rested.
    """

    process: Any
    connection: Connection
    since: float
    asked: deque[Asked] = field(factory=deque)
    tickets: Iterator[int] = field(factory=itertools.count)
    places: Iterator[int] = field(factory=itertools.count)
    memory: SharedArray | None = None
    ready: bool = False
    gone: bool = False
    proven: bool = True

    @property
    def busy(self) -> bool:
        """Whether somebody waits for an answer."""
        return any(asked.wanted for asked in self.asked)

    @property
    def overdue(self) -> bool:
        """Whether it has worked longer on what it was asked for than any image takes."""
        waited = time.monotonic() - self.since
        if not self.ready:
            return waited > _START_LIMIT_S
        return bool(self.asked) and waited > self.asked[0].limit_s

    def send(self, message: tuple[object, ...]) -> None:
        """Send a message that `viewer.io.decode_worker` understands.

        A process that hears none is gone, but what it answered before is still to be heard, and then that it ended.
        """
        with contextlib.suppress(OSError):
            self.connection.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))

    def ask(self, ks: list[int], most: int, frames: Sequence[Frame], dtype: np.dtype[Any], shrink: int) -> None:
        """Ask for images, `most` at once. Each will lie in one of the places of the shared memory, which take turns.

        A place is free again when its image was taken, and there are as many places as are in use at a time.
        """
        code = frames[ks[0]].code
        shape = (code.rows // shrink, code.columns // shrink)
        size = shape[0] * shape[1] * dtype.itemsize
        places = (messages_ahead(size) + taken_later(size)) * most
        memory = self._memory_for(places * size)
        offsets = [next(self.places) % places * size for _ in ks]
        rooms: list[NDArray[Any]] = [np.ndarray(shape, dtype, memory, offset) for offset in offsets]
        if not self.asked and self.ready:
            self.since = time.monotonic()
        ticket = next(self.tickets)
        self.asked.append(Asked(ticket, ks, rooms, limit_s(frames[ks[0]])))
        self.send(("read", ticket, dtype.str, shrink, told([frames[k] for k in ks]), offsets))

    def _memory_for(self, size: int) -> NDArray[np.uint8]:
        if self.memory is None or self.memory.array.nbytes < size:
            from viewer.io.shared_array import SharedArray

            self.memory = SharedArray((size,), np.uint8)
            try:
                self.memory.pass_to(self.connection, self.process.pid)
            except (OSError, ValueError):
                self.gone = True
            self.memory.close()
        return self.memory.array

    def hear(self) -> tuple[Asked, list[Answer]] | None:
        """Return the next answer, which is there or comes; None where nobody waits for it or it makes no sense."""
        try:
            answer = json.loads(self.connection.recv_bytes())
            self.since = time.monotonic()
            if "ready" in answer:
                self.ready = True
                return None
            self.proven = True
            asked = self.asked[0]
            if answer["ticket"] == asked.ticket and len(answer["images"]) == len(asked.ks):
                answers = [_understood(image) for image in answer["images"]] if asked.wanted else []
                self.asked.popleft()
                return (asked, answers) if asked.wanted else None
            self.gone = True
        except InexactError:
            self.asked.popleft()
            raise
        except (EOFError, OSError, ValueError, LookupError, TypeError, AttributeError):
            self.gone = True
        return None

    def end(self) -> None:
        """End the process, whatever it does."""
        self.connection.close()
        with contextlib.suppress(ValueError):
            self.process.kill()
            self.process.join(5.0)
            self.process.close()


def together(frame: Frame, size: int) -> int:
    """Return how many images of so many bytes a process is asked for at once."""
    return _TOGETHER.get(frame.code.transfer_syntax, 1) if size <= _SMALL_BYTES else 1


def messages_ahead(size: int) -> int:
    """Return how many messages for images of so many bytes are under way to one process.

    One is worked on while another waits; not more, because whoever asks next would have to wait for them.
    """
    return 1 if size > _LARGE_BYTES else 2


def taken_later(size: int) -> bool:
    """Return whether images of so many bytes are taken after more were asked for, so that nobody waits meanwhile."""
    return size <= _LARGE_BYTES


def limit_s(frame: Frame) -> float:
    """Return how long an image may take to decode."""
    return _LEAST_LIMIT_S + _LIMIT_S_PER_PIXEL * frame.code.rows * frame.code.columns


def _understood(answer: dict[str, Any]) -> Answer:
    if "inexact" in answer:
        raise InexactError
    if "error" in answer:
        sentence, hint, detail = map(str, answer["error"])
        return UnreadableFileError(sentence, hint, detail)
    return str(answer["note"])
