"""Where in a volume a preset shows anything: rays need to be cast nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.scene.presets_3d import Preset3D

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


def shown_box(voxels: NDArray[np.int16], preset: Preset3D) -> Box | None:
    """Return the first and last voxel along i, j, k between which a preset shows all that it shows; None for nothing.

    Values between those of neighbours, of which one may show nothing, are within.
    """
    hu, share = (np.array(column) for column in zip(*preset.opacity, strict=True))
    seen = np.interp(np.arange(-32768, 32768), hu, share) > 0
    by_slice = np.zeros(voxels.shape[0], dtype=bool)
    image = np.zeros(voxels.shape[1:], dtype=bool)
    for k, plane in enumerate(voxels):
        there = seen[plane.astype(np.intp) + 32768]
        by_slice[k] = there.any()
        image |= there
    if not by_slice.any():
        return None
    by_row, by_column = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    nk, nj, ni = voxels.shape
    return (_ends(by_column, ni), _ends(by_row, nj), _ends(np.flatnonzero(by_slice), nk))


def _ends(at: NDArray[np.intp], count: int) -> tuple[int, int]:
    return (max(int(at[0]) - 1, 0), min(int(at[-1]) + 1, count - 1))
