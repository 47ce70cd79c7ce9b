"""What goes wrong in the scanner: beam hardening between dense bones, starved rays, a head that moves.

All three are errors of line integrals. They are worked out on the sinogram of coarse slices (parallel beam, pixels of
the lattice) and come back as the HU that filtered back-projection makes of them, one field for the whole head. The
quadratic error of bone after a correction for water is that of Joseph and Spital, J. Comput. Assist. Tomogr. 2
(1978) 100.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from viewer.phantom.fields import FloatArray

ANGLES = 120


@frozen
class Artefacts:
    """How strong: `hardening` and `starved` are about 1 on a usual scanner; `motion_mm` is how far the head moved.

    `moved_at_mm` is the height (LPS z) around which slices saw the movement, over about `moved_over_mm`.
    """

    hardening: float = 1.0
    starved: float = 1.0
    motion_mm: float = 0.0
    moved_at_mm: float = 0.0
    moved_over_mm: float = 15.0

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Artefacts:
        """Return the artefacts of one seed: usual ones, strong beam hardening in a quarter, motion in a sixth."""
        strong, moves = rng.random() < 0.25, rng.random() < 0.16
        return cls(
            hardening=float(rng.uniform(1.6, 3.0) if strong else rng.uniform(0.4, 1.3)),
            starved=float(rng.uniform(0.4, 1.6)),
            motion_mm=float(rng.uniform(0.8, 3.0)) if moves else 0.0,
            moved_at_mm=float(rng.uniform(-40.0, 60.0)),
            moved_over_mm=float(rng.uniform(8.0, 22.0)),
        )

    def said(self) -> tuple[str, ...]:
        """Return what a reader will notice, a line each."""
        lines = []
        if self.hardening >= 1.6:
            lines.append("Beam hardening: dark bands between the petrous bones")
        if self.motion_mm > 0:
            lines.append(f"Motion: streaks around the height of {self.moved_at_mm:.0f} mm")
        return tuple(lines)


def artefact_field(
    rng: np.random.Generator, hu: FloatArray, zs: FloatArray, pixel_mm: float, artefacts: Artefacts
) -> FloatArray:
    """Return what the artefacts add to `hu` (`[k, j, i]`), in HU; `zs` are the heights of the slices in mm."""
    nk, nj, ni = hu.shape
    rays, bins = _projector(nj, ni)
    planes = hu.reshape(nk, nj * ni).T

    def projected(values: FloatArray) -> FloatArray:
        out: FloatArray = (rays @ values).reshape(ANGLES, bins, nk)
        return out

    bone = projected(np.clip(planes - 200.0, 0.0, 2200.0))
    matter = projected(np.clip(planes + 1000.0, 0.0, 3500.0))
    usual = np.float32(np.mean(bone[bone > 500.0])) if (bone > 500.0).any() else np.float32(1.0)
    error = np.float32(-0.022 * artefacts.hardening * pixel_mm / 80000.0) * (bone**2 - usual * bone)
    # Attenuation in powers of e: water has 0.19 a cm.
    depth = matter * np.float32(0.1 * pixel_mm * 0.19 / 1000.0)
    grain = rng.standard_normal(error.shape, dtype=np.float32)
    error += np.float32(2.6 * artefacts.starved) * grain * np.exp(np.clip(depth - 3.4, -3.0, 3.0) * np.float32(0.9))
    if artefacts.motion_mm > 0:
        error += _moved(rng, matter, zs, pixel_mm, artefacts)
    filtered = _ramp(error)
    back = (rays.T @ filtered.reshape(ANGLES * bins, nk)).T * np.float32(np.pi / ANGLES)
    return np.ascontiguousarray(back.reshape(nk, nj, ni), np.float32)


def _moved(
    rng: np.random.Generator, matter: FloatArray, zs: FloatArray, pixel_mm: float, artefacts: Artefacts
) -> FloatArray:
    """Return by how much the line integrals change when the head moves in the plane during a part of the turn."""
    angles, bins, _ = matter.shape
    way = float(rng.uniform(0.0, np.pi))
    begins = int(rng.integers(angles // 6, angles // 2))
    theta = np.pi * np.arange(angles) / angles
    shift = artefacts.motion_mm / pixel_mm * np.cos(theta - way) * np.clip((np.arange(angles) - begins) / 3.0, 0.0, 1.0)
    at = np.arange(bins)[None, :] - shift[:, None]
    low = np.clip(np.floor(at).astype(int), 0, bins - 2)
    share = np.clip(at - low, 0.0, 1.0).astype(np.float32)[..., None]
    rows = np.arange(angles)[:, None]
    shifted = matter[rows, low] * (1 - share) + matter[rows, low + 1] * share
    seen = np.exp(-(((zs - artefacts.moved_at_mm) / artefacts.moved_over_mm) ** 4)).astype(np.float32)
    out: FloatArray = (shifted - matter) * seen
    return out


def _ramp(error: FloatArray) -> FloatArray:
    """Return projections under a ramp filter with a Hann window, along the detector (axis 1)."""
    bins = error.shape[1]
    size = 1 << int(np.ceil(np.log2(2 * bins)))
    f = np.fft.rfftfreq(size).astype(np.float32)
    ramp = f * (0.5 + 0.5 * np.cos(2 * np.pi * f))
    spectrum = np.fft.rfft(error, size, axis=1) * ramp[None, :, None]
    return np.fft.irfft(spectrum, size, axis=1)[:, :bins].astype(np.float32)


@lru_cache(maxsize=1)
def _projector(nj: int, ni: int) -> tuple[csr_matrix, int]:
    """Return the matrix from pixels to line integrals (rows: angle, then detector), and the detectors of an angle."""
    bins = int(np.ceil(np.hypot(nj, ni))) + 3
    y, x = np.mgrid[:nj, :ni].astype(np.float32)
    x, y = (x - (ni - 1) / 2).ravel(), (y - (nj - 1) / 2).ravel()
    rows, weights = [], []
    for a in range(ANGLES):
        theta = np.pi * a / ANGLES
        s = x * np.float32(np.cos(theta)) + y * np.float32(np.sin(theta)) + np.float32((bins - 1) / 2)
        low = np.floor(s).astype(np.int32)
        share = (s - low).astype(np.float32)
        rows += [a * bins + low, a * bins + low + 1]
        weights += [1 - share, share]
    columns = np.tile(np.arange(nj * ni, dtype=np.int32), 2 * ANGLES)
    entries = (np.concatenate(weights), (np.concatenate(rows), columns))
    return csr_matrix(entries, shape=(ANGLES * bins, nj * ni), dtype=np.float32), bins
