from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.geometry import Grid, PlaneName
from viewer.domain.view_state import overview
from viewer.scene.colour_maps import COLOUR_MAPS, colour_table
from viewer.scene.planes import PlaneRenderer
from viewer.scene.window_table import window_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume


def parts(pixels: np.ndarray) -> np.ndarray:
    return np.stack([pixels >> 16 & 255, pixels >> 8 & 255, pixels & 255], axis=-1).astype(np.int64)


def test_hot_iron_is_the_palette_of_dicom() -> None:
    # PS3.6 B.1.1: 0, 2, 4 … 254, 255 … in red; green the same from 128 on; blue in steps of 4 from 192 on.
    table = parts(colour_table("hot_iron"))
    n = np.arange(256)
    assert np.abs(table[:, 0] - np.minimum(2 * n, 255)).max() <= 1
    assert np.abs(table[:, 1] - np.clip(2 * (n - 128), 0, 255)).max() <= 1
    assert np.abs(table[:, 2] - np.clip(4 * (n - 192), 0, 255)).max() <= 3


def test_every_map_but_the_two_sided_one_grows_brighter_from_end_to_end() -> None:
    for name in COLOUR_MAPS:
        bright = parts(colour_table(name)) @ [0.2126, 0.7152, 0.0722]
        if name == "blue_orange":
            assert bright.argmin() in range(120, 136)
        else:
            assert np.all(np.diff(bright) > -0.6), name
            assert bright[-1] - bright[0] > 150


def test_the_ends_of_the_window_take_the_ends_of_the_colours_and_invert_turns_them() -> None:
    values = np.array([-5.0, 0.0, 1.0, 9.0], dtype=np.float32)
    ends = colour_table("blue_yellow")[[0, 0, -1, -1]]
    assert window_table(0.5, 1.0, "LINEAR_EXACT", colours="blue_yellow").of(values).tolist() == ends.tolist()
    turned = window_table(0.5, 1.0, "LINEAR_EXACT", invert=True, colours="blue_yellow").of(values)
    assert turned.tolist() == ends[::-1].tolist()


def test_colours_are_for_maps_and_never_for_hounsfield_units(volume_of: Callable[..., Volume]) -> None:
    grid = Grid.from_directions((20, 20, 5), origin_lps_mm=(0, 0, 0), spacing_mm=(1.0, 1.0, 1.0))
    values = np.tile(np.linspace(0, 1, 20, dtype=np.float32), (5, 20, 1))
    for unit, coloured in (("HU", False), ("unknown", True), ("BQML", True)):
        volume = evolve(volume_of(values, grid), unit=unit)
        view = evolve(overview("1.2.3", grid, window_centre=0.5, window_width=3.0), colours="hot_iron")
        seen = parts(PlaneRenderer().render(volume, view, PlaneName.AXIAL, 60, 60).pixels)
        assert bool((seen[..., 0] != seen[..., 2]).any()) is coloured
