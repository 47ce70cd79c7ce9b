"""Pictures coded as AV1 by libaom, which comes with imagecodecs (both BSD): a sequence in, coded pictures out.

libavif hands a sequence over as an AVIF file. What it holds is taken out of it again, because a film is another file.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

QUALITY = 72
_SPEED = 8
_THREADS = 2
_DELIMITER = b"\x12\x00"


def coded(pictures: Sequence[NDArray[np.uint8]]) -> tuple[bytes, list[bytes]]:
    """Return the configuration record and the coded form of pictures of RGB, shape (h, w, 3); the first is a key.

    At least two are needed: one alone is coded as a still picture.

    Raises
    ------
    ValueError
        When there is only one, or they could not be coded.
    """
    if len(pictures) < 2:
        raise ValueError("a sequence has at least two pictures")
    try:
        made = imagecodecs.avif_encode(
            np.stack(pictures), level=QUALITY, speed=_SPEED, pixelformat="yuv420", codec="aom", numthreads=_THREADS
        )
        file = bytes(made)
    except imagecodecs.AvifError as error:
        raise ValueError("the pictures could not be coded") from error
    samples, configuration = _table(file)
    if len(samples) != len(pictures):
        raise ValueError("not every picture was coded")
    return configuration, samples


def _table(file: bytes) -> tuple[list[bytes], bytes]:
    """Return the samples of the one track of an ISO base media file (ISO 14496-12), and its `av1C` record."""
    place = memoryview(file)
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        place = _box(place, name)
    (_, size, count) = struct.unpack_from(">III", _box(place, b"stsz"))
    sizes = [size] * count if size else list(struct.unpack_from(f">{count}I", _box(place, b"stsz"), 12))
    starts = _starts(place)
    runs = [struct.unpack_from(">III", _box(place, b"stsc"), 8 + 12 * n) for n in range(_count(place, b"stsc"))]
    samples: list[bytes] = []
    for chunk, start in enumerate(starts, start=1):
        held = next(of for first, of, _ in reversed(runs) if first <= chunk)
        for length in sizes[len(samples) : len(samples) + held]:
            # Films of Matroska leave the delimiters between pictures out.
            samples.append(file[start : start + length].removeprefix(_DELIMITER))
            start += length
    # A sample entry for video has 78 bytes before its boxes, and the list of entries 8.
    entry = _box(_box(place, b"stsd")[8:], b"av01")[78:]
    return samples, bytes(_box(entry, b"av1C"))


def _starts(table: memoryview) -> list[int]:
    for name, kind in ((b"stco", "I"), (b"co64", "Q")):
        if any(found == name for found, _ in _boxes(table)):
            return list(struct.unpack_from(f">{_count(table, name)}{kind}", _box(table, name), 8))
    raise ValueError("the coded pictures are nowhere")


def _count(table: memoryview, name: bytes) -> int:
    return int(struct.unpack_from(">I", _box(table, name), 4)[0])


def _box(place: memoryview, wanted: bytes) -> memoryview:
    for name, content in _boxes(place):
        if name == wanted:
            return content
    raise ValueError(f"there is no {wanted.decode()}")


def _boxes(place: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = 0
    while at + 8 <= len(place):
        size, name = struct.unpack_from(">I4s", place, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", place, at + 8)
            head = 16
        if size < head:
            return
        yield name, place[at + head : at + size]
        at += size
