"""Images of two kinds that lie between each other, some of them missing: two volumes, or one scan that says two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.io.parts import opened
from viewer.domain.geometry import Verdict

DERIVED = ["DERIVED", "SECONDARY", "AXIAL"]


@pytest.mark.parametrize("missing", [4, 7])
def test_a_slice_missing_in_one_of_two_that_lie_between_each_other_does_not_mix_them(
    made_ct: Any, missing: int
) -> None:
    for k in range(12):
        made_ct.slice(f"a{k}", made_ct.pixels(k), (-10, -20, 2.0 * k))
        if k != missing:
            made_ct.slice(f"b{k}", made_ct.pixels(k) + np.int16(100), (-10, -20, 2.0 * k + 0.6), ImageType=DERIVED)
    whole, holed = sorted(opened(made_ct), key=lambda volume: -volume.stack.count)
    assert whole.verdict is Verdict.OK
    assert np.array_equal(whole.slices, [made_ct.pixels(k).astype(int) - 1024 for k in range(12)])
    assert (holed.stack.count, holed.verdict) == (11, Verdict.UNTRUSTED)
    assert holed.reasons == (f"1 slice is missing near H {2 * missing + 0.6:.1f} mm.",)


def test_a_slice_missing_in_a_scan_whose_slices_say_two_kinds_does_not_divide_it(made_ct: Any) -> None:
    for k in set(range(12)) - {7}:
        said = {"ImageType": DERIVED} if k in (2, 5, 8) else {}
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), **said)
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.reasons) == (11, ("1 slice is missing near H 14.0 mm.",))


@pytest.mark.parametrize("clock", ["AcquisitionTime", "ContentTime", "TriggerTime"])
def test_two_scans_that_only_a_clock_tells_apart_are_not_mixed_where_they_lie_between_each_other(
    made_ct: Any, clock: str
) -> None:
    for p, time in enumerate(("101500", "101730")):
        for k in range(8):
            stored = made_ct.pixels(k) + np.int16(100 * p)
            made_ct.slice(f"{p}{k}", stored, (-10, -20, 2.0 * k + 0.6 * p), **{clock: time})
    for p, volume in enumerate(opened(made_ct)):
        assert volume.verdict is Verdict.OK
        assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in range(8)])


def test_one_scan_of_uneven_slices_whose_clock_runs_is_one(made_ct: Any) -> None:
    for k in range(12):
        place = (-10, -20, 2.0 * k + 0.6 * (k % 2))
        made_ct.slice(f"{k}", made_ct.pixels(k), place, AcquisitionTime=f"1015{10 + k // 2}.5")
    (volume,) = opened(made_ct)
    assert (volume.stack.count, volume.verdict) == (12, Verdict.RESAMPLED)


@pytest.mark.parametrize("first", [0.0, 0.6, 1.0, 16.0])
@pytest.mark.parametrize("said", ["SeriesNumber", "SeriesDescription"])
def test_series_that_name_no_uid_are_told_apart_by_their_number_or_else_by_what_they_are_called(
    made_ct: Any, first: float, said: str
) -> None:
    for p, value in enumerate(("2", "3")):
        for k in range(8):
            stored = made_ct.pixels(k) + np.int16(100 * p)
            named = {"SeriesInstanceUID": None, "SeriesNumber": None, said: value, "InstanceNumber": str(k + 1)}
            made_ct.slice(f"{p}{k}", stored, (-10, -20, first * p + 2.0 * k), **named)
    found = opened(made_ct)
    assert [volume.verdict for volume in found] == [Verdict.OK, Verdict.OK]
    assert len({volume.series.series_uid for volume in found}) == 2
    for p, volume in enumerate(sorted(found, key=lambda volume: int(volume.slices[0, 0, 0]))):
        assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in range(8)])


@pytest.mark.parametrize("first", [0.0, 0.6, 1.0])
def test_two_series_that_were_given_one_uid_do_not_mix(made_ct: Any, first: float) -> None:
    for p, number in enumerate(("2", "3")):
        for k in range(8):
            stored = made_ct.pixels(k) + np.int16(100 * p)
            made_ct.slice(f"{p}{k}", stored, (-10, -20, first * p + 2.0 * k), SeriesNumber=number)
    found = opened(made_ct)
    assert [volume.part for volume in found] == ["series 2", "series 3"]
    for p, volume in enumerate(found):
        assert volume.verdict is Verdict.OK
        assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 + 100 * p for k in range(8)])
