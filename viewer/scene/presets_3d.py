"""How 3D looks: colour and opacity by HU, or the brightest values of any unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from viewer.analysis.body_part import BodyPart, body_part, may_show_face, says_arteries
from viewer.scene.dressing import Bare

if TYPE_CHECKING:
    from viewer.domain.volume import Volume


# Of less lung next to nothing is seen.
_LEAST_SEEN_THROUGH_MM = 20.0
# The look for values of any unit.
ANY_VALUES = "mip"
HIDDEN_WORDS = "Hidden with identity: values are no HU"
"""What is said in place of a look: of values that are no HU nobody knows which of them are skin."""
NOT_ON_HEADS = "Not on heads while identity is hidden."


@frozen
class Preset3D:
    """Colour and opacity by HU, and how light falls.

    Attributes
    ----------
    opacity
        (HU, opacity of a millimetre) in growing order.
    colour
        (HU, red, green, blue), 0…1, in growing order.
    bare
        What is left away; without all but the brain, what lies inside of the skull has the opposite sign.
    shows_face
        True where a face could be known by it.
    hint
        A sentence for those who choose it, or "".
    step_voxels
        Ray steps of a picture at rest. Longer ones leave rings on smooth surfaces.
    rays_per_voxel
        How many rays a picture at rest casts across a voxel at most; what is seen through has no fine edges.
    of_values
        True where the brightest value on each ray is shown, in the window of the planes, whatever its unit; there are
        no colours and opacities by HU then.
    smooth
        True where voxels are mixed with their neighbours, for a surface between air and skin.
    """

    name: str
    title: str
    opacity: tuple[tuple[float, float], ...]
    colour: tuple[tuple[float, float, float, float], ...]
    ambient: float = 0.24
    diffuse: float = 0.95
    specular: float = 0.22
    specular_power: float = 18.0
    bare: Bare = Bare.NOTHING
    shows_face: bool = False
    hint: str = ""
    step_voxels: float = 0.5
    rays_per_voxel: float = 2.2
    smooth: bool = False
    of_values: bool = False


PRESETS_3D: dict[str, Preset3D] = {
    preset.name: preset
    for preset in (
        Preset3D(
            "bone",
            "Bone",
            opacity=((150, 0.0), (200, 0.08), (270, 0.42), (380, 0.9), (600, 1.0)),
            colour=(
                (150, 0.58, 0.46, 0.36),
                (280, 0.76, 0.69, 0.57),
                (500, 0.86, 0.81, 0.70),
                (1200, 0.95, 0.92, 0.85),
                (3000, 1.0, 1.0, 1.0),
            ),
        ),
        Preset3D(
            "vessels",
            "Vessels",
            opacity=((122, 0.0), (138, 0.07), (156, 0.24), (190, 0.45), (260, 0.75), (500, 0.9), (1000, 1.0)),
            colour=(
                (118, 0.62, 0.12, 0.10),
                (170, 0.80, 0.20, 0.15),
                (250, 0.88, 0.42, 0.30),
                (380, 0.90, 0.76, 0.62),
                (700, 0.94, 0.90, 0.82),
                (3000, 1.0, 1.0, 1.0),
            ),
        ),
        Preset3D(
            "lung",
            "Lung",
            opacity=(
                (-960, 0.0),
                (-900, 0.006),
                (-800, 0.018),
                (-650, 0.10),
                (-450, 0.35),
                (-300, 0.16),
                (-180, 0.0),
                (250, 0.0),
                (500, 0.012),
                (1200, 0.03),
            ),
            colour=(
                (-960, 0.28, 0.36, 0.46),
                (-750, 0.46, 0.58, 0.70),
                (-500, 0.88, 0.70, 0.64),
                (-200, 0.95, 0.86, 0.82),
                (250, 0.86, 0.81, 0.70),
            ),
            rays_per_voxel=1.45,
            bare=Bare.SKIN,
            shows_face=True,
            hint=NOT_ON_HEADS,
        ),
        Preset3D(
            "skin_off",
            "Skin off",
            opacity=((0, 0.0), (30, 0.004), (65, 0.012), (100, 0.06), (140, 0.22), (200, 0.55), (300, 0.9), (500, 1.0)),
            colour=(
                (0, 0.62, 0.36, 0.28),
                (60, 0.74, 0.42, 0.34),
                (110, 0.78, 0.42, 0.32),
                (170, 0.86, 0.58, 0.44),
                (300, 0.90, 0.84, 0.72),
                (1200, 0.96, 0.93, 0.87),
            ),
            step_voxels=0.6,
            rays_per_voxel=1.6,
            bare=Bare.SKIN,
            shows_face=True,
            hint=NOT_ON_HEADS,
        ),
        Preset3D(
            "muscle",
            "Muscle",
            opacity=((-30, 0.0), (0, 0.10), (35, 0.55), (80, 0.95), (200, 1.0)),
            colour=(
                (-30, 0.78, 0.58, 0.46),
                (25, 0.66, 0.33, 0.26),
                (80, 0.68, 0.30, 0.23),
                (170, 0.82, 0.56, 0.44),
                (260, 0.90, 0.84, 0.72),
                (1200, 0.96, 0.93, 0.87),
            ),
            ambient=0.38,
            diffuse=0.82,
            bare=Bare.SKIN,
            shows_face=True,
            hint=NOT_ON_HEADS,
        ),
        Preset3D(
            "bleed",
            "Brain bleed",
            opacity=(
                (-120, 0.0),
                (-100, 0.5),
                (-68, 0.6),
                (-58, 0.12),
                (-50, 0.0),
                (180, 0.0),
                (400, 0.03),
                (1500, 0.07),
            ),
            colour=(
                (-110, 0.95, 0.30, 0.22),
                (-55, 0.70, 0.08, 0.07),
                (0, 0.86, 0.81, 0.70),
                (3000, 1.0, 1.0, 1.0),
            ),
            step_voxels=0.6,
            rays_per_voxel=1.6,
            bare=Bare.ALL_BUT_BRAIN,
            hint="Blood inside of the skull, by its density; thin layers along bone are not seen.",
        ),
        Preset3D(
            "soft",
            "Skin",
            opacity=((-500, 0.0), (-350, 0.1), (-200, 0.45), (-50, 0.8), (300, 1.0)),
            colour=(
                (-500, 0.60, 0.42, 0.33),
                (-150, 0.80, 0.60, 0.48),
                (100, 0.85, 0.68, 0.56),
                (400, 0.90, 0.86, 0.76),
            ),
            ambient=0.45,
            diffuse=0.65,
            specular=0.05,
            smooth=True,
            shows_face=True,
            hint=NOT_ON_HEADS,
        ),
        Preset3D(
            ANY_VALUES,
            "MIP",
            opacity=(),
            colour=(),
            step_voxels=0.7,
            rays_per_voxel=1.6,
            shows_face=True,
            hint=f"The brightest value along each ray, in the window of the planes; for any unit. {NOT_ON_HEADS}",
            of_values=True,
        ),
    )
}


def preset_3d(name: str) -> Preset3D:
    """Return a preset by name; bone for a name that is not known."""
    return PRESETS_3D.get(name, PRESETS_3D["bone"])


def first_preset(volume: Volume) -> str:
    """Return the name of the preset that a volume opens with, by the part of the body: lung, vessels, or bone.

    A few images of a chest open in bone, and abdomens with filled veins too, in which bone would be as red as vessels.
    What is made for HU is not for values of another unit.
    """
    if not volume.suits_hu:
        return ANY_VALUES
    part = body_part(volume)
    if part is BodyPart.CHEST and np.ptp(volume.grid.bounds_lps_mm, axis=1).min() >= _LEAST_SEEN_THROUGH_MM:
        return "lung"
    return "vessels" if part is BodyPart.ABDOMEN and says_arteries(volume) else "bone"


def fitting_preset(volume: Volume, name: str) -> str:
    """Return the name of a preset, or of that for any values in its place where it is made for HU and values are none.

    A look may come from another series, a rule or a case.
    """
    return name if volume.suits_hu or preset_3d(name).of_values else ANY_VALUES


def allowed_preset(volume: Volume, name: str, *, masked: bool) -> Preset3D | None:
    """Return a preset by name, as it fits, or bone in its place where it could show a face and identity is masked.

    A face gives its owner away; a synthetic one has none. None where values are no HU: then no preset, not even bone,
    is sure to leave the skin out.
    """
    preset = preset_3d(fitting_preset(volume, name))
    if not masked or volume.series.synthetic:
        return preset
    if not volume.is_hu:
        return None
    return PRESETS_3D["bone"] if preset.shows_face and may_show_face(volume) else preset
