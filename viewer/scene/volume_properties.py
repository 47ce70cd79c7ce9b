"""How rays through a volume take on colour: by HU as a preset says, or by the brightest value that they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction
from vtkmodules.vtkRenderingCore import vtkColorTransferFunction, vtkVolumeProperty

from viewer.scene.window_table import window_table

if TYPE_CHECKING:
    from viewer.scene.presets_3d import Preset3D
    from viewer.scene.values_look import ValuesShown
    from viewer.scene.volume_image import RenderVoxels

_STEPS = 65
# Of a sigmoid, which ends in black and white only far out.
_BEYOND = 0.4
# Where colours begin with a bright one, what is darkest is seen through all the same.
_CLEAR_SHARE = 0.06
_AMBIENT_ON_CARD = 0.3


def brightest(shown: ValuesShown, rendered: RenderVoxels) -> vtkVolumeProperty:
    """Return colour and opacity of the brightest value on a ray, for voxels that were stretched as `rendered` says."""
    reach = shown.width * (0.5 + (_BEYOND if shown.function == "SIGMOID" else 0.0))
    values = np.linspace(shown.centre - reach, shown.centre + reach, _STEPS)
    table = window_table(shown.centre, shown.width, shown.function, colours=shown.colours)
    pixels = table.of(values.astype(np.float32))
    places = values * rendered.scale + rendered.shift
    colour, opacity = vtkColorTransferFunction(), vtkPiecewiseFunction()
    for place, pixel in zip(places.tolist(), pixels.tolist(), strict=True):
        colour.AddRGBPoint(place, *((pixel >> shift & 0xFF) / 255.0 for shift in (16, 8, 0)))
    opacity.AddPoint(places[0], 0.0)
    opacity.AddPoint(places[0] + _CLEAR_SHARE * (places[-1] - places[0]), 1.0)
    made = vtkVolumeProperty()
    made.SetScalarOpacity(opacity)
    made.SetColor(colour)
    made.SetInterpolationTypeToLinear()
    made.ShadeOff()
    return made


def by_hu(preset: Preset3D, *, on_card: bool) -> vtkVolumeProperty:
    """Return colour, opacity and light of a preset that is made for HU.

    Light from all sides counts for nothing where VTK's own threads cast rays, and for so much on a graphics card that
    what faces the viewer is flat and white.
    """
    opacity = vtkPiecewiseFunction()
    for hu, share in preset.opacity:
        opacity.AddPoint(hu, share)
    colour = vtkColorTransferFunction()
    for hu, red, green, blue in preset.colour:
        colour.AddRGBPoint(hu, red, green, blue)
    made = vtkVolumeProperty()
    made.SetScalarOpacity(opacity)
    made.SetScalarOpacityUnitDistance(1.0)
    made.SetColor(colour)
    made.SetInterpolationTypeToLinear()
    made.ShadeOn()
    made.SetAmbient(preset.ambient * (_AMBIENT_ON_CARD if on_card else 1.0))
    made.SetDiffuse(preset.diffuse)
    made.SetSpecular(preset.specular)
    made.SetSpecularPower(preset.specular_power)
    return made
