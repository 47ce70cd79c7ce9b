"""How what lies over the images is drawn: the colour and opacity of each label, the colours of a map."""

from __future__ import annotations

from attrs import evolve, frozen

MOST_LABEL_OPACITY = 0.6
USUAL_LABEL_OPACITY = 0.3


@frozen
class LabelLook:
    """What a user chose for one label: "#RRGGBB" ("" for the usual colour), and how opaque its fill is.

    `key` is that of the label; of findings it is that of the label in the model's manifest.
    """

    key: str
    colour: str = ""
    opacity: float = USUAL_LABEL_OPACITY


@frozen
class MapLook:
    """How a map is drawn over the images.

    Attributes
    ----------
    shown
        False hides it.
    colours
        Name of its colour map; "" for one that fits its values.
    opacity
        Of its highest values.
    least
        Values below it are not drawn, in the map's unit; None for a tenth of its range.
    """

    shown: bool = True
    colours: str = ""
    opacity: float = 0.6
    least: float | None = None


def look_of(looks: tuple[LabelLook, ...], key: str) -> LabelLook:
    """Return what was chosen for a label; the usual look where nothing was."""
    return next((look for look in looks if look.key == key), LabelLook(key))


def with_look(looks: tuple[LabelLook, ...], new: LabelLook) -> tuple[LabelLook, ...]:
    """Return the looks with one exchanged; one that is the usual is not kept."""
    others = tuple(look for look in looks if look.key != new.key)
    return others if new == LabelLook(new.key) else (*others, new)


def recoloured(looks: tuple[LabelLook, ...], key: str, colour: str) -> tuple[LabelLook, ...]:
    """Return the looks with another colour for one label; "" for its usual one."""
    return with_look(looks, evolve(look_of(looks, key), colour=colour))


def with_opacity(looks: tuple[LabelLook, ...], key: str, opacity: float) -> tuple[LabelLook, ...]:
    """Return the looks with another opacity for one label's fill."""
    return with_look(looks, evolve(look_of(looks, key), opacity=min(max(opacity, 0.0), MOST_LABEL_OPACITY)))
