"""The 3D look that fits values of any unit: the brightest along each ray, in the window and colours of the planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.scene.colour_maps import GREY
from viewer.scene.voi import shown_colours, shown_function

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.scene.volume_image import RenderVoxels

_MOST_PERCENT = (1.0, 99.9)


@frozen
class ValuesShown:
    """The window, VOI function and colours in which values are shown, in the volume's unit."""

    centre: float
    width: float
    function: str
    colours: str


def values_shown(volume: Volume, view: ViewState) -> ValuesShown:
    """Return in what a view's planes show values; the grey of HU is never coloured, and nothing is inverted in 3D."""
    return ValuesShown(view.window_centre, view.window_width, shown_function(volume, view), shown_colours(volume, view))


def range_shown(rendered: RenderVoxels) -> ValuesShown:
    """Return nearly the whole range of voxels, in grey, where no view says in which window they are shown."""
    low, high = (
        (float(end) - rendered.shift) / rendered.scale
        for end in np.percentile(rendered.voxels[::4, ::4, ::4], _MOST_PERCENT)
    )
    return ValuesShown((low + high) / 2, max(high - low, 1.0 / rendered.scale), "LINEAR_EXACT", GREY)
