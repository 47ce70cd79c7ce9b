"""The values of a slab: the greatest, the least, or the mean along each ray, without what stands for nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.view_state import SlabMode

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Layers of a slab through an oblique grid lie no farther apart, nor than voxels: what is one voxel thick is not missed.
_MOST_APART_MM = 1.0
_LEAST_APART_MM = 0.5


def layers_of(slab_mm: float, finest_mm: float, most: int | None = None) -> int:
    """Return how many layers of an oblique grid a slab is sampled on, from its front to its back: an odd number.

    One of them lies in its middle. `finest_mm` is the least distance between voxels; `most`, odd too, leaves it at so
    many, farther apart.
    """
    apart_mm = min(max(finest_mm, _LEAST_APART_MM), _MOST_APART_MM)
    layers = 2 * math.ceil(round(slab_mm / 2 / apart_mm, 6)) + 1
    return layers if most is None else min(layers, most)


def combined(layers: NDArray[Any], mode: SlabMode, padding: float | None = None) -> NDArray[Any]:
    """Return one image of the layers of a slab.

    Padding and NaN take no part. Where all layers hold one of them, the greatest and the least are that, and the mean
    is NaN.

    Parameters
    ----------
    layers
        [layer, row, column], of at least one layer.

    Returns
    -------
    NDArray
        [row, column], of the layers' type; float32 for the mean.
    """
    if mode is SlabMode.MEAN:
        return _mean(layers, padding)
    floats = layers.dtype.kind == "f"
    if mode is SlabMode.MAX:
        pick: Any = np.fmax if floats else np.maximum
    else:
        pick = np.fmin if floats else np.minimum
    flat: NDArray[Any] = layers[0].copy()
    for layer in layers[1:]:
        pick(flat, layer, out=flat)
    if padding is not None and len(layers) > 1:
        _decide_without(layers, flat, mode, padding)
    return flat


def _decide_without(layers: NDArray[Any], flat: NDArray[Any], mode: SlabMode, padding: float) -> None:
    """Correct the pixels where padding was the greatest (or least) although other layers hold values."""
    won = flat == np.asarray(padding, dtype=flat.dtype)
    if not won.any():
        return
    # Mostly padding is less than any value: then it is the greatest only where there is nothing else.
    if mode is SlabMode.MAX and padding <= layers.min():
        return
    rays = layers[:, won]
    nothing = _nothing(rays, padding)
    values = np.where(nothing, _end(layers.dtype, low=mode is SlabMode.MAX), rays)
    best = values.max(axis=0) if mode is SlabMode.MAX else values.min(axis=0)
    flat[won] = np.where(nothing.all(axis=0), np.asarray(padding, dtype=flat.dtype), best)


def _nothing(values: NDArray[Any], padding: float | None) -> NDArray[np.bool_]:
    """Return where values stand for nothing."""
    unknown = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, dtype=np.bool_)
    return unknown if padding is None else unknown | (values == np.asarray(padding, dtype=values.dtype))


def _end(dtype: np.dtype[Any], *, low: bool) -> Any:
    if dtype.kind == "f":
        return dtype.type(-np.inf if low else np.inf)
    return np.iinfo(dtype).min if low else np.iinfo(dtype).max


def _mean(layers: NDArray[Any], padding: float | None) -> NDArray[np.float32]:
    # Sums of up to 512 layers of int16 are whole numbers that float32 holds exactly.
    total = np.zeros(layers.shape[1:], dtype=np.float64 if layers.dtype.kind == "f" else np.float32)
    missing: NDArray[np.int32] | None = None
    whole = padding is None and layers.dtype.kind != "f"
    for layer in layers:
        nothing = None if whole else _nothing(layer, padding)
        if nothing is None or not nothing.any():
            total += layer
            continue
        total += np.where(nothing, 0, layer)
        missing = nothing.astype(np.int32) if missing is None else missing + nothing
    if missing is None:
        return np.asarray(total / len(layers), dtype=np.float32)
    count = (len(layers) - missing).astype(np.float64)
    count[count == 0] = np.nan
    return np.asarray(total / count, dtype=np.float32)
