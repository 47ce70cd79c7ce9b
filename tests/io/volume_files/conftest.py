"""What a test of hostile volume files may cost."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from tests.machine_speed import Effort

if TYPE_CHECKING:
    from collections.abc import Iterator


_MOST_BYTES = 48 << 20

_LONGEST_S = 5.0


@pytest.fixture
def cheaply() -> Iterator[None]:
    """Fail where the test computes long or asks for much memory, however busy the machine is."""
    effort = Effort()
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < _MOST_BYTES
    assert effort.seconds() < _LONGEST_S
