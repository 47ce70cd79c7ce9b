from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.real_series import original_slices
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
        slices, facts = original_slices(real_data / folder)
        return made_volume(slices, **facts)

    return read
