"""What may be measured of a volume, and what its images are called."""

from __future__ import annotations

import numpy as np
from attrs import evolve

from viewer.domain.geometry import SliceStack, Verdict
from viewer.domain.volume import SeriesFacts, Volume


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
