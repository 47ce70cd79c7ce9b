"""What a model's output tensors mean: probabilities, or marks, of each label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import ModelError
from viewer.inference.manifest_terms import LOGITS, Activation, OutputKind
from viewer.inference.prepare import from_tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.inference.manifest import Manifest, OutputTensor


def numbers_of(manifest: Manifest, tensor: object, output: OutputTensor) -> NDArray[Any]:
    """Return an output as the array of numbers that it must be.

    Raises
    ------
    ModelError
        When it is none, has other axes than its layout, or holds what is no number.
    """
    if not isinstance(tensor, np.ndarray) or tensor.dtype.kind not in "fiub":
        raise ModelError(f"{manifest.name} gave an output that is not an array of numbers.")
    if tensor.ndim != len(output.layout):
        raise ModelError(
            f"{manifest.name} gave an output {list(tensor.shape)} that does not fit its manifest's layout.",
            f"output.{output.name}.layout says {output.layout}.",
        )
    # The smallest of some values is no number where one of them is none.
    if tensor.dtype.kind == "f" and tensor.size and np.isnan(tensor.min()):
        raise ModelError(
            f"{manifest.name} gave no result: its output holds values that are not numbers.",
            "This is not the same as finding nothing. The model may be damaged.",
        )
    return tensor


def answer_of(manifest: Manifest, tensor: object, blocks: int, block_shape: tuple[int, ...]) -> NDArray[Any]:
    """Return [block, label, k, j, i]: float32 probabilities, or booleans from a label map.

    Raises
    ------
    ModelError
        When the output does not have the input's size, lacks a label's channel, or holds what is no number.
    """
    output = manifest.output
    values = from_tensor(numbers_of(manifest, tensor, output), output.layout)
    if values.shape[0] != blocks or values.shape[2:] != block_shape:
        raise ModelError(
            f"{manifest.name} gave an output of {list(values.shape[2:])} voxels for an input of {list(block_shape)}.",
            "The output must have the input's size along every axis.",
        )
    if output.kind is OutputKind.LABEL_MAP:
        _check_label_map(manifest, values, output)
        return np.stack([values[:, 0] == label.index for label in manifest.labels], axis=1)
    return probabilities(manifest, values, output)


def unnamed_in(manifest: Manifest, tensor: object, answer: NDArray[Any]) -> int:
    """Return the highest number of a label map none of whose voxels has a label that is named; 0 for any other."""
    if manifest.output.kind is not OutputKind.LABEL_MAP or not isinstance(tensor, np.ndarray) or answer.any():
        return 0
    return int(tensor.max(initial=0))


def unnamed_words(manifest: Manifest, number: int) -> str:
    """Return that a model marked something under a number that its manifest does not name, and nothing else."""
    named = ", ".join(str(label.index) for label in manifest.labels[:5]) + (", …" if len(manifest.labels) > 5 else "")
    return (
        f"{manifest.name} marked something as {number}, and its manifest names {named} alone: nothing of it is shown."
    )


def _check_label_map(manifest: Manifest, values: NDArray[Any], output: OutputTensor) -> None:
    """Refuse what holds no number of a label in each voxel: probabilities, or a channel for each label."""
    said = ""
    if values.shape[1] != 1:
        said = f"a label map of {values.shape[1]} channels, and one is a label map"
    elif values.dtype.kind == "f" and not (np.isfinite(values) & (values == np.rint(values))).all():
        said = "a label map that holds other than whole numbers"
    if said:
        raise ModelError(
            f"{manifest.name} gave {said}.",
            f"If they are probabilities or logits, output.{output.name}.kind must say so.",
        )


def class_scores(manifest: Manifest, tensor: object, count: int) -> NDArray[np.float32]:
    """Return the probability of each label, [slice or volume, label], from a tensor of classes.

    Raises
    ------
    ModelError
        As `answer_of`; or when the output is not about so many slices.
    """
    output = manifest.output
    values = numbers_of(manifest, tensor, output)
    if "N" not in output.layout:
        values = values[None]
    elif output.layout == "CN":
        values = values.T
    if "C" not in output.layout:
        values = values[:, None]
    if len(values) != count:
        raise ModelError(
            f"{manifest.name} gave classes for {len(values)} images, and {count} went in.",
            f"output.{output.name} must have as many along N as its input.",
        )
    return probabilities(manifest, values, output)


def probabilities(manifest: Manifest, values: NDArray[Any], output: OutputTensor) -> NDArray[np.float32]:
    """Return the labels' probabilities along the second axis, from the channels that an output has there.

    Raises
    ------
    ModelError
        When a label's channel is not there, or what should be probabilities is not.
    """
    channels = [label.index for label in manifest.labels]
    if max(channels) >= values.shape[1]:
        raise ModelError(
            f"{manifest.name} gave {values.shape[1]} channels, and its manifest names channel {max(channels)}.",
            "A [[label]]'s index is the channel of the output, counted from 0.",
        )
    values = values.astype(np.float32, copy=False)
    if output.activation is Activation.NONE:
        chosen = values if channels == list(range(values.shape[1])) else values[:, channels]
        low, high = (float(chosen.min()), float(chosen.max())) if chosen.size else (0.0, 0.0)
        if not -0.01 <= low <= high <= 1.01:
            kind = {OutputKind.VOXEL_PROBABILITIES: "voxel-logits", OutputKind.CLASS_PROBABILITIES: "class-logits"}
            says = (
                f"kind must be {kind[output.kind]}" if output.kind in kind else "activation must be sigmoid or softmax"
            )
            raise ModelError(
                f"{manifest.name} gave values from {low:.3g} to {high:.3g} as probabilities.",
                f"If they are logits, output.{output.name}.{says}.",
            )
        return chosen if low >= 0 and high <= 1 else np.asarray(np.clip(chosen, 0, 1), dtype=np.float32)
    if output.temperature != 1 and output.kind in LOGITS:
        values = values / np.float32(output.temperature)
    if output.activation is Activation.SIGMOID:
        chosen = values[:, channels]
        return np.asarray(1 / (1 + np.exp(-np.clip(chosen, -80, 80))), dtype=np.float32)
    with np.errstate(invalid="ignore"):
        shifted = np.exp(np.clip(values - values.max(axis=1, keepdims=True), -80, 0))
    total = shifted.sum(axis=1, keepdims=True)
    if np.isnan(total).any():
        # Infinite logits: the most likely label of them cannot be told.
        raise ModelError(
            f"{manifest.name} gave no result: its output holds values that are not finite.",
            "This is not the same as finding nothing. The model may be damaged.",
        )
    return np.asarray(shifted[:, channels] / total, dtype=np.float32)
