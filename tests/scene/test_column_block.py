"""Images across the fastest axis of the voxels: whichever way somebody scrolls, each is the one that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.scene.column_block import ColumnBlock

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _voxels(columns: int, dtype: type[np.generic]) -> NDArray[np.generic]:
    return np.random.default_rng(columns).integers(-1000, 1000, (7, 5, columns)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("columns", [1, 2, 8, 61, 64, 100])
def test_scrolling_and_jumping_shows_each_image(columns: int, dtype: type[np.generic]) -> None:
    voxels, block = _voxels(columns, dtype), ColumnBlock()
    jumps = np.random.default_rng(1).integers(0, columns, 60).tolist()
    back = list(range(columns - 1, -1, -1))
    for i in [*range(columns), *back, *jumps, columns // 2, *back[: columns // 2], *range(columns)]:
        assert np.array_equal(block.image(voxels, i), voxels[:, :, i])


def test_another_volume_shows_its_own_images() -> None:
    one, other, block = _voxels(64, np.int16), _voxels(64, np.int16) + np.int16(5), ColumnBlock()
    block.image(one, 7)
    block.image(one, 8)
    assert np.array_equal(block.image(other, 16), other[:, :, 16])
    block.clear()
    assert np.array_equal(block.image(one, 16), one[:, :, 16])


def test_voxels_that_lie_another_way_are_shown_too() -> None:
    voxels = np.asfortranarray(_voxels(64, np.int16))
    assert np.array_equal(ColumnBlock().image(voxels, 9), voxels[:, :, 9])
