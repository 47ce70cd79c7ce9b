"""What a 3D picture is asked for with, and what comes."""

from __future__ import annotations

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from viewer.domain.labels import Mask
from viewer.domain.plane_turn import Turn
from viewer.domain.view_state import Camera, Point
from viewer.domain.volume import Volume
from viewer.scene.clips import Clip
from viewer.scene.quality import Quality
from viewer.scene.values_look import ValuesShown


@frozen
class FindingSurface:
    """A finding as 3D shows it.

    Attributes
    ----------
    mask
        Of the volume's original slices; told apart by identity.
    colour
        Red, green, blue, 0…1.
    selected
        Shines through bone more strongly.
    label
        True for a structure of a segmentation: it shines through nothing, and may be drawn later than the rest.
    """

    mask: Mask = field(eq=id)
    colour: tuple[float, float, float]
    opacity: float = 1.0
    selected: bool = False
    label: bool = False


@frozen
class PlanesShown:
    """The three planes as they stand in 3D: through where, in which window, in frames of which colours (0…1).

    Colours and turns are those of axial, coronal and sagittal; `acquired` and `lut` as in a view.
    """

    cursor_lps_mm: Point
    window_centre: float
    window_width: float
    invert: bool
    colours: tuple[tuple[float, float, float], ...]
    turned: tuple[Turn | None, ...] = (None, None, None)
    acquired: bool = False
    lut: str = ""


@define(frozen=True, eq=False)
class VolumeScene:
    """Everything a 3D picture depends on; width and height in device pixels.

    Attributes
    ----------
    masked
        True where no face may be shown; another preset is drawn then where one could.
    table
        True to show also what the patient lies on.
    clips
        What of the volume is shown: the part that all of them leave. Findings are always whole.
    planes
        The planes that stand in the picture, or None.
    values
        In what a look for any values shows them, or None for a look that is made for HU.
    """

    volume: Volume
    camera: Camera
    width_px: int
    height_px: int
    preset: str = "bone"
    surfaces: tuple[FindingSurface, ...] = ()
    masked: bool = True
    table: bool = False
    clips: tuple[Clip, ...] = ()
    planes: PlanesShown | None = None
    values: ValuesShown | None = None


@define(frozen=True, eq=False)
class Picture3D:
    """A 3D picture: uint32 0xFFRRGGBB (Qt's RGB32), [row, column], and which request it answers.

    While something moves it may have fewer pixels than the view, in the same shape.
    `drawn` says of the preset what was drawn where it is not what was asked for, and why: "Bone (…)"; `masked` that
    no face can be in it; `camera` from where it was taken; `whole` is False where labels are still to come; `volume`
    is what it is of; `finer` is True where one of the finest quality would show more.
    """

    pixels: NDArray[np.uint32]
    generation: int
    quality: Quality
    seconds: float
    drawn: str = ""
    masked: bool = True
    camera: Camera | None = None
    whole: bool = True
    volume: Volume | None = None
    finer: bool = False
