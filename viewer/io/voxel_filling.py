"""Voxels of a stored volume, read slice by slice into one array: int16 wherever that is exact, else float32."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from attrs import define, evolve, field
from numpy.typing import NDArray

from viewer.domain.count_words import count_words
from viewer.domain.errors import TooLargeError, UnreadableFileError
from viewer.io.memory import refuse_or_offer_smaller
from viewer.io.voxel_stream import VoxelStream

if TYPE_CHECKING:
    from viewer.domain.job import JobContext
    from viewer.io.beside_header import Opener
    from viewer.io.reading_order import ReadingOrder
    from viewer.io.stored_volume import StoredVolume

_REPORT_EVERY_S = 0.03
_RATE_AFTER_S = 0.3
_INT16 = np.iinfo(np.int16)
_LARGEST_EXACT_FLOAT32 = 1 << 24
_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
_PADDING_BELOW = 1000


@define
class Voxels:
    """Values [k, j, i], the lowest of them, what stands where there is no number, and what is to be said.

    `lowest` leaves out the padding. `more` tells that the file holds more slices than its header says, as far as the
    slices that were read tell.
    """

    values: NDArray[np.int16] | NDArray[np.float32]
    lowest: float
    padding: float | None = None
    notes: list[str] = field(factory=list)
    more: bool = False


class OnSlice(Protocol):
    """Is told of slices as they come in: the array, which of its slices, and the lowest value so far."""

    def __call__(self, values: NDArray[Any], k: int, lowest: float) -> None:
        """Take a slice that is whole and holds numbers alone. Another array than before holds other types."""


def read_voxels(
    volume: StoredVolume,
    part: int,
    planes: range,
    order: int,
    opener: Opener,
    ctx: JobContext,
    on_slice: OnSlice | None = None,
    turns: ReadingOrder | None = None,
    shrink: int = 1,
) -> Voxels:
    """Return the values of some slices of one part of a volume.

    Parameters
    ----------
    volume
        What the header says.
    part
        Which of its volumes, from 0.
    planes
        Which of its slices, counted as they are stored.
    order
        -1 to return them in reverse.
    opener
        Opens the files that the header names.
    ctx
        Progress in slices; cancel within slices.
    on_slice
        Is told of slices as they come in, on this thread.
    turns
        The order in which to read slices, those of the array returned, where any can be read without those before it;
        else, and by default, they are read as they are stored.
    shrink
        Means over squares of so many voxels of a slice instead of all voxels, where all would not fit into memory.

    Raises
    ------
    UnreadableFileError
        Where a file is not there, is damaged, ends early, or holds no numbers.
    TooLargeError
        Where the values would not fit into memory.
    CancelledError
        When the work was cancelled.
    """
    ni, nj, _ = volume.size_ijk
    slab = _Slab(volume, part)
    as_stored = volume.dtype.kind == "i" and volume.dtype.itemsize == 2 and not volume.scaled and slab.axis is None

    def needed(by: int) -> int:
        if as_stored and by == 1:
            return len(planes) * nj * ni * 2
        # Another type may have to become float32 halfway; one slab at a time is turned over a few times.
        return (len(planes) * (nj // by) * (ni // by) + 12 * nj * ni + slab.bytes) * 6

    refuse_or_offer_smaller(needed, shrink, (ni, nj))
    before = slab.first_byte + planes.start * slab.bytes
    with VoxelStream(volume.stored, opener, ctx, slab.bytes) as stream:
        if before and volume.stored.packed:
            ctx.report(0, len(planes), "Unpacking what lies before this volume")
        stream.pass_over(before)
        stream.check()
        try:
            filling = _Filling((len(planes), nj // shrink, ni // shrink), volume, shrink)
            told, began = -np.inf, time.monotonic()
            steered = turns if stream.anywhere else None
            for n in range(len(planes)):
                if (now := time.monotonic()) - told > _REPORT_EVERY_S:
                    ctx.report(n, len(planes), _words(n, len(planes), slab.bytes, now - began))
                    told = now
                k = (n if order > 0 else len(planes) - 1 - n) if steered is None else steered.next()
                assert k is not None
                if steered is not None:
                    stored = k if order > 0 else len(planes) - 1 - k
                    stream.go_to(before + stored * slab.bytes)
                filling.take(k, slab, stream)
                if on_slice is not None and filling.is_whole(k):
                    on_slice(filling.values, k, filling.lowest)
        except MemoryError as error:
            raise TooLargeError("The series does not fit into memory.", "Close other programs.") from error
        stream.finish()
    ctx.report(len(planes), len(planes), f"Reading slice {len(planes)} of {len(planes)}")
    return evolve(filling.done(), more=stream.behind >= slab.bytes)


def _words(done: int, count: int, slab_bytes: int, passed_s: float) -> str:
    words = f"Reading slice {done + 1} of {count}"
    return f"{words}, {done * slab_bytes / 1e6 / passed_s:.0f} MB/s" if passed_s > _RATE_AFTER_S else words


class _Slab:
    """The stored numbers between one slice and the next: of one part where parts come last, else of all."""

    def __init__(self, volume: StoredVolume, part: int) -> None:
        ni, nj, nk = volume.size_ijk
        self.part = part
        self.axis: int | None = None
        self.shape: tuple[int, ...] = (nj, ni)
        if volume.part_axis is not None and volume.part_axis < 3 and volume.parts > 1:
            self.shape = volume.axes[2::-1]
            self.axis = 2 - volume.part_axis
        self.bytes = int(np.prod(self.shape, dtype=object)) * volume.dtype.itemsize
        self.first_byte = 0 if self.axis is not None else part * nk * self.bytes


class _Filling:
    """Fills the array; it becomes float32 at the first value that int16 does not hold exactly."""

    def __init__(self, shape: tuple[int, int, int], volume: StoredVolume, shrink: int) -> None:
        self._shrink = shrink
        self._dtype = volume.dtype
        self._slope, self._intercept = volume.slope, volume.intercept
        self._scaled = volume.scaled
        self.values: Any = np.empty(shape, np.int16)
        self._filled: list[int] = []
        self._buffer: Any = None
        self._missing: dict[int, NDArray[np.uint8]] = {}
        self._missing_count = 0
        self._rounded = False
        self.lowest = np.inf

    def take(self, k: int, slab: _Slab, stream: VoxelStream) -> None:
        """Read the next slab of the stream into slice `k`."""
        out = self.values[k]
        as_it_is = slab.axis is None and not self._scaled and self._shrink == 1
        if as_it_is and out.dtype == self._dtype.newbyteorder("=") == np.int16:
            stream.read_into(memoryview(out).cast("B"))
            if not self._dtype.isnative:
                out.byteswap(inplace=True)
            self.lowest = min(self.lowest, int(out.min()))
        else:
            if self._buffer is None:
                self._buffer = np.empty(slab.shape, self._dtype)
            stream.read_into(memoryview(self._buffer).cast("B"))
            self._put(k, self._buffer if slab.axis is None else self._buffer.take(slab.part, axis=slab.axis))
        self._filled.append(k)

    def is_whole(self, k: int) -> bool:
        """Return True where all of a slice that was taken are numbers."""
        return k not in self._missing

    def _put(self, k: int, stored: NDArray[Any]) -> None:
        if not self._dtype.isnative:
            stored = stored.astype(self._dtype.newbyteorder("="))
        numbers = self._rescaled(stored) if self._scaled else stored
        if self._shrink > 1:
            numbers = self._means(numbers)
        low, high = numbers.min().item(), numbers.max().item()
        if not (np.isfinite(low) and np.isfinite(high) and max(-low, high) <= _LARGEST_FLOAT32):
            numbers = self._without_missing(k, numbers)
            low, high = numbers.min().item(), numbers.max().item()
        else:
            self.lowest = min(self.lowest, low)
        if self.values.dtype == np.int16:
            out = self.values[k]
            if low >= _INT16.min and high <= _INT16.max:
                np.copyto(out, numbers, casting="unsafe")
                if numbers.dtype.kind in "iu" or np.array_equal(out, numbers):
                    return
            self._widen()
        self._rounded |= numbers.dtype.kind in "iu" and max(-low, high) > _LARGEST_EXACT_FLOAT32
        np.copyto(self.values[k], numbers, casting="unsafe")

    def _rescaled(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Return stored numbers × slope + intercept, in whole numbers where that is exact."""
        slope, intercept = self._slope, self._intercept
        if stored.dtype.kind in "iu" and stored.itemsize <= 2 and slope == int(slope) and intercept == int(intercept):
            if abs(slope) * 65536 + abs(intercept) < 1 << 31:
                return stored.astype(np.int32) * np.int32(slope) + np.int32(intercept)
        # Of what is no number, or becomes none, is told below.
        with np.errstate(invalid="ignore", over="ignore"):
            return stored.astype(np.float64) * slope + intercept

    def _means(self, numbers: NDArray[Any]) -> NDArray[np.float64]:
        """Return means over squares, whole where all numbers are; no number where half or more of a square is none."""
        by, (rows, columns) = self._shrink, self.values.shape[1:]
        squares = numbers[: rows * by, : columns * by].reshape(rows, by, columns, by)
        if squares.dtype.kind in "iu":
            whole: NDArray[np.float64] = np.rint(squares.mean(axis=(1, 3), dtype=np.float64))
            return whole
        there = np.isfinite(squares) & (np.abs(squares) <= _LARGEST_FLOAT32)
        kept = np.where(there, squares, 0)
        count = there.sum(axis=(1, 3))
        means: NDArray[np.float64] = kept.sum(axis=(1, 3), dtype=np.float64) / np.maximum(count, 1)
        if np.array_equal(kept, np.rint(kept)):
            means = np.rint(means)
        means[2 * count <= by * by] = np.nan
        return means

    def _without_missing(self, k: int, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return numbers with one of them in place of what is none, and remember where that was."""
        there = np.isfinite(numbers) & (np.abs(numbers) <= _LARGEST_FLOAT32)
        self._missing[k] = np.packbits(~there)
        self._missing_count += there.size - int(np.count_nonzero(there))
        self.lowest = min(self.lowest, float(numbers.min(where=there, initial=np.inf)))
        return np.where(there, numbers, numbers[there][0] if there.any() else 0)

    def _widen(self) -> None:
        wide = np.empty(self.values.shape, np.float32)
        for k in self._filled:
            wide[k] = self.values[k]
        self.values = wide

    def done(self) -> Voxels:
        """Return what was read."""
        notes = []
        if self._rounded:
            notes.append("Numbers above 16,777,216 are rounded.")
        if not self._missing:
            return Voxels(self.values, float(self.lowest), notes=notes)
        if self.lowest == np.inf:
            raise UnreadableFileError("The file holds no numbers.")
        padding = min(float(np.floor(self.lowest)) - _PADDING_BELOW, _next_below(self.lowest))
        if self.values.dtype == np.int16 and padding < _INT16.min:
            self._widen()
        for k, packed in self._missing.items():
            one = self.values[k]
            one[np.unpackbits(packed, count=one.size).reshape(one.shape).astype(bool)] = padding
        holds = "holds" if self._missing_count == 1 else "hold"
        notes.append(f"{count_words(self._missing_count, 'voxel')} {holds} no number.")
        return Voxels(self.values, float(self.lowest), float(self.values.dtype.type(padding)), notes)


def _next_below(value: float) -> float:
    return float(np.nextafter(np.float32(value), np.float32(-np.inf)))
