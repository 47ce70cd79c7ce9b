"""Writes the bundled model `anatomy`: a small ONNX graph of two fixed rules, with nothing trained.

Bone is 250 HU and more. Air inside the body is −400 HU and less with solid tissue somewhere to its left, right, front
and back in its row and column of the same slice; places without a pixel (padding) are neither. Solid is what is above
−400 HU in a square of 5 × 5 pixels all of which are, so that the shells of a table, sheets and noise enclose nothing.

    .venv/bin/python packaging/make_anatomy_model.py
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "models" / "anatomy"

SQUARE: dict[str, Any] = {"kernel_shape": [5, 5], "pads": [2, 2, 2, 2], "strides": [1, 1]}

MANIFEST = '''\
manifest = 1

[model]
id = "anatomy"
name = "Anatomy by rules"
version = "1.1.0"
task = "segmentation"
licence = "Apache-2.0"
rules = true                   # two fixed rules on HU; nothing was trained, and there are no scores
file = "model.onnx"

[model.files]
"model.onnx" = "{sha256}"

[model.card]
intended_use = "Outlines bone and air inside the body on any CT, to show how results are placed and measured."
regulatory_status = "Not a medical device. Not for diagnostic use."
trained_on = """Nothing was trained. Bone is 250 HU and more; air inside the body is −400 HU and less with tissue \\
above −400 HU, at least 5 pixels thick, on all four sides, in its row and column of the same slice."""
synthetic = true               # no patient data was used
limitations = [
    "Contrast, calcification, metal, the table and noise of 250 HU and more count as bone.",
    "Air outside counts as inside where the body, or a table 5 pixels thick, stands on all four sides.",
    "Air behind a wall of less than 5 pixels on one side is left out.",
]

[accept]
synthetic_only = false
modality = ["CT"]
unit = "HU"

[input.hu]
dtype = "float32"
layout = "NCHW"                # the slices are the batch
orientation = "original"
spacing_mm = "original"        # the slices as they are: nothing is resampled
channels = [{{ raw = true }}]
outside_hu = -1024

[input.padding]
role = "padding"               # true where there is no pixel
dtype = "bool"
layout = "NCHW"
orientation = "original"
spacing_mm = "original"

[inference]
mode = "slices"
slab = 16

[output.label]
kind = "label-map"
layout = "NCHW"

[post]
connectivity = "label"         # everything of a label is one finding
finding_score = "none"
case_score = "none"

[[label]]
index = 1
key = "bone"
name = "Bone"
colour = "#e8d9b0"
window = [480, 2500]
snomed_category = ["91723000", "SCT", "Anatomical Structure"]
snomed_type = ["272673000", "SCT", "Bone"]

[[label]]
index = 2
key = "air"
name = "Air inside the body"
colour = "#7fb4d6"
window = [-600, 1500]
snomed_category = ["91720002", "SCT", "Body Substance"]
snomed_type = ["15158005", "SCT", "Air"]
'''


def graph() -> onnx.ModelProto:
    """Return the rules as an ONNX model: HU and padding [n, 1, h, w] to labels [n, 1, h, w] (0, 1 bone, 2 air)."""
    constants: dict[str, NDArray[Any]] = {
        "bone_hu": np.array(250, np.float32),
        "air_hu": np.array(-400, np.float32),
        "nothing": np.array(0, np.float32),
        "all": np.array(1, np.float32),
        "two": np.array(2, np.uint8),
        "row": np.array(3, np.int64),
        "column": np.array(2, np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Not", ["padding"], ["pixel"]),
        node("GreaterOrEqual", ["hu", "bone_hu"], ["dense"]),
        node("And", ["dense", "pixel"], ["bone"]),
        node("LessOrEqual", ["hu", "air_hu"], ["thin"]),
        node("Not", ["thin"], ["thick"]),
        node("And", ["thick", "pixel"], ["tissue"]),
        node("And", ["thin", "pixel"], ["inside_0"]),
        node("Cast", ["tissue"], ["full"], to=TensorProto.FLOAT),
        # Opened by a square: what has no room for it is gone; beyond the image nothing is known, nor taken away.
        node("Sub", ["all", "full"], ["empty"]),
        node("MaxPool", ["empty"], ["near_empty"], **SQUARE),
        node("Sub", ["all", "near_empty"], ["core"]),
        node("MaxPool", ["core"], ["count"], **SQUARE),
        # How many solid pixels lie before and after a pixel in its row and its column: more than none on all sides.
    ]
    for number, (axis, backwards) in enumerate([("row", 0), ("row", 1), ("column", 0), ("column", 1)]):
        nodes += [
            node("CumSum", ["count", axis], [f"sum_{number}"], reverse=backwards),
            node("Greater", [f"sum_{number}", "nothing"], [f"some_{number}"]),
            node("And", [f"inside_{number}", f"some_{number}"], [f"inside_{number + 1}"]),
        ]
    nodes += [
        node("Cast", ["bone"], ["bone_number"], to=TensorProto.UINT8),
        node("Cast", ["inside_4"], ["air_flag"], to=TensorProto.UINT8),
        node("Mul", ["air_flag", "two"], ["air_number"]),
        node("Add", ["bone_number", "air_number"], ["label"]),
    ]
    shape: list[str | int | None] = ["slices", 1, "rows", "columns"]
    made = helper.make_graph(
        nodes,
        "anatomy",
        [
            helper.make_tensor_value_info("hu", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("padding", TensorProto.BOOL, shape),
        ],
        [helper.make_tensor_value_info("label", TensorProto.UINT8, shape)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], producer_name="casestage")
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    """Write model.onnx and model.toml."""
    content = graph().SerializeToString()
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "model.onnx").write_bytes(content)
    text = MANIFEST.format(sha256=hashlib.sha256(content).hexdigest())
    (FOLDER / "model.toml").write_text(text, encoding="utf-8")
    print(f"{FOLDER / 'model.onnx'}: {len(content)} bytes")


if __name__ == "__main__":
    main()
