from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from viewer.domain.errors import CancelledError, ModelError, ModelRefusedError
from viewer.domain.finding import Code
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext, Progress
from viewer.domain.volume import Volume
from viewer.inference.manifest import read_manifest
from viewer.inference.onnx_file import check_safe, onnx_facts
from viewer.inference.process import ModelProcess
from viewer.inference.run import run_model
from viewer.inference.session import checked_bytes

if TYPE_CHECKING:
    from viewer.domain.overlays import ValueMap

Folder = Callable[..., Path]
MakeVolume = Callable[..., Volume]


def models_running() -> list[str]:
    """Return the processes of models; those that decode images live on."""
    return [child.name for child in multiprocessing.active_children() if child.name == "casestage-model"]


def test_a_run_finds_what_is_bright_with_its_measures_best_first(model_folder: Folder, two_balls: Volume) -> None:
    manifest = read_manifest(model_folder())
    told: list[Progress] = []
    findings = run_model(manifest, two_balls, JobContext(told.append))

    assert [f.label for f in findings] == ["Bright", "Bright"]
    large, small = findings
    assert large.score == pytest.approx(1.0, abs=0.02)
    assert small.score == pytest.approx(0.7, abs=0.03)
    assert large.centre_lps_mm == pytest.approx([20, 20, 20], abs=0.5)
    assert small.centre_lps_mm == pytest.approx([45, 40, 15], abs=0.5)
    assert large.volume_ml == pytest.approx(4 / 3 * np.pi * 0.8**3, rel=0.12)
    assert large.long_axis_mm == pytest.approx(16, abs=1.5)
    assert large.window is not None
    assert large.window.width == 400
    assert large.source.model_id == "tiny"
    assert large.tracking_uid.startswith("2.25.")
    assert large.mask is not None
    assert not large.mask.voxels.flags.writeable
    assert any(p.what == "Running Tiny, part 1 of 1" for p in told)
    assert not models_running()


def test_a_second_run_gives_the_same_findings_under_the_same_names(model_folder: Folder, two_balls: Volume) -> None:
    manifest = read_manifest(model_folder())
    early = ModelProcess()
    first = run_model(manifest, two_balls, JobContext(), process=early)
    second = run_model(manifest, two_balls, JobContext(), process=early)
    assert [(f.id, f.tracking_uid, f.score, f.volume_ml) for f in first] == [
        (f.id, f.tracking_uid, f.score, f.volume_ml) for f in second
    ]
    assert len({f.id for f in first}) == 2


def test_a_model_declines_what_it_was_not_made_for_and_runs_when_told_to(
    model_folder: Folder, two_balls: Volume
) -> None:
    manifest = read_manifest(model_folder(changes={"synthetic_only = false": "synthetic_only = true"}))
    with pytest.raises(ModelRefusedError, match="made for synthetic CT, and this series is not marked as synthetic"):
        run_model(manifest, two_balls, JobContext())
    assert len(run_model(manifest, two_balls, JobContext(), anyway=True)) == 2


@pytest.mark.parametrize(
    ("changes", "more", "words"),
    [
        ({}, {"modality": "MR"}, "it takes CT, and this series is MR"),
        ({}, {"unit": "unknown"}, "it takes Hounsfield units, and the unit of this series is unknown"),
        (
            {"synthetic_only = false": 'synthetic_only = false\nbody_part = ["HEAD"]'},
            {"body_part": "CHEST"},
            "it was made for head, and this series says chest",
        ),
        (
            {},
            {"verdict": Verdict.UNTRUSTED, "reasons": ("A slice is missing at z = 5.",)},
            r"cannot be trusted \(A slice is missing at z = 5\)",
        ),
        (
            {"synthetic_only = false": "synthetic_only = false\nlargest_slice_spacing_mm = 0.5"},
            {},
            "slices at most 0.5 mm apart, and these are up to 1.0 mm apart",
        ),
        (
            {"synthetic_only = false": 'synthetic_only = false\norientation = "sagittal"'},
            {},
            "it takes sagittal slices, and these are not",
        ),
    ],
)
def test_the_reason_for_declining_is_said(
    model_folder: Folder, make_volume: MakeVolume, changes: dict[str, str], more: dict[str, Any], words: str
) -> None:
    manifest = read_manifest(model_folder(changes=changes))
    volume = make_volume(np.zeros((3, 4, 4), np.int16), [[0.0, 0.0, float(z)] for z in range(3)], **more)
    with pytest.raises(ModelRefusedError, match=words):
        run_model(manifest, volume, JobContext())


def test_nothing_is_measured_where_the_geometry_is_not_trusted(model_folder: Folder, make_volume: MakeVolume) -> None:
    slices = np.full((6, 12, 12), 300, np.int16)
    volume = make_volume(slices, [[0.0, 0.0, 3.0 * z] for z in range(6)], verdict=Verdict.UNTRUSTED)
    (finding,) = run_model(read_manifest(model_folder()), volume, JobContext(), anyway=True)
    assert (finding.volume_ml, finding.long_axis_mm, finding.long_axis_lps_mm) == (None, None, None)
    assert finding.mask is not None
    assert finding.mean == 300


def test_a_series_that_is_still_coming_in_is_not_searched(model_folder: Folder, make_volume: MakeVolume) -> None:
    arrived = np.array([False, True, True])
    volume = make_volume(np.zeros((3, 4, 4), np.int16), [[0.0, 0.0, float(z)] for z in range(3)], arrived=arrived)
    with pytest.raises(ModelError, match="still being read"):
        run_model(read_manifest(model_folder()), volume, JobContext(), anyway=True)


def test_not_a_number_is_no_result_and_not_no_finding(model_folder: Folder, two_balls: Volume) -> None:
    with pytest.raises(ModelError, match="Tiny gave no result"):
        run_model(read_manifest(model_folder("not numbers")), two_balls, JobContext())


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("foreign", "operators from my.company, which are not allowed"),
        ("outside weights", "keeps weights in other files"),
        (b"this is no model", "not a readable ONNX model"),
        (b"", "not an ONNX model"),
    ],
)
def test_a_model_that_must_not_be_loaded_is_refused_in_a_sentence(
    model_folder: Folder, model: str | bytes, sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        checked_bytes(read_manifest(model_folder(model)).onnx_path)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [("smaller output", "gave an output of"), ("plain values", "as probabilities")],
)
def test_an_output_that_is_not_what_the_manifest_says_is_no_result(
    model_folder: Folder, two_balls: Volume, model: str, sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        run_model(read_manifest(model_folder(model)), two_balls, JobContext())


def test_a_corrupt_model_ends_in_a_sentence(model_folder: Folder, two_balls: Volume) -> None:
    with pytest.raises(ModelError, match="not a readable ONNX model"):
        run_model(read_manifest(model_folder(b"\x08\x08 this is no model")), two_balls, JobContext())


def test_a_model_file_that_ends_early_or_was_changed_never_does_more_than_fail(model_folder: Folder) -> None:
    whole = (model_folder("two classes") / "model.onnx").read_bytes()
    random = np.random.default_rng(5)
    refused = 0
    for n in range(400):
        damaged = bytearray(whole[: int(random.integers(0, len(whole)))] if n % 2 else whole)
        if damaged:
            damaged[int(random.integers(0, len(damaged)))] ^= int(random.integers(1, 256))
        try:
            check_safe(onnx_facts(bytes(damaged)))
        except ModelError:
            refused += 1
    assert refused > 200


def test_names_of_tensors_are_held_against_the_model(model_folder: Folder, two_balls: Volume) -> None:
    folder = model_folder(changes={"[input.image]": "[input.picture]"})
    with pytest.raises(ModelError, match="its manifest names the input picture, and the model has image"):
        run_model(read_manifest(folder), two_balls, JobContext())


def test_a_model_that_asks_for_the_world_is_contained(model_folder: Folder, two_balls: Volume) -> None:
    with pytest.raises(ModelError, match="more memory than it may have|stopped unexpectedly"):
        run_model(read_manifest(model_folder("enormous")), two_balls, JobContext())
    assert not models_running()


def test_a_model_that_never_ends_is_stopped_within_two_seconds_of_cancel(
    model_folder: Folder, two_balls: Volume
) -> None:
    manifest = read_manifest(model_folder("endless"))
    running, cancel = threading.Event(), threading.Event()
    stopped_at: list[float] = []

    def told(progress: Progress) -> None:
        if progress.what.startswith("Running"):
            running.set()

    def work() -> None:
        with pytest.raises(CancelledError):
            run_model(manifest, two_balls, JobContext(told, cancel.is_set))
        stopped_at.append(time.monotonic())

    thread = threading.Thread(target=work)
    thread.start()
    assert running.wait(120)
    time.sleep(0.3)
    asked = time.monotonic()
    cancel.set()
    thread.join(30)
    assert stopped_at[0] - asked < 2.0
    assert not models_running()


def test_a_model_without_progress_is_stopped_by_the_watchdog(model_folder: Folder, two_balls: Volume) -> None:
    manifest = read_manifest(model_folder("endless"))
    early = ModelProcess()
    # The process has to be up before the short silence counts.
    while not early.ready:
        time.sleep(0.05)
    with pytest.raises(ModelError, match="made no progress for 2 s and was stopped"):
        run_model(manifest, two_balls, JobContext(), silence_s=2.0, process=early)


def test_the_map_that_findings_are_cut_from_lies_where_they_do(model_folder: Folder, two_balls: Volume) -> None:
    manifest = read_manifest(model_folder())
    maps: list[ValueMap] = []
    findings = run_model(manifest, two_balls, JobContext(), keep_map=maps.append)
    (over,) = maps
    assert (over.unit, over.made_by) == ("probability", "Tiny")
    for finding in findings:
        assert finding.score is not None
        value = over.value_at(finding.centre_lps_mm)
        assert value is not None
        # A finding's score is the greatest probability in it; steps are of 1/250, and centres lie between voxels.
        assert manifest.post.mask_threshold <= value <= finding.score + 0.01
    assert over.value_at((55.0, 5.0, 5.0)) == pytest.approx(0.0, abs=0.1)


def test_rules_that_give_marks_alone_leave_no_map(two_balls: Volume) -> None:
    anatomy = read_manifest(Path(__file__).parents[2] / "resources" / "models" / "anatomy")
    maps: list[ValueMap] = []
    run_model(anatomy, two_balls, JobContext(), anyway=True, keep_map=maps.append)
    assert maps == []


ELEMENTS = {"float16": np.float16, "float64": np.float64, "int32": np.int32, "int64": np.int64}


def bright_in(element: type[np.generic]) -> ModelProto:
    """Label 1 from 100 HU on, of an input of some element type."""
    axes = ["n", "c", "k", "j", "i"]
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(element))
    graph = helper.make_graph(
        [helper.make_node("Cast", ["image"], ["hu"], to=TensorProto.FLOAT)]
        + [helper.make_node("Greater", ["hu", "limit"], ["above"])]
        + [helper.make_node("Cast", ["above"], ["out"], to=TensorProto.FLOAT)],
        "g",
        [helper.make_tensor_value_info("image", kind, axes)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, axes)],
        [numpy_helper.from_array(np.float32(100), "limit")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


@pytest.mark.parametrize("element", list(ELEMENTS))
def test_inputs_of_other_element_types_are_fed_and_a_wrong_one_is_named(
    model_folder: Folder, two_balls: Volume, element: str
) -> None:
    model = bright_in(ELEMENTS[element])
    right = read_manifest(model_folder(model, {'dtype = "float32"': f'dtype = "{element}"'}))
    assert len(run_model(right, two_balls, JobContext())) == 2
    wrong = read_manifest(model_folder(model, name="wrong"))
    with pytest.raises(ModelError, match=f"input.image.dtype is float32, and the model takes {element}"):
        run_model(wrong, two_balls, JobContext())


def test_a_finding_is_coded_as_its_models_author_says(model_folder: Folder, two_balls: Volume) -> None:
    coded = 'name = "Bright"\nsnomed_type = ["414086009", "SCT", "Embolism"]'
    found = run_model(read_manifest(model_folder(changes={'name = "Bright"': coded})), two_balls, JobContext())
    assert {one.kind for one in found} == {Code("414086009", "SCT", "Embolism")}
