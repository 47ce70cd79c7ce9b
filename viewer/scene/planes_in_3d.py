"""The three linked planes as pictures that stand in 3D."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersSources import vtkPlaneSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkTexture

from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import PlaneView, as_point, overview
from viewer.scene.acquired import shown_axes, viewport_geometry
from viewer.scene.vtk_arrays import vtk_array_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume
    from viewer.scene.planes import PlaneRenderer
    from viewer.scene.volume_scene import PlanesShown

_MM_PER_PX = 0.8
_MOST_PX = 480
_LINE_PX = 2.0
# What is black is seen through, and air in any window: it is black in one (centre, width) that tells it from lung.
_LEAST_GREY = 12
_AIR_WINDOW = (-870.0, 100.0)


@frozen(eq=False)
class PlaneActors:
    """A plane's picture and its frame; `held` is the memory that they stand on."""

    picture: vtkActor
    frame: vtkActor
    held: tuple[object, ...]


def plane_actors(volume: Volume, shown: PlanesShown, renderer: PlaneRenderer) -> list[PlaneActors]:
    """Return the three planes through the cursor over the whole volume, in the window of the view."""
    state = evolve(
        overview(volume.series.series_uid, volume.grid),
        cursor_lps_mm=shown.cursor_lps_mm,
        window_centre=shown.window_centre,
        window_width=shown.window_width,
        invert=shown.invert,
        acquired=shown.acquired,
        lut=shown.lut,
    )
    corners = np.array(list(product(*volume.grid.bounds_lps_mm)))
    centre = as_point(corners.mean(axis=0))
    made = []
    negative = volume.series.monochrome1
    for plane, colour, turned in zip(PlaneName, shown.colours, shown.turned, strict=True):
        state = state.with_plane(plane, PlaneView(centre, 1.0, turned))
        axes = shown_axes(volume, state, plane)
        across, down = (float(np.ptp(corners @ axis)) for axis in (axes.right, axes.down))
        mm = max(_MM_PER_PX, max(across, down) / _MOST_PX)
        width, height = max(round(across / mm), 1), max(round(down / mm), 1)
        state = state.with_plane(plane, PlaneView(centre, down, turned))
        pixels = renderer.render(volume, state, plane, width, height).pixels
        solid = (pixels & 0xFF >= _LEAST_GREY) | (shown.invert != negative)
        if volume.suits_hu:
            there = evolve(state.windowed(*_AIR_WINDOW), invert=negative)
            solid &= renderer.render(volume, there, plane, width, height).pixels & 0xFF >= _LEAST_GREY
        geometry = viewport_geometry(volume, state, plane, width, height)
        ends = ((0, height), (width, height), (0, 0), (width, 0))
        made.append(_actors(pixels, solid, [as_point(geometry.lps_from_screen(x, y)) for x, y in ends], colour))
    return made


def _actors(
    pixels: NDArray[np.uint32],
    solid: NDArray[np.bool_],
    corners: list[tuple[float, float, float]],
    colour: tuple[float, float, float],
) -> PlaneActors:
    """Return a picture between its corners lower left, lower right, upper left, upper right; seen only where solid."""
    grey = (pixels & 0xFF).astype(np.uint8)
    alpha = np.where(solid, np.uint8(255), np.uint8(0))
    rgba = np.ascontiguousarray(np.stack([grey, grey, grey, alpha], axis=-1)[::-1])
    scalars = vtk_array_on(rgba.reshape(-1, 4))
    image = vtkImageData()
    image.SetDimensions(pixels.shape[1], pixels.shape[0], 1)
    image.GetPointData().SetScalars(scalars)
    texture = vtkTexture()
    texture.SetInputData(image)
    texture.InterpolateOn()
    texture.SetColorModeToDirectScalars()
    source = vtkPlaneSource()
    source.SetOrigin(*corners[0])
    source.SetPoint1(*corners[1])
    source.SetPoint2(*corners[2])
    mapper = vtkPolyDataMapper()
    mapper.SetInputConnection(source.GetOutputPort())
    picture = vtkActor()
    picture.SetMapper(mapper)
    picture.SetTexture(texture)
    picture.GetProperty().LightingOff()
    # Opaque, so that rays through the volume end at it.
    picture.ForceOpaqueOn()
    return PlaneActors(picture, _frame(corners, colour), (rgba, scalars, image))


def _frame(corners: list[tuple[float, float, float]], colour: tuple[float, float, float]) -> vtkActor:
    points, lines = vtkPoints(), vtkCellArray()
    round_about = (0, 1, 3, 2, 0)
    lines.InsertNextCell(len(round_about))
    for corner in corners:
        points.InsertNextPoint(*corner)
    for number in round_about:
        lines.InsertCellPoint(number)
    polygon = vtkPolyData()
    polygon.SetPoints(points)
    polygon.SetLines(lines)
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(polygon)
    frame = vtkActor()
    frame.SetMapper(mapper)
    frame.GetProperty().SetColor(*colour)
    frame.GetProperty().SetLineWidth(_LINE_PX)
    frame.GetProperty().LightingOff()
    return frame
