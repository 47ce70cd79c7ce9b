"""A patient by formula, no side of which is like another; what golden pictures show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.geometry import SliceStack
from viewer.domain.labels import Mask
from viewer.domain.volume import SeriesFacts, Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE_IJK, SPACING_MM, FIRST_MM = (96, 80, 44), (1.9, 1.9, 3.1), (-91.0, -77.0, 12.0)
_TILT_RAD = 0.25


def _hu(lps: NDArray[np.float64]) -> NDArray[np.int16]:
    """Return HU at LPS mm, shape (…, 3)."""
    x, y, z = np.moveaxis(lps, -1, 0)

    def ball(at: tuple[float, float, float], radii: tuple[float, float, float]) -> NDArray[np.float64]:
        return ((x - at[0]) / radii[0]) ** 2 + ((y - at[1]) / radii[1]) ** 2 + ((z - at[2]) / radii[2]) ** 2

    values = np.full(x.shape, -1000.0)
    body = ball((0, 0, 80), (82, 62, 110))
    values[body < 1] = -95
    values[body < 0.86] = 45
    # A lung on the right alone, a liver below it, vessels, a spine behind, ribs around, a wedge in front on the left.
    values[(ball((-38, -4, 105), (28, 36, 40)) < 1)] = -830
    values[ball((-36, -6, 45), (36, 40, 26)) < 1] = 105
    values[(np.hypot(x - 14 - 0.1 * (z - 60), y - 14) < 8) & (body < 0.86)] = 260
    values[(np.hypot(x, y - 42) < 15) & (z % 22 > 4) & (body < 1)] = 520
    values[(np.hypot(x, y - 34) < 5) & (body < 1)] = 20
    values[(body > 0.78) & (body < 0.9) & ((z + 0.4 * y) % 24 < 9)] = 900
    values[(x > 30) & (y < -20) & (x - y < 78) & (z > 90) & (z < 118)] = 1400
    texture = 9 * np.sin(x / 1.7 + y / 2.3) + 7 * np.sin(y / 1.3 - z / 3.1) + 5 * np.sin(z / 2.1 + x / 3.7)
    return np.round(values + np.where(body < 1, texture, 0.0)).astype(np.int16)


def _made(stack: SliceStack, voxels: NDArray[np.int16], facts: SeriesFacts) -> Volume:
    return Volume(facts, voxels, stack, voxels, stack.as_grid())


def _points(stack: SliceStack) -> NDArray[np.float64]:
    i, j = np.meshgrid(np.arange(stack.size_ij[0]), np.arange(stack.size_ij[1]))
    in_plane = (
        i[..., None] * stack.row_direction * stack.pixel_spacing_mm[0]
        + j[..., None] * stack.column_direction * stack.pixel_spacing_mm[1]
    )
    return np.asarray(stack.positions_lps_mm[:, None, None, :] + in_plane)


def patient() -> Volume:
    """Return the patient as CT, axial slices."""
    positions = [(FIRST_MM[0], FIRST_MM[1], FIRST_MM[2] + k * SPACING_MM[2]) for k in range(SIZE_IJK[2])]
    stack = SliceStack(SIZE_IJK[:2], SPACING_MM[:2], (1, 0, 0), (0, 1, 0), positions)
    facts = SeriesFacts("1.2.3", modality="CT", synthetic=True, body_part="CHEST")
    return _made(stack, _hu(_points(stack)), facts)


def turned_patient() -> Volume:
    """Return the patient in slices turned about the axis from right to left, so that no plane follows the voxels."""
    cos, sin = np.cos(_TILT_RAD), np.sin(_TILT_RAD)
    down, into = np.array([0, cos, sin]), np.array([0, -sin, cos])
    first = np.array(FIRST_MM)
    positions = [first + k * SPACING_MM[2] * into for k in range(SIZE_IJK[2])]
    stack = SliceStack(SIZE_IJK[:2], SPACING_MM[:2], (1, 0, 0), down, positions)
    return _made(stack, _hu(_points(stack)), SeriesFacts("1.2.4", modality="CT", synthetic=True))


def uptake() -> Volume:
    """Return the patient in values that are no HU."""
    volume = patient()
    values = np.clip(volume.voxels.astype(np.int32) + 200, 0, 1500).astype(np.int16)
    return evolve(_made(volume.stack, values, evolve(volume.series, modality="PT")), unit="SUV")


def findings(volume: Volume, count: int) -> tuple[Finding, ...]:
    """Return findings in rows in the axial plane through the middle, none of them round or even."""
    k, j, i = np.indices((9, 11, 13))
    made = []
    for n in range(count):
        shape = ((i - 6) / (4.5 + n % 3)) ** 2 + ((j - 5) / 4.4) ** 2 + ((k - 4) / 4.2) ** 2 < 1
        shape &= ~((i > 6) & (j < 4))
        place = (14 + 18 * (n % 4), 18 + 24 * (n // 4), 18)
        centre = volume.stack.lps([place[0] + 6, place[1] + 5, place[2] + 4])
        made.append(
            Finding(
                id=f"f{n}",
                tracking_uid=f"2.25.{n + 1}",
                label_key="lesion",
                label="Lesion",
                source=Source(SourceKind.MODEL, "By formula"),
                centre_lps_mm=centre,
                bounds_lps_mm=np.stack([centre - 12, centre + 12], axis=1),
                score=0.9,
                mask=Mask(place, shape),
            )
        )
    return tuple(made)
