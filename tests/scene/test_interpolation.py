"""Pictures between voxels: squares, straight or cubic, held against SimpleITK and against the definition."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from attrs import evolve

from viewer.domain.geometry import Grid, PlaneName
from viewer.domain.view_state import Interpolation, PlaneView, SlabMode, as_point, overview
from viewer.scene.acquired import viewport_geometry
from viewer.scene.interpolation import Samples, paint
from viewer.scene.oblique import ObliqueSampler
from viewer.scene.plane_slices import plane_runs
from viewer.scene.planes import PlaneRenderer
from viewer.scene.slabs import layers_of
from viewer.scene.turned_planes import turned_about
from viewer.scene.window_table import WindowTable, grey_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume

    Make = Callable[..., Volume]
    Noise = Callable[..., np.ndarray]

# Pixels are the values themselves, in steps of 0.02.
VALUES = WindowTable(-2000.0, 50.0, np.arange(200_000, dtype=np.uint32))
SIZE, SPACING = (30, 26, 18), (0.9, 1.1, 2.4)


def straight_grid(directions: np.ndarray | None = None) -> Grid:
    return Grid.from_directions(SIZE, origin_lps_mm=(-12, 7, 30), spacing_mm=SPACING, directions=directions)


def itk_image(volume: Volume) -> sitk.Image:
    image = sitk.GetImageFromArray(volume.voxels.astype(np.float64))
    image.SetSpacing(volume.grid.spacing_mm)
    image.SetOrigin(volume.grid.lps((0, 0, 0)).tolist())
    image.SetDirection(volume.grid.directions.ravel().tolist())
    return image


def values_of(
    volume: Volume, state: ViewState, plane: PlaneName, width: int, height: int, interpolation: Interpolation
) -> tuple[np.ndarray, np.ndarray]:
    """Return values, NaN outside, and the LPS of the pixels' centres, moved onto the layer that is shown."""
    geometry = viewport_geometry(volume, state, plane, width, height)
    runs = plane_runs(volume.grid, plane)
    assert runs is not None
    layer = runs.into.index(math.floor(runs.into.place(float(np.dot(state.cursor_lps_mm, geometry.axes.into))) + 0.5))
    image = np.take(volume.voxels, layer, axis=2 - runs.into.grid_axis)
    image = image.T if runs.down.grid_axis < runs.right.grid_axis else image
    image = image[:: 1 if runs.down.forward else -1, :: 1 if runs.right.forward else -1].astype(np.float32)
    corner = np.asarray(geometry.lps_from_screen(0.5, 0.5))
    step = geometry.mm_per_px
    down = Samples.along(runs.down, float(corner @ geometry.axes.down), step, height)
    across = Samples.along(runs.right, float(corner @ geometry.axes.right), step, width)
    assert down is not None
    assert across is not None
    part = np.empty((down.count, across.count), dtype=np.uint32)
    paint(part, image, down, across, VALUES, interpolation)
    values = np.full((height, width), np.nan)
    values[down.start : down.start + down.count, across.start : across.start + across.count] = part / 50 - 2000
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    points = (
        np.asarray(geometry.lps_from_screen(0, 0))
        + x[..., None] * step * geometry.axes.right
        + y[..., None] * step * geometry.axes.down
    )
    ijk = volume.grid.ijk(points)
    ijk[..., runs.into.grid_axis] = layer
    return values, ijk


def state_at(grid: Grid, place: object, height_mm: float) -> ViewState:
    view = overview("1.2.3", grid, window_centre=0.0, window_width=2000.0)
    view = evolve(view, cursor_lps_mm=as_point(place))
    for plane in PlaneName:
        view = view.with_plane(plane, PlaneView(as_point(place), height_mm))
    return view


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("plane", list(PlaneName))
def test_squares_are_the_voxels_under_the_pixels_at_every_zoom_and_scale(
    volume_of: Make, noise: Noise, plane: PlaneName, ratio: float
) -> None:
    grid = straight_grid()
    volume = volume_of(noise(SIZE), grid)
    rng = np.random.default_rng(3)
    for height_mm in (3.0, 11.3, 40.0, 90.0):
        place = grid.centre_lps_mm + rng.uniform(-3, 3, 3)
        state = evolve(state_at(grid, place, height_mm), interpolation=Interpolation.NEAREST)
        width, height = round(83 * ratio), round(61 * ratio)
        for moving in (False, True):
            picture = PlaneRenderer().render(volume, state, plane, width, height, moving=moving)
            assert picture.px_per_pixel == 1
            geometry = viewport_geometry(volume, state, plane, width, height)
            for row, column in product(range(0, height, 5), range(0, width, 5)):
                ijk = grid.nearest_ijk(geometry.lps_from_screen(column + 0.5, row + 0.5))
                value = None if ijk is None else volume.voxels[ijk[::-1]]
                expected = 0.0 if value is None else float(grey_of(value, centre=0.0, width=2000.0))
                assert int(picture.pixels[row, column] & 255) == pytest.approx(expected, abs=0.51)


def test_a_large_picture_of_squares_is_not_made_coarser(volume_of: Make, noise: Noise) -> None:
    grid = straight_grid()
    state = evolve(state_at(grid, grid.centre_lps_mm, 25.0), interpolation=Interpolation.NEAREST)
    picture = PlaneRenderer().render(volume_of(noise(SIZE), grid), state, PlaneName.AXIAL, 2500, 1500, moving=True)
    assert picture.px_per_pixel == 1
    # One voxel is a square of 54 × 66 pixels: an edge every so many, and nothing between.
    row = picture.pixels[750].astype(np.int64)
    edges = np.flatnonzero(np.diff(row))
    assert np.diff(edges).min() >= 53


@pytest.mark.parametrize("kind", list(Interpolation))
def test_stored_slices_are_never_mixed_with_their_neighbours(
    volume_of: Make, noise: Noise, kind: Interpolation
) -> None:
    grid = straight_grid()
    voxels = np.repeat(np.arange(SIZE[2], dtype=np.int16) * 50 - 400, SIZE[0] * SIZE[1]).reshape(SIZE[::-1])
    volume = volume_of(voxels, grid)
    for k, beside_mm in product((3, 8, 13), (-1.1, 0.0, 1.1)):
        place = grid.lps((14.3, 12.7, k)) + (0, 0, beside_mm)
        state = evolve(state_at(grid, place, 15.0), interpolation=kind)
        picture = PlaneRenderer().render(volume, state, PlaneName.AXIAL, 40, 40).pixels & 255
        assert len(np.unique(picture)) == 1
        expected = float(grey_of(voxels[k, 0, 0], centre=0.0, width=2000.0))
        assert int(picture[0, 0]) == pytest.approx(expected, abs=0.51)


@pytest.mark.parametrize(
    ("kind", "itk"), [(Interpolation.NEAREST, sitk.sitkNearestNeighbor), (Interpolation.LINEAR, sitk.sitkLinear)]
)
@pytest.mark.parametrize("plane", list(PlaneName))
def test_values_in_a_plane_are_those_of_simpleitk(
    volume_of: Make, noise: Noise, plane: PlaneName, kind: Interpolation, itk: int
) -> None:
    grid = straight_grid()
    volume = volume_of(noise(SIZE), grid)
    place = grid.centre_lps_mm + (1.3, -0.7, 0.4)
    values, ijk = values_of(volume, state_at(grid, place, 17.0), plane, 60, 50, kind)
    image = itk_image(volume)
    checked = 0
    for row, column in product(range(0, 50, 3), range(0, 60, 3)):
        if np.isnan(values[row, column]):
            continue
        at = np.clip(ijk[row, column], 0, np.asarray(SIZE) - 1).tolist()
        expected = image.EvaluateAtContinuousIndex(at, itk)
        assert values[row, column] == pytest.approx(expected, abs=0.15)
        checked += 1
    assert checked > 200


@pytest.mark.parametrize("plane", list(PlaneName))
def test_cubic_is_keys_convolution_and_runs_through_the_voxels(volume_of: Make, noise: Noise, plane: PlaneName) -> None:
    grid = straight_grid()
    volume = volume_of(noise(SIZE), grid)
    place = grid.centre_lps_mm + (1.3, -0.7, 0.4)
    values, ijk = values_of(volume, state_at(grid, place, 17.0), plane, 60, 50, Interpolation.CUBIC)
    checked = 0
    for row, column in product(range(0, 50, 3), range(0, 60, 3)):
        if np.isnan(values[row, column]):
            continue
        at = np.clip(ijk[row, column], 0, np.asarray(SIZE) - 1)
        assert values[row, column] == pytest.approx(keys(volume.voxels, at), abs=0.15)
        checked += 1
    assert checked > 200
    # With pixels as far apart as voxels and on their centres nothing is left to interpolate.
    axial = state_at(grid, grid.lps((15, 13, 9)), 21 * SPACING[1])
    values, ijk = values_of(volume, axial, PlaneName.AXIAL, 1, 21, Interpolation.CUBIC)
    i, j, k = np.rint(ijk[:, 0]).astype(int).T
    np.testing.assert_allclose(values[:, 0], volume.voxels[k, j, i], atol=0.15)


def keys(voxels: np.ndarray, ijk: np.ndarray, a: float = -0.5) -> float:
    """Keys 1981, equation (15), by its definition as a kernel of distance."""

    def kernel(distance: float) -> float:
        s = abs(distance)
        if s < 1:
            return (a + 2) * s**3 - (a + 3) * s**2 + 1
        return a * s**3 - 5 * a * s**2 + 8 * a * s - 4 * a if s < 2 else 0.0

    total = 0.0
    bases = np.floor(ijk).astype(int)
    for di, dj, dk in product(range(-1, 3), repeat=3):
        at = bases + (di, dj, dk)
        weight = math.prod(kernel(float(ijk[axis] - at[axis])) for axis in range(3))
        i, j, k = np.clip(at, 0, np.asarray(voxels.shape[::-1]) - 1)
        total += weight * float(voxels[k, j, i])
    return total


def test_on_smooth_values_cubic_agrees_with_the_splines_of_simpleitk_better_than_linear(volume_of: Make) -> None:
    grid = straight_grid()
    k, j, i = np.indices(SIZE[::-1])
    smooth = (600 * np.sin(i / 2.6) * np.cos(j / 3.1) + 100 * np.sin(k / 2.0)).astype(np.int16)
    volume = volume_of(smooth, grid)
    state = state_at(grid, grid.centre_lps_mm, 17.0)
    image = itk_image(volume)
    worst = {}
    for kind in (Interpolation.LINEAR, Interpolation.CUBIC):
        values, ijk = values_of(volume, state, PlaneName.AXIAL, 60, 50, kind)
        off = []
        for row, column in product(range(8, 42, 3), range(8, 52, 3)):
            at = ijk[row, column]
            if (at > 4).all() and (at < np.asarray(SIZE) - 5).all():
                off.append(abs(values[row, column] - image.EvaluateAtContinuousIndex(at.tolist(), sitk.sitkBSpline3)))
        worst[kind] = max(off)
    assert worst[Interpolation.CUBIC] < 8  # of 1,200 from trough to crest
    assert worst[Interpolation.LINEAR] > 2.5 * worst[Interpolation.CUBIC]


def oblique_state(grid: Grid) -> ViewState:
    state = state_at(grid, grid.centre_lps_mm + (0.3, 0.2, -0.4), 26.0)
    for about, angle in ((PlaneName.AXIAL, 0.5), (PlaneName.SAGITTAL, 0.3), (PlaneName.CORONAL, -0.2)):
        state = turned_about(state, about, angle)
    return state


@pytest.mark.parametrize("kind", list(Interpolation))
@pytest.mark.parametrize("plane", list(PlaneName))
def test_values_in_a_turned_plane_are_those_of_simpleitk_or_of_the_definition(
    volume_of: Make, noise: Noise, plane: PlaneName, kind: Interpolation
) -> None:
    grid = straight_grid()
    volume = volume_of(noise(SIZE), grid)
    geometry = viewport_geometry(volume, oblique_state(grid), plane, 60, 50)
    values, outside = ObliqueSampler(volume).values(geometry, interpolation=kind)
    image = itk_image(volume)
    checked = 0
    for row, column in product(range(0, 50, 4), range(0, 60, 4)):
        ijk = grid.ijk(geometry.lps_from_screen(column + 0.5, row + 0.5))
        if (ijk < 0.05).any() or (ijk > np.asarray(SIZE) - 1.05).any():
            continue
        assert not outside[row, column]
        if kind is Interpolation.CUBIC:
            expected = keys(volume.voxels, ijk)
        elif kind is Interpolation.LINEAR:
            expected = image.EvaluateAtContinuousIndex(ijk.tolist(), sitk.sitkLinear)
        else:
            if np.abs(ijk - np.floor(ijk) - 0.5).min() < 1e-3:
                continue
            expected = image.EvaluateAtContinuousIndex(ijk.tolist(), sitk.sitkNearestNeighbor)
        assert values[row, column] == pytest.approx(expected, abs=0.5)
        checked += 1
    assert checked > 60


def test_padding_neither_shines_into_a_cubic_picture_nor_is_cut_into_it(volume_of: Make, noise: Noise) -> None:
    grid = straight_grid()
    voxels = np.full(SIZE[::-1], 100, dtype=np.int16)
    voxels[:, :, :9] = -2000
    voxels[4:7] = -2000
    volume = volume_of(voxels, grid, padding=-2000)
    straight = state_at(grid, grid.centre_lps_mm, 30.0)
    for state in (straight, oblique_state(grid)):
        for plane in PlaneName:
            shown = {}
            for kind in (Interpolation.LINEAR, Interpolation.CUBIC, Interpolation.NEAREST):
                picture = PlaneRenderer().render(volume, evolve(state, interpolation=kind), plane, 90, 70)
                shown[kind] = picture.pixels & 255
            tissue = int(round(float(grey_of(100, centre=0.0, width=2000.0))))
            # All that is not black is what all voxels are: nothing was mixed with padding, and nothing swings over.
            assert set(np.unique(shown[Interpolation.CUBIC]).tolist()) <= {0, tissue}
            np.testing.assert_array_equal(shown[Interpolation.CUBIC], shown[Interpolation.LINEAR])
            np.testing.assert_array_equal(shown[Interpolation.CUBIC] > 0, shown[Interpolation.NEAREST] > 0)


def test_a_missing_image_stays_black_in_every_interpolation(volume_of: Make, noise: Noise) -> None:
    grid = straight_grid()
    voxels = noise(SIZE)
    voxels[8:10] = -2000
    volume = evolve(volume_of(voxels, grid, padding=-2000), missing_planes=(8, 9))
    for kind, state in product(Interpolation, (state_at(grid, grid.centre_lps_mm, 30.0), oblique_state(grid))):
        for plane in (PlaneName.CORONAL, PlaneName.SAGITTAL):
            picture = PlaneRenderer().render(volume, evolve(state, interpolation=kind), plane, 90, 80).pixels & 255
            geometry = viewport_geometry(volume, state, plane, 90, 80)
            black = 0
            for row, column in product(range(0, 80, 3), range(0, 90, 3)):
                k = float(grid.ijk(geometry.lps_from_screen(column + 0.5, row + 0.5))[2])
                if 7.55 < k < 9.45:
                    assert picture[row, column] == 0
                    black += 1
            assert black > 20


@pytest.mark.parametrize("padding", [None, -2000])
@pytest.mark.parametrize("kind", Interpolation)
def test_beside_a_missing_image_all_is_shown_that_is_not_mixed_of_it(
    volume_of: Make, kind: Interpolation, padding: int | None
) -> None:
    grid = straight_grid()
    voxels = np.full(SIZE[::-1], 100, dtype=np.int16)
    voxels[8:10] = 100 if padding is None else padding
    volume = evolve(volume_of(voxels, grid, padding=padding), missing_planes=(8, 9))
    # An image reaches half way to the next; on a turned plane that is known of a missing one where it is padding.
    mixed = (7.0, 10.0) if kind is not Interpolation.NEAREST and padding is None else (7.5, 9.5)
    straight = state_at(grid, grid.centre_lps_mm, 30.0)
    for state, (low, high) in ((straight, (7.5, 9.5)), (oblique_state(grid), mixed)):
        picture = PlaneRenderer().render(volume, evolve(state, interpolation=kind), PlaneName.CORONAL, 90, 80).pixels
        geometry = viewport_geometry(volume, state, PlaneName.CORONAL, 90, 80)
        counted = [0, 0]
        for row, column in product(range(0, 80, 3), range(0, 90, 3)):
            ijk = grid.ijk(geometry.lps_from_screen(column + 0.5, row + 0.5))
            k = float(ijk[2])
            if (ijk < 0).any() or (ijk > np.array(SIZE) - 1).any() or min(abs(k - low), abs(k - high)) < 0.05:
                continue
            missing = low < k < high
            assert (picture[row, column] & 255 == 0) == missing
            counted[missing] += 1
        assert min(counted) > 20


@pytest.mark.parametrize("slab_mm", [0.0, 5.0])
def test_on_turned_planes_squares_are_voxels_cubic_is_smooth_beside_padding_too_and_unknown_values_are_black(
    volume_of: Make, noise: Noise, slab_mm: float
) -> None:
    grid = straight_grid()
    state = evolve(oblique_state(grid), slab_mm=slab_mm)
    geometry = viewport_geometry(volume_of(noise(SIZE), grid), state, PlaneName.AXIAL, 90, 80)
    corner, right, down = (np.array(geometry.lps_from_screen(*at)) for at in ((0.5, 0.5), (1.5, 0.5), (0.5, 1.5)))
    rows, columns = np.indices((80, 90))
    ijk = grid.ijk(corner + columns[..., None] * (right - corner) + rows[..., None] * (down - corner))
    # So far from the edges that a slab lies within too.
    within = ((ijk > 6) & (ijk < np.array(SIZE) - 7)).all(axis=-1)
    assert within.sum() > 300

    def seen(voxels: np.ndarray, kind: Interpolation, padding: int | None = None) -> np.ndarray:
        volume = volume_of(voxels, grid, padding=padding)
        return PlaneRenderer().render(volume, evolve(state, interpolation=kind), PlaneName.AXIAL, 90, 80).pixels & 255

    two = np.where(np.indices(SIZE[::-1]).sum(axis=0) % 2, 300, -300).astype(np.int16)
    assert len(np.unique(seen(two, Interpolation.NEAREST)[within])) <= 2
    plain = noise(SIZE)
    padded = plain.copy()
    padded[:, :, :2] = -2000
    cubic = seen(plain, Interpolation.CUBIC)[within]
    assert np.array_equal(seen(padded, Interpolation.CUBIC, -2000)[within], cubic)
    assert (cubic != seen(plain, Interpolation.LINEAR)[within]).mean() > 0.5
    unknown = np.full(SIZE[::-1], 100, np.float32)
    unknown[:, :, SIZE[0] // 2 :] = np.nan
    unknown[:, :, :2] = -2000
    for kind, padding in product(Interpolation, (None, -2000)):
        black = seen(unknown, kind, padding) == 0
        assert black[within & (ijk[..., 0] > SIZE[0] // 2 + 5)].all()
        assert not black[within & (ijk[..., 0] < SIZE[0] // 2 - 6)].any()


def test_while_something_moves_cubic_is_linear(volume_of: Make, noise: Noise) -> None:
    grid = straight_grid()
    volume = volume_of(noise(SIZE), grid)
    for state in (state_at(grid, grid.centre_lps_mm, 17.0), oblique_state(grid)):
        cubic, linear = (evolve(state, interpolation=k) for k in (Interpolation.CUBIC, Interpolation.LINEAR))
        moving = PlaneRenderer().render(volume, cubic, PlaneName.CORONAL, 60, 50, moving=True).pixels
        straight = PlaneRenderer().render(volume, linear, PlaneName.CORONAL, 60, 50, moving=True).pixels
        still = PlaneRenderer().render(volume, cubic, PlaneName.CORONAL, 60, 50).pixels
        np.testing.assert_array_equal(moving, straight)
        assert (still != straight).mean() > 0.1


@pytest.mark.parametrize("mode", list(SlabMode))
def test_a_slab_over_padding_shows_no_padding_while_it_moves_either(
    volume_of: Make, noise: Noise, mode: SlabMode
) -> None:
    grid = straight_grid()
    voxels = np.where(noise(SIZE) > 0, 300, 100).astype(np.int16)
    voxels[:, :, ::7] = -2000
    volume = volume_of(voxels, grid, padding=-2000)
    state = evolve(oblique_state(grid), slab_mm=10.0, slab_mode=mode)
    darkest = int(round(float(grey_of(100, centre=0.0, width=2000.0))))
    for moving in (True, False):
        picture = PlaneRenderer().render(volume, state, PlaneName.AXIAL, 60, 50, moving=moving).pixels & 255
        seen = picture[picture > 0]
        assert seen.size > 500
        assert seen.min() >= darkest - 1


def test_a_slow_picture_asks_between_its_parts_whether_it_is_still_wanted(volume_of: Make, noise: Noise) -> None:
    class UnwantedError(Exception):
        pass

    asked = []

    def between() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise UnwantedError

    grid = straight_grid()
    state = evolve(oblique_state(grid), slab_mm=20.0)
    with pytest.raises(UnwantedError):
        PlaneRenderer().render(volume_of(noise(SIZE), grid), state, PlaneName.AXIAL, 900, 700, between=between)


@pytest.mark.parametrize("mode", list(SlabMode))
def test_a_turned_slab_is_made_of_cubic_values_too(volume_of: Make, noise: Noise, mode: SlabMode) -> None:
    grid = straight_grid()
    volume = volume_of(noise(SIZE), grid)
    geometry = viewport_geometry(volume, oblique_state(grid), PlaneName.CORONAL, 60, 50)
    values, outside = ObliqueSampler(volume).values(geometry, 4.0, 1, mode, Interpolation.CUBIC)
    take = {SlabMode.MAX: np.max, SlabMode.MIN: np.min, SlabMode.MEAN: np.mean}[mode]
    depths = np.linspace(-2.0, 2.0, layers_of(4.0, min(grid.spacing_mm)))
    checked = 0
    for row, column in product(range(0, 50, 6), range(0, 60, 6)):
        centre = np.asarray(geometry.lps_from_screen(column + 0.5, row + 0.5))
        ray = grid.ijk(centre + depths[:, None] * geometry.axes.into)
        if (ray < 0.05).any() or (ray > np.asarray(SIZE) - 1.05).any():
            continue
        assert not outside[row, column]
        expected = take([keys(volume.voxels, ijk) for ijk in ray])
        assert values[row, column] == pytest.approx(expected, abs=0.5)
        checked += 1
    assert checked > 20


def test_padding_does_not_shine_into_a_turned_cubic_slab(volume_of: Make) -> None:
    grid = straight_grid()
    voxels = np.full(SIZE[::-1], 100, dtype=np.int16)
    voxels[:, :, :9] = -2000
    volume = volume_of(voxels, grid, padding=-2000)
    tissue = int(round(float(grey_of(100, centre=0.0, width=2000.0))))
    for mode in SlabMode:
        state = evolve(oblique_state(grid), slab_mm=6.0, slab_mode=mode, interpolation=Interpolation.CUBIC)
        picture = PlaneRenderer().render(volume, state, PlaneName.AXIAL, 90, 70).pixels & 255
        assert set(np.unique(picture).tolist()) == {0, tissue}
