"""Measuring on slices as they were acquired: on the slice itself, in its own pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, Qt

from tests.open_session import view_of, volume_of
from tests.ui.acquired.hands import drag, place_in, slice_of, turn_wheel
from viewer.analysis.region import region_values
from viewer.domain.view_state import ViewName, as_point
from viewer.ui.canvas import Canvas, Tool
from viewer.ui.canvas.measured_places import image_place

if TYPE_CHECKING:
    from viewer.domain.measurement import Measurement
    from viewer.domain.session import Session


@pytest.fixture
def made(canvas: Canvas) -> list[Measurement]:
    """Return what is drawn on the canvas, in the order it is drawn."""
    found: list[Measurement] = []
    canvas.measured.connect(found.append)
    return found


def test_a_region_lies_on_the_tilted_slice_and_counts_its_pixels(
    canvas: Canvas, looking: Session, made: list[Measurement]
) -> None:
    canvas.tool = Tool.ELLIPSE
    drag(canvas, Qt.MouseButton.LeftButton, place_in(canvas, ViewName.AXIAL, 0.4, 0.4), QPoint(60, 50))
    (region,) = made
    volume, k = volume_of(looking), slice_of(looking)
    stack = volume.stack
    heights = np.asarray(region.points_lps_mm) @ stack.normal
    assert heights == pytest.approx(np.full(2, stack.heights_mm[k]))
    values = region_values(region, volume)
    assert not values.interpolated
    pixel_mm2 = stack.pixel_spacing_mm[0] * stack.pixel_spacing_mm[1]
    assert values.count * pixel_mm2 == pytest.approx(region.area_mm2, rel=0.02)


@pytest.mark.parametrize("k", [7, 8, 9])
def test_it_is_on_its_slice_and_not_on_the_next_however_near_that_is(
    canvas: Canvas, looking: Session, made: list[Measurement], k: int
) -> None:
    # Slices 8 and 9 lie 1.1 mm apart, their other neighbours 7 mm.
    middle = as_point(volume_of(looking).stack.lps((80, 70, k)))
    looking.view = evolve(view_of(looking), cursor_lps_mm=middle)
    canvas.tool = Tool.LENGTH
    drag(canvas, Qt.MouseButton.LeftButton, place_in(canvas, ViewName.AXIAL, 0.4, 0.4), QPoint(60, 0))
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    own, volume = slice_of(looking), volume_of(looking)
    shown = {}
    turn_wheel(canvas, ViewName.AXIAL, 1)
    canvas.stop_measuring()
    turn_wheel(canvas, ViewName.AXIAL, 3)
    for _ in range(7):
        geometry = tile.geometry(volume, view_of(looking), ViewName.AXIAL.plane or made[0].plane)
        shown[slice_of(looking)] = image_place(volume, geometry).holds(made[0])
        turn_wheel(canvas, ViewName.AXIAL, -1)
    assert len(shown) == 7
    assert [n for n, holds in shown.items() if holds] == [own] == [k]
