"""Slices read or decoded straight into one preallocated array of rescaled values.

HU = stored value × slope + intercept, per slice (DICOM PS3.3 C.11.1.1.2); in int16 wherever that is exact.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from viewer.domain.errors import CaseStageError, TooLargeError, UnreadableFileError
from viewer.io.decode import decode_frame, in_stored_bits
from viewer.io.file_bytes import FileSource, reading
from viewer.io.header_walk import EXPLICIT_BIG
from viewer.io.open_images import OpenImages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.job import JobContext
    from viewer.io.slice_header import Frame

Values = Any
_THREADS = 2
_REPORT_EVERY_S = 0.03
_SHARE_OF_MEMORY = 0.7
_WITHOUT_KNOWING_BYTES = 16 << 30


class _NotExactError(Exception):
    """Values do not fit int16; the slices are read again as float32."""


@define
class SlicesRead:
    """Values [k, j, i] of the slices that could be read, which ones, and what went wrong with the others."""

    values: NDArray[np.int16] | NDArray[np.float32]
    failures: dict[int, CaseStageError] = field(factory=dict)
    notes: list[str] = field(factory=list)


def refuse_if_too_large(count: int, rows: int, columns: int, bytes_per_value: int) -> None:
    """Raise TooLargeError where an array would take more than 70 % of the memory that is free."""
    needed = count * rows * columns * bytes_per_value
    allowed = int(free_bytes() * _SHARE_OF_MEMORY)
    if needed > allowed:
        raise TooLargeError(
            f"The series needs {needed / 1e9:.1f} GB of memory; {allowed / 1e9:.1f} GB can be used.",
            "Close other programs, or open a smaller series.",
        )


def free_bytes() -> int:
    """Return how much memory can be had, or 16 GiB where the system does not say."""
    if sys.platform == "linux":
        try:
            with open("/proc/meminfo", encoding="ascii") as lines:
                for line in lines:
                    if line.startswith("MemAvailable:"):
                        return int(line.split()[1]) * 1024
        except (OSError, ValueError):
            pass
    return _WITHOUT_KNOWING_BYTES


def read_slices(frames: Sequence[Frame], ctx: JobContext) -> SlicesRead:
    """Return the rescaled values of frames of one size, in their order; a slice that fails is left out and named.

    Raises
    ------
    TooLargeError
        Where the values would not fit into memory.
    CancelledError
        When the work was cancelled.
    """
    whole_numbers = all(f.slope == int(f.slope) and f.intercept == int(f.intercept) for f in frames)
    dtypes: list[np.dtype[Any]] = (
        [np.dtype(np.int16), np.dtype(np.float32)] if whole_numbers else [np.dtype(np.float32)]
    )
    code = frames[0].code
    for dtype in dtypes:
        refuse_if_too_large(len(frames), code.rows, code.columns, dtype.itemsize)
        try:
            return _read(frames, dtype, ctx)
        except _NotExactError:
            continue
    raise AssertionError("float32 holds any value")


def _read(frames: Sequence[Frame], dtype: np.dtype[Any], ctx: JobContext) -> SlicesRead:
    code = frames[0].code
    try:
        result = SlicesRead(np.empty((len(frames), code.rows, code.columns), dtype))
    except MemoryError as error:
        raise TooLargeError("The series does not fit into memory.", "Close other programs.") from error
    turns = itertools.count()
    stop = threading.Event()
    ended_by: list[BaseException] = []

    def work(report: bool) -> None:
        told = time.monotonic()
        files = OpenImages()
        try:
            while not stop.is_set() and (k := next(turns)) < len(frames):
                ctx.stop_if_cancelled()
                if report and (now := time.monotonic()) - told > _REPORT_EVERY_S:
                    ctx.report(k, len(frames), f"Reading slice {k + 1} of {len(frames)}")
                    told = now
                try:
                    note = read_into(frames[k], result.values[k], files)
                    if note and note not in result.notes:
                        result.notes.append(note)
                except (UnreadableFileError, TooLargeError) as error:
                    result.failures[k] = error
        except BaseException as error:  # noqa: BLE001 - carried to the caller's thread and raised there
            ended_by.append(error)
            stop.set()
        finally:
            files.close()

    ctx.report(0, len(frames), f"Reading slice 1 of {len(frames)}")
    others = [threading.Thread(target=work, args=(False,), daemon=True) for _ in range(min(_THREADS, len(frames)) - 1)]
    for thread in others:
        thread.start()
    work(True)
    for thread in others:
        thread.join()
    if ended_by:
        raise ended_by[0]
    ctx.report(len(frames), len(frames), f"Reading slice {len(frames)} of {len(frames)}")
    if result.failures:
        result.values = result.values[[k for k in range(len(frames)) if k not in result.failures]]
    return result


def read_into(frame: Frame, out: Values, files: OpenImages) -> str:
    """Fill `out` [j, i] (int16 or float32) with a frame's rescaled values; returns a note, "" for nothing to say."""
    code = frame.code
    plain = code.native and code.bits_allocated == 16 and code.transfer_syntax != EXPLICIT_BIG
    if not plain or out.dtype != np.int16 or frame.problem:
        stored = decode_frame(frame, files)
        _rescale(stored.values, frame, out)
        return stored.note
    offset = frame.file.pixel_offset + frame.index * code.frame_bytes
    source = files.source(frame.file)
    room = memoryview(out).cast("B")
    if isinstance(source, FileSource):
        with reading():
            if source.fill(offset, room) < len(room):
                raise UnreadableFileError("The file ends early.")
    else:
        room[:] = files.bytes_of(frame.file, offset, len(room))
    words = out.view(np.uint16)
    if sys.byteorder == "big":
        words.byteswap(inplace=True)
    if code.bits_stored != 16:
        top = int(words.max(initial=0))
        # Unsigned words without dirty bits need no clearing; anything else is rare.
        if code.signed or code.high_bit != code.bits_stored - 1 or top >> code.bits_stored:
            words[...] = in_stored_bits(words, code, shifted=True).view(np.uint16)
    if frame.slope == 1 and frame.intercept == int(frame.intercept) and abs(frame.intercept) < 32768:
        _shift_in_place(words, int(frame.intercept), code.signed)
    else:
        _rescale(words.view(np.int16).copy() if code.signed else words.copy(), frame, out)
    return ""


def _shift_in_place(words: NDArray[np.uint16], intercept: int, signed: bool) -> None:
    """Add the intercept to stored words, two's complement, after proving that the sums fit int16."""
    values: Values = words.view(np.int16) if signed else words
    if (not signed or intercept > 0) and int(values.max(initial=0)) + intercept > 32767:
        raise _NotExactError
    low = int(values.min()) if intercept < 0 and signed else 0
    if intercept and low + intercept < -32768:
        raise _NotExactError
    if intercept:
        np.add(words, np.uint16(intercept & 0xFFFF), out=words)


def _rescale(stored: Values, frame: Frame, out: Values) -> None:
    slope, intercept = frame.slope, frame.intercept
    if out.dtype != np.int16:
        np.copyto(out, stored.astype(np.float64) * slope + intercept, casting="same_kind")
        return
    ends = [int(stored.min()) * int(slope) + int(intercept), int(stored.max()) * int(slope) + int(intercept)]
    if min(ends) < -32768 or max(ends) > 32767:
        raise _NotExactError
    if slope == 1:
        np.copyto(out, stored, casting="unsafe")
        np.add(out.view(np.uint16), np.uint16(int(intercept) & 0xFFFF), out=out.view(np.uint16))
    else:
        out[...] = stored.astype(np.int64) * int(slope) + int(intercept)
