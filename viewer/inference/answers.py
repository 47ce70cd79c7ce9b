"""What a model's output tensor means: probabilities, or marks, of each label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import ModelError
from viewer.inference.manifest import Activation, OutputKind
from viewer.inference.prepare import from_tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.inference.manifest import Manifest


def answer_of(manifest: Manifest, tensor: object, blocks: int, block_shape: tuple[int, ...]) -> NDArray[Any]:
    """Return [block, label, k, j, i]: float32 probabilities, or booleans from a label map.

    Raises
    ------
    ModelError
        When the output does not have the input's size, lacks a label's channel, or holds what is no number.
    """
    output = manifest.output
    if not isinstance(tensor, np.ndarray) or tensor.dtype.kind not in "fiub":
        raise ModelError(f"{manifest.name} gave an output that is not an array of numbers.")
    try:
        values = from_tensor(tensor, output.layout)
    except ValueError as error:
        raise ModelError(
            f"{manifest.name} gave an output {list(tensor.shape)} that does not fit its manifest's layout.",
            f"output.{output.name}.layout says {output.layout}.",
            str(error),
        ) from error
    if values.shape[0] != blocks or values.shape[2:] != block_shape:
        raise ModelError(
            f"{manifest.name} gave an output of {list(values.shape[2:])} voxels for an input of {list(block_shape)}.",
            "The output must have the input's size along every axis.",
        )
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise ModelError(
            f"{manifest.name} gave no result: its output holds values that are not numbers.",
            "This is not the same as finding nothing. The model may be damaged.",
        )
    if output.kind is OutputKind.LABEL_MAP:
        return np.stack([values[:, 0] == label.index for label in manifest.labels], axis=1)
    highest = max(label.index for label in manifest.labels)
    if highest >= values.shape[1]:
        raise ModelError(
            f"{manifest.name} gave {values.shape[1]} channels, and its manifest names channel {highest}.",
            "A [[label]]'s index is the channel of the output, counted from 0.",
        )
    return _probabilities(manifest, values.astype(np.float32, copy=False))


def _probabilities(manifest: Manifest, values: NDArray[np.float32]) -> NDArray[np.float32]:
    output = manifest.output
    channels = [label.index for label in manifest.labels]
    if output.kind is OutputKind.VOXEL_PROBABILITIES:
        chosen = values[:, channels]
        if float(chosen.min()) < -0.01 or float(chosen.max()) > 1.01:
            raise ModelError(
                f"{manifest.name} gave values from {chosen.min():.3g} to {chosen.max():.3g} as probabilities.",
                f"If they are logits, output.{output.name}.kind must be voxel-logits.",
            )
        return np.clip(chosen, 0, 1)
    if output.temperature != 1:
        values = values / np.float32(output.temperature)
    if output.activation is Activation.SIGMOID:
        chosen = values[:, channels]
        return np.asarray(1 / (1 + np.exp(-np.clip(chosen, -80, 80))), dtype=np.float32)
    shifted = np.exp(np.clip(values - values.max(axis=1, keepdims=True), -80, 0))
    return np.asarray(shifted[:, channels] / shifted.sum(axis=1, keepdims=True), dtype=np.float32)
