"""Frames of unsigned 16 bit pixels compressed without loss, for synthetic series, and decoded bare, for comparison."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
from pydicom.uid import HTJ2KLossless, JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Pixels = np.ndarray[Any, np.dtype[np.uint16]]


def _run_lengths(stored: Pixels) -> bytes:
    """Return an RLE frame (DICOM PS3.5 annex G): high bytes, then low bytes, each row packed for itself."""
    segments = []
    for plane in ((stored >> 8).astype(np.uint8), (stored & 0xFF).astype(np.uint8)):
        packed = b"".join(imagecodecs.packbits_encode(row.tobytes()) for row in plane)
        segments.append(packed + bytes(len(packed) % 2))
    offsets = [64, 64 + len(segments[0])]
    return struct.pack("<16L", 2, *offsets, *[0] * 13) + b"".join(segments)


def _from_run_lengths(code: bytes) -> Any:
    return np.frombuffer(imagecodecs.dicomrle_decode(code, "<u2"), "<u2")


_ENCODERS: dict[str, Callable[[Pixels], bytes]] = {
    RLELossless: _run_lengths,
    JPEGLosslessSV1: lambda a: bytes(imagecodecs.jpeg8_encode(a, lossless=True, bitspersample=16)),
    JPEGLSLossless: lambda a: bytes(imagecodecs.jpegls_encode(a)),
    JPEG2000Lossless: lambda a: bytes(imagecodecs.jpeg2k_encode(a, codecformat="j2k", level=0, reversible=True)),
    HTJ2KLossless: lambda a: bytes(imagecodecs.htj2k_encode(a, reversible=True)),
}
_DECODERS: dict[str, Callable[[bytes], Any]] = {
    RLELossless: _from_run_lengths,
    JPEGLosslessSV1: imagecodecs.jpeg8_decode,
    JPEGLSLossless: imagecodecs.jpegls_decode,
    JPEG2000Lossless: imagecodecs.jpeg2k_decode,
    HTJ2KLossless: imagecodecs.htj2k_decode,
}
COMPRESSIONS: dict[str, str] = {
    "RLE": RLELossless,
    "JPEG lossless": JPEGLosslessSV1,
    "JPEG-LS": JPEGLSLossless,
    "HTJ2K": HTJ2KLossless,
    "JPEG 2000": JPEG2000Lossless,
}


def encoded(stored: Pixels, syntax: str) -> bytes:
    """Return the code stream of a frame in one of the transfer syntaxes of `COMPRESSIONS`."""
    return _ENCODERS[syntax](stored)


def decoded(code: bytes, syntax: str) -> NDArray[Any]:
    """Return the pixels of a code stream as the decoder gives them."""
    found: NDArray[Any] = _DECODERS[syntax](code)
    return found
