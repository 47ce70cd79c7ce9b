"""Reads the tensors of `model.toml`: what goes in, and what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.errors import ManifestError
from viewer.inference import manifest as m

if TYPE_CHECKING:
    from viewer.inference.strict_table import Table

_INPUT = (
    "role",
    "dtype",
    "layout",
    "orientation",
    "spacing_mm",
    "channels",
    "size_multiple",
    "resampling",
    "normalise",
    "outside_hu",
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
    images = [tensor for tensor in inputs if tensor.role is m.InputRole.IMAGE]
    if len(images) != 1:
        raise ManifestError(f"input: exactly one tensor must have the role 'image', not {len(images)}.")
    for tensor in inputs:
        same = (tensor.layout, tensor.orientation, tensor.spacing_mm) == (
            images[0].layout,
            images[0].orientation,
            images[0].spacing_mm,
        )
        if not same:
            raise ManifestError(
                f"input.{tensor.name}: layout, orientation and spacing_mm must be those of {images[0].name}."
            )
    return inputs


def _input(table: Table, name: str) -> m.InputTensor:
    role = table.choice("role", m.InputRole, m.InputRole.IMAGE)
    orientation = table.text("orientation")
    letters = tuple(orientation)
    if orientation != "original" and not (
        len(letters) == 3 and all(any(letter in pair for letter in letters) for pair in _AXIS_LETTERS)
    ):
        raise table.wrong("orientation", '"original", or three letters such as "LPS" or "RAS"')
    spacing: tuple[float, float, float] | None = None
    if table.raw("spacing_mm") != "original":
        x, y, z = table.numbers("spacing_mm", 3, least=0.05, most=100)
        spacing = (x, y, z)
    if (spacing is None) != (orientation == "original"):
        raise ManifestError(f"{table.path}: orientation and spacing_mm are both 'original', or neither is.")
    channels: tuple[m.Channel, ...] = ()
    if role is m.InputRole.IMAGE:
        known = ("window", "clip", "range", "mean", "std", "raw")
        channels = tuple(_channel(t) for t in table.tables("channels", known))
        if not channels:
            raise ManifestError(f"{table.at('channels')} is missing.", "Say how each channel is made from HU.")
    elif table.has("channels"):
        raise ManifestError(f"{table.at('channels')}: a padding tensor has no channels.")
    layout = _layout(table)
    if "C" not in layout and len(channels) > 1:
        raise ManifestError(f"{table.at('layout')}: {layout} has no C for {len(channels)} channels.")
    return m.InputTensor(
        name=name,
        role=role,
        dtype=table.choice("dtype", m.Dtype),
        layout=layout,
        orientation=orientation,
        spacing_mm=spacing,
        channels=channels,
        size_multiple=_size_multiple(table),
        resampling=table.choice("resampling", m.Resampling, m.Resampling.LINEAR),
        normalise=table.choice("normalise", m.Normalise, m.Normalise.AFTER_RESAMPLING),
        outside_hu=table.number("outside_hu", -1024.0),
    )


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


def _layout(table: Table) -> str:
    layout = table.text("layout")
    if len(set(layout)) != len(layout) or not set("HW") <= set(layout) <= set("NCDHW") or not set("ND") & set(layout):
        raise table.wrong("layout", 'letters of N, C, D, H, W, each once, such as "NCDHW" or "NCHW"')
    return layout


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


def read_output(top: Table) -> m.OutputTensor:
    """Return the one output tensor.

    Raises
    ------
    ManifestError
        With the path of the key that is wrong, or a kind that is not supported yet.
    """
    names = top.named("output")
    if len(names) != 1:
        raise ManifestError(f"output: this version reads one output tensor, not {len(names)}.")
    name = next(iter(names))
    table = top.table("output", (name,)).table(name, ("kind", "layout", "activation", "calibration"))
    kind = table.choice("kind", m.OutputKind)
    if kind not in (m.OutputKind.VOXEL_LOGITS, m.OutputKind.VOXEL_PROBABILITIES, m.OutputKind.LABEL_MAP):
        raise ManifestError(f"{table.at('kind')}: {kind} is not supported yet; this version reads voxel outputs.")
    activation = table.choice("activation", m.Activation, m.Activation.NONE)
    if (kind is m.OutputKind.VOXEL_LOGITS) != (activation is not m.Activation.NONE):
        raise ManifestError(
            f"{table.at('activation')} must be sigmoid or softmax for voxel-logits, and none otherwise."
        )
    temperature, how = 1.0, ""
    if table.has("calibration"):
        calibration = table.table("calibration", ("temperature", "how"))
        temperature = calibration.number("temperature", 1.0, least=0.01, most=100)
        how = calibration.text("how", "")
        if kind is not m.OutputKind.VOXEL_LOGITS and temperature != 1.0:
            raise ManifestError(f"{calibration.at('temperature')} works on voxel-logits only.")
    return m.OutputTensor(name, kind, _layout(table), activation, temperature, how)
