"""What the tests of pictures share: small volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from viewer.domain.geometry import Grid, SliceStack
from viewer.domain.volume import SeriesFacts, Volume
from viewer.scene.opengl_probe import Unavailable3D, probed
from viewer.scene.volume3d import Scene3D

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _volume_of(voxels: np.ndarray, grid: Grid, **facts: object) -> Volume:
    padding = facts.pop("padding", None)
    arrived = facts.pop("arrived", None)
    directions = grid.directions
    stack = SliceStack(
        grid.size_ijk[:2],
        grid.spacing_mm[:2],
        directions[:, 0],
        directions[:, 1],
        grid.lps([(0, 0, k) for k in range(grid.size_ijk[2])]),
    )
    return Volume(SeriesFacts("1.2.3", **facts), voxels, stack, voxels, grid, padding=padding, arrived=arrived)


def _noise(size_ijk: tuple[int, int, int], seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(-900, 900, size_ijk[::-1]).astype(np.int16)


def _signed_axes(order: tuple[int, int, int], signs: tuple[int, int, int]) -> np.ndarray:
    """Directions of i, j, k along LPS axes `order` with signs."""
    directions = np.zeros((3, 3))
    for column, (axis, sign) in enumerate(zip(order, signs, strict=True)):
        directions[axis, column] = sign
    return directions


@pytest.fixture
def volume_of() -> Callable[..., Volume]:
    """Return the function that makes a volume of voxels on a grid; keywords are facts, padding and arrived."""
    return _volume_of


@pytest.fixture
def noise() -> Callable[..., np.ndarray]:
    """Return the function that makes noise of a size (i, j, k)."""
    return _noise


@pytest.fixture
def signed_axes() -> Callable[..., np.ndarray]:
    """Return the function that makes directions of i, j, k along LPS axes in an order, with signs."""
    return _signed_axes


@pytest.fixture(scope="module")
def scene3d() -> Iterator[Scene3D]:
    """Return what draws in 3D, for all tests of a file."""
    found = probed()
    if isinstance(found, Unavailable3D):
        pytest.skip(f"{found.sentence} {found.detail}")
    scene = Scene3D()
    yield scene
    scene.close()
