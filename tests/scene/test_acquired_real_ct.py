"""Acquired slices of real tilted CT on the screen, against the files as another program reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from attrs import evolve, frozen

from viewer.analysis.regrid import regridded
from viewer.domain.geometry import PLANE_AXES, PlaneName, direction_letters
from viewer.domain.job import JobContext
from viewer.domain.view_state import PlaneView, as_point, overview
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.scene.acquired import acquired_slices, scrolled_cursor, shown_axes, viewport_geometry
from viewer.scene.planes import PlaneRenderer
from viewer.scene.window_table import grey_of

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.volume import Volume

SIZE_PX = 541
WINDOW = {"centre": 300.0, "width": 4000.0}
TILTED = {
    "a01_head_ge_tilt_uneven": (28, 18.5, "AH"),
    "a02_head_phantom_philips/S21610/S2010": (54, 18.5, "AH"),
    "a02_head_phantom_philips/S21610/S3010": (58, 16.5, "AF"),
}


@frozen(eq=False)
class Raw:
    """A slice as SimpleITK reads its file: values [j, i], and where its voxels lie."""

    values: np.ndarray
    image: sitk.Image

    def points(self) -> np.ndarray:
        """LPS of every voxel, [j, i, 3], from the image's own geometry."""
        corner = np.array(self.image.TransformIndexToPhysicalPoint((0, 0, 0)))
        along = np.array(self.image.TransformIndexToPhysicalPoint((1, 0, 0))) - corner
        downwards = np.array(self.image.TransformIndexToPhysicalPoint((0, 1, 0))) - corner
        nj, ni = self.values.shape
        return corner + np.arange(nj)[:, None, None] * downwards + np.arange(ni)[None, :, None] * along


def raw_slices(folder: Path) -> list[Raw]:
    """All slices of a folder, from the feet to the head."""
    made = []
    for path in sorted(folder.iterdir()):
        if path.suffix != ".json":
            image = sitk.ReadImage(str(path))
            made.append(Raw(sitk.GetArrayFromImage(image)[0], image))
    return sorted(made, key=lambda raw: raw.image.GetOrigin()[2])


@pytest.fixture(scope="module", params=list(TILTED))
def series(request: pytest.FixtureRequest, real_data: Path) -> tuple[str, Volume, list[Raw]]:
    folder = real_data / request.param
    context = JobContext()
    found = assemble(max(scan(folder, context).series, key=lambda entry: entry.count), context)
    return request.param, regridded(found, context), raw_slices(folder)


def test_paging_shows_each_file_s_own_picture_from_head_to_feet_pixel_for_pixel(
    series: tuple[str, Volume, list[Raw]],
) -> None:
    name, volume, files = series
    assert len(files) == TILTED[name][0] == volume.stack.count
    axial, renderer = PlaneName.AXIAL, PlaneRenderer()
    state = overview("1.2.3", volume.grid, window_centre=WINDOW["centre"], window_width=WINDOW["width"])
    state = evolve(state, acquired=True)
    state = evolve(state, cursor_lps_mm=scrolled_cursor(volume, state, axial, -999))
    for n, raw in enumerate(reversed(files)):
        if n:
            state = evolve(state, cursor_lps_mm=scrolled_cursor(volume, state, axial, 1))
        points = raw.points()
        # A voxel of the slice in the middle, as many pixels as voxels: each pixel's centre is a voxel's.
        centre = as_point(points[256, 256])
        state = state.with_plane(axial, PlaneView(centre, SIZE_PX * raw.image.GetSpacing()[0]))
        geometry = viewport_geometry(volume, state, axial, SIZE_PX, SIZE_PX)
        places = geometry.screen_points(points.reshape(-1, 3))
        assert np.abs([geometry.distance_mm(points[j, i]) for j, i in ((0, 0), (0, 511), (511, 511))]).max() < 1e-3
        assert np.abs(places - np.floor(places) - 0.5).max() < 0.02
        column, row = np.floor(places).astype(int).T
        seen = (renderer.render(volume, state, axial, SIZE_PX, SIZE_PX).pixels & 255)[row, column]
        own = grey_of(raw.values.ravel(), centre=WINDOW["centre"], width=WINDOW["width"])
        if volume.padding is not None:
            own[raw.values.ravel() == volume.padding] = 0
        assert np.abs(seen - own).max() <= 1, n
        # The screen's pixels are the file's, in its order: patient right on the left, front at the top.
        assert np.array_equal(column.reshape(512, 512)[0], np.arange(512) + column[0])
        assert np.array_equal(row.reshape(512, 512)[:, 0], np.arange(512) + row[0])
    assert state.cursor_lps_mm == pytest.approx(scrolled_cursor(volume, state, axial, 1))


def test_the_value_under_the_pointer_is_the_file_s(series: tuple[str, Volume, list[Raw]]) -> None:
    _, volume, files = series
    random = np.random.default_rng(5)
    for k in random.choice(len(files), 8, replace=False):
        raw = files[k]
        state = evolve(
            overview("1.2.3", volume.grid), acquired=True, cursor_lps_mm=as_point(volume.stack.lps((250, 260, k)))
        )
        geometry = viewport_geometry(volume, state, PlaneName.AXIAL, 900, 700)
        for j, i in random.integers(100, 400, (40, 2)):
            point = geometry.lps_from_screen(*geometry.screen_from_lps(raw.points()[j, i]))
            assert np.allclose(raw.image.TransformPhysicalPointToContinuousIndex(point), (i, j, 0), atol=0.01)
            assert volume.value_at(point) == raw.values[j, i]


def test_letters_say_which_way_the_slices_are_tilted(series: tuple[str, Volume, list[Raw]]) -> None:
    name, volume, _ = series
    _, tilt, top = TILTED[name]
    state = evolve(overview("1.2.3", volume.grid), acquired=True)
    axes = shown_axes(volume, state, PlaneName.AXIAL)
    assert direction_letters(-axes.down) == top
    assert direction_letters(axes.right) == "L"
    assert volume.stack.tilt_deg == pytest.approx(tilt, abs=0.1)
    acquired = acquired_slices(volume)
    assert acquired is not None
    angle = np.degrees(np.arccos(float(acquired.axes.into @ PLANE_AXES[PlaneName.AXIAL].into)))
    assert angle == pytest.approx(tilt, abs=0.1)
