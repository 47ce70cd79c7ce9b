"""A Real World Value Mapping beside the rescale of CT: what it contradicts has no HU, and what it adds is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.io.conftest import NATIVE, opened
from tests.io.parts import opened as parts_of

PLACES = [(0.0, 0.0, 2.0 * k) for k in range(4)]
BIG = "1.2.840.10008.1.2.2"
HU, MG_PER_ML, NOTHING = "[hnsf'U]", "mg/mL", "1"
DIFFERENT = "The rescale of the images and their Real World Value Mapping give different HU."


def mapping(unit: str, slope: float, intercept: float, last: int = 4095) -> Sequence:
    units = Dataset()
    units.CodeValue, units.CodingSchemeDesignator, units.CodeMeaning = unit, "UCUM", "unit"
    item = Dataset()
    item.MeasurementUnitsCodeSequence = Sequence([units])
    item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, intercept
    item.add(DataElement(0x00409216, "US", 0))
    item.add(DataElement(0x00409211, "US", last))
    return Sequence([item])


def not_applied(unit: str) -> str:
    return f"The images say how their values become {unit} (Real World Value Mapping), which is not applied."


@pytest.mark.parametrize("syntax", [*NATIVE, BIG])
@pytest.mark.parametrize(
    ("unit", "rule", "named", "known_as", "said"),
    [
        (HU, (1, -1024), None, "HU", ()),
        (HU, (1.00001, -1024), None, "HU", ()),
        ("{HU}", (1, -1024), None, "HU", ()),
        ("Hounsfield", (1, -1024), None, "HU", ()),
        (HU, (2, -1024), None, "unknown", (DIFFERENT,)),
        (HU, (1, -1000), "HU", "unknown", (DIFFERENT,)),
        (MG_PER_ML, (0.1, 0), "HU", "HU", (not_applied("mg/mL"),)),
        (MG_PER_ML, (0.1, 0), None, "unknown", (not_applied("mg/mL"),)),
        (NOTHING, (1, 0), None, "HU", ()),
    ],
)
def test_what_a_mapping_says_of_values_is_held_against_their_rescale(
    unit: str,
    rule: tuple[float, float],
    named: str | None,
    known_as: str,
    said: tuple[str, ...],
    syntax: str,
    made_ct: Any,
) -> None:
    made_ct.stack(PLACES, RealWorldValueMappingSequence=mapping(unit, *rule), RescaleType=named, syntax=syntax)
    volume = opened(made_ct)
    assert volume.unit == known_as
    assert volume.reasons == (() if known_as == "HU" else ("The values have no known unit.",)) + said
    assert np.array_equal(volume.slices[1], made_ct.pixels(1) - 1024)


def test_a_mapping_to_hu_without_a_rescale_is_not_applied_which_is_said(made_ct: Any) -> None:
    said = {"RealWorldValueMappingSequence": mapping(HU, 1, -1024), "RescaleSlope": None, "RescaleIntercept": None}
    made_ct.stack(PLACES, **said)
    volume = opened(made_ct)
    assert (volume.unit, volume.reasons[1]) == ("unknown", not_applied("HU"))


def test_one_image_whose_mapping_contradicts_its_rescale_stands_apart(made_ct: Any) -> None:
    for k, place in enumerate(PLACES):
        rule = (1.0, -1000.0 if k == 2 else -1024.0)
        made_ct.slice(f"{k}", made_ct.pixels(k), place, RealWorldValueMappingSequence=mapping(HU, *rule))
    assert [(volume.unit, volume.stack.count) for volume in parts_of(made_ct)] == [("HU", 3), ("unknown", 1)]


@pytest.mark.parametrize("of_all", [True, False])
def test_frames_have_mappings_of_their_own(of_all: bool, made_ct: Any) -> None:
    groups: list[dict[str, dict[str, Any]]] = [
        {"PlanePositionSequence": {"ImagePositionPatient": list(place)}} for place in PLACES
    ]
    item = {
        "MeasurementUnitsCodeSequence": mapping(HU, 2, -1024)[0].MeasurementUnitsCodeSequence,
        "RealWorldValueSlope": 2.0,
        "RealWorldValueIntercept": -1024.0,
        "DoubleFloatRealWorldValueFirstValueMapped": 0.0,
        "DoubleFloatRealWorldValueLastValueMapped": 4095.0,
    }
    own = {"RealWorldValueMappingSequence": item}
    if not of_all:
        groups[2] |= own
    made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(4)], groups, own if of_all else None)
    assert [(volume.unit, volume.stack.count) for volume in parts_of(made_ct)] == (
        [("unknown", 4)] if of_all else [("HU", 3), ("unknown", 1)]
    )
