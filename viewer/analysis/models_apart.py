"""How two models differ on one volume: findings of both, one to one, and the difference of their maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.analysis.matching import match
from viewer.domain.finding import Localisation
from viewer.domain.model_result import Apart, SaidBy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.finding import Finding, MatchRule
    from viewer.domain.overlays import ValueMap

_ORDER = {SaidBy.ONLY_A: 0, SaidBy.ONLY_B: 1, SaidBy.NEITHER: 2, SaidBy.BOTH: 3}


def apart(
    a: Sequence[Finding], b: Sequence[Finding], rule: MatchRule | None = None, missed: Sequence[Finding] = ()
) -> tuple[Apart, ...]:
    """Return what two models say, differences first, then the largest.

    A finding of the one goes with at most one of the other, as `match` pairs findings with true lesions. What is said
    of the series, or of slices alone, has no place to compare: it goes with what says the same of it, by its label.

    Parameters
    ----------
    missed
        True lesions that neither found.
    """
    pairs = match([f for f in a if f.placed], [f for f in b if f.placed], 0.0, rule).pairs
    pairs += _without_place(a, b)
    of_a, of_b = {f.id: f for f in a}, {f.id: f for f in b}
    made = [Apart(of_a[first], of_b[second], overlap=overlap) for first, second, overlap in pairs]
    with_a, with_b = {first for first, _, _ in pairs}, {second for _, second, _ in pairs}
    made += [Apart(a=f) for f in a if f.id not in with_a]
    made += [Apart(b=f) for f in b if f.id not in with_b]
    made += [Apart(missed=f) for f in missed]
    return tuple(sorted(made, key=lambda row: (_ORDER[row.said_by], -(row.finding.volume_ml or 0.0))))


def _without_place(a: Sequence[Finding], b: Sequence[Finding]) -> tuple[tuple[str, str, float], ...]:
    """Return pairs of findings without a place that say the same of the same, as `Matching.pairs`, best score first."""
    left, pairs = sorted((f for f in b if not f.placed), key=lambda f: f.order), []
    for one in sorted((f for f in a if not f.placed), key=lambda f: f.order):
        same = next((other for other in left if _says_the_same(one, other)), None)
        if same is not None:
            left.remove(same)
            pairs.append((one.id, same.id, 0.0))
    return tuple(pairs)


def _says_the_same(one: Finding, other: Finding) -> bool:
    if one.localisation is not other.localisation or one.label.casefold() != other.label.casefold():
        return False
    if one.slices_k is None or other.slices_k is None:
        return one.localisation is Localisation.SERIES
    return max(one.slices_k[0], other.slices_k[0]) <= min(one.slices_k[1], other.slices_k[1])


def map_difference(a: ValueMap, b: ValueMap) -> ValueMap | None:
    """Return A's map less B's on A's grid, −1 to 1 for probabilities; None where their units differ.

    Where B's grid is another one it is sampled linearly, in the outer half of its last voxels as at their middle, as
    it is drawn; outside of it B says 0.
    """
    if a.unit != b.unit:
        return None
    one, other = a.volume, b.volume
    if one.grid.size_ijk == other.grid.size_ijk and np.allclose(one.grid.lps_from_ijk, other.grid.lps_from_ijk):
        second = other.voxels.astype(np.float32)
    else:
        from scipy.ndimage import affine_transform

        way = np.linalg.inv(other.grid.lps_from_ijk) @ one.grid.lps_from_ijk
        # Array axes are (k, j, i).
        turned = way[:3, :3][::-1, ::-1]
        offset, shape = way[:3, 3][::-1], one.grid.shape_kji
        second = affine_transform(other.voxels.astype(np.float32), turned, offset, shape, order=1, mode="nearest")
        everywhere = np.ones(other.grid.shape_kji, np.uint8)
        second *= affine_transform(everywhere, turned, offset, shape, order=0, mode="grid-constant")
    less = np.rint(one.voxels.astype(np.float32) - second * np.float32(b.scale / a.scale)).astype(np.int16)
    less.setflags(write=False)
    span = max(abs(a.high), abs(a.low))
    return evolve(
        a,
        volume=evolve(one, slices=less, voxels=less),
        unit="A − B",
        low=-span,
        high=span,
        diverging=True,
        made_by=f"{a.made_by} − {b.made_by}",
    )
