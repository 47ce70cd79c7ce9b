"""What may be measured of a volume, and what its images are called."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.geometry import SliceStack, Verdict
from viewer.domain.volume import SeriesFacts, Volume, Window


def _volume() -> Volume:
    stack = SliceStack((4, 3), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 2.0 * k) for k in range(3)])
    values = np.zeros(stack.shape_kji, np.int16)
    return Volume(SeriesFacts("1.2.3"), values, stack, values, stack.as_grid())


def test_nothing_is_measured_while_a_series_is_still_being_read_or_where_its_geometry_is_not_trusted() -> None:
    volume = _volume()
    assert volume.measurable
    assert evolve(volume, verdict=Verdict.RESAMPLED).measurable
    assert not evolve(volume, verdict=Verdict.UNTRUSTED).measurable
    assert not evolve(volume, arrived=np.array([True, True, False])).measurable
    assert not evolve(volume, arrived=np.array([True, True, True])).measurable


def test_frames_of_one_object_are_told_apart_by_their_number_and_the_first_goes_by_its_uid() -> None:
    volume = evolve(_volume(), source_uids=("1.9", "1.9", "1.8"), source_frames=(1, 2, 1))
    assert volume.images == ("1.9", "1.9#2", "1.8")


@pytest.mark.parametrize(
    ("centre", "width", "usable"),
    [
        (40, 400, True),
        (0, 0, False),
        (0, -400, False),
        (float("nan"), 400, False),
        (2e9, 400, False),
        (0, float("inf"), False),
        (0, 1e-7, False),
        (1e9 - 1, 1e-6, True),
    ],
)
def test_a_window_is_used_where_its_ends_are_told_apart(centre: float, width: float, usable: bool) -> None:
    assert Window(centre, width).usable is usable


def test_padding_as_low_as_air_is_no_sign_of_ct_values() -> None:
    bare = _volume()
    values = np.full(bare.stack.shape_kji, 40, np.int16)
    values[:, 0, 0] = -2000
    volume = evolve(bare, slices=values, voxels=values, unit="unknown", padding=-2000)
    assert not volume.suits_hu
    assert evolve(volume, padding=None).suits_hu


def test_slices_that_have_not_been_read_are_no_sign_of_ct_values() -> None:
    bare = _volume()
    values = np.full(bare.stack.shape_kji, 40, np.int16)
    values[2] = -1000
    volume = evolve(bare, slices=values, voxels=values, unit="unknown", arrived=np.array([True, True, False]))
    assert not volume.suits_hu
    assert evolve(volume, arrived=np.array([False, True, True])).suits_hu
