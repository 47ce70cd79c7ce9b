"""Masks held as the smallest box around them."""

from __future__ import annotations

import numpy as np
import pytest

from viewer.domain.labels import Mask


def test_a_mask_gives_back_the_volume_it_was_made_of() -> None:
    full = np.zeros((6, 7, 8), dtype=bool)
    full[2:4, 3:6, 1:3] = True
    full[2, 3, 1] = False
    mask = Mask.from_full(full)
    assert mask is not None
    assert mask.first_ijk == (1, 3, 2)
    assert mask.count == 11
    assert (mask.full(full.shape) == full).all()


def test_nothing_marked_is_no_mask() -> None:
    assert Mask.from_full(np.zeros((3, 3, 3), dtype=bool)) is None


def test_overlap_counts_only_what_both_mark() -> None:
    first, second, far = (np.zeros((5, 5, 5), dtype=bool) for _ in range(3))
    first[0:3, 0:3, 0:3] = True
    second[2:5, 2:5, 1:5] = True
    far[4, 4, 4] = True
    a, b, c = (Mask.from_full(m) for m in (first, second, far))
    assert a is not None
    assert b is not None
    assert c is not None
    assert a.overlap(b) == b.overlap(a) == 2
    assert a.overlap(c) == 0
    assert a.same_as(a)
    assert not a.same_as(b)


def test_overlap_of_masks_with_holes_counts_voxels_and_not_boxes() -> None:
    first, second = np.zeros((4, 5, 6), dtype=bool), np.zeros((4, 5, 6), dtype=bool)
    first[0:3, 0:3, 0:3], second[1:4, 1:4, 1:4] = True, True
    first[2, 2, 2] = second[1, 1, 1] = second[1, 2, 1] = False
    a, b = Mask.from_full(first), Mask.from_full(second)
    assert a is not None
    assert b is not None
    assert a.overlap(b) == np.count_nonzero(first & second) == 5


def test_masks_side_by_side_share_nothing_and_know_their_slices() -> None:
    low, high = Mask((0, 0, 2), np.ones((3, 2, 2), dtype=bool)), Mask((0, 0, 5), np.ones((1, 2, 2), dtype=bool))
    assert low.overlap(high) == 0
    assert (low.slices_k, high.slices_k) == ((2, 4), (5, 5))


def test_a_mask_cannot_be_changed_by_whoever_holds_it() -> None:
    mask = Mask((0, 0, 0), np.ones((1, 1, 1), dtype=bool))
    with pytest.raises(ValueError, match="read-only"):
        mask.voxels[0, 0, 0] = False
