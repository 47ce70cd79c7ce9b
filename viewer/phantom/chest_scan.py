"""How a chest is scanned: contrast phase, dose, kernel, breathing, and the artefacts that come with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from viewer.phantom.acquisition import noise_slice, spread
from viewer.phantom.chest_shape import UPPER_VEIN
from viewer.phantom.fields import OutputGrid
from viewer.phantom.progress import slices_done

if TYPE_CHECKING:
    from viewer.phantom.fields import FloatArray

    Voxels = np.ndarray[tuple[int, ...], np.dtype[np.int16]]

CONTRASTS = ("none", "arterial", "venous")
CONTRAST_WORDS = {
    "none": "no contrast medium",
    "arterial": "pulmonary arterial phase",
    "venous": "venous phase",
}
DOSES = ("standard", "low")
# Noise in the middle of the body, HU, with the soft kernel at 2.5 mm.
_NOISE_HU = {"standard": (9.0, 15.0), "low": (26.0, 42.0)}
KERNELS = ("soft", "lung")
# Blur in mm, highest frequency per mm, sharpening of edges, how much louder the noise is.
_KERNEL = {"soft": (0.55, 0.6, 0.0, 1.0), "lung": (0.32, 0.85, 0.45, 1.7)}


@frozen
class Blood:
    """HU of what contrast medium changes."""

    left: float
    right: float
    upper_vein: float
    lower_vein: float
    muscle: float
    liver: float
    spleen: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, contrast: str) -> Blood:
        """Return the densities for a contrast phase."""
        a, b, c = (float(v) for v in rng.uniform(0.0, 1.0, 3))
        if contrast == "none":
            plain = 38.0 + 8.0 * a
            return cls(plain, plain, plain, plain, 46.0, 58.0 + 8.0 * b, 50.0)
        if contrast == "arterial":
            return cls(160.0 + 130.0 * a, 290.0 + 150.0 * b, 480.0 + 320.0 * c, 62.0, 82.0, 66.0, 82.0)
        full = 120.0 + 70.0 * a
        return cls(full, full + 4.0, full + 12.0, full - 8.0, 98.0, 108.0, 118.0)


@frozen
class ChestScan:
    """One way to scan: see the constants of this module for the words."""

    contrast: str
    dose: str
    kernel: str
    sigma_hu: float
    step_mm: float
    step_z_mm: float
    streaks: bool

    @classmethod
    def drawn(
        cls,
        rng: np.random.Generator,
        contrast: str | None,
        dose: str | None,
        kernel: str | None,
        noise_hu: float | None,
        breathed: bool | None,
    ) -> ChestScan:
        """Return the scan of one seed, with what was asked for in place of what the seed says.

        Raises
        ------
        ValueError
            When a word is not one of those that are known.
        """
        wanted = (("contrast", contrast, CONTRASTS), ("dose", dose, DOSES), ("kernel", kernel, KERNELS))
        for name, word, known in wanted:
            if word is not None and word not in known:
                raise ValueError(f"{name} is one of {', '.join(known)}, not {word}.")
        by_seed = str(rng.choice(CONTRASTS, p=[0.5, 0.25, 0.25]))
        contrast, dose, kernel = contrast or by_seed, dose or "standard", kernel or "soft"
        sigma = float(rng.uniform(*_NOISE_HU[dose])) * _KERNEL[kernel][3]
        steps = float(rng.uniform(2.5, 6.0)), float(rng.uniform(-60.0, 40.0))
        moved = rng.random() < 0.2 if breathed is None else breathed
        sigma = sigma if noise_hu is None else noise_hu
        return cls(contrast, dose, kernel, sigma, steps[0] if moved else 0.0, steps[1], contrast == "arterial")

    @property
    def blur_mm(self) -> float:
        """Return the blur of the kernel within the slice."""
        return _KERNEL[self.kernel][0]

    @property
    def cutoff_per_mm(self) -> float:
        """Return the highest frequency of the kernel."""
        return _KERNEL[self.kernel][1]

    def acquired(
        self, rng: np.random.Generator, hu: FloatArray, lungs: FloatArray, spacing_mm: tuple[float, float, float]
    ) -> Voxels:
        """Return a slab `[k, j, i]` as int16 HU after blur, sharpening, noise and clipping to −1024 … 3071.

        `lungs` is the distance to the lungs in mm, negative inside: the noise is somewhat less there, and least in the
        air around the body.
        """
        blur, cutoff, sharpen, _ = _KERNEL[self.kernel]
        step = spacing_mm[0]
        out = np.empty(hu.shape, np.int16)
        for k in range(hu.shape[0]):
            plane = gaussian_filter(hu[k], blur / step) if blur > 0.2 * step else hu[k]
            if sharpen and step < 1.5:
                plane = plane + np.float32(sharpen) * (plane - gaussian_filter(plane, 1.1 / step))
            solid = (plane > -600.0).astype(np.float32)
            air = (lungs[k] < 0) & (solid == 0)
            body = spread(solid + np.float32(0.55) * air, 12.0 / step)
            bone = spread(np.clip(plane - 300.0, 0.0, 900.0) / np.float32(900.0), 14.0 / step)
            local = np.float32(self.sigma_hu) * (np.float32(0.12) + np.float32(0.88) * body + np.float32(0.8) * bone)
            noise = noise_slice(rng, (plane.shape[0], plane.shape[1]), step, min(cutoff, 0.45 / step))
            out[k] = np.clip(np.rint(plane + noise * local), -1024, 3071).astype(np.int16)
        slices_done(len(out))
        return out

    def words(self) -> list[str]:
        """Return what there is to say about the scan, a line each."""
        lines = [
            f"Scan: {CONTRAST_WORDS[self.contrast]}, {self.dose} dose (noise {self.sigma_hu:.0f} HU),"
            f" {self.kernel} kernel"
        ]
        if self.step_mm:
            lines.append(f"Mimic: breathing step of {self.step_mm:.1f} mm at height {self.step_z_mm:.0f} mm")
        if self.streaks:
            lines.append("Mimic: beam hardening from dense contrast medium in the superior vena cava")
        return lines


@frozen
class SteppedGrid(OutputGrid):
    """A grid during whose scan the patient breathed: above a height, the slices show anatomy further down."""

    step_mm: float = field(default=0.0)
    step_z_mm: float = field(default=0.0)

    def axes(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return x, y, z in mm of the anatomy that the voxel centres show."""
        xs, ys, zs = super().axes()
        return xs, ys, np.where(zs > self.step_z_mm, zs + np.float32(self.step_mm), zs).astype(np.float32)


def add_streaks(rng: np.random.Generator, hu: FloatArray, grid: OutputGrid, first: int, vein_hu: float) -> None:
    """Add dark and bright rays around the dense superior vena cava to slices from `first` on, in place."""
    xs, ys, zs = grid.axes()
    x, y = xs[None, :] - np.float32(UPPER_VEIN[0]), ys[:, None] - np.float32(UPPER_VEIN[1])
    away, turn = np.sqrt(x**2 + y**2), np.arctan2(y, x)
    phases = np.random.default_rng(int(vein_hu * 100)).uniform(0, 2 * np.pi, 5)
    height = 0.24 * (vein_hu - 200.0)
    for k, plane in enumerate(hu):
        z = float(zs[first + k])
        strength = height * float(np.exp(-(((z - 38.0) / 40.0) ** 2)))
        if strength < 3.0:
            continue
        shift = rng.normal(0, 0.25, 5)
        rays = sum(
            np.cos(n * turn + phase + 0.03 * z + float(jitter))
            for n, phase, jitter in zip((2, 3, 5, 7, 11), phases, shift, strict=True)
        )
        fall = np.exp(-away / np.float32(34.0)) * np.clip((away - 8.0) / 4.0, 0.0, 1.0)
        plane += (np.float32(strength * 0.62) * rays * fall * (plane > -930.0)).astype(np.float32)


def add_shoulder_noise(rng: np.random.Generator, hu: FloatArray, grid: OutputGrid, first: int, sigma_hu: float) -> None:
    """Add the long horizontal noise where the shoulders stop most of the beam, in place."""
    zs = grid.axes()[2]
    for k, plane in enumerate(hu):
        strength = sigma_hu * 0.6 * float(np.clip((zs[first + k] - 84.0) / 40.0, 0.0, 1.0))
        if strength < 1.0:
            continue
        white = gaussian_filter1d(rng.standard_normal(plane.shape, dtype=np.float32), 0.6 / grid.spacing_mm[1], axis=0)
        rows = gaussian_filter1d(white, 24.0 / grid.spacing_mm[0], axis=1)
        plane += rows * np.float32(strength / (rows.std() + 1e-6)) * np.clip((plane + 1000.0) / 500.0, 0.0, 1.0)
