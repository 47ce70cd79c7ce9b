"""Views that go through many images show all of them once they are in, whichever of them came first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.open_session import view_of
from tests.ui.looking import shown_canvas
from viewer.domain.geometry import SliceStack
from viewer.domain.plane_turn import about
from viewer.domain.view_state import Interpolation, Layout, SlabMode, ViewName
from viewer.domain.volume import SeriesFacts, Volume
from viewer.scene.planes import PlaneRenderer

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.ui.canvas import Canvas
    from viewer.ui.theme import Theme


def _turned(view: ViewState) -> ViewState:
    return evolve(view, axial=evolve(view.axial, turned=about((1.0, 0.0, 0.0), 0.3)))


def _slab(view: ViewState) -> ViewState:
    return evolve(view, slab_mm=15.0, slab_mode=SlabMode.MIN)


def _turned_slab(view: ViewState) -> ViewState:
    return _slab(_turned(view))


def _as_it_is(view: ViewState) -> ViewState:
    return view


def _askew(volume: Volume) -> Volume:
    """Return the volume on slices that lie at an angle to the axial plane, though they face it."""
    turn = 0.3
    rows, columns = np.array((1.0, 0.0, 0.0)), np.array((0.0, np.cos(turn), np.sin(turn)))
    middle, spacing = np.asarray(volume.grid.centre_lps_mm), volume.stack.pixel_spacing_mm
    half = (np.asarray(volume.stack.size_ij) - 1) / 2 * spacing
    gaps = 2.5 * (np.arange(volume.stack.count) - (volume.stack.count - 1) / 2)
    places = middle - half[0] * rows - half[1] * columns + gaps[:, None] * np.cross(rows, columns)
    stack = SliceStack(volume.stack.size_ij, spacing, rows, columns, places)
    return Volume(SeriesFacts("1.2.9"), volume.slices, stack, volume.slices, stack.as_grid())


def _axial(canvas: Canvas) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the greys of the axial view without a frame around, where nothing moves any more."""
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    held = canvas.planes._pictures.get(tile.view.plane)
    if held is None or held.coarse or canvas._fine.busy or canvas._motion.isActive():
        return np.zeros(0, np.uint8)
    rows = np.frombuffer(held.image.constBits(), np.uint32).reshape(held.image.height(), -1)
    return (rows & 255).astype(np.uint8)


@pytest.mark.parametrize("kind", [Interpolation.LINEAR, Interpolation.NEAREST])
@pytest.mark.parametrize(
    ("looked", "askew"), [(_turned, False), (_slab, False), (_turned_slab, False), (_as_it_is, True), (_slab, True)]
)
def test_a_view_through_many_images_shows_all_of_them_once_they_are_in(
    qtbot: QtBot, session: Session, theme: Theme, small_ct_volume: Volume, looked: object, kind: Interpolation, *,
    askew: bool,
) -> None:  # fmt: skip
    assert callable(looked)
    whole = _askew(small_ct_volume) if askew else small_ct_volume
    view = evolve(looked(view_of(session)), interpolation=kind, layout=Layout.SINGLE, main=ViewName.AXIAL)
    arrived = np.zeros(whole.stack.count, dtype=bool)
    k = whole.stack.nearest_slice(view.cursor_lps_mm)
    arrived[k - 1 : k + 2] = True
    session.view = None
    session.volume = evolve(whole, voxels=whole.slices, arrived=arrived)
    session.view = view
    canvas = shown_canvas(qtbot, session, theme, size=(500, 400))
    qtbot.waitUntil(lambda: _axial(canvas).size > 0)
    arrived[:] = True
    session.slices_in = len(arrived)
    session.volume = evolve(whole, voxels=whole.slices)
    seen = view_of(session)
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    made = PlaneRenderer().render(whole, seen, tile.view.plane, 500, 400)
    qtbot.waitUntil(lambda: np.array_equal(_axial(canvas), made.pixels & 255))
