"""How 3D looks: colour and opacity by HU."""

from __future__ import annotations

from attrs import frozen


@frozen
class Preset3D:
    """Colour and opacity by HU, and how light falls.

    Attributes
    ----------
    opacity
        (HU, opacity of a millimetre) in growing order.
    colour
        (HU, red, green, blue), 0…1, in growing order.
    """

    name: str
    title: str
    opacity: tuple[tuple[float, float], ...]
    colour: tuple[tuple[float, float, float, float], ...]
    ambient: float = 0.24
    diffuse: float = 0.95
    specular: float = 0.22
    specular_power: float = 18.0


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
            opacity=((110, 0.0), (160, 0.10), (240, 0.45), (500, 0.8), (1000, 0.9)),
            colour=(
                (110, 0.55, 0.12, 0.10),
                (200, 0.80, 0.28, 0.20),
                (320, 0.90, 0.62, 0.48),
                (600, 0.93, 0.88, 0.78),
                (3000, 1.0, 1.0, 1.0),
            ),
        ),
        Preset3D(
            "lung",
            "Lung",
            opacity=(
                (-930, 0.0),
                (-860, 0.012),
                (-700, 0.06),
                (-450, 0.16),
                (-250, 0.03),
                (-150, 0.0),
                (180, 0.0),
                (400, 0.10),
            ),
            colour=(
                (-930, 0.35, 0.42, 0.50),
                (-700, 0.55, 0.66, 0.76),
                (-400, 0.86, 0.78, 0.74),
                (180, 0.86, 0.81, 0.70),
            ),
        ),
        Preset3D(
            "soft",
            "Skin",
            opacity=((-600, 0.0), (-350, 0.05), (-100, 0.22), (60, 0.5), (300, 1.0)),
            colour=(
                (-500, 0.60, 0.42, 0.33),
                (-150, 0.80, 0.60, 0.48),
                (100, 0.85, 0.68, 0.56),
                (400, 0.90, 0.86, 0.76),
            ),
            ambient=0.45,
            diffuse=0.65,
            specular=0.05,
        ),
    )
}


def preset_3d(name: str) -> Preset3D:
    """Return a preset by name; bone for a name that is not known."""
    return PRESETS_3D.get(name, PRESETS_3D["bone"])
