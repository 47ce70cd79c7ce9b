"""Once all images are in, a plane shows what it would have shown of the whole from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.open_session import view_of
from viewer.domain.geometry import PlaneName, SliceStack
from viewer.domain.view_state import Interpolation
from viewer.scene.planes import PlaneRenderer
from viewer.scene.turned_planes import turned_about
from viewer.ui.canvas.paint_plane import PlanePainter, image_of

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume

_SLAB_MM = 12.0
_LEAN_RAD = 0.2
_NOT_READ_HU = 3000
_LOOKED_AT_WHILE_READ = 7


@pytest.fixture
def leaning(small_ct_volume: Volume) -> Volume:
    """Return the small CT as if it had been acquired obliquely."""
    stack = small_ct_volume.stack
    down = np.array((0.0, np.cos(_LEAN_RAD), np.sin(_LEAN_RAD)))
    into = np.cross((1.0, 0.0, 0.0), down)
    first, step_mm = stack.positions_lps_mm[0], stack.positions_lps_mm[1][2] - stack.positions_lps_mm[0][2]
    positions = np.array([first + into * step_mm * k for k in range(stack.count)])
    leant = SliceStack(stack.size_ij, stack.pixel_spacing_mm, (1, 0, 0), down, positions)
    return evolve(small_ct_volume, stack=leant, grid=leant.as_grid())


@pytest.fixture(params=["straight", "oblique"])
def volume(request: pytest.FixtureRequest, small_ct_volume: Volume, leaning: Volume) -> Volume:
    """Return a small CT, acquired straight and obliquely."""
    return leaning if request.param == "oblique" else small_ct_volume


def _state(session: Session, *, slab: bool, turned: bool) -> ViewState:
    view = evolve(view_of(session), slab_mm=_SLAB_MM if slab else 0.0, acquired=False)
    return turned_about(view, PlaneName.CORONAL, 0.5) if turned else view


@pytest.mark.parametrize("kind", [Interpolation.LINEAR, Interpolation.NEAREST])
@pytest.mark.parametrize("plane", PlaneName)
@pytest.mark.parametrize(("slab", "turned"), [(False, False), (True, False), (False, True), (True, True)])
def test_a_plane_that_was_painted_early_shows_all_of_it_once_all_images_are_in(
    session: Session, volume: Volume, plane: PlaneName, kind: Interpolation, *, slab: bool, turned: bool
) -> None:
    view = evolve(_state(session, slab=slab, turned=turned), interpolation=kind)
    at = volume.stack.nearest_slice(view.cursor_lps_mm)
    painter = PlanePainter()
    painter.turn = plane
    # What was not read yet means nothing, and is brighter here than anything of the scan.
    read, arrived = np.full_like(volume.slices, _NOT_READ_HU), np.zeros(volume.stack.count, dtype=bool)
    shown = read.view()
    early = evolve(volume, slices=shown, voxels=shown, arrived=arrived)
    for k in sorted(range(volume.stack.count), key=lambda k: abs(k - at))[:_LOOKED_AT_WHILE_READ]:
        read[k], arrived[k] = volume.slices[k], True
        painter.picture(early, view, plane, 90, 80)
    read[:] = volume.slices
    whole = evolve(early, arrived=None)
    seen, _ = painter.picture(whole, view, plane, 90, 80)
    assert seen == image_of(PlaneRenderer().render(whole, view, plane, 90, 80).pixels)
