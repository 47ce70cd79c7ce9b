"""Rescales of which nothing tells the slope and the intercept that belong together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
import pytest

from tests.io.conftest import opened
from tests.io.parts import opened as parts_of
from viewer.domain.errors import NothingToOpenError
from viewer.domain.job import JobContext
from viewer.io.scan import scan

HEIGHTS = (0.0, 2.0, 4.0, 6.0)
SLOPE_ALONE = {"RescaleSlope": "2"}


def at(height: float, **macros: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"PlanePositionSequence": {"ImagePositionPatient": [-10, -20, height]}, **macros}


def test_a_slope_without_an_intercept_takes_none_of_what_all_frames_share(made_ct: Any) -> None:
    groups = [at(h, PixelValueTransformationSequence=SLOPE_ALONE) for h in HEIGHTS]
    made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(4)], groups)
    volume = opened(made_ct)
    assert volume.unit == "unknown"
    assert np.array_equal(volume.slices, [made_ct.pixels(k) for k in range(4)])


def test_one_frame_with_a_slope_alone_stands_apart_from_those_in_hu(made_ct: Any) -> None:
    groups = [at(h, **({"PixelValueTransformationSequence": SLOPE_ALONE} if h == 2 else {})) for h in HEIGHTS]
    made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(4)], groups)
    assert [(volume.unit, volume.stack.count) for volume in parts_of(made_ct)] == [("HU", 3), ("unknown", 1)]


def test_an_intercept_of_the_frames_takes_no_slope_from_beside_their_description(made_ct: Any) -> None:
    shared = {"PixelValueTransformationSequence": {"RescaleIntercept": "-1024", "RescaleType": "HU"}}
    groups = [at(h) for h in HEIGHTS]
    made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(4)], groups, shared, RescaleSlope="2")
    assert opened(made_ct).unit == "unknown"


@pytest.mark.parametrize("of_all", [True, False])
def test_a_frame_that_is_described_twice_and_differently_is_refused(made_ct: Any, of_all: bool) -> None:
    path = made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(4)], [at(h) for h in HEIGHTS])
    ds = pydicom.dcmread(path)
    shared = ds.SharedFunctionalGroupsSequence
    again = pydicom.dcmread(path).SharedFunctionalGroupsSequence[0]
    again.PixelValueTransformationSequence[0].RescaleSlope = "2"
    if of_all:
        shared.append(again)
    else:
        shared[0].PixelValueTransformationSequence.append(again.PixelValueTransformationSequence[0])
    ds.save_as(path)
    with pytest.raises(NothingToOpenError, match="description of the frames is damaged"):
        scan(path, JobContext())


@pytest.mark.parametrize("said", [{"RescaleSlope": ["1", "2"]}, {"RescaleIntercept": ["-1024", "0"]}])
def test_of_two_slopes_or_intercepts_in_one_element_none_makes_hu(said: dict[str, Any], made_ct: Any) -> None:
    made_ct.stack([(0, 0, 2 * k) for k in range(3)], **said)
    assert opened(made_ct).unit == "unknown"
