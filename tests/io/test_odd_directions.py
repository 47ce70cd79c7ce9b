"""Directions of rows and columns that are no unit vectors at right angles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.io.conftest import opened
from viewer.domain.geometry import Verdict


@pytest.mark.parametrize(
    ("directions", "said"),
    [
        # 299 rows of 0.8 mm, each a little to the left of the one before.
        ([1, 0, 0, 0.009, 1, 0], "Rows and columns are not at right angles, which leaves open where corners lie, by"),
        # 399 columns of 0.7 mm.
        ([1.008, 0, 0, 0, 1, 0], "Directions are not of length 1, which leaves open where corners lie, by"),
    ],
)
def test_directions_that_put_corners_elsewhere_than_unit_vectors_at_right_angles_are_not_trusted(
    made_ct: Any, directions: list[float], said: str
) -> None:
    for k in range(4):
        made_ct.slice(f"{k}", made_ct.pixels(k, 300, 400), (0, 0, 2 * k), ImageOrientationPatient=directions)
    volume = opened(made_ct)
    assert not volume.measurable
    assert volume.reasons == (f"{said} up to 2.2 mm.",)


def test_directions_that_are_rounded_to_three_digits_are_trusted(made_ct: Any) -> None:
    directions = [0.969, 0.196, -0.149, -0.183, 0.978, 0.099]
    for k in range(4):
        place = 2 * k * np.array([0.16513, -0.06866, 0.98388])
        made_ct.slice(f"{k}", made_ct.pixels(k, 300, 400), place, ImageOrientationPatient=directions)
    assert (opened(made_ct).verdict, opened(made_ct).reasons) == (Verdict.OK, ())
