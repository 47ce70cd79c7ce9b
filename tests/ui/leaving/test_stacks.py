"""What a page says of where its images lie is where they lie."""

from __future__ import annotations

import re

import numpy as np
import pytest
from attrs import evolve

from tests.tilted_series import tilted_volume
from viewer.domain.geometry import Grid, PlaneName, SliceStack
from viewer.domain.view_state import Layout, ViewName, as_point, overview
from viewer.domain.volume import SeriesFacts, Volume
from viewer.scene.acquired import scrolled_cursor
from viewer.scene.plane_geometry import AXIS_ALONG
from viewer.ui.leaving.stacks import FINENESS, Fineness, _along, height_that_shows_mm


def thick() -> Volume:
    """Return 40 images, 5 mm apart."""
    grid = Grid.from_directions((50, 50, 40), origin_lps_mm=(0, 0, 0), spacing_mm=(1, 1, 5))
    voxels = np.zeros(grid.shape_kji, dtype=np.int16)
    stack = SliceStack((50, 50), (1, 1), (1, 0, 0), (0, 1, 0), grid.lps([(0, 0, k) for k in range(40)]))
    return Volume(SeriesFacts("1.2.3"), voxels, stack, voxels, grid)


@pytest.mark.parametrize("how", FINENESS)
@pytest.mark.parametrize("plane", list(PlaneName))
@pytest.mark.parametrize("tilted", [False, True])
def test_each_image_of_a_page_is_told_by_its_own_place_and_is_there_once(
    how: Fineness, plane: PlaneName, tilted: bool
) -> None:
    volume = tilted_volume() if tilted else thick()
    view = evolve(overview("1.2.3", volume.grid), main=ViewName(plane.value), acquired=tilted)
    # The step stands between two images.
    view = evolve(view, cursor_lps_mm=as_point(volume.grid.centre_lps_mm + 1.3))
    axis, told = AXIS_ALONG[plane][2], []
    own = scrolled_cursor(volume, view, plane, 0)[axis]
    for seen, words in _along(volume, view, how.images):
        image = scrolled_cursor(volume, seen, plane, 0)
        found = re.match(rf"{plane.value.capitalize()} (−?[\d.]+) mm(?:, (\d+) mm towards the (\w+))?$", words)
        assert found is not None, words
        assert float(found[1].replace("−", "-")) == pytest.approx(image[axis], abs=0.051)
        away = image[axis] - own
        assert float(found[2] or 0) == pytest.approx(abs(away), abs=0.51)
        if found[3]:
            ends = {0: ("right", "left"), 1: ("front", "back"), 2: ("feet", "head")}[axis]
            assert found[3] == ends[int(away > 0)]
        told.append(round(image[axis], 2))
    assert len(set(told)) == len(told)
    assert told == sorted(told, reverse=axis == 2)
    assert [seen for seen, _ in _along(volume, view, how.images)].count(view) == 1


@pytest.mark.parametrize("how", FINENESS)
def test_a_page_cuts_nothing_of_the_body_that_the_stage_shows(how: Fineness) -> None:
    wide = Grid.from_directions((400, 240, 20), origin_lps_mm=(0, 0, 0), spacing_mm=(1, 1, 5))
    stack = SliceStack((400, 240), (1, 1), (1, 0, 0), (0, 1, 0), wide.lps([(0, 0, k) for k in range(20)]))
    voxels = np.zeros(wide.shape_kji, dtype=np.int16)
    volume = Volume(SeriesFacts("1.2.3"), voxels, stack, voxels, wide)
    whole = overview("1.2.3", wide).with_plane(
        PlaneName.AXIAL, evolve(overview("1.2.3", wide).axial, height_mm=290.0, centre_lps_mm=(199.5, 119.5, 50.0))
    )
    for layout in (Layout.FOUR, Layout.SINGLE):
        view = evolve(whole, layout=layout, main=ViewName.AXIAL)
        height_mm = height_that_shows_mm(volume, view, PlaneName.AXIAL, how.size)
        assert height_mm * how.size[0] / how.size[1] == pytest.approx(400, abs=1), layout
    near = evolve(whole.with_plane(PlaneName.AXIAL, evolve(whole.axial, height_mm=60.0)), layout=Layout.STAGE)
    assert height_that_shows_mm(volume, near, PlaneName.AXIAL, how.size) == 60.0
