"""How a head was scanned: kernel, gantry tilt, noise, artefacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    import numpy as np


@frozen
class Kernel:
    """A reconstruction kernel: what DICOM calls it, blur, where its noise ends, overdrawn edges, noise against soft."""

    name: str
    blur_mm: float
    cutoff_per_mm: float
    sharpen: float
    noise: float


KERNELS = {
    "soft": Kernel("SOFT", 0.50, 0.55, 0.0, 1.0),
    "bone": Kernel("BONE", 0.20, 1.00, 0.7, 3.2),
}


def drawn_noise_hu(rng: np.random.Generator, thickness_mm: float, kernel: Kernel) -> float:
    """Return the noise in the middle of the brain, in HU: thinner slices and sharper kernels have more."""
    share = float((3.0 / max(0.6, thickness_mm)) ** 0.5)
    return float(rng.uniform(2.4, 3.8)) * min(share, 2.0) * kernel.noise


def parts_of_slice(thickness_mm: float) -> int:
    """Return how many thin layers are averaged into one slice, so that thick slices blur what they cross."""
    return max(1, round(thickness_mm / 1.4))
