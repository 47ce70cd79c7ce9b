"""Memory of what is closed goes back to the system, so that a program that runs for days does not grow."""

from __future__ import annotations

import platform

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
