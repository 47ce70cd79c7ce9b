"""Where a header allows no DICOM segmentation, what was found is written all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from attrs import evolve

from tests.io.conftest import opened
from tests.services.test_reviewing import volume as desk_volume
from viewer.domain.errors import CancelledError, StorageError
from viewer.domain.finding import Localisation, Source, SourceKind
from viewer.domain.geometry import PlaneName
from viewer.domain.identifiers import new_uid
from viewer.domain.job import JobContext
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.io.findings_file import read_findings
from viewer.io.sr import write_sr
from viewer.services.exporting import Written, write_outputs, write_review

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.io.conftest import MadeCt
    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume


def test_findings_json_holds_what_was_found_as_the_hint_says_and_nothing_older_lies_beside_it(
    made_ct: MadeCt, finding_on: Callable[[Volume], Finding], tmp_path: Path
) -> None:
    for k in range(4):
        # Nothing made of images with one UID could say which it is of.
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k), SOPInstanceUID="1.2.3")
    volume = opened(made_ct)
    assert volume.stack.count == 4
    found = evolve(finding_on(volume), volume_ml=0.5, mean=float(np.pi))
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("seg.dcm", "sr.dcm"):
        (folder / name).write_bytes(b"of yesterday")
    with pytest.raises(StorageError, match="could not be made") as told:
        write_outputs(folder, volume, (found,), found.source)
    assert told.value.hint == "The findings are still in findings.json."
    (kept,) = read_findings(folder, volume)
    assert (kept.id, kept.volume_ml, kept.mean) == (found.id, 0.5, found.mean)
    assert [path.name for path in folder.iterdir()] == ["findings.json"]


@pytest.mark.parametrize("uid", ["1.2.3", None], ids=["one for all", "none"])
def test_no_dicom_is_made_of_images_that_their_uid_does_not_tell_apart(
    made_ct: MadeCt, finding_on: Callable[[Volume], Finding], tmp_path: Path, uid: str | None
) -> None:
    for k in range(4):
        path = made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k))
        ds = pydicom.dcmread(path)
        if uid is None:
            del ds.SOPInstanceUID
        else:
            ds.SOPInstanceUID = uid
        ds.save_as(path)
    volume = opened(made_ct)
    said = "3 images bear the UID of another, so no DICOM SEG and SR are made of this series."
    assert volume.reasons == ((said,) if uid else ())
    found = finding_on(volume)
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(StorageError, match="could not be made"):
        write_outputs(folder, volume, (found,), found.source)
    with pytest.raises(StorageError, match="report could not be made"):
        write_sr(folder / "sr.dcm", volume, [found], {}, None, "")
    assert [path.name for path in folder.iterdir()] == ["findings.json"]


def test_images_that_are_no_dicom_give_their_tables_and_no_report(tmp_path: Path) -> None:
    volume = evolve(desk_volume(), source_uids=(), source_class_uid="")
    points = ((0.0, 0.0, 4.0), (3.0, 4.0, 4.0))
    line = Measurement(new_uid(), MeasurementKind.LENGTH, points, PlaneName.AXIAL, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    arrow = evolve(line, id=new_uid(), kind=MeasurementKind.ARROW, text="Seen by Dr Example")
    written = write_review(tmp_path, volume, (), {}, "", (line, arrow), (), JobContext())
    assert written.notes[-1] == "1 arrow or text is left out: words may name somebody."
    assert {path.name for path in written.files} == {"findings.json", "measurements.json", "measurements.csv"}
    assert not (tmp_path / "sr.dcm").exists()


def test_the_report_refers_to_the_segmentation_beside_it(
    made_ct: MadeCt, finding_on: Callable[[Volume], Finding], tmp_path: Path
) -> None:
    for k in range(4):
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k))
    volume = opened(made_ct)
    found = finding_on(volume)
    write_outputs(tmp_path, volume, (found,), found.source)
    seg, sr = pydicom.dcmread(tmp_path / "seg.dcm"), pydicom.dcmread(tmp_path / "sr.dcm")
    named = [element.value for element in sr.iterall() if element.keyword == "ReferencedSOPInstanceUID"]
    assert seg.SOPInstanceUID in named


def test_findings_of_one_model_and_a_reader_are_said_to_be_the_model_s_and_those_of_two_no_one_s(
    made_ct: MadeCt, finding_on: Callable[[Volume], Finding], tmp_path: Path
) -> None:
    for k in range(4):
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k))
    volume = opened(made_ct)
    found = evolve(finding_on(volume), source=Source(SourceKind.MODEL, "Test model", "1.0", "test-model"))
    missed = evolve(found, id="2.25.8", tracking_uid="2.25.8", source=Source(SourceKind.READER, "Dr Example"))
    other = evolve(
        found, id="other", tracking_uid="2.25.9", source=Source(SourceKind.MODEL, "Other model", "1.0", "other-model")
    )

    def model_of(*findings: Finding) -> object:
        write_review(tmp_path, volume, findings, {}, "", (), (), JobContext())
        return json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))["model"]

    assert model_of(found, missed) == "test-model"
    assert not model_of(found, other)


def test_what_is_left_out_of_a_report_is_told_and_a_cancelled_export_writes_nothing(
    made_ct: MadeCt, finding_on: Callable[[Volume], Finding], tmp_path: Path
) -> None:
    for k in range(4):
        made_ct.slice(f"{k}", made_ct.pixels(k), (-10, -20, 2.0 * k))
    volume = opened(made_ct)
    found = finding_on(volume)
    said = [evolve(found, id=f"said {n}", localisation=Localisation.SERIES, mask=None) for n in range(2)]
    arrow = Measurement(
        new_uid(),
        MeasurementKind.ARROW,
        ((0.0, 0.0, 4.0), (3.0, 4.0, 4.0)),
        PlaneName.AXIAL,
        (1.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),
        text="Seen by Dr Example",
    )

    def written(findings: list[Finding], *measurements: Measurement, ctx: JobContext | None = None) -> Written:
        return write_review(tmp_path / "out", volume, findings, {}, "", measurements, (), ctx or JobContext())

    with pytest.raises(CancelledError):
        written([found], ctx=JobContext(cancelled=lambda: True))
    assert not (tmp_path / "out").exists()
    assert written([found]).notes == ()
    noted = written([found, said[0]], arrow)
    assert noted.notes == (
        "1 arrow or text is in the report alone: words may name somebody.",
        "1 of the findings has no place and stands in findings.json alone.",
    )
    assert tmp_path / "out" / "sr.dcm" in noted.files
    nothing = written(said)
    assert nothing.notes[-2:] == (
        "2 findings have no place and stand in findings.json alone.",
        "There is no finding with a place, so there is no report.",
    )
    assert not (tmp_path / "out" / "sr.dcm").exists()
    assert written([]).notes[-1] == "There is no finding, so there is no report."
