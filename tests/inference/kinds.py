"""Small models of every kind whose right answer is known, and their manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = """\
manifest = 1
[model]
id = "kind"
name = "Kind"
version = "1.0.0"
task = "{task}"
licence = "Apache-2.0"
file = "model.onnx"
[model.files]
"model.onnx" = "{{sha256}}"
[model.card]
intended_use = "Tests."
regulatory_status = "Not a medical device."
trained_on = "Nothing."
synthetic = true
limitations = ["All of them."]
[accept]
synthetic_only = false
"""

DETECTION = (
    HEAD.format(task="detection")
    + """\
[input.image]
dtype = "float32"
layout = "NCDHW"
orientation = "LPS"
spacing_mm = [1.0, 1.0, 1.0]
channels = [{{ raw = true }}]
[inference]
mode = "whole"
[output.boxes]
kind = "boxes"
layout = "NB6"
format = "corners"
frame = "voxels"
origin = "edge"
order = "kji"
[output.scores]
kind = "box-scores"
layout = "NB"
[output.labels]
kind = "box-labels"
layout = "NB"
[post]
least_score = 0.1
nms_iou = 0.22
[[label]]
index = 1
key = "bright"
name = "Bright"
"""
)

SLICES = (
    HEAD.format(task="slice-classification")
    + """\
[input.image]
dtype = "float32"
layout = "NCHW"
orientation = "original"
spacing_mm = "original"
channels = [{{ window = [100, 200] }}, {{ window = [0, 2000] }}]
[inference]
mode = "slices"
slab = 7
[output.classes]
kind = "class-logits"
layout = "NC"
activation = "sigmoid"
calibration = {{ temperature = 2.0, how = "On nothing." }}
[post]
least_score = 0.5
[[label]]
index = 0
key = "bright"
name = "Bright"
"""
)

MAPS = """\
[output.map]
kind = "activation-map"
layout = "NCHW"
"""

VOLUME = (
    HEAD.format(task="volume-classification")
    + """\
[input.image]
dtype = "float32"
layout = "NCDHW"
orientation = "LPS"
spacing_mm = "fit"
size = [16, 16, 16]
normalise = "before-resampling"
outside_hu = 0
channels = [{{ window = [100, 200] }}]
[inference]
mode = "whole"
[output.classes]
kind = "class-probabilities"
layout = "NC"
[post]
calibration = {{ scores = [0.0, 0.1, 1.0], probabilities = [0.0, 0.5, 1.0], how = "Isotonic, on nothing." }}
[[label]]
index = 0
key = "mean"
name = "Mean brightness"
[[label]]
index = 1
key = "rest"
name = "The rest"
"""
)


def _model(nodes: list[Any], constants: dict[str, Any], outputs: dict[str, int], axes: int) -> ModelProto:
    value = helper.make_tensor_value_info
    shape: list[str | int | None] = [f"n{n}" for n in range(axes)]
    graph = helper.make_graph(
        nodes,
        "kind",
        [value("image", TensorProto.FLOAT, shape)],
        [
            value(name, TensorProto.INT64 if name == "labels" else TensorProto.FLOAT, [f"{name}{n}" for n in range(a)])
            for name, a in outputs.items()
        ],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def box_of_bright(*, smaller: Sequence[int] = (0, 0, 0, 0, 0, -1)) -> ModelProto:
    """The box around all voxels above 100 HU, [k0, j0, i0, k1, j1, i1] from outer face to outer face, once more a
    little smaller with a lower score, and once with label 0; the score is 0.9 where there is any such voxel.
    """
    n = helper.make_node
    nodes = [
        n("Greater", ["image", "hu"], ["bright"]),
        n("Mul", ["image", "zero"], ["nil"]),
        n("Add", ["nil", "one"], ["ones"]),
    ]
    ends: list[str] = []
    for axis in (2, 3, 4):
        nodes += [
            n("CumSum", ["ones", f"axis{axis}"], [f"at{axis}"], exclusive=1),
            n("Where", ["bright", f"at{axis}", "far"], [f"if_low{axis}"]),
            n("ReduceMin", [f"if_low{axis}"], [f"low{axis}"], axes=[1, 2, 3, 4], keepdims=0),
            n("Where", ["bright", f"at{axis}", "before"], [f"if_high{axis}"]),
            n("ReduceMax", [f"if_high{axis}"], [f"last{axis}"], axes=[1, 2, 3, 4], keepdims=0),
            n("Add", [f"last{axis}", "one"], [f"high{axis}"]),
        ]
    for end in ("low", "high"):
        for axis in (2, 3, 4):
            nodes.append(n("Unsqueeze", [f"{end}{axis}", "last_axis"], [f"{end}{axis}u"]))
            ends.append(f"{end}{axis}u")
    nodes += [
        n("Concat", ends, ["box"], axis=1),
        n("Unsqueeze", ["box", "middle_axis"], ["first"]),
        n("Add", ["first", "smaller"], ["second"]),
        n("Concat", ["first", "second", "first"], ["boxes"], axis=1),
        n("Cast", ["bright"], ["marks"], to=TensorProto.FLOAT),
        n("ReduceMax", ["marks"], ["any"], axes=[1, 2, 3, 4], keepdims=0),
        n("Unsqueeze", ["any", "last_axis"], ["any_row"]),
        n("Mul", ["any_row", "score_row"], ["scores"]),
        n("Identity", ["label_row"], ["labels"]),
    ]
    f = np.float32
    constants = {
        "hu": f(100), "zero": f(0), "one": f(1), "far": f(1e6), "before": f(-1),
        "axis2": np.int64(2), "axis3": np.int64(3), "axis4": np.int64(4),
        "last_axis": np.array([1], np.int64), "middle_axis": np.array([1], np.int64),
        "smaller": np.array(smaller, f).reshape(1, 1, 6),
        "score_row": np.array([[0.9, 0.8, 0.95]], f), "label_row": np.array([[1, 1, 0]], np.int64),
    }  # fmt: skip
    return _model(nodes, constants, {"boxes": 3, "scores": 2, "labels": 2}, 5)


def mean_of_slices(*, maps: bool = False) -> ModelProto:
    """The logit of a slice: 200 × (mean of its first channel − 0.01); the map is that channel, halved in size."""
    n = helper.make_node
    nodes = [
        n("Slice", ["image", "start", "end", "channels"], ["first"]),
        n("ReduceMean", ["first"], ["mean"], axes=[2, 3], keepdims=0),
        n("Sub", ["mean", "least"], ["more"]),
        n("Mul", ["more", "slope"], ["classes"]),
    ]
    if maps:
        nodes.append(n("AveragePool", ["first"], ["map"], kernel_shape=[2, 2], strides=[2, 2]))
    f = np.float32
    one = np.array([1], np.int64)
    constants = {"start": one - 1, "end": one, "channels": one, "least": f(0.01), "slope": f(200)}
    return _model(nodes, constants, {"classes": 2, "map": 4} if maps else {"classes": 2}, 4)


def mean_of_volume() -> ModelProto:
    """The mean of a volume, and what is left to 1."""
    n = helper.make_node
    nodes = [
        n("ReduceMean", ["image"], ["mean"], axes=[2, 3, 4], keepdims=0),
        n("Sub", ["one", "mean"], ["rest"]),
        n("Concat", ["mean", "rest"], ["classes"], axis=1),
    ]
    return _model(nodes, {"one": np.float32(1)}, {"classes": 2}, 5)


def broken(kind: str, how: str) -> ModelProto:
    """A model of a kind that gives nothing usable: "nan", "endless", "enormous" or "many" (wrong in number)."""
    n = helper.make_node
    made = {"detection": box_of_bright, "slices": mean_of_slices, "volume": mean_of_volume}[kind]()
    graph = made.graph
    last = {"detection": "scores", "slices": "classes", "volume": "classes"}[kind]
    for node in graph.node:
        for at, name in enumerate(node.output):
            if name == last:
                node.output[at] = "good"
    f = np.float32
    if how == "nan":
        more = [n("Sub", ["good", "good"], ["nought"]), n("Div", ["nought", "nought"], [last])]
    elif how == "enormous":
        graph.initializer.append(numpy_helper.from_array(np.array([64_000, 1_000_000], np.int64), "size"))
        more = [
            n("ConstantOfShape", ["size"], ["huge"]),
            n("ReduceMax", ["huge"], ["most"], keepdims=0),
            n("Add", ["good", "most"], [last]),
        ]
    elif how == "many":
        more = [n("Concat", ["good", "good"], [last], axis=1 if kind == "detection" else 0)]
    else:
        value = helper.make_tensor_value_info
        body = helper.make_graph(
            [n("Identity", ["go"], ["go_on"]), n("Sin", ["x"], ["y"])],
            "body",
            [value("n", TensorProto.INT64, []), value("go", TensorProto.BOOL, []), value("x", TensorProto.FLOAT, None)],
            [value("go_on", TensorProto.BOOL, []), value("y", TensorProto.FLOAT, None)],
        )
        graph.initializer.append(numpy_helper.from_array(np.int64(2**62), "for_ever"))
        graph.initializer.append(numpy_helper.from_array(np.bool_(True), "true"))
        more = [n("Loop", ["for_ever", "true", "good"], [last], body=body)]
    graph.initializer.append(numpy_helper.from_array(f(0), "unused"))
    graph.node.extend(more)
    return made
