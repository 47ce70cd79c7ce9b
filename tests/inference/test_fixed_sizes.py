"""Models that fix more than others: whole slabs, one size, few numbers, or labels that their manifest does not name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from tests.inference.kinds import DETECTION, SLICES, box_of_bright, mean_of_slices
from viewer.domain.errors import ManifestError, ModelError
from viewer.domain.job import JobContext
from viewer.inference.manifest import read_manifest
from viewer.inference.pipeline import Answer, answer_in
from viewer.inference.prepare import prepare
from viewer.inference.session import check_tensors, checked_bytes, session_from

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.volume import Volume

    Folder = Callable[..., Path]
    MakeVolume = Callable[..., Volume]

ORIGINAL = {
    'orientation = "LPS"': 'orientation = "original"',
    "spacing_mm = [2.0, 2.0, 2.0]": 'spacing_mm = "original"',
}
LABEL_MAP = {
    'kind = "voxel-probabilities"': 'kind = "label-map"',
    "mask_threshold = 0.5": 'finding_score = "none"',
    "index = 0": "index = 1",
}


def bright(
    shape: list[int | str],
    *,
    given: int = TensorProto.FLOAT,
    taken: int = TensorProto.FLOAT,
    opset: int = 17,
) -> ModelProto:
    """1 from 100 HU on, of an input of some shape and element types."""
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["hu"], to=TensorProto.FLOAT),
            helper.make_node("Greater", ["hu", "limit"], ["above"]),
            helper.make_node("Cast", ["above"], ["out"], to=given),
        ],
        "g",
        [helper.make_tensor_value_info("image", taken, shape)],
        [helper.make_tensor_value_info("out", given, shape)],
        [numpy_helper.from_array(np.float32(100), "limit")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return model


def said(folder: Path, volume: Volume) -> Answer:
    manifest = read_manifest(folder)
    session = session_from(checked_bytes(manifest.onnx_path, manifest.sha256), manifest.name)
    check_tensors(manifest, session)
    return answer_in(manifest, volume, session, JobContext())


def voxels(answer: Answer) -> list[int]:
    return [mark.mask.count for mark in answer.marks if mark.mask is not None]


@pytest.mark.parametrize(
    ("layout", "shape", "open_shape"),
    [
        ("NCHW", [16, 1, "h", "w"], ["n", 1, "h", "w"]),
        ("NCDHW", [1, 1, 16, "h", "w"], [1, 1, "d", "h", "w"]),
    ],
)
def test_a_model_that_takes_whole_slabs_alone_finds_the_same_where_slices_are_no_multiple_of_them(
    model_folder: Folder, two_balls: Volume, layout: str, shape: list[int | str], open_shape: list[int | str]
) -> None:
    changes = {
        **ORIGINAL,
        'mode = "whole"': 'mode = "slices"\nslab = 16',
        'layout = "NCDHW"': f'layout = "{layout}"',
    }
    assert two_balls.stack.count % 16
    whole = said(model_folder(bright(shape), changes), two_balls)
    assert voxels(whole) == voxels(said(model_folder(bright(open_shape), changes, name="open"), two_balls)) != []


def test_a_slice_classifier_that_takes_seven_slices_and_no_fewer_marks_and_locates_the_same(
    model_folder: Folder, two_balls: Volume
) -> None:
    fixed = mean_of_slices()
    size = fixed.graph.input[0].type.tensor_type.shape.dim[0]
    size.ClearField("dim_param")
    size.dim_value = 7
    assert two_balls.stack.count % 7
    found, free = (
        said(model_folder(model, manifest=SLICES, name=name), two_balls)
        for model, name in ((fixed, "fixed"), (mean_of_slices(), "free"))
    )
    assert found.case_scores == free.case_scores
    assert [(m.slices_k, m.score, m.localisation) for m in found.marks] == [
        (m.slices_k, m.score, m.localisation) for m in free.marks
    ]
    assert found.marks
    assert voxels(found) == voxels(free)


@pytest.mark.parametrize(
    ("shape", "layout", "mode", "sentence", "hint"),
    [
        ([1, 1, "h", "w"], "NCHW", 'mode = "whole"', "takes 1 slice at once", 'mode = "slices" with slab = 1'),
        (
            [1, 1, 32, 32, 32],
            "NCDHW",
            'mode = "sliding"\npatch = [32, 32, 32]\nbatch = 4',
            "inference.batch makes 4 along N, and the model takes 1",
            "inference.batch",
        ),
        (
            [4, 1, 32, 32, 32],
            "NCDHW",
            'mode = "sliding"\npatch = [32, 32, 32]\nbatch = 4',
            "takes 4 volumes or patches at once",
            "open batch",
        ),
        (
            [3, 1, 32, 32],
            "NCHW",
            'mode = "sliding"\npatch = [32, 32, 1]',
            "inference.patch makes 1 along N, and the model takes 3",
            "inference.patch",
        ),
        ([1, 1, 41, 60, 64], "NCDHW", 'mode = "whole"', "takes 41 along D and no other number", "sliding"),
    ],
)
def test_a_number_that_the_model_does_not_take_is_named_and_is_no_damage(
    model_folder: Folder,
    two_balls: Volume,
    shape: list[int | str],
    layout: str,
    mode: str,
    sentence: str,
    hint: str,
) -> None:
    changes = {**ORIGINAL, 'mode = "whole"': mode, 'layout = "NCDHW"': f'layout = "{layout}"'}
    with pytest.raises(ModelError) as caught:
        said(model_folder(bright(shape), changes), two_balls)
    assert sentence in caught.value.sentence
    assert hint in caught.value.hint


def test_single_slices_may_slide_through_a_model_that_takes_one(model_folder: Folder, two_balls: Volume) -> None:
    changes = {
        **ORIGINAL,
        'mode = "whole"': 'mode = "sliding"\npatch = [32, 32, 1]',
        'layout = "NCDHW"': 'layout = "NCHW"',
    }
    assert len(voxels(said(model_folder(bright([1, 1, 32, 32]), changes), two_balls))) == 2


def test_a_label_that_the_manifest_does_not_name_is_not_taken_for_nothing(
    model_folder: Folder, two_balls: Volume
) -> None:
    shape: list[int | str] = ["n", 1, "d", "h", "w"]
    changes = {**LABEL_MAP, "index = 0": "index = 2"}
    answer = said(model_folder(bright(shape, given=TensorProto.UINT8), changes), two_balls)
    assert not answer.marks
    assert answer.notes == ("Tiny marked something as 1, and its manifest names 2 alone: nothing of it is shown.",)
    named = said(model_folder(bright(shape, given=TensorProto.UINT8), LABEL_MAP, name="named"), two_balls)
    assert named.marks
    assert named.notes == ()


def test_boxes_of_a_label_that_the_manifest_does_not_name_are_not_taken_for_nothing(
    model_folder: Folder, two_balls: Volume
) -> None:
    answer = said(model_folder(box_of_bright(), {"index = 1": "index = 3"}, manifest=DETECTION), two_balls)
    assert not answer.marks
    assert answer.notes == ("Kind marked something as 1, and its manifest names 3 alone: nothing of it is shown.",)


def test_a_label_map_that_slides_leaves_no_map_of_probabilities(model_folder: Folder, two_balls: Volume) -> None:
    changes = {**LABEL_MAP, 'mode = "whole"': 'mode = "sliding"\npatch = [16, 16, 16]'}
    answer = said(model_folder(bright([1, 1, 16, 16, 16], given=TensorProto.UINT8), changes), two_balls)
    assert len(answer.marks) == 2
    assert answer.probabilities is None


def test_an_output_that_is_no_tensor_of_numbers_is_named_before_it_runs(
    model_folder: Folder, two_balls: Volume
) -> None:
    model = bright(["n", 1, "d", "h", "w"], given=TensorProto.BFLOAT16)
    with pytest.raises(ModelError, match=r"output.out is tensor\(bfloat16\)") as caught:
        said(model_folder(model), two_balls)
    assert "float32" in caught.value.hint


def test_a_model_of_a_newer_onnx_is_not_said_to_be_damaged(model_folder: Folder, two_balls: Volume) -> None:
    with pytest.raises(ModelError, match="Tiny needs opset 99, and the runtime here knows those up to ") as caught:
        said(model_folder(bright(["n", 1, "d", "h", "w"], opset=99)), two_balls)
    assert "Export it with opset" in caught.value.hint


@pytest.mark.parametrize(
    ("element", "recipe", "expected"),
    [
        # Whole numbers are the nearest, not those towards 0, and what has no place stands at the end.
        ("int16", "raw = true", [-32768, -2, 0, 2, 32767]),
        ("uint8", "window = [0, 20], range = [0, 255]", [0, 108, 128, 147, 255]),
        ("int8", "raw = true", [-128, -2, 0, 2, 127]),
        ("uint16", "raw = true", [0, 0, 0, 2, 65535]),
        ("float16", "raw = true", [-65504, -1.5, 0, 1.5, 65504]),
        # The window is laid on the values themselves.
        ("int16", "window = [0, 4], range = [0, 1000]", [0, 125, 500, 875, 1000]),
    ],
)
def test_values_are_fed_as_the_nearest_that_a_type_has(
    model_folder: Folder, make_volume: MakeVolume, element: str, recipe: str, expected: list[float]
) -> None:
    values = np.array([-1e5, -1.5, 0.0, 1.5, 1e5], np.float32).reshape(1, 1, 5).repeat(2, axis=0)
    volume = make_volume(values, [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    changes = {
        **ORIGINAL,
        'dtype = "float32"': f'dtype = "{element}"',
        "{ raw = true }": f"{{ {recipe} }}",
    }
    manifest = read_manifest(model_folder(changes=changes))
    prepared = prepare(manifest, volume, JobContext())
    fed = prepared.block(manifest.image, (slice(0, 2), slice(0, 1), slice(0, 5)))
    assert fed.dtype == np.dtype(element)
    assert fed[0, 0, 0].tolist() == expected
    taken = helper.np_dtype_to_tensor_dtype(np.dtype(element))
    said(model_folder(bright(["n", 1, "d", "h", "w"], taken=taken), changes, name="runs"), volume)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({'dtype = "float32"': 'dtype = "bool"'}, "input.image.dtype: bool is for padding"),
        ({'mode = "whole"': 'mode = "sliding"\npatch = [32.5, 32, 32]'}, "inference.patch must be a list of 3 whole"),
        ({'mode = "whole"': 'mode = "whole"\nflips = ["i", "i"]'}, "inference.flips must be a list of"),
    ],
)
def test_what_would_be_cut_to_something_else_is_refused(
    model_folder: Folder, changes: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(model_folder(changes=changes))
    assert sentence in caught.value.sentence


def test_a_name_that_turns_reading_around_or_has_two_lines_does_not(model_folder: Folder) -> None:
    manifest = read_manifest(model_folder(changes={'name = "Tiny"': 'name = "Tiny\\u202e\\nmodel"'}))
    assert manifest.name == "Tiny model"


def test_a_key_with_a_mark_that_is_not_seen_is_told_from_the_right_one(model_folder: Folder) -> None:
    folder = model_folder(changes={"dtype = ": '"dtype\u200b" = '})
    with pytest.raises(ManifestError, match=r"input.image.dtype\\u200b is not known; did you mean input.image.dtype\?"):
        read_manifest(folder)
