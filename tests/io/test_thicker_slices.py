"""Heads that were scanned in thin slices at the base and in thicker ones above: nothing is missing between those."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.conftest import opened
from viewer.analysis.whole_stack import whole_stack
from viewer.domain.geometry import Verdict


def stacked(made_ct: Any, heights: list[float], thick: list[float | None]) -> None:
    for k, (height, mm) in enumerate(zip(heights, thick, strict=True)):
        said = {} if mm is None else {"SliceThickness": f"{mm:g}"}
        made_ct.slice(f"IM{k:03}", made_ct.pixels(k), (-10.0, -20.0, height), InstanceNumber=str(k + 1), **said)


def head(thin: float, thick: float, thin_count: int = 12, thick_count: int = 8) -> tuple[list[float], list[float]]:
    """Return heights and thicknesses of slices that lie side by side, most of them thin."""
    heights = [thin * k for k in range(thin_count)]
    first = heights[-1] + (thin + thick) / 2
    return [*heights, *(first + thick * k for k in range(thick_count))], [thin] * thin_count + [thick] * thick_count


@pytest.mark.parametrize(("thin", "thick"), [(4, 8), (5, 10), (2.5, 5), (2, 8), (3, 9)])
def test_slices_that_lie_as_far_apart_as_they_are_thick_are_no_gaps(made_ct: Any, thin: float, thick: float) -> None:
    stacked(made_ct, *head(thin, thick))
    volume = opened(made_ct)
    assert volume.verdict is Verdict.RESAMPLED
    assert volume.reasons == (f"The slices are {thin:.2f} to {thick:.2f} mm apart.",)
    # None is hatched, and between two of the thick ones each place belongs to the nearer.
    assert (whole_stack(volume.stack).slice_of >= 0).all()
    above = volume.stack.lps((3, 3, volume.stack.count - 2)) + [0, 0, 0.45 * thick]
    assert volume.stack.nearest_ijk(above) == (3, 3, volume.stack.count - 2)


def test_a_slice_that_is_missing_among_thin_ones_is_named(made_ct: Any) -> None:
    heights, thick = head(4, 8)
    del heights[5], thick[5]
    stacked(made_ct, heights, thick)
    volume = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons == ("1 slice is missing near H 20.0 mm.",)


def test_every_second_slice_that_is_missing_above_is_missed_where_all_are_as_thick(made_ct: Any) -> None:
    heights, thick = head(4, 8)
    stacked(made_ct, heights, [4.0] * len(thick))
    volume = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    assert "missing" in volume.reasons[0]


def test_a_single_image_that_says_to_be_thicker_explains_no_gap(made_ct: Any) -> None:
    heights = [2.5 * k for k in range(20) if k != 8]
    stacked(made_ct, heights, [5.0 if k == 7 else 2.5 for k in range(len(heights))])
    volume = opened(made_ct)
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons[0] == "1 slice is missing near H 20.0 mm."


def test_where_some_do_not_say_how_thick_they_are_gaps_count(made_ct: Any) -> None:
    heights, thick = head(4, 8)
    stacked(made_ct, heights, [None if k == 3 else mm for k, mm in enumerate(thick)])
    assert opened(made_ct).verdict is Verdict.UNTRUSTED
