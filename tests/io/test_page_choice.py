"""Memory for voxels: large pages are given up once they come dearer than they are worth, and no value changes."""

from __future__ import annotations

import sys
from itertools import count

import numpy as np
import pytest

from viewer.io import page_choice
from viewer.io.page_choice import PageChoice

SLICE_BYTES = 512 * 512 * 2
DEAR_S, CHEAP_S = 0.005, 0.0003

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a program choose its pages")


@pytest.fixture
def memory() -> PageChoice:
    return PageChoice((8, 512, 512), np.dtype(np.int16))


@on_linux
def test_large_pages_that_lie_idle_are_given_up(memory: PageChoice) -> None:
    if not memory.large:
        pytest.skip("this system was built without large pages")
    for _ in range(3):
        memory.took(DEAR_S, SLICE_BYTES)
    assert not memory.large


@on_linux
def test_decoded_slices_give_up_large_pages_that_lie_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = PageChoice((8, 512, 512), np.dtype(np.int16))
    if not memory.large:
        pytest.skip("this system was built without large pages")
    decoded = np.arange(512 * 512, dtype=np.int16).reshape(512, 512)
    monkeypatch.setattr(page_choice.time, "thread_time", count(step=DEAR_S).__next__)
    for k in range(8):
        memory.put(k, decoded + k)
    assert not memory.large
    assert all(np.array_equal(memory.values[k], decoded + k) for k in range(8))


@on_linux
def test_large_pages_that_are_there_are_kept_though_one_was_not(memory: PageChoice) -> None:
    if not memory.large:
        pytest.skip("this system was built without large pages")
    memory.took(DEAR_S, SLICE_BYTES)
    for _ in range(400):
        memory.took(CHEAP_S, SLICE_BYTES)
    assert memory.large


def test_what_was_written_stays_when_the_pages_are_others(memory: PageChoice) -> None:
    values = memory.values
    values[:4] = 7
    for _ in range(3):
        memory.took(DEAR_S, SLICE_BYTES)
    values[4:] = 9
    assert memory.values is values
    assert (values[:4] == 7).all()
    assert (values[4:] == 9).all()
    assert values.dtype == np.int16
    assert values.flags.c_contiguous
    assert values.flags.writeable


def test_more_than_there_is_room_for_is_refused() -> None:
    with pytest.raises(MemoryError):
        PageChoice((1 << 20, 1 << 20, 1 << 20), np.dtype(np.int16))
