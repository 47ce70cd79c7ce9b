"""What of a headrest touches the head: thin sheets that go on beside it, told from bone voxel by voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.analysis.pieces import grown, worn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.scene.body_shape import BodyShape
    from viewer.scene.volume_image import RenderVoxels

# Denser than skin, muscle and the cartilage of ears.
_DENSE_HU = 150
# In larger voxels the skin between a bone and what it lies on may not be seen.
_FINE_MM = 1.2
_LONG_MM = 40.0
_THIN_MM = 4.5
_MOST_VOXELS = 60_000
_STEPS = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])

# Voxels as rows of (k, j, i).
Places = NDArray[np.intp]


def sheets_on_body(rendered: RenderVoxels, shape: BodyShape) -> Places:
    """Return the voxels of what goes on into the coarse voxels of the body from beside it, as rows of (k, j, i).

    That is what is dense and touches what is dense there, reaches nowhere below the outermost two coarse voxels, is
    thin, and longer than an ear. Bone reaches deeper or is thicker, and has skin before it. Nothing where voxels are
    too large to see that skin.
    """
    nothing = np.empty((0, 3), dtype=np.intp)
    if max(rendered.grid.spacing_mm) > _FINE_MM:
        return nothing
    search = _Search(rendered.voxels, shape)
    spacing = np.array(rendered.grid.spacing_mm[::-1])
    found = [piece for piece in search.pieces() if _like_a_sheet(piece, spacing)]
    return np.concatenate(found) if found else nothing


def _like_a_sheet(piece: Places, spacing: NDArray[np.float64]) -> bool:
    size_mm = (np.ptp(piece, axis=0) + 1) * spacing
    if size_mm[0] < _LONG_MM:
        return False
    first = piece.min(axis=0)
    solid = np.zeros(np.ptp(piece, axis=0) + 3, dtype=bool)
    solid[tuple((piece - first + 1).T)] = True
    for _ in range(int(_THIN_MM / spacing[1:].min() / 2)):
        solid &= worn(solid, by_slice=True)
    return not solid.any()


class _Search:
    """Goes from dense voxel to dense voxel of the body, from where they touch what is beside it."""

    def __init__(self, voxels: NDArray[np.int16], shape: BodyShape) -> None:
        self._voxels, self._shape = voxels, shape
        self._deep = worn(worn(shape.inside))
        self._factors = np.array(shape.factors[::-1])
        self._last = np.array(shape.kept.shape) - 1
        self._seen = np.zeros(voxels.shape, dtype=bool)
        self._bone = np.zeros(voxels.shape, dtype=bool)

    def pieces(self) -> Iterator[Places]:
        """Yield each piece that reaches nowhere deep."""
        for start in self._touching():
            if not self._seen[tuple(start)]:
                piece = self._piece_at(start[np.newaxis])
                if piece is not None:
                    yield piece

    def _touching(self) -> Places:
        """Return the dense voxels of the body that have dense ones beside it as neighbours."""
        cells = np.argwhere(grown(self._shape.beside) & self._shape.kept)
        within = np.stack(np.meshgrid(*map(np.arange, self._factors), indexing="ij"), axis=-1).reshape(-1, 3)
        places = (cells[:, np.newaxis] * self._factors + within).reshape(-1, 3)
        places = places[self._dense(places)]
        touches = np.zeros(len(places), dtype=bool)
        for step in _STEPS:
            neighbours = places + step
            inside = self._inside(neighbours)
            neighbours = neighbours[inside]
            touches[inside] |= self._dense(neighbours) & self._in(self._shape.beside, neighbours)
        starts: Places = places[touches]
        return starts

    def _piece_at(self, start: Places) -> Places | None:
        """Return all dense voxels of the body that hang together with one; None where they reach deep."""
        self._seen[tuple(start.T)] = True
        parts, front, count = [start], start, 0
        while len(front):
            count += len(front)
            if count > _MOST_VOXELS or self._in(self._deep, front).any():
                break
            neighbours = (front[:, np.newaxis] + _STEPS).reshape(-1, 3)
            neighbours = neighbours[self._inside(neighbours)]
            neighbours = neighbours[self._dense(neighbours) & self._in(self._shape.kept, neighbours)]
            if self._bone[tuple(neighbours.T)].any():
                break
            front = np.unique(neighbours[~self._seen[tuple(neighbours.T)]], axis=0)
            self._seen[tuple(front.T)] = True
            parts.append(front)
        piece = np.concatenate(parts)
        if not len(front):
            return piece
        self._bone[tuple(piece.T)] = True
        return None

    def _dense(self, places: Places) -> NDArray[np.bool_]:
        return np.asarray(self._voxels[tuple(places.T)] > _DENSE_HU)

    def _inside(self, places: Places) -> NDArray[np.bool_]:
        return np.asarray(((places >= 0) & (places < self._voxels.shape)).all(axis=1))

    def _in(self, coarse: NDArray[np.bool_], places: Places) -> NDArray[np.bool_]:
        """Return which voxels lie in the coarse voxels of a mask; the last of an axis may be made of more."""
        return np.asarray(coarse[tuple(np.minimum(places // self._factors, self._last).T)])
