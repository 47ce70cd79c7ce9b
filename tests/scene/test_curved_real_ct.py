"""Straightened pictures of real CT, held to what SimpleITK reads from the same files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from attrs import evolve
from scipy.ndimage import gaussian_filter

from tests.scene.test_real_ct import opened
from viewer.domain.curved_view import CurvedView
from viewer.domain.view_state import Point, as_point, overview
from viewer.scene.curved import CurvedRenderer, curved_geometry
from viewer.scene.window_table import grey_of

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume

WIDTH, HEIGHT = 600, 300
# A place in the aorta, between the kidneys; and how far it may wander from one slice to the next.
AORTA: Point = (16.8, -17.0, -350.0)
REACH_MM = 9.0


def view_along(volume: Volume, path: tuple[Point, ...], centre: float, width: float) -> ViewState:
    view = overview(volume.series.series_uid, volume.grid, window_centre=centre, window_width=width)
    return evolve(view, path_lps_mm=path, curved=CurvedView(20.0))


def followed_aorta(volume: Volume) -> tuple[Point, ...]:
    """The middle of what is bright around the vessel, from slice to slice towards the head."""
    at, found = np.asarray(AORTA), []
    grid = volume.grid
    j, i = np.indices(volume.voxels.shape[1:])
    for k in range(round(float(grid.ijk(AORTA)[2])), grid.size_ijk[2] - 2):
        ijk = grid.ijk(at)
        mm = np.hypot((i - ijk[0]) * grid.spacing_mm[0], (j - ijk[1]) * grid.spacing_mm[1])
        calm = gaussian_filter(volume.voxels[k].astype(np.float32), 2.0)
        bright = (mm < REACH_MM) & (calm > 95) & (calm < 190)
        at = grid.lps((float(i[bright].mean()), float(j[bright].mean()), float(k)))
        found.append(as_point(at))
    return tuple(found[::4])


def test_along_any_path_the_orientation_phantom_has_its_value_everywhere(real_data: Path) -> None:
    # The stored value at LPS (x, y, z) is (x + y − z) / 2: linear, so exact between voxels too.
    volume = opened(real_data / "a18_orientation_phantom" / "dicom")
    low, high = volume.grid.bounds_lps_mm.T
    middle, reach = (low + high) / 2, (high - low) / 2
    path = tuple(as_point(middle + reach * part) for part in ((-0.7, -0.4, -0.6), (0.0, 0.3, 0.0), (0.5, -0.2, 0.7)))
    view = view_along(volume, path, 70, 160)
    geometry = curved_geometry(view, WIDTH, HEIGHT)
    assert geometry is not None
    picture = CurvedRenderer().render(volume, view, geometry).pixels & 255
    checked = 0
    for row in range(5, HEIGHT, 9):
        for column in range(5, WIDTH, 11):
            place = geometry.lps(column + 0.5, row + 0.5)
            ijk = volume.grid.ijk(place)
            if picture[row, column] and (ijk > 0.01).all() and (ijk < np.asarray(volume.grid.size_ijk) - 1.01).all():
                x, y, z = place
                assert abs(int(picture[row, column]) - grey_of((x + y - z) / 2, centre=70, width=160)) <= 1
                checked += 1
    assert checked > 200


def test_the_aorta_lies_straight_in_the_middle_with_the_values_that_simpleitk_reads(real_data: Path) -> None:
    folder = real_data / "a13_abdomen_contrast_CRLM-1004"
    volume = opened(folder)
    view = view_along(volume, followed_aorta(volume), 40, 400)
    geometry = curved_geometry(view, WIDTH, HEIGHT)
    assert geometry is not None
    assert geometry.curve.length_mm > 120
    picture = CurvedRenderer().render(volume, view, geometry).pixels & 255
    reader = sitk.ImageSeriesReader()
    (series,) = reader.GetGDCMSeriesIDs(str(folder))
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder), series))
    image = sitk.Cast(reader.Execute(), sitk.sitkFloat64)
    checked = 0
    for row in range(HEIGHT // 2 - 40, HEIGHT // 2 + 41, 8):
        for column in range(30, WIDTH - 30, 13):
            place = geometry.lps(column + 0.5, row + 0.5)
            at = image.TransformPhysicalPointToContinuousIndex(place)
            value = image.EvaluateAtContinuousIndex(at, sitk.sitkLinear)
            # A grey value is 1.6 HU.
            assert int(picture[row, column]) == pytest.approx(float(grey_of(value, centre=40, width=400)), abs=0.7)
            checked += 1
    assert checked > 300
    # Nearly all along, blood in the middle: contrast, neither fat nor bone. Where an artery leaves, the middle wanders.
    middle = picture[HEIGHT // 2 - 3 : HEIGHT // 2 + 4, 20:-20].mean(axis=0)
    low, high = grey_of(70, centre=40, width=400), grey_of(235, centre=40, width=400)
    assert ((middle > low) & (middle < high)).mean() > 0.95


def test_along_a_path_through_a_tilted_head_the_resampled_values_are_shown(real_data: Path) -> None:
    volume = opened(real_data / "a01_head_ge_tilt_uneven")
    middle = volume.grid.centre_lps_mm
    path = tuple(as_point(middle + by) for by in ((-20.0, 30.0, -45.0), (0.0, 10.0, 0.0), (15.0, -20.0, 45.0)))
    view = view_along(volume, path, 40, 300)
    geometry = curved_geometry(view, WIDTH, HEIGHT)
    assert geometry is not None
    made = CurvedRenderer().render(volume, view, geometry)
    voxels = sitk.GetImageFromArray(volume.voxels.astype(np.float64))
    checked = 0
    for row in range(20, HEIGHT, 30):
        for column in range(20, WIDTH, 30):
            ijk = volume.grid.ijk(geometry.lps(column + 0.5, row + 0.5))
            corner = np.floor(ijk).astype(int)
            if (corner < 0).any() or (corner + 1 >= np.asarray(volume.grid.size_ijk)).any():
                continue
            i, j, k = corner
            around = volume.voxels[k : k + 2, j : j + 2, i : i + 2]
            if volume.padding is not None and (around == volume.padding).any():
                continue
            if not made.pixels[row, column] & 255:
                continue
            value = voxels.EvaluateAtContinuousIndex(ijk.tolist(), sitk.sitkLinear)
            shown = int(made.pixels[row, column] & 255)
            assert shown == pytest.approx(float(grey_of(value, centre=40, width=300)), abs=0.7)
            checked += 1
    assert checked > 60
