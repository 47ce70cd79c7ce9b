from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from tests.real_series import original_slices
from viewer.domain.geometry import SliceStack
from viewer.domain.volume import SeriesFacts, Volume

MANIFEST = """\
manifest = 1
[model]
id = "tiny"
name = "Tiny"
version = "1.0.0"
task = "segmentation"
licence = "Apache-2.0"
file = "model.onnx"
[model.files]
"model.onnx" = "{sha256}"
[model.card]
intended_use = "Tests."
regulatory_status = "Not a medical device."
trained_on = "Nothing."
synthetic = true
limitations = ["All of them."]
[accept]
synthetic_only = false
[input.image]
dtype = "float32"
layout = "NCDHW"
orientation = "LPS"
spacing_mm = [2.0, 2.0, 2.0]
channels = [{{ raw = true }}]
[inference]
mode = "whole"
[output.out]
kind = "voxel-probabilities"
layout = "NCDHW"
[post]
mask_threshold = 0.5
[[label]]
index = 0
key = "bright"
name = "Bright"
window = [100, 400]
"""


def graph_of(nodes: list[Any], constants: dict[str, Any] | None = None, *, axes: int = 5) -> ModelProto:
    """A model from `image` to `out`, float32, with open axes."""
    shape: list[str | int | None] = [f"n{n}" for n in range(axes)]
    made = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def above_100() -> ModelProto:
    """Probability from the HU: a ramp of 200 HU around 100 HU."""
    nodes = [
        helper.make_node("Sub", ["image", "zero_at"], ["moved"]),
        helper.make_node("Mul", ["moved", "slope"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "low", "high"], ["out"]),
    ]
    f = np.float32
    return graph_of(nodes, {"zero_at": f(0), "slope": f(1 / 200), "low": f(0), "high": f(1)})


def endless() -> ModelProto:
    """A loop that never ends."""
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Sin", ["x"], ["y"]),
        ],
        "body",
        [value("n", TensorProto.INT64, []), value("go", TensorProto.BOOL, []), value("x", TensorProto.FLOAT, None)],
        [value("go_on", TensorProto.BOOL, []), value("y", TensorProto.FLOAT, None)],
    )
    nodes = [helper.make_node("Loop", ["most", "true", "image"], ["out"], body=body)]
    return graph_of(nodes, {"most": np.int64(2**62), "true": np.bool_(True)})


def enormous() -> ModelProto:
    """A few bytes that ask for 256 GB."""
    nodes = [
        helper.make_node("ConstantOfShape", ["size"], ["huge"]),
        helper.make_node("ReduceMax", ["huge"], ["most"], keepdims=0),
        helper.make_node("Add", ["image", "most"], ["out"]),
    ]
    return graph_of(nodes, {"size": np.array([64_000, 1_000_000], np.int64)})


def not_numbers() -> ModelProto:
    """0 / 0 everywhere."""
    nodes = [helper.make_node("Sub", ["image", "image"], ["nil"]), helper.make_node("Div", ["nil", "nil"], ["out"])]
    return graph_of(nodes)


def foreign() -> ModelProto:
    """An operator that the runtime does not have."""
    return graph_of([helper.make_node("Magic", ["image"], ["out"], domain="my.company")])


def outside_weights() -> ModelProto:
    """Weights in another file."""
    model = graph_of([helper.make_node("Add", ["image", "w"], ["out"])], {"w": np.zeros(4, np.float32)})
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../secret"
    return model


def smaller_output() -> ModelProto:
    """Half as many voxels come out."""
    return graph_of([helper.make_node("MaxPool", ["image"], ["out"], kernel_shape=[2, 2, 2], strides=[2, 2, 2])])


def plain_values() -> ModelProto:
    """HU as they are, which are no probabilities."""
    return graph_of([helper.make_node("Identity", ["image"], ["out"])])


def two_classes() -> ModelProto:
    """Softmax logits over background and two labels: 0, HU − 100, and HU − 170, in channels 0, 1 and 2."""
    f = np.float32
    nodes = [
        helper.make_node("Sub", ["image", "a"], ["one"]),
        helper.make_node("Sub", ["image", "b"], ["less"]),
        helper.make_node("Mul", ["less", "twice"], ["two"]),
        helper.make_node("Sub", ["image", "image"], ["nil"]),
        helper.make_node("Concat", ["nil", "one", "two"], ["out"], axis=1),
    ]
    return graph_of(nodes, {"a": f(100), "b": f(140), "twice": f(3)})


MODELS = {
    "above 100": above_100,
    "endless": endless,
    "enormous": enormous,
    "not numbers": not_numbers,
    "foreign": foreign,
    "outside weights": outside_weights,
    "smaller output": smaller_output,
    "plain values": plain_values,
    "two classes": two_classes,
}

Make = Callable[..., Path]


@pytest.fixture
def model_folder(tmp_path: Path) -> Make:
    """Writes a model folder; `changes` are texts of the manifest and what stands there instead."""

    def make(
        model: str | bytes | ModelProto = "above 100",
        changes: dict[str, str] | None = None,
        name: str = "tiny",
        manifest: str = MANIFEST,
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        made = MODELS[model]() if isinstance(model, str) else model
        content = made.SerializeToString() if isinstance(made, ModelProto) else made
        (folder / "model.onnx").write_bytes(content)
        text = manifest.format(sha256=hashlib.sha256(content).hexdigest())
        for before, after in (changes or {}).items():
            assert before in text
            text = text.replace(before, after)
        (folder / "model.toml").write_text(text, encoding="utf-8")
        return folder

    return make


def made_volume(slices: Any, positions: Any, **more: Any) -> Volume:
    stack = SliceStack(
        (slices.shape[2], slices.shape[1]),
        more.pop("spacing", (1.0, 1.0)),
        more.pop("row", (1.0, 0.0, 0.0)),
        more.pop("column", (0.0, 1.0, 0.0)),
        positions,
    )
    kept = {key: more.pop(key) for key in ("unit", "padding", "verdict", "reasons", "arrived") if key in more}
    series = SeriesFacts("1.2.3.4", modality=more.pop("modality", "CT"), **more)
    return Volume(series, slices, stack, slices, stack.as_grid(), **kept)


@pytest.fixture
def make_volume() -> Callable[..., Volume]:
    return made_volume


@pytest.fixture
def two_balls() -> Volume:
    """Two bright balls in water, 1 mm voxels: radius 8 mm of 200 HU, radius 5 mm of 140 HU."""
    k, j, i = np.indices((40, 60, 64))
    slices = np.zeros(k.shape, np.int16)
    slices[(i - 20) ** 2 + (j - 20) ** 2 + (k - 20) ** 2 <= 64] = 200
    slices[(i - 45) ** 2 + (j - 40) ** 2 + (k - 15) ** 2 <= 25] = 140
    return made_volume(slices, [[0.0, 0.0, float(z)] for z in range(40)])


@pytest.fixture(scope="session")
def real_volume(real_data: Path) -> Callable[[str], Volume]:
    """Original slices of a real series, read here without the program's own loader."""

    def read(folder: str) -> Volume:
        slices, facts = original_slices(real_data / folder)
        return made_volume(slices, **facts)

    return read
