"""Values on a standard plane through a grid that is oblique to LPS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageReslice

from viewer.domain.view_state import SlabMode
from viewer.scene.slabs import STEP_MM, combined, layers_of
from viewer.scene.vtk_arrays import array_of, vtk_array_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume
    from viewer.scene.plane_geometry import ViewportGeometry


class ObliqueSampler:
    """Samples one volume on planes at any angle to its voxels, linearly; holds the volume's array."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        voxels = np.ascontiguousarray(volume.voxels)
        # Index space: the whole geometry is in the matrix of each plane, shear and reflection included.
        self._image = vtkImageData()
        self._image.SetDimensions(*volume.grid.size_ijk)
        self._array = voxels
        self._scalars = vtk_array_on(voxels.reshape(-1))
        self._image.GetPointData().SetScalars(self._scalars)
        # Which voxels are not padding; made when a slab first needs it.
        self._solid: vtkImageData | None = None
        self._nothing = -32768.0 if voxels.dtype == np.int16 else -1e30

    def values(
        self,
        geometry: ViewportGeometry,
        slab_mm: float = 0.0,
        reduction: int = 1,
        slab_mode: SlabMode = SlabMode.MAX,
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return values at the picture's pixel centres, [row, column], and which of them lie outside or on padding.

        Parameters
        ----------
        slab_mm
            Thickness over which the greatest value is taken, or the least or the mean; 0 for the plane itself.
        reduction
            Side of the picture's pixels in viewport pixels.
        slab_mode
            What of the slab is taken. What lies outside or on padding takes no part.
        """
        size = (-(-geometry.width_px // reduction), -(-geometry.height_px // reduction))
        step_px = geometry.mm_per_px * reduction
        lps_from_pixel = np.eye(4)
        lps_from_pixel[:3, 0] = geometry.axes.right * step_px
        lps_from_pixel[:3, 1] = geometry.axes.down * step_px
        lps_from_pixel[:3, 2] = geometry.axes.into * STEP_MM
        lps_from_pixel[:3, 3] = geometry.lps_from_screen(reduction / 2, reduction / 2)
        matrix = self._volume.grid.ijk_from_lps @ lps_from_pixel
        if slab_mm > STEP_MM:
            return self._layered(matrix, size, slab_mm, slab_mode)
        values, outside = self._known(matrix, size)
        there = self._planes_there()
        if there is not None:
            row, column = np.arange(size[1])[:, None], np.arange(size[0])[None, :]
            k = matrix[2, 0] * column + matrix[2, 1] * row + matrix[2, 3]
            last = len(there) - 1
            both = (np.clip(np.floor(k), 0, last).astype(np.intp), np.clip(np.ceil(k), 0, last).astype(np.intp))
            outside |= ~(there[both[0]] & there[both[1]])
        return values, outside

    def _known(
        self, matrix: NDArray[np.float64], size: tuple[int, int]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        values = self._sample(matrix, size, nearest=False)[0]
        outside = values == np.float32(self._nothing)
        if self._volume.padding is not None:
            nearest = self._sample(matrix, size, nearest=True)[0]
            outside |= nearest == np.float32(self._volume.padding)
        return values, outside

    def _layered(
        self, matrix: NDArray[np.float64], size: tuple[int, int], slab_mm: float, mode: SlabMode
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return what a slab shows of its layers: VTK's own slab counts padding and what is outside."""
        count = layers_of(slab_mm)
        first = matrix.copy()
        first[:, 3] -= count // 2 * matrix[:, 2]
        taken = combined(self._undiluted(first, size, count), mode).astype(np.float32, copy=False)
        outside = np.isnan(taken)
        taken[outside] = 0.0
        return taken, outside

    def _undiluted(self, matrix: NDArray[np.float64], size: tuple[int, int], layers: int) -> NDArray[np.float32]:
        """Return values, [layer, row, column], interpolated between voxels that are not padding.

        NaN where less than half of what they are mixed of is not padding.
        """
        values = self._sample(matrix, size, nearest=False, layers=layers)
        values[values == np.float32(self._nothing)] = np.nan
        padding = self._volume.padding
        if padding is not None:
            if self._solid is None:
                self._solid_array = (self._array != np.asarray(padding, dtype=self._array.dtype)).view(np.uint8)
                self._solid = vtkImageData()
                self._solid.SetDimensions(*self._volume.grid.size_ijk)
                self._solid.GetPointData().SetScalars(vtk_array_on(self._solid_array.reshape(-1)))
            share = self._sample(matrix, size, nearest=False, layers=layers, of=self._solid)
            share[share < 0.5] = np.nan
            # What padding has contributed is taken out again.
            values += (share - 1) * np.float32(padding)
            values /= share
        return values

    def _planes_there(self) -> NDArray[np.bool_] | None:
        """Return for each k of the grid whether there is an image; None where all are there."""
        volume = self._volume
        if volume.arrived is not None and not volume.regridded:
            return volume.arrived
        if not volume.missing_planes:
            return None
        there = np.ones(volume.grid.size_ijk[2], dtype=np.bool_)
        there[list(volume.missing_planes)] = False
        return there

    def _sample(
        self,
        matrix: NDArray[np.float64],
        size: tuple[int, int],
        *,
        nearest: bool,
        layers: int = 1,
        of: vtkImageData | None = None,
    ) -> NDArray[np.float32]:
        axes = vtkMatrix4x4()
        axes.DeepCopy(matrix.ravel().tolist())
        reslice = vtkImageReslice()
        reslice.SetInputData(self._image if of is None else of)
        reslice.SetResliceAxes(axes)
        reslice.SetOutputDimensionality(3)
        reslice.SetOutputOrigin(0, 0, 0)
        reslice.SetOutputSpacing(1, 1, 1)
        reslice.SetOutputExtent(0, size[0] - 1, 0, size[1] - 1, 0, layers - 1)
        reslice.SetBackgroundLevel(self._nothing)
        reslice.SetOutputScalarType(10)  # VTK_FLOAT
        if nearest:
            reslice.SetInterpolationModeToNearestNeighbor()
        else:
            reslice.SetInterpolationModeToLinear()
        reslice.Update()
        scalars = reslice.GetOutput().GetPointData().GetScalars()
        # Copied, because the array belongs to a filter that ends here.
        return np.array(array_of(scalars), dtype=np.float32).reshape(layers, size[1], size[0])
