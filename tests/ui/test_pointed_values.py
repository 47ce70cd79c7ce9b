"""The value under the pointer is one of the image that is seen, also where the crosshair lies between two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPointF

from tests.open_session import view_of
from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import ViewName, as_point, overview
from viewer.scene.plane_slices import snapped

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.ui.canvas import Canvas


@pytest.mark.parametrize("name", [ViewName.AXIAL, ViewName.CORONAL, ViewName.SAGITTAL])
def test_half_way_between_two_images_the_pointer_tells_of_the_one_that_is_shown(
    canvas: Canvas, session: Session, small_ct_volume: Volume, name: ViewName
) -> None:
    # No two neighbours are alike.
    values = np.random.default_rng(1).permutation(small_ct_volume.slices.size).reshape(small_ct_volume.slices.shape)
    coded = (values % 4001).astype(np.int16)
    # As of a scan whose rows run from left to right and from back to front.
    stack = evolve(small_ct_volume.stack, row_direction=(-1, 0, 0), column_direction=(0, -1, 0))
    volume = evolve(small_ct_volume, slices=coded, voxels=coded, stack=stack, grid=stack.as_grid())
    session.volume = volume
    plane, whole = PlaneName(name.value), overview("1.2.3", volume.grid)
    for between in np.arange(-4.5, 5):
        middle = np.asarray(volume.grid.size_ijk) // 2 + between
        session.view = evolve(whole, cursor_lps_mm=as_point(volume.grid.lps(middle)))
        tile = canvas.tile(name)
        assert tile is not None
        place = tile.area.topLeft() + QPointF(0.45 * tile.area.width(), 0.45 * tile.area.height())
        there = tile.geometry(volume, view_of(session), plane).lps_from_screen(*tile.local(place))
        shown = volume.value_at(snapped(volume, plane, as_point(there)))
        assert shown is not None
        assert canvas.hands.pointed(tile, place).value == shown
