"""The stored frames of a DICOM segmentation, one at a time, whichever way they are packed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from viewer.domain.errors import TooLargeError, UnreadableFileError
from viewer.io.run_lengths import unpacked_segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", _BIG_ENDIAN)
_RLE = "1.2.840.10008.1.2.5"
_DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.201")
JPEG_LS = ("1.2.840.10008.1.2.4.80",)
_MOST_PIXELS = 16384 * 16384


def stored_frames(dataset: Dataset) -> Iterator[NDArray[Any]]:
    """Yield the stored values of each frame, unsigned, shape (rows, columns); 0 and 1 where one bit is stored.

    Raises
    ------
    UnreadableFileError
        When pixels are missing or packed in a way that is not understood.
    TooLargeError
        When a frame says to be larger than any image.
    """
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if rows * columns > _MOST_PIXELS:
        raise TooLargeError(f"The segmentation says that its frames are {columns} × {rows} pixels large.")
    bits = int(dataset.BitsAllocated)
    if bits not in (1, 8, 16):
        raise UnreadableFileError(f"Segmentations of {bits} bits per pixel are not understood.")
    count = int(dataset.get("NumberOfFrames", 1))
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    if syntax in _NATIVE:
        yield from _native(dataset, count, rows, columns, bits)
        return
    from pydicom.encaps import generate_frames

    for stream in generate_frames(dataset.PixelData, number_of_frames=count):
        yield _decoded(stream, syntax, rows, columns, bits)


def _native(dataset: Dataset, count: int, rows: int, columns: int, bits: int) -> Iterator[NDArray[Any]]:
    raw = np.frombuffer(dataset.PixelData, dtype=np.uint8)
    if len(raw) < (count * rows * columns * bits + 7) // 8:
        raise UnreadableFileError("The segmentation ends early.", "Export it again from the program that made it.")
    big = str(dataset.file_meta.TransferSyntaxUID) == _BIG_ENDIAN
    if big and bits == 1 and dataset["PixelData"].VR == "OW":
        # Words, not bytes, are turned round in big-endian files (PS3.5 8.1.1, annex D).
        raw = raw[: len(raw) // 2 * 2].view(np.uint16).byteswap().view(np.uint8)
    size = rows * columns
    for n in range(count):
        if bits == 1:
            # Frames follow each other without a gap, so one may begin in the middle of a byte.
            first, last = n * size, (n + 1) * size
            part = np.unpackbits(raw[first // 8 : (last + 7) // 8], bitorder="little")
            yield part[first % 8 : first % 8 + size].reshape(rows, columns)
        elif bits == 8:
            yield raw[n * size : (n + 1) * size].reshape(rows, columns)
        else:
            words = raw[n * size * 2 : (n + 1) * size * 2].view(">u2" if big else "<u2")
            yield words.astype(np.uint16).reshape(rows, columns)


def _decoded(stream: bytes, syntax: str, rows: int, columns: int, bits: int) -> NDArray[Any]:
    import imagecodecs

    size = rows * columns
    packed = (size + 7) // 8 if bits == 1 else size * bits // 8
    if syntax in JPEG_2000 or syntax in JPEG_LS:
        decode = imagecodecs.jpeg2k_decode if syntax in JPEG_2000 else imagecodecs.jpegls_decode
        return np.asarray(decode(stream)).reshape(rows, columns)
    if syntax == _RLE:
        plain = _run_lengths(stream, size * max(bits, 8) // 8)
    elif syntax == _DEFLATED_FRAMES:
        plain = zlib.decompressobj(-15).decompress(stream, size * max(bits, 8) // 8 + 2)
    else:
        raise UnreadableFileError(
            "The segmentation is compressed in a way that is not supported.", detail=f"transfer syntax {syntax}"
        )
    if bits == 1 and len(plain) in (packed, packed + packed % 2):
        unpacked = np.unpackbits(np.frombuffer(plain, np.uint8), bitorder="little")
        return unpacked[:size].reshape(rows, columns)
    values = np.frombuffer(plain, "<u2" if bits == 16 else np.uint8)
    if len(values) < size:
        raise UnreadableFileError("The segmentation ends early.", "Export it again from the program that made it.")
    return values[:size].reshape(rows, columns)


def _run_lengths(stream: bytes, most: int) -> bytes:
    """Return a run-length coded frame (PS3.5 annex G), little-endian; `most` bounds each of its byte planes."""
    count = int.from_bytes(stream[:4], "little")
    if not 1 <= count <= 2:
        raise UnreadableFileError("The segmentation's pixels are damaged.")
    offsets = [int.from_bytes(stream[4 + 4 * n : 8 + 4 * n], "little") for n in range(count)] + [len(stream)]
    planes = [unpacked_segment(stream[offsets[n] : offsets[n + 1]], most) for n in range(count)]
    if count == 1:
        return planes[0].tobytes()
    # The most significant byte's plane comes first.
    if len(planes[0]) != len(planes[1]):
        raise UnreadableFileError("The segmentation's pixels are damaged.")
    return np.stack(planes[::-1], axis=-1).tobytes()
