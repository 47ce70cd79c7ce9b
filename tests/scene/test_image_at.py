"""What is said of the image at the crosshair is said of the one that is drawn, also half way between two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.scene.axis_turns import TURNS
from viewer.domain.geometry import PLANE_AXES, Grid, PlaneName
from viewer.domain.view_state import as_point, overview
from viewer.domain.voi_lut import LutTable, VoiLut
from viewer.scene.acquired import image_at
from viewer.scene.planes import PlaneRenderer
from viewer.scene.voi import shown_lut

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume


@pytest.mark.parametrize(("order", "signs"), TURNS)
def test_half_way_between_two_images_the_one_that_is_drawn_is_meant_and_shown_by_its_own_table(
    order: tuple[int, int, int],
    signs: tuple[int, int, int],
    volume_of: Callable[..., Volume],
    signed_axes: Callable[..., np.ndarray],
) -> None:
    grid = Grid.from_directions(
        (8, 8, 6), origin_lps_mm=(-3.0, 17.0, 40.0), spacing_mm=(1.0, 1.0, 4.0), directions=signed_axes(order, signs)
    )
    tables = tuple(LutTable(0, 8, np.full(16, 40 * k, np.uint16)) for k in range(6))
    plain = volume_of(np.repeat(np.arange(6, dtype=np.int16), 64).reshape(6, 8, 8), grid)
    volume = evolve(plain, luts=(VoiLut("OWN", tables, tuple(range(6))),))
    plane = max(PlaneName, key=lambda name: abs(float(volume.stack.normal @ PLANE_AXES[name].into)))
    for between in range(5):
        cursor = as_point(grid.lps((3, 3, between + 0.5)))
        state = evolve(overview("1.2.3", grid, window_centre=3.0, window_width=6.0), cursor_lps_mm=cursor)
        greys = PlaneRenderer().render(volume, state, plane, 40, 40).pixels & 0xFF
        each = [
            PlaneRenderer()
            .render(volume, evolve(state, cursor_lps_mm=as_point(grid.lps((3, 3, k)))), plane, 40, 40)
            .pixels
            & 0xFF
            for k in range(6)
        ]
        (drawn,) = [k for k in range(6) if np.array_equal(each[k], greys)]
        assert image_at(volume, cursor) == drawn
        assert shown_lut(volume, evolve(state, lut="OWN")) is tables[drawn]
