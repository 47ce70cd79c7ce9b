"""Findings and labels as solids in the 3D picture."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from viewer.scene.quality import Quality
from viewer.scene.surfaces import finding_surface, label_surface

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vtkmodules.vtkCommonDataModel import vtkPolyData
    from vtkmodules.vtkRenderingCore import vtkRenderer

    from viewer.domain.geometry import SliceStack
    from viewer.domain.labels import Mask
    from viewer.scene.volume_scene import FindingSurface

# How strongly findings shine through what lies in front of them.
_THROUGH = 0.28
_THROUGH_SELECTED = 0.55
# Many labels appear some at a time.
_LABELS_AT_A_TIME_S = 0.25


class SurfaceActors:
    """Keeps the surfaces that it made, by mask.

    Parameters
    ----------
    inside
        Where they stand among everything else.
    through
        Where findings are drawn once more, faintly, in front of everything: bone must not hide what was found.
    stop
        Asked between surfaces; when it says True the rest is left for later.
    """

    def __init__(self, inside: vtkRenderer, through: vtkRenderer, stop: Callable[[], bool]) -> None:
        self._inside, self._through, self._stop = inside, through, stop
        self._made: dict[int, tuple[Mask, vtkPolyData]] = {}
        self._actors: list[tuple[vtkRenderer, vtkActor]] = []
        self._shown: tuple[FindingSurface, ...] | None = None
        self.whole = True

    def forget(self) -> None:
        """Let go of the surfaces that were made; those of another volume lie elsewhere."""
        self._made.clear()
        self._shown = None

    def clear(self) -> None:
        """Let go of everything."""
        self._made.clear()
        self._actors.clear()
        self._shown = None

    def show(self, surfaces: tuple[FindingSurface, ...], stack: SliceStack, quality: Quality) -> None:
        """Put surfaces of masks of a stack into the picture; `whole` tells whether all labels are among them."""
        if surfaces == self._shown and self.whole:
            return
        wanted = {id(surface.mask) for surface in surfaces}
        self._made = {key: kept for key, kept in self._made.items() if key in wanted}
        self.whole = self._make_labels(surfaces, stack, quality)
        for renderer, actor in self._actors:
            renderer.RemoveActor(actor)
        self._actors.clear()
        for surface in surfaces:
            if surface.label and id(surface.mask) not in self._made:
                continue
            if id(surface.mask) not in self._made:
                self._made[id(surface.mask)] = (surface.mask, finding_surface(surface.mask, stack))
            polygons = self._made[id(surface.mask)][1]
            self._add(self._inside, polygons, surface.colour, surface.opacity)
            if not surface.label:
                opacity = _THROUGH_SELECTED if surface.selected else _THROUGH
                self._add(self._through, polygons, surface.colour, opacity)
        self._shown = surfaces

    def _make_labels(self, surfaces: Sequence[FindingSurface], stack: SliceStack, quality: Quality) -> bool:
        """Make surfaces of labels, at rest alone and some at a time while settling; return whether all are there."""
        missing = [surface for surface in surfaces if surface.label and id(surface.mask) not in self._made]
        start = time.perf_counter()
        for surface in missing:
            if quality is Quality.MOVING or self._stop():
                return False
            if quality is Quality.SETTLING and time.perf_counter() - start > _LABELS_AT_A_TIME_S:
                return False
            self._made[id(surface.mask)] = (surface.mask, label_surface(surface.mask, stack))
        return True

    def _add(
        self, renderer: vtkRenderer, polygons: vtkPolyData, colour: tuple[float, float, float], opacity: float
    ) -> None:
        actor = _actor(polygons, colour, opacity)
        renderer.AddActor(actor)
        self._actors.append((renderer, actor))


def _actor(polygons: vtkPolyData, colour: tuple[float, float, float], opacity: float) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(polygons)
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    surface = actor.GetProperty()
    surface.SetColor(*colour)
    surface.SetOpacity(opacity)
    surface.SetAmbient(0.25)
    surface.SetDiffuse(0.75)
    surface.SetSpecular(0.2)
    surface.SetSpecularPower(20)
    return actor
