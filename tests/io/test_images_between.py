"""Images that fit no part of a series but their own: the part that they may have been an end of says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.parts import opened
from viewer.domain.geometry import Verdict

GO_ON = "Where these images would go on, 1 image of another part of this series lies."
NOWHERE = "1 image of this series does not say where it lies, and may be missing here."


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ({"RescaleSlope": None}, GO_ON),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, GO_ON),
        ({"PixelSpacing": [0.9, 0.9]}, GO_ON),
        ({"ImagePositionPatient": None}, NOWHERE),
        ({"ImageOrientationPatient": None}, NOWHERE),
        ({"PixelSpacing": None}, NOWHERE),
        ({"ImagePositionPatient": None, "ImageType": ["DERIVED", "SECONDARY", "OTHER"]}, ""),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, ""),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, ""),
    ],
)
@pytest.mark.parametrize("odd", [0, 5])
def test_of_a_scan_whose_last_image_says_otherwise_what_it_is_the_badge_tells(
    odd: int, elements: dict[str, Any], said: str, made_ct: Any
) -> None:
    for k in range(6):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 2 * k), **(elements if k == odd else {}))
    scan, _ = opened(made_ct)
    assert (scan.stack.count, scan.verdict) == (5, Verdict.OK)
    assert scan.reasons == ((said,) if said else ())


def test_an_image_where_the_only_one_of_a_part_lies_is_no_end_of_it(made_ct: Any) -> None:
    made_ct.slice("a", made_ct.pixels(), (0, 0, 4))
    for k in range(3):
        made_ct.slice(f"b{k}", made_ct.pixels(k), (0, 0, 2 * k), RescaleSlope=None)
    alone = next(volume for volume in opened(made_ct) if volume.stack.count == 1)
    assert (alone.unit, alone.reasons) == ("HU", ())


def test_a_part_further_away_is_no_end_of_another(made_ct: Any) -> None:
    for k in range(6):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 2 * k))
        made_ct.slice(f"b{k}", made_ct.pixels(k), (0, 0, 20 + 2 * k), RescaleSlope=None)
    hu, _ = opened(made_ct)
    assert (hu.unit, hu.reasons) == ("HU", ())


SPARSE = "Between these images others of this series have 2 more: they may be missing here."


@pytest.mark.parametrize(
    ("phases", "thickness", "said"),
    [
        (4, ("4", "4"), True),
        (3, (None, None), True),
        (2, ("4", "4.0"), True),
        (2, (None, None), False),
        (4, ("4", "2"), False),
    ],
)
def test_a_phase_that_lacks_every_second_image_of_the_others_says_so(
    made_ct: Any, phases: int, thickness: tuple[str | None, str | None], said: bool
) -> None:
    for p in range(phases):
        for k in range(0, 5, 2 if p == 1 else 1):
            elements = {"TemporalPositionIdentifier": str(p + 1), "SliceThickness": thickness[p != 1]}
            made_ct.slice(f"{p}{k}", made_ct.pixels(k), (0, 0, 2 * k), **elements)
    volumes = opened(made_ct)
    assert [volume.stack.count for volume in volumes] == [5, 3] + [5] * (phases - 2)
    assert [SPARSE in volume.reasons for volume in volumes] == [p == 1 and said for p in range(phases)]


def test_an_image_that_is_missing_in_one_phase_is_said_once(made_ct: Any) -> None:
    for p in range(3):
        for k in set(range(6)) - ({2} if p == 1 else set()):
            made_ct.slice(f"{p}{k}", made_ct.pixels(k), (0, 0, 2 * k), TemporalPositionIdentifier=str(p + 1))
    assert [len(volume.reasons) for volume in opened(made_ct)] == [0, 1, 0]
