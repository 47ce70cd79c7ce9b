"""Volumes brought together by what both show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.real_series import original_slices
from viewer.analysis.lining_up import lined_up
from viewer.analysis.measure import body_bounds
from viewer.domain.geometry import SliceStack
from viewer.domain.job import JobContext
from viewer.domain.volume import SeriesFacts, Volume

if TYPE_CHECKING:
    from pathlib import Path


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


def _real(folder: Path) -> Volume:
    slices, facts = original_slices(folder)
    _, rows, columns = slices.shape
    stack = SliceStack((columns, rows), facts["spacing"], facts["row"], facts["column"], facts["positions"])
    volume = Volume(SeriesFacts(folder.name), slices, stack, slices, stack.as_grid(), padding=facts["padding"])
    return evolve(volume, body_lps_mm=body_bounds(volume))


def test_a_left_and_a_right_thigh_are_not_taken_for_alike_where_they_hardly_overlap(real_data: Path) -> None:
    here, there = (_real(real_data / "a10_rtstruct_sarcoma" / name / "image") for name in ("STS_001", "STS_007"))
    assert lined_up(here, there, JobContext()) is None


def test_a_part_of_a_real_body_scanned_elsewhere_is_found_again(real_data: Path) -> None:
    whole = _real(real_data / "a13_abdomen_contrast_CRLM-1004")
    lower, upper = whole.slices[:26], whole.slices[14:]

    def moved(slices: np.ndarray[tuple[int, ...], np.dtype[np.int16]], first: int, by_mm: float) -> Volume:
        stack = whole.stack
        at = stack.positions_lps_mm[first : first + len(slices)] + by_mm
        part = SliceStack(stack.size_ij, stack.pixel_spacing_mm, stack.row_direction, stack.column_direction, at)
        made = Volume(whole.series, slices, part, slices, part.as_grid(), padding=whole.padding)
        return evolve(made, body_lps_mm=body_bounds(made))

    found = lined_up(moved(lower, 0, 0.0), moved(upper, 14, 37.0), JobContext())
    assert found is not None
    assert found.shift_mm == pytest.approx((37.0, 37.0, 37.0), abs=2.5)
