"""Memory for voxels, in large pages where those are cheap.

A large page (2 MB on most machines) is cleared in one go: several times quicker than the 512 ordinary ones in its
place. In a virtual machine it may lie idle, and then its host has to find it piece by piece, which takes several times
longer than ordinary pages do. Nothing tells the two apart but trying: some of each may be there.
"""

from __future__ import annotations

import mmap
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Where a page has to be found, it alone takes twice this; reading a slice into one that is there a fifth of it.
_DEAR_S, _READ_BYTES_PER_S = 0.0015, 1e9
_DEAR_ENOUGH = 3


class PageChoice:
    """An array, and the choice of pages for those parts of it that were not written yet.

    Raises
    ------
    MemoryError
        Where there is no room for the array.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._memory: mmap.mmap | None = None
        self._dear = 0
        self.values: NDArray[Any]
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if sys.platform == "linux" and size >= mmap.PAGESIZE:
            try:
                memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            except (OSError, OverflowError, ValueError) as error:
                raise MemoryError from error
            self.values = np.frombuffer(memory, dtype).reshape(shape)
            if _advised(memory, large=True):
                self._memory = memory
        else:
            self.values = np.empty(shape, dtype)

    @property
    def large(self) -> bool:
        """True while what is written next comes in large pages."""
        return self._memory is not None

    def put(self, k: int, values: NDArray[Any]) -> None:
        """Copy values that lie elsewhere in memory to place `k` of the array."""
        began = time.thread_time()
        self.values[k] = values
        self.took(time.thread_time() - began, values.nbytes)

    def took(self, processor_s: float, size: int) -> None:
        """Take note of how long writing `size` bytes that were read or copied kept a processor busy."""
        self._dear += processor_s > _DEAR_S + size / _READ_BYTES_PER_S
        if self._memory is not None and self._dear >= _DEAR_ENOUGH:
            _advised(self._memory, large=False)
            self._memory = None


def _advised(memory: mmap.mmap, *, large: bool) -> bool:
    if sys.platform != "linux":
        return False
    try:
        memory.madvise(mmap.MADV_HUGEPAGE if large else mmap.MADV_NOHUGEPAGE)
    except OSError:
        # A system built without large pages.
        return False
    return True
