from __future__ import annotations

import copy
import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from onnx import TensorProto, helper

from viewer.inference.import_monai import import_monai
from viewer.inference.import_nnunet import import_nnunet
from viewer.inference.importing import ImportRefusedError, key_of
from viewer.inference.manifest import read_manifest
from viewer.inference.onnx_file import OnnxFacts, onnx_facts
from viewer.inference.strict_table import open_keys

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.inference.propose import Proposal

METADATA: dict[str, Any] = {
    "name": "Spleen of the tests",
    "version": "0.3.1",
    "task": "Segmentation",
    "intended_use": "An example.",
    "data_source": "Nothing at all.",
    "network_data_format": {
        "inputs": {"image": {"format": "hounsfield", "modality": "CT", "num_channels": 1, "dtype": "float32"}},
        "outputs": {
            "pred": {
                "format": "segmentation",
                "num_channels": 3,
                "channel_def": {"0": "background", "1": "Spleen", "2": "spleen!"},
            }
        },
    },
}

INFERENCE: dict[str, Any] = {
    "imports": ["$import os"],
    "image_key": "image",
    "spacing": {"fine": [1.5, 1.4, 2.0]},
    "overlap": 0.4,
    "device": "$os.system('false')",
    "preprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "LoadImaged", "keys": "@image_key", "reader": "$something()"},
            {"_target_": "EnsureChannelFirstd", "keys": "image"},
            {"_target_": "monai.transforms.Orientationd", "keys": "image", "axcodes": "RAS"},
            {"_target_": "Spacingd", "keys": "image", "pixdim": "@spacing#fine", "mode": "bilinear"},
            {"_target_": "CropForegroundd", "keys": "image", "_disabled_": True},
            {
                "_target_": "ScaleIntensityRanged",
                "keys": "image",
                "a_min": -60,
                "a_max": 160,
                "b_min": -1,
                "b_max": 1,
                "clip": True,
            },
            {"_target_": "EnsureTyped", "keys": "image"},
        ],
    },
    "inferer": {
        "_target_": "SlidingWindowInferer",
        "roi_size": [96, 80, 64],
        "sw_batch_size": 4,
        "overlap": "@overlap",
        "mode": "gaussian",
        "device": "@device",
    },
    "postprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "Activationsd", "keys": "pred", "softmax": True},
            {"_target_": "Invertd", "keys": "pred", "transform": "@preprocessing"},
            {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
            {"_target_": "SaveImaged", "keys": "pred", "output_dir": "$@bundle_root + '/eval'"},
        ],
    },
}

PLANS: dict[str, Any] = {
    "dataset_name": "Dataset900_Test",
    "plans_name": "nnUNetPlans",
    "image_reader_writer": "SimpleITKIO",
    "transpose_forward": [0, 1, 2],
    "transpose_backward": [0, 1, 2],
    "configurations": {
        "2d": {"patch_size": [320, 256], "spacing": [0.8, 0.8], "normalization_schemes": ["CTNormalization"]},
        "3d_fullres": {
            "patch_size": [64, 128, 160],
            "spacing": [3.0, 0.8, 0.7],
            "normalization_schemes": ["CTNormalization"],
            "use_mask_for_norm": [False],
            "batch_size": 2,
        },
        "3d_lowres": {"inherits_from": "3d_fullres", "spacing": [4.0, 1.6, 1.5]},
        "3d_cascade_fullres": {"inherits_from": "3d_fullres", "previous_stage": "3d_lowres"},
    },
    "foreground_intensity_properties_per_channel": {
        "0": {"percentile_00_5": -90.5, "percentile_99_5": 210.0, "mean": 80.25, "std": 40.5, "max": 900, "min": -500}
    },
}

DATASET: dict[str, Any] = {
    "channel_names": {"0": "CT"},
    "labels": {"background": 0, "liver": 1, "liver tumour": 2},
    "description": "Livers of nobody.",
    "file_ending": ".nii.gz",
}


def onnx(patch: tuple[Any, ...] = ("a", "b", "c"), channels: Any = 3, inputs: int = 1) -> OnnxFacts:
    value = helper.make_tensor_value_info
    names = [f"input{n}" for n in range(inputs)]
    graph = helper.make_graph(
        [helper.make_node("Identity", [names[0]], ["output"])],
        "g",
        [value(name, TensorProto.FLOAT, ["n", 1, *patch]) for name in names],
        [value("output", TensorProto.FLOAT, ["n", channels, *patch])],
    )
    return onnx_facts(helper.make_model(graph).SerializeToString())


def bundle(folder: Path, metadata: Any = METADATA, inference: Any = INFERENCE) -> Path:
    (folder / "configs").mkdir(parents=True, exist_ok=True)
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    (folder / "configs" / "inference.json").write_text(json.dumps(inference), encoding="utf-8")
    return folder


def plan(folder: Path, plans: Any = PLANS, dataset: Any = DATASET) -> Path:
    (folder / "plans.json").write_text(json.dumps(plans), encoding="utf-8")
    (folder / "dataset.json").write_text(json.dumps(dataset), encoding="utf-8")
    return folder


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    made = copy.deepcopy(value)
    at = made
    for key in path[:-1]:
        at = at[key]
    if new is None:
        del at[path[-1]]
    else:
        at[path[-1]] = new
    return made


def monai(folder: Path, facts: OnnxFacts | None = None) -> Proposal:
    return import_monai(folder, facts or onnx(), file="model.onnx", sha256="0" * 64)


def nnunet(folder: Path, facts: OnnxFacts | None = None, configuration: str = "3d_fullres") -> Proposal:
    return import_nnunet(folder, facts or onnx(), file="model.onnx", sha256="0" * 64, configuration=configuration)


def test_a_bundle_becomes_a_manifest_with_its_numbers(tmp_path: Path) -> None:
    parsed = tomllib.loads(monai(bundle(tmp_path), onnx((96, 80, 64))).text)
    image = parsed["input"]["input0"]
    # MONAI's axes after the channel are i, j, k.
    assert image["layout"] == "NCWHD"
    assert image["orientation"] == "RAS"
    assert image["spacing_mm"] == [1.5, 1.4, 2.0]
    assert image["channels"] == [{"clip": [-60, 160], "range": [-1, 1]}]
    assert image["normalise"] == "after-resampling"
    # Beyond a volume that is smaller than a patch.
    assert image["beyond"] == 0
    assert parsed["inference"] == {"mode": "sliding", "patch": [96, 80, 64], "overlap": 0.4, "blending": "gaussian"}
    assert parsed["output"]["output"] == {"kind": "voxel-logits", "layout": "NCWHD", "activation": "softmax"}
    assert [(label["index"], label["key"], label["name"]) for label in parsed["label"]] == [
        (1, "spleen", "Spleen"),
        (2, "spleen-2", "spleen!"),
    ]
    assert parsed["model"]["version"] == "0.3.1"
    assert parsed["model"]["card"]["trained_on"] == "Nothing at all."
    asked = open_keys(parsed)
    assert {"model.licence", "model.card.synthetic", "accept.synthetic_only", "accept.body_part"} <= set(asked)
    assert not any(key.startswith(("input", "output", "inference", "post", "label")) for key in asked)


@pytest.mark.parametrize(
    ("path", "new", "sentence"),
    [
        (
            ("preprocessing", "transforms", 3, "pixdim"),
            "$[1, 1, 1]",
            "Spacingd.pixdim is an expression, which is not run",
        ),
        (("spacing", "fine"), "$__import__('os').system('x')", "is an expression, which is not run"),
        (("spacing",), None, "refers to spacing.fine, which is not there"),
        (("spacing", "fine"), "@spacing#fine", "refers to itself"),
        (("preprocessing", "transforms", 4, "_disabled_"), "$not @x", "_disabled_ is an expression"),
        (("preprocessing", "transforms", 4, "_disabled_"), False, "the transform CropForegroundd cannot be translated"),
        (("preprocessing", "transforms", 5, "clip"), False, "ScaleIntensityRanged without clip"),
        (("preprocessing", "transforms", 5, "dtype"), "x", "ScaleIntensityRanged’s dtype cannot be translated"),
        (("preprocessing", "transforms", 3, "mode"), "bicubic", "mode bicubic cannot be translated"),
        (("preprocessing", "transforms", 3), {"_target_": "Resized"}, "the transform Resized cannot be translated"),
        (("preprocessing", "transforms", 2, "axcodes"), "RAX", "axcodes must be three letters"),
        (("preprocessing", "_target_"), "Chain", "preprocessing is Chain, which cannot be translated"),
        (("preprocessing",), None, "preprocessing is missing"),
        (("inferer", "_target_"), "PatchInferer", "the inferer PatchInferer cannot be translated"),
        (("inferer", "roi_size"), [96, 96], "roi_size must be 3 numbers"),
        (("inferer", "padding_mode"), "reflect", "padding_mode reflect cannot be translated"),
        (("inferer", "process_fn"), "x", "SlidingWindowInferer’s process_fn cannot be translated"),
        (
            ("postprocessing", "transforms", 1, "_target_"),
            "KeepLargestConnectedComponentd",
            "the transform KeepLargestConnectedComponentd cannot be translated",
        ),
        (("postprocessing", "transforms"), [], "does not say what the output is"),
    ],
)
def test_what_cannot_be_translated_of_a_bundle_is_refused_by_name(
    tmp_path: Path, path: tuple[Any, ...], new: Any, sentence: str
) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        monai(bundle(tmp_path, inference=changed(INFERENCE, path, new)))
    assert sentence in caught.value.sentence
    assert caught.value.hint


@pytest.mark.parametrize(
    ("path", "new", "sentence"),
    [
        (("network_data_format", "inputs", "image", "modality"), "MR", "the model takes MR, and CT is meant"),
        (("network_data_format", "inputs", "image", "num_channels"), 4, "takes 4 channels, not one"),
        (("network_data_format", "outputs", "pred", "format"), "box", "the output is “box”; only segmentation"),
        (("network_data_format", "outputs", "second"), {}, "network_data_format.outputs must name one tensor"),
        (("network_data_format",), None, "network_data_format is missing"),
    ],
)
def test_a_bundle_of_another_kind_is_refused(tmp_path: Path, path: tuple[Any, ...], new: Any, sentence: str) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        monai(bundle(tmp_path, metadata=changed(METADATA, path, new)))
    assert sentence in caught.value.sentence


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (onnx((32, 80, 64)), "takes 32 voxels along one axis, and the patch has 96 there"),
        (onnx(channels=2), "gives 2 channels, and label 2 is named"),
        (onnx(inputs=2), "has 2 inputs and 1 outputs"),
        (onnx(("a", "b")), "is no volume segmentation"),
    ],
)
def test_an_onnx_file_that_is_not_the_bundles_is_noticed(tmp_path: Path, facts: OnnxFacts, sentence: str) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        monai(bundle(tmp_path), facts)
    assert sentence in caught.value.sentence


def test_a_bundle_that_is_damaged_ends_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=r"metadata\.json is not there"):
        monai(tmp_path)
    bundle(tmp_path)
    (tmp_path / "configs" / "inference.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ImportRefusedError, match=r"inference\.json holds no table"):
        monai(tmp_path)
    (tmp_path / "configs" / "inference.json").write_text("{", encoding="utf-8")
    with pytest.raises(ImportRefusedError, match=r"inference\.json cannot be read as JSON"):
        monai(tmp_path)


def test_an_imported_manifest_is_read_once_its_questions_are_answered(tmp_path: Path) -> None:
    content = b"a network"
    import hashlib

    proposal = import_nnunet(plan(tmp_path), onnx(), file="model.onnx", sha256=hashlib.sha256(content).hexdigest())
    (tmp_path / "model.onnx").write_bytes(content)
    answers = {"orientation": '"LPS"', "synthetic": "false", "synthetic_only": "false", "limitations": "[]"}
    answers |= {"body_part": "[]"}
    lines = []
    for line in proposal.text.splitlines():
        name = line.split(" = ")[0]
        lines.append(f"{name} = {answers.get(name, chr(34) + 'x' + chr(34))}" if '"?"' in line else line)
    (tmp_path / "model.toml").write_text("\n".join(lines), encoding="utf-8")
    manifest = read_manifest(tmp_path)
    assert manifest.image.spacing_mm == (0.7, 0.8, 3.0)
    assert manifest.inference.overlap == 0.5


def test_names_become_keys_of_their_own() -> None:
    assert key_of("Gro\u00dfe Niere (links)") == "groe-niere-links"
    assert key_of("a b", ["a-b", "a-b-2"]) == "a-b-3"
    assert key_of("\u4e2d") == "unnamed"


JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1e300,
    "",
    "$x",
    "@y",
    "@preprocessing",
    [],
    [[]],
    {},
    {"a": 1},
    ["x"],
    [1, 2],
)


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places_in(one, (*path, key)))]


@pytest.mark.parametrize("which", ["metadata", "inference", "plans", "dataset"])
def test_whatever_stands_in_the_files_only_a_refusal_comes_of_it(tmp_path: Path, which: str) -> None:
    whole = {"metadata": METADATA, "inference": INFERENCE, "plans": PLANS, "dataset": DATASET}[which]
    facts = onnx()
    refused = 0
    for path in places_in(whole)[1:]:
        for junk in JUNK:
            made = copy.deepcopy(whole)
            at = made
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = junk
            try:
                if which in ("metadata", "inference"):
                    monai(bundle(tmp_path, **{which: made}), facts)
                else:
                    nnunet(plan(tmp_path, **{which: made}), facts)
            except ImportRefusedError:
                refused += 1
    assert refused > 20
