"""Values on a standard plane through a grid that is oblique to LPS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageReslice

from viewer.domain.view_state import Interpolation, SlabMode
from viewer.scene.missing_places import planes_there
from viewer.scene.slabs import combined, layers_of
from viewer.scene.solid_voxels import solid_voxels
from viewer.scene.vtk_arrays import array_of, vtk_array_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from viewer.domain.volume import Volume
    from viewer.scene.plane_geometry import ViewportGeometry


# So many samples are taken before asking whether the picture is still wanted: about 10 ms.
_SAMPLES_AT_ONCE = 250_000
# A cubic sample takes so many times as long, padding left out.
_CUBIC_COSTS = 4
# Up to this, the weights of a cubic mixture add up to 1: there is no padding in it.
_WHOLE = 2e-5


class ObliqueSampler:
    """Samples one volume on planes at any angle to its voxels; holds the volume's array."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        voxels = np.ascontiguousarray(volume.voxels)
        # Index space: the whole geometry is in the matrix of each plane, shear and reflection included.
        self._image = vtkImageData()
        self._image.SetDimensions(*volume.grid.size_ijk)
        self._array = voxels
        self._scalars = vtk_array_on(voxels.reshape(-1))
        self._image.GetPointData().SetScalars(self._scalars)
        # Which voxels are not padding, once that is known.
        self._solid: vtkImageData | None = None
        self._nothing = -32768.0 if voxels.dtype == np.int16 else -1e30

    def values(
        self,
        geometry: ViewportGeometry,
        slab_mm: float = 0.0,
        reduction: int = 1,
        slab_mode: SlabMode = SlabMode.MAX,
        interpolation: Interpolation = Interpolation.LINEAR,
        *,
        quick: bool = False,
        most_layers: int | None = None,
        between: Callable[[], None] | None = None,
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
        interpolation
            Cubic is cubic convolution (Keys 1981, a = −0.5), linear where padding would take part.
        quick
            Where there is padding, take single voxels in a slab, and let padding darken what it touches.
        most_layers
            Sample a slab on so many layers at most.
        between
            Called between parts of the picture; ends it by an exception of its own.
        """
        width, height = -(-geometry.width_px // reduction), -(-geometry.height_px // reduction)
        step_px = geometry.mm_per_px * reduction
        lps_from_pixel = np.eye(4)
        lps_from_pixel[:3, 0] = geometry.axes.right * step_px
        lps_from_pixel[:3, 1] = geometry.axes.down * step_px
        layers = layers_of(slab_mm, min(self._volume.grid.spacing_mm), most_layers) if slab_mm > 0 else 1
        apart_mm = slab_mm / max(layers - 1, 1)
        lps_from_pixel[:3, 2] = geometry.axes.into * apart_mm
        lps_from_pixel[:3, 3] = geometry.lps_from_screen(reduction / 2, reduction / 2)
        matrix = self._volume.grid.ijk_from_lps @ lps_from_pixel
        matrix[:, 3] -= layers // 2 * matrix[:, 2]
        values = np.empty((height, width), dtype=np.float32)
        outside = np.empty((height, width), dtype=np.bool_)
        at_once = _SAMPLES_AT_ONCE // (_CUBIC_COSTS if interpolation is Interpolation.CUBIC else 1)
        rows = max(1, at_once // (width * layers))
        for top in range(0, height, rows):
            if between is not None:
                between()
            part = matrix.copy()
            part[:, 3] += top * matrix[:, 1]
            strip = slice(top, min(top + rows, height))
            size = (width, strip.stop - top)
            if layers > 1:
                values[strip], outside[strip] = self._layered(part, size, layers, slab_mode, interpolation, quick=quick)
            else:
                values[strip], outside[strip] = self._plane(part, size, interpolation, quick=quick)
        return values, outside

    def _plane(
        self, matrix: NDArray[np.float64], size: tuple[int, int], interpolation: Interpolation, *, quick: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        # Asked first: an image that comes in while values are taken is not whole among them.
        there = planes_there(self._volume)
        values, outside = self._known(matrix, size, interpolation, quick=quick)
        if there is not None:
            row, column = np.arange(size[1])[:, None], np.arange(size[0])[None, :]
            k = matrix[2, 0] * column + matrix[2, 1] * row + matrix[2, 3]
            # What a missing image, which is padding, adds to its neighbours is taken out of them, though not of a quick
            # picture; one that is not read yet is anything.
            undiluted = self._volume.padding is not None and self._volume.arrived is None and not quick
            alone = interpolation is Interpolation.NEAREST or undiluted
            for places in (np.floor(k + 0.5),) if alone else (np.floor(k), np.ceil(k)):
                outside |= ~there[np.clip(places, 0, len(there) - 1).astype(np.intp)]
        return values, outside

    def _known(
        self, matrix: NDArray[np.float64], size: tuple[int, int], interpolation: Interpolation, *, quick: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        if interpolation is Interpolation.CUBIC:
            values, outside = self._known(matrix, size, Interpolation.LINEAR, quick=quick)
            self._smooth(values[None], matrix, size)
            return values, outside
        values = self._sample(matrix, size, interpolation)[0]
        nothing, padding = self._is_nothing(values), self._volume.padding
        if padding is None:
            values[nothing] = 0.0
            return values, nothing
        nearest = values
        if interpolation is not Interpolation.NEAREST:
            nearest = self._sample(matrix, size, Interpolation.NEAREST)[0]
            if not quick:
                # A voxel that is no padding has an eighth of the mixture at least, up to its own corners.
                self._undilute(values, matrix, size, layers=1, least=0.1)
        outside = nothing | (nearest == np.float32(padding)) | np.isnan(values)
        values[outside] = 0.0
        return values, outside

    def _layered(
        self,
        matrix: NDArray[np.float64],
        size: tuple[int, int],
        layers: int,
        mode: SlabMode,
        interpolation: Interpolation,
        *,
        quick: bool,
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return what a slab shows of its layers: VTK's own slab counts padding and what is outside."""
        padding = self._volume.padding
        if interpolation is Interpolation.NEAREST or (quick and padding is not None):
            values = self._sample(matrix, size, Interpolation.NEAREST, layers=layers)
            values[values == np.float32(self._nothing)] = np.nan
            if padding is not None:
                values[values == np.float32(padding)] = np.nan
        else:
            values = self._sample(matrix, size, Interpolation.LINEAR, layers=layers)
            values[values == np.float32(self._nothing)] = np.nan
            if padding is not None:
                self._undilute(values, matrix, size, layers=layers, least=0.5)
            if interpolation is Interpolation.CUBIC:
                self._smooth(values, matrix, size)
        taken = combined(values, mode).astype(np.float32, copy=False)
        outside = np.isnan(taken)
        taken[outside] = 0.0
        return taken, outside

    def _smooth(self, values: NDArray[np.float32], matrix: NDArray[np.float64], size: tuple[int, int]) -> None:
        """Put cubic values in the place of linear ones, [layer, row, column], where neither padding nor nothing is."""
        smooth = self._sample(matrix, size, Interpolation.CUBIC, layers=len(values))
        whole = ~self._is_nothing(smooth)
        if self._volume.padding is not None:
            share = self._sample(matrix, size, Interpolation.CUBIC, layers=len(values), of=self._solid_image())
            whole &= np.abs(share - 1) <= _WHOLE
        np.copyto(values, smooth, where=whole)

    def _is_nothing(self, values: NDArray[np.float32]) -> NDArray[np.bool_]:
        nothing: NDArray[np.bool_] = values == np.float32(self._nothing)
        return nothing | np.isnan(values) if self._array.dtype.kind == "f" else nothing

    def _undilute(
        self,
        values: NDArray[np.float32],
        matrix: NDArray[np.float64],
        size: tuple[int, int],
        *,
        layers: int,
        least: float,
    ) -> None:
        """Take out of linear mixtures, [layer, row, column] or [row, column], what padding has contributed to them.

        They become NaN where less than a share `least` of what they are mixed of is not padding.
        """
        share = self._sample(matrix, size, Interpolation.LINEAR, layers=layers, of=self._solid_image())
        share = share.reshape(values.shape)
        share[share < least] = np.nan
        values += (share - 1) * np.float32(self._volume.padding or 0.0)
        values /= share

    def _solid_image(self) -> vtkImageData:
        if self._solid is None:
            self._solid_array = solid_voxels(self._volume)
            self._solid = vtkImageData()
            self._solid.SetDimensions(*self._volume.grid.size_ijk)
            self._solid.GetPointData().SetScalars(vtk_array_on(self._solid_array.reshape(-1)))
        return self._solid

    def _sample(
        self,
        matrix: NDArray[np.float64],
        size: tuple[int, int],
        interpolation: Interpolation,
        *,
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
        if interpolation is Interpolation.NEAREST:
            reslice.SetInterpolationModeToNearestNeighbor()
        elif interpolation is Interpolation.LINEAR:
            reslice.SetInterpolationModeToLinear()
        else:
            reslice.SetInterpolationModeToCubic()
        reslice.Update()
        scalars = reslice.GetOutput().GetPointData().GetScalars()
        # Copied, because the array belongs to a filter that ends here.
        return np.array(array_of(scalars), dtype=np.float32).reshape(layers, size[1], size[0])
