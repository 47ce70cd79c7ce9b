"""What is said to be missing is the image that is seen to be, also half way between it and its neighbour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.scene.axis_turns import TURNS
from viewer.domain.geometry import PLANE_AXES, Grid, PlaneName
from viewer.domain.outline import inside
from viewer.domain.view_state import as_point, overview
from viewer.scene.acquired import viewport_geometry
from viewer.scene.missing_places import missing_areas, on_missing_image
from viewer.scene.planes import PlaneRenderer
from viewer.scene.turned_planes import turned_about

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume

PADDING = -2000


@pytest.mark.parametrize(("order", "signs"), TURNS)
def test_half_way_beside_a_missing_image_its_neighbour_is_called_missing_only_where_nothing_is_drawn(
    order: tuple[int, int, int],
    signs: tuple[int, int, int],
    volume_of: Callable[..., Volume],
    signed_axes: Callable[..., np.ndarray],
) -> None:
    grid = Grid.from_directions(
        (8, 8, 7), origin_lps_mm=(-3.0, 17.0, 40.0), spacing_mm=(1.0, 1.0, 4.0), directions=signed_axes(order, signs)
    )
    values = np.full(grid.shape_kji, 100, np.int16)
    values[[2, 3]] = PADDING
    plain = volume_of(values, grid, padding=PADDING)
    volume = evolve(plain, voxels=values.copy(), missing_planes=(2, 3))
    plane = max(PlaneName, key=lambda name: abs(float(volume.stack.normal @ PLANE_AXES[name].into)))
    for place in np.arange(0.5, 6, 0.5):
        cursor = as_point(grid.lps((3, 3, place)))
        state = evolve(
            overview("1.2.3", grid, window_centre=0.0, window_width=400.0), cursor_lps_mm=cursor, acquired=False
        )
        drawn = PlaneRenderer().render(volume, state, plane, 40, 40).pixels & 0xFF
        said = on_missing_image(volume, viewport_geometry(volume, state, plane, 40, 40))
        assert said == (not drawn.any()), place


@pytest.mark.parametrize("degrees", [0.0, 5.0, -30.0])
def test_a_turned_plane_goes_through_a_missing_image_into_others_and_hatches_what_is_missing_alone(
    degrees: float, volume_of: Callable[..., Volume]
) -> None:
    """Also where the grid itself stands askew in the patient, as that of a turned head."""
    for askew in (np.eye(3), rotated_axes(12.0)):
        grid = Grid.from_directions(
            (60, 50, 7), origin_lps_mm=(-3.0, 17.0, 40.0), spacing_mm=(1.0, 1.0, 4.0), directions=askew
        )
        volume = evolve(volume_of(np.full(grid.shape_kji, 100, np.int16), grid), missing_planes=(5, 3, 2))
        for place, gone in ((3.1, True), (5.0, True), (4.0, False)):
            state = overview("1.2.3", grid).looking_at(as_point(grid.lps((30, 25, place))), height_mm=90.0)
            turned = turned_about(state, PlaneName.SAGITTAL, math.radians(degrees))
            geometry = viewport_geometry(volume, turned, PlaneName.AXIAL, 90, 90)
            assert on_missing_image(volume, geometry) == (gone and not degrees)
            across, down = (way.ravel() + 0.5 for way in np.meshgrid(np.arange(90), np.arange(90)))
            corner, right, below = (np.array(geometry.lps_from_screen(*at)) for at in ((0, 0), (1, 0), (0, 1)))
            ijk = grid.ijk(corner + across[:, None] * (right - corner) + down[:, None] * (below - corner))
            within = ((ijk > -0.5) & (ijk < np.array(grid.size_ijk) - 0.5)).all(axis=1)
            missing = within & np.isin(np.floor(ijk[:, 2] + 0.5), (2, 3, 5))
            hatched = np.zeros(len(ijk), dtype=bool)
            for area in missing_areas(volume, geometry):
                hatched |= inside(area, across, down)
            assert np.count_nonzero(hatched != missing) <= 0.02 * len(ijk)
            assert missing.any() == (bool(degrees) or gone)


def rotated_axes(degrees: float) -> np.ndarray:
    """Return the directions of a grid whose rows are turned within its slices."""
    turn = math.radians(degrees)
    return np.array([[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0], [0, 0, 1]])


@pytest.mark.parametrize(("order", "signs"), TURNS)
def test_what_is_hatched_is_as_thick_as_the_images_that_are_missing(
    order: tuple[int, int, int],
    signs: tuple[int, int, int],
    volume_of: Callable[..., Volume],
    signed_axes: Callable[..., np.ndarray],
) -> None:
    grid = Grid.from_directions(
        (8, 8, 7), origin_lps_mm=(-3.0, 17.0, 40.0), spacing_mm=(1.0, 1.0, 4.0), directions=signed_axes(order, signs)
    )
    volume = evolve(volume_of(np.full(grid.shape_kji, 100, np.int16), grid), missing_planes=(2, 3))
    state = overview("1.2.3", grid, window_centre=0.0, window_width=400.0)
    along = grid.directions[:, 2]
    across = [name for name in PlaneName if abs(float(along @ PLANE_AXES[name].into)) < 0.5]
    assert len(across) == 2
    for plane in across:
        geometry = viewport_geometry(volume, state, plane, 400, 400)
        (area,) = missing_areas(volume, geometry)
        left, top, right, bottom = *area.min(axis=0), *area.max(axis=0)
        first, last = geometry.screen_points(grid.lps([(3.5, 3.5, 1.5), (3.5, 3.5, 3.5)]))
        upright = abs(last[1] - first[1]) > abs(last[0] - first[0])
        ends = sorted((first[1], last[1]) if upright else (first[0], last[0]))
        assert ((top, bottom) if upright else (left, right)) == pytest.approx(ends)
        assert (right - left if upright else bottom - top) * geometry.mm_per_px == pytest.approx(8.0)
