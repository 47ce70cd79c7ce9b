"""Slabs hold exactly what numpy makes of the voxels in them, whatever stands for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from scipy.ndimage import map_coordinates

from tests.tilted_series import tilted_volume, with_slices_missing
from viewer.domain.geometry import PLANE_AXES, Grid, PlaneName
from viewer.domain.view_state import PlaneView, SlabMode, as_point, overview
from viewer.scene.plane_geometry import ViewportGeometry
from viewer.scene.planes import PlaneRenderer
from viewer.scene.slabs import combined, layers_of
from viewer.scene.window_table import grey_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume

MASKED = {SlabMode.MAX: np.ma.max, SlabMode.MIN: np.ma.min, SlabMode.MEAN: np.ma.mean}
WINDOW = {"centre": 0.0, "width": 2200.0}


@pytest.mark.parametrize("mode", list(SlabMode))
@pytest.mark.parametrize("padding", [None, -2000, 0, 1500])
@pytest.mark.parametrize("kind", [np.int16, np.float32])
def test_padding_and_unknown_values_take_no_part_wherever_they_lie_among_the_others(
    mode: SlabMode, padding: int | None, kind: type
) -> None:
    rng = np.random.default_rng(5)
    layers = rng.integers(-3000, 3000, (9, 30, 40)).astype(kind)
    nothing = np.zeros(layers.shape, dtype=bool)
    if padding is not None:
        nothing = rng.random(layers.shape) < 0.4
        nothing[:, 3, 4:9] = True
        layers[layers == padding] = 7
        layers[nothing] = padding
    if kind is np.float32:
        unknown = rng.random(layers.shape) < 0.2
        layers[unknown] = np.nan
        nothing |= unknown
    got = combined(layers, mode, padding).astype(np.float64)
    if padding is not None and mode is not SlabMode.MEAN:
        got[got == padding] = np.nan
    expected = np.ma.filled(MASKED[mode](np.ma.array(layers.astype(np.float64), mask=nothing), axis=0), np.nan)
    np.testing.assert_allclose(got, expected, rtol=1e-6)


@pytest.mark.parametrize("apart_mm", [0.625, 0.7, 1.25, 2.5])
@pytest.mark.parametrize("rounded", [False, True])
def test_a_slab_is_as_many_images_thick_wherever_it_stands_and_holds_those_on_both_of_its_faces(
    volume_of: Callable[..., Volume], apart_mm: float, rounded: bool
) -> None:
    # Places as files write them, which are no binary fractions; in the document of a case they are rounded.
    values = np.zeros((30, 8, 8), dtype=np.int16)
    grid = Grid.from_directions((8, 8, 30), origin_lps_mm=(0, 0, -317.3), spacing_mm=(1.0, 1.0, apart_mm))
    for k in range(6, 24):
        for bright in range(30):
            values[:] = 0
            values[bright] = 1000
            volume = volume_of(values.copy(), grid)
            view = evolve(overview("1.2.3", grid, window_centre=500.0, window_width=1000.0), slab_mm=6 * apart_mm)
            x, y, z = grid.lps((4, 4, k))
            view = evolve(view, cursor_lps_mm=(float(x), float(y), round(float(z), 2) if rounded else float(z)))
            seen = PlaneRenderer().render(volume, view, PlaneName.AXIAL, 16, 16).pixels[8, 8] & 0xFF
            assert (seen > 0) == (abs(bright - k) <= 3), (k, bright)


def straight(volume_of: Callable[..., Volume], noise: Callable[..., np.ndarray]) -> Volume:
    size = (24, 20, 18)
    voxels = noise(size)
    voxels[:, :6, :7] = -2000
    voxels[4:9, 10:14, 8:15] = -2000
    grid = Grid.from_directions(size, origin_lps_mm=(-9, 4, 12), spacing_mm=(1.0, 1.5, 2.0))
    return volume_of(voxels, grid, padding=-2000)


@pytest.fixture(params=["straight", "floats", "missing"])
def shown(request: pytest.FixtureRequest, volume_of: Callable[..., Volume], noise: Callable[..., np.ndarray]) -> Volume:
    if request.param == "straight":
        return straight(volume_of, noise)
    if request.param == "floats":
        values = noise((24, 20, 18)).astype(np.float32)
        values[3:9, 4:10, 5:12] = np.nan
        grid = Grid.from_directions((24, 20, 18), origin_lps_mm=(-9, 4, 12), spacing_mm=(1.0, 1.5, 2.0))
        return volume_of(values, grid)
    return with_slices_missing(tilted_volume(tilt_deg=0.0, gaps_mm=(3.0,) * 11), 4, 5, 8)


@pytest.mark.parametrize("mode", list(SlabMode))
@pytest.mark.parametrize("plane", list(PlaneName))
def test_the_picture_of_a_slab_is_what_numpy_makes_of_its_voxels(
    shown: Volume, plane: PlaneName, mode: SlabMode
) -> None:
    grid, into = shown.grid, PLANE_AXES[plane].into
    axis = int(np.argmax(np.abs(grid.directions.T @ into)))
    layer, thick_mm = grid.size_ijk[axis] // 2, 4.2 * grid.spacing_mm[axis]
    inside = [n for n in range(grid.size_ijk[axis]) if abs(n - layer) * grid.spacing_mm[axis] <= thick_mm / 2]
    assert len(inside) == 5
    layers = np.take(shown.voxels, inside, axis=2 - axis).astype(np.float64)
    nothing = np.isnan(layers) if shown.padding is None else layers == shown.padding
    expected = np.ma.filled(MASKED[mode](np.ma.array(layers, mask=nothing), axis=2 - axis), np.nan)
    renderer = PlaneRenderer()
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(60):
        ijk = [int(rng.integers(0, n)) for n in grid.size_ijk]
        ijk[axis] = layer
        place = as_point(grid.lps(ijk))
        view = overview("1.2.3", grid, window_centre=WINDOW["centre"], window_width=WINDOW["width"])
        view = evolve(view, cursor_lps_mm=place, slab_mm=thick_mm, slab_mode=mode)
        # An odd number of pixels: the middle one has its centre on the voxel's.
        picture = renderer.render(shown, view.with_plane(plane, PlaneView(place, 2.1)), plane, 21, 21).pixels
        seen = int(picture[10, 10] & 255)
        value = expected[tuple(n for a, n in reversed(list(enumerate(ijk))) if a != axis)]
        if np.isnan(value):
            assert seen == 0
        else:
            held += 1
            assert seen == pytest.approx(float(grey_of(value, **WINDOW)), abs=0.6)
    assert held > 20


@pytest.mark.parametrize("mode", list(SlabMode))
def test_through_an_oblique_grid_a_slab_takes_nothing_from_outside(
    volume_of: Callable[..., Volume], mode: SlabMode
) -> None:
    turn = np.radians(20)
    directions = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    grid = Grid.from_directions(
        (40, 30, 30), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0), directions=directions
    )
    # Linear along the axial plane's normal: its greatest, least and mean over the slab are known everywhere.
    points = grid.lps(np.stack(np.meshgrid(*(np.arange(n) for n in grid.size_ijk), indexing="ij"), axis=-1))
    values = np.ascontiguousarray((points[..., 2] * 20.0).transpose(2, 1, 0)).astype(np.float32)
    middle = grid.centre_lps_mm
    view = overview("1.2.3", grid, window_centre=float(middle[2] * 20), window_width=800.0)
    view = evolve(view, cursor_lps_mm=as_point(middle), slab_mm=10.0, slab_mode=mode)
    volume = volume_of(values, grid)
    picture = PlaneRenderer().render(volume, view, PlaneName.AXIAL, 81, 81).pixels & 255
    moved = {SlabMode.MAX: 100.0, SlabMode.MIN: -100.0, SlabMode.MEAN: 0.0}[mode]
    expected = grey_of(middle[2] * 20 + moved, centre=middle[2] * 20, width=800.0)
    assert picture[len(picture) // 2, len(picture) // 2] == pytest.approx(float(expected), abs=1)
    lit = picture[picture > 0]
    # Near the volume's faces the slab is cut off by them, and holds values of its inside alone.
    low = grey_of(middle[2] * 20 - 100.0, centre=middle[2] * 20, width=800.0)
    assert lit.min() >= low - 1


@pytest.mark.parametrize("mode", list(SlabMode))
@pytest.mark.parametrize("plane", list(PlaneName))
def test_a_slab_of_a_tilted_series_is_what_scipy_makes_of_its_voxels(plane: PlaneName, mode: SlabMode) -> None:
    shown = with_slices_missing(tilted_volume(gaps_mm=(4.0,) * 7, size=(40, 44)), 5)
    assert shown.missing_planes
    grid, axes = shown.grid, PLANE_AXES[plane]
    view = overview("1.2.3", grid, window_centre=WINDOW["centre"], window_width=WINDOW["width"])
    view = evolve(view, slab_mm=10.0, slab_mode=mode)
    picture = PlaneRenderer().render(shown, view, plane, 90, 80).pixels & 255
    geometry = ViewportGeometry.of(view, plane, 90, 80)
    x, y = np.meshgrid(np.arange(90) + 0.5, np.arange(80) + 0.5)
    corner = np.asarray(geometry.lps_from_screen(0, 0))
    flat = corner + geometry.mm_per_px * (x[..., None] * axes.right + y[..., None] * axes.down)
    assert shown.padding is not None
    solid = (shown.voxels != shown.padding).astype(np.float64)
    layers = []
    for depth in np.linspace(-5, 5, layers_of(10.0, min(grid.spacing_mm))):
        kji = np.moveaxis(grid.ijk(flat + depth * axes.into)[..., ::-1], -1, 0)
        inside = np.all(
            [(part >= -0.49) & (part <= n - 0.51) for part, n in zip(kji, solid.shape, strict=True)], axis=0
        )
        values, share = (
            map_coordinates(array, kji, order=1, mode="nearest") for array in (shown.voxels * solid, solid)
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            layers.append(np.where(inside & (share > 0.5), values / share, np.nan))
    stack = np.ma.masked_invalid(np.stack(layers))
    expected = np.ma.filled(MASKED[mode](stack, axis=0), np.nan)
    # Away from edges, where half a voxel more or less decides whether there is anything.
    sure = (~stack.mask).all(axis=0)
    assert sure.sum() > 300
    assert np.abs(picture[sure] - grey_of(expected[sure], **WINDOW)).max() <= 0.6
    # At the edges too nothing is darker than the darkest voxel there is.
    assert picture[picture > 0].min() >= grey_of(float(shown.slices.min()), **WINDOW) - 1


def one_layer(volume_of: Callable[..., Volume], at: int, *, spacing_mm: float = 0.5) -> Volume:
    """Return air with one bright layer k, in a grid that is turned about the axis across the layers."""
    turn = np.radians(20)
    directions = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    grid = Grid.from_directions(
        (16, 16, 161), origin_lps_mm=(0, 0, 0), spacing_mm=(2.0, 2.0, spacing_mm), directions=directions
    )
    voxels = np.full(grid.shape_kji, -1000, dtype=np.int16)
    voxels[at] = 1000
    return volume_of(voxels, grid)


def seen_in(volume: Volume, slab_mm: float, *, above_mm: float = 0.0) -> int:
    """Return the grey in the middle of a MIP about the middle of a volume."""
    place = as_point(volume.grid.centre_lps_mm + (0.0, 0.0, above_mm))
    view = overview("1.2.3", volume.grid, window_centre=WINDOW["centre"], window_width=WINDOW["width"])
    view = evolve(view, cursor_lps_mm=place, slab_mm=slab_mm).with_plane(PlaneName.AXIAL, PlaneView(place, 2.1))
    return int(PlaneRenderer().render(volume, view, PlaneName.AXIAL, 21, 21).pixels[10, 10] & 255)


@pytest.mark.parametrize("slab_mm", [2.0, 3.0, 5.0, 8.0, 15.0])
def test_a_slab_through_an_oblique_grid_is_as_thick_as_said(volume_of: Callable[..., Volume], slab_mm: float) -> None:
    dark, last = seen_in(one_layer(volume_of, 0), slab_mm), round(slab_mm / 2 / 0.5)
    for side in (-1, 1):
        assert seen_in(one_layer(volume_of, 80 + side * last), slab_mm) > dark + 200
        assert seen_in(one_layer(volume_of, 80 + side * (last + 1)), slab_mm) == dark


def test_a_mip_through_an_oblique_grid_misses_no_voxel_between_its_layers(volume_of: Callable[..., Volume]) -> None:
    volume = one_layer(volume_of, 80, spacing_mm=0.6)
    dark = seen_in(one_layer(volume_of, 0, spacing_mm=0.6), 10.0)
    for above_mm in np.linspace(-4.5, 4.5, 31).tolist():
        assert seen_in(volume, 10.0, above_mm=above_mm) > dark + 100
