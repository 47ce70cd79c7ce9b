"""A case saved from a patient's CT holds the pictures and the story, opens like any other, and names nobody."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import pydicom
import pytest
from attrs import evolve
from pydicom.dataset import Dataset

from tests.io.deidentify.canaries import WORD, canaries_below, planted, write_image
from tests.io.documents.conftest import write_series
from viewer.domain.alignment import Alignment
from viewer.domain.errors import CaseDocumentError, CaseStageError, DeidentifyError, FaceSignOffError, SignOffError
from viewer.domain.finding import Finding, Source, SourceKind, Truth
from viewer.domain.job import JobContext, Progress
from viewer.domain.labels import Mask
from viewer.domain.model_result import ModelResult
from viewer.domain.session import Session
from viewer.domain.view_state import Comparison
from viewer.io.case_document import missing_paths, read_case
from viewer.io.deidentified_series import export_series
from viewer.io.deidentify import Deidentifier
from viewer.io.pack_writing import write_pack
from viewer.io.scan import scan
from viewer.services.case_making import CaseMaking
from viewer.services.case_saving import PriorScan, save_case
from viewer.services.left_behind import left_behind
from viewer.services.loading import load_case, load_series
from viewer.services.views import view_of_finding, view_of_volume

if TYPE_CHECKING:
    from viewer.domain.volume import Volume


def _patient(folder: Path, *, first: int = 0) -> Volume:
    """Write and open a CT that is full of canaries: a bright block in water."""
    folder.mkdir(parents=True)
    for k in range(8):
        stored = np.full((40, 48), 24, np.int16)
        stored[6:34, 6:42] = 1044
        if 3 <= k <= 5:
            stored[18:24, 20:28] = 1724
        write_image(folder / f"{WORD}{k}.dcm", stored, first + k + 1, everything=False)
    return load_series(scan(folder, JobContext()).series[0], JobContext())


def _finding(volume: Volume, kind: SourceKind) -> Finding:
    mask = Mask.from_full(np.asarray(volume.slices > 600))
    assert mask is not None
    centre = volume.stack.lps((24, 21, 4))
    names = {SourceKind.MODEL: "Small model", SourceKind.READER: f"Dr. {WORD}", SourceKind.TRUTH: "Truth"}
    return Finding(
        id=f"block-{kind.value}",
        tracking_uid=f"1.2.999.{kind.value.encode().hex()[:3].replace('a', '1')}47114711".replace("..", "."),
        label_key="block",
        label="Block",
        source=Source(kind, names[kind], model_id="small" if kind is SourceKind.MODEL else ""),
        centre_lps_mm=centre,
        bounds_lps_mm=np.stack([centre - 8, centre + 8], axis=1),
        score=0.9 if kind is SourceKind.MODEL else None,
        mask=mask,
        volume_ml=0.2016,
        long_axis_mm=20.0,
    )


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Volume:
    return _patient(tmp_path_factory.mktemp("ct") / WORD / "ct")


@pytest.fixture
def making(patient: Volume, tmp_path: Path) -> CaseMaking:
    session = Session()
    session.volume = patient
    session.findings = (_finding(patient, SourceKind.MODEL), _finding(patient, SourceKind.READER))
    session.truth = Truth((_finding(patient, SourceKind.TRUTH),))
    session.view = view_of_volume(patient)
    made = CaseMaking(session, tmp_path / "drafts")
    made.start(told=True)
    made.describe(title="A block in water", summary="Found, and found again.")
    return made


def test_a_case_is_saved_without_its_patient_and_packed_without_it(making: CaseMaking, tmp_path: Path) -> None:
    cases = tmp_path / "data" / "cases"
    case = save_case(making.making(), cases, JobContext(), signed_off=True)
    assert case.id == "a-block-in-water"
    assert Path(case.folder) == cases / case.id
    assert canaries_below(tmp_path / "data") == []
    write_pack(tmp_path / "out.casepack", [Path(case.folder)], [], JobContext())
    assert planted((tmp_path / "out.casepack").read_bytes()) == 0
    assert list((tmp_path / "data").iterdir()) == [cases]
    with zipfile.ZipFile(tmp_path / "out.casepack") as archive:
        assert {Path(name).parts[-2] for name in archive.namelist() if name.endswith(".dcm")} == {
            "dicom",
            "findings",
            "truth",
        }


def test_a_case_stands_under_what_it_shows_though_only_a_description_tells(
    making: CaseMaking, patient: Volume, tmp_path: Path
) -> None:
    told = evolve(patient.series, body_part="", study_description="CT Abdomen portal venous")
    case = save_case(
        evolve(making.making(), volume=evolve(patient, series=told)), tmp_path / "cases", JobContext(), signed_off=True
    )
    assert case.body_part == "ABDOMEN"
    assert planted((Path(case.folder) / "case.json").read_bytes()) == 0


def test_a_normal_scan_on_which_a_model_found_nothing_is_kept_as_just_that(making: CaseMaking, tmp_path: Path) -> None:
    finder = Source(SourceKind.MODEL, "Small model", "1.0.0", "small", "ab" * 32)
    given = evolve(making.making(), findings=(), truth=Truth(), model=finder)
    case = save_case(given, tmp_path / "cases", JobContext(), signed_off=True)
    loaded = load_case(read_case(Path(case.folder)), JobContext())
    assert (loaded.findings, loaded.truth, loaded.judged) == ((), Truth(), True)
    assert case.model_id == "small"
    packed = tmp_path / "normal.casepack"
    write_pack(packed, [Path(case.folder)], [], JobContext())
    with zipfile.ZipFile(packed) as archive:
        assert sum(name.endswith("truth/findings.json") for name in archive.namelist()) == 1
    assert dict(left_behind(loaded).facts)["Findings"].endswith("the ground truth holds none")


def test_two_programs_may_save_cases_at_once(making: CaseMaking, tmp_path: Path) -> None:
    others: list[str] = []

    def meanwhile(progress: Progress) -> None:
        if not others and progress.what == "Opening the case":
            others.append("begun")
            others[:] = [save_case(making.making(), tmp_path / "cases", JobContext(), signed_off=True).folder]

    case = save_case(making.making(), tmp_path / "cases", JobContext(meanwhile), signed_off=True)
    assert case.folder not in others
    for folder in (case.folder, *others):
        assert missing_paths(read_case(Path(folder))) == ()
        assert (Path(folder) / "thumbnail.png").is_file()
    assert not (tmp_path / "making").exists()


def test_what_a_killed_program_left_of_a_case_is_removed_with_the_next(making: CaseMaking, tmp_path: Path) -> None:
    left = tmp_path / "making" / "0123456789ab"
    left.mkdir(parents=True)
    (left / "case.json").write_text("{}")
    save_case(making.making(), tmp_path / "cases", JobContext(), signed_off=True)
    assert not (tmp_path / "making").exists()


def test_a_scan_of_which_nothing_is_known_and_nothing_was_said_says_neither(making: CaseMaking, tmp_path: Path) -> None:
    case = save_case(
        evolve(making.making(), findings=(), truth=None), tmp_path / "cases", JobContext(), signed_off=True
    )
    loaded = load_case(read_case(Path(case.folder)), JobContext())
    assert (loaded.findings, loaded.truth, loaded.anything_said) == ((), None, False)
    assert "Findings" not in dict(left_behind(loaded).facts)


def test_the_saved_case_opens_with_the_same_ct_findings_and_story(
    making: CaseMaking, patient: Volume, tmp_path: Path
) -> None:
    case = save_case(making.making(), tmp_path / "data" / "cases", JobContext(), signed_off=True)
    loaded = load_case(read_case(Path(case.folder)), JobContext())
    assert not missing_paths(case)
    assert np.array_equal(loaded.volume.slices, patient.slices)
    assert [f.id for f in loaded.findings] == ["block-model", "block-reader"]
    for before, after in zip((_finding(patient, SourceKind.MODEL),), loaded.findings, strict=False):
        assert before.mask is not None
        assert after.mask is not None
        assert np.array_equal(before.mask.full(patient.slices.shape), after.mask.full(patient.slices.shape))
        assert after.recorded
        assert after.tracking_uid != before.tracking_uid
    assert [f.source.name for f in loaded.findings] == ["Small model", "A reader"]
    assert making.draft is not None
    assert [step.title for step in case.steps] == [step.title for step in making.draft.steps]
    assert {step.view.series_uid for step in case.steps} == {loaded.volume.series.series_uid}
    assert not case.provenance.synthetic
    picture = imagecodecs.png_decode((Path(case.folder) / "thumbnail.png").read_bytes())
    assert picture.shape == (592, 880, 3)
    assert picture.std() > 10


def test_images_that_may_show_text_are_not_saved_before_someone_looked(making: CaseMaking, tmp_path: Path) -> None:
    marked = _patient(tmp_path / "ct")
    for path in (tmp_path / "ct").iterdir():
        image = pydicom.dcmread(path)
        image.BurnedInAnnotation = "YES"
        image.save_as(path)
    inputs = evolve(making.making(), volume=marked)
    with pytest.raises(SignOffError) as asked:
        save_case(inputs, tmp_path / "data" / "cases", JobContext())
    assert "burned in" in asked.value.detail
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []
    assert save_case(inputs, tmp_path / "data" / "cases", JobContext(), signed_off=True).steps


@pytest.mark.parametrize("where", ["title", "narration", "notes", "case"])
def test_a_story_that_names_the_patient_is_not_saved(making: CaseMaking, tmp_path: Path, where: str) -> None:
    said = pydicom.dcmread(next(Path(f).parent for f in making.making().volume.source_files) / f"{WORD}0.dcm")
    name = str(said.PatientName)
    assert making.in_hand is not None
    if where == "case":
        making.describe(title=f"The lungs of {name}")
    else:
        making.edit(making.in_hand.id, **{where: f"Here is {name}."})
    with pytest.raises(CaseDocumentError, match="names the patient") as refusal:
        save_case(making.making(), tmp_path / "cases", JobContext(), signed_off=True)
    assert WORD not in f"{refusal.value.sentence}{refusal.value.hint}{refusal.value.detail}"


def test_two_cases_of_one_title_do_not_get_in_each_others_way(making: CaseMaking, tmp_path: Path) -> None:
    cases = tmp_path / "data" / "cases"
    made = [save_case(making.making(), cases, JobContext(), signed_off=True) for _ in range(2)]
    assert [case.id for case in made] == ["a-block-in-water", "a-block-in-water-2"]
    assert made[0].series_uid != made[1].series_uid


def test_a_step_behind_the_curtain_brings_the_earlier_scan_along(
    making: CaseMaking, patient: Volume, tmp_path: Path
) -> None:
    earlier = _patient(tmp_path / "ct", first=20)
    earlier = evolve(earlier, series=evolve(earlier.series, series_uid="1.2.3"))
    prior = PriorScan(earlier, (), Alignment(shift_mm=(1.0, 2.0, 3.0)), ("Today", "A year before"), same_patient=True)
    inputs = making.making()
    view = evolve(view_of_finding(view_of_volume(patient), inputs.findings[0], patient), comparison=Comparison.CURTAIN)
    draft = inputs.draft.with_changed(evolve(inputs.draft.steps[0], view=view))
    inputs = evolve(inputs, draft=draft, prior=prior)
    case = save_case(inputs, tmp_path / "data" / "cases", JobContext(), signed_off=True)
    assert case.prior is not None
    assert (case.prior.own_title, case.prior.title) == ("Today", "A year before")
    assert case.prior.shift_mm == (1.0, 2.0, 3.0)
    loaded = load_case(case, JobContext())
    assert loaded.prior is not None
    assert loaded.prior.volume.series.identity.patient_id == loaded.volume.series.identity.patient_id
    assert canaries_below(tmp_path / "data") == []
    with pytest.raises(DeidentifyError, match="different patients"):
        save_case(evolve(inputs, prior=evolve(prior, same_patient=False)), tmp_path / "x", JobContext())


def test_a_real_tilted_head_is_the_same_in_its_case_and_shows_no_face(real_data: Path, tmp_path: Path) -> None:
    entries = scan(real_data / "a01_head_ge_tilt_uneven", JobContext()).series
    volume = load_series(max(entries, key=lambda e: e.count), JobContext())
    session = Session()
    session.volume, session.view = volume, evolve(view_of_volume(volume), preset_3d="skin")
    making = CaseMaking(session, tmp_path / "drafts")
    making.capture()
    with pytest.raises(FaceSignOffError) as asked:
        save_case(making.making(), tmp_path / "data" / "cases", JobContext())
    assert not asked.value.detail
    assert not list((tmp_path / "data").rglob("*.dcm"))
    case = save_case(making.making(), tmp_path / "data" / "cases", JobContext(), signed_off=True)
    assert case.steps[0].view.preset_3d == "bone"
    again = load_case(case, JobContext()).volume
    assert np.array_equal(again.slices, volume.slices)
    assert np.array_equal(again.voxels, volume.voxels)
    assert np.array_equal(again.grid.lps_from_ijk, volume.grid.lps_from_ijk)
    assert again.verdict == volume.verdict


def _curve() -> Dataset:
    table = Dataset()
    table.add_new(0x00283002, "US", [64, 1000, 12])
    table.LUTExplanation = f"Curve of Dr. {WORD}"
    table.add_new(0x00283006, "OW", (np.arange(64, dtype="<u2") * 64).tobytes())
    return table


def test_a_step_seen_through_a_lookup_table_is_seen_through_it_in_the_case(making: CaseMaking, tmp_path: Path) -> None:
    _patient(tmp_path / "ct")
    for path in (tmp_path / "ct").iterdir():
        image = pydicom.dcmread(path)
        image.VOILUTSequence = [_curve()]
        image.save_as(path)
    volume = load_series(scan(tmp_path / "ct", JobContext()).series[0], JobContext())
    inputs = evolve(making.making(), volume=volume)
    first = inputs.draft.steps[0]
    seen = evolve(first, view=evolve(first.view, lut=volume.luts[0].name))
    inputs = evolve(inputs, draft=inputs.draft.with_changed(seen))
    case = save_case(inputs, tmp_path / "data" / "cases", JobContext(), signed_off=True)
    again = load_case(case, JobContext()).volume
    assert case.steps[0].view.lut == "LUT 1"
    assert [table.name for table in again.luts] == ["LUT 1"]
    assert np.array_equal(again.luts[0].at(0).entries, volume.luts[0].at(0).entries)
    assert canaries_below(tmp_path / "data") == []


def test_where_saving_fails_there_is_no_half_case(
    making: CaseMaking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise CaseStageError("It failed.")

    monkeypatch.setattr("viewer.services.case_saving.write_png", fails)
    with pytest.raises(CaseStageError, match="It failed"):
        save_case(making.making(), tmp_path / "data" / "cases", JobContext(), signed_off=True)
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


def test_a_step_that_compares_two_models_takes_along_what_both_said(
    making: CaseMaking, patient: Volume, tmp_path: Path
) -> None:
    session = making._session
    second = evolve(
        _finding(patient, SourceKind.MODEL),
        id="other-block",
        source=Source(SourceKind.MODEL, "Other model", model_id="other"),
    )
    session.results = {
        "small": ModelResult("small", "Small model", (_finding(patient, SourceKind.MODEL),), 0.4),
        "other": ModelResult("other", "Other model", (second,), 0.6),
    }
    assert session.view is not None
    session.view = evolve(session.view, models=("small", "other"), comparison=Comparison.CURTAIN)
    making.capture()
    case = save_case(making.making(), tmp_path / "data" / "cases", JobContext(), signed_off=True)
    assert canaries_below(tmp_path / "data") == []
    loaded = load_case(read_case(Path(case.folder)), JobContext())
    assert [(r.name, r.threshold, r.recorded) for r in loaded.results] == [
        ("Small model", 0.4, True),
        ("Other model", 0.6, True),
    ]
    assert [f.id for f in loaded.results[1].findings] == ["other-block"]
    told = next(step.view for step in case.steps if step.view.models is not None)
    assert (told.models, told.comparison) == (("small", "other"), Comparison.CURTAIN)
    write_pack(tmp_path / "out.casepack", [Path(case.folder)], [], JobContext())
    with zipfile.ZipFile(tmp_path / "out.casepack") as archive:
        assert any(name.endswith("results/other/findings.json") for name in archive.namelist())

    # Without what one of them said a step cannot show both.
    session.results = {}
    alone = save_case(making.making(), tmp_path / "data" / "cases", JobContext(), signed_off=True)
    assert all(step.view.models is None for step in alone.steps)
    assert all(step.view.comparison is Comparison.OFF for step in alone.steps)


def test_tilted_and_uneven_slices_without_padding_make_a_case_as_any_others_do(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "ct", [0.0, 2.0, 4.0, 9.0, 14.0], tilt_deg=15)
    volume = load_series(scan(folder, JobContext()).series[0], JobContext())
    assert volume.regridded
    made = export_series(volume, tmp_path / "out", Deidentifier(), JobContext(), signed_off=True)
    assert np.array_equal(made.slices, volume.slices)
    again = load_series(scan(tmp_path / "out", JobContext()).series[0], JobContext())
    assert np.array_equal(again.voxels, volume.voxels)
    assert np.array_equal(again.grid.lps_from_ijk, volume.grid.lps_from_ijk)
