"""What is said of a place that is no outline: in the segmentation, the report and the findings beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import highdicom
import numpy as np
import pytest
from attrs import evolve
from pydicom import dcmread

from tests.io.documents.made import block, finding
from viewer.analysis.measure import describe
from viewer.domain.finding import CaseScored, Localisation
from viewer.io.finding_record import FindingRecord, finding_of, finding_record
from viewer.io.strict_json import structure
from viewer.services.exporting import write_outputs

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume


@pytest.fixture
def box(tilted: Volume) -> Finding:
    made = finding(
        tilted, block(tilted.stack.shape_kji, slice(1, 4), slice(5, 11), slice(7, 19)), "nodule-1", score=0.5
    )
    return evolve(
        made,
        localisation=Localisation.BOX,
        volume_ml=None,
        corners_lps_mm=np.arange(24.0).reshape(8, 3),
        slices_k=(1, 3),
        probability=0.25,
        calibration="On nothing.",
        laterality="left",
        region="Left lung",
        operating_point="strict",
    )


def test_a_finding_comes_back_from_its_record_with_all_that_is_known_of_its_place(box: Finding) -> None:
    back = finding_of(structure(finding_record(box), FindingRecord), box.mask, recorded=True)
    for name in ("localisation", "slices_k", "probability", "calibration", "laterality", "region", "operating_point"):
        assert getattr(back, name) == getattr(box, name)
    assert np.array_equal(back.corners_lps_mm, box.corners_lps_mm)


def test_a_record_without_these_keys_is_one_of_an_outline(box: Finding) -> None:
    record = finding_record(box)
    for key in ("localisation", "corners_lps_mm", "slices_k", "probability", "calibration", "short_axis_mm"):
        del record[key]
    back = finding_of(structure(record, FindingRecord), box.mask, recorded=True)
    assert back.localisation is Localisation.OUTLINE
    assert back.placed


def test_what_has_no_place_is_in_the_findings_alone(tilted: Volume, box: Finding, tmp_path: Path) -> None:
    outlined = finding(tilted, block(tilted.stack.shape_kji, slice(2, 4), slice(14, 18), slice(7, 19)), "other")
    measured = describe(outlined.mask, tilted) if outlined.mask is not None else None
    assert measured is not None
    outlined = evolve(outlined, short_axis_mm=measured.short_axis_mm, short_axis_lps_mm=measured.short_axis_lps_mm)
    series = evolve(box, id="series", tracking_uid="2.25.7", localisation=Localisation.SERIES, mask=None)
    scores = (CaseScored("nodule", "Nodule", 0.5, 0.25, "On nothing."),)
    written = write_outputs(tmp_path, tilted, (box, outlined, series), box.source, case_scores=scores)
    assert "1 of the findings has no place" in " ".join(written.notes)
    labels = [str(s.SegmentLabel) for s in dcmread(tmp_path / "seg.dcm").SegmentSequence]
    assert labels == ["Nodule (box)", "Nodule"]
    content: Any = highdicom.sr.srread(tmp_path / "sr.dcm").content
    groups = content.get_volumetric_roi_measurement_groups()
    assert len(groups) == 2
    assert not content.get_planar_roi_measurement_groups()
    volumes = [[m for m in g.get_measurements() if m.name.meaning == "Volume"] for g in groups]
    assert [len(found) for found in volumes] == [0, 1]
    (across,) = (m for m in groups[1].get_measurements() if m.name.meaning == "Short axis")
    assert float(across.value) == pytest.approx(measured.short_axis_mm)
    import json

    document = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
    assert [f["localisation"] for f in document["findings"]] == ["box", "outline", "series"]
    assert document["case_scores"] == [
        {"label_key": "nodule", "label": "Nodule", "score": 0.5, "probability": 0.25, "calibration": "On nothing."}
    ]
