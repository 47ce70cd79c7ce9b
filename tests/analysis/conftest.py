from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from viewer.domain.geometry import SliceStack, Verdict
from viewer.domain.volume import SeriesFacts, Volume

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def made_volume(
    slices: Any,
    *,
    positions: Any = None,
    spacing: tuple[float, float] = (1.0, 1.0),
    row: Any = (1.0, 0.0, 0.0),
    column: Any = (0.0, 1.0, 0.0),
    padding: float | None = None,
    verdict: Verdict = Verdict.OK,
    **facts: Any,
) -> Volume:
    nk, nj, ni = slices.shape
    if positions is None:
        positions = np.arange(nk)[:, None] * np.cross(row, column)
    stack = SliceStack((ni, nj), spacing, row, column, positions)
    series = SeriesFacts(facts.pop("series_uid", "1.2.3"), modality="CT", **facts)
    return Volume(series, slices, stack, slices, stack.as_grid(), padding=padding, verdict=verdict)


@pytest.fixture
def make_volume() -> Callable[..., Volume]:
    return made_volume


@pytest.fixture(scope="session")
def real_volume(real_data: Path) -> Callable[[str], Volume]:
    """Original slices of a real series, read here without the program's own loader."""

    def read(folder: str) -> Volume:
        headers = [
            pydicom.dcmread(path, force=True) for path in sorted((real_data / folder).iterdir()) if path.is_file()
        ]
        headers = [h for h in headers if "ImagePositionPatient" in h]
        first = headers[0]
        orientation = np.array(first.ImageOrientationPatient, dtype=float)
        normal = np.cross(orientation[:3], orientation[3:])
        headers.sort(key=lambda h: float(np.array(h.ImagePositionPatient, dtype=float) @ normal))
        slope, intercept = float(first.RescaleSlope), float(first.RescaleIntercept)
        slices = np.stack([h.pixel_array * slope + intercept for h in headers]).astype(np.int16)
        padding = first.get("PixelPaddingValue")
        return made_volume(
            slices,
            positions=np.array([h.ImagePositionPatient for h in headers], dtype=float),
            spacing=(float(first.PixelSpacing[1]), float(first.PixelSpacing[0])),
            row=orientation[:3],
            column=orientation[3:],
            padding=None if padding is None else float(padding) * slope + intercept,
            verdict=Verdict.RESAMPLED,
            body_part=str(first.get("BodyPartExamined", "")),
        )

    return read
