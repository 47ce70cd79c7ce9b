"""What a test of hostile volume files may cost."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


_MOST_BYTES = 48 << 20

_LONGEST_S = 5.0


@pytest.fixture
def cheaply() -> Iterator[None]:
    """Fail where the test computes long or asks for much memory, however busy the machine is."""
    tracemalloc.start()
    begun = time.process_time()
    yield
    took, (_, peak) = time.process_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < _MOST_BYTES
    assert took < _LONGEST_S
