"""First looks: what is shown when a volume or a finding comes up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.geometry import PLANE_AXES, Grid, PlaneName, SliceStack
from viewer.domain.job import JobContext
from viewer.domain.labels import Mask
from viewer.domain.view_state import ViewName, overview
from viewer.domain.volume import SeriesFacts, Volume, Window
from viewer.io.scan import scan
from viewer.services.first_draft import FREE_ASPECT, first_draft
from viewer.services.loading import load_series
from viewer.services.views import USUAL_ASPECT, fitted_height_mm, refitted, view_of_finding, view_of_volume, window_for

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.view_state import ViewState


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


def test_a_scan_that_soft_tissue_would_show_black_opens_in_a_window_that_shows_it(real_data: Path) -> None:
    """These images were filled with noise near air before they were given away."""
    entry = scan(real_data / "a12_edge_series" / "gantrytilting", JobContext()).series[0]
    volume = load_series(entry, JobContext())
    view = view_of_volume(volume)
    low, high = (view.window_centre + sign * view.window_width / 2 for sign in (-1, 1))
    assert 0.9 < np.mean((volume.slices > low) & (volume.slices < high))


def test_a_scan_of_tissue_in_air_opens_in_soft_tissue() -> None:
    volume = _wide_body()
    assert (view_of_volume(volume).window_centre, view_of_volume(volume).window_width) == (40, 400)


def test_a_scan_whose_middle_images_are_missing_opens_on_one_that_is_there() -> None:
    whole = _wide_body()
    volume = evolve(whole, missing_planes=tuple(range(15, 24)))
    cursor = view_of_volume(volume).cursor_lps_mm
    assert volume.grid.nearest_ijk(cursor) == (*whole.grid.nearest_ijk(view_of_volume(whole).cursor_lps_mm)[:2], 24)


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


def _lungs(volume: Volume) -> Finding:
    """Return a finding nearly as wide as the body, which lies towards its front."""
    bounds = np.array([[-162.0, 162.0], [-100.0, 90.0], [-90.0, 40.0]])
    return Finding(
        "lungs",
        "2.25.7",
        "air",
        "Air",
        Source(SourceKind.MODEL, "Test", "1"),
        centre_lps_mm=bounds.mean(axis=1),
        bounds_lps_mm=bounds,
    )


def _beyond_mm(view: ViewState, finding: Finding, plane: PlaneName, aspect: float) -> float:
    """Return by how much a finding reaches beyond a viewport of that width over height, in mm."""
    shown = view.plane(plane)
    far = np.abs(finding.bounds_lps_mm - np.asarray(shown.centre_lps_mm)[:, np.newaxis]).max(axis=1)
    axes = PLANE_AXES[plane]
    across, down = (float(np.abs(axis) @ far) for axis in (axes.right, axes.down))
    return max(across - shown.height_mm * aspect / 2, down - shown.height_mm / 2)


def _wide_body() -> Volume:
    stack = SliceStack((64, 64), (6.0, 6.0), (1, 0, 0), (0, 1, 0), [(-189.0, -189.0, 5.0 * k - 100) for k in range(41)])
    k, j, i = np.indices(stack.shape_kji)
    inside = ((i - 31.5) / 29) ** 2 + ((j - 31.5) / 17) ** 2 < 1
    values = np.where(inside, 40, -1000).astype(np.int16)
    body = np.array([[-174.0, 174.0], [-102.0, 102.0], [-100.0, 100.0]])
    series = SeriesFacts("1.2.3", modality="CT")
    return Volume(series, values, stack, values, stack.as_grid(), unit="HU", body_lps_mm=body)


def test_a_finding_as_wide_as_the_body_is_whole_in_each_plane() -> None:
    volume = _wide_body()
    finding = _lungs(volume)
    view = view_of_finding(view_of_volume(volume), finding, volume)
    for plane in PlaneName:
        assert _beyond_mm(view, finding, plane, USUAL_ASPECT) < 0


def test_a_drafted_step_shows_a_large_finding_whole_beside_its_card() -> None:
    volume = _wide_body()
    finding = _lungs(volume)
    steps = first_draft(volume, [finding], None, view_of_volume(volume))
    step = next(step for step in steps if step.id == "finding-1")
    assert _beyond_mm(step.view, finding, PlaneName.AXIAL, FREE_ASPECT) < 0


@pytest.mark.parametrize(
    ("inside_hu", "around_hu", "wanted"),
    [
        # A solid nodule is as dense as muscle: what it lies in tells that the lung is looked at.
        (40, -850, "Lung"),
        (-700, -850, "Lung"),
        (-600, 40, "Lung"),
        (700, 300, "Bone"),
        (60, 30, ""),
    ],
)
def test_a_finding_is_shown_in_a_window_that_fits_what_it_lies_in(inside_hu: int, around_hu: int, wanted: str) -> None:
    stack = SliceStack((30, 30), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 1.0 * k) for k in range(20)])
    values = np.full(stack.shape_kji, around_hu, np.int16)
    mask = Mask((10, 12, 8), np.ones((4, 5, 6), dtype=bool))
    values[mask.box] = inside_hu
    # Far from it everything is something else.
    values[:3] = 1000
    volume = Volume(SeriesFacts("1.2.3", modality="CT"), values, stack, values, stack.as_grid())
    place = np.array([13.0, 14.0, 10.0])
    bounds = np.stack([place - 3, place + 3], axis=1)
    source = Source(SourceKind.MODEL, "A model")
    finding = Finding("f", "2.25.1", "n", "Nodule", source, place, bounds, mask=mask, mean=float(inside_hu))
    window = window_for(finding, volume)
    assert (window.name if window is not None else "") == wanted
    own = Window(50, 350, "As its author wants it")
    assert window_for(evolve(finding, window=own), volume) == own
    assert window_for(finding, evolve(volume, unit="MGML")) is None
