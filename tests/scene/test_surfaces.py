"""Surfaces of findings and labels are closed, whichever way their voxels touch."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage
from vtkmodules.util.numpy_support import vtk_to_numpy

from viewer.domain.geometry import SliceStack
from viewer.domain.labels import Mask
from viewer.scene.surfaces import finding_surface, label_surface

if TYPE_CHECKING:
    from vtkmodules.vtkCommonDataModel import vtkPolyData

SIZE = 40


def open_edges(surface: vtkPolyData) -> int:
    """Return at how many edges, by their place, the surface ends."""
    points = vtk_to_numpy(surface.GetPoints().GetData())
    _places, at = np.unique(points.round(4), axis=0, return_inverse=True)
    corners = at.ravel()[vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)]
    ends = Counter(tuple(sorted((a, b))) for t in corners.tolist() for a, b in zip(t, t[1:] + t[:1], strict=True))
    return sum(count % 2 for count in ends.values())


@pytest.mark.parametrize("made", [finding_surface, label_surface])
def test_a_surface_has_no_holes_where_voxels_touch_along_an_edge(made: object) -> None:
    rough = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(SIZE,) * 3), 3)
    marked = rough > np.quantile(rough, 0.7)
    mask = Mask.from_full(marked)
    assert mask is not None
    stack = SliceStack((SIZE, SIZE), (0.8, 0.8), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 2.0 * k) for k in range(SIZE)])
    assert callable(made)
    assert open_edges(made(mask, stack)) == 0


def enclosed_mm3(surface: vtkPolyData) -> float:
    """Return what a closed surface encloses."""
    points = vtk_to_numpy(surface.GetPoints().GetData())
    a, b, c = points[vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)].transpose(1, 0, 2)
    return abs(float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6)


@pytest.mark.parametrize("made", [finding_surface, label_surface])
@pytest.mark.parametrize(("wide_mm", "slices_mm"), [(0.6, 1.25), (4.0, 1.25), (4.0, 2.5), (6.0, 5.0), (20.0, 5.0)])
def test_a_small_finding_is_as_large_in_3d_as_it_is(made: object, wide_mm: float, slices_mm: float) -> None:
    stack = SliceStack((SIZE, SIZE), (0.7, 0.7), (1, 0, 0), (0, 1, 0), [(0, 0, slices_mm * k) for k in range(SIZE)])
    k, j, i = np.indices((SIZE,) * 3)
    away_mm = np.sqrt(((i - 20) * 0.7) ** 2 + ((j - 20) * 0.7) ** 2 + ((k - 20) * slices_mm) ** 2)
    marked = away_mm <= wide_mm / 2
    mask = Mask.from_full(marked)
    assert mask is not None
    assert callable(made)
    surface = made(mask, stack)
    voxels_mm3 = float(marked.sum()) * 0.7 * 0.7 * slices_mm
    assert enclosed_mm3(surface) == pytest.approx(voxels_mm3, rel=0.01)
    low, high = np.array(surface.GetBounds()).reshape(3, 2).T
    wide = [max(wide_mm, voxel_mm) for voxel_mm in (0.7, 0.7, slices_mm)]
    # One voxel becomes a ball.
    assert high - low == pytest.approx(wide, rel=0.2 if wide_mm > 1 else 0.5)
    assert (low + high) / 2 == pytest.approx((14.0, 14.0, 20 * slices_mm), abs=0.1)


def test_a_finding_like_a_skeleton_is_drawn_of_few_enough_faces_to_be_turned_and_loses_no_speck() -> None:
    size = 100
    k, j, i = np.indices((size,) * 3) * (2 * np.pi / 10)
    marked = np.sin(i) * np.cos(j) + np.sin(j) * np.cos(k) + np.sin(k) * np.cos(i) > 0.4
    marked[70:] = False
    marked[90, 60, 60] = True
    stack = SliceStack((size, size), (0.7, 0.7), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 1.2 * k) for k in range(size)])
    mask = Mask.from_full(marked)
    assert mask is not None
    surface = finding_surface(mask, stack)
    assert 50_000 < surface.GetNumberOfCells() < 400_000
    assert enclosed_mm3(surface) == pytest.approx(float(marked.sum()) * 0.7 * 0.7 * 1.2, rel=0.05)
    points = vtk_to_numpy(surface.GetPoints().GetData())
    speck = points[points[:, 2] > 95]
    assert speck.mean(axis=0) == pytest.approx((42.0, 42.0, 108.0), abs=0.7)


def test_a_voxel_beside_a_large_finding_is_not_lost_in_3d() -> None:
    marked = np.zeros((SIZE,) * 3, dtype=bool)
    marked[5:25, 5:25, 5:25] = True
    marked[30, 30, 30] = True
    stack = SliceStack((SIZE, SIZE), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(0.0, 0.0, 1.5 * k) for k in range(SIZE)])
    mask = Mask.from_full(marked)
    assert mask is not None
    points = vtk_to_numpy(finding_surface(mask, stack).GetPoints().GetData())
    satellite = points[(points > 28).all(axis=1)]
    assert np.ptp(satellite, axis=0) == pytest.approx((1.0, 1.0, 1.5), rel=0.3)
    assert satellite.mean(axis=0) == pytest.approx((30.0, 30.0, 45.0), abs=0.05)
