"""The main job on real CT: open, run a model, step to a finding, decide, export, and come back another day."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import dcmread

from tests.journeys.reader import Reader
from viewer.domain.decision import Answer
from viewer.domain.geometry import PlaneName, Verdict
from viewer.io.findings_file import read_findings
from viewer.io.seg import read_seg
from viewer.io.sr import read_sr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.journeys.by_other_means import Measured
    from viewer.domain.finding import Finding
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume

pytest.importorskip("SimpleITK")

ABDOMEN = "a13_abdomen_contrast_CRLM-1004"
HEAD = "a01_head_ge_tilt_uneven"
COMMENT = "Seen on two slices — ähnlich wie 2024"


@dataclass
class Day:
    """What a reader saw and did with one folder, and what stands in the export."""

    name: str
    source: Path
    home: Path
    reader: Reader
    seen: list[Volume]
    refusal: str
    findings: tuple[Finding, ...]
    views: dict[str, ViewState]
    mark: Finding
    files: tuple[str, ...]
    export: Path
    expected: Measured

    @property
    def volume(self) -> Volume:
        return self.seen[-1]


@pytest.fixture(scope="module", params=[ABDOMEN, HEAD], ids=["abdomen", "head"])
def day(request: pytest.FixtureRequest, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """A reader's day with one real series: two answers, a comment, a missed finding, an export."""
    from tests.journeys.by_other_means import measured

    home = tmp_path_factory.mktemp("home")
    source, export = real_data / request.param, home / "exported"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASESTAGE_HOME", str(home))
        reader = Reader()
    try:
        volume = reader.open(source)
        seen = list(reader.volumes)
        refusal = reader.ask_for("head-bleed")
        findings = reader.run("anatomy")
        reviewing, views = reader.desk.reviewing, {}
        reviewing.next()
        for answer in (Answer.ACCEPTED, Answer.REJECTED):
            in_hand = reader.arrive()
            view = reader.desk.session.view
            assert view is not None
            views[in_hand.id] = view
            if answer is Answer.ACCEPTED:
                reviewing.comment(COMMENT)
            reviewing.decide(answer)
        x, y, z = volume.stack.lps((200, 210, volume.stack.count // 2))
        mark = reviewing.mark_missed((float(x), float(y), float(z)))
        assert mark is not None
        files = reader.export(export)
        yield Day(
            request.param, source, home, reader, seen, refusal, findings, views, mark, files, export, measured(source)
        )
    finally:
        reader.leave()


def answers(findings: tuple[Finding, ...]) -> dict[str, Answer]:
    return {findings[0].id: Answer.ACCEPTED, findings[1].id: Answer.REJECTED}


def full(finding: Finding, volume: Volume) -> Any:
    assert finding.mask is not None
    return finding.mask.full(volume.stack.shape_kji)


def test_the_volume_is_shown_while_it_is_read_where_it_then_lies(day: Day) -> None:
    first, *_, last = day.seen
    assert first.preview
    assert not last.preview
    assert last.stack.count == len(day.expected.values)
    assert np.array_equal(first.stack.positions_lps_mm, last.stack.positions_lps_mm)
    assert np.array_equal(first.grid.lps_from_ijk, last.grid.lps_from_ijk)
    assert np.array_equal(first.slices, last.slices)


def test_files_that_are_no_images_were_passed_over_and_told(day: Day) -> None:
    assert [skipped.file for skipped in day.reader.skipped] == ["FACTS.json"]
    assert day.reader.errors == []


def test_every_original_value_is_the_one_that_simpleitk_reads(day: Day) -> None:
    assert day.volume.slices.dtype == np.int16
    assert day.volume.is_hu
    assert np.array_equal(day.volume.slices, day.expected.values)


def test_the_verdict_says_whether_slices_were_resampled(day: Day) -> None:
    if day.name == ABDOMEN:
        assert (day.volume.verdict, day.volume.reasons) == (Verdict.OK, ())
        assert not day.volume.regridded
    else:
        assert day.volume.verdict is Verdict.RESAMPLED
        assert any("18.5°" in reason for reason in day.volume.reasons)
        assert day.volume.regridded
        assert np.allclose(day.volume.grid.directions.T @ day.volume.grid.directions, np.eye(3), atol=1e-6)


def test_the_model_trained_on_synthetic_ct_says_it_was_not_made_for_this(day: Day) -> None:
    assert "was not made for this" in day.refusal
    assert "synthetic" in day.refusal


def test_bone_and_air_are_what_the_rule_gives_elsewhere(day: Day) -> None:
    assert {finding.label_key for finding in day.findings} == {"bone", "air"}
    for finding in day.findings:
        assert np.array_equal(full(finding, day.volume), day.expected.masks[finding.label_key])
        assert finding.volume_ml == pytest.approx(day.expected.volumes_ml[finding.label_key], rel=1e-6)
        assert finding.source.rules
        assert finding.score is None


def test_stepping_to_a_finding_puts_one_of_its_voxels_in_the_middle_of_all_planes(day: Day) -> None:
    assert set(day.views) == {finding.id for finding in day.findings}
    for finding in day.findings:
        view = day.views[finding.id]
        assert view.selected_finding == finding.id
        for plane in PlaneName:
            assert view.plane(plane).centre_lps_mm == view.cursor_lps_mm
        voxel = day.volume.stack.nearest_ijk(view.cursor_lps_mm)
        assert voxel is not None
        i, j, k = voxel
        assert full(finding, day.volume)[k, j, i]


def test_the_export_holds_three_documents_that_name_no_patient_in_json(day: Day) -> None:
    assert day.files == ("findings.json", "seg.dcm", "sr.dcm")
    source = dcmread(next(path for path in sorted(day.source.iterdir()) if path.suffix != ".json"))
    name = str(source.get("PatientName", "")).split("^")[0]
    assert not name or name not in (day.export / "findings.json").read_text(encoding="utf-8")


def test_the_export_reads_back_to_the_same_masks_numbers_and_answers(day: Day) -> None:
    segments = {segment.tracking_uid: segment for segment in read_seg(day.export / "seg.dcm", day.volume)}
    report = {group.tracking_uid: group for group in read_sr(day.export / "sr.dcm").findings}
    assert len(report) == 3
    for finding in day.findings:
        assert finding.mask is not None
        mask = segments[finding.tracking_uid].mask
        assert mask is not None
        assert mask.same_as(finding.mask)
        group = report[finding.tracking_uid]
        assert group.volume_ml == finding.volume_ml
        assert group.long_axis_mm == finding.long_axis_mm
        assert (group.mean_hu, group.sd_hu) == (finding.mean, finding.sd)
        assert group.answer is answers(day.findings)[finding.id]
    assert report[day.findings[0].tracking_uid].comment == COMMENT
    mark = report[day.mark.tracking_uid]
    assert mark.segment is None
    assert mark.point_lps_mm == pytest.approx(tuple(day.mark.centre_lps_mm), abs=1e-3)
    listed = read_findings(day.export, day.volume)
    assert {f.id: f.volume_ml for f in listed if f.mask is not None} == {f.id: f.volume_ml for f in day.findings}


def test_another_library_reads_the_same_masks(day: Day) -> None:
    import highdicom

    seg = highdicom.seg.segread(day.export / "seg.dcm")
    planes = seg.get_pixels_by_source_instance(
        list(day.volume.source_uids), assert_missing_frames_are_empty=True, ignore_spatial_locations=True
    )
    numbers = {str(item.TrackingUID): number for number, item in enumerate(seg.SegmentSequence)}
    for finding in day.findings:
        read = planes[..., numbers[finding.tracking_uid]].astype(bool)
        assert np.array_equal(read, day.expected.masks[finding.label_key])


def code_of(item: Any) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def test_a_plain_dicom_reader_finds_the_same_numbers_and_answers(day: Day) -> None:
    source = dcmread(next(path for path in sorted(day.source.iterdir()) if path.suffix != ".json"))
    report = dcmread(day.export / "sr.dcm")
    assert report.StudyInstanceUID == source.StudyInstanceUID
    assert report.get("PatientID", "") == source.get("PatientID", "")
    assert "Not for diagnostic use" in report.SeriesDescription
    container = next(item for item in report.ContentSequence if code_of(item) == "126010")
    by_uid = {}
    for group in container.ContentSequence:
        items = {code_of(item): item for item in group.ContentSequence}
        by_uid[str(items["112040"].UID)] = items
    for finding in day.findings:
        items = by_uid[finding.tracking_uid]
        volume, axis = (items[code].MeasuredValueSequence[0] for code in ("118565006", "103339001"))
        assert volume.MeasurementUnitsCodeSequence[0].CodeValue == "mL"
        assert float(volume.NumericValue) == pytest.approx(day.expected.volumes_ml[finding.label_key], rel=1e-6)
        assert axis.MeasurementUnitsCodeSequence[0].CodeValue == "mm"
        assert float(axis.NumericValue) == pytest.approx(finding.long_axis_mm, rel=1e-8)
        said = items["decision"].ConceptCodeSequence[0].CodeMeaning
        assert said == {Answer.ACCEPTED: "Accepted", Answer.REJECTED: "Rejected"}[answers(day.findings)[finding.id]]


def test_another_day_the_same_series_shows_what_was_decided(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASESTAGE_HOME", str(day.home))
    day.reader.leave()
    again = Reader("Somebody Else")
    try:
        again.open(day.source)
        session = again.desk.session
        assert {key: said.answer for key, said in session.decisions.items()} == answers(day.findings)
        assert [finding.id for finding in session.findings] == [day.mark.id]
        if day.name == HEAD:
            # The same findings bear the same names when the model is run again.
            found = again.run("anatomy")
            assert {f.id for f in found} == {f.id for f in day.findings} | {day.mark.id}
            # Two answers, and the reader's own mark, which needs none.
            assert again.desk.reviewing.decided == 3
        first = session.decisions[day.findings[0].id]
        assert (first.reader, first.comment) == ("Dr Journey", COMMENT)
        again.desk.reviewing.undo()
        assert day.mark.id not in {f.id for f in session.findings}
    finally:
        again.leave()


@pytest.mark.skipif(os.name != "posix", reason="kill −9 is POSIX's")
def test_a_decision_survives_kill_9_the_moment_the_key_press_has_returned(
    real_data: Path, own_home: Path, repository: Path
) -> None:
    folder = real_data / "a06_seg_liver_3slice" / "ct"
    script = Path(__file__).with_name("decide_and_die.py")
    done = subprocess.run(
        [sys.executable, script, folder, "anatomy"], cwd=repository, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    reader = Reader()
    try:
        reader.open(folder)
        decision = reader.desk.session.decisions[done.stdout]
        assert decision.answer is Answer.REJECTED
        # It can be taken back once what it was said of is in sight.
        assert not reader.desk.reviewing.can_undo
        assert done.stdout in {finding.id for finding in reader.run("anatomy")}
        assert reader.desk.reviewing.can_undo
        assert reader.errors == []
    finally:
        reader.leave()
