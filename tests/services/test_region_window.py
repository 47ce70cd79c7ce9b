from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from viewer.analysis.original_values import original_values
from viewer.domain.geometry import PlaneName, SliceStack
from viewer.domain.view_state import PlaneView, SlabMode, ViewState, overview
from viewer.domain.volume import SeriesFacts, Volume
from viewer.scene.acquired import viewport_geometry
from viewer.scene.planes import PlaneRenderer
from viewer.scene.window_table import grey_of
from viewer.services.region_window import window_of_region

SIZE = (60, 50, 20)


def volume(values: np.ndarray | None = None, **more: object) -> Volume:
    stack = SliceStack(SIZE[:2], (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 2.0 * k) for k in range(SIZE[2])])
    if values is None:
        values = np.random.default_rng(3).integers(-200, 300, SIZE[::-1]).astype(np.int16)
    return Volume(SeriesFacts("1.2.3"), values, stack, values, stack.as_grid(), **more)


def view_at(shown: Volume, z_mm: float) -> ViewState:
    # 1 mm is 10 pixels; the middle of the viewport is the middle of pixel (30, 25).
    view = evolve(overview("1.2.3", shown.grid), cursor_lps_mm=(30.0, 25.0, z_mm))
    return view.with_plane(PlaneName.AXIAL, PlaneView((30.0, 25.0, z_mm), 50.0))


def fitted(shown: Volume, view: ViewState, box_ij: tuple[int, int, int, int]) -> tuple[float, float]:
    geometry = viewport_geometry(shown, view, PlaneName.AXIAL, 600, 500)
    i0, j0, i1, j1 = box_ij
    ends = [geometry.screen_from_lps((i - 0.5, j - 0.5, 0.0)) for i, j in ((i0, j0), (i1, j1))]
    window = window_of_region(shown, view, geometry, (*ends[1], *ends[0]))
    assert window is not None
    return window.centre, window.width


def test_the_window_goes_from_the_5th_to_the_95th_percentile_of_the_voxels_in_the_rectangle() -> None:
    shown = volume()
    low, high = np.percentile(shown.slices[7, 10:30, 20:50], (5, 95))
    assert fitted(shown, view_at(shown, 14.0), (20, 10, 50, 30)) == (round((low + high) / 2), round(high - low))


@pytest.mark.parametrize(("mode", "of"), [(SlabMode.MAX, np.max), (SlabMode.MIN, np.min), (SlabMode.MEAN, np.mean)])
def test_in_a_slab_it_fits_what_the_slab_shows(mode: SlabMode, of: object) -> None:
    shown = volume()
    view = evolve(view_at(shown, 14.0), slab_mm=10.0, slab_mode=mode)
    low, high = np.percentile(of(shown.slices[5:10, 10:30, 20:50], axis=0), (5, 95))
    centre, width = fitted(shown, view, (20, 10, 50, 30))
    assert (centre, width) == (round((low + high) / 2), max(round(high - low), 20))


@pytest.mark.parametrize("slab_mm", [5.0, 7.5, 30.0])
def test_in_a_slab_of_many_or_of_few_images_it_fits_all_that_the_slab_shows_and_nothing_else(slab_mm: float) -> None:
    size, apart_mm = (40, 40, 120), 0.5 if slab_mm > 10 else 2.0
    values = np.random.default_rng(5).integers(-1000, 1000, size[::-1]).astype(np.int16)
    places = [(0.0, 0.0, apart_mm * k) for k in range(size[2])]
    stack = SliceStack(size[:2], (1.0, 1.0), (1, 0, 0), (0, 1, 0), places)
    thin = Volume(SeriesFacts("1.2.3"), values, stack, values, stack.as_grid())
    view = evolve(view_at(thin, 60 * apart_mm), slab_mm=slab_mm, cursor_lps_mm=(30.0, 25.0, 60 * apart_mm))
    shown = [k for k in range(size[2]) if abs(k - 60) * apart_mm <= slab_mm / 2]
    low, high = np.percentile(values[shown, 10:30, 10:38].max(axis=0), (5, 95))
    assert fitted(thin, view, (10, 10, 38, 30)) == (round((low + high) / 2), round(high - low))


@pytest.mark.parametrize("z_mm", [13.0, 13.1, 14.9, 15.0])
def test_between_two_images_the_window_fits_the_one_that_is_seen(z_mm: float) -> None:
    shown = volume(np.repeat(np.arange(20, dtype=np.int16) * 10, 3000).reshape(SIZE[::-1]))
    fine = evolve(view_at(shown, z_mm), window_centre=100.0, window_width=256.0)
    seen = PlaneRenderer().render(shown, fine, PlaneName.AXIAL, 600, 500).pixels[250, 300] & 0xFF
    centre, _ = fitted(shown, fine, (20, 10, 50, 30))
    assert int(seen) == round(float(grey_of(centre, centre=100.0, width=256.0)))


def test_padding_and_what_lies_outside_are_left_out() -> None:
    values = np.full(SIZE[::-1], 40, dtype=np.int16)
    values[:, :, 30:] = 240
    values[:, :, :20] = -2000
    shown = volume(values, padding=-2000.0)
    assert fitted(shown, view_at(shown, 14.0), (-40, -40, 100, 100)) == (140, 200)


def test_noise_alone_does_not_fill_a_window_of_hounsfield_units() -> None:
    shown = volume(np.full(SIZE[::-1], 55, dtype=np.int16))
    assert fitted(shown, view_at(shown, 14.0), (20, 10, 50, 30)) == (55, 20)


def test_a_map_between_0_and_1_gets_a_window_as_narrow_as_it_needs() -> None:
    values = np.random.default_rng(3).random(SIZE[::-1]).astype(np.float32)
    centre, width = fitted(volume(values, unit="unknown"), view_at(volume(), 14.0), (20, 10, 50, 30))
    assert centre == pytest.approx(0.5, abs=0.05)
    assert width == pytest.approx(0.9, abs=0.05)


def test_where_there_is_no_value_there_is_no_window() -> None:
    shown = volume()
    geometry = viewport_geometry(shown, view_at(shown, 14.0), PlaneName.AXIAL, 600, 500)
    assert window_of_region(shown, view_at(shown, 90.0), geometry, (10_000, 10, 10_100, 60)) is None


def test_the_voxels_are_those_that_the_pointer_tells_also_in_tilted_and_uneven_stacks() -> None:
    tilt = np.radians(18)
    column = (0.0, np.cos(tilt), -np.sin(tilt))
    heights = np.cumsum([0, 3, 3, 5, 3, 2, 3, 3])
    stack = SliceStack((30, 24), (0.9, 1.1), (1, 0, 0), column, [(-12.0, 4.0, float(z)) for z in heights])
    values = np.arange(8 * 24 * 30).reshape(8, 24, 30).astype(np.int16)
    values[:, 3, 3] = -2000
    arrived = np.ones(8, dtype=bool)
    arrived[2] = False
    tilted = Volume(SeriesFacts("1"), values, stack, values, stack.as_grid(), padding=-2000.0, arrived=arrived)
    points = np.random.default_rng(1).uniform((-20, -5, -14), (25, 40, 34), (4000, 3))
    told = np.array([np.nan if (v := tilted.value_at(p)) is None else v for p in points])
    assert np.isfinite(told).sum() > 500
    np.testing.assert_array_equal(original_values(tilted, points), told)


def test_where_an_image_is_missing_no_neighbour_lends_its_voxels_to_the_window() -> None:
    heights = [0.0, 2.5, 5.0, 10.0, 12.5, 15.0]
    stack = SliceStack((20, 20), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, z) for z in heights])
    values = np.random.default_rng(2).integers(-100, 100, (6, 20, 20)).astype(np.int16)
    # Then with one more, of which only the place is known.
    for more in ({}, {"unread_lps_mm": np.array([(0.0, 0.0, 13.0)])}):
        gappy = Volume(SeriesFacts("1"), values, stack, values, stack.as_grid(), **more)
        points = np.random.default_rng(1).uniform((-1, -1, -3), (21, 21, 18), (2000, 3))
        told = np.array([np.nan if (v := gappy.value_at(p)) is None else v for p in points])
        assert np.isnan(told[np.abs(points[:, 2] - 7.5) < 1.2]).all()
        np.testing.assert_array_equal(original_values(gappy, points), told)
