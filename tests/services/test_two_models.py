"""What two models say, held against each other: one to one, and map less map."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from viewer.analysis.models_apart import apart, map_difference
from viewer.domain.finding import Finding, Localisation, Source, SourceKind
from viewer.domain.geometry import Grid, SliceStack
from viewer.domain.labels import Mask
from viewer.domain.model_result import SaidBy
from viewer.domain.overlays import PROBABILITY, ValueMap
from viewer.domain.volume import SeriesFacts, Volume


def found(ident: str, i: int, size: int = 10) -> Finding:
    """Return a bar along i that begins at a column."""
    centre = np.array([i + size / 2, 0.0, 0.0])
    return Finding(
        ident, "1.2", "l", "Bar", Source(SourceKind.MODEL, "M"), centre, np.stack([centre - 5, centre + 5], axis=1),
        score=0.9, mask=Mask((i, 0, 0), np.ones((1, 1, size), bool)), volume_ml=size / 10,
    )  # fmt: skip


def test_each_finding_goes_with_at_most_one_of_the_other_model() -> None:
    # B cuts in two what A sees as one; a tenth of overlap is enough, less is not.
    rows = apart([found("a1", 0, 10), found("a2", 50, 10)], [found("b1", 0, 6), found("b2", 6, 4), found("b3", 59, 10)])
    said = {row.finding.id: row.said_by for row in rows}
    assert said == {"a1": SaidBy.BOTH, "a2": SaidBy.ONLY_A, "b2": SaidBy.ONLY_B, "b3": SaidBy.ONLY_B}
    assert next(row.overlap for row in rows if row.said_by is SaidBy.BOTH) == pytest.approx(0.6)
    assert rows[-1].said_by is SaidBy.BOTH


def test_what_two_models_say_of_the_series_goes_together_by_its_name_and_never_with_what_lies_in_its_middle() -> None:
    def of_series(ident: str, label: str) -> Finding:
        return evolve(found(ident, 50), label=label, localisation=Localisation.SERIES, mask=None)

    rows = apart([of_series("a1", "Bleed"), found("a2", 50)], [of_series("b1", "Mass"), of_series("b2", "bleed")])
    said = {row.finding.id: row.said_by for row in rows}
    assert said == {"a1": SaidBy.BOTH, "a2": SaidBy.ONLY_A, "b1": SaidBy.ONLY_B}

    def on_slices(ident: str, *slices_k: int) -> Finding:
        return evolve(of_series(ident, "Bleed"), localisation=Localisation.SLICES, slices_k=slices_k)

    rows = apart([on_slices("a1", 3, 9), on_slices("a2", 20, 24)], [on_slices("b1", 9, 12), on_slices("b2", 14, 19)])
    said = {row.finding.id: row.said_by for row in rows}
    assert said == {"a1": SaidBy.BOTH, "a2": SaidBy.ONLY_A, "b2": SaidBy.ONLY_B}


def a_map(values: np.ndarray[tuple[int, ...], np.dtype[np.int16]], spacing: float = 1.0) -> ValueMap:
    nk, nj, ni = values.shape
    stack = SliceStack((ni, nj), (spacing, spacing), (1, 0, 0), (0, 1, 0), [(0, 0, spacing * k) for k in range(nk)])
    matrix = np.diag([spacing, spacing, spacing, 1.0])
    volume = Volume(SeriesFacts("1.2"), values, stack, values, Grid((ni, nj, nk), matrix), unit=PROBABILITY)
    return ValueMap(volume, PROBABILITY, 0.0, 1.0, scale=1 / 250, made_by="A")


def test_maps_are_subtracted_where_they_lie_also_from_another_grid() -> None:
    k, j, i = np.indices((12, 12, 12))
    fine = a_map((10 * i + j).astype(np.int16))
    coarse = a_map((20 * i[:6, :6, :6] + 2 * j[:6, :6, :6]).astype(np.int16), spacing=2.0)
    same = map_difference(fine, evolve(fine, made_by="B"))
    assert same is not None
    assert not same.volume.voxels.any()
    made = map_difference(fine, evolve(coarse, made_by="B"))
    assert made is not None
    # A ramp that runs on in the patient is the same on both grids, as far as the coarse one reaches.
    assert not made.volume.voxels[:11, :11, :11].any()
    assert (made.low, made.high, made.diverging, made.unit) == (-1.0, 1.0, True, "A − B")
    assert made.made_by == "A − B"


def test_two_models_that_say_the_same_do_not_differ_at_the_edge_of_a_coarser_map() -> None:
    fine, coarse = a_map(np.full((12, 12, 12), 200, np.int16)), a_map(np.full((5, 6, 6), 200, np.int16), spacing=2.0)
    # The faces of both lie together; the coarse one ends two images earlier.
    matrix = coarse.volume.grid.lps_from_ijk.copy()
    matrix[:3, 3] = 0.5
    coarse = evolve(coarse, volume=evolve(coarse.volume, grid=Grid((6, 6, 5), matrix)))
    made = map_difference(fine, evolve(coarse, made_by="B"))
    assert made is not None
    assert not made.volume.voxels[:10].any()
    assert (made.volume.voxels[10:] == 200).all()


def test_maps_of_other_units_have_no_difference() -> None:
    one = a_map(np.zeros((3, 3, 3), np.int16))
    assert map_difference(one, evolve(one, unit="mm")) is None
