"""Memory of what is closed goes back to the system, so that a program that runs for days does not grow."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from viewer.io.memory import give_back
from viewer.io.system_memory import resident_bytes

_SIZE, _COUNT = 60_000, 2000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator keeps freed holes")
def test_the_holes_between_what_is_still_in_use_are_given_back() -> None:
    pieces = [b"\1" * _SIZE for _ in range(_COUNT)]
    kept = pieces[::20]
    del pieces
    before = resident_bytes()
    assert give_back()
    assert before - resident_bytes() > _SIZE * _COUNT // 2
    assert all(piece[-1] == 1 for piece in kept)


# Arrays of the size of a volume come and go in the main thread, those of half of one in several that live on.
_THREADS = """
import queue, threading
import numpy as np
from viewer.io.memory import keep_little
from viewer.io.system_memory import resident_bytes

def work(asked, done):
    while asked.get() is not None:
        np.ones(14 << 20, dtype=np.uint8)
        done.put(1)

assert keep_little()
before = resident_bytes()
done = queue.Queue()
threads = [queue.Queue() for _ in range(6)]
for asked in threads:
    threading.Thread(target=work, args=(asked, done), daemon=True).start()
for _ in range(3):
    np.ones(30 << 20, dtype=np.uint8)
    for asked in threads:
        asked.put(1)
        done.get()
print((resident_bytes() - before) >> 20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator keeps some for each thread")
def test_no_thread_keeps_the_memory_of_an_array_that_is_gone() -> None:
    told = subprocess.run([sys.executable, "-c", _THREADS], capture_output=True, text=True, check=True, timeout=60)
    assert int(told.stdout) < 30
