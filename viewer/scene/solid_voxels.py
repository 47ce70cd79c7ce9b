"""Which voxels of a volume hold a value: made once for each volume, and shared by all that sample it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume

_made: WeakKeyDictionary[Volume, NDArray[np.uint8]] = WeakKeyDictionary()
_making = threading.Lock()


def solid_voxels(volume: Volume) -> NDArray[np.uint8]:
    """Return 1 where a voxel is no padding, 0 where it is, [k, j, i]; takes a while for the first who asks."""
    with _making:
        made = _made.get(volume)
        if made is None:
            voxels = np.ascontiguousarray(volume.voxels)
            padding = np.asarray(volume.padding, dtype=voxels.dtype)
            made = _made[volume] = (voxels != padding).view(np.uint8)
        return made
