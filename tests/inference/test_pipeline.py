from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests.machine_speed import Effort
from viewer.analysis import sampling as sampling_module
from viewer.domain.errors import ModelError
from viewer.domain.job import JobContext
from viewer.domain.volume import Volume
from viewer.inference import marks as marks_module
from viewer.inference.manifest import read_manifest
from viewer.inference.patches import plan
from viewer.inference.pipeline import answer_in
from viewer.inference.prepare import prepare
from viewer.inference.session import check_tensors, checked_bytes, session_from

if TYPE_CHECKING:
    from viewer.inference.marks import Mark

Folder = Callable[..., Path]
MakeVolume = Callable[..., Volume]


def marks(folder: Path, volume: Volume) -> list[Mark]:
    """What a model marks, in this process: these models are known to be harmless."""
    manifest = read_manifest(folder)
    session = session_from(checked_bytes(manifest.onnx_path, manifest.sha256), manifest.name)
    check_tensors(manifest, session)
    return answer_in(manifest, volume, session, JobContext()).marks


@pytest.mark.parametrize(
    "inference",
    [
        'mode = "sliding"\npatch = [16, 16, 16]\noverlap = 0.5\nbatch = 3',
        'mode = "sliding"\npatch = [24, 16, 12]\nblending = "constant"\noverlap = 0.25',
        'mode = "whole_or_sliding"\npatch = [16, 16, 16]\nwhole_up_to_voxels = 1000',
        'mode = "whole"\nflips = ["i", "k"]',
        'mode = "slices"\nslab = 5',
        # The last slab is thinner than those that go in with it.
        'mode = "slices"\nslab = 7\nbatch = 3',
    ],
)
def test_every_way_through_the_model_gives_the_same_answer(
    model_folder: Folder, two_balls: Volume, inference: str
) -> None:
    whole = marks(model_folder(), two_balls)
    other = marks(model_folder(changes={'mode = "whole"': inference}, name="other"), two_balls)
    for a, b in zip(whole, other, strict=True):
        assert a.mask.same_as(b.mask)
        assert a.score == pytest.approx(b.score, abs=1e-4)


def test_softmax_labels_become_findings_of_their_own(model_folder: Folder, two_balls: Volume) -> None:
    changes = {
        'kind = "voxel-probabilities"': 'kind = "voxel-logits"\nactivation = "softmax"\n'
        'calibration = { temperature = 2.0, how = "Guessed." }',
        "index = 0": 'index = 2\nkey = "brightest"\nname = "Brightest"\n[[label]]\nindex = 1',
    }
    findings = marks(model_folder("two classes", changes), two_balls)
    brightest = [f for f in findings if f.label_key == "brightest"]
    assert len(brightest) == 1
    # Channel 2 passes channel 1 where 3 (x − 140) > x − 100, above 160 HU: the core of the large ball alone.
    assert brightest[0].measured.centre_lps_mm == pytest.approx([20, 20, 20], abs=0.5)
    bright = [f for f in findings if f.label_key == "bright"]
    assert any(np.linalg.norm(f.measured.centre_lps_mm - [45, 40, 15]) < 1 for f in bright)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("two classes", "Tiny gave a label map of 3 channels, and one is a label map."),
        ("above 100", "Tiny gave a label map that holds other than whole numbers."),
    ],
)
def test_channels_or_probabilities_are_not_taken_for_a_label_map_that_finds_nothing_or_the_background(
    model_folder: Folder, two_balls: Volume, model: str, words: str
) -> None:
    changes = {'kind = "voxel-probabilities"': 'kind = "label-map"', "mask_threshold = 0.5": 'finding_score = "none"'}
    with pytest.raises(ModelError) as told:
        marks(model_folder(model, {**changes, "index = 0": "index = 1"}), two_balls)
    assert told.value.sentence == words
    assert told.value.hint == "If they are probabilities or logits, output.out.kind must say so."


def test_small_marks_are_left_out_and_near_ones_become_one(model_folder: Folder, two_balls: Volume) -> None:
    large_alone = {"mask_threshold = 0.5": "mask_threshold = 0.5\nsmallest_ml = 1.0"}
    assert len(marks(model_folder(changes=large_alone), two_balls)) == 1
    # The surfaces of the balls are 19.3 mm apart.
    for distance, count in ((15, 2), (24, 1)):
        changes = {"mask_threshold = 0.5": f"mask_threshold = 0.5\nmerge_distance_mm = {distance}"}
        findings = marks(model_folder(changes=changes, name=f"merge{distance}"), two_balls)
        assert len(findings) == count


def test_of_two_thousand_specks_near_ones_become_one_within_seconds(
    model_folder: Folder, make_volume: MakeVolume
) -> None:
    slices = np.zeros((40, 200, 200), np.int16)
    places = np.random.default_rng(1).integers(0, slices.size, 2500)
    slices.flat[places] = 300
    volume = make_volume(slices, [[0.0, 0.0, float(k)] for k in range(40)])
    changes = {
        'orientation = "LPS"': 'orientation = "original"',
        "spacing_mm = [2.0, 2.0, 2.0]": 'spacing_mm = "original"',
        # One speck alone holds a thousandth of a millilitre.
        "mask_threshold = 0.5": "mask_threshold = 0.5\nmerge_distance_mm = 3\nsmallest_ml = 0.0015",
    }
    folder = model_folder(changes=changes)
    effort = Effort()
    found = marks(folder, volume)
    assert effort.seconds() < 20
    near = cKDTree(np.argwhere(slices)).query(np.argwhere(slices), k=2, distance_upper_bound=3.0)[0][:, 1]
    assert sum(mark.mask.count for mark in found if mark.mask is not None) == np.count_nonzero(np.isfinite(near))


ACQUISITIONS: dict[str, Any] = {
    "axial, thin": ((0.7, 0.7), (1, 0, 0), (0, 1, 0), (0, 0, 1.0), 60),
    "axial, thick": ((0.5, 0.5), (1, 0, 0), (0, 1, 0), (0, 0, 5.0), 16),
    "pixels that are not square": ((0.6, 0.9), (1, 0, 0), (0, 1, 0), (0, 0, 2.5), 30),
    "tilted by 18.5 degrees": ((0.7, 0.7), (1, 0, 0), (0, 0.9483, -0.3173), (0, 0, 3.0), 26),
    "sheared the other way": ((0.7, 0.7), (1, 0, 0), (0, 1, 0), (0, -0.8, 3.0), 24),
    "sagittal": ((0.8, 0.8), (0, 1, 0), (0, 0, -1), (-1.5, 0, 0), 44),
    "coronal": ((0.8, 0.8), (1, 0, 0), (0, 0, -1), (0, 2.0, 0), 36),
    "head downwards, flipped": ((0.7, 0.7), (-1, 0, 0), (0, 1, 0), (0, 0, -2.0), 34),
    "oblique": ((0.7, 0.7), (0.8, 0.6, 0), (-0.6, 0.8, 0), (0, 0, 2.0), 34),
}


@pytest.mark.parametrize("acquisition", list(ACQUISITIONS))
def test_a_finding_lies_on_the_original_voxels_that_are_bright(
    model_folder: Folder, make_volume: MakeVolume, acquisition: str
) -> None:
    spacing, row, column, step, count = ACQUISITIONS[acquisition]
    middle = np.array([12.0, -30.0, 55.0])
    direction = np.array(step)
    size = np.array([90 * spacing[0], 90 * spacing[1]])
    first = middle - direction * (count - 1) / 2 - np.array(row) * size[0] / 2 - np.array(column) * size[1] / 2
    positions = first + np.arange(count)[:, None] * direction
    blank = make_volume(np.zeros((count, 90, 90), np.int16), positions, spacing=spacing, row=row, column=column)
    k, j, i = np.indices(blank.slices.shape)
    lps = blank.stack.lps(np.stack([i, j, k], axis=-1))
    centre = middle + np.array([4.3, -3.1, 2.2])
    inside = np.linalg.norm((lps - centre) / np.array([12.0, 9.0, 10.0]), axis=-1) <= 1
    slices = np.where(inside, 300, -100).astype(np.int16)
    volume = make_volume(slices, positions, spacing=spacing, row=row, column=column)
    (finding,) = marks(model_folder(), volume)
    found = lps[finding.mask.full(volume.stack.shape_kji)].mean(axis=0)
    true = lps[inside].mean(axis=0)
    away = np.abs(found - true)
    # Half of the smallest voxel edge, along every axis of the patient.
    assert away.max() < min(*spacing, float(np.linalg.norm(direction))) / 2
    overlap = finding.mask.full(volume.stack.shape_kji) & inside
    assert overlap.sum() / (finding.mask.count + inside.sum() - overlap.sum()) > 0.8
    whole_ml = 4 / 3 * np.pi * 12 * 9 * 10 / 1000
    assert finding.measured.volume_ml == pytest.approx(whole_ml, rel=0.15)


@pytest.mark.parametrize("acquisition", list(ACQUISITIONS))
def test_pieces_looked_at_one_by_one_are_those_of_all_at_once(
    model_folder: Folder, make_volume: MakeVolume, monkeypatch: pytest.MonkeyPatch, acquisition: str
) -> None:
    spacing, row, column, step, count = ACQUISITIONS[acquisition]
    positions = np.arange(count)[:, None] * np.array(step)
    rng = np.random.default_rng(5)
    slices = np.zeros((count, 90, 90), np.int16)
    k, j, i = np.indices(slices.shape)
    # Balls in a ring, and others along the stack.
    slices[(np.abs(np.hypot(i - 45, j - 45) - 36) < 5) & (k < 6)] = 250
    others = [(n, *rng.uniform(5, 85, 2)) for n in range(11, count, 7)]
    for place in [(3, 40, 45), (3, 56, 52), *others]:
        size = (2, *rng.uniform(3, 5, 2))
        away = sum(((a - b) / c) ** 2 for a, b, c in zip((k, j, i), place, size, strict=True))
        slices[away < 1] = rng.integers(180, 280)
    volume = make_volume(slices, positions, spacing=spacing, row=row, column=column)
    folder = model_folder()
    boxes: list[int] = []
    on_slices = marks_module._on_slices

    def counted(*asked: Any) -> Any:
        found = on_slices(*asked)
        boxes.append(len(found))
        return found

    monkeypatch.setattr(marks_module, "_on_slices", counted)
    monkeypatch.setattr(sampling_module, "_WORTH_TAKING_APART", 1000)
    one_by_one = marks(folder, volume)
    monkeypatch.setattr(marks_module, "_MOST_PIECES", 0)
    at_once = marks(folder, volume)
    # Slices that are moved against each other are looked at in one.
    moved = acquisition in ("tilted by 18.5 degrees", "sheared the other way")
    assert boxes[1] == 1
    assert (boxes[0] == 1) == moved
    assert len(one_by_one) == len(at_once) >= 3
    for a, b in zip(one_by_one, at_once, strict=True):
        assert a.mask.same_as(b.mask)
        assert a.score == pytest.approx(b.score, abs=2e-6)


def test_a_point_of_known_place_is_found_there_in_a_real_tilted_head(
    model_folder: Folder, real_volume: Callable[[str], Volume]
) -> None:
    volume = real_volume("a01_head_ge_tilt_uneven")
    changes = {
        "mask_threshold = 0.5": "mask_threshold = 1.0\nsmallest_ml = 5.0",
        "spacing_mm = [2.0, 2.0, 2.0]": "spacing_mm = [1.0, 1.0, 2.0]",
    }
    findings = marks(model_folder(changes=changes), volume)
    assert findings
    skull = max(findings, key=lambda f: f.measured.volume_ml)
    # What the model saw as at least 200 HU on its own grid is bone on the original slices, slice by slice.
    marked = skull.mask.full(volume.stack.shape_kji)
    bone = volume.slices >= 200
    for k in range(2, volume.stack.count - 2):
        if marked[k].sum() > 500:
            assert (marked[k] & bone[k]).sum() / marked[k].sum() > 0.9


def test_beyond_a_volume_that_is_smaller_than_a_patch_stands_what_the_manifest_says(
    model_folder: Folder, make_volume: MakeVolume
) -> None:
    volume = make_volume(np.zeros((5, 6, 7), np.int16), [[0.0, 0.0, float(z)] for z in range(5)])
    changes = {
        "spacing_mm = [2.0, 2.0, 2.0]": "spacing_mm = [1.0, 1.0, 1.0]\nbeyond = 0.25",
        "raw = true": "window = [0, 100]",
        'mode = "whole"': 'mode = "sliding"\npatch = [8, 8, 8]',
    }
    manifest = read_manifest(model_folder(changes=changes))
    prepared = prepare(manifest, volume, JobContext())
    (box,) = plan(prepared.shape_kji, manifest.image, manifest.inference).boxes
    block = prepared.block(manifest.image, box)[0]
    assert (block[:5, :6, :7] == 0.5).all()
    assert (block[5:] == 0.25).all()
    assert (block[:, 6:] == 0.25).all()
    assert (block[:, :, 7:] == 0.25).all()
