"""Findings are kept beside the pictures and come back the same."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import pytest
from attrs import evolve

from tests.io.documents.made import block, finding, mark_at, nifti_like, opened
from viewer.domain.errors import CaseDocumentError, CaseStageError, UnreadableFileError
from viewer.domain.finding import Source, SourceKind
from viewer.domain.model_card import ModelCard
from viewer.domain.volume import Window
from viewer.io.findings_file import read_findings, write_findings

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume

CARD = ModelCard(
    id="nodules",
    name="Nodules",
    version="1.2",
    task="detection",
    licence="Apache-2.0",
    intended_use="Tests",
    trained_on="Nothing",
    limitations="All",
    synthetic_only=True,
    rules=False,
    sha256="cd" * 32,
)


def _three(volume: Volume) -> tuple[Finding, ...]:
    shape = volume.stack.shape_kji
    first = finding(
        volume,
        block(shape, slice(1, 4), slice(5, 9), slice(7, 11)),
        "nodule-1",
        score=1 / 3,
        place="Right, upper, front",
        colour="#ff8800",
        window=Window(-600.0, 1500.0, "lung"),
    )
    second = finding(volume, block(shape, slice(3, 4), slice(0, 2), slice(0, 10)), "bone-2", "bone")
    return (first, mark_at(volume, (3, 3, 2), "Dr. Ä"), second)


def _same(a: Finding, b: Finding) -> bool:
    fields: tuple[str, ...]
    fields = ("id", "tracking_uid", "label_key", "label", "source", "score", "volume_ml", "long_axis_mm", "mean", "sd")
    fields += ("place", "colour", "window")
    arrays = ("centre_lps_mm", "bounds_lps_mm", "long_axis_lps_mm")
    equal = all(getattr(a, name) == getattr(b, name) for name in fields)
    equal &= all(np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays)
    if a.mask is None or b.mask is None:
        return equal and a.mask is b.mask
    return equal and a.mask.same_as(b.mask)


def _document(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "findings.json").read_text("utf-8"))
    return found


def test_findings_come_back_equal_in_mask_and_numbers_and_say_recorded(tilted: Volume, tmp_path: Path) -> None:
    findings = _three(tilted)
    written = write_findings(tmp_path / "findings", tilted, findings, CARD.source, recorded=True, compressed=True)
    assert [p.name for p in written.files] == ["findings.json", "seg.dcm"]
    assert written.note == ""
    back = read_findings(tmp_path / "findings", tilted)
    assert all(_same(a, b) for a, b in zip(findings, back, strict=True))
    assert [f.recorded for f in back] == [True, False, True], "a reader marks, and computes nothing"


def test_the_ground_truth_is_not_called_recorded(tilted: Volume, tmp_path: Path) -> None:
    truth = evolve(_three(tilted)[0], source=Source(SourceKind.TRUTH, "Ground truth of the phantom"))
    write_findings(tmp_path / "findings", tilted, [truth], None, compressed=True)
    (back,) = read_findings(tmp_path / "findings", tilted)
    assert not back.recorded


def test_the_document_has_the_keys_that_other_programs_read(tilted: Volume, tmp_path: Path) -> None:
    write_findings(tmp_path, tilted, _three(tilted), CARD.source)
    document = _document(tmp_path)
    assert document["model"] == "nodules"
    assert document["series"] == tilted.series.series_uid
    assert document["not_for_diagnostic_use"] is True
    assert document["synthetic"] is False
    assert document["recorded"] is False
    first, mark, second = document["findings"]
    keys = {"id", "label", "score", "centre_lps_mm", "volume_ml", "long_axis_mm", "bounds_lps_mm"}
    assert keys <= first.keys()
    assert first["score"] == 1 / 3
    assert second["score"] is None
    assert np.shape(first["bounds_lps_mm"]) == (3, 2)
    assert (first["segment"], mark["segment"], second["segment"]) == (1, None, 2)


def test_no_patient_is_in_the_document(tilted: Volume, tmp_path: Path) -> None:
    write_findings(tmp_path, tilted, _three(tilted), CARD.source)
    text = (tmp_path / "findings.json").read_text("utf-8")
    assert not any(word in text for word in ("Müller", "Änne", "4711", "19500101"))


def test_synthetic_pictures_are_called_so(synthetic: Volume, tmp_path: Path) -> None:
    write_findings(tmp_path, synthetic, (), CARD.source)
    assert _document(tmp_path)["synthetic"] is True


def test_where_geometry_is_untrusted_lengths_and_volumes_are_null(untrusted: Volume, tmp_path: Path) -> None:
    found = finding(untrusted, block(untrusted.stack.shape_kji, slice(0, 2), slice(3, 5), slice(3, 5)), "n")
    write_findings(tmp_path, untrusted, (found,), CARD.source)
    (record,) = _document(tmp_path)["findings"]
    assert (record["volume_ml"], record["long_axis_mm"]) == (None, None)
    (back,) = read_findings(tmp_path, untrusted)
    assert (back.volume_ml, back.long_axis_mm) == (None, None)


def test_no_findings_are_a_document_without_a_segmentation(tilted: Volume, tmp_path: Path) -> None:
    write_findings(tmp_path, tilted, _three(tilted), CARD.source)
    written = write_findings(tmp_path, tilted, (), CARD.source)
    assert [p.name for p in written.files] == ["findings.json"]
    assert "no segmentation" in written.note
    assert not (tmp_path / "seg.dcm").exists()
    assert read_findings(tmp_path, tilted) == ()


def test_a_nifti_volume_gets_nifti_masks_and_says_why(tmp_path: Path) -> None:
    volume = nifti_like()
    findings = _three(volume)
    written = write_findings(tmp_path, volume, findings, CARD.source)
    assert [p.name for p in written.files] == ["findings.json", "seg.nii.gz"]
    assert "NIfTI" in written.note
    assert _document(tmp_path)["note"] == written.note
    assert all(_same(a, b) for a, b in zip(findings, read_findings(tmp_path, volume), strict=True))


def test_other_programs_find_nifti_masks_in_their_place(tmp_path: Path) -> None:
    volume = nifti_like()
    write_findings(tmp_path, volume, _three(volume), CARD.source)
    image: Any = nibabel.load(tmp_path / "seg.nii.gz")
    i, j, k = 8, 6, 2
    assert image.dataobj[i, j, k] == 1
    ras = image.affine @ [i, j, k, 1]
    assert np.allclose(ras[:3] * [-1, -1, 1], volume.stack.lps([i, j, k]), atol=1e-4)


def test_of_uneven_slices_without_dicom_no_mask_is_written_beside_its_place_and_that_is_said(
    tilted: Volume, tmp_path: Path
) -> None:
    smaller = evolve(tilted, source_uids=(), shrunk=2)
    written = write_findings(tmp_path, smaller, _three(smaller), CARD.source)
    assert [p.name for p in written.files] == ["findings.json"]
    assert "No masks: NIfTI cannot hold uneven slices." in written.note
    assert [f.mask for f in read_findings(tmp_path, smaller)] == [None, None, None]


def test_nifti_masks_that_overlap_keep_their_shared_voxels(tmp_path: Path) -> None:
    volume = nifti_like()
    shape = volume.stack.shape_kji
    findings = (
        finding(volume, block(shape, slice(0, 5), slice(0, 8), slice(0, 8)), "large"),
        finding(volume, block(shape, slice(1, 2), slice(2, 4), slice(2, 4)), "small"),
    )
    write_findings(tmp_path, volume, findings, CARD.source)
    assert all(_same(a, b) for a, b in zip(findings, read_findings(tmp_path, volume), strict=True))


def test_nifti_masks_of_another_place_are_refused(tmp_path: Path) -> None:
    volume = nifti_like()
    write_findings(tmp_path, volume, _three(volume), CARD.source)
    stack = evolve(volume.stack, positions_lps_mm=volume.stack.positions_lps_mm + [0, 0, 1.0])
    moved = evolve(volume, stack=stack, grid=stack.as_grid())
    with pytest.raises(UnreadableFileError, match="does not lie on this volume"):
        read_findings(tmp_path, moved)


def test_findings_of_another_series_are_refused(tilted: Volume, tmp_path: Path) -> None:
    write_findings(tmp_path, tilted, _three(tilted), CARD.source)
    other = evolve(tilted, series=evolve(tilted.series, series_uid="1.2.3.4"))
    with pytest.raises(CaseDocumentError, match="another series"):
        read_findings(tmp_path, other)


def test_masks_that_were_exchanged_are_noticed(tilted: Volume, tmp_path: Path) -> None:
    write_findings(tmp_path / "a", tilted, _three(tilted), CARD.source)
    write_findings(tmp_path / "b", tilted, _three(tilted)[:1], CARD.source)
    (tmp_path / "b" / "seg.dcm").replace(tmp_path / "a" / "seg.dcm")
    with pytest.raises(CaseDocumentError, match="is not the one that was written with it"):
        read_findings(tmp_path / "a", tilted)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d: d["findings"][0].update(scor=0.5), r"findings\[0\].*scor"),
        (lambda d: d["findings"][0].pop("label"), r"findings\[0\]: it lacks “label”"),
        (lambda d: d["findings"][0].update(score="high"), r"findings\[0\].score"),
        (lambda d: d["findings"][0].update(segment=9), "names segment 9"),
        (lambda d: d["findings"][0].update(segment=2), "another finding"),
        (lambda d: d.update(version=2, more=1), "newer CaseStage"),
        (lambda d: d["segmentation"].update(file="../seg.dcm"), "must be seg.dcm"),
        (lambda d: d.pop("format"), "format"),
        (lambda d: d.update(version=0), "“version” must be a whole number from 1"),
        (lambda d: d.update(findings={}), "findings: it must be a list"),
        # What a reader says of one would be said of the other.
        (lambda d: d["findings"][1].update(id="nodule-1"), r"findings\[1\].id: another finding has the same"),
        (lambda d: d["findings"].append(d["findings"][1]), r"findings\[3\].id: another finding has the same"),
        (lambda d: d["findings"][0].update(id=""), r"findings\[0\].id: it is empty"),
        (lambda d: d["findings"][0].update(score=7.0), "score: it must lie between 0 and 1"),
        (lambda d: d["findings"][0].update(score=-0.5), "score: it must lie between 0 and 1"),
        (lambda d: d["findings"][0].update(volume_ml=-1.0), "volume_ml: it must not be below 0"),
        (lambda d: d["findings"][0].update(volume_ml=12.5), "says 12.5 mL, and its outline holds"),
        (
            lambda d: d["findings"][0]["centre_lps_mm"].__setitem__(2, 1e6),
            "centre_lps_mm: it lies outside of its bounds",
        ),
        (
            lambda d: d["findings"][0]["centre_lps_mm"].__setitem__(0, d["findings"][0]["bounds_lps_mm"][0][0] - 1.5),
            "centre_lps_mm: it lies outside of its bounds",
        ),
        (lambda d: d["findings"][0]["bounds_lps_mm"][0].reverse(), "bounds_lps_mm: it ends before it begins"),
        (lambda d: d["findings"][0].update(colour="red"), "colour: a colour is written #RRGGBB"),
        (lambda d: d["findings"][0]["window"].update(width=0.0), "window: no values lie in a window of this"),
        (lambda d: d["findings"][0].update(slices_k=[0, 10**9]), "slices_k: the series has no such slices"),
    ],
)
def test_a_damaged_document_is_refused_with_the_place(tilted: Volume, tmp_path: Path, edit: Any, words: str) -> None:
    write_findings(tmp_path, tilted, _three(tilted), CARD.source)
    document = _document(tmp_path)
    edit(document)
    (tmp_path / "findings.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(CaseDocumentError, match=words):
        read_findings(tmp_path, tilted)


@pytest.mark.parametrize("name", ["findings.json", "seg.dcm"])
def test_a_missing_file_is_named(tilted: Volume, tmp_path: Path, name: str) -> None:
    write_findings(tmp_path / "findings", tilted, _three(tilted), CARD.source)
    (tmp_path / "findings" / name).unlink()
    with pytest.raises(CaseStageError, match=f"findings/{name}"):
        read_findings(tmp_path / "findings", tilted)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no place among files here")
@pytest.mark.parametrize("name", ["findings.json", "seg.dcm"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tilted: Volume, tmp_path: Path, name: str) -> None:
    write_findings(tmp_path / "findings", tilted, _three(tilted), CARD.source)
    (tmp_path / "findings" / name).unlink()
    os.mkfifo(tmp_path / "findings" / name)
    with pytest.raises(CaseStageError, match=f"findings/{name}"):
        read_findings(tmp_path / "findings", tilted)


def test_masks_of_a_real_oblique_nifti_lie_where_the_file_says(real_data: Path, tmp_path: Path) -> None:
    path = real_data / "a15_nifti_misc" / "CT_pitch.nii.gz"
    volume = opened(path)
    found = finding(volume, volume.slices > 200, "bright")
    write_findings(tmp_path, volume, (found,), CARD.source)
    assert _same(found, read_findings(tmp_path, volume)[0])
    written: Any = nibabel.load(tmp_path / "seg.nii.gz")
    source: Any = nibabel.load(path)
    marked = np.argwhere(np.asarray(written.dataobj) == 1)[::997]
    places = nibabel.affines.apply_affine(written.affine, marked)
    back = np.round(nibabel.affines.apply_affine(np.linalg.inv(source.affine), places)).astype(int)
    assert (np.asarray(source.dataobj)[tuple(back.T)] > 200).all()
