from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.inference.kinds import DETECTION, MAPS, SLICES, VOLUME, box_of_bright, mean_of_slices, mean_of_volume
from viewer.domain.errors import ManifestError
from viewer.domain.finding import Localisation
from viewer.domain.job import JobContext
from viewer.domain.volume import Volume
from viewer.inference.manifest import read_manifest
from viewer.inference.pipeline import answer_in
from viewer.inference.result import RunResult, result_of
from viewer.inference.session import check_tensors, checked_bytes, session_from

if TYPE_CHECKING:
    from viewer.domain.finding import Finding

Folder = Callable[..., Path]
MakeVolume = Callable[..., Volume]


def ran(folder: Path, volume: Volume) -> RunResult:
    """What a model says, in this process: these models are known to be harmless."""
    manifest = read_manifest(folder)
    session = session_from(checked_bytes(manifest.onnx_path, manifest.sha256), manifest.name)
    check_tensors(manifest, session)
    answer = answer_in(manifest, volume, session, JobContext())
    return result_of(
        manifest,
        volume,
        answer.marks,
        answer.case_scores,
        provider="processor",
        seconds=0,
        probabilities=answer.probabilities,
    )


# Spacing, row, column, step from slice to slice, count.
ACQUISITIONS: dict[str, Any] = {
    "axial": ((1.0, 1.0), (1, 0, 0), (0, 1, 0), (0, 0, 1.0), 60),
    "thick": ((0.5, 0.5), (1, 0, 0), (0, 1, 0), (0, 0, 4.0), 18),
    "pixels that are not square": ((0.6, 0.9), (1, 0, 0), (0, 1, 0), (0, 0, 2.5), 26),
    "tilted by 18.5 degrees": ((0.7, 0.7), (1, 0, 0), (0, 0.9483, -0.3173), (0, 0, 3.0), 24),
    "sheared the other way": ((0.7, 0.7), (1, 0, 0), (0, 1, 0), (0, -0.8, 3.0), 24),
    "sagittal": ((0.8, 0.8), (0, 1, 0), (0, 0, -1), (-1.5, 0, 0), 44),
    "head downwards, flipped": ((0.7, 0.7), (-1, 0, 0), (0, 1, 0), (0, 0, -2.0), 34),
    "oblique": ((0.7, 0.7), (0.8, 0.6, 0), (-0.6, 0.8, 0), (0, 0, 2.0), 34),
}


def with_block(make_volume: MakeVolume, acquisition: str) -> tuple[Volume, Any, Any]:
    """A bright block along the axes of the slices; with the LPS of all voxels, and which are bright."""
    spacing, row, column, step, count = ACQUISITIONS[acquisition]
    direction = np.array(step)
    first = np.array([12.0, -30, 55]) - direction * (count - 1) / 2
    first = first - np.array(row) * 35 * spacing[0] - np.array(column) * 35 * spacing[1]
    positions = first + np.arange(count)[:, None] * direction
    slices = np.full((count, 70, 72), -100, np.int16)
    slices[count // 3 : count // 3 + 5, 22:41, 30:44] = 300
    volume = make_volume(slices, positions, spacing=spacing, row=row, column=column)
    k, j, i = np.indices(slices.shape)
    return volume, volume.stack.lps(np.stack([i, j, k], axis=-1)), slices > 0


def voxel_edges(acquisition: str) -> tuple[Any, float]:
    spacing, *_, step, _ = ACQUISITIONS[acquisition]
    return spacing, float(np.linalg.norm(step))


@pytest.mark.parametrize("acquisition", list(ACQUISITIONS))
def test_a_box_lies_around_the_bright_block_in_the_patient(
    model_folder: Folder, make_volume: MakeVolume, acquisition: str
) -> None:
    volume, lps, bright = with_block(make_volume, acquisition)
    result = ran(model_folder(box_of_bright(), manifest=DETECTION), volume)
    # Of three boxes one overlaps the best too much, and one is of a label that the manifest does not name.
    (finding,) = result.findings
    spacing, gap = voxel_edges(acquisition)
    assert finding.localisation is Localisation.BOX
    assert finding.score == pytest.approx(0.9)
    assert finding.corners_lps_mm is not None
    # Along the axes of the slices: half a voxel of the slices, and as much of the model's, which cuts at 100 HU.
    true = lps[bright]
    stack = volume.stack
    for direction, edge in (
        (stack.row_direction, spacing[0]),
        (stack.column_direction, spacing[1]),
        (stack.normal, gap),
    ):
        ends, wanted = finding.corners_lps_mm @ direction, true @ direction
        assert ends.min() == pytest.approx(wanted.min() - edge / 2, abs=edge / 2 + 0.5)
        assert ends.max() == pytest.approx(wanted.max() + edge / 2, abs=edge / 2 + 0.5)
        assert finding.centre_lps_mm @ direction == pytest.approx(wanted.mean(), abs=max(edge, 1.0) / 2)
    low, high = finding.bounds_lps_mm.T
    assert low == pytest.approx(finding.corners_lps_mm.min(axis=0))
    assert high == pytest.approx(finding.corners_lps_mm.max(axis=0))
    assert finding.volume_ml is None
    assert finding.corners_lps_mm is not None
    assert finding.corners_lps_mm.shape == (8, 3)
    assert finding.mask is not None
    marked = finding.mask.full(volume.stack.shape_kji)
    # The block leans with tilted slices, and the model's box stands upright.
    if acquisition not in ("sheared the other way", "tilted by 18.5 degrees"):
        assert (marked & bright).sum() / (marked | bright).sum() > 0.75
    assert finding.label == "Bright"
    assert finding.slices_k == finding.mask.slices_k


def test_boxes_on_the_original_slices_lie_on_their_voxels_exactly(
    model_folder: Folder, make_volume: MakeVolume
) -> None:
    original = {'orientation = "LPS"': 'orientation = "original"', "[1.0, 1.0, 1.0]": '"original"'}
    for n, acquisition in enumerate(ACQUISITIONS):
        volume, lps, bright = with_block(make_volume, acquisition)
        folder = model_folder(box_of_bright(), original, name=f"o{n}", manifest=DETECTION)
        (finding,) = ran(folder, volume).findings
        assert finding.mask is not None
        assert np.array_equal(finding.mask.full(volume.stack.shape_kji), bright)
        assert finding.centre_lps_mm == pytest.approx(lps[bright].mean(axis=0), abs=1e-6)
        spacing, _ = voxel_edges(acquisition)
        assert sorted((finding.long_axis_mm or 0, finding.short_axis_mm or 0)) == pytest.approx(
            sorted(sorted((14 * spacing[0], 19 * spacing[1], depth(volume)))[1:]), abs=1e-3
        )


def depth(volume: Volume) -> float:
    return 5 * float(np.linalg.norm(np.diff(volume.stack.positions_lps_mm, axis=0)[0]))


@pytest.mark.parametrize(
    "changes",
    [
        {'origin = "edge"': 'origin = "centre"'},
        {'frame = "voxels"': 'frame = "mm"'},
    ],
)
def test_the_form_of_boxes_is_taken_as_the_manifest_says(
    model_folder: Folder, make_volume: MakeVolume, changes: dict[str, str]
) -> None:
    volume, *_ = with_block(make_volume, "axial")
    (plain,) = ran(model_folder(box_of_bright(), manifest=DETECTION), volume).findings
    (other,) = ran(model_folder(box_of_bright(), changes, name="other", manifest=DETECTION), volume).findings
    moved = other.bounds_lps_mm - plain.bounds_lps_mm
    assert moved == pytest.approx(np.full((3, 2), 0.5 if "origin" in str(changes) else 0.0), abs=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {'orientation = "LPS"': 'orientation = "RAS"'},
        {'orientation = "LPS"': 'orientation = "SAR"'},
        # The model's boxes name the axes as they come in its tensor, here i, j, k.
        {'layout = "NCDHW"': 'layout = "NCWHD"', 'order = "kji"': 'order = "ijk"'},
        {'layout = "NCDHW"': 'layout = "NCHDW"', 'order = "kji"': 'order = "jki"', '"LPS"': '"PIL"'},
    ],
)
def test_a_box_lies_at_the_same_place_however_the_model_wants_its_axes(
    model_folder: Folder, make_volume: MakeVolume, changes: dict[str, str]
) -> None:
    volume, *_ = with_block(make_volume, "oblique")
    (plain,) = ran(model_folder(box_of_bright(), manifest=DETECTION), volume).findings
    (other,) = ran(model_folder(box_of_bright(), changes, name="other", manifest=DETECTION), volume).findings
    assert other.centre_lps_mm == pytest.approx(plain.centre_lps_mm, abs=0.51)
    assert other.bounds_lps_mm == pytest.approx(plain.bounds_lps_mm, abs=1.01)


@pytest.mark.parametrize("case", ["a01_head_ge_tilt_uneven", "a13_abdomen_contrast_CRLM-1004"])
def test_on_real_ct_a_box_of_the_original_slices_is_that_of_the_values(
    model_folder: Folder, real_volume: Callable[[str], Volume], case: str
) -> None:
    volume = real_volume(case)
    original = {'orientation = "LPS"': 'orientation = "original"', "[1.0, 1.0, 1.0]": '"original"'}
    (finding,) = ran(model_folder(box_of_bright(), original, manifest=DETECTION), volume).findings
    marked = np.argwhere(volume.slices > 100)
    low, high = marked.min(axis=0), marked.max(axis=0)
    assert finding.mask is not None
    assert finding.mask.first_ijk == tuple(low[::-1])
    assert finding.mask.voxels.shape == tuple(high - low + 1)
    assert finding.mask.voxels.all()
    # Slices lie unevenly: the middle is that of the ends.
    middle = (volume.stack.lps(low[::-1]) + volume.stack.lps(high[::-1])) / 2
    half = float(volume.stack.gaps_mm.max()) / 2
    assert np.linalg.norm(finding.centre_lps_mm - middle) <= half


def test_a_box_seen_in_several_patches_is_one_finding(model_folder: Folder, make_volume: MakeVolume) -> None:
    volume, lps, bright = with_block(make_volume, "axial")
    sliding = {'mode = "whole"': 'mode = "sliding"\npatch = [48, 48, 40]\noverlap = 0.5'}
    findings = ran(model_folder(box_of_bright(), sliding, manifest=DETECTION), volume).findings
    whole = findings[0]
    assert whole.centre_lps_mm == pytest.approx(lps[bright].mean(axis=0), abs=0.51)
    assert all(f.score == pytest.approx(0.9) for f in findings)


def test_of_two_boxes_around_one_place_each_is_a_finding_to_be_decided_for_itself(
    model_folder: Folder, make_volume: MakeVolume
) -> None:
    volume, _, _ = with_block(make_volume, "axial")
    folder = model_folder(box_of_bright(smaller=(1, 5, 4, -1, -5, -4)), manifest=DETECTION)
    first, second = ran(folder, volume).findings
    assert first.centre_lps_mm == pytest.approx(second.centre_lps_mm)
    assert first.id != second.id
    assert first.tracking_uid != second.tracking_uid
    again = ran(folder, volume).findings
    assert [f.id for f in again] == [first.id, second.id]


def test_a_patch_without_anything_bright_has_no_box(model_folder: Folder, make_volume: MakeVolume) -> None:
    volume = make_volume(np.zeros((20, 30, 30), np.int16), [[0.0, 0, float(z)] for z in range(20)])
    result = ran(model_folder(box_of_bright(), manifest=DETECTION), volume)
    assert result.findings == ()
    assert result.case_scores == ()


@pytest.mark.parametrize("acquisition", list(ACQUISITIONS))
@pytest.mark.parametrize("how", ["map", "occlusion", "stretched"])
def test_a_slice_classifier_marks_the_slices_and_where_it_looked(
    model_folder: Folder, make_volume: MakeVolume, acquisition: str, how: str
) -> None:
    volume, lps, bright = with_block(make_volume, acquisition)
    changes = {}
    if how == "stretched":
        changes = {'spacing_mm = "original"': 'spacing_mm = "fit"\nsize = [36, 36]'}
    manifest = SLICES if how == "occlusion" else SLICES.replace("[post]", MAPS + "[post]")
    result = ran(model_folder(mean_of_slices(maps=how != "occlusion"), changes, manifest=manifest), volume)
    (finding,) = result.findings
    assert finding.localisation is Localisation.MAP
    count = len(volume.slices)
    assert finding.slices_k == (count // 3, count // 3 + 4)
    # Channel 1 is 1 inside and 0 outside; 266 of 5040 pixels are bright.
    score = 1 / (1 + np.exp(-200 * (266 / 5040 - 0.01) / 2))
    assert finding.score == pytest.approx(score, abs=0.02)
    assert finding.probability == finding.score
    assert finding.calibration == "On nothing."
    assert (finding.volume_ml, finding.long_axis_mm) == (None, None)
    assert finding.mask is not None
    marked = finding.mask.full(volume.stack.shape_kji)
    if how == "occlusion":
        # Covers are a twelfth of a slice; the map is of the best slice alone.
        assert marked.any(axis=(1, 2)).sum() == 1
        k = int(np.flatnonzero(marked.any(axis=(1, 2)))[0])
        away = np.argwhere(marked[k]).mean(axis=0) - np.argwhere(bright[k]).mean(axis=0)
        assert np.abs(away).max() < 3
        assert bright[k][marked[k]].mean() > 0.6
    else:
        away = np.argwhere(marked).mean(axis=0) - np.argwhere(bright).mean(axis=0)
        assert np.abs(away).max() <= 0.5
        both = (marked & bright).sum()
        assert both / (marked | bright).sum() > 0.75
    assert result.case_scores[0].score == finding.score


def test_slices_in_between_are_bridged_and_others_make_two_findings(
    model_folder: Folder, make_volume: MakeVolume
) -> None:
    slices = np.zeros((20, 40, 40), np.int16)
    slices[[4, 5, 7, 8, 14], 10:20, 10:20] = 300
    volume = make_volume(slices, [[0.0, 0, 2.0 * z] for z in range(20)])
    separate = ran(model_folder(mean_of_slices(), manifest=SLICES), volume).findings
    assert sorted(f.slices_k or () for f in separate) == [(4, 5), (7, 8), (14, 14)]
    bridging = {"least_score = 0.5": "least_score = 0.5\nbridge_slices = 1"}
    bridged = ran(model_folder(mean_of_slices(), bridging, name="b", manifest=SLICES), volume).findings
    assert sorted(f.slices_k or () for f in bridged) == [(4, 8), (14, 14)]


def test_without_runs_for_a_map_the_slices_alone_are_known(model_folder: Folder, make_volume: MakeVolume) -> None:
    volume, *_ = with_block(make_volume, "axial")
    none = {"least_score = 0.5": "least_score = 0.5\nocclusion_runs = 0"}
    (finding,) = ran(model_folder(mean_of_slices(), none, manifest=SLICES), volume).findings
    assert finding.localisation is Localisation.SLICES
    assert not finding.placed
    assert finding.mask is None
    assert finding.slices_k == (20, 24)
    assert finding.place == ""


def test_a_classifier_of_resampled_slices_marks_the_original_ones(
    model_folder: Folder, make_volume: MakeVolume
) -> None:
    volume, lps, bright = with_block(make_volume, "head downwards, flipped")
    changes = {
        'orientation = "original"': 'orientation = "LPS"',
        'spacing_mm = "original"': "spacing_mm = [0.7, 0.7, 2.0]\nsize = [60, 60]",
    }
    manifest = SLICES.replace("[post]", MAPS + "[post]")
    (finding,) = ran(model_folder(mean_of_slices(maps=True), changes, manifest=manifest), volume).findings
    assert finding.mask is not None
    marked = finding.mask.full(volume.stack.shape_kji)
    away = lps[marked].mean(axis=0) - lps[bright].mean(axis=0)
    assert np.abs(away).max() <= 0.5


def test_a_volume_classifier_speaks_of_the_series_and_of_no_place(
    model_folder: Folder, make_volume: MakeVolume
) -> None:
    volume, _, bright = with_block(make_volume, "oblique")
    result = ran(model_folder(mean_of_volume(), manifest=VOLUME), volume)
    share = bright.mean()
    by_key = {f.label_key: f for f in result.findings}
    finding = by_key["mean"]
    assert finding.score == pytest.approx(share, rel=0.05)
    assert by_key["rest"].score == pytest.approx(1 - (finding.score or 0), abs=1e-5)
    assert finding.localisation is Localisation.SERIES
    assert not finding.placed
    assert (finding.mask, finding.slices_k, finding.place, finding.laterality) == (None, None, "", "")
    assert (finding.volume_ml, finding.long_axis_mm, finding.mean) == (None, None, None)
    assert finding.probability == pytest.approx((finding.score or 0) * 5, abs=1e-4)
    assert finding.calibration == "Isotonic, on nothing."
    assert {c.label_key: c.score for c in result.case_scores} == {
        "mean": finding.score,
        "rest": by_key["rest"].score,
    }


def test_a_volume_cut_to_one_size_is_its_middle(model_folder: Folder, make_volume: MakeVolume) -> None:
    slices = np.zeros((30, 30, 30), np.int16)
    slices[11:19, 11:19, 11:19] = 300
    volume = make_volume(slices, [[0.0, 0, float(z)] for z in range(30)])
    middle = {'spacing_mm = "fit"': "spacing_mm = [1, 1, 1]", "[16, 16, 16]": "[8, 8, 8]"}
    scores = {}
    for name, size in (("cut", "[8, 8, 8]"), ("filled", "[60, 60, 60]")):
        changes = middle | {"[16, 16, 16]": size}
        result = ran(model_folder(mean_of_volume(), changes, name=name, manifest=VOLUME), volume)
        scores[name] = next(f.score for f in result.findings if f.label_key == "mean")
    assert scores["cut"] == pytest.approx(1.0)
    assert scores["filled"] == pytest.approx(8**3 / 60**3, abs=1e-5)


@pytest.mark.parametrize(
    ("manifest", "before", "after", "sentence"),
    [
        (DETECTION, 'kind = "box-scores"', 'kind = "class-logits"', "output.scores.kind: class-logits does not belong"),
        (DETECTION, 'order = "kji"', 'order = "kjj"', "output.boxes.order must be i, j and k"),
        (DETECTION, 'order = "kji"\n', "", "output.boxes.order is missing."),
        (DETECTION, 'format = "corners"', 'format = "corner"', "Did you mean 'corners'?"),
        (DETECTION, 'layout = "NB6"', 'layout = "NB"', "output.boxes.layout must be letters of B, 6, N"),
        (DETECTION, 'mode = "whole"', 'mode = "slices"', "inference.mode: detection goes through as"),
        (DETECTION, "nms_iou = 0.22", "mask_threshold = 0.5", "post.mask_threshold does not belong to detection."),
        (DETECTION, "[1.0, 1.0, 1.0]", "[1.0, 1.0, 1.0]\nsize = [8, 8, 8]", "input.image.size: detection looks at"),
        (SLICES, 'layout = "NCHW"', 'layout = "NCDHW"', "must have no D"),
        (SLICES, 'activation = "sigmoid"', "", "output.classes.activation must be sigmoid or softmax for logits"),
        (SLICES, 'spacing_mm = "original"', 'spacing_mm = "fit"', "input.image.size is missing."),
        (VOLUME, "size = [16, 16, 16]", "size = [16, 16]", "input.image.size must be a list of 3 numbers"),
        (VOLUME, "[0.0, 0.1, 1.0]", "[0.0, 0.0, 1.0]", "post.calibration.scores must be a list of growing numbers"),
        (VOLUME, "[0.0, 0.5, 1.0]", "[0.0, 0.5]", "post.calibration.probabilities must be a list of 3 numbers"),
        (VOLUME, ', how = "Isotonic, on nothing."', "", "post.calibration.how is missing."),
        (
            VOLUME,
            'kind = "class-prob',
            'kind = "voxel-prob',
            "output.classes.kind: voxel-probabilities does not belong",
        ),
        (VOLUME, 'mode = "whole"', 'mode = "whole"\nflips = ["i"]', "inference.flips is for segmentation"),
    ],
)
def test_a_mistake_in_any_kind_of_manifest_is_named_by_its_place(
    model_folder: Folder, manifest: str, before: str, after: str, sentence: str
) -> None:
    folder = model_folder(mean_of_volume(), {before: after}, manifest=manifest)
    with pytest.raises(ManifestError) as caught:
        read_manifest(folder)
    assert sentence in caught.value.sentence


def test_a_label_may_name_its_side_and_region(model_folder: Folder, make_volume: MakeVolume) -> None:
    volume, *_ = with_block(make_volume, "axial")
    changes = {
        'name = "Bright"': 'name = "Bright"\nlaterality = "left"\nsnomed_region = ["44714003", "SCT", "Left lung"]\n'
        '[[operating_point]]\nkey = "loose"\nthreshold = 0.2\n[[operating_point]]\nkey = "strict"\nthreshold = 0.85\n'
        "default = true",
    }
    finding: Finding
    (finding,) = ran(model_folder(box_of_bright(), changes, manifest=DETECTION), volume).findings
    assert (finding.laterality, finding.region, finding.operating_point) == ("left", "Left lung", "strict")
