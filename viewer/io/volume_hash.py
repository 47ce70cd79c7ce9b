"""The hash by which the values of a volume are known to other programs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume


def volume_sha256(volume: Volume) -> str | None:
    """Return SHA-256 over the int16 little-endian values of the original slices, order k, j, i.

    None where rescaled values are not whole numbers that fit int16. The frames of one multi-frame image that lie in
    order against their normal are taken in the order of their frames, as other programs read them.
    """
    if volume.slices.dtype != np.int16:
        return None
    frames = volume.source_frames
    against = len(set(volume.source_uids)) == 1 and len(frames) > 1 and list(frames) == sorted(frames, reverse=True)
    digest = hashlib.sha256()
    for one in volume.slices[:: -1 if against else 1]:
        digest.update(np.ascontiguousarray(one.astype("<i2", copy=False)).data)
    return digest.hexdigest()


def values_equal(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Return True where two images hold the same values."""
    return a.shape == b.shape and bool(np.array_equal(a, b))
