"""First looks: what is shown when a volume or a finding comes up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.geometry import Grid, PlaneName, SliceStack
from viewer.domain.job import JobContext
from viewer.domain.view_state import ViewName, overview
from viewer.domain.volume import SeriesFacts, Volume
from viewer.io.scan import scan
from viewer.services.loading import load_series
from viewer.services.views import USUAL_ASPECT, fitted_height_mm, refitted, view_of_volume

if TYPE_CHECKING:
    from pathlib import Path


def test_a_body_in_a_wide_field_of_view_fills_the_picture(real_data: Path) -> None:
    entry = scan(real_data / "a13_abdomen_contrast_CRLM-1004", JobContext()).series[0]
    volume = load_series(entry, JobContext())
    view = view_of_volume(volume)
    field_mm = float(np.ptp(volume.grid.bounds_lps_mm[1]))
    assert view.axial.height_mm < 0.8 * field_mm
    # Nothing of the body is cut off: its front and back are within the viewport.
    empty = np.flatnonzero((volume.slices[20] > 0).sum(axis=1) < 60)
    rows = np.arange(empty[empty < 256].max() + 1, empty[empty > 256].min())  # the body without the table below it
    middle, half = view.axial.centre_lps_mm[1], view.axial.height_mm / 2
    assert middle - half < volume.stack.lps((0, rows[0], 20))[1]
    assert middle + half > volume.stack.lps((0, rows[-1], 20))[1]


def test_where_a_scan_is_looked_at_first_lies_in_an_image_of_each_plane(real_data: Path) -> None:
    """The corner says where the image shown lies: between two images it named neither."""
    entry = scan(real_data / "a13_abdomen_contrast_CRLM-1004", JobContext()).series[0]
    volume = load_series(entry, JobContext())
    ijk = volume.grid.ijk(view_of_volume(volume).cursor_lps_mm)
    assert volume.grid.size_ijk[0] % 2 == 0
    assert np.allclose(ijk, np.round(ijk), atol=1e-6)
    assert np.all(np.abs(ijk - volume.grid.ijk(volume.body_lps_mm.mean(axis=1))) <= 0.5 + 1e-6)


@pytest.mark.parametrize(
    ("across", "deep", "long"), [(340, 230, 205), (380, 220, 350), (420, 300, 900), (150, 190, 160)]
)
def test_a_body_in_3d_is_as_large_as_a_usual_view_of_it_from_any_side_allows(across: int, deep: int, long: int) -> None:
    body = np.array([[-across / 2, across / 2], [-deep / 2, deep / 2], [-long / 2, long / 2]])
    grid = Grid.from_directions((512, 512, 90), origin_lps_mm=(-250, -250, -450), spacing_mm=(1.0, 1.0, 10.0))
    height_mm = overview("1.2.3", grid, body_lps_mm=body).camera.height_mm
    # From the front, from a side, from the feet: how wide and how high it is there.
    from_sides = [(across, long), (deep, long), (across, deep)]
    needed = max(max(high, wide / USUAL_ASPECT) for wide, high in from_sides)
    assert needed < height_mm <= 1.16 * needed


@pytest.mark.parametrize("size", [(1, 1, 1), (64, 1, 1), (64, 64, 5)])
def test_a_volume_of_a_few_tiny_voxels_has_views_that_show_something(size: tuple[int, int, int]) -> None:
    grid = Grid.from_directions(size, origin_lps_mm=(0, 0, 0), spacing_mm=(0.05, 0.05, 20.0))
    view = overview("1.2.3", grid, body_lps_mm=np.zeros((3, 2)))
    assert min(view.plane(plane).height_mm for plane in PlaneName) > 0
    assert view.camera.height_mm > 0
    assert min(overview("1.2.3", grid).plane(plane).height_mm for plane in PlaneName) > 0


def test_a_view_that_a_document_has_rounded_is_not_fitted_again() -> None:
    stack = SliceStack((96, 96), (1.37, 1.37), (1, 0, 0), (0, 1, 0), [(-72.0, -72.0, 3.0 * k) for k in range(9)])
    values = np.zeros(stack.shape_kji, dtype=np.int16)
    volume = Volume(SeriesFacts("1.2.3"), values, stack, values, stack.as_grid())
    view = view_of_volume(volume)
    fitted_mm = fitted_height_mm(volume, PlaneName.AXIAL, 0.5)
    rounded = view.with_plane(PlaneName.AXIAL, evolve(view.axial, height_mm=round(fitted_mm, 2)))
    assert rounded.axial.height_mm != fitted_mm
    assert refitted(volume, rounded, ViewName.AXIAL, 0.49, 0.5) == rounded
    assert refitted(volume, rounded, ViewName.AXIAL, 0.5, 0.4).axial.height_mm == pytest.approx(fitted_mm * 0.5 / 0.4)
