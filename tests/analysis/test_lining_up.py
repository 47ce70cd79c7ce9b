"""Volumes brought together by what both show."""

from __future__ import annotations

import numpy as np

from viewer.analysis.lining_up import lined_up
from viewer.domain.geometry import SliceStack
from viewer.domain.job import JobContext
from viewer.domain.volume import SeriesFacts, Volume


def _volume(values: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> Volume:
    slices, rows, columns = values.shape
    positions = [(0.0, 0.0, 2.0 + 5.0 * k) for k in range(slices)]
    stack = SliceStack((columns, rows), (5.0, 5.0), (1, 0, 0), (0, 1, 0), positions)
    return Volume(SeriesFacts("1.2"), values, stack, values, stack.as_grid())


def test_a_volume_that_is_the_same_all_over_is_like_nothing() -> None:
    water = np.zeros((12, 24, 24), np.int16)
    block = water.copy()
    block[4:8, 8:16, 8:16] = 300
    for here, there in ((water, water), (water, block), (block, water), (block[6:7], block), (block, block[6:7])):
        assert lined_up(_volume(here), _volume(there), JobContext()) is None
