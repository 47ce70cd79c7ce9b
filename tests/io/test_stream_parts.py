"""JPEG 2000 code streams that lack a part: decoders make up what is missing, so the image is not shown."""

from __future__ import annotations

import base64
import struct
from typing import Any

import numpy as np
import pytest

from tests.io.streams import HTJ2K, J2K, htj2k, opened
from viewer.domain.errors import CaseStageError

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
