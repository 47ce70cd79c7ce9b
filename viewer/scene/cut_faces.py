"""Where 3D is cut, and where the scan ends: the faces there, coloured as the look says and lit as a flat face is.

Rays take their light from how values change around them. On a cut through one tissue they change by noise alone, and a
face lit so is black and full of worms.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from vtkmodules.vtkCommonCore import vtkFloatArray, vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageReslice
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkTexture

from viewer.domain.view_state import as_point
from viewer.scene.clips import Clip
from viewer.scene.volume_image import AIR_HU
from viewer.scene.vtk_arrays import array_of, vtk_array_on

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vtkmodules.vtkRenderingCore import vtkRenderer

    from viewer.domain.geometry import Grid
    from viewer.scene.presets_3d import Preset3D
    from viewer.scene.volume_image import RenderVoxels

# A face stands for so much of what lies behind it.
_DEPTH_MM = 6.0
# Behind a plane's own picture at the same place.
_BACK_MM = 0.05
_AMBIENT, _DIFFUSE = 0.42, 0.48
_PX_PER_VOXEL = 1.5
_MOST_PX = 768
_LOWEST_HU, _HIGHEST_HU = -32768, 32767


@frozen(eq=False)
class _Sheet:
    """A plane that voxels are seen on: a foot in it (LPS mm), two directions, and the size of what is sampled."""

    foot: NDArray[np.float64]
    right: NDArray[np.float64]
    up: NDArray[np.float64]
    low_mm: NDArray[np.float64]
    px_mm: float
    size_px: tuple[int, int]

    def lps(self, corners_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return LPS mm of places (right, up) in mm from the foot; shape (n, 2)."""
        return self.foot + corners_mm @ np.stack([self.right, self.up])


@frozen(eq=False)
class _Painted:
    """A sheet with its picture; `held` is the memory that this stands on."""

    sheet: _Sheet
    texture: vtkTexture
    held: tuple[object, ...]


class CutFaces:
    """Keeps the pictures that it made, as long as the same voxels are shown in the same look.

    Parameters
    ----------
    renderer
        Draws them after the rays.
    """

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._painted: dict[Clip, _Painted | None] = {}
        self._of: tuple[RenderVoxels, Preset3D] | None = None
        self._actors: list[vtkActor] = []
        self._shown: tuple[tuple[Clip, ...], list[Clip]] | None = None

    def clear(self) -> None:
        """Let go of everything."""
        self.hide()
        self._painted.clear()
        self._of = None

    def hide(self) -> None:
        """Show none."""
        for actor in self._actors:
            self._renderer.RemoveActor(actor)
        self._actors.clear()
        self._shown = None

    def show(
        self,
        image: vtkImageData,
        drawn: RenderVoxels,
        preset: Preset3D,
        clips: tuple[Clip, ...],
        to_eye: NDArray[np.float64],
    ) -> None:
        """Put the faces that look at the eye into the picture.

        Parameters
        ----------
        image
            The voxels of `drawn`, with its spacing, the first one at 0.
        to_eye
            LPS; of any length.
        """
        if self._of is None or self._of[0] is not drawn or self._of[1] is not preset:
            self.clear()
            self._of = (drawn, preset)
        ends = _ends(drawn.grid)
        facing = [bound for bound in (*clips, *ends) if np.dot(bound.inwards, to_eye) < 0.0]
        if self._shown == (clips, facing):
            return
        self._painted = {bound: painted for bound, painted in self._painted.items() if bound in facing}
        self.hide()
        self._shown = (clips, facing)
        for bound in facing:
            if bound not in self._painted:
                sheet = _sheet(drawn.grid, bound, [end for end in ends if end != bound])
                self._painted[bound] = None if sheet is None else _paint(sheet, image, drawn.grid, preset)
            painted = self._painted[bound]
            if painted is None:
                continue
            corners = _within(painted.sheet, (other for other in (*clips, *ends) if other != bound), drawn.grid)
            if corners is not None:
                actor = _face(painted, corners)
                self._renderer.AddActor(actor)
                self._actors.append(actor)


def _ends(grid: Grid) -> tuple[Clip, ...]:
    """Return the six half spaces in which voxels lie: what is beyond the middle of the last ones is not drawn."""
    made = []
    for axis in range(3):
        one, other = (grid.directions[:, n] for n in range(3) if n != axis)
        normal = np.cross(one, other)
        normal *= np.sign(normal @ grid.directions[:, axis]) / np.linalg.norm(normal)
        made += [Clip(as_point(grid.lps((0, 0, 0))), as_point(normal))]
        made += [Clip(as_point(grid.lps(np.asarray(grid.size_ijk) - 1)), as_point(-normal))]
    return tuple(made)


def _sheet(grid: Grid, bound: Clip, ends: Iterable[Clip]) -> _Sheet | None:
    """Return the plane where a half space ends, as far as there are voxels; None where there are none."""
    out = -np.asarray(bound.inwards) / np.linalg.norm(bound.inwards)
    right = np.cross(out, np.eye(3)[np.argmin(np.abs(out))])
    right /= np.linalg.norm(right)
    up = np.cross(out, right)
    centre = np.asarray(grid.centre_lps_mm)
    foot = centre - out * ((centre - np.asarray(bound.through_lps_mm)) @ out + _BACK_MM)
    bare = _Sheet(foot, right, up, np.zeros(2), 1.0, (1, 1))
    corners = _within(bare, ends, grid)
    if corners is None:
        return None
    low, size = corners.min(axis=0), np.ptp(corners, axis=0)
    px_mm = max(min(grid.spacing_mm) / _PX_PER_VOXEL, float(size.max()) / _MOST_PX)
    width, height = (int(n) + 2 for n in size // px_mm)
    return _Sheet(foot, right, up, low, px_mm, (width, height))


def _within(sheet: _Sheet, bounds: Iterable[Clip], grid: Grid) -> NDArray[np.float64] | None:
    """Return the corners (right, up) in mm, in order, of the part of a plane within half spaces; None for nothing."""
    reach_mm = float(np.linalg.norm(np.ptp(grid.bounds_lps_mm, axis=1)))
    corners = [np.array(each) * reach_mm for each in ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))]
    for bound in bounds:
        inwards = np.asarray(bound.inwards)
        slope = np.array([sheet.right @ inwards, sheet.up @ inwards])
        start = float((sheet.foot - np.asarray(bound.through_lps_mm)) @ inwards)
        left = []
        for one, other in zip(corners, [*corners[1:], *corners[:1]], strict=True):
            here, there = start + slope @ one, start + slope @ other
            if here >= 0.0:
                left.append(one)
            if (here >= 0.0) != (there >= 0.0):
                left.append(one + (other - one) * here / (here - there))
        corners = left
        if not corners:
            return None
    return np.array(corners)


def _paint(sheet: _Sheet, image: vtkImageData, grid: Grid, preset: Preset3D) -> _Painted | None:
    """Return a sheet with what the look shows there; None where it shows nothing."""
    pixels = _colours(preset)[_sampled(sheet, image, grid).astype(np.intp) - _LOWEST_HU]
    rgba = pixels.view(np.uint8).reshape(-1, 4)
    if not rgba[:, 3].any():
        return None
    scalars = vtk_array_on(rgba)
    picture = vtkImageData()
    picture.SetDimensions(*sheet.size_px, 1)
    picture.GetPointData().SetScalars(scalars)
    texture = vtkTexture()
    texture.SetInputData(picture)
    texture.InterpolateOn()
    texture.SetColorModeToDirectScalars()
    return _Painted(sheet, texture, (rgba, scalars, picture))


def _sampled(sheet: _Sheet, image: vtkImageData, grid: Grid) -> NDArray[np.int16]:
    """Return HU [up, right] on a sheet, in lines between voxels."""
    # In the image i, j, k go by millimetres from the first voxel.
    out = np.cross(sheet.right, sheet.up)
    placed = np.eye(4)
    spacing_mm = np.asarray(grid.spacing_mm)
    placed[:3, :3] = np.diag(spacing_mm) @ grid.ijk_from_lps[:3, :3] @ np.column_stack([sheet.right, sheet.up, out])
    placed[:3, 3] = spacing_mm * grid.ijk(sheet.lps(sheet.low_mm[None])[0])
    matrix = vtkMatrix4x4()
    matrix.DeepCopy(placed.ravel().tolist())
    width, height = sheet.size_px
    reslice = vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetResliceAxes(matrix)
    reslice.SetOutputDimensionality(2)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputSpacing(sheet.px_mm, sheet.px_mm, 1.0)
    reslice.SetOutputExtent(0, width - 1, 0, height - 1, 0, 0)
    reslice.SetInterpolationModeToLinear()
    reslice.BorderOn()
    reslice.SetBackgroundLevel(AIR_HU)
    reslice.Update()
    values: NDArray[np.int16] = array_of(reslice.GetOutput().GetPointData().GetScalars()).reshape(height, width).copy()
    return values


@lru_cache(maxsize=2)
def _colours(preset: Preset3D) -> NDArray[np.uint32]:
    """Return (red, green, blue, opacity) of each HU from the lowest, in the order of memory: that of some depth."""
    hu = np.arange(_LOWEST_HU, _HIGHEST_HU + 1)
    at, share = (np.array(column) for column in zip(*preset.opacity, strict=True))
    opacity = 1.0 - (1.0 - np.interp(hu, at, share)) ** _DEPTH_MM
    at, *colours = (np.array(column) for column in zip(*preset.colour, strict=True))
    made = [np.interp(hu, at, colour) for colour in colours]
    rgba = np.rint(np.stack([*made, opacity], axis=-1) * 255).astype(np.uint8)
    pixels: NDArray[np.uint32] = rgba.view(np.uint32)[:, 0]
    return pixels


def _face(painted: _Painted, corners_mm: NDArray[np.float64]) -> vtkActor:
    """Return a part of a painted sheet: a polygon with corners (right, up) in mm from the foot."""
    sheet = painted.sheet
    places = ((corners_mm - sheet.low_mm) / sheet.px_mm + 0.5) / sheet.size_px
    points, on_picture, cells = vtkPoints(), vtkFloatArray(), vtkCellArray()
    points.SetDataTypeToDouble()
    on_picture.SetNumberOfComponents(2)
    cells.InsertNextCell(len(corners_mm))
    for number, (point, place) in enumerate(zip(sheet.lps(corners_mm), places, strict=True)):
        points.InsertNextPoint(*point)
        on_picture.InsertNextTuple2(*place)
        cells.InsertCellPoint(number)
    polygon = vtkPolyData()
    polygon.SetPoints(points)
    polygon.SetPolys(cells)
    polygon.GetPointData().SetTCoords(on_picture)
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(polygon)
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.SetTexture(painted.texture)
    actor.GetProperty().SetInterpolationToFlat()
    actor.GetProperty().SetAmbient(_AMBIENT)
    actor.GetProperty().SetDiffuse(_DIFFUSE)
    actor.ForceTranslucentOn()
    return actor
