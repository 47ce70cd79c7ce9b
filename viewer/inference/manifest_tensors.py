"""Reads what goes into a model, from `model.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.errors import ManifestError
from viewer.inference import manifest as m
from viewer.inference import manifest_terms as terms
from viewer.inference.manifest_outputs import voxel_layout

if TYPE_CHECKING:
    from viewer.inference.strict_table import Table

_INPUT = (
    "role",
    "dtype",
    "layout",
    "orientation",
    "spacing_mm",
    "size",
    "channels",
    "size_multiple",
    "resampling",
    "normalise",
    "outside_hu",
    "beyond",
)
_AXIS_LETTERS = (frozenset("LR"), frozenset("PA"), frozenset("SI"))


def read_inputs(top: Table) -> tuple[m.InputTensor, ...]:
    """Return the input tensors, exactly one of them the image.

    Raises
    ------
    ManifestError
        With the path of the key that is wrong.
    """
    names = top.named("input")
    section = top.table("input", tuple(names))
    inputs = tuple(_input(section.table(name, _INPUT), name) for name in names)
    images = [tensor for tensor in inputs if tensor.role is terms.InputRole.IMAGE]
    if len(images) != 1:
        raise ManifestError(f"input: exactly one tensor must have the role 'image', not {len(images)}.")
    for tensor in inputs:
        if any(
            getattr(tensor, key) != getattr(images[0], key) for key in ("layout", "orientation", "spacing_mm", "size")
        ):
            raise ManifestError(
                f"input.{tensor.name}: layout, orientation, spacing_mm and size must be those of {images[0].name}."
            )
    return inputs


def _input(table: Table, name: str) -> m.InputTensor:
    role = table.choice("role", terms.InputRole, terms.InputRole.IMAGE)
    orientation = table.text("orientation")
    letters = tuple(orientation)
    if orientation != "original" and not (
        len(letters) == 3 and all(any(letter in pair for letter in letters) for pair in _AXIS_LETTERS)
    ):
        raise table.wrong("orientation", '"original", or three letters such as "LPS" or "RAS"')
    layout = voxel_layout(table)
    spacing, fit = _spacing(table, orientation)
    size = _size(table, layout, needed=fit)
    if fit and (orientation == "original") != ("D" not in layout):
        raise ManifestError(
            f"{table.at('spacing_mm')}: 'fit' stretches original slices (layout without D, orientation 'original') or "
            "a whole volume (layout with D, orientation of three letters)."
        )
    dtype = table.choice("dtype", terms.Dtype)
    channels: tuple[m.Channel, ...] = ()
    if role is terms.InputRole.IMAGE:
        if dtype is terms.Dtype.BOOL:
            raise ManifestError(f"{table.at('dtype')}: bool is for padding; of an image nothing would be left.")
        known = ("window", "clip", "range", "mean", "std", "raw")
        channels = tuple(_channel(t) for t in table.tables("channels", known))
        if not channels:
            raise ManifestError(f"{table.at('channels')} is missing.", "Say how each channel is made from HU.")
    elif table.has("channels"):
        raise ManifestError(f"{table.at('channels')}: a padding tensor has no channels.")
    if "C" not in layout and len(channels) > 1:
        raise ManifestError(f"{table.at('layout')}: {layout} has no C for {len(channels)} channels.")
    return m.InputTensor(
        name=name,
        role=role,
        dtype=dtype,
        layout=layout,
        orientation=orientation,
        spacing_mm=spacing,
        channels=channels,
        size_multiple=_size_multiple(table),
        resampling=table.choice("resampling", terms.Resampling, terms.Resampling.LINEAR),
        normalise=table.choice("normalise", terms.Normalise, terms.Normalise.AFTER_RESAMPLING),
        outside_hu=table.number("outside_hu", -1024.0),
        size=size,
        fit=fit,
        beyond=table.number("beyond") if table.has("beyond") else None,
    )


def _spacing(table: Table, orientation: str) -> tuple[tuple[float, float, float] | None, bool]:
    """Return the spacing along i, j, k where it is fixed, and whether all is stretched onto one size."""
    value = table.raw("spacing_mm")
    if value == "fit":
        return None, True
    if value != "original" and not isinstance(value, list):
        raise table.wrong("spacing_mm", '3 numbers along i, j, k, "original" or "fit"')
    spacing: tuple[float, float, float] | None = None
    if value != "original":
        x, y, z = table.numbers("spacing_mm", 3, least=0.05, most=100)
        spacing = (x, y, z)
    if (spacing is None) != (orientation == "original"):
        raise ManifestError(f"{table.path}: orientation and spacing_mm are both 'original', or neither is.")
    return spacing, False


def _size(table: Table, layout: str, *, needed: bool) -> tuple[int, int, int] | None:
    if not table.has("size") and not needed:
        return None
    count = 3 if "D" in layout else 2
    sizes = table.numbers("size", count, least=1, most=4096)
    if not all(n.is_integer() for n in sizes):
        raise table.wrong("size", f"a list of {count} whole numbers")
    return (int(sizes[0]), int(sizes[1]), int(sizes[2]) if count == 3 else 1)


def _size_multiple(table: Table) -> tuple[int, int, int]:
    if not table.has("size_multiple"):
        return (1, 1, 1)
    if not isinstance(table.raw("size_multiple"), list):
        one = table.whole("size_multiple", least=1, most=512)
        return (one, one, one)
    i, j, k = table.numbers("size_multiple", 3, least=1, most=512)
    if not (i.is_integer() and j.is_integer() and k.is_integer()):
        raise table.wrong("size_multiple", "a list of 3 whole numbers")
    return (int(i), int(j), int(k))


def _channel(table: Table) -> m.Channel:
    forms = [key for key in ("window", "clip", "raw") if table.has(key)]
    if len(forms) != 1:
        raise ManifestError(f"{table.path} must have one of window, clip, raw.")
    if forms == ["raw"]:
        if not table.truth("raw") or any(table.has(key) for key in ("range", "mean", "std")):
            raise ManifestError(f"{table.path}: raw = true stands alone.")
        return m.Channel(None, None, 0.0, 1.0, "values as they are")
    if forms == ["window"]:
        centre, width = table.numbers("window", 2)
        low, high = centre - width / 2, centre + width / 2
        words = f"window {width:g}/{centre:g} (width/level)"
    else:
        low, high = table.numbers("clip", 2)
        words = f"clipped to {low:g}…{high:g}"
    if not high > low:
        raise ManifestError(f"{table.path}.{forms[0]} is empty: its upper end is not above its lower end.")
    if table.has("mean") or table.has("std"):
        if table.has("range"):
            raise ManifestError(f"{table.path} has mean and std, or a range, not both.")
        mean, std = table.number("mean"), table.number("std", least=1e-6)
        return m.Channel(low, high, mean, std, f"{words}, mean {mean:g}, SD {std:g}")
    start, end = table.numbers("range", 2, (0.0, 1.0))
    if start == end:
        raise table.wrong("range", "two different numbers")
    scale = (high - low) / (end - start)
    return m.Channel(low, high, low - start * scale, scale, f"{words} to {start:g}…{end:g}")
