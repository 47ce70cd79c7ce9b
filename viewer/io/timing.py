"""What reading is held against: the bare decoders, and the ways in which others read a series."""

from __future__ import annotations

import statistics
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.io.decode import stored_bytes
from viewer.io.lossless_frames import decoded
from viewer.io.open_images import OpenImages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from viewer.io.slice_header import Frame


def bare_decoding_s(frames: Sequence[Frame], times: int) -> float:
    """Return seconds per frame of the fastest decoder alone, one thread, code streams in memory; median of `times`."""
    with OpenImages() as files:
        streams = [stored_bytes(frame, files) for frame in frames]
    syntax = frames[0].code.transfer_syntax
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        for stream in streams:
            decoded(stream, syntax)
        taken.append((time.perf_counter() - start) / len(streams))
    return statistics.median(taken)


def stack_with_pydicom(files: Sequence[Path]) -> None:
    """Read a series as scripts do: every file with pydicom, sorted, stacked, rescaled as floating point numbers."""
    from pydicom import dcmread

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        slices = sorted((dcmread(file) for file in files), key=lambda s: float(s.ImagePositionPatient[2]))
        np.stack([s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices])


def read_with_simpleitk(folder: Path) -> bool:
    """Read a series with SimpleITK's series reader, scan and sort included; False where it is not installed."""
    with warnings.catch_warnings():
        # Its bindings warn of themselves.
        warnings.simplefilter("ignore")
        try:
            import SimpleITK
        except ImportError:
            return False
        itk: Any = SimpleITK
        reader = itk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
        reader.Execute()
    return True
