"""What the scanner adds: blur, quantum noise with a ramp-shaped spectrum, quantisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

from viewer.phantom.progress import slices_done

if TYPE_CHECKING:
    from viewer.phantom.fields import FloatArray


def noise_slice(
    rng: np.random.Generator, shape: tuple[int, int], spacing_mm: float, cutoff_per_mm: float
) -> FloatArray:
    """Return one slice of unit-variance noise as filtered back-projection leaves it.

    Its power grows with frequency and falls to zero at `cutoff_per_mm` (smoother kernel: lower cut-off), as in
    Kijewski and Judy, Phys. Med. Biol. 32 (1987) 565.
    """
    white = rng.standard_normal(shape, dtype=np.float32)
    fy = np.fft.fftfreq(shape[0], spacing_mm)[:, None]
    fx = np.fft.rfftfreq(shape[1], spacing_mm)[None, :]
    f = np.sqrt(fx**2 + fy**2)
    amplitude = np.sqrt(f) * np.exp(-((f / cutoff_per_mm) ** 2))
    noise = np.fft.irfft2(np.fft.rfft2(white) * amplitude, shape).astype(np.float32)
    return noise / np.float32(noise.std() + 1e-9)


def acquire(
    rng: np.random.Generator,
    hu: FloatArray,
    *,
    spacing_mm: tuple[float, float, float],
    sigma_hu: float,
    blur_mm: float,
    cutoff_per_mm: float,
    sharpen: float = 0.0,
) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Return the slab as int16 HU after blur, noise and clipping to −1024 … 3071.

    `hu` is indexed `[k, j, i]` and is overwritten. `sigma_hu` is the noise in the middle of soft tissue; air, which
    the beam crosses last, gets a sixth of it. `sharpen` is how much edges are overdrawn, as a bone kernel does (0 is
    not at all).
    """
    out = np.empty(hu.shape, np.int16)
    for k in range(hu.shape[0]):
        plane = hu[k]
        if blur_mm > 0.2 * spacing_mm[0]:
            plane = gaussian_filter(plane, blur_mm / spacing_mm[0])
        if sharpen > 0.0:
            plane = plane + np.float32(sharpen) * (plane - gaussian_filter(plane, 0.9 / spacing_mm[0]))
        body = spread((plane > -600.0).astype(np.float32), 12.0 / spacing_mm[0])
        bone = spread(np.clip(plane - 300.0, 0.0, 900.0) / np.float32(900.0), 14.0 / spacing_mm[0])
        local = np.float32(sigma_hu) * (np.float32(0.15) + np.float32(0.85) * body + np.float32(0.8) * bone)
        noise = noise_slice(rng, (plane.shape[0], plane.shape[1]), spacing_mm[0], cutoff_per_mm)
        out[k] = np.clip(np.rint(plane + noise * local), -1024, 3071).astype(np.int16)
    slices_done(hu.shape[0])
    return out


def spread(plane: FloatArray, sigma_px: float) -> FloatArray:
    """Return the plane under a wide Gaussian, computed on every fourth pixel because it is smooth anyway."""
    step = max(1, min(4, int(sigma_px / 4)))
    coarse = gaussian_filter(plane[::step, ::step], sigma_px / step, mode="nearest", truncate=2.5)
    return coarse.repeat(step, axis=0).repeat(step, axis=1)[: plane.shape[0], : plane.shape[1]]
