"""What a finding is leaves as a code that other programs read: its author's, else the one that its name means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from pydicom import dcmread

from tests.io.documents.made import block, finding
from viewer.domain.finding import Code
from viewer.io.dicom_codes import category_and_type
from viewer.io.finding_record import FindingRecord, finding_of, finding_record
from viewer.io.strict_json import structure
from viewer.services.exporting import write_outputs

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.volume import Volume

EMBOLUS = Code("414086009", "SCT", "Embolism")
VESSEL = Code("123037004", "SCT", "Body structure")


@pytest.mark.parametrize(
    ("key", "label", "meant"),
    [
        ("nodule", "Lung nodule", "Nodule"),
        ("tumor", "Tumor", "Mass"),
        ("mass", "Renal mass", "Mass"),
        ("bone", "Bone", "Bone"),
        ("air", "Air inside the body", "Air"),
        ("airway", "Airway narrowing", "Lesion"),
        ("airspace", "Airspace opacity", "Lesion"),
        ("bone-metastasis", "Bone metastasis", "Lesion"),
        ("effusion", "Massive effusion", "Lesion"),
        ("bleed", "Intracranial haemorrhage", "Hemorrhage"),
    ],
)
def test_a_name_is_coded_as_what_it_means(tilted: Volume, key: str, label: str, meant: str) -> None:
    one = finding(tilted, block(tilted.stack.shape_kji, slice(1, 3), slice(5, 9), slice(7, 12)), "one", key)
    assert category_and_type(evolve(one, label=label))[1].meaning == meant


def test_the_code_of_a_models_author_leaves_in_segmentation_report_and_findings(tilted: Volume, tmp_path: Path) -> None:
    one = finding(tilted, block(tilted.stack.shape_kji, slice(1, 3), slice(5, 9), slice(7, 12)), "one", "air-embolus")
    one = evolve(one, category=VESSEL, kind=EMBOLUS)
    write_outputs(tmp_path, tilted, [one], None)
    (segment,) = dcmread(tmp_path / "seg.dcm").SegmentSequence
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeValue == EMBOLUS.value
    assert segment.SegmentedPropertyCategoryCodeSequence[0].CodeValue == VESSEL.value
    assert EMBOLUS.value in str(dcmread(tmp_path / "sr.dcm"))
    back = finding_of(structure(finding_record(one), FindingRecord), None, recorded=False)
    assert (back.category, back.kind) == (VESSEL, EMBOLUS)
    # Older programs read what they know.
    assert not {"category", "kind"} & finding_record(evolve(one, category=None, kind=None)).keys()
