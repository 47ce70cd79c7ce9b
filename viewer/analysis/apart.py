"""What is marked on a grid, in pieces so far apart that they can be looked at one by one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Spans = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


def span_of(marked: NDArray[np.bool_]) -> Spans | None:
    """Return first and end of what is marked along each of three axes; None where nothing is."""
    slices = np.flatnonzero(marked.any(axis=(1, 2)))
    if not len(slices):
        return None
    first, end = int(slices[0]), int(slices[-1]) + 1
    # Planes laid on each other first: that goes through memory in its order.
    flat = np.logical_or.reduce(marked[first:end], axis=0)
    rows, columns = np.flatnonzero(flat.any(axis=1)), np.flatnonzero(flat.any(axis=0))
    return (first, end), (int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1)


def widened(spans: Spans, shape: tuple[int, ...]) -> Spans:
    """Return spans one point wider on both sides, within an array."""
    n, v, u = ((max(a - 1, 0), min(b + 1, count)) for (a, b), count in zip(spans, shape, strict=True))
    return n, v, u


def volume_of(spans: Spans) -> int:
    """Return how many points spans hold."""
    return math.prod(end - first for first, end in spans)


def pieces(marked: NDArray[np.bool_], block: tuple[int, int, int]) -> list[tuple[Spans, NDArray[np.bool_]]]:
    """Return the pieces of what is marked: the span around each, one point wider, and what is marked there by others.

    Points of one block of so many along each axis, or of blocks that touch, belong to one piece: those of two pieces
    lie at least a block apart along some axis.
    """
    from scipy import ndimage

    labels, _ = ndimage.label(_any_in_blocks(marked, block), np.ones((3, 3, 3)))
    found = []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        held = tuple(slice(s.start * size, s.stop * size) for s, size in zip(box, block, strict=True))
        tight = span_of(marked[held] & _of_blocks(labels[box] == number, block)[_within(marked[held].shape)])
        if tight is None:
            continue
        n, v, u = ((h.start + a, h.start + b) for h, (a, b) in zip(held, tight, strict=True))
        spans = widened((n, v, u), marked.shape)
        # The blocks that the span touches, and where in them it begins.
        blocks = tuple(slice(a // size, -(-b // size)) for (a, b), size in zip(spans, block, strict=True))
        own = _of_blocks(labels[blocks] == number, block)
        inner = tuple(
            slice(a - s.start * size, b - s.start * size) for (a, b), s, size in zip(spans, blocks, block, strict=True)
        )
        whole = tuple(slice(a, b) for a, b in spans)
        found.append((spans, marked[whole] & ~own[inner]))
    return found


def _any_in_blocks(marked: NDArray[np.bool_], block: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Return for each block whether any of its points is marked; the last one along an axis may be shorter."""
    coarse = marked
    for axis, size in enumerate(block):
        lines = np.moveaxis(coarse, axis, 0)
        joined = lines[::size].copy()
        for offset in range(1, size):
            more = lines[offset::size]
            joined[: len(more)] |= more
        coarse = np.moveaxis(joined, 0, axis)
    return coarse


def _of_blocks(blocks: NDArray[np.bool_], block: tuple[int, int, int]) -> NDArray[np.bool_]:
    for axis, size in enumerate(block):
        blocks = np.repeat(blocks, size, axis=axis)
    return blocks


def _within(shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(0, count) for count in shape)
