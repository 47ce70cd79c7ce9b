"""Smooth surfaces of findings, in patient millimetres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkPolyDataNormals, vtkSurfaceNets3D

from viewer.scene.vtk_arrays import array_of, vtk_array_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.geometry import SliceStack
    from viewer.domain.labels import Mask

_SMOOTHING = 12


def finding_surface(mask: Mask, stack: SliceStack) -> vtkPolyData:
    """Return the surface of a mask of original slices, with normals, in LPS mm.

    It is made in voxel coordinates and then moved to where the slices lie, so that tilted and unevenly spaced
    stacks are right too. Method: S. F. Frisken, "SurfaceNets for multi-label segmentations", JCGT 11 (2022).
    """
    padded = np.ascontiguousarray(np.pad(mask.voxels, 1), dtype=np.uint8)
    image = vtkImageData()
    image.SetDimensions(padded.shape[2], padded.shape[1], padded.shape[0])
    scalars = vtk_array_on(padded.reshape(-1))
    image.GetPointData().SetScalars(scalars)
    nets = vtkSurfaceNets3D()
    nets.SetInputData(image)
    nets.SetValue(0, 1)
    nets.SetOutputMeshTypeToTriangles()
    nets.SmoothingOn()
    nets.SetNumberOfIterations(_SMOOTHING)
    nets.Update()
    surface = vtkPolyData()
    surface.ShallowCopy(nets.GetOutput())
    if surface.GetNumberOfPoints() == 0:
        return surface
    ijk = array_of(surface.GetPoints().GetData()).astype(np.float64) - 1.0 + np.asarray(mask.first_ijk)
    lps = np.ascontiguousarray(_lps(stack, ijk))
    held = vtk_array_on(lps)
    placed = vtkPoints()
    placed.SetDataTypeToDouble()
    placed.GetData().DeepCopy(held)
    surface.SetPoints(placed)
    normals = vtkPolyDataNormals()
    normals.SetInputData(surface)
    normals.SplittingOff()
    normals.ConsistencyOn()
    normals.AutoOrientNormalsOn()
    normals.Update()
    made = vtkPolyData()
    made.ShallowCopy(normals.GetOutput())
    return made


def _lps(stack: SliceStack, ijk: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places of voxel coordinates; beyond the first and last slice they go on as far as the last gap."""
    points = stack.lps(ijk)
    if stack.count < 2:
        beyond = ijk[:, 2]
        return points + beyond[:, None] * stack.normal
    first, last = (
        stack.positions_lps_mm[1] - stack.positions_lps_mm[0],
        stack.positions_lps_mm[-1] - stack.positions_lps_mm[-2],
    )
    below, above = np.minimum(ijk[:, 2:], 0.0), np.maximum(ijk[:, 2:] - (stack.count - 1), 0.0)
    return np.asarray(points + below * first + above * last, dtype=np.float64)
