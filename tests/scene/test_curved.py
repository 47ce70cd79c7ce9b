"""The straightened picture of a tube whose centre line is known, and what it may not show."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from attrs import evolve
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from tests.scene.test_interpolation import keys
from viewer.domain.curved_view import CurvedView
from viewer.domain.geometry import Grid
from viewer.domain.view_state import Interpolation, SlabMode, overview
from viewer.scene.curved import (
    MOST_PX,
    MOST_SAMPLES_MOVING,
    CurvedGeometry,
    CurvedRenderer,
    curved_geometry,
    in_sight,
    turned_by,
)
from viewer.scene.curved_lengths import length_across, seen_across
from viewer.scene.window_table import grey_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import Point, ViewState
    from viewer.domain.volume import Volume

    Make = Callable[..., Volume]

RADIUS_MM, PITCH_MM, TURNS, TUBE_MM = 28.0, 50.0, 1.5, 5.0
HELIX_MM = 2 * math.pi * TURNS * math.hypot(RADIUS_MM, PITCH_MM / (2 * math.pi))
SIZE, SPACING, ORIGIN = (100, 100, 76), (0.8, 0.8, 1.2), (-40.0, -40.0, -8.0)
WIDTH, HEIGHT = 700, 320
WINDOW = {"centre": 100.0, "width": 600.0}


def helix(angles: np.ndarray) -> np.ndarray:
    return np.stack([RADIUS_MM * np.cos(angles), RADIUS_MM * np.sin(angles), PITCH_MM * angles / (2 * np.pi)], axis=-1)


@pytest.fixture(scope="module")
def tube_voxels() -> np.ndarray:
    """300 HU in the tube, −100 around it, with the soft edge of a scanner that resolves a voxel."""
    grid = Grid.from_directions(SIZE, origin_lps_mm=ORIGIN, spacing_mm=SPACING)
    i, j, k = np.meshgrid(*(np.arange(n) for n in SIZE), indexing="ij")
    points = grid.lps(np.stack([i, j, k], axis=-1).reshape(-1, 3))
    line = cKDTree(helix(np.linspace(-0.4, 2 * np.pi * TURNS + 0.4, 4000)))
    away = line.query(points, distance_upper_bound=9.0)[0].reshape(SIZE)
    values = np.clip(100 - (away - TUBE_MM) * 400 / 1.2, -100, 300)
    return np.ascontiguousarray(np.transpose(values, (2, 1, 0))).astype(np.int16)


@pytest.fixture
def tube(volume_of: Make, tube_voxels: np.ndarray) -> Volume:
    return volume_of(tube_voxels, Grid.from_directions(SIZE, origin_lps_mm=ORIGIN, spacing_mm=SPACING))


def path() -> tuple[Point, ...]:
    angles = np.linspace(0, 2 * np.pi * TURNS, 19)
    return tuple((float(x), float(y), float(z)) for x, y, z in helix(angles))


def view_of(volume: Volume, turned_deg: float = 0.0, points: tuple[Point, ...] | None = None) -> ViewState:
    view = overview("1.2.3", volume.grid, window_centre=WINDOW["centre"], window_width=WINDOW["width"])
    return evolve(view, path_lps_mm=points or path(), curved=CurvedView(turned_deg))


def geometry_of(view: ViewState) -> CurvedGeometry:
    made = curved_geometry(view, WIDTH, HEIGHT)
    assert made is not None
    return made


@pytest.mark.parametrize("turned_deg", [0.0, 40.0, 90.0, -150.0])
def test_a_tube_is_straight_and_of_its_own_width_from_end_to_end(tube: Volume, turned_deg: float) -> None:
    view = view_of(tube, turned_deg)
    geometry = geometry_of(view)
    made = CurvedRenderer().render(tube, view, geometry)
    grey = (made.pixels & 255).astype(float)
    edge = float(grey_of(100.0, **WINDOW))
    middle = HEIGHT // 2
    for place in np.linspace(4, geometry.curve.length_mm - 4, 40):
        column = grey[:, int(geometry.screen(float(place))[0])]
        reach = round(9.0 / geometry.mm_per_px)
        inside = np.flatnonzero(column[middle - reach : middle + reach] > edge) + middle - reach
        top, bottom = geometry.above_mm(float(inside[0])), geometry.above_mm(float(inside[-1] + 1))
        assert top - bottom == pytest.approx(2 * TUBE_MM, abs=0.5 * max(SPACING))
        assert (top + bottom) / 2 == pytest.approx(0.0, abs=0.5 * min(SPACING))


def test_its_length_is_the_analytic_one(tube: Volume) -> None:
    geometry = geometry_of(view_of(tube))
    assert geometry.curve.length_mm == pytest.approx(HELIX_MM, rel=3e-4)
    start, end = geometry.screen(0.0)[0], geometry.screen(geometry.curve.length_mm)[0]
    assert (end - start) * geometry.mm_per_px == pytest.approx(HELIX_MM, rel=3e-4)


@pytest.mark.parametrize("kind", [Interpolation.LINEAR, Interpolation.NEAREST])
def test_every_pixel_is_what_simpleitk_finds_at_its_place(tube: Volume, kind: Interpolation) -> None:
    view = evolve(view_of(tube, 25.0), interpolation=kind)
    geometry = geometry_of(view)
    made = CurvedRenderer().render(tube, view, geometry)
    image = sitk.GetImageFromArray(tube.voxels.astype(np.float64))
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    itk = sitk.sitkLinear if kind is Interpolation.LINEAR else sitk.sitkNearestNeighbor
    checked = 0
    for row in range(100, 220, 7):
        for column in range(5, WIDTH, 23):
            ijk = tube.grid.ijk(geometry.lps(column + 0.5, row + 0.5))
            if (ijk < 0.1).any() or (ijk > np.asarray(SIZE) - 1.1).any():
                continue
            if kind is Interpolation.NEAREST and np.abs(ijk - np.floor(ijk) - 0.5).min() < 1e-3:
                continue
            value = image.EvaluateAtContinuousIndex(ijk.tolist(), itk)
            shown = int(made.pixels[row, column] & 255)
            # One grey value is 2.4 HU.
            assert shown == pytest.approx(float(grey_of(value, **WINDOW)), abs=0.6)
            checked += 1
    assert checked > 300


def test_right_stays_right_and_nothing_is_mirrored(volume_of: Make) -> None:
    # A path straight to the patient's left, up is the front: as an axial plane seen from the feet.
    grid = Grid.from_directions((40, 40, 40), origin_lps_mm=(0, 0, 0), spacing_mm=(1, 1, 1))
    view = view_of(volume_of(np.zeros((40, 40, 40), np.int16), grid), points=((5, 20, 20), (35, 20, 20)))
    geometry = geometry_of(view)
    assert geometry.lps(*geometry.screen(10.0, 4.0)) == pytest.approx((15, 16, 20))
    _, along, up, into = (part[0] for part in geometry.axes_at(np.array([10.0])))
    np.testing.assert_allclose(np.cross(along, -up), into)
    # Turned by the right-hand rule about the way to the left, what was up goes to the feet.
    turned = geometry_of(evolve(view, curved=CurvedView(90.0)))
    assert turned.lps(*turned.screen(10.0, 4.0)) == pytest.approx((15, 20, 16))


def test_a_point_of_the_patient_is_found_in_the_picture_and_back(tube: Volume) -> None:
    geometry = geometry_of(view_of(tube, 30.0))
    for place, above in ((20.0, 3.0), (100.0, -4.0), (200.0, 0.0)):
        point = geometry.lps(*geometry.screen(place, above))
        found, up, behind = geometry.beside(point)
        assert found == pytest.approx(place, abs=0.2)
        assert up == pytest.approx(above, abs=0.05)
        assert behind == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("ends_mm", [(4.0, 19.0), (-19.0, -4.0), (-3.0, 3.0)])
@pytest.mark.parametrize("place_mm", [-4.0, 10.0, 15.0])
def test_a_length_to_one_side_of_the_path_is_seen_where_it_was_drawn_also_where_the_path_comes_by_again(
    tube: Volume, ends_mm: tuple[float, float], place_mm: float
) -> None:
    there_and_back = ((-20.0, -10.0, 30.0), (10.0, -10.0, 30.0), (20.0, 0.0, 30.0), (10.0, 10.0, 30.0), (-20, 10, 30.0))
    geometry = geometry_of(view_of(tube, points=there_and_back))
    place, ends = seen_across(geometry, length_across(geometry, place_mm, ends_mm, "w")) or (math.nan, (0.0, 0.0))
    assert place == pytest.approx(place_mm, abs=0.2)
    assert ends == pytest.approx(ends_mm, abs=0.01)


@pytest.mark.parametrize(("kind", "reach"), [(Interpolation.LINEAR, 1.0), (Interpolation.NEAREST, 0.5)])
def test_missing_images_are_black_and_said_to_be_missing(
    tube: Volume, tube_voxels: np.ndarray, volume_of: Make, kind: Interpolation, reach: float
) -> None:
    """Those between which nothing is mixed reach half way to the next."""
    voxels = tube_voxels.copy()
    voxels[30:33] = -2000
    without = evolve(volume_of(voxels, tube.grid, padding=-2000), missing_planes=(30, 31, 32))
    view = evolve(view_of(without), interpolation=kind)
    geometry = geometry_of(view)
    made = CurvedRenderer().render(without, view, geometry)
    assert made.missing is not None
    row, seen = HEIGHT // 2, 0
    for column in range(0, WIDTH, 3):
        k = float(without.grid.ijk(geometry.lps(column + 0.5, row + 0.5))[2])
        if 30.05 - reach < k < 31.95 + reach:
            assert made.missing[row, column]
            assert made.pixels[row, column] & 255 == 0
            seen += 1
        elif k < 29.95 - reach or k > 32.05 + reach:
            assert not made.missing[row, column]
    assert seen > 5


def test_padding_neither_shows_nor_darkens_what_lies_beside_it(
    tube: Volume, tube_voxels: np.ndarray, volume_of: Make
) -> None:
    voxels = np.where(tube_voxels > 250, tube_voxels, -2000).astype(np.int16)
    padded = volume_of(voxels, tube.grid, padding=-2000)
    for moving, kind in product((False, True), (Interpolation.LINEAR, Interpolation.NEAREST)):
        view = evolve(view_of(padded), interpolation=kind)
        seen, inverted = (
            CurvedRenderer().render(padded, evolve(view, invert=invert), geometry_of(view), moving=moving).pixels & 255
            for invert in (False, True)
        )
        assert np.array_equal(seen == 0, inverted == 0)
        assert (seen > 0).sum() > 100
        assert seen[seen > 0].min() >= int(grey_of(250.0, **WINDOW)) - 1


def test_outside_of_the_volume_it_is_black(tube: Volume) -> None:
    view = view_of(tube, points=((0.0, 0.0, 0.0), (0.0, 0.0, 300.0)))
    geometry = geometry_of(view)
    made = CurvedRenderer().render(tube, view, geometry)
    beyond = int(geometry.screen(150.0)[0])
    assert not (made.pixels[:, beyond:] & 255).any()


def test_where_a_path_bends_too_sharply_the_part_beyond_is_black_and_told(volume_of: Make) -> None:
    grid = Grid.from_directions((60, 60, 60), origin_lps_mm=(0, 0, 0), spacing_mm=(1, 1, 1))
    volume = volume_of(np.full((60, 60, 60), 300, np.int16), grid)
    angles = np.linspace(0, np.pi, 9)
    points = tuple((30 + 10 * math.cos(a), 30.0, 30 + 10 * math.sin(a)) for a in angles)
    folded = []
    for turned_deg in (0.0, 90.0, -90.0):
        view = view_of(volume, turned_deg, points)
        geometry = geometry_of(view)
        made = CurvedRenderer().render(volume, view, geometry)
        folded.append(made.folded)
        column = made.pixels[:, WIDTH // 2] & 255
        inside = [row for row in range(HEIGHT) if column[row]]
        reach = max(abs(geometry.above_mm(row + 0.5)) for row in inside)
        sides = sorted((geometry.above_mm(inside[0]), -geometry.above_mm(inside[-1] + 1)))
        if turned_deg == 0.0:
            assert reach > 15
        else:
            # The centre of the half circle is 10 mm away on one side.
            assert sides[0] == pytest.approx(10.0, abs=0.6)
            assert sides[1] > 15
    assert folded == [False, True, True]


@pytest.mark.parametrize("mode", list(SlabMode))
def test_a_slab_takes_the_values_before_and_behind_the_picture(volume_of: Make, mode: SlabMode) -> None:
    grid = Grid.from_directions((50, 50, 50), origin_lps_mm=(0, 0, 0), spacing_mm=(1, 1, 1))
    voxels = np.broadcast_to(np.arange(50, dtype=np.int16)[:, None, None] * 10, (50, 50, 50)).copy()
    volume = volume_of(voxels, grid)
    view = evolve(view_of(volume, points=((5, 25, 25), (45, 25, 25))), slab_mm=8.0, slab_mode=mode, window_centre=250.0)
    made = CurvedRenderer().render(volume, view, geometry_of(view))
    expected = {SlabMode.MAX: 290, SlabMode.MIN: 210, SlabMode.MEAN: 250}[mode]
    seen = int(made.pixels[HEIGHT // 2, WIDTH // 2] & 255)
    assert seen == pytest.approx(float(grey_of(expected, centre=250.0, width=600.0)), abs=0.6)


@pytest.mark.parametrize("slab_mm", [0.0, 20.0])
def test_a_thin_sheet_within_a_thick_slab_is_seen_wherever_it_lies_in_it(volume_of: Make, slab_mm: float) -> None:
    grid = Grid.from_directions((40, 40, 40), origin_lps_mm=(0, 0, 0), spacing_mm=(1, 1, 1))
    for away in (-12, -9, -6, -3, -1, 0, 2, 5, 9, 12):
        voxels = np.full((40, 40, 40), -100, np.int16)
        voxels[20 + away] = 300
        volume = evolve(volume_of(voxels, grid), missing_planes=() if away else (20,))
        view = evolve(view_of(volume, points=((5, 20, 20), (35, 20, 20))), slab_mm=slab_mm)
        geometry = curved_geometry(view, 60, 40)
        assert geometry is not None
        made = CurvedRenderer().render(volume, view, geometry)
        bright = int(made.pixels[20, 30] & 255) > int(grey_of(0.0, **WINDOW))
        assert bright == (0 < abs(away) <= slab_mm / 2)
        # An image that is missing is said to be missing where the picture itself lies in it.
        assert (made.missing is not None) == (away == 0)


def test_a_large_or_a_moving_picture_is_coarser_and_shows_the_same_places(tube: Volume) -> None:
    view = evolve(view_of(tube), interpolation=Interpolation.LINEAR)
    still = CurvedRenderer().render(tube, view, geometry_of(view))
    assert still.px_per_pixel == 1
    for width, height, moving, most in ((WIDTH, HEIGHT, True, MOST_SAMPLES_MOVING), (2503, 1407, False, MOST_PX)):
        geometry = curved_geometry(view, width, height)
        assert geometry is not None
        made = CurvedRenderer().render(tube, view, geometry, moving=moving)
        (rows, columns), side = made.pixels.shape, made.px_per_pixel
        assert side > 1
        assert (rows, columns) == (-(-height // side), -(-width // side))
        assert rows * columns <= most * 1.01
        assert width * height / (side - 1) ** 2 > most
        for share_x, share_y in product((0.1, 0.35, 0.5, 0.8), (0.45, 0.49, 0.5, 0.53)):
            column, row = int(share_x * columns), int(share_y * rows)
            lps_mm = geometry.lps((column + 0.5) * side, (row + 0.5) * side)
            value = map_coordinates(tube.voxels.astype(float), tube.grid.ijk(lps_mm)[::-1, None], order=1)[0]
            assert int(made.pixels[row, column] & 255) == pytest.approx(float(grey_of(value, **WINDOW)), abs=1)


@pytest.mark.parametrize("corner", [(0.0, 0.0), (10.0, 21.0), (33.4, 7.25)])
@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_on_a_screen_of_any_scale_every_place_stays_where_it_is(
    tube: Volume, corner: tuple[float, float], ratio: float
) -> None:
    geometry = evolve(geometry_of(view_of(tube)), lower_px=6.0)
    made, aside, below = geometry.on_pixels(*corner, ratio)
    for place_mm, above_mm in product((0.0, 40.0, 250.0), (-9.0, 0.0, 4.0)):
        x, y = geometry.screen(place_mm, above_mm)
        assert (geometry.place_mm(x), geometry.above_mm(y)) == pytest.approx((place_mm, above_mm))
        over_x, over_y = made.screen(place_mm, above_mm)
        assert (over_x / ratio + aside, over_y / ratio + below) == pytest.approx((x, y))
        assert made.lps(over_x, over_y) == pytest.approx(geometry.lps(x, y))
    # From one whole device pixel to another, around all of it and no pixel more.
    for start, offset, size, whole in zip(
        corner, (aside, below), (WIDTH, HEIGHT), (made.width_px, made.height_px), strict=True
    ):
        first = (start + offset) * ratio
        assert first == pytest.approx(round(first))
        assert -1 < offset * ratio <= 1e-9
        assert 0 <= round(whole + offset * ratio - size * ratio, 6) < 1


@pytest.mark.parametrize("length_mm", [8.0, 300.0])
def test_the_whole_path_is_seen_at_first_with_room_around_it(volume_of: Make, length_mm: float) -> None:
    grid = Grid.from_directions((8, 8, 8), origin_lps_mm=(0, 0, 0), spacing_mm=(1, 1, 1))
    view = view_of(volume_of(np.zeros((8, 8, 8), np.int16), grid), points=((0, 0, 0), (0, 0, length_mm)))
    geometry = geometry_of(view)
    assert geometry.place_mm(0) <= -6.0
    assert geometry.place_mm(WIDTH) >= length_mm + 6.0
    assert geometry.place_mm(WIDTH) - geometry.place_mm(0) < max(1.1 * (length_mm + 12), 40.01 * WIDTH / HEIGHT)
    assert geometry.above_mm(0) - geometry.above_mm(HEIGHT) >= 39.99


def test_a_view_without_a_path_has_no_straightened_picture(tube: Volume) -> None:
    view = view_of(tube)
    assert curved_geometry(evolve(view, path_lps_mm=view.path_lps_mm[:1]), WIDTH, HEIGHT) is None
    assert curved_geometry(evolve(view, curved=None), WIDTH, HEIGHT) is None


def test_turning_on_and_on_goes_round() -> None:
    curved = CurvedView()
    for _ in range(73):
        curved = turned_by(curved, 5.0)
    assert curved.turned_deg == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("place_mm", "follows"), [(200.0, True), (52.5, True), (51.0, False), (7.0, True), (9.5, False)]
)
def test_a_zoomed_picture_follows_the_crosshair_out_of_its_sight(tube: Volume, place_mm: float, follows: bool) -> None:
    view = view_of(tube)
    # 20 mm high, so that 21.9 mm are seen to either side.
    zoomed = evolve(view, curved=CurvedView(0.0, 30.0, 20.0), cursor_lps_mm=geometry_of(view).curve.point_at(place_mm))
    followed = in_sight(zoomed, geometry_of(zoomed))
    assert followed.curved is not None
    assert followed.curved.along_mm == pytest.approx(place_mm if follows else 30.0, abs=0.1)
    assert followed.curved.height_mm == pytest.approx(20.0)
    assert in_sight(followed, geometry_of(followed)) is followed


def test_along_a_path_cubic_is_keys_convolution_once_the_picture_rests(tube: Volume) -> None:
    view = view_of(tube, 25.0)
    geometry = geometry_of(view)
    shown = {}
    for kind in Interpolation:
        for moving in (True, False):
            made = CurvedRenderer().render(tube, evolve(view, interpolation=kind), geometry, moving=moving)
            shown[kind, moving] = made.pixels & 255
    np.testing.assert_array_equal(shown[Interpolation.CUBIC, True], shown[Interpolation.LINEAR, True])
    smooth, straight = shown[Interpolation.CUBIC, False], shown[Interpolation.LINEAR, False]
    assert (smooth != straight).mean() > 0.05
    checked = 0
    for row, column in product(range(40, HEIGHT - 40, 23), range(20, WIDTH - 20, 31)):
        ijk = tube.grid.ijk(geometry.lps(column + 0.5, row + 0.5))
        folded = smooth[row, column] == 0
        if folded or (ijk < 2).any() or (ijk > np.asarray(SIZE) - 3).any():
            continue
        expected = float(grey_of(keys(tube.voxels, ijk), **WINDOW))
        # Whole HU of a window of 600: a grey level is 2.4 of them.
        assert int(smooth[row, column]) == pytest.approx(expected, abs=1.0)
        checked += 1
    assert checked > 100


def test_padding_does_not_shine_into_a_cubic_picture_along_a_path(volume_of: Make) -> None:
    grid = Grid.from_directions(SIZE, origin_lps_mm=ORIGIN, spacing_mm=SPACING)
    voxels = np.full(SIZE[::-1], 100, dtype=np.int16)
    voxels[:, :, :45] = -2000
    volume = volume_of(voxels, grid, padding=-2000)
    view = view_of(volume)
    pictures = [
        CurvedRenderer().render(volume, evolve(view, interpolation=kind), geometry_of(view)).pixels
        for kind in (Interpolation.CUBIC, Interpolation.LINEAR)
    ]
    np.testing.assert_array_equal(*pictures)
    assert len(np.unique(pictures[0])) == 2
