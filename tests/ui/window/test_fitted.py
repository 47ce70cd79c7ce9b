"""All of the body is seen when a scan opens, whatever shape the viewports have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.geometry import PlaneName, SliceStack
from viewer.domain.session import Workspace
from viewer.domain.view_state import Layout, ViewName
from viewer.domain.volume import SeriesFacts, Volume
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from viewer.ui.main_window import MainWindow


@pytest.fixture(scope="module")
def wide() -> Volume:
    """Return a body half as deep as it is wide, as a trunk is."""
    stack = SliceStack((40, 80), (4, 4), (1, 0, 0), (0, 1, 0), [(-158.0, -78.0, 5.0 * k) for k in range(30)])
    values = np.full(stack.shape_kji, 40, dtype=np.int16)
    return Volume(SeriesFacts("1.2.826.99"), values, stack, values, stack.as_grid())


def seen_whole(window: MainWindow, name: ViewName = ViewName.AXIAL) -> bool:
    volume, view, tile = window.desk.session.volume, window.desk.session.view, window.canvas.tile(name)
    assert volume is not None
    assert view is not None
    assert tile is not None
    bounds = volume.grid.bounds_lps_mm
    if name.plane is None:
        return bool(np.ptp(bounds, axis=1).max() <= view.camera.height_mm * tile.area.width() / tile.area.height())
    across, down = {PlaneName.AXIAL: (0, 1), PlaneName.CORONAL: (0, 2), PlaneName.SAGITTAL: (1, 2)}[name.plane]
    high = view.plane(name.plane).height_mm
    wide = high * tile.area.width() / tile.area.height()
    return bool(np.ptp(bounds[across]) <= wide and np.ptp(bounds[down]) <= high)


def show(window: MainWindow, volume: Volume) -> None:
    session = window.desk.session
    session.view, session.case, session.findings = None, None, ()
    session.volume = volume
    session.view = view_of_volume(volume)


def test_in_a_portrait_window_nothing_of_the_body_is_cut_off(opened: MainWindow, wide: Volume) -> None:
    opened.resize(900, 1300)
    show(opened, wide)
    assert all(seen_whole(opened, name) for name in ViewName)
    opened.actions_.run("view.layout_single")
    assert seen_whole(opened)
    opened.resize(700, 1300)
    assert seen_whole(opened)


def test_what_was_zoomed_stays_and_reset_shows_all_again(opened: MainWindow, wide: Volume) -> None:
    opened.resize(900, 1300)
    show(opened, wide)
    session = opened.desk.session
    assert session.view is not None
    session.view = evolve(session.view, axial=evolve(session.view.axial, height_mm=60.0))
    opened.resize(800, 1300)
    assert session.view.axial.height_mm == 60.0
    assert opened.actions_.run("view.reset")
    assert seen_whole(opened)
    opened.actions_.run("view.zoom_in")
    opened.actions_.run("view.hang")
    assert seen_whole(opened)


def test_the_stage_shows_what_the_story_says(opened: MainWindow, wide: Volume) -> None:
    opened.resize(900, 1300)
    show(opened, wide)
    session = opened.desk.session
    session.workspace = Workspace.PRESENT
    told = evolve(view_of_volume(wide), layout=Layout.SINGLE, invert=True)
    session.view = told
    assert session.view == told


def test_3d_that_was_zoomed_stays_and_comes_back_when_the_window_is_wide_again(
    opened: MainWindow, wide: Volume
) -> None:
    show(opened, wide)
    session = opened.desk.session
    assert session.view is not None
    before = session.view.camera
    opened.resize(900, 1300)
    assert session.view.camera.height_mm > before.height_mm
    opened.resize(1280, 720)
    assert session.view.camera == before
    session.view = evolve(session.view, camera=evolve(before, height_mm=60.0))
    opened.resize(900, 1300)
    assert session.view.camera.height_mm == 60.0


def test_on_the_way_to_a_finding_3d_still_shows_all_of_the_body(opened: MainWindow) -> None:
    opened.resize(700, 1300)
    assert seen_whole(opened, ViewName.THREE_D)
    assert opened.actions_.run("finding.next")
    assert seen_whole(opened, ViewName.THREE_D)
