"""Histograms of areas and findings: bins that follow the data, and the numbers that describe them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from viewer.analysis.histogram import histogram


def test_bins_of_whole_numbers_lie_between_them_and_hold_every_value() -> None:
    values = np.array([-3, -3, -2, 0, 1, 1, 1, 4], dtype=np.int16)
    shape = histogram(values)
    assert shape is not None
    assert (shape.first, shape.width) == (-5.5, 5.0)
    assert shape.counts.sum() == shape.count == 8
    for low, high, count in zip(shape.edges[:-1], shape.edges[1:], shape.counts, strict=True):
        assert count == ((values > low) & (values < high)).sum()
        assert not np.isin([low, high], values).any()


def test_bins_follow_the_steps_of_the_data_so_that_none_is_empty_by_arithmetic() -> None:
    # Every other number is there alone, as after a rescale with slope 2.
    values = np.random.default_rng(1).integers(-300, 300, 200_000) * 2 + 1
    shape = histogram(values.astype(np.int16))
    assert shape is not None
    assert shape.width % 2 == 0
    assert shape.counts[:-1].min() > 0.8 * np.median(shape.counts)
    assert len(shape.counts) <= 160


def test_numbers_are_those_of_the_values_and_not_of_the_bins() -> None:
    values = np.random.default_rng(2).normal(40, 12, 9001).round().astype(np.int16)
    shape = histogram(values)
    assert shape is not None
    ordered = np.sort(values)
    assert shape.mean == pytest.approx(values.mean())
    assert shape.sd == pytest.approx(math.sqrt(((values - values.mean()) ** 2).mean()))
    assert shape.median == ordered[4500]
    # 9001 values: the percentiles fall on the 450th and the 8550th, counted from 0.
    assert (shape.low, shape.high) == (ordered[450], ordered[8550])
    assert (shape.least, shape.most) == (ordered[0], ordered[-1])


def test_between_air_and_metal_the_median_lies_between_both() -> None:
    # In whole numbers of 16 bits the way from one to the other is no longer a number.
    shape = histogram(np.array([-1000, 32767], dtype=np.int16))
    assert shape is not None
    assert shape.median == pytest.approx(15883.5)
    assert shape.least <= shape.low < shape.median < shape.high <= shape.most


def test_fractions_have_bins_of_round_width() -> None:
    values = np.random.default_rng(3).uniform(0, 1, 5000).astype(np.float32)
    shape = histogram(values)
    assert shape is not None
    assert shape.width in (0.01, 0.02, 0.05, 0.1)
    assert shape.counts.sum() == 5000
    assert shape.edges[0] <= values.min()
    assert shape.edges[-1] > values.max()


@pytest.mark.parametrize("value", [-1000, 0, 0.25])
def test_equal_values_are_one_bin(value: float) -> None:
    shape = histogram(np.full(50, value, dtype=np.float32))
    assert shape is not None
    assert shape.counts.tolist() == [50]
    assert (shape.mean, shape.sd, shape.median) == (value, 0.0, value)


def test_nothing_has_no_histogram() -> None:
    assert histogram(np.zeros(0, dtype=np.int16)) is None


def test_a_wide_range_with_few_values_keeps_to_so_many_bins() -> None:
    shape = histogram(np.array([-3024, -1000, 40, 41, 42, 43, 3071], dtype=np.int16))
    assert shape is not None
    assert len(shape.counts) <= 160
    assert shape.counts.sum() == 7
