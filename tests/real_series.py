"""Real series, read without the program's own loader, so that it can be held against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.geometry import Verdict

if TYPE_CHECKING:
    from pathlib import Path


def original_slices(folder: Path) -> tuple[Any, dict[str, Any]]:
    """Return the values of a folder's slices in order along their normal, and the facts that a volume is made with."""
    import pydicom

    headers = [pydicom.dcmread(path, force=True) for path in sorted(folder.iterdir()) if path.is_file()]
    headers = [h for h in headers if "ImagePositionPatient" in h]
    first = headers[0]
    orientation = np.array(first.ImageOrientationPatient, dtype=float)
    normal = np.cross(orientation[:3], orientation[3:])
    headers.sort(key=lambda h: float(np.array(h.ImagePositionPatient, dtype=float) @ normal))
    slope, intercept = float(first.RescaleSlope), float(first.RescaleIntercept)
    padding = first.get("PixelPaddingValue")
    return np.stack([h.pixel_array * slope + intercept for h in headers]).astype(np.int16), {
        "positions": np.array([h.ImagePositionPatient for h in headers], dtype=float),
        "spacing": (float(first.PixelSpacing[1]), float(first.PixelSpacing[0])),
        "row": orientation[:3],
        "column": orientation[3:],
        "padding": None if padding is None else float(padding) * slope + intercept,
        "verdict": Verdict.RESAMPLED,
        "body_part": str(first.get("BodyPartExamined", "")),
    }
