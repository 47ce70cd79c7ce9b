"""What of an image stays within what bounds: names that are ordinary words, days without a time, numbers, doubts."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset

from viewer.io.deidentify import Deidentifier, doubts
from viewer.io.deidentify_rules import NUMBERS

CT = "1.2.840.10008.5.1.4.1.1.2"


def image(**said: Any) -> Dataset:
    """Return a CT image's data set without pixels."""
    made = Dataset()
    made.SOPClassUID, made.PatientID = CT, "4711"
    for keyword, value in said.items():
        setattr(made, keyword, value)
    return made


def cleaned(**said: Any) -> Dataset:
    return Deidentifier(b"secret").cleaned(image(**said), 1)


@pytest.mark.parametrize(
    "keyword",
    [
        "PatientName",
        "OtherPatientNames",
        "PatientBirthName",
        "PatientMotherBirthName",
        "ReferringPhysicianName",
        "PerformingPhysicianName",
        "OperatorsName",
        "NameOfPhysiciansReadingStudy",
        "RequestingPhysician",
        "InstitutionName",
        "OtherPatientIDs",
        "ResponsiblePerson",
        "PhysiciansOfRecord",
    ],
)
def test_a_word_that_is_somebodys_name_is_not_kept_for_what_was_scanned(keyword: str) -> None:
    told = {"SeriesDescription": "Chest Lung thin", "StudyDescription": "Lung"}
    assert "lung" in cleaned(**told).SeriesDescription
    said = cleaned(**told, **{keyword: "Lung^Anna" if "Name" in keyword or "Phys" in keyword else "Lung"})
    assert "lung" not in said.SeriesDescription.lower()
    assert "chest" in said.SeriesDescription


def test_a_day_without_a_time_moves_as_far_as_one_with_a_time() -> None:
    made = cleaned(StudyDate="20200310", StudyTime="120000", SeriesDate="20200320", AcquisitionDate="20210310")
    study = int(made.StudyDate)
    assert 20090101 < study < 20190401
    shift = Deidentifier(b"secret").shift("4711")
    assert 366 <= shift.days <= 4016
    alone = cleaned(SeriesDate="20200320")
    assert alone.SeriesDate == made.SeriesDate < "20190401"
    assert made.AcquisitionDate > made.SeriesDate


@pytest.mark.parametrize("keyword", ["SliceThickness", "KVP", "RescaleSlope", "TableHeight"])
def test_a_number_stays_up_to_its_bounds_and_not_beyond(keyword: str) -> None:
    low, high = NUMBERS[keyword]
    for value in (low, high):
        assert float(cleaned(**{keyword: f"{value:g}"})[keyword].value) == value
    for beyond in (low - 1, high * 1.01):
        assert cleaned(**{keyword: f"{beyond:.10g}"}).get(keyword) is None


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"BurnedInAnnotation": "YES"}, "burned in"),
        ({"ImageType": ["DERIVED", "SECONDARY", "AXIAL"]}, "screen"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "SCREEN SAVE"]}, "screen"),
        ({"ConversionType": "WSD"}, "screen"),
    ],
)
def test_each_reason_alone_is_enough_for_a_person_to_look(said: dict[str, Any], word: str) -> None:
    assert doubts(image(ImageType=["ORIGINAL", "PRIMARY", "AXIAL"])) == []
    (found,) = doubts(image(**said))
    assert word in found
