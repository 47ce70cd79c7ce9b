"""Small pictures of series for lists: the middle image under its own window, without identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import UnreadableFileError
from viewer.domain.job import JobContext
from viewer.domain.value_units import is_on_hu_scale
from viewer.domain.volume import Window
from viewer.io.dicom_geometry import arranged
from viewer.io.padding import with_one_padding
from viewer.io.read_slices import read_slices
from viewer.io.volume_files import middle_slice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.geometry import SliceStack
    from viewer.io.decoders import Decoders
    from viewer.io.series_entry import SeriesEntry

THUMBNAIL_PX = 192
_LEAST_CONTRAST = 4.0
_SOFT_TISSUE = Window(40.0, 400.0)


def thumbnail(entry: SeriesEntry, decoders: Decoders | None = None) -> NDArray[np.uint8]:
    """Return the middle image of a series, shape (h, w), the longer side 192 px, true to its pixels' shape.

    The image is turned as on the screen: patient right on the left, anterior or head up.

    Raises
    ------
    CaseStageError
        Where the middle image cannot be read, or images may show a name.
    """
    if any(frame.kind.worded for frame in entry.frames):
        raise UnreadableFileError("Words may be burned in, and small pictures are kept on disk.")
    values, stack = _middle(entry, decoders)
    window = entry.facts.windows[0] if entry.facts.windows else _window_of(values, entry)
    shown = _windowed(values, window)
    if float(np.ptp(shown)) < _LEAST_CONTRAST:
        # All black or all white tells nothing in a list.
        shown = _windowed(values, _spread(values))
    if entry.facts.monochrome1:
        shown = 255 - shown
    if _runs_against(stack.row_direction):
        shown = shown[:, ::-1]
    if _runs_against(stack.column_direction):
        shown = shown[::-1]
    return _shrunk(shown, stack.pixel_spacing_mm)


def _middle(entry: SeriesEntry, decoders: Decoders | None) -> tuple[NDArray[np.float32], SliceStack]:
    if entry.kind != "dicom":
        return middle_slice(entry)
    readable = [f for f in entry.frames if not f.problem] or list(entry.frames)
    frames = arranged(readable).frames
    middle = frames[len(frames) // 2]
    read = read_slices(with_one_padding([middle]), JobContext(), decoders)
    if read.failures:
        raise read.failures[0]
    return read.values[0].astype(np.float32), arranged([middle]).stack


def _windowed(values: NDArray[np.float32], window: Window) -> NDArray[Any]:
    """Return values as 0 to 255."""
    shown: NDArray[Any] = np.clip((values - (window.centre - window.width / 2)) / max(window.width, 1e-6), 0, 1)
    return shown * 255


def _window_of(values: NDArray[np.float32], entry: SeriesEntry) -> Window:
    return _SOFT_TISSUE if entry.frames and is_on_hu_scale(entry.frames[0].unit) else _spread(values)


def _spread(values: NDArray[np.float32]) -> Window:
    low, high = np.percentile(values, (2, 98))
    return Window(float(low + high) / 2, float(high - low) or 1.0)


def _runs_against(direction: Any) -> bool:
    """Return True where a direction of the image has to be turned to run left or back or to the feet."""
    axis = int(np.argmax(np.abs(direction)))
    wanted = -1.0 if axis == 2 else 1.0
    return bool(direction[axis] * wanted < 0)


def _shrunk(shown: NDArray[Any], spacing_mm: tuple[float, float]) -> NDArray[np.uint8]:
    """Return an image averaged (or repeated) to 192 px on its longer side in millimetres."""
    rows, columns = shown.shape
    width_mm, height_mm = columns * spacing_mm[0], rows * spacing_mm[1]
    scale = THUMBNAIL_PX / max(width_mm, height_mm)
    size = (max(1, round(height_mm * scale)), max(1, round(width_mm * scale)))
    for axis, wanted in enumerate(size):
        count = shown.shape[axis]
        edges = np.linspace(0, count, wanted + 1)
        if count >= wanted:
            starts = np.minimum(edges[:-1].astype(np.intp), count - 1)
            lengths = np.diff(np.append(starts, count))
            sums = np.add.reduceat(shown, starts, axis=axis)
            shown = sums / np.expand_dims(lengths, 1 - axis)
        else:
            shown = np.take(shown, np.minimum(((edges[:-1] + edges[1:]) / 2).astype(np.intp), count - 1), axis=axis)
    return np.ascontiguousarray(np.rint(shown).astype(np.uint8))
