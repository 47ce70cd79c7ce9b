"""Models of every kind that are broken or hostile, each refused or contained with a sentence."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import helper, numpy_helper

from tests.inference.kinds import DETECTION, SLICES, VOLUME, box_of_bright, broken, mean_of_slices, mean_of_volume
from tests.inference.test_kinds import ran
from viewer.domain.errors import CancelledError, ModelError
from viewer.domain.job import JobContext, Progress
from viewer.inference.manifest import read_manifest
from viewer.inference.run import run_on

if TYPE_CHECKING:
    from onnx import ModelProto

    from viewer.domain.patches import Patches
    from viewer.domain.volume import Volume

Folder = Callable[..., Path]

MANIFESTS = {"detection": DETECTION, "slices": SLICES, "volume": VOLUME}
GOOD = {"detection": box_of_bright, "slices": mean_of_slices, "volume": mean_of_volume}


@pytest.mark.parametrize("kind", list(MANIFESTS))
def test_every_kind_runs_in_a_process_of_its_own_and_tells_what_is_done(
    model_folder: Folder, two_balls: Volume, kind: str
) -> None:
    manifest = read_manifest(model_folder(GOOD[kind](), manifest=MANIFESTS[kind]))
    told: list[Patches] = []
    result = run_on(manifest, two_balls, JobContext(), on_patches=told.append)
    alone = ran(manifest.folder, two_balls)
    assert [(f.id, f.score, f.localisation) for f in result.findings] == [
        (f.id, f.score, f.localisation) for f in alone.findings
    ]
    assert result.findings
    assert (result.provider, result.notes, result.recorded) == ("processor", (), False)
    # Together the parts cover the volume, in the patient.
    boxes = told[0].boxes_lps_mm
    assert [patches.done for patches in told] == list(range(len(boxes) + 1))
    assert boxes.shape == (len(boxes), 8, 3)
    points = boxes.reshape(-1, 3)
    bounds = two_balls.grid.bounds_lps_mm
    assert points.min(axis=0) == pytest.approx(bounds[:, 0], abs=1)
    assert points.max(axis=0) == pytest.approx(bounds[:, 1], abs=1)


@pytest.mark.parametrize("kind", list(MANIFESTS))
def test_not_a_number_is_no_result_in_every_kind(model_folder: Folder, two_balls: Volume, kind: str) -> None:
    with pytest.raises(ModelError, match="Kind gave no result"):
        ran(model_folder(broken(kind, "nan"), manifest=MANIFESTS[kind]), two_balls)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("detection", "gave 3 boxes and 6 scores"),
        ("slices", "gave classes for 14 images, and 7 went in"),
        ("volume", "gave classes for 2 images, and 1 went in"),
    ],
)
def test_too_many_answers_are_no_result(model_folder: Folder, two_balls: Volume, kind: str, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        ran(model_folder(broken(kind, "many"), manifest=MANIFESTS[kind]), two_balls)


@pytest.mark.parametrize("kind", list(MANIFESTS))
def test_a_model_of_any_kind_that_asks_for_the_world_is_contained(
    model_folder: Folder, two_balls: Volume, kind: str
) -> None:
    with pytest.raises(ModelError, match="more memory than it may have|stopped unexpectedly"):
        run_on(read_manifest(model_folder(broken(kind, "enormous"), manifest=MANIFESTS[kind])), two_balls, JobContext())


@pytest.mark.parametrize("kind", list(MANIFESTS))
def test_a_model_of_any_kind_is_stopped_within_two_seconds_of_cancel(
    model_folder: Folder, two_balls: Volume, kind: str
) -> None:
    manifest = read_manifest(model_folder(broken(kind, "endless"), manifest=MANIFESTS[kind]))
    running, cancel = threading.Event(), threading.Event()
    stopped_at: list[float] = []

    def told(progress: Progress) -> None:
        if progress.what.startswith("Running"):
            running.set()

    def work() -> None:
        with pytest.raises(CancelledError):
            run_on(manifest, two_balls, JobContext(told, cancel.is_set))
        stopped_at.append(time.monotonic())

    thread = threading.Thread(target=work)
    thread.start()
    assert running.wait(120)
    asked = time.monotonic()
    cancel.set()
    thread.join(30)
    assert stopped_at[0] - asked < 2.0
    assert not [c for c in multiprocessing.active_children() if c.name == "casestage-model"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({'order = "kji"': 'order = "ijk"'}, None),
        ({'format = "corners"': 'format = "centre-size"'}, None),
        (
            {'kind = "box-scores"\nlayout = "NB"': 'kind = "box-scores"\nlayout = "B"'},
            "output.scores.layout is B, and the tensor has 2 axes",
        ),
    ],
)
def test_boxes_read_in_the_wrong_form_never_leave_the_volume(
    model_folder: Folder, two_balls: Volume, changes: dict[str, str], sentence: str | None
) -> None:
    folder = model_folder(box_of_bright(), changes, manifest=DETECTION)
    if sentence is not None:
        with pytest.raises(ModelError, match=sentence):
            ran(folder, two_balls)
        return
    bounds = two_balls.grid.bounds_lps_mm
    for finding in ran(folder, two_balls).findings:
        assert (finding.bounds_lps_mm[:, 0] >= bounds[:, 0] - 1).all()
        assert (finding.bounds_lps_mm[:, 1] <= bounds[:, 1] + 1).all()


def test_a_box_that_ends_before_it_begins_is_no_result(model_folder: Folder, two_balls: Volume) -> None:
    # The corners are swapped: the model names them low ends and high ends the other way round.
    model = box_of_bright()
    for node in model.graph.node:
        if node.op_type == "Concat" and node.output[0] == "box":
            ends = list(node.input)
            node.input[:] = ends[3:] + ends[:3]
    with pytest.raises(ModelError, match="a box that ends before it begins"):
        ran(model_folder(model, manifest=DETECTION), two_balls)


def test_logits_given_as_probabilities_are_noticed(model_folder: Folder, two_balls: Volume) -> None:
    changes = {
        'kind = "class-logits"': 'kind = "class-probabilities"',
        'activation = "sigmoid"\n': "",
        "temperature = 2.0, ": "",
    }
    with pytest.raises(ModelError, match="as probabilities") as caught:
        ran(model_folder(mean_of_slices(), changes, manifest=SLICES), two_balls)
    assert caught.value.hint == "If they are logits, output.classes.kind must be class-logits."


def test_a_label_without_a_channel_is_noticed(model_folder: Folder, two_balls: Volume) -> None:
    with pytest.raises(ModelError, match="gave 2 channels, and its manifest names channel 5"):
        ran(model_folder(mean_of_volume(), {"index = 1": "index = 5"}, manifest=VOLUME), two_balls)


def test_infinite_logits_are_no_result(model_folder: Folder, two_balls: Volume) -> None:
    made = mean_of_volume()
    for node in made.graph.node:
        if node.op_type == "Concat":
            node.output[0] = "good"
    made.graph.initializer.append(numpy_helper.from_array(np.float32(np.inf), "without_end"))
    made.graph.node.append(helper.make_node("Add", ["good", "without_end"], ["classes"]))
    changes = {'kind = "class-probabilities"': 'kind = "class-logits"\nactivation = "softmax"'}
    with pytest.raises(ModelError, match="gave no result: its output holds values that are not finite"):
        ran(model_folder(made, changes, manifest=VOLUME), two_balls)


def with_fixed_input(model: ModelProto, shape: list[int]) -> ModelProto:
    for axis, size in zip(model.graph.input[0].type.tensor_type.shape.dim, shape, strict=True):
        axis.ClearField("dim_param")
        axis.dim_value = size
    return model


@pytest.mark.parametrize(
    ("model", "manifest_text", "changes", "sentence"),
    [
        (
            with_fixed_input(mean_of_volume(), [1, 1, 32, 16, 16]),
            VOLUME,
            {},
            "input.image.size makes 16 along D, and the model takes 32",
        ),
        (
            with_fixed_input(mean_of_slices(), [7, 3, 40, 40]),
            SLICES,
            {},
            "input.image.channels makes 2 along C, and the model takes 3",
        ),
        (
            with_fixed_input(box_of_bright(), [1, 1, 48, 48, 40]),
            DETECTION,
            {'mode = "whole"': 'mode = "sliding"\npatch = [48, 48, 40]'},
            "inference.patch makes 40 along D, and the model takes 48",
        ),
        (
            with_fixed_input(box_of_bright(), [1, 1, 48, 48, 40]),
            DETECTION,
            {},
            "takes 48 voxels along D and no other number",
        ),
    ],
)
def test_a_size_that_the_model_does_not_take_is_named_before_it_runs(
    model_folder: Folder,
    two_balls: Volume,
    model: ModelProto,
    manifest_text: str,
    changes: dict[str, str],
    sentence: str,
) -> None:
    with pytest.raises(ModelError) as caught:
        ran(model_folder(model, changes, manifest=manifest_text), two_balls)
    assert sentence in caught.value.sentence
    assert caught.value.hint
