"""Whether pictures made again are those that were tested: to the last value, or but for rounding."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLOCKS = 8
# Rounding moves single voxels by 1 HU, and now and then the end of a thin vessel; other anatomy moves blocks by tens.
_ALIKE_HU = 0.5


class Sameness(StrEnum):
    """How pictures compare with those that a case was tested with."""

    SAME = "same"
    ALIKE = "alike"
    OTHER = "other"


def values_sha256(voxels_hu: np.ndarray[Any, np.dtype[np.int16]]) -> str:
    """Return the hash of values indexed `[k, j, i]`, as `viewer.io.volume_hash` does for a volume that was read."""
    return hashlib.sha256(np.ascontiguousarray(voxels_hu.astype("<i2", copy=False)).data).hexdigest()


def block_means(voxels_hu: np.ndarray[Any, np.dtype[np.int16]]) -> tuple[float, ...]:
    """Return the means in HU, to 0.001, of up to 8 × 8 × 8 blocks that a volume is cut into."""
    means = []
    for slab in np.array_split(voxels_hu, min(_BLOCKS, voxels_hu.shape[0]), axis=0):
        for part in np.array_split(slab, min(_BLOCKS, voxels_hu.shape[1]), axis=1):
            for block in np.array_split(part, min(_BLOCKS, voxels_hu.shape[2]), axis=2):
                means.append(round(float(block.mean(dtype=np.float64)), 3))
    return tuple(means)


def sameness(voxels_hu: np.ndarray[Any, np.dtype[np.int16]], sha256: str, means_hu: Sequence[float]) -> Sameness:
    """Return how voxels compare with the hash and the block means of those that were tested."""
    if values_sha256(voxels_hu) == sha256:
        return Sameness.SAME
    means = block_means(voxels_hu)
    if len(means) != len(means_hu) or max(abs(a - b) for a, b in zip(means, means_hu, strict=True)) > _ALIKE_HU:
        return Sameness.OTHER
    return Sameness.ALIKE
