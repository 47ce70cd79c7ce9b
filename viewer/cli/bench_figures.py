"""What a measured figure is, and the series that figures are measured on."""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from viewer.io.page_choice import PageChoice
from viewer.io.synthetic_dicom import INTERCEPT_HU, write_ct_series

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = 512
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"


@frozen
class Figure:
    """One measured figure; `target` is the largest value that is good enough, or None where none is set."""

    name: str
    value: float
    unit: str
    target: float | None
    ok: bool
    method: str


def figure(name: str, value: float, unit: str, target: float | None, method: str) -> Figure:
    """Return a figure with its value rounded and held against its target."""
    return Figure(name, round(value, 4), unit, target, target is None or value <= target, method)


def seconds(call: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    gc.collect()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def median_s(call: Callable[[], Any], times: int) -> float:
    """Return the median of how long a call takes."""
    return statistics.median(seconds(call) for _ in range(times))


def memory_handed_over(size: int) -> None:
    """Write to `size` bytes of fresh memory and give them back.

    The host of a virtual machine hands memory over when it is first written to, which can take twenty times as long as
    a copy into it. No other computer knows that time, nor does a machine that has been up for long.
    """
    PageChoice((size,), np.dtype(np.uint8)).values[:] = 1


def noise(count: int) -> NDArray[np.int16]:
    """Return [k, j, i] with the texture of a body in air; slices differ so that no cache helps."""
    rng = np.random.default_rng(1)
    j, i = np.mgrid[0:SIZE, 0:SIZE]
    body = np.where(np.hypot((i - 256) / 200, (j - 256) / 150) < 1, 40, -1000).astype(np.int16)
    grain = rng.normal(0, 15, (8, SIZE, SIZE)).astype(np.int16)
    return np.stack([np.maximum(body + np.roll(grain[k % 8], k, axis=1), INTERCEPT_HU) for k in range(count)])


def write_series(folder: Path, voxels: NDArray[np.int16], syntax: str = EXPLICIT_LITTLE) -> None:
    """Write voxels as a synthetic series in a transfer syntax."""
    write_ct_series(
        folder,
        voxels,
        origin_lps_mm=(-180.0, -180.0, 0.0),
        spacing_mm=(0.7, 0.7, 1.0),
        description="Bench, synthetic",
        body_part="CHEST",
        series_uid="2.25.1001",
        study_uid="2.25.1002",
        frame_uid="2.25.1003",
        syntax=syntax,
    )
