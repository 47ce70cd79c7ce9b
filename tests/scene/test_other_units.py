"""3D of values that are no Hounsfield units: never black, and in the window of the planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.geometry import Grid
from viewer.domain.view_state import Camera, as_point, overview
from viewer.domain.volume import Window
from viewer.scene.presets_3d import PRESETS_3D, allowed_preset, first_preset
from viewer.scene.values_look import ValuesShown, values_shown
from viewer.scene.voi import shown_function, table_for
from viewer.scene.volume_image import render_voxels
from viewer.scene.volume_scene import VolumeScene

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume
    from viewer.scene.volume3d import Scene3D

    Make = Callable[..., Volume]

SIZE = (60, 60)
GRID = Grid.from_directions((40, 40, 40), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))


@pytest.fixture
def iodine(volume_of: Make) -> Volume:
    """A map in mg/mL: nothing, and two blocks of 2 and 8 mg/mL, the darker in front of the brighter."""
    values = np.zeros(GRID.shape_kji, dtype=np.float32)
    values[5:35, 4:10, 5:35] = 2.0
    values[12:28, 20:30, 12:28] = 8.0
    return evolve(volume_of(values, GRID), unit="MGML")


def drawn(scene3d: Scene3D, volume: Volume, preset: str = "mip", values: ValuesShown | None = None) -> np.ndarray:
    camera = Camera(as_point(GRID.centre_lps_mm), height_mm=60.0)
    picture = scene3d.render_once(VolumeScene(volume, camera, *SIZE, preset, masked=False, values=values))
    assert picture is not None
    return picture


def grey(pixels: np.ndarray, row: int, column: int) -> int:
    return int(pixels[row, column] & 0xFF)


def test_the_brightest_value_on_a_ray_has_the_grey_that_it_has_in_the_planes(iodine: Volume, scene3d: Scene3D) -> None:
    pixels = drawn(scene3d, iodine, values=ValuesShown(5.0, 10.0, "LINEAR_EXACT", "grey"))
    assert grey(pixels, 30, 30) == pytest.approx(0.8 * 255, abs=6)
    assert grey(pixels, 17, 17) == pytest.approx(0.2 * 255, abs=6)
    assert grey(pixels, 2, 2) == 0


def test_another_window_of_the_planes_shows_in_3d_and_so_do_their_colours(iodine: Volume, scene3d: Scene3D) -> None:
    view = evolve(overview("1.2.3", GRID).windowed(1.0, 2.0), colours="hot_iron")
    narrow = drawn(scene3d, iodine, values=values_shown(iodine, view))
    assert min(int(narrow[17, 17]) >> shift & 0xFF for shift in (16, 8, 0)) >= 0xFE
    coloured = drawn(scene3d, iodine, values=values_shown(iodine, view.windowed(8.0, 16.0)))
    red, blue = (int(coloured[30, 30]) >> shift & 0xFF for shift in (16, 0))
    assert red > 200
    assert blue < 40


@pytest.mark.parametrize("scale", [1e-4, 1.0, 250.0])
def test_values_of_any_size_are_seen_also_where_nearly_all_are_nothing(
    scale: float, volume_of: Make, scene3d: Scene3D
) -> None:
    values = np.zeros(GRID.shape_kji, dtype=np.float32)
    values[18:22, 18:22, 18:22] = scale
    pixels = drawn(
        scene3d,
        evolve(volume_of(values, GRID), unit="MGML"),
        values=ValuesShown(scale / 2, scale, "LINEAR_EXACT", "grey"),
    )
    assert grey(pixels, 30, 30) > 200


def test_one_broken_value_does_not_take_all_the_room(volume_of: Make) -> None:
    values = np.random.default_rng(4).uniform(0, 10, GRID.shape_kji).astype(np.float32)
    values[0, 0, 0], values[0, 0, 4] = 1e30, np.nan
    rendered = render_voxels(evolve(volume_of(values, GRID), unit="MGML"), full=True)
    assert np.ptp(np.percentile(rendered.voxels, (1, 99))) > 1000
    assert rendered.voxels[0, 0, 4] == rendered.voxels.min()


def test_padding_is_dark_whatever_number_stands_for_it(volume_of: Make) -> None:
    values = np.full(GRID.shape_kji, -700, dtype=np.int16)
    values[10:30, 10:30, 10:30] = -600
    values[:, :, :4] = 0
    rendered = render_voxels(evolve(volume_of(values, GRID, padding=0.0), unit="MGML"), full=True)
    assert rendered.voxels[20, 20, 1] <= rendered.voxels[20, 2, 20] < rendered.voxels[20, 20, 20]


def test_looks_for_hu_give_way_and_values_open_in_the_one_that_fits_any(iodine: Volume, scene3d: Scene3D) -> None:
    shown = ValuesShown(5.0, 10.0, "LINEAR_EXACT", "grey")
    assert first_preset(iodine) == "mip"
    assert np.array_equal(drawn(scene3d, iodine, "bone", shown), drawn(scene3d, iodine, "mip", shown))
    assert first_preset(evolve(iodine, unit="HU")) == "bone"
    assert allowed_preset(evolve(iodine, unit="HU_MOD"), "lung", masked=False) is PRESETS_3D["lung"]


def test_after_a_mip_bone_looks_as_before(volume_of: Make, scene3d: Scene3D) -> None:
    values = np.full(GRID.shape_kji, -1000, dtype=np.int16)
    values[10:30, 10:30, 10:30] = 700
    bone = volume_of(values, GRID)
    before = drawn(scene3d, bone, "bone")
    drawn(scene3d, bone, "mip", ValuesShown(40.0, 400.0, "LINEAR", "grey"))
    assert np.array_equal(drawn(scene3d, bone, "bone"), before)


def test_while_identity_is_hidden_nothing_is_drawn_of_values_in_which_no_skin_is_known(
    iodine: Volume, scene3d: Scene3D
) -> None:
    assert allowed_preset(iodine, "mip", masked=True) is None
    assert allowed_preset(evolve(iodine, unit="HU_MOD"), "mip", masked=True) is None
    head = evolve(iodine, unit="HU", series=evolve(iodine.series, body_part="HEAD"))
    assert allowed_preset(head, "mip", masked=True) is PRESETS_3D["bone"]


def test_a_window_that_somebody_sets_on_fractions_is_shown_as_wide_as_it_says(iodine: Volume) -> None:
    of_file = evolve(iodine.series, windows=(Window(5.0, 10.0),), voi_function="LINEAR")
    volume = evolve(iodine, series=of_file)
    view = overview("1.2.3", GRID).windowed(2.0, 1.2)
    greys = table_for(volume, view).of(np.array([1.4, 1.7, 2.0, 2.3, 2.6], dtype=np.float32)) & 0xFF
    assert greys.tolist() == pytest.approx([0, 64, 128, 191, 255], abs=2)
    assert shown_function(volume, view.windowed(5.0, 10.0)) == "LINEAR"
    assert shown_function(evolve(volume, unit="HU"), view) == "LINEAR"
    assert shown_function(evolve(volume, series=evolve(of_file, voi_function="SIGMOID")), view) == "SIGMOID"
