"""Images across the axis along which voxels lie next to each other in memory, fetched several at once.

Each voxel of such an image lies in a line of the processor's cache of its own. To fetch these takes longer than all
else that is done to make a picture, and what is fetched for one image holds its neighbours too.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from attrs import define
from numpy.typing import NDArray

# Neighbours of a voxel that are moved as one number; the longest that numpy moves in one go.
_TOGETHER = (np.dtype(np.complex128), np.dtype(np.uint64), np.dtype(np.uint32))


@define(eq=False)
class _Block:
    """Images that lie beside each other, [k, j, i]: the block's number, and the thread that fetches them, if any."""

    number: int
    images: NDArray[Any]
    fetching: threading.Thread | None = None


class ColumnBlock:
    """Keeps the images around the one asked for last, and fetches the next ones while somebody scrolls."""

    def __init__(self) -> None:
        self._voxels: NDArray[Any] | None = None
        self._held: _Block | None = None
        self._ahead: _Block | None = None

    def image(self, voxels: NDArray[Any], i: int) -> NDArray[Any]:
        """Return the image [k, j] at index `i` of voxels [k, j, i] that do not change any more.

        It is a view, and holds until the next image is asked for.
        """
        together = _together(voxels)
        if together is None:
            return voxels[:, :, i]
        if voxels is not self._voxels:
            self.clear()
            self._voxels = voxels
        width = together.itemsize // voxels.itemsize
        before, number = self._held, i // width
        if before is None or before.number != number:
            self._held = self._taken(voxels, together, number)
            step = number - before.number if before is not None else 0
            if before is not None and abs(step) == 1 and 0 <= number + step < voxels.shape[2] // width:
                # The memory of what was passed is there already; fresh memory costs as much as fetching.
                self._fetch_ahead(voxels, together, _Block(number + step, before.images))
        assert self._held is not None
        return self._held.images[:, :, i % width]

    def clear(self) -> None:
        """Let go of the voxels."""
        self._voxels = self._held = self._ahead = None

    def _taken(self, voxels: NDArray[Any], together: np.dtype[Any], number: int) -> _Block:
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead.number != number or ahead.fetching is None:
            width = together.itemsize // voxels.itemsize
            return _fetch(voxels, together, _Block(number, np.empty((*voxels.shape[:2], width), voxels.dtype)))
        ahead.fetching.join()
        return ahead

    def _fetch_ahead(self, voxels: NDArray[Any], together: np.dtype[Any], ahead: _Block) -> None:
        ahead.fetching = threading.Thread(target=_fetch, args=(voxels, together, ahead), daemon=True)
        ahead.fetching.start()
        self._ahead = ahead


def _together(voxels: NDArray[Any]) -> np.dtype[Any] | None:
    """Return the number type as which several neighbours can be moved; None where one by one is all there is."""
    if not voxels.flags.c_contiguous or not voxels.size:
        return None
    row = voxels.shape[2] * voxels.itemsize
    fits = (t for t in _TOGETHER if t.itemsize > voxels.itemsize and row % t.itemsize == 0)
    return next(fits, None)


def _fetch(voxels: NDArray[Any], together: np.dtype[Any], block: _Block) -> _Block:
    np.copyto(block.images.view(together)[:, :, 0], voxels.view(together)[:, :, block.number])
    return block
