"""Cubic values of a volume at places that lie on no grid of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData
from vtkmodules.vtkImagingCore import vtkImageInterpolator, vtkImageProbeFilter

from viewer.scene.interpolation import near_on_axis
from viewer.scene.solid_voxels import solid_voxels
from viewer.scene.vtk_arrays import array_of, vtk_array_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume

_near_padding: WeakKeyDictionary[Volume, NDArray[np.bool_]] = WeakKeyDictionary()


class CubicPoints:
    """Samples one volume by cubic convolution (Keys 1981, a = −0.5); holds the volume's array."""

    def __init__(self, volume: Volume) -> None:
        self._voxels = np.ascontiguousarray(volume.voxels)
        self._scalars = vtk_array_on(self._voxels.reshape(-1))
        # Index space: places come as voxel coordinates.
        self._image = vtkImageData()
        self._image.SetDimensions(*volume.grid.size_ijk)
        self._image.GetPointData().SetScalars(self._scalars)
        self._near = _near(volume) if volume.padding is not None else None

    def at(self, kji: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return values at voxel coordinates, and where they are to be used.

        Values of whole numbers come as whole numbers. Where one of the 4 × 4 × 4 voxels around a place is padding or
        unknown, and outside of the volume, they are not to be used.

        Parameters
        ----------
        kji
            [k j i, ...].
        """
        ijk = np.ascontiguousarray(np.moveaxis(kji[::-1], 0, -1).reshape(-1, 3))
        places = vtkPoints()
        places.SetDataTypeToDouble()
        places.SetData(vtk_array_on(ijk))
        points = vtkPolyData()
        points.SetPoints(places)
        interpolator = vtkImageInterpolator()
        interpolator.SetInterpolationModeToCubic()
        # Beyond the outermost centres the outermost voxels go on for half of one.
        interpolator.SetBorderModeToClamp()
        interpolator.SetTolerance(0.5)
        probe = vtkImageProbeFilter()
        probe.SetInterpolator(interpolator)
        probe.SetSourceData(self._image)
        probe.SetInputData(points)
        probe.Update()
        found = probe.GetOutput().GetPointData()
        shape = kji.shape[1:]
        # Copied, because the arrays belong to a filter that ends here.
        values = np.array(array_of(found.GetScalars()), dtype=np.float32).reshape(shape)
        known = np.array(array_of(found.GetArray("MaskScalars")) != 0).reshape(shape)
        known &= np.isfinite(values)
        if self._near is not None:
            low = [np.clip(np.floor(kji[n]), 0, size - 1).astype(np.intp) for n, size in enumerate(self._near.shape)]
            known &= ~self._near[low[0], low[1], low[2]]
        return values, known


def _near(volume: Volume) -> NDArray[np.bool_]:
    """Return for each voxel whether cubic mixtures between it and the next along each axis take in padding."""
    made = _near_padding.get(volume)
    if made is None:
        made = solid_voxels(volume) == 0
        for axis in range(3):
            made = near_on_axis(made, axis)
        _near_padding[volume] = made
    return made
