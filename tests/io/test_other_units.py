"""Series whose values are no Hounsfield units: what unit they have, and by what function a window shows them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.job import JobContext
from viewer.domain.volume import Volume, Window
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.services.views import first_window

PLACES = [(0.0, 0.0, 2.0 * k) for k in range(3)]
MAP = {"RescaleType": "MGML", "RescaleSlope": "0.01", "RescaleIntercept": "0"}


def opened(made_ct: Any) -> Volume:
    (entry,) = scan(made_ct.folder, JobContext()).series
    return assemble(entry, JobContext())


@pytest.mark.parametrize(
    ("said", "unit"),
    [("HU", "HU"), ("HU_MOD", "HU_MOD"), ("MGML", "MGML"), ("mgml ", "MGML"), ("Z_EFF", "Z_EFF"), ("US", "unknown")],
)
def test_the_rescale_type_of_a_ct_is_its_unit(said: str, unit: str, made_ct: Any) -> None:
    made_ct.stack(PLACES, RescaleType=said)
    assert opened(made_ct).unit == unit


def test_frames_of_an_enhanced_ct_have_the_unit_of_their_functional_group(made_ct: Any) -> None:
    group = {"PixelValueTransformationSequence": MAP}
    at = [{"PlanePositionSequence": {"ImagePositionPatient": list(place)}} for place in PLACES]
    made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(3)], at, group)
    volume = opened(made_ct)
    assert volume.unit == "MGML"
    assert volume.series.voi_function == "LINEAR_EXACT"


def test_fractions_that_are_no_hu_are_shown_by_the_exact_window_unless_the_file_names_another(made_ct: Any) -> None:
    made_ct.stack(PLACES, **MAP)
    assert opened(made_ct).series.voi_function == "LINEAR_EXACT"


def test_a_window_of_the_file_that_the_standards_function_cannot_show_is_exact_too(made_ct: Any) -> None:
    made_ct.stack(PLACES, **MAP, WindowCenter="0.5", WindowWidth="0.8")
    assert opened(made_ct).series.voi_function == "LINEAR_EXACT"


@pytest.mark.parametrize(
    "elements",
    [
        {**MAP, "VOILUTFunction": "LINEAR"},
        {**MAP, "RescaleSlope": "1"},
        {**MAP, "RescaleType": "HU"},
        {**MAP, "WindowCenter": "5", "WindowWidth": "10"},
    ],
    ids=["named", "whole numbers", "HU", "a window of the file"],
)
def test_all_else_is_shown_as_the_standard_says_of_none(elements: dict[str, str], made_ct: Any) -> None:
    made_ct.stack(PLACES, **elements)
    assert opened(made_ct).series.voi_function == "LINEAR"


def test_a_map_opens_in_the_window_of_its_file_else_in_one_of_what_is_no_background(made_ct: Any) -> None:
    stored = np.zeros((64, 64), dtype=np.int16)
    stored[20:40, 20:40] = np.linspace(700, 800, 400).reshape(20, 20)
    for k, place in enumerate(PLACES):
        made_ct.slice(f"{k}", stored, place, **MAP)
    volume = opened(made_ct)
    shown = first_window(volume)
    assert shown.centre == pytest.approx(7.5, abs=0.05)
    assert shown.width == pytest.approx(1.0, abs=0.05)
    named = evolve(volume, series=evolve(volume.series, windows=(Window(5, 10, "IODINE"),)))
    assert first_window(named) == Window(5, 10, "IODINE")


def test_modified_hu_open_in_the_window_of_hu(made_ct: Any) -> None:
    made_ct.stack(PLACES, RescaleType="HU_MOD", RescaleIntercept="-1324")
    assert (first_window(opened(made_ct)).centre, first_window(opened(made_ct)).width) == (40, 400)


NO_CT = {"MR": "1.2.840.10008.5.1.4.1.1.4", "PT": "1.2.840.10008.5.1.4.1.1.128", "OT": "1.2.840.10008.5.1.4.1.1.2"}


@pytest.mark.parametrize("said", ["HU", "HU_MOD", "Hounsfield", None])
@pytest.mark.parametrize("modality", NO_CT)
def test_what_is_no_ct_has_no_hu_whatever_it_calls_its_values_and_is_offered_no_look_of_ct(
    modality: str, said: str | None, made_ct: Any
) -> None:
    made_ct.stack(PLACES, Modality=modality, SOPClassUID=NO_CT[modality], RescaleType=said)
    volume = opened(made_ct)
    assert (volume.unit, volume.is_hu, volume.suits_hu) == ("unknown", False, False)
    assert float(volume.slices.min()) < -500


def test_pet_has_the_unit_that_it_names(made_ct: Any) -> None:
    made_ct.stack(PLACES, Modality="PT", SOPClassUID=NO_CT["PT"], RescaleType="HU", Units="BQML")
    assert opened(made_ct).unit == "BQML"


@pytest.mark.parametrize(
    ("kind", "said", "unit"),
    [
        (["ORIGINAL", "PRIMARY", "AXIAL"], None, "HU"),
        (["DERIVED", "PRIMARY", "AXIAL"], None, "HU"),
        (["DERIVED", "SECONDARY", "MPR"], "HU", "HU"),
        (["ORIGINAL", "PRIMARY", "LOCALIZER"], None, "unknown"),
        (["DERIVED", "SECONDARY", "AXIAL", "CBF"], None, "unknown"),
        (["DERIVED", "SECONDARY", "AXIAL", "CBF"], "HU", "unknown"),
        (["DERIVED", "PRIMARY", "AXIAL", "MAT_SPECIFIC"], None, "unknown"),
        (["DERIVED", "PRIMARY", "AXIAL", "VMI"], None, "HU"),
        (["DERIVED", "SECONDARY", "AXIAL", "PERFUSION"], None, "unknown"),
        (["DERIVED", "SECONDARY", "AXIAL", "PERFUSION"], "HU", "HU"),
        (["ORIGINAL", "PRIMARY", "AXIAL", "PERFUSION"], None, "HU"),
        (["DERIVED", "PRIMARY", "VOLUME", "DIVISION"], "HU", "unknown"),
        (["DERIVED", "PRIMARY", "VOLUME", "STD_DEVIATION"], "HU", "unknown"),
        (["DERIVED", "PRIMARY", "VOLUME", "MEAN"], "HU", "HU"),
        (["DERIVED", "PRIMARY", "VOLUME", "SUBTRACTION"], "HU", "HU_MOD"),
        (["DERIVED", "SECONDARY", "AXIAL", "SUBTRACTION"], None, "HU_MOD"),
    ],
)
def test_of_ct_that_does_not_say_its_unit_the_kind_of_image_tells(
    kind: list[str], said: str | None, unit: str, made_ct: Any
) -> None:
    made_ct.stack(PLACES, ImageType=kind, RescaleType=said)
    assert opened(made_ct).unit == unit


@pytest.mark.parametrize("modality", ["PT", "MR"])
def test_what_is_called_ct_and_is_an_object_of_another_modality_has_no_hu(modality: str, made_ct: Any) -> None:
    made_ct.stack(PLACES, Modality="CT", SOPClassUID=NO_CT[modality], RescaleType="HU")
    assert opened(made_ct).unit == "unknown"
