"""Arrays whose memory another process can fill: no copy, no pipe, and nothing left behind when they go.

Linux: anonymous memory with a descriptor (memfd), which does not count against a small /dev/shm. Other Unix: an
unlinked temporary file. Windows: a named section of the page file. The descriptor travels over the worker's own pipe.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
import tempfile
import uuid
from multiprocessing import reduction
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import TooLargeError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from numpy.typing import DTypeLike, NDArray


class SharedArray:
    """An array of zeros; `array` stays good after `close`, which only ends passing it on.

    Raises
    ------
    TooLargeError
        Where the memory cannot be had.
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.key = uuid.uuid4().hex
        wanted = np.dtype(dtype)
        self._bytes = max(1, int(np.prod(shape, dtype=np.int64)) * wanted.itemsize)
        self._descriptor = -1
        try:
            memory = self._memory()
        except (OSError, ValueError, OverflowError, MemoryError) as error:
            self.close()
            raise TooLargeError("The series does not fit into memory.", "Close other programs.") from error
        self.array: NDArray[Any] = np.ndarray(shape, wanted, memory)

    def _memory(self) -> mmap.mmap:
        if sys.platform == "win32":
            return mmap.mmap(-1, self._bytes, tagname=f"casestage-{self.key}")
        if sys.platform == "linux":
            self._descriptor = os.memfd_create("casestage", os.MFD_CLOEXEC)
        else:
            with tempfile.TemporaryFile(prefix="casestage-") as file:
                self._descriptor = os.dup(file.fileno())
        os.ftruncate(self._descriptor, self._bytes)
        return mmap.mmap(self._descriptor, self._bytes)

    def pass_to(self, connection: Connection, pid: int) -> None:
        """Hand the array to the process `pid` at the other end of a pipe, which calls `received`."""
        connection.send(("array", self.key, self.array.shape, self.array.dtype.str, self._bytes))
        if sys.platform != "win32":
            reduction.send_handle(connection, self._descriptor, pid)

    def close(self) -> None:
        """Give back what is needed only to pass the array on."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        """Close."""
        self.close()


def received(connection: Connection, key: str, shape: tuple[int, ...], dtype: str, size: int) -> NDArray[Any]:
    """Return the array that `pass_to` announced with these facts; both processes see the same memory."""
    if sys.platform == "win32":
        memory = mmap.mmap(-1, size, tagname=f"casestage-{key}")
    else:
        descriptor = reduction.recv_handle(connection)
        try:
            memory = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)
    return np.ndarray(shape, np.dtype(dtype), memory)
