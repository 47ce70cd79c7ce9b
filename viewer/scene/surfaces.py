"""Smooth surfaces of findings, in patient millimetres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkPolyDataNormals, vtkSurfaceNets3D

from viewer.analysis.pieces import pieces
from viewer.scene.surface_size import as_large
from viewer.scene.vtk_arrays import array_of, vtk_array_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.geometry import SliceStack
    from viewer.domain.labels import Mask

_SMOOTHING = 12
# Organs turn as smoothly as small findings do: a surface grows with the square of what this is the cube of.
_MOST_LABEL_VOXELS = 150_000
# What is found is drawn of its own voxels, unless it is as large as a skeleton: two triangles for each face of a voxel.
_MOST_FINDING_FACES = 150_000


def finding_surface(mask: Mask, stack: SliceStack) -> vtkPolyData:
    """Return the surface of a mask of original slices, with normals, in LPS mm; it encloses as much as the voxels do.

    It is made in voxel coordinates and then moved to where the slices lie, so that tilted and unevenly spaced
    stacks are right too. One that would take seconds to make, and to turn, is made of fewer voxels, of which a speck
    is one, so that nothing is out of sight. Method: S. F. Frisken, "SurfaceNets for multi-label
    segmentations", JCGT 11 (2022).
    """
    by = _steps_of_faces(mask, stack)
    return _surface(_fewer(mask.voxels, by, lose_specks=False), mask.first_ijk, by, stack)


def label_surface(mask: Mask, stack: SliceStack) -> vtkPolyData:
    """Return the surface of a mask as `finding_surface` does, of fewer voxels where it is large."""
    by = _steps(mask, stack)
    return _surface(_fewer(mask.voxels, by, lose_specks=True), mask.first_ijk, by, stack)


def _steps(mask: Mask, stack: SliceStack) -> tuple[int, int, int]:
    """Return how many voxels (i, j, k) become one, so that few enough are left, about as wide as high."""
    gap_mm = float(stack.gaps_mm.mean()) if stack.count > 1 else 1.0
    spacing_mm = (*stack.pixel_spacing_mm, gap_mm)
    wanted_mm = (mask.voxels.size * float(np.prod(spacing_mm)) / _MOST_LABEL_VOXELS) ** (1 / 3)
    i, j, k = (max(1, round(wanted_mm / spacing)) for spacing in spacing_mm)
    return i, j, k


def _steps_of_faces(mask: Mask, stack: SliceStack) -> tuple[int, int, int]:
    """Return how many voxels (i, j, k) become one, so that its surface has few enough faces."""
    spacing_mm = (*stack.pixel_spacing_mm, float(stack.gaps_mm.mean()) if stack.count > 1 else 1.0)
    padded = np.pad(mask.voxels, 1)
    faces = [int(np.count_nonzero(np.diff(padded, axis=axis))) for axis in (2, 1, 0)]
    if sum(faces) <= _MOST_FINDING_FACES:
        return 1, 1, 1
    area_mm2 = sum(count * float(np.prod(spacing_mm)) / mm for count, mm in zip(faces, spacing_mm, strict=True))
    wanted_mm = (area_mm2 / _MOST_FINDING_FACES) ** 0.5
    i, j, k = (max(1, round(wanted_mm / mm)) for mm in spacing_mm)
    return i, j, k


def _fewer(voxels: NDArray[np.bool_], by: tuple[int, int, int], *, lose_specks: bool) -> NDArray[np.bool_]:
    """Return boxes of voxels [k, j, i] as one, the fullest marked, so that they hold as much; the last reach beyond.

    Unless specks may be lost, boxes are marked, too, that are part of no piece of which a box is.
    """
    if by == (1, 1, 1):
        return voxels
    i, j, k = by
    padded = np.pad(voxels, [(0, -size % step) for size, step in zip(voxels.shape, (k, j, i), strict=True)])
    nk, nj, ni = padded.shape
    inside = padded.reshape(nk // k, k, nj // j, j, ni // i, i).sum(axis=(1, 3, 5), dtype=np.int32)
    marked = _fullest(inside, round(int(inside.sum()) / (i * j * k)))
    if lose_specks:
        return marked
    labels, count = pieces(inside > 0)
    lost = np.bincount(labels[marked], minlength=count + 1) == 0
    marked |= (inside > 0) & lost[labels]
    return marked


def _fullest(inside: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """Return so many of the boxes [k, j, i] that have the most inside, of equals those whose neighbours have more."""
    if count == 0:
        return np.zeros(inside.shape, dtype=bool)
    around = np.pad(inside, 1).astype(np.float32)
    within = (slice(1, -1),) * 3
    beside = sum((np.roll(around, step, axis)[within] for axis in range(3) for step in (1, -1)), np.float32(0))
    rank = (inside + beside / (7 * inside.max())).ravel()
    least = np.partition(rank, -count)[-count]
    return np.asarray((rank >= least).reshape(inside.shape) & (inside > 0), dtype=bool)


def _surface(
    voxels: NDArray[np.bool_], first_ijk: tuple[int, int, int], by: tuple[int, int, int], stack: SliceStack
) -> vtkPolyData:
    padded = np.ascontiguousarray(np.pad(voxels, 1), dtype=np.uint8)
    image = vtkImageData()
    image.SetDimensions(padded.shape[2], padded.shape[1], padded.shape[0])
    scalars = vtk_array_on(padded.reshape(-1))
    image.GetPointData().SetScalars(scalars)
    nets = vtkSurfaceNets3D()
    nets.SetInputData(image)
    nets.SetValue(0, 1)
    nets.SetOutputMeshTypeToTriangles()
    nets.SmoothingOff()
    nets.Update()
    surface = vtkPolyData()
    if nets.GetOutput().GetNumberOfPoints() == 0:
        return surface
    began = array_of(nets.GetOutput().GetPoints().GetData()).copy()
    nets.SmoothingOn()
    nets.SetNumberOfIterations(_SMOOTHING)
    nets.Update()
    surface.ShallowCopy(nets.GetOutput())
    lps = np.ascontiguousarray(_placed(voxels, began, surface, first_ijk, by, stack))
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


def _placed(
    voxels: NDArray[np.bool_],
    began: NDArray[np.float32],
    surface: vtkPolyData,
    first_ijk: tuple[int, int, int],
    by: tuple[int, int, int],
    stack: SliceStack,
) -> NDArray[np.float64]:
    """Return where smoothed points lie in LPS mm, those that began at one place together, as large as the voxels.

    Where voxels touch along an edge the filter makes a place two points, and its faces take now one and now the other:
    smoothed apart they would leave a hole.
    """
    # Places are between voxels of a grid that has fewer than 2^20 along each axis.
    at = (2 * began).astype(np.int64) @ np.array([1, 1 << 21, 1 << 42])
    _places, first, of = np.unique(at, return_index=True, return_inverse=True)
    count = np.bincount(of)
    smooth = array_of(surface.GetPoints().GetData()).astype(np.float64)
    together = np.stack([np.bincount(of, smooth[:, axis]) / count for axis in range(3)], axis=1)

    def lps(ijk: NDArray[np.float64]) -> NDArray[np.float64]:
        return _lps(stack, np.asarray(first_ijk) + (ijk - 1.0) * by + (np.asarray(by) - 1) / 2)

    corners = began[first].astype(np.float64)
    triangles = of[array_of(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)]
    return as_large(lps(together), lps(corners), triangles, _piece_at(voxels, corners))[of]


def _piece_at(voxels: NDArray[np.bool_], corners: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the number of a piece of voxels at each of their corners, (n,); `corners` count from one voxel before."""
    labels, _count = pieces(voxels)
    labels = np.pad(labels, 1)
    i, j, k = np.floor(corners.T).astype(np.intp)
    around = [labels[k + dk, j + dj, i + di] for dk in (0, 1) for dj in (0, 1) for di in (0, 1)]
    return np.asarray(np.max(around, axis=0), dtype=np.intp)


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
