"""Run lengths as DICOM packs them: every word in its place, whatever the segments end with, or a sentence."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest

from tests.io.conftest import rle
from viewer.domain.errors import CaseStageError, UnreadableFileError
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.run_lengths import unpacked_segment, unpacked_words
from viewer.io.scan import scan
from viewer.io.slice_header import PixelCode

if TYPE_CHECKING:
    from numpy.typing import NDArray

RLE = "1.2.840.10008.1.2.5"
SHAPE = (24, 32)


@pytest.fixture
def words() -> NDArray[np.uint16]:
    """Return words with runs and without, and with all ends of both bytes."""
    found = np.random.default_rng(3).integers(0, 1 << 16, SHAPE).astype(np.uint16)
    found[4:9] = 1024
    found[10, :4] = [0, 255, 256, 65535]
    return found


def segments(words: NDArray[np.uint16]) -> list[bytes]:
    """Return the packed high bytes and the packed low bytes."""
    code = rle(words)
    first, second = struct.unpack_from("<2L", code, 4)
    return [code[first:second], code[second:]]


def joined(parts: list[bytes]) -> bytes:
    offsets = [64 + len(b"".join(parts[:n])) for n in range(len(parts))]
    return struct.pack("<16L", len(parts), *offsets, *[0] * (15 - len(parts))) + b"".join(parts)


def opened(made_ct: Any, words: NDArray[np.uint16], stream: bytes) -> NDArray[Any]:
    made_ct.slice("a", words, syntax=RLE, stream=stream, RescaleIntercept="-32768")
    values: NDArray[Any] = assemble(scan(made_ct.folder, JobContext()).series[0], JobContext()).slices[0]
    return values


@pytest.mark.parametrize("more", [b"", b"\0\0", b"\x80\x80", b"\0" * 64])
def test_words_are_right_whatever_a_segment_is_filled_up_with(
    made_ct: Any, words: NDArray[np.uint16], more: bytes
) -> None:
    high, low = segments(words)
    parts = [high + more, low]
    values = opened(made_ct, words, joined(parts))
    assert values.dtype == np.int16
    assert np.array_equal(values, words.astype(int) - 32768)


@pytest.mark.parametrize("where", [0, 1], ids=["high", "low"])
@pytest.mark.parametrize(
    "rubbish",
    [b"\x7f", b"\x7f\1", b"\x81", b"\xff" * 1000, np.random.default_rng(1).bytes(101), b"\x81\7" * 70_000],
    ids=["a run cut off", "two bytes of 128", "a repeat cut off", "runs", "noise", "more than an image"],
)
def test_words_are_right_whatever_rubbish_lies_behind_them(
    made_ct: Any, words: NDArray[np.uint16], rubbish: bytes, where: int
) -> None:
    # As pydicom, DCMTK and GDCM read them: an image that is whole needs nothing of what follows.
    parts = segments(words)
    parts[where] += rubbish
    assert np.array_equal(opened(made_ct, words, joined(parts)), words.astype(int) - 32768)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_words_of_every_size_are_unpacked(size: int) -> None:
    words = np.random.default_rng(size).integers(0, 1 << 8 * size, SHAPE, dtype=f"u{size}")
    planes = [(words >> 8 * n & 0xFF).astype(np.uint8) for n in reversed(range(size))]
    stream = joined([imagecodecs.packbits_encode(plane.tobytes()) for plane in planes])
    found = unpacked_words(stream, PixelCode(RLE, *SHAPE, 8 * size, 8 * size, 8 * size - 1, False))
    assert found.dtype == words.dtype
    assert np.array_equal(found, words)


def short(words: NDArray[np.uint16], where: int) -> bytes:
    parts = segments(words)
    parts[where] = parts[where][: len(parts[where]) // 2]
    return joined(parts)


def with_header(words: NDArray[np.uint16], *header: int) -> bytes:
    code = joined(segments(words))
    return struct.pack(f"<{len(header)}L", *header) + code[4 * len(header) :]


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(lambda w: short(w, 0), id="high bytes end early"),
        pytest.param(lambda w: short(w, 1), id="low bytes end early"),
        pytest.param(lambda w: with_header(w, 2, 64, 64), id="a segment without bytes"),
        pytest.param(lambda w: with_header(w, 2, 200, 100), id="segments turned round"),
        pytest.param(lambda w: with_header(w, 2, 0, 64), id="a segment in the header"),
        pytest.param(lambda w: with_header(w, 2, 64, 0xFFFFFFF0), id="a segment far beyond the end"),
        pytest.param(lambda w: with_header(w, 3), id="too many segments"),
    ],
)
def test_damaged_segments_are_a_sentence_and_never_an_image(
    made_ct: Any, words: NDArray[np.uint16], damaged: Any
) -> None:
    with pytest.raises(CaseStageError, match=r"could not be read: the compressed pixels (are damaged|end early)"):
        opened(made_ct, words, damaged(words))


def by_the_letter(segment: bytes) -> bytes:
    """Return what PS3.5 annex G.3.2 says that a segment stands for."""
    found, at = bytearray(), 0
    while at < len(segment):
        control = segment[at]
        if control < 128:
            found += segment[at + 1 : at + 2 + control]
            at += control + 2
        elif control > 128:
            found += segment[at + 1 : at + 2] * (257 - control)
            at += 2
        else:
            at += 1
    return bytes(found)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("filling", [b"", b"\0", b"\x80", b"\x00\x07", b"\x81\x07" * 3])
def test_a_segment_holds_the_bytes_that_its_runs_stand_for(seed: int, filling: bytes) -> None:
    rng = np.random.default_rng(seed)
    runs = []
    for _ in range(200):
        count = int(rng.integers(1, 129))
        literal, same = bytes([count - 1]) + rng.bytes(count), bytes([257 - max(2, count)]) + rng.bytes(1)
        runs.append((literal, same, b"\x80")[rng.integers(0, 3)])
    segment = b"".join(runs)
    expected = by_the_letter(segment)
    assert bytes(unpacked_segment(segment + filling, len(expected))) == expected
    assert bytes(unpacked_segment(segment, len(expected) + 40)) == expected
    assert bytes(unpacked_segment(segment, len(expected) // 2)) == expected[: len(expected) // 2]


def test_a_segment_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="damaged"):
        unpacked_segment(b"\x81\0" * 4_000_000, 1000)
