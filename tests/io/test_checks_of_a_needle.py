"""Short scans of one place over and over, as those that follow a needle, are each a part: none is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.io.parts import opened
from viewer.domain.geometry import Verdict

# Where the table stood.
STARTS_MM = (0.0, 0.0, 1.3, 1.3, 4.1, 2.2, 2.2, 2.2)


def check(made_ct: Any, number: int, start_mm: float, count: int = 3, **said: str) -> None:
    for k in range(count):
        pixels = made_ct.pixels(k) + np.int16(100 * number)
        place = (-10.0, -20.0, start_mm + 5.0 * k)
        made_ct.slice(f"{number:02}{k:02}", pixels, place, InstanceNumber=str(100 * number + k), **said)


@pytest.mark.parametrize("told_by", ["AcquisitionNumber", "AcquisitionTime"])
def test_checks_of_a_needle_are_a_part_each_wherever_the_table_stood(made_ct: Any, told_by: str) -> None:
    for n, start_mm in enumerate(STARTS_MM, start=1):
        check(made_ct, n, start_mm, **{told_by: str(n) if told_by == "AcquisitionNumber" else f"11{n:02}00"})
    parts = opened(made_ct)
    assert [(volume.verdict, volume.stack.count) for volume in parts] == [(Verdict.OK, 3)] * len(STARTS_MM)
    assert [float(volume.stack.positions_lps_mm[0, 2]) for volume in parts] == list(STARTS_MM)


def test_the_scan_that_they_were_planned_on_is_a_part_beside_them(made_ct: Any) -> None:
    check(made_ct, 1, -50.0, count=30, AcquisitionNumber="1")
    for n, start_mm in enumerate(STARTS_MM, start=2):
        check(made_ct, n, start_mm, AcquisitionNumber=str(n))
    assert [volume.stack.count for volume in opened(made_ct)] == [30] + [3] * len(STARTS_MM)


def test_a_head_of_which_the_last_images_were_taken_anew_is_not_taken_apart(made_ct: Any) -> None:
    for n in range(8):
        check(made_ct, n + 1, 15.0 * n, AcquisitionNumber=str(n + 1))
    check(made_ct, 9, 105.0, AcquisitionNumber="9")
    (volume,) = opened(made_ct)
    assert volume.stack.count == 24
    assert volume.verdict is Verdict.UNTRUSTED
