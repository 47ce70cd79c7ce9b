"""nnU-Net v2 plans become manifests, or are refused by what cannot be translated."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from tests.inference.test_importing import DATASET, PLANS, changed, nnunet, onnx, plan
from viewer.inference.importing import ImportRefusedError
from viewer.inference.strict_table import open_keys

if TYPE_CHECKING:
    from pathlib import Path


def test_a_plan_becomes_a_manifest_with_its_numbers(tmp_path: Path) -> None:
    parsed = tomllib.loads(nnunet(plan(tmp_path), onnx((64, 128, 160))).text)
    image = parsed["input"]["input0"]
    # Written z, y, x in the plan.
    assert image["layout"] == "NCDHW"
    assert image["spacing_mm"] == [0.7, 0.8, 3.0]
    assert image["channels"] == [{"clip": [-90.5, 210], "mean": 80.25, "std": 40.5}]
    assert image["normalise"] == "before-resampling"
    assert image["beyond"] == 0
    assert parsed["inference"]["patch"] == [160, 128, 64]
    assert [(label["index"], label["key"]) for label in parsed["label"]] == [(1, "liver"), (2, "liver-tumour")]
    assert parsed["model"]["card"]["trained_on"] == "Livers of nobody."
    # The plan does not say how the training files lay.
    assert "input.input0.orientation" in open_keys(parsed)


def test_a_plan_whose_reader_turns_images_says_their_orientation(tmp_path: Path) -> None:
    # As TotalSegmentator and others that train with nibabel are.
    plans = changed(PLANS, ("image_reader_writer",), "NibabelIOWithReorient")
    text = nnunet(plan(tmp_path, plans)).text
    assert tomllib.loads(text)["input"]["input0"]["orientation"] == "RAS"
    assert "has to be filled in" not in text


def test_a_model_of_the_first_nnunet_is_told_from_a_folder_without_a_plan(tmp_path: Path) -> None:
    (tmp_path / "plans.pkl").write_bytes(b"\x80\x04N.")
    with pytest.raises(ImportRefusedError, match="nnU-Net v1: its plans.pkl is a program when it is read") as caught:
        nnunet(tmp_path)
    assert "casestage models propose" in caught.value.hint


def test_a_transposed_plan_is_fed_transposed(tmp_path: Path) -> None:
    # Along x, z, y: the spacing and the patch of the plan are in that order.
    plans = changed(PLANS, ("transpose_forward",), [2, 0, 1])
    parsed = tomllib.loads(nnunet(plan(tmp_path, plans)).text)
    image = parsed["input"]["input0"]
    assert image["layout"] == "NCWDH"
    assert image["spacing_mm"] == [3.0, 0.7, 0.8]
    assert parsed["inference"]["patch"] == [64, 160, 128]
    assert parsed["output"]["output"]["layout"] == "NCWDH"


def test_a_configuration_may_inherit(tmp_path: Path) -> None:
    parsed = tomllib.loads(nnunet(plan(tmp_path), configuration="3d_lowres").text)
    assert parsed["input"]["input0"]["spacing_mm"] == [1.5, 1.6, 4.0]
    assert parsed["inference"]["patch"] == [160, 128, 64]


@pytest.mark.parametrize(
    ("path", "new", "sentence"),
    [
        (("configurations", "3d_fullres", "normalization_schemes"), ["ZScoreNormalization"], "is ZScoreNormalization"),
        (("configurations", "3d_fullres", "use_mask_for_norm"), [True], "use_mask_for_norm cannot be translated"),
        (("configurations", "3d_fullres", "spacing"), [1, 1], "spacing must be 3 numbers"),
        (("configurations", "3d_fullres"), None, "has no configuration “3d_fullres”"),
        (("foreground_intensity_properties_per_channel", "0", "std"), None, "0.std must be a number"),
        (("transpose_forward",), [0, 0, 1], "transpose_forward must be 0, 1 and 2"),
    ],
)
def test_what_cannot_be_translated_of_a_plan_is_refused_by_name(
    tmp_path: Path, path: tuple[Any, ...], new: Any, sentence: str
) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        nnunet(plan(tmp_path, changed(PLANS, path, new)))
    assert sentence in caught.value.sentence


@pytest.mark.parametrize(
    ("path", "new", "sentence"),
    [
        (("labels", "liver"), [1, 2], "the label “liver” is a region of several values"),
        (("channel_names",), {"0": "MRI"}, "the channel is “MRI”, and CT is meant"),
        (("channel_names",), {"0": "CT", "1": "PET"}, "it names none or several"),
        (("labels",), {"background": 0}, "names no label but the background"),
    ],
)
def test_a_data_set_of_another_kind_is_refused(tmp_path: Path, path: tuple[Any, ...], new: Any, sentence: str) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        nnunet(plan(tmp_path, dataset=changed(DATASET, path, new)))
    assert sentence in caught.value.sentence


@pytest.mark.parametrize(
    ("name", "sentence"), [("2d", "is of single slices"), ("3d_cascade_fullres", "needs the result of another stage")]
)
def test_configurations_that_are_no_single_volume_are_refused(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(ImportRefusedError, match=sentence):
        nnunet(plan(tmp_path), configuration=name)
