"""The process in which compressed pixels are decoded, so that a file can crash or hang a decoder without harm.

It is sent ("array", …), shared memory for a few images, ("read", ticket, dtype, shrink, frames, offsets), and
("rest",). It answers each "read" in their order with a line of JSON, `{"ticket", "images"}`: for each image `{"note"}`
where it lies in the shared memory at that offset, `{"error"}` where it cannot be read. Answers are JSON because what
decodes hostile files should not be believed more than needed. The memory is small and used again and again: fresh pages
cost more than a copy.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import CaseStageError
from viewer.io.asked_frames import understood
from viewer.io.fill_slice import NotExactError, fill_shrunk
from viewer.io.open_images import OpenImages
from viewer.io.shared_array import received
from viewer.io.system_memory import private_bytes

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from numpy.typing import NDArray

    from viewer.io.slice_header import Frame

# Beside what a decoder needs for the image itself: tables, and copies in other number types.
_BYTES_PER_PIXEL = 24
_LEAST_BYTES = 512 << 20
# There are as many of these processes as cores: the window waited for its turn, up to 30 ms, whenever it did anything.
_NICER = 5


def serve(connection: Connection) -> None:
    """Answer until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        os.nice(_NICER)
    _silence()
    import imagecodecs  # loaded before anything is asked

    del imagecodecs
    _send(connection, {"ready": True})
    memory: NDArray[Any] = np.empty(0, np.uint8)
    limit = _MemoryLimit()
    # What was loaded stays; to look through it again and again takes longer than reading an image.
    gc.freeze()
    with OpenImages() as files:
        while True:
            try:
                message = connection.recv()
                if message[0] == "array":
                    memory = received(connection, *message[1:])
                elif message[0] == "rest":
                    # The file may be replaced or taken away before it is asked for again.
                    files.close()
                else:
                    _, ticket, dtype, shrink, frames, offsets = message
                    answers = []
                    for frame, offset in zip(map(understood, frames), offsets, strict=True):
                        limit.allow(frame)
                        shape = (frame.code.rows // shrink, frame.code.columns // shrink)
                        out: NDArray[Any] = np.ndarray(shape, dtype, memory, offset)
                        answers.append(_answer(frame, out, files, shrink))
                    _send(connection, {"ticket": ticket, "images": answers})
            except (EOFError, OSError):
                # Nobody is there any more.
                os._exit(0)


def _answer(frame: Frame, out: NDArray[Any], files: OpenImages, shrink: int) -> dict[str, Any]:
    try:
        return {"note": fill_shrunk(out, frame, files, shrink)}
    except NotExactError:
        return {"inexact": True}
    except CaseStageError as error:
        return {"error": [error.sentence, error.hint, error.detail[:2000]]}
    except MemoryError:
        return {"error": ["The image asks for more memory than any image needs.", "", ""]}
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises costs this image alone
        return {"error": ["The compressed pixels are damaged.", "", type(error).__name__]}


def _send(connection: Connection, answer: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(answer).encode())


def _silence() -> None:
    """Keep what native decoders print of a file away from the terminal and from logs."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for number in (1, 2):
            os.dup2(nowhere, number)
        os.close(nowhere)


class _MemoryLimit:
    """Lets an image have what any decoder may sensibly need for it. Kept by Linux alone."""

    def __init__(self) -> None:
        self._least = private_bytes()
        self._allowed = 0

    def allow(self, frame: Frame) -> None:
        """Set the limit for the image that comes next."""
        allowed = self._least + _LEAST_BYTES + _BYTES_PER_PIXEL * frame.code.rows * frame.code.columns
        if sys.platform == "win32" or not self._least or allowed == self._allowed:
            return
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (allowed, resource.RLIM_INFINITY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            self._allowed = allowed
