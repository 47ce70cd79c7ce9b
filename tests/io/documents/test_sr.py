"""The report says what was measured and decided, in the same numbers as the screen."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import highdicom
import numpy as np
import pydicom
import pytest
from attrs import evolve
from pydicom.sr.codedict import codes

from tests.io.documents.made import anatomy, block, finding, mark_at, opened
from viewer.domain.decision import Answer, Decision
from viewer.domain.errors import StorageError, UnreadableFileError
from viewer.io.findings_file import read_findings, write_findings
from viewer.io.seg import write_seg
from viewer.io.sr import read_sr, write_sr

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume


def _decision(name: str, answer: Answer | None, reader: str = "Dr. Ä 山田", comment: str = "") -> Decision:
    return Decision(name, answer, reader, comment, datetime.now(UTC))


def _written(folder: Path, volume: Volume, findings: tuple[Finding, ...], *decisions: Decision) -> Path:
    outlined = any(f.mask is not None for f in findings)
    seg = folder / "seg.dcm" if outlined else None
    if seg is not None:
        write_seg(seg, volume, findings)
    write_sr(folder / "sr.dcm", volume, findings, {d.finding_id: d for d in decisions}, seg, "Dr. Ä 山田")
    return folder / "sr.dcm"


def _two(volume: Volume) -> tuple[Finding, Finding]:
    shape = volume.stack.shape_kji
    return (
        finding(volume, block(shape, slice(1, 4), slice(5, 11), slice(7, 19)), "nodule-1", score=0.1 + 0.2),
        finding(volume, block(shape, slice(3, 4), slice(20, 22), slice(0, 40)), "bone-2", "bone"),
    )


def test_every_number_comes_back_to_the_last_digit(tilted: Volume, tmp_path: Path) -> None:
    findings = _two(tilted)
    report = read_sr(_written(tmp_path, tilted, findings))
    for said, found in zip(report.findings, findings, strict=True):
        assert (said.tracking_uid, said.tracking_id, said.label) == (found.tracking_uid, found.id, found.label)
        assert said.volume_ml == found.volume_ml
        assert said.long_axis_mm == found.long_axis_mm
        assert (said.mean_hu, said.sd_hu, said.score) == (found.mean, found.sd, found.score)


def test_the_decimal_numbers_for_other_programs_are_the_same_to_ten_digits(tilted: Volume, tmp_path: Path) -> None:
    findings = _two(tilted)
    path = _written(tmp_path, tilted, findings)
    content: Any = highdicom.sr.srread(path).content
    groups = content.get_volumetric_roi_measurement_groups()
    assert len(groups) == 2
    for group, found in zip(groups, findings, strict=True):
        volumes = group.get_measurements(name=codes.SCT.Volume)
        assert float(volumes[0].value) == pytest.approx(found.volume_ml, rel=1e-10)
        assert volumes[0].unit.value == "mL"
        assert group.tracking_uid == found.tracking_uid


def test_decisions_and_comments_are_in_the_report(tilted: Volume, tmp_path: Path) -> None:
    first, second = _two(tilted)
    path = _written(
        tmp_path,
        tilted,
        (first, second),
        _decision(first.id, Answer.ACCEPTED, comment="schön, 日本"),
        _decision(second.id, Answer.REJECTED, reader="Dr. Other"),
    )
    report = read_sr(path)
    assert [f.answer for f in report.findings] == [Answer.ACCEPTED, Answer.REJECTED]
    assert [f.comment for f in report.findings] == ["schön, 日本", ""]
    assert report.observers == ("Dr. Ä 山田", "Dr. Other")


def test_a_finding_nobody_decided_has_no_answer(tilted: Volume, tmp_path: Path) -> None:
    report = read_sr(_written(tmp_path, tilted, _two(tilted)))
    assert [f.answer for f in report.findings] == [None, None]
    assert pydicom.dcmread(tmp_path / "sr.dcm").CompletionFlag == "PARTIAL"


def test_each_group_refers_to_its_segment(tilted: Volume, tmp_path: Path) -> None:
    first, second = _two(tilted)
    mark = mark_at(tilted, (10, 12, 2), "Dr. Ä")
    report = read_sr(_written(tmp_path, tilted, (second, mark, first)))
    seg = pydicom.dcmread(tmp_path / "seg.dcm")
    by_uid = {item.TrackingUID: int(item.SegmentNumber) for item in seg.SegmentSequence}
    for said in (report.findings[0], report.findings[2]):
        assert said.segment == (seg.SOPInstanceUID, by_uid[said.tracking_uid])
    assert report.findings[1].segment is None


def test_a_mark_of_the_reader_is_a_point_in_the_patient(tilted: Volume, tmp_path: Path) -> None:
    mark = mark_at(tilted, (10, 12, 2), "Dr. Ä")
    (said,) = read_sr(_written(tmp_path, tilted, (mark,))).findings
    assert said.point_lps_mm is not None
    assert np.allclose(said.point_lps_mm, mark.centre_lps_mm, atol=1e-4)
    assert said.numbers == ()
    assert said.label == "Missed by the model"


def test_it_says_that_it_is_not_for_diagnostic_use(tilted: Volume, synthetic: Volume, tmp_path: Path) -> None:
    report = read_sr(_written(tmp_path, tilted, _two(tilted)))
    assert report.series_description == "CaseStage review · Not for diagnostic use"
    assert "Not for diagnostic use." in report.texts
    found = finding(synthetic, block(synthetic.stack.shape_kji, slice(0, 2), slice(3, 5), slice(3, 5)), "n")
    made = tmp_path / "synthetic"
    made.mkdir()
    report = read_sr(_written(made, synthetic, (found,)))
    assert "Synthetic" in report.series_description
    assert "The images are synthetic." in report.texts
    # (0008,001C) Synthetic Data, for programs that read no words.
    assert pydicom.dcmread(made / "sr.dcm")[0x0008001C].value == "YES"


def test_the_patient_is_the_one_of_the_images_beside_any_readers_name(tilted: Volume, tmp_path: Path) -> None:
    dataset = pydicom.dcmread(_written(tmp_path, tilted, _two(tilted)))
    assert (str(dataset.PatientName), dataset.PatientID) == ("Müller^Änne", "P-4711")
    assert dataset.StudyInstanceUID == "1.2.826.0.1.5"


def test_where_geometry_is_untrusted_lengths_and_volumes_are_left_out(untrusted: Volume, tmp_path: Path) -> None:
    found = finding(untrusted, block(untrusted.stack.shape_kji, slice(0, 2), slice(3, 5), slice(3, 5)), "n", score=0.5)
    (said,) = read_sr(_written(tmp_path, untrusted, (found,))).findings
    assert (said.volume_ml, said.long_axis_mm) == (None, None)
    assert (said.mean_hu, said.score) == (found.mean, 0.5)


def test_where_values_are_not_hu_no_hu_is_said(tilted: Volume, tmp_path: Path) -> None:
    volume = evolve(tilted, unit="unknown")
    (said, _) = read_sr(_written(tmp_path, volume, _two(tilted))).findings
    assert (said.mean_hu, said.sd_hu) == (None, None)
    assert said.volume_ml is not None


def test_nothing_to_report_is_a_sentence(tilted: Volume, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nothing to report"):
        write_sr(tmp_path / "sr.dcm", tilted, (), {}, None, "A")


def test_a_segmentation_of_other_findings_is_refused(tilted: Volume, tmp_path: Path) -> None:
    first, second = _two(tilted)
    write_seg(tmp_path / "seg.dcm", tilted, (first,))
    with pytest.raises(StorageError):
        write_sr(tmp_path / "sr.dcm", tilted, (second,), {}, tmp_path / "seg.dcm", "A")
    assert not (tmp_path / "sr.dcm").exists()


def test_what_is_no_report_is_refused(tilted: Volume, tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"junk" * 400)
    with pytest.raises(UnreadableFileError):
        read_sr(tmp_path / "junk")
    with pytest.raises(UnreadableFileError, match="not a DICOM structured report"):
        read_sr(type(tmp_path)(tilted.source_files[0]))


@pytest.mark.parametrize("series", ["a13_abdomen_contrast_CRLM-1004", "a01_head_ge_tilt_uneven"])
def test_on_real_ct_screen_json_seg_and_sr_carry_one_number(real_data: Path, tmp_path: Path, series: str) -> None:
    volume = opened(real_data / series)
    bone, air = anatomy(volume)
    mark = mark_at(volume, (100, 120, volume.stack.count // 2), "Dr. Ä")
    findings = (bone, air, mark)
    write_findings(tmp_path, volume, findings, None)
    decisions = {bone.id: _decision(bone.id, Answer.UNSURE, comment="ribs")}
    write_sr(tmp_path / "sr.dcm", volume, findings, decisions, tmp_path / "seg.dcm", "Dr. Ä 山田")
    report = read_sr(tmp_path / "sr.dcm")
    area_mm2 = volume.stack.pixel_spacing_mm[0] * volume.stack.pixel_spacing_mm[1]
    for said, recorded, found in zip(report.findings, read_findings(tmp_path, volume), findings, strict=True):
        assert said.volume_ml == recorded.volume_ml == found.volume_ml
        assert said.mean_hu == recorded.mean == found.mean
        if found.mask is not None:
            assert recorded.mask is not None
            assert recorded.mask.same_as(found.mask)
            weights = volume.stack.slice_weights_mm
            per_slice = recorded.mask.full(volume.stack.shape_kji).sum(axis=(1, 2))
            assert said.volume_ml == pytest.approx(float(per_slice @ weights) * area_mm2 / 1000, rel=1e-12)
    assert report.findings[0].answer is Answer.UNSURE
    if shutil.which("dciodvfy") is None:
        pytest.skip("the rest needs dciodvfy (Debian: dicom3tools)")
    done = subprocess.run(["dciodvfy", "-new", str(tmp_path / "sr.dcm")], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == []


def test_reports_of_other_programs_are_read(real_data: Path) -> None:
    (liver,) = read_sr(real_data / "a21_sr_liver_derived" / "liver_mean_hu_sr.dcm").findings
    assert liver.mean_hu == pytest.approx(37.3289)
    assert liver.segment is not None
    assert liver.segment[1] == 1
    (tumour,) = read_sr(real_data / "a09_sr_tid1500_refs_absent" / "sr.dcm").findings
    assert tumour.volume_ml == pytest.approx(33.5824, abs=1e-3)
    groups = read_sr(real_data / "a08_highdicom_seg_sr" / "sr_document_with_multiple_groups.dcm")
    assert len(groups.findings) == 4
    assert groups.observers == ("Doe^John",)
