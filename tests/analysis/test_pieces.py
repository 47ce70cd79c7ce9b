"""Pieces of masks are what SciPy finds, number by number."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from viewer.analysis.pieces import boxes, filled, grown, pieces, worn


def _mask(shape: tuple[int, ...], share: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) < share


@pytest.mark.parametrize("shape", [(9, 14, 11), (1, 6, 1), (2, 1, 1), (17, 23)])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9, 1.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_pieces_have_the_numbers_and_boxes_that_scipy_gives_them(
    shape: tuple[int, ...], share: float, seed: int
) -> None:
    mask = _mask(shape, share, seed)
    labels, count = pieces(mask)
    wanted, wanted_count = ndimage.label(mask)
    assert count == wanted_count
    assert np.array_equal(labels, wanted)
    assert list(boxes(labels, count)) == ndimage.find_objects(wanted)


def test_a_spiral_is_one_piece_however_often_it_turns_back() -> None:
    mask = np.zeros((1, 41, 41), dtype=bool)
    mask[0, ::2] = True
    mask[0, 1::4, -1] = mask[0, 3::4, 0] = True
    assert pieces(mask)[1] == 1


def test_by_slice_nothing_is_connected_from_slice_to_slice() -> None:
    mask = _mask((5, 12, 13), 0.6, 3)
    labels, count = pieces(mask, by_slice=True)
    assert count == sum(ndimage.label(image)[1] for image in mask)
    assert all(len(np.unique(labels == n, axis=0)) <= 2 for n in range(1, count + 1))


@pytest.mark.parametrize("share", [0.2, 0.6, 0.8])
def test_masks_grow_wear_and_fill_as_scipy_does_it(share: float) -> None:
    mask = _mask((6, 15, 16), share, 4)
    assert np.array_equal(grown(mask), ndimage.binary_dilation(mask))
    assert np.array_equal(worn(mask), ndimage.binary_erosion(mask, border_value=1))
    assert np.array_equal(filled(mask), np.stack([ndimage.binary_fill_holes(image) for image in mask]))
    by_slice = np.stack([ndimage.binary_dilation(image) for image in mask])
    assert np.array_equal(grown(mask, by_slice=True), by_slice)
    by_slice = np.stack([ndimage.binary_erosion(image, border_value=1) for image in mask])
    assert np.array_equal(worn(mask, by_slice=True), by_slice)
