"""Code streams that lack a part: decoders make up what is missing, so the image is not shown."""

from __future__ import annotations

import base64
import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest

from tests.io.streams import HTJ2K, J2K, htj2k, lossless, opened
from viewer.domain.errors import CaseStageError
from viewer.domain.geometry import Verdict

# 16 × 12 pixels in four tiles of 8 × 8, the lower two of 8 × 4.
TILED = base64.b64decode(
    "/0//UQApAAAAAAAQAAAADAAAAAAAAAAAAAAACAAAAAgAAAAAAAAAAAABBwEB/1IADAAAAAEAAAQEAAH/XAAEQED/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5K"
    "UEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAABKAAH/k9+ByBIrZxPc1u/eBziq0XfwEvyy3fM42hjgdZJxmlf0v+6ZpC8kzpBu6zAVLJjjbEtcS1i+5E4i"
    "cROIm/+QAAoAAQAAAEEAAf+Tx9RgEU/17h2Rq2NPyIULRo/X/CH44nCOwwjQ2WIU9SaXA3salSU57NruAjOkW0jKZv6//5AACgACAAAALQAB/5PPtHAR"
    "T/YM17tKickIndZlTWWGHyTNzKhjjaL7kTh//5AACgADAAAAKwAB/5PH1DQo9LcjE6Ati5tc2IHl1u75l7mzBGfIaBnjY//Z"
)
_PIXELS = np.add.outer(np.arange(12) * 5, np.arange(16) * 9).astype(np.uint16)


def in_parts(stream: bytes) -> tuple[bytes, list[bytes]]:
    """Return what stands before the first tile, and the part of each."""
    at = stream.index(b"\xff\x90")
    head, parts = stream[:at], []
    while stream[at : at + 2] == b"\xff\x90":
        (length,) = struct.unpack_from(">L", stream, at + 6)
        parts.append(stream[at : at + length])
        at += length
    return head, parts


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3]])
def test_an_image_whose_tiles_are_all_there_opens_in_whatever_order_they_lie(made_ct: Any, order: list[int]) -> None:
    head, parts = in_parts(TILED)
    stream = head + b"".join(parts[n] for n in order) + b"\xff\xd9"
    volume = opened(made_ct, _PIXELS, J2K, stream, 8, signed=False)
    assert np.array_equal(volume.slices[0], _PIXELS)


@pytest.mark.parametrize("tile", range(4))
def test_an_image_that_lacks_a_tile_is_not_shown_with_one_made_up(made_ct: Any, tile: int) -> None:
    head, parts = in_parts(TILED)
    stream = head + b"".join(parts[:tile] + parts[tile + 1 :]) + b"\xff\xd9"
    with pytest.raises(CaseStageError, match="a part of the compressed pixels is missing"):
        opened(made_ct, _PIXELS, J2K, stream, 8, signed=False)


@pytest.mark.parametrize("kept", [0.3, 0.5, 0.7, 0.9])
def test_an_image_that_was_cut_and_given_an_end_is_not_shown(made_ct: Any, kept: float) -> None:
    j, i = np.mgrid[0:64, 0:64]
    values = (1000 + 9 * j + 5 * i + np.random.default_rng(0).integers(0, 60, (64, 64))).astype(np.uint16)
    stream = htj2k(values, 16)
    with pytest.raises(CaseStageError, match="could not be read"):
        opened(made_ct, values, HTJ2K, stream[: int(kept * len(stream))] + b"\xff\xd9", 16, signed=False)


@pytest.mark.parametrize("length", [0, None])
def test_an_image_whose_only_part_does_not_say_how_long_it_is_opens(made_ct: Any, length: int | None) -> None:
    values = made_ct.pixels().astype(np.uint16)
    head, (part,) = in_parts(htj2k(values, 16))
    part = part if length is None else part[:6] + struct.pack(">L", length) + part[10:]
    volume = opened(made_ct, values, HTJ2K, head + part + b"\xff\xd9", 16, signed=False)
    assert np.array_equal(volume.slices[0], values)


def _ramp(top: int) -> Any:
    j, i = np.mgrid[0:64, 0:64]
    return ((1000 + 9 * j + 5 * i + np.random.default_rng(0).integers(0, 60, (64, 64))) * top // 2048).astype(np.uint16)


JPEG_KINDS: dict[str, tuple[str, int, Any]] = {
    "lossless": ("70", 16, lambda values: lossless(values, 16)),
    "lossless, 12 bits": ("70", 12, lambda values: lossless(values, 12)),
    "extended": ("51", 12, lambda values: bytes(imagecodecs.jpeg8_encode(values, level=95, bitspersample=12))),
    "baseline": ("50", 8, lambda values: bytes(imagecodecs.jpeg8_encode(values.astype(np.uint8), level=95))),
}


@pytest.mark.parametrize("name", JPEG_KINDS)
@pytest.mark.parametrize("kept", [0.4, 0.6, 0.95])
def test_a_jpeg_that_was_cut_and_given_an_end_is_not_shown(made_ct: Any, name: str, kept: float) -> None:
    syntax, bits, encode = JPEG_KINDS[name]
    values = _ramp(1 << min(bits, 12) >> 1)
    stream = encode(values)
    begin = stream.index(b"\xff\xda") + 14
    cut = stream[: begin + int(kept * (len(stream) - begin))] + b"\xff\xd9"
    with pytest.raises(CaseStageError, match="the compressed pixels end early"):
        opened(made_ct, values, f"1.2.840.10008.1.2.4.{syntax}", cut, bits, signed=False)


@pytest.mark.parametrize("name", JPEG_KINDS)
@pytest.mark.parametrize("rows", [1, 20])
def test_a_whole_jpeg_that_ends_as_one_that_was_cut_is_shown(made_ct: Any, name: str, rows: int) -> None:
    syntax, bits, encode = JPEG_KINDS[name]
    values = _ramp(1 << min(bits, 12) >> 1)
    # What a decoder gives rows that it has no pixels for: here they are the image's own.
    values[-rows:] = 1 << (bits - 1)
    volume = opened(made_ct, values, f"1.2.840.10008.1.2.4.{syntax}", encode(values), bits, signed=False)
    assert np.abs(volume.slices[0].astype(int)[-1] - (1 << (bits - 1))).max() <= (0 if syntax == "70" else 250)
    assert volume.verdict is Verdict.OK
