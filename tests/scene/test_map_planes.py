"""A map lies where its own grid says, on every plane: its edge is where its values cross the threshold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.tilted_series import tilted_volume
from viewer.domain.geometry import Grid, PlaneName
from viewer.domain.overlay_look import MapLook
from viewer.domain.overlays import PROBABILITY, ValueMap
from viewer.domain.view_state import ViewState, as_point, overview
from viewer.scene.acquired import viewport_geometry
from viewer.scene.colour_maps import colour_table
from viewer.scene.map_planes import MOST_PX, MOST_PX_MOVING, MapRenderer, coloured, map_least
from viewer.scene.turned_planes import turned_about

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume

    Make = Callable[..., Volume]

AXIAL = PlaneName.AXIAL
SIZE = (240, 200)
# The map grows along this direction, from 0 at one side to 1 at the other: linear, so that sampling it is exact.
ALONG = np.array([0.6, -0.48, 0.64])
REACH_MM = 90.0
LOOK = MapLook(opacity=1.0, least=0.5)


def field(lps_mm: np.ndarray, middle: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 + (lps_mm - middle) @ ALONG / REACH_MM)


def map_over(volume: Volume, volume_of: Make, *, directions: np.ndarray) -> ValueMap:
    middle = np.asarray(volume.grid.centre_lps_mm)
    size, spacing = (40, 36, 30), (2.6, 3.1, 3.7)
    origin = middle - directions @ ((np.array(size) - 1) / 2 * spacing)
    grid = Grid.from_directions(size, origin_lps_mm=origin, spacing_mm=spacing, directions=directions)
    ijk = np.stack(np.meshgrid(*(np.arange(n) for n in size), indexing="ij"), axis=-1)
    values = field(grid.lps(ijk), middle).transpose(2, 1, 0).astype(np.float32)
    return ValueMap(volume_of(np.ascontiguousarray(values), grid), PROBABILITY, 0.0, 1.0)


def assert_drawn_where_it_is_high(volume: Volume, state: ViewState, plane: PlaneName, over: ValueMap) -> None:
    """The rim of what is drawn is where the values cross the threshold, to half a pixel."""
    geometry = viewport_geometry(volume, state, plane, *SIZE)
    picture = MapRenderer().render(over, LOOK, geometry)
    assert picture.px_per_pixel == 1
    drawn = picture.pixels != 0
    rows, columns = np.indices(drawn.shape)
    corner, right, down = (np.array(geometry.lps_from_screen(*at)) for at in ((0.5, 0.5), (1.5, 0.5), (0.5, 1.5)))
    points = corner + columns[..., None] * (right - corner) + rows[..., None] * (down - corner)
    ijk = over.volume.grid.ijk(points)
    inside = np.all((ijk > 0) & (ijk < np.asarray(over.volume.grid.size_ijk) - 1), axis=-1)
    values = field(points, np.asarray(volume.grid.centre_lps_mm))
    # How much a value changes over half a pixel of this plane.
    slack = geometry.mm_per_px / REACH_MM * 0.5
    assert inside.sum() > 3000
    assert drawn[inside & (values > 0.5 + slack)].all()
    assert not drawn[inside & (values < 0.5 - slack)].any()
    assert 0.1 < drawn[inside].mean() < 0.9


ROTATED = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]


@pytest.mark.parametrize("plane", list(PlaneName))
@pytest.mark.parametrize("directions", [np.diag([-1.0, -1.0, 1.0]), ROTATED], ids=["flipped", "rotated"])
def test_a_map_on_a_grid_of_its_own_lies_in_its_place(
    plane: PlaneName, directions: np.ndarray, volume_of: Make
) -> None:
    grid = Grid.from_directions((50, 46, 40), origin_lps_mm=(-60, 20, 300), spacing_mm=(1.3, 1.3, 2.0))
    volume = volume_of(np.zeros(grid.shape_kji, np.int16), grid)
    over = map_over(volume, volume_of, directions=directions)
    assert_drawn_where_it_is_high(volume, overview("1.2.3", grid), plane, over)


@pytest.mark.parametrize("plane", list(PlaneName))
def test_a_map_lies_in_its_place_also_on_turned_planes(plane: PlaneName, volume_of: Make) -> None:
    grid = Grid.from_directions((50, 46, 40), origin_lps_mm=(-60, 20, 300), spacing_mm=(1.3, 1.3, 2.0))
    volume = volume_of(np.zeros(grid.shape_kji, np.int16), grid)
    over = map_over(volume, volume_of, directions=ROTATED)
    state = overview("1.2.3", grid)
    for about, angle in ((PlaneName.AXIAL, 35), (PlaneName.SAGITTAL, -20), (PlaneName.CORONAL, 15)):
        state = turned_about(state, about, math.radians(angle))
    assert_drawn_where_it_is_high(volume, state, plane, over)


@pytest.mark.parametrize("as_acquired", [False, True])
def test_a_map_lies_in_its_place_on_tilted_slices(as_acquired: bool, volume_of: Make) -> None:
    volume = tilted_volume()
    over = map_over(volume, volume_of, directions=np.eye(3))
    state = evolve(overview("1.2.3", volume.grid), acquired=as_acquired)
    assert_drawn_where_it_is_high(volume, state, PlaneName.AXIAL, over)


@pytest.mark.parametrize("least", [0.5, 0.0])
def test_nothing_is_drawn_beyond_the_map_or_where_it_has_no_number(least: float, volume_of: Make) -> None:
    grid = Grid.from_directions((50, 46, 40), origin_lps_mm=(0, 0, 0), spacing_mm=(2.0, 2.0, 2.0))
    volume = volume_of(np.zeros(grid.shape_kji, np.int16), grid)
    small = Grid.from_directions((20, 20, 20), origin_lps_mm=(30, 30, 20), spacing_mm=(2.0, 2.0, 2.0))
    values = np.ones(small.shape_kji, np.float32)
    values[:, :, :5] = np.nan
    values[:, :, 16:] = np.inf
    over = ValueMap(volume_of(values, small), PROBABILITY, 0.0, 1.0)
    state = overview("1.2.3", grid).looking_at((48.0, 48.0, 41.0))
    geometry = viewport_geometry(volume, state, PlaneName.AXIAL, *SIZE)
    drawn = MapRenderer().render(over, evolve(LOOK, least=least), geometry).pixels != 0
    columns, rows = (np.flatnonzero(drawn.any(axis=axis)) for axis in (0, 1))
    first, top = geometry.screen_from_lps((30 + 4.5 * 2, 30 - 0.5 * 2, 40.0))
    last, bottom = geometry.screen_from_lps((30 + 15.5 * 2, 30 + 19.5 * 2, 40.0))
    assert first - 1 <= columns[0] < columns[-1] <= last + 1
    assert (rows[0], rows[-1] + 1) == pytest.approx((top, bottom), abs=1)
    assert len(columns) > 20


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-20.0, 60.0)])
def test_the_higher_the_value_the_clearer_it_is_drawn_and_below_the_threshold_not_at_all(
    low: float, high: float, volume_of: Make
) -> None:
    over, share = made_map(volume_of, low, high), np.array([0.0, 0.0999, 0.1001, 0.55, 1.0, 7.0])
    look = MapLook(opacity=0.6)
    assert map_least(over, look) == pytest.approx(low + 0.1 * (high - low))
    alpha = alpha_of(over, look, low + share * (high - low))
    assert list(alpha[:2]) == [0, 0]
    # A value just above it has two fifths of what the highest has: less could not be seen.
    assert alpha[2:] == pytest.approx(np.array([0.4, 0.7, 1.0, 1.0]) * 0.6 * 255, abs=1)
    chosen = evolve(look, least=low + 0.5 * (high - low))
    assert list(alpha_of(over, chosen, low + np.array([0.4999, 0.5]) * (high - low)) > 0) == [False, True]


def test_a_value_has_the_colour_that_it_has_on_the_bar(volume_of: Make) -> None:
    """Along the bar from its low end to its high end, and that of the nearer end beyond."""
    over, share = made_map(volume_of, 20.0, 60.0), np.array([-3.0, 0.0, 0.25, 0.5, 0.75, 1.0, 3.0])
    for name in ("blue_yellow", "blue_orange"):
        look = MapLook(opacity=1.0, colours=name, least=-1000.0)
        pixels = coloured((20.0 + 40.0 * share).astype(np.float32), over, look)
        on_bar = colour_table(name)[np.clip(share * 255 + 0.5, 0, 255).astype(int)]
        for shift in (0, 8, 16):
            # Premultiplied, and all of them nearly opaque, so far above the threshold.
            seen = (pixels >> shift & 0xFF) / (pixels >> 24) * 255
            assert seen == pytest.approx((on_bar >> shift & 0xFF).astype(float), abs=1.5)


def test_a_difference_is_drawn_on_both_sides_of_zero(volume_of: Make) -> None:
    over, look = made_map(volume_of, -50.0, 50.0, diverging=True), MapLook(opacity=1.0)
    values = np.array([-50.0, -27.5, -4.0, 0.0, 4.0, 27.5, 50.0])
    assert alpha_of(over, look, values) == pytest.approx(np.array([1.0, 0.7, 0, 0, 0, 0.7, 1.0]) * 255, abs=2)
    low, high = (int(pixel) for pixel in coloured(np.array([-50.0, 50.0], np.float32), over, look))
    assert (low & 0xFF) > (low >> 16 & 0xFF)
    assert (high & 0xFF) < (high >> 16 & 0xFF)


def made_map(volume_of: Make, low: float, high: float, *, diverging: bool = False) -> ValueMap:
    grid = Grid.from_directions((4, 4, 4), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    return ValueMap(volume_of(np.zeros(grid.shape_kji, np.float32), grid), "HU", low, high, diverging=diverging)


def alpha_of(over: ValueMap, look: MapLook, values: np.ndarray) -> np.ndarray:
    return (coloured(values.astype(np.float32), over, look) >> np.uint32(24)).astype(float)


def test_another_map_is_drawn_in_the_place_of_the_one_before_and_by_its_own_scale(volume_of: Make) -> None:
    grid = Grid.from_directions((20, 20, 20), origin_lps_mm=(0, 0, 0), spacing_mm=(2.0, 2.0, 2.0))
    geometry = viewport_geometry(
        volume_of(np.zeros(grid.shape_kji, np.int16), grid), overview("1", grid), AXIAL, 60, 50
    )
    renderer = MapRenderer()

    def drawn(value: int, scale: float) -> bool:
        stored = volume_of(np.full(grid.shape_kji, value, np.int16), grid)
        picture = renderer.render(ValueMap(stored, PROBABILITY, 0.0, 1.0, scale=scale), LOOK, geometry)
        return bool(picture.pixels[25, 30])

    assert [drawn(90, 0.01), drawn(40, 0.01), drawn(40, 0.02)] == [True, False, True]


@pytest.mark.parametrize("size", [(3000, 2000), (2001, 1503), (800, 600)])
def test_a_map_on_a_large_viewport_is_coarser_and_lies_in_the_same_place(
    size: tuple[int, int], volume_of: Make
) -> None:
    grid = Grid.from_directions((50, 46, 40), origin_lps_mm=(-60, 20, 300), spacing_mm=(1.3, 1.3, 2.0))
    volume = volume_of(np.zeros(grid.shape_kji, np.int16), grid)
    over, state = map_over(volume, volume_of, directions=np.eye(3)), overview("1.2.3", grid)
    small = viewport_geometry(volume, state, AXIAL, size[0] // 10, size[1] // 10)
    whole = MapRenderer().render(over, LOOK, small).pixels != 0
    geometry = viewport_geometry(volume, state, AXIAL, *size)
    for moving, limit in ((False, MOST_PX), (True, MOST_PX_MOVING)):
        picture = MapRenderer().render(over, LOOK, geometry, moving=moving)
        side, (rows, columns) = picture.px_per_pixel, picture.pixels.shape
        assert rows * columns <= limit * 1.01
        # Not coarser than need be.
        assert side == 1 or size[0] * size[1] / (side - 1) ** 2 > limit
        assert (rows, columns) == (-(-size[1] // side), -(-size[0] // side))
        share = np.count_nonzero(picture.pixels) * side**2 / (size[0] * size[1])
        assert share == pytest.approx(whole.mean(), abs=0.01)


def test_the_value_told_for_a_place_is_the_one_that_is_drawn_there(volume_of: Make) -> None:
    grid = Grid.from_directions((50, 46, 40), origin_lps_mm=(-60, 20, 300), spacing_mm=(1.3, 1.3, 2.0))
    volume = volume_of(np.zeros(grid.shape_kji, np.int16), grid)
    over = map_over(volume, volume_of, directions=ROTATED)
    middle = np.asarray(grid.centre_lps_mm)
    for away in ((0.0, 0.0, 0.0), (11.3, -7.2, 4.4), (-20.0, 3.0, 9.9)):
        place = middle + away
        assert over.value_at(as_point(place)) == pytest.approx(float(field(place, middle)), abs=1e-5)
    assert over.value_at(as_point(middle + (0.0, 0.0, 500.0))) is None


def test_where_a_map_has_padding_no_value_is_told_and_beside_it_none_that_padding_is_mixed_into(
    volume_of: Make,
) -> None:
    grid = Grid.from_directions((6, 5, 4), origin_lps_mm=(0, 0, 0), spacing_mm=(2.0, 2.0, 2.0))
    values = np.full(grid.shape_kji, 0.75, np.float32)
    values[:, :, 3:] = -1.0
    over = ValueMap(volume_of(values, grid, padding=-1.0), PROBABILITY, 0.0, 1.0)
    geometry = viewport_geometry(over.volume, overview("1.2.3", grid), PlaneName.AXIAL, *SIZE)
    drawn = MapRenderer().render(over, LOOK, geometry).pixels != 0
    for i in (1.0, 2.0, 2.4, 2.6, 3.0, 4.5):
        place = as_point((2.0 * i, 4.0, 3.0))
        x, y = geometry.screen_from_lps(place)
        told = over.value_at(place)
        assert told == (pytest.approx(0.75) if i < 2.5 else None)
        assert bool(drawn[int(y), int(x)]) == (told is not None)
