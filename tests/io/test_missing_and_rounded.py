"""What a verdict says of missing slices, of rounded positions and of a single image, in places a person can go to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.io.conftest import opened


def axial(heights: list[float]) -> list[tuple[float, float, float]]:
    return [(-10.0, -20.0, height) for height in heights]


@pytest.mark.parametrize("spacing", [[500, 0.7], [0.7, 500]])
def test_a_single_image_with_pixels_as_large_as_no_scan_s_is_not_measured(made_ct: Any, spacing: list[float]) -> None:
    made_ct.slice("one", made_ct.pixels(), (0, 0, 0), PixelSpacing=spacing)
    volume = opened(made_ct)
    assert volume.reasons == ("The pixels are said to be 500 mm large, which no scan's are.",)
    assert not volume.measurable


@pytest.mark.parametrize(("gaps", "said"), [(3, 3), (4, 2), (6, 2)])
def test_slices_missing_at_many_places_are_counted_and_the_first_are_named(made_ct: Any, gaps: int, said: int) -> None:
    made_ct.stack(axial([2.0 * k for k in range(60) if k % 8 != 5 or k // 8 >= gaps]))
    reasons = opened(made_ct).reasons
    named = [f"1 slice is missing near H {2.0 * (8 * n + 5):.1f} mm." for n in range(said)]
    more = [f"Slices are missing at {gaps - said} more places."] if gaps > said else []
    assert list(reasons) == [*named, *more]


def test_a_missing_slice_of_a_tilted_gantry_is_named_where_the_middle_of_the_image_was(made_ct: Any) -> None:
    turn = np.radians(20)
    directions = [1, 0, 0, 0, round(float(np.cos(turn)), 6), round(float(np.sin(turn)), 6)]
    positions = [(0.0, 0.0, 2.0 * k) for k in range(12) if k != 6]
    made_ct.stack(positions, ImageOrientationPatient=directions)
    # Its first pixel was at 12 mm, its middle pixel eleven and a half rows of 0.8 mm up the tilt.
    middle = 12 + 11.5 * 0.8 * np.sin(turn)
    assert f"1 slice is missing near H {middle:.1f} mm." in opened(made_ct).reasons


def test_an_image_that_could_not_be_read_is_not_missing_and_excuses_no_other(made_ct: Any) -> None:
    for k in range(16):
        path = made_ct.slice(f"{k:02d}", made_ct.pixels(k), (0.0, 0.0, 2.0 * k))
        if k == 11:
            path.write_bytes(path.read_bytes()[:-50])
        if k == 4:
            path.unlink()
    volume = opened(made_ct)
    assert [reason for reason in volume.reasons if "missing near" in reason] == ["1 slice is missing near H 8.0 mm."]
