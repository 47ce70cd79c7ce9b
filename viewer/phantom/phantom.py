"""A synthetic CT volume together with the truth about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

if TYPE_CHECKING:
    from viewer.phantom.fields import FloatArray, OutputGrid


@frozen
class PhantomLesion:
    """One lesion that was put into a phantom, measured on the truth map.

    `centre_lps_mm` is the centroid of its voxels; `volume_ml` is voxel count times voxel volume.
    """

    label_value: int
    key: str
    name: str
    centre_lps_mm: tuple[float, float, float]
    volume_ml: float


@frozen(eq=False)
class Phantom:
    """Synthetic CT with its lesions.

    `voxels_hu` is int16 in HU and `truth` uint8, both indexed `[k, j, i]` on one grid whose axes are i → L, j → P,
    k → H. `origin_lps_mm` is the centre of voxel (0, 0, 0); `spacing_mm` is ordered (i, j, k). In `truth`, 0 is no
    lesion and every lesion has its own value. `earlier` numbers scans of the same patient before this one's.
    `contents` says in words, a line each, what was put in beside normal anatomy: lesions, mimics, how it was scanned.
    With a gantry tilt, j runs along (0, cos, sin) of it while k stays along the table.
    """

    kind: str
    seed: int
    voxels_hu: np.ndarray[tuple[int, ...], np.dtype[np.int16]] = field(repr=False)
    origin_lps_mm: tuple[float, float, float]
    spacing_mm: tuple[float, float, float]
    truth: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = field(repr=False)
    lesions: tuple[PhantomLesion, ...]
    description: str
    earlier: int = 0
    contents: tuple[str, ...] = ()
    tilt_deg: float = 0.0
    kernel: str = ""


def measured_lesions(
    truth: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    grid: OutputGrid,
    named: list[tuple[int, str, str]],
) -> tuple[PhantomLesion, ...]:
    """Return the lesions with centre and volume taken from the truth map; those without a voxel are left out.

    `named` holds (label value, key, name).
    """
    voxel_ml = grid.spacing_mm[0] * grid.spacing_mm[1] * grid.spacing_mm[2] / 1000.0
    lesions = []
    for value, key, name in named:
        index = np.argwhere(truth == value)
        if len(index) == 0:
            continue
        k, j, i = index.mean(axis=0)
        centre = (
            float(grid.origin_lps_mm[0] + i * grid.spacing_mm[0]),
            float(grid.origin_lps_mm[1] + j * grid.spacing_mm[1]),
            float(grid.origin_lps_mm[2] + k * grid.spacing_mm[2]),
        )
        lesions.append(PhantomLesion(value, key, name, centre, float(len(index) * voxel_ml)))
    return tuple(lesions)


def coverage(distance_mm: FloatArray, width_mm: float) -> FloatArray:
    """Return how much of a voxel lies inside (0 … 1) where the distance to the surface is negative inside."""
    inside: FloatArray = np.clip(0.5 - distance_mm / np.float32(width_mm), 0.0, 1.0)
    return inside


def mix(hu: FloatArray, amount: FloatArray, value: FloatArray | float) -> None:
    """Move `hu` in place towards `value` by `amount` (0 … 1): partial volume of the structure put in."""
    hu += amount * (value - hu)
