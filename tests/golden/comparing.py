"""How far two pictures differ, and a picture that shows where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from PySide6.QtGui import QImage

KEPT = Path(__file__).parent / "kept"
Pixels = NDArray[np.uint8]


@frozen
class Tolerance:
    """How far a picture may be from the kept one, in steps of 255.

    `mean` of all differences; `share` of the pixels may differ by more than `much`.
    """

    mean: float
    much: int
    share: float


# Planes are computed by numpy and VTK's reslice alone: other processors round differently by one step here and there.
PLANE = Tolerance(mean=0.1, much=3, share=0.0005)
# Lines are smoothed at their edges, where versions of Qt differ a little.
OVERLAY = Tolerance(mean=0.15, much=24, share=0.002)
# Rays are cast by VTK's software; surfaces by the software OpenGL.
LOOK_3D = Tolerance(mean=0.6, much=24, share=0.005)


def load(name: str) -> Pixels | None:
    """Return a kept picture, None where there is none."""
    image = QImage(str(KEPT / f"{name}.png"))
    if image.isNull():
        return None
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def save(pixels: Pixels, path: Path) -> None:
    """Write a picture as PNG, grey where it has no colour."""
    pixels = np.ascontiguousarray(pixels)
    height, width, _ = pixels.shape
    image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    if np.ptp(pixels, axis=-1).max() == 0:
        image = image.convertToFormat(QImage.Format.Format_Grayscale8)
    assert image.save(str(path), "PNG", 0), path


def difference(found: Pixels, kept: Pixels, tolerance: Tolerance) -> str:
    """Return in words how two pictures differ beyond a tolerance, or ""."""
    if found.shape != kept.shape:
        return f"{found.shape[1]}×{found.shape[0]} pixels where there were {kept.shape[1]}×{kept.shape[0]}"
    apart = np.abs(found.astype(np.int16) - kept).max(axis=-1)
    mean, share = float(apart.mean()), float((apart > tolerance.much).mean())
    if mean <= tolerance.mean and share <= tolerance.share:
        return ""
    return (
        f"differs by {mean:.3f} of 255 in the mean ({tolerance.mean} may be), and {share:.2%} of the pixels by more "
        f"than {tolerance.much} ({tolerance.share:.2%} may)"
    )


def side_by_side(found: Pixels, kept: Pixels) -> Pixels:
    """Return the kept picture, the found one, and their difference times eight."""
    if found.shape != kept.shape:
        return found
    apart = np.clip(np.abs(found.astype(np.int16) - kept) * 8, 0, 255).astype(np.uint8)
    return np.concatenate([kept, found, apart], axis=1)
