"""Phases whose images lie between each other, nowhere together, never make one volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.io.parts import opened
from viewer.domain.geometry import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable


def axial(first: float = 0.0) -> list[tuple[float, float, float]]:
    return [(-10.0, -20.0, first + 2.0 * k) for k in range(5)]


def between(made_ct: Any, says: Callable[[int, int], dict[str, Any]]) -> None:
    """Write two phases, each image half way between two of the other; of phase 1 every pixel is 3000 higher."""
    for p in range(2):
        for k, position in enumerate(axial(first=float(p))):
            made_ct.slice(f"{p}{k}", made_ct.pixels(k) + np.int16(3000 * p), position, **says(p, k))


def phases_seen(made_ct: Any) -> list[set[int]]:
    """Return for each part that is trusted of which phases of `between` its slices are."""
    parts = [volume for volume in opened(made_ct) if volume.verdict is not Verdict.UNTRUSTED]
    return [{int(values.max() > 2500) for values in volume.slices} for volume in parts]


def test_phases_between_each_other_stay_apart_where_every_slice_has_an_acquisition_number_of_its_own(
    made_ct: Any,
) -> None:
    between(made_ct, lambda p, k: {"TemporalPositionIdentifier": str(p + 1), "AcquisitionNumber": str(k + 1)})
    assert phases_seen(made_ct) == [{0}, {1}]


def test_phases_between_each_other_stay_apart_where_one_of_their_images_is_there_twice(made_ct: Any) -> None:
    for p in range(4):
        for k, position in enumerate(axial(first=0.5 * p)):
            stored = made_ct.pixels(k) + np.int16(3000 * (p == 1))
            made_ct.slice(f"{p}{k}", stored, position, TemporalPositionIdentifier=str(p + 1))
    made_ct.slice("again", made_ct.pixels(2), axial()[2], TemporalPositionIdentifier="1")
    assert phases_seen(made_ct) == [{0}, {1}, {0}, {0}]


def test_phases_between_each_other_stay_apart_within_one_of_two_acquisitions(made_ct: Any) -> None:
    between(made_ct, lambda p, _: {"TemporalPositionIdentifier": str(p + 1), "AcquisitionNumber": "1"})
    for p in range(2):
        for k, position in enumerate(axial(first=float(p))):
            stored = made_ct.pixels(k) + np.int16(3000 * p)
            made_ct.slice(f"b{p}{k}", stored, position, TemporalPositionIdentifier=str(p + 3), AcquisitionNumber="2")
    assert phases_seen(made_ct) == [{0}, {1}, {0}, {1}]


@pytest.mark.parametrize(
    "heights",
    [((0.0, 2.0, 4.0), (1.0, 3.0)), ((0.0, 2.0, 4.0), (3.5, 5.5)), ((0.0, 2.0), (1.0, 3.0)), ((0.0, 2.0), (1.5, 3.5))],
    ids=["of three and two", "half beside each other", "of two each", "of two each, uneven"],
)
@pytest.mark.parametrize("by", ["AcquisitionNumber", "ConvolutionKernel"])
def test_phases_of_two_images_lie_between_each_other_as_larger_ones_do(
    made_ct: Any, heights: tuple[tuple[float, ...], ...], by: str
) -> None:
    for p, own in enumerate(heights):
        for k, height in enumerate(own):
            stored = made_ct.pixels(k) + np.int16(3000 * p)
            made_ct.slice(f"{p}{k}", stored, (-10.0, -20.0, height), **{by: str(p + 1)})
    assert phases_seen(made_ct) == [{0}, {1}]


def test_pairs_of_images_taken_one_pair_after_another_are_one_volume(made_ct: Any) -> None:
    for pair in range(2):
        for k in range(2):
            made_ct.slice(f"{pair}{k}", made_ct.pixels(k), (0.0, 0.0, 4.0 * pair + 2.0 * k), AcquisitionNumber=pair)
    (volume,) = opened(made_ct)
    assert volume.verdict is Verdict.OK
