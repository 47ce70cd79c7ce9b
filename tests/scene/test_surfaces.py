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
