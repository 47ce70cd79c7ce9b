"""Probabilities that a manifest calls logits: made into probabilities twice, they mark everything, without an error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from viewer.inference.manifest_terms import LOGITS, Activation, OutputKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.inference.manifest import Manifest
    from viewer.inference.onnx_file import OnnxFacts

_ALREADY = {"Sigmoid": "sigmoid", "Softmax": "softmax", "HardSigmoid": "sigmoid"}
# Logits of so many voxels or slices never all lie between 0 and 1.
_LEAST_VALUES = 64
_ROUNDING = 1e-4


def twice_by_graph(manifest: Manifest, facts: OnnxFacts) -> str:
    """Return a warning where a model's own last step makes probabilities of what its manifest calls logits; else ""."""
    output = manifest.output
    maker = _ALREADY.get(facts.made_by.get(output.name, ""), "")
    if output.kind not in LOGITS or not maker:
        return ""
    sentence = f"{manifest.name} ends in a {maker}, so output.{output.name} holds probabilities already, not logits."
    return f"{sentence} {_hint(manifest)}"


def twice_by_values(manifest: Manifest, values: NDArray[Any]) -> str:
    """Return a warning where probabilities look as if they had been made of probabilities; else "".

    Parameters
    ----------
    values
        Of all labels, after the manifest's activation.
    """
    output = manifest.output
    if output.kind not in LOGITS or values.dtype.kind != "f" or values.size < _LEAST_VALUES:
        return ""
    most = math.exp(1 / output.temperature)
    if output.activation is Activation.SIGMOID:
        low, high = 0.5, most / (most + 1)
    else:
        others = max(1, max(label.index for label in manifest.labels))
        low, high = 1 / (most + others), most / (most + others)
    if not low - _ROUNDING <= float(values.min()) <= float(values.max()) <= high + _ROUNDING:
        return ""
    span = f"{float(values.min()):.0%} to {float(values.max()):.0%}"
    where = f"output.{output.name}.kind in model.toml"
    return f"{manifest.name} gave {span} everywhere: its logits may be probabilities already ({where})."


def _hint(manifest: Manifest) -> str:
    output = manifest.output
    kind = "voxel-probabilities" if output.kind is OutputKind.VOXEL_LOGITS else "class-probabilities"
    return f'If so, everything is marked: say kind = "{kind}" there, without an activation.'
