"""Segmentations and maps over a series: in their place whatever their grid, or refused with the reason."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from attrs import evolve

from viewer.domain.errors import CaseStageError, GeometryError, TooLargeError, UnreadableFileError
from viewer.domain.geometry import SliceStack, Verdict
from viewer.domain.job import JobContext
from viewer.domain.label_palette import COLOURS, seen_on_black
from viewer.domain.overlay_look import MapLook
from viewer.domain.overlays import PROBABILITY, UNKNOWN_UNIT, Segmentation, ValueMap
from viewer.domain.session import Session
from viewer.domain.view_state import OverlayMode, overview
from viewer.domain.volume import SeriesFacts, Volume
from viewer.domain.walkthrough import Case, Provenance
from viewer.io.scan import scan
from viewer.scene.map_planes import coloured
from viewer.services.jobs import JobRunner
from viewer.services.loading import load_series
from viewer.services.overlay_files import read_labels, read_map
from viewer.services.overlaying import Overlaying
from viewer.services.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE_IJK = (24, 20, 12)
SPACING_MM = (1.5, 1.25, 2.0)
ORIGIN_MM = (-20.0, 15.0, 100.0)


def series(series_uid: str = "1.2.3", **facts: str) -> Volume:
    stack = SliceStack(
        SIZE_IJK[:2],
        SPACING_MM[:2],
        (1, 0, 0),
        (0, 1, 0),
        np.array(ORIGIN_MM) + np.arange(SIZE_IJK[2])[:, None] * (0, 0, SPACING_MM[2]),
    )
    values = np.zeros(stack.shape_kji, np.int16)
    return Volume(SeriesFacts(series_uid, modality="CT", **facts), values, stack, values, stack.as_grid())


def image(values: np.ndarray) -> sitk.Image:
    """An image on the grid of the series."""
    made = sitk.GetImageFromArray(values)
    made.SetSpacing(SPACING_MM)
    made.SetOrigin(ORIGIN_MM)
    return made


def blocks(count: int = 3) -> np.ndarray:
    """Labels 1, 2, 3 … of one row of voxels each, on other slices and columns."""
    values = np.zeros(SIZE_IJK[::-1], np.uint16)
    flat = values.reshape(-1)
    flat[np.arange(count) * (flat.size // count)] = np.arange(1, count + 1)
    return values


def labelled(read: Segmentation) -> np.ndarray:
    made = np.zeros(SIZE_IJK[::-1], np.uint16)
    for label in read.labels:
        made[label.mask.full(made.shape)] = int(label.key.split()[1])
    return made


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("flip", [(False, False, False), (True, True, False), (False, True, True)])
def test_a_label_map_is_laid_on_voxel_for_voxel_whichever_way_its_axes_run(
    tmp_path: Path, ending: str, flip: tuple[bool, bool, bool]
) -> None:
    values = blocks(7)
    values[3, 4:9, 5:8] = 9
    path = tmp_path / f"labels{ending}"
    # Flipped in memory, with directions that say so: the same places in the patient.
    sitk.WriteImage(sitk.Flip(image(values), flip), path)
    laid = read_labels(path, series(), JobContext())
    assert isinstance(laid.what, Segmentation)
    assert laid.note == ""
    assert np.array_equal(labelled(laid.what), values)


def test_a_label_map_on_a_grid_of_its_own_gives_each_voxel_the_nearest_label_and_says_so(tmp_path: Path) -> None:
    values = np.zeros((15, 18, 21), np.uint8)
    values[3:12, 4:13, 5:16] = 4
    values[6:9, 6:9, 7:12] = 5
    other = sitk.GetImageFromArray(values)
    other.SetSpacing((2.1, 1.9, 2.3))
    turned = np.array([[np.cos(0.3), -np.sin(0.3), 0], [np.sin(0.3), np.cos(0.3), 0], [0, 0, 1]])
    other.SetDirection(turned.ravel())
    other.SetOrigin((-19.0, 8.0, 96.0))
    path = tmp_path / "labels.nrrd"
    sitk.WriteImage(other, path)
    laid = read_labels(path, series(), JobContext())
    assert isinstance(laid.what, Segmentation)
    assert "grid of their own" in laid.note
    expected = sitk.GetArrayFromImage(
        sitk.Resample(other, image(np.zeros(SIZE_IJK[::-1], np.uint8)), sitk.Transform(), sitk.sitkNearestNeighbor)
    )
    differing = np.count_nonzero(labelled(laid.what) != expected)
    # Where two are equally near, either is right.
    assert np.count_nonzero(expected) > 1000
    assert differing <= 3


def test_255_labels_are_taken_and_256_are_refused(tmp_path: Path) -> None:
    sitk.WriteImage(image(blocks(255)), tmp_path / "many.nrrd")
    laid = read_labels(tmp_path / "many.nrrd", series(), JobContext())
    assert isinstance(laid.what, Segmentation)
    assert len({(label.colour, label.line) for label in laid.what.labels}) == 255
    sitk.WriteImage(image(blocks(256)), tmp_path / "too_many.nrrd")
    with pytest.raises(TooLargeError, match="256 labels; up to 255"):
        read_labels(tmp_path / "too_many.nrrd", series(), JobContext())


def test_segments_of_slicer_keep_their_names(tmp_path: Path) -> None:
    made = image(blocks(2))
    for n, name in enumerate(("left_kidney", "Tumour")):
        made.SetMetaData(f"Segment{n}_Name", name)
        made.SetMetaData(f"Segment{n}_LabelValue", str(n + 1))
    sitk.WriteImage(made, tmp_path / "labels.seg.nrrd")
    laid = read_labels(tmp_path / "labels.seg.nrrd", series(), JobContext())
    assert isinstance(laid.what, Segmentation)
    assert [label.name for label in laid.what.labels] == ["Left kidney", "Tumour"]


def test_a_long_name_is_whole(tmp_path: Path) -> None:
    name = "Segmentum laterale superius sinistrum hepatis cum vasis, second reader, revised"
    made = image(blocks(1))
    made.SetMetaData("Segment0_Name", name)
    made.SetMetaData("Segment0_LabelValue", "1")
    sitk.WriteImage(made, tmp_path / "labels.seg.nrrd")
    laid = read_labels(tmp_path / "labels.seg.nrrd", series(), JobContext())
    assert isinstance(laid.what, Segmentation)
    assert [label.name for label in laid.what.labels] == [name]


def layered(path: Path, layers: list[np.ndarray], *about: str) -> None:
    """Write label maps as Slicer writes segments that overlap: one file, the layers before the axes."""
    ni, nj, nk = SIZE_IJK
    head = (
        f"NRRD0004\ntype: unsigned char\ndimension: 4\nsizes: {len(layers)} {ni} {nj} {nk}",
        "space: left-posterior-superior",
        f"space directions: none ({SPACING_MM[0]},0,0) (0,{SPACING_MM[1]},0) (0,0,{SPACING_MM[2]})",
        f"kinds: list domain domain domain\nencoding: raw\nspace origin: ({','.join(map(str, ORIGIN_MM))})",
        *about,
    )
    path.write_bytes("\n".join(head).encode() + b"\n\n" + np.stack(layers, axis=-1).astype(np.uint8).tobytes())


def test_segments_that_overlap_in_layers_keep_each_its_own_name(tmp_path: Path) -> None:
    organs, within = np.zeros((2, *SIZE_IJK[::-1]), np.uint8)
    organs[2:9, 3:9, 3:9], organs[2:9, 12:18, 3:9], within[4:6, 5:7, 5:7] = 1, 2, 1
    said = (("Liver", 0, 1), ("Kidney", 0, 2), ("Tumour", 1, 1))
    about = [
        f"Segment{n}_{key}:={value}"
        for n, facts in enumerate(said)
        for key, value in zip(("Name", "Layer", "LabelValue"), facts, strict=True)
    ]
    layered(tmp_path / "labels.seg.nrrd", [organs, within], *about)
    laid = read_labels(tmp_path / "labels.seg.nrrd", series(), JobContext())
    assert isinstance(laid.what, Segmentation)
    found = {label.name: label.mask.count for label in laid.what.labels}
    assert found == {"Liver": 252, "Kidney": 252, "Tumour": 8}
    assert len({label.key for label in laid.what.labels}) == 3


def test_layers_without_names_are_as_many_labels_as_they_hold(tmp_path: Path) -> None:
    first, second = np.zeros((2, *SIZE_IJK[::-1]), np.uint8)
    first[2, 3], first[2, 9], second[2, 5], second[2, 12] = 1, 2, 1, 2
    layered(tmp_path / "labels.nrrd", [first, second])
    laid = read_labels(tmp_path / "labels.nrrd", series(), JobContext())
    assert isinstance(laid.what, Segmentation)
    assert [label.name for label in laid.what.labels] == [f"Label {n}" for n in (1, 2, 3, 4)]


def test_segments_of_an_older_slicer_are_named_in_their_order(tmp_path: Path) -> None:
    first, second = np.zeros((2, *SIZE_IJK[::-1]), np.uint8)
    first[2, 3], second[2, 5, :4] = 1, 1
    layered(tmp_path / "labels.seg.nrrd", [first, second], "Segment0_Name:=Lung", "Segment1_Name:=Nodule")
    laid = read_labels(tmp_path / "labels.seg.nrrd", series(), JobContext())
    assert isinstance(laid.what, Segmentation)
    assert {label.name: label.mask.count for label in laid.what.labels} == {"Lung": 24, "Nodule": 4}


def test_values_between_whole_numbers_are_no_labels(tmp_path: Path) -> None:
    sitk.WriteImage(image(np.full(SIZE_IJK[::-1], 0.5, np.float32)), tmp_path / "p.nrrd")
    with pytest.raises(UnreadableFileError, match="not labels"):
        read_labels(tmp_path / "p.nrrd", series(), JobContext())


@pytest.mark.parametrize(
    ("value", "said"), [(-1, "no labels: below 0, or too high"), (70_000, "no labels"), (65_535, "")]
)
def test_numbers_below_0_or_too_high_for_a_label_are_none(tmp_path: Path, value: int, said: str) -> None:
    values = blocks().astype(np.int32)
    values[3, 4, 5] = value
    sitk.WriteImage(image(values), tmp_path / "labels.nrrd")
    if not said:
        assert isinstance(read_labels(tmp_path / "labels.nrrd", series(), JobContext()).what, Segmentation)
        return
    with pytest.raises(UnreadableFileError, match=said):
        read_labels(tmp_path / "labels.nrrd", series(), JobContext())


def test_a_map_between_0_and_1_is_taken_for_probabilities_and_that_is_said(tmp_path: Path) -> None:
    sitk.WriteImage(image(np.random.default_rng(1).random(SIZE_IJK[::-1], np.float32)), tmp_path / "p.nii.gz")
    laid = read_map(tmp_path / "p.nii.gz", series(), JobContext())
    assert isinstance(laid.what, ValueMap)
    assert (laid.what.unit, laid.what.low, laid.what.high) == (PROBABILITY, 0.0, 1.0)
    assert "taken for probabilities" in laid.note


def test_the_range_of_another_map_is_that_of_its_values_and_its_unit_is_not_guessed(tmp_path: Path) -> None:
    values = np.linspace(0, 80, np.prod(SIZE_IJK), dtype=np.float32).reshape(SIZE_IJK[::-1])
    sitk.WriteImage(image(values), tmp_path / "m.mha")
    laid = read_map(tmp_path / "m.mha", series(), JobContext())
    assert isinstance(laid.what, ValueMap)
    assert laid.what.unit == UNKNOWN_UNIT
    assert laid.what.low == 0.0
    assert laid.what.high == pytest.approx(80, abs=0.5)
    assert not laid.what.diverging
    sitk.WriteImage(image(values - 40), tmp_path / "d.mha")
    difference = read_map(tmp_path / "d.mha", series(), JobContext()).what
    assert isinstance(difference, ValueMap)
    assert difference.diverging
    assert difference.low == -difference.high


def test_of_a_map_with_nothing_above_0_what_is_0_is_left_clear_and_what_is_far_below_is_drawn(tmp_path: Path) -> None:
    values = np.zeros(SIZE_IJK[::-1], np.float32)
    values[4:8, 5:10, 6:12] = -40.0
    sitk.WriteImage(image(values), tmp_path / "less.mha")
    less = read_map(tmp_path / "less.mha", series(), JobContext()).what
    assert isinstance(less, ValueMap)
    clear, drawn = coloured(np.array([0.0, -40.0], np.float32), less, MapLook())
    assert clear == 0
    assert drawn != 0


def test_a_map_of_one_value_below_0_is_of_one_colour_and_not_speckled(tmp_path: Path) -> None:
    sitk.WriteImage(image(np.full(SIZE_IJK[::-1], -1.58, np.float32)), tmp_path / "flat.mha")
    flat = read_map(tmp_path / "flat.mha", series(), JobContext()).what
    assert isinstance(flat, ValueMap)
    mixed = np.array([-1.5800002, -1.58, -1.5799999], np.float32)
    assert len(set(coloured(mixed, flat, MapLook()).tolist())) == 1


def test_a_map_that_covers_a_part_of_the_series_says_how_much(tmp_path: Path) -> None:
    sitk.WriteImage(image(np.ones(SIZE_IJK[::-1], np.float32))[:, :, :6], tmp_path / "p.nrrd")
    assert "covers 50 %" in read_map(tmp_path / "p.nrrd", series(), JobContext()).note


@pytest.mark.parametrize("read", [read_labels, read_map])
def test_what_lies_elsewhere_is_refused_in_a_sentence(
    tmp_path: Path, read: Callable[[Path, Volume, JobContext], object]
) -> None:
    away = image(blocks())
    away.SetOrigin((-20.0, 15.0, 400.0))
    sitk.WriteImage(away, tmp_path / "away.nrrd")
    with pytest.raises(GeometryError, match="do not overlap anywhere") as refused:
        read(tmp_path / "away.nrrd", series(), JobContext())
    assert "Open the series" in refused.value.hint


def test_a_series_without_positions_takes_nothing_over_it(tmp_path: Path) -> None:
    sitk.WriteImage(image(blocks()), tmp_path / "labels.nrrd")
    with pytest.raises(GeometryError, match="does not say where its images lie"):
        read_map(tmp_path / "labels.nrrd", evolve(series(), placed=False), JobContext())


def opened(folder: Path) -> Volume:
    return load_series(scan(folder, JobContext()).series[0], JobContext())


def test_labels_of_totalsegmentator_lie_on_their_ct_with_their_names(real_data: Path) -> None:
    folder = real_data / "a14_nifti_totalsegmentator"
    volume = opened(folder / "example_ct_sm.nii.gz")
    laid = read_labels(folder / "example_seg.nii.gz", volume, JobContext())
    assert isinstance(laid.what, Segmentation)
    assert laid.note == ""
    assert len(laid.what.labels) == 41
    assert sum(label.mask.count for label in laid.what.labels) == 110_225
    by_name = {label.name: label.mask for label in laid.what.labels}
    stored = sitk.GetArrayFromImage(sitk.ReadImage(folder / "example_seg.nii.gz"))
    assert by_name["Liver"].count == np.count_nonzero(stored == 5)
    # A vertebra is bone, a lung is air: labels that were mirrored or shifted would not be.
    bone = volume.slices[by_name["Vertebrae L1"].box][by_name["Vertebrae L1"].voxels]
    liver = volume.slices[by_name["Liver"].box][by_name["Liver"].voxels]
    assert np.median(bone) > 150
    assert 30 < np.median(liver) < 140


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("liver.dcm", [107_098]),
        ("partial_overlaps.dcm", [9602, 11888, 10743, 6693, 4713]),
        ("liver_seg.nrrd", [107_098]),
        ("spine_seg.nrrd", [12_439]),
    ],
)
def test_segmentations_of_a_liver_lie_on_its_ct_overlapping_or_not(
    real_data: Path, file: str, counts: list[int]
) -> None:
    folder = real_data / "a06_seg_liver_3slice"
    laid = read_labels(folder / file, opened(folder / "ct"), JobContext())
    assert isinstance(laid.what, Segmentation)
    assert [label.mask.count for label in laid.what.labels] == counts


def test_a_segmentation_of_another_patient_is_refused(real_data: Path) -> None:
    volume = opened(real_data / "a14_nifti_totalsegmentator" / "example_ct_sm.nii.gz")
    with pytest.raises(CaseStageError, match="does not lie on this series"):
        read_labels(real_data / "a06_seg_liver_3slice" / "liver.dcm", volume, JobContext())


def test_a_segmentation_of_another_frame_of_reference_is_refused_though_its_numbers_fit(real_data: Path) -> None:
    folder = real_data / "a06_seg_liver_3slice"
    volume = opened(folder / "ct")

    def as_series(uid: str, frame: str) -> Volume:
        facts = evolve(volume.series, series_uid=uid, frame_of_reference_uid=frame)
        return Volume(facts, volume.slices, volume.stack, volume.voxels, volume.grid)

    with pytest.raises(CaseStageError, match="another frame of reference"):
        read_labels(folder / "liver.dcm", as_series("1.2.3", "1.2.4"), JobContext())
    frame = volume.series.frame_of_reference_uid
    for same in (as_series("1.2.3", frame), as_series("1.2.3", ""), as_series(volume.series.series_uid, "1.2.4")):
        laid = read_labels(folder / "liver.dcm", same, JobContext())
        assert isinstance(laid.what, Segmentation)
        assert len(laid.what.labels) == 1


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Overlaying:
    """A service over an open series whose work is done when asked."""
    session = Session()
    session.volume = series()
    session.view = evolve(overview("1.2.3", session.volume.grid), overlay=OverlayMode.OFF)
    runner = JobRunner(lambda call: call())

    def run(
        work: Callable[[JobContext], object],
        *,
        done: Callable[[object], None],
        failed: Callable[[CaseStageError], None],
        **_: object,
    ) -> None:
        try:
            result = work(JobContext())
        except CaseStageError as error:
            failed(error)
        else:
            done(result)

    monkeypatch.setattr(runner, "run", run)
    return Overlaying(session, runner)


def test_what_was_opened_is_seen_and_goes_with_the_series(tmp_path: Path, at_once: Overlaying) -> None:
    session = at_once._session
    sitk.WriteImage(image(blocks()), tmp_path / "labels.nrrd")
    at_once.open_labels(tmp_path / "labels.nrrd")
    assert len(session.overlays.labels) == 3
    assert session.view is not None
    assert session.view.overlay is OverlayMode.OUTLINE
    session.volume = series()
    assert session.overlays.labels == ()


def test_what_lay_over_a_series_is_there_when_it_is_shown_again(tmp_path: Path, at_once: Overlaying) -> None:
    session, said = at_once._session, []
    at_once.told.connect(said.append)
    sitk.WriteImage(image(blocks()), tmp_path / "labels.nrrd")
    sitk.WriteImage(image(blocks().astype(np.float32) / 3), tmp_path / "map.nrrd")
    at_once.open_labels(tmp_path / "labels.nrrd")
    at_once.open_map(tmp_path / "map.nrrd")
    assert session.view is not None
    session.view = evolve(session.view, overlay=OverlayMode.OFF, map_look=MapLook(opacity=0.2))
    before, said[:] = session.view, []
    for volume in (series(series_uid="9"), series()):
        session.volume = volume
        at_once.lay_again()
        here = volume.series.series_uid != "9"
        assert len(session.overlays.labels) == 3 * here
        assert (session.overlays.value_map is not None) is here
    assert session.view == before
    assert said == []
    at_once.close_labels()
    session.volume = series()
    at_once.lay_again()
    assert session.overlays.labels == ()
    assert session.overlays.value_map is not None


def test_labels_go_with_the_frame_of_reference_to_another_series_and_lie_over_no_story(
    tmp_path: Path, at_once: Overlaying
) -> None:
    session, failed = at_once._session, []
    at_once.failed.connect(failed.append)
    session.volume = series(frame_of_reference_uid="7")
    sitk.WriteImage(image(blocks()), tmp_path / "labels.nrrd")
    at_once.open_labels(tmp_path / "labels.nrrd")
    session.volume = series(series_uid="8", frame_of_reference_uid="7")
    at_once.lay_again()
    assert len(session.overlays.labels) == 3
    (tmp_path / "labels.nrrd").unlink()
    session.volume = series(series_uid="9", frame_of_reference_uid="7")
    at_once.lay_again()
    assert session.overlays.labels == ()
    assert failed == []
    sitk.WriteImage(image(blocks()), tmp_path / "labels.nrrd")
    session.case = Case("c", "A case", "", "HEAD", Provenance("test", "", True), "", "", "", "", ())
    at_once.lay_again()
    assert session.overlays.labels == ()


def test_labels_are_laid_over_both_of_two_series_of_one_frame_of_reference(tmp_path: Path, at_once: Overlaying) -> None:
    other = Session(second=True)
    beside = Overlaying(other, at_once._runner, at_once._files, story=at_once._session)
    at_once._session.volume = series(frame_of_reference_uid="7")
    other.volume = series(series_uid="8", frame_of_reference_uid="7")
    sitk.WriteImage(image(blocks()), tmp_path / "labels.nrrd")
    at_once.open_labels(tmp_path / "labels.nrrd")
    assert len(other.overlays.labels) == 3
    beside.close_labels()
    assert other.overlays.labels == ()
    assert len(at_once._session.overlays.labels) == 3


def test_labels_are_told_apart_by_colour_until_those_of_the_file_are_asked_for_and_that_is_kept(
    tmp_path: Path, at_once: Overlaying
) -> None:
    settings, session = Settings(tmp_path / "settings.json"), Session()
    overlaying = Overlaying(session, at_once._runner, settings=settings)
    session.volume = series()
    about = [
        f"Segment{n}_{key}:={value}"
        for n, colour in enumerate(("0.8 0.2 0.6", "0 0 0.1"))
        for key, value in (("Layer", 0), ("LabelValue", n + 1), ("Color", colour))
    ]
    layered(tmp_path / "labels.seg.nrrd", [blocks(2)], *about)

    def colours() -> list[str]:
        return [label.colour for label in session.overlays.labels]

    overlaying.open_labels(tmp_path / "labels.seg.nrrd")
    assert colours() == list(COLOURS[:2])
    settings.change(label_colours_of_file=True)
    first, second = colours()
    assert first == "#CC3399"
    # Nearly black would not be seen on the images.
    assert second == seen_on_black("#00001A") != "#00001A"
    session.volume = series("9")
    overlaying.open_labels(tmp_path / "labels.seg.nrrd")
    assert colours() == [first, second]
    assert Settings(tmp_path / "settings.json").now.label_colours_of_file
    settings.change(label_colours_of_file=False)
    assert colours() == list(COLOURS[:2])


def test_a_file_that_is_refused_leaves_what_is_there(tmp_path: Path, at_once: Overlaying) -> None:
    session, said = at_once._session, []
    at_once.failed.connect(lambda error: said.append(error.sentence))
    sitk.WriteImage(image(blocks()), tmp_path / "labels.nrrd")
    at_once.open_labels(tmp_path / "labels.nrrd")
    (tmp_path / "broken.nrrd").write_bytes(b"NRRD0004\ngarbage")
    at_once.open_labels(tmp_path / "broken.nrrd")
    at_once.open_map(tmp_path / "notes.txt")
    assert len(said) == 2
    assert len(session.overlays.labels) == 3


def test_a_label_tells_its_volume_and_values_of_the_original_voxels(tmp_path: Path) -> None:
    values = np.zeros(SIZE_IJK[::-1], np.uint8)
    values[0, 2:6, 3:8] = 1
    values[4:7, 2:6, 3:8] = 2
    sitk.WriteImage(image(values), tmp_path / "labels.nrrd")
    volume = series()
    hu = np.arange(volume.slices.size, dtype=np.int16).reshape(volume.slices.shape) % 500
    volume = evolve(volume, slices=hu, voxels=hu)
    laid = read_labels(tmp_path / "labels.nrrd", volume, JobContext())
    assert isinstance(laid.what, Segmentation)
    for label in laid.what.labels:
        own = hu[values == label.number + 1]
        facts = label.facts
        assert facts is not None
        assert facts.volume_ml == pytest.approx(own.size * math.prod(SPACING_MM) / 1000)
        assert (facts.mean, facts.sd) == pytest.approx((own.mean(), own.std()))
        assert (facts.least, facts.most) == (own.min(), own.max())


def test_nothing_is_measured_of_labels_where_the_geometry_is_not_trusted(tmp_path: Path) -> None:
    sitk.WriteImage(image(blocks(2)), tmp_path / "labels.nrrd")
    volume = evolve(series(), verdict=Verdict.UNTRUSTED, reasons=("A slice is missing.",))
    laid = read_labels(tmp_path / "labels.nrrd", volume, JobContext())
    assert isinstance(laid.what, Segmentation)
    assert [label.facts for label in laid.what.labels] == [None, None]


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_labels_of_one_thick_slice_mark_every_thin_image_that_lies_in_it(tmp_path: Path, ending: str) -> None:
    # 10 mm thick around the sixth image, of images 2 mm apart.
    thick = sitk.GetImageFromArray(np.ones((1, 20, 24), np.uint8))
    thick.SetSpacing((1.5, 1.25, 10.0))
    thick.SetOrigin((-20.0, 15.0, 110.0))
    path = tmp_path / f"labels{ending}"
    sitk.WriteImage(thick, path)
    laid = read_labels(path, series(), JobContext())
    assert isinstance(laid.what, Segmentation)
    (label,) = laid.what.labels
    assert label.mask.slices_k == (3, 7)
    assert "grid of their own" in laid.note


def test_a_map_of_one_thick_slice_lies_on_every_thin_image_within_it(tmp_path: Path) -> None:
    thick = sitk.GetImageFromArray(np.full((1, 20, 24), 0.5, np.float32))
    thick.SetSpacing((1.5, 1.25, 10.0))
    thick.SetOrigin((-20.0, 15.0, 110.0))
    sitk.WriteImage(thick, tmp_path / "map.nii.gz")
    laid = read_map(tmp_path / "map.nii.gz", series(), JobContext())
    assert isinstance(laid.what, ValueMap)
    # 5 of 12 images.
    assert "42 %" in laid.note


def test_of_what_lies_unseen_between_thick_images_it_is_said_how_many_pieces_there_are(tmp_path: Path) -> None:
    # Images 2 mm apart from 100 mm on; the labels 0.5 mm, and one of them passes between two images.
    values = np.zeros((40, 20, 24), np.uint8)
    values[4:12, 4:9, 5:9] = 1
    values[21:23, 12:14, 15:18] = 2
    fine = sitk.GetImageFromArray(values)
    fine.SetSpacing((1.5, 1.25, 0.5))
    fine.SetOrigin((-20.0, 15.0, 100.0))
    sitk.WriteImage(fine, tmp_path / "labels.nrrd")
    laid = read_labels(tmp_path / "labels.nrrd", series(), JobContext())
    assert isinstance(laid.what, Segmentation)
    assert [label.name for label in laid.what.labels] == ["Label 1"]
    assert laid.note.endswith("Of 2 pieces 1 lies between the images, unseen.")
