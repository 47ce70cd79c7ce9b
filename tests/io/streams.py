"""Images whose code streams are made apart from their headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs

from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume

J2K, HTJ2K, JPEG_LS, LOSSLESS = (f"1.2.840.10008.1.2.4.{n}" for n in (90, 201, 80, 70))


def j2k(values: NDArray[Any], bits: int) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(values, codecformat="j2k", level=0, reversible=True, bitspersample=bits))


def htj2k(values: NDArray[Any], _bits: int) -> bytes:
    return bytes(imagecodecs.htj2k_encode(values))


def jpeg_ls(values: NDArray[Any], _bits: int) -> bytes:
    return bytes(imagecodecs.jpegls_encode(values))


def lossless(values: NDArray[Any], bits: int) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(values, lossless=True, bitspersample=bits))


def opened(
    made_ct: Any,
    values: NDArray[Any],
    syntax: str,
    stream: bytes,
    stored: int,
    *,
    signed: bool,
    high_bit: int | None = None,
) -> Volume:
    made_ct.slice(
        "a",
        values,
        syntax=syntax,
        stream=stream,
        BitsStored=stored,
        HighBit=stored - 1 if high_bit is None else high_bit,
        PixelRepresentation=int(signed),
        RescaleIntercept="0",
    )
    return reopened(made_ct)


def reopened(made_ct: Any) -> Volume:
    (entry,) = scan(made_ct.folder, JobContext()).series
    return assemble(entry, JobContext())


def lossy_j2k(values: NDArray[Any]) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(values, codecformat="j2k", level=60, reversible=False))


def lossy_htj2k(values: NDArray[Any]) -> bytes:
    return bytes(imagecodecs.htj2k_encode(values, level=0.0005, reversible=False))
