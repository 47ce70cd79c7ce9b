"""How probable a model holds its labels to be, on its own grid: what its findings are cut from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from viewer.domain.geometry import Grid, SliceStack, Verdict
from viewer.domain.overlays import PROBABILITY, ValueMap
from viewer.domain.volume import SeriesFacts, Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.analysis.sampling import Sampling

STEPS = 250
_MOST_VOXELS = 96_000_000
# Slices whose gaps differ by more lie on no regular grid.
_EVEN_MM = 0.01


@frozen(eq=False)
class PackedMap:
    """A map as a worker hands it over: where its grid lies, and bytes of probabilities in steps of 1/250, [k, j, i]."""

    size_ijk: tuple[int, int, int]
    lps_from_ijk: tuple[float, ...]
    steps: bytes


def packed_map(values: NDArray[Any], sampling: Sampling | None, stack: SliceStack) -> PackedMap | None:
    """Return the greatest probability of any label at each voxel, or None where that is no map.

    None for marks without probabilities, for values on uneven or tilted slices, and where it would be too large.

    Parameters
    ----------
    values
        [label, k, j, i] on the model's grid: probabilities, or booleans.
    sampling
        How the grid lies over the slices; None for the slices themselves.
    """
    if values.dtype.kind != "f" or values[0].size > _MOST_VOXELS:
        return None
    if sampling is None and (stack.tilt_deg > 0.01 or (stack.count > 1 and float(np.ptp(stack.gaps_mm)) > _EVEN_MM)):
        return None
    grid = stack.as_grid() if sampling is None else sampling.grid
    steps = np.zeros(values.shape[1:], dtype=np.uint8)
    for label in values:
        np.maximum(steps, np.floor(label * STEPS + 0.5).astype(np.uint8), out=steps)
    return PackedMap(grid.size_ijk, tuple(grid.lps_from_ijk.ravel().tolist()), steps.tobytes())


def unpacked_map(packed: PackedMap, name: str) -> ValueMap:
    """Return a map that a worker packed, made by the model of a name."""
    grid = Grid(packed.size_ijk, np.array(packed.lps_from_ijk).reshape(4, 4))
    voxels = np.frombuffer(packed.steps, np.uint8).reshape(grid.shape_kji).astype(np.int16)
    directions = grid.directions
    stack = SliceStack(
        grid.size_ijk[:2],
        grid.spacing_mm[:2],
        directions[:, 0],
        directions[:, 1],
        grid.lps([(0, 0, k) for k in range(grid.size_ijk[2])]),
    )
    facts = SeriesFacts("", description=name)
    volume = Volume(facts, voxels, stack, voxels, grid, unit=PROBABILITY, verdict=Verdict.OK)
    return ValueMap(volume, PROBABILITY, 0.0, 1.0, scale=1 / STEPS, made_by=name)
