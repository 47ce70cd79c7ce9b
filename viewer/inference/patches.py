"""How a volume is cut for a model, and how the answers are put together again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from viewer.inference.manifest_terms import Blending, Mode
from viewer.inference.prepare import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.inference.manifest import Inference, InputTensor


@frozen
class Plan:
    """The boxes [k, j, i] that go through the model, and whether they overlap."""

    boxes: tuple[Box, ...]
    overlapping: bool


def plan(
    shape_kji: tuple[int, int, int], image: InputTensor, inference: Inference, *, whole_slabs: bool = False
) -> Plan:
    """Return the boxes for a grid; they cover it, and may reach beyond its end to a whole multiple.

    With `whole_slabs` the last slab is as thick as the others, and reaches beyond the end.
    """
    multiple = image.size_multiple[::-1]
    mode = inference.mode
    if mode is Mode.WHOLE_OR_SLIDING:
        mode = Mode.WHOLE if math.prod(shape_kji) <= inference.whole_up_to_voxels else Mode.SLIDING
    if mode is Mode.SLIDING:
        patch = inference.patch[::-1]
        starts = [_starts(n, p, inference.overlap) for n, p in zip(shape_kji, patch, strict=True)]
        boxes = tuple(
            (slice(k, k + patch[0]), slice(j, j + patch[1]), slice(i, i + patch[2]))
            for k in starts[0]
            for j in starts[1]
            for i in starts[2]
        )
        return Plan(boxes, len(boxes) > 1)
    whole = [slice(0, -(-n // m) * m) for n, m in zip(shape_kji, multiple, strict=True)]
    if mode is Mode.WHOLE:
        return Plan(((whole[0], whole[1], whole[2]),), False)
    slab = -(-inference.slab // multiple[0]) * multiple[0]
    slabs = []
    for k in range(0, shape_kji[0], slab):
        end = k + slab if whole_slabs else min(k + slab, whole[0].stop)
        slabs.append((slice(k, end), whole[1], whole[2]))
    return Plan(tuple(slabs), False)


def _starts(size: int, patch: int, overlap: float) -> list[int]:
    if size <= patch:
        return [0]
    count = math.ceil((size - patch) / max(1.0, patch * (1 - overlap))) + 1
    return [round(n * (size - patch) / (count - 1)) for n in range(count)]


class Blend:
    """Answers of boxes put together on the grid: [channel, k, j, i], float32 or as the answers are."""

    def __init__(self, shape_kji: tuple[int, int, int], channels: int, *, how: Plan, blending: Blending) -> None:
        self._shape = shape_kji
        self._channels = channels
        self._overlapping = how.overlapping
        self._blending = blending
        self._values: NDArray[Any] | None = None
        self._weights = np.zeros(shape_kji, np.float32) if how.overlapping else None
        self._weight: NDArray[np.float32] | None = None

    def add(self, box: Box, answer: NDArray[Any]) -> None:
        """Add the answer [channel, k, j, i] of one box."""
        held = tuple(slice(s.start, min(s.stop, n)) for s, n in zip(box, self._shape, strict=True))
        inside = tuple(slice(0, s.stop - s.start) for s in held)
        if (
            self._values is None
            and self._weights is None
            and all(h.stop - h.start == n for h, n in zip(held, self._shape, strict=True))
        ):
            self._values = answer[(slice(None), *inside)]
            return
        if self._values is None:
            dtype = np.float32 if self._overlapping else answer.dtype
            self._values = np.zeros((self._channels, *self._shape), dtype)
        if self._weights is None:
            self._values[(slice(None), *held)] = answer[(slice(None), *inside)]
            return
        if self._weight is None or self._weight.shape != answer.shape[1:]:
            self._weight = _weight(answer.shape[1:], self._blending)
        self._values[(slice(None), *held)] += (answer * self._weight)[(slice(None), *inside)]
        self._weights[held] += self._weight[inside]

    def result(self) -> NDArray[Any]:
        """Return the values of the whole grid."""
        if self._values is None:
            raise ValueError("no answer was added")
        if self._weights is not None:
            self._values /= np.maximum(self._weights, 1e-9)
        return self._values


def _weight(shape: tuple[int, ...], blending: Blending) -> NDArray[np.float32]:
    """Return 1 everywhere, or a Gaussian whose SD is an eighth of the patch along each axis, at least 0.001."""
    if blending is Blending.CONSTANT:
        return np.ones(shape, np.float32)
    weight = np.ones((1, 1, 1), np.float32)
    for axis, n in enumerate(shape):
        at = (np.arange(n) - (n - 1) / 2) / (n / 8)
        line = np.exp(-0.5 * at**2).astype(np.float32)
        weight = weight * line.reshape([-1 if a == axis else 1 for a in range(3)])
    return np.asarray(np.maximum(weight, 1e-3), dtype=np.float32)
