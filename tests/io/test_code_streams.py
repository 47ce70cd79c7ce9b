"""Compressed pixels that disagree with their header about sign and bits give the right HU, or say what was done."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from tests.io.streams import (
    HTJ2K,
    J2K,
    JPEG_LS,
    LOSSLESS,
    htj2k,
    j2k,
    jpeg_ls,
    lossless,
    lossy_htj2k,
    lossy_j2k,
    opened,
)
from viewer.domain.errors import CaseStageError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io import image_header
from viewer.io.assemble import assemble
from viewer.io.decode import SIGNED_STREAM, UNSIGNED_STREAM
from viewer.io.scan import scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def low(made_ct: Any) -> Any:
    """Return values with and without a minus, that fit twelve bits with sign."""
    values = made_ct.pixels() - np.int16(1500)
    values[4, 4:8] = [-2048, -1, 0, 2047]
    return values


# Codec, its syntax, whether its code stream has a sign, bits of the code stream, bits stored.
SIGNED_HEADERS: list[tuple[Callable[[Any, int], bytes], str, bool, int, int]] = [
    (j2k, J2K, True, 16, 16),
    (j2k, J2K, False, 16, 16),
    (j2k, J2K, True, 12, 12),
    (j2k, J2K, False, 12, 12),
    (j2k, J2K, True, 12, 16),
    (j2k, J2K, True, 16, 12),
    (j2k, J2K, False, 16, 12),
    (htj2k, HTJ2K, True, 16, 16),
    (htj2k, HTJ2K, False, 16, 16),
    (htj2k, HTJ2K, False, 16, 12),
    (jpeg_ls, JPEG_LS, False, 16, 16),
    (jpeg_ls, JPEG_LS, False, 16, 12),
    (lossless, LOSSLESS, False, 16, 16),
    (lossless, LOSSLESS, False, 16, 12),
    (lossless, LOSSLESS, False, 12, 12),
]


@pytest.mark.parametrize(("codec", "syntax", "sign", "bits", "stored"), SIGNED_HEADERS)
def test_values_below_zero_come_back_under_a_signed_header(
    made_ct: Any, low: Any, codec: Callable[[Any, int], bytes], syntax: str, sign: bool, bits: int, stored: int
) -> None:
    words = low if sign else (low.astype(np.int32) & ((1 << bits) - 1)).astype(np.uint16)
    volume = opened(made_ct, low, syntax, codec(words, bits), stored, signed=True)
    assert volume.slices.dtype == np.int16
    assert np.array_equal(volume.slices[0], low)
    # JPEG and JPEG-LS know of no sign; JPEG 2000 says outright that there is none.
    assert volume.reasons == ((UNSIGNED_STREAM,) if syntax in (J2K, HTJ2K) and not sign else ())


@pytest.mark.parametrize(("codec", "syntax"), [(jpeg_ls, JPEG_LS), (lossless, LOSSLESS), (j2k, J2K)])
def test_twelve_bits_that_were_never_given_their_sign_get_it(
    made_ct: Any, low: Any, codec: Callable[[Any, int], bytes], syntax: str
) -> None:
    volume = opened(made_ct, low, syntax, codec((low & 0x0FFF).astype(np.uint16), 16), 12, signed=True)
    assert np.array_equal(volume.slices[0], low)
    assert volume.reasons == ((UNSIGNED_STREAM,) if syntax == J2K else ())


@pytest.mark.parametrize(("codec", "syntax"), [(j2k, J2K), (htj2k, HTJ2K)])
def test_where_no_value_hangs_on_the_sign_nothing_is_said_of_it(
    made_ct: Any, codec: Callable[[Any, int], bytes], syntax: str
) -> None:
    values = made_ct.pixels().astype(np.uint16)
    assert opened(made_ct, values.view(np.int16), syntax, codec(values, 16), 16, signed=True).reasons == ()


@pytest.mark.parametrize(("codec", "syntax"), [(j2k, J2K), (htj2k, HTJ2K)])
@pytest.mark.parametrize("stored", [12, 16])
def test_code_stream_with_a_sign_is_believed_where_the_header_has_none(
    made_ct: Any, low: Any, codec: Callable[[Any, int], bytes], syntax: str, stored: int
) -> None:
    volume = opened(made_ct, low, syntax, codec(low, 16), stored, signed=False)
    assert np.array_equal(volume.slices[0], low)
    assert volume.reasons == (SIGNED_STREAM,)
    assert volume.verdict is Verdict.UNTRUSTED


@pytest.mark.parametrize(
    ("codec", "syntax"),
    [(lossy_j2k, "91"), (lossy_htj2k, "203"), (lossy_htj2k, "201")],
    ids=["J2K", "HTJ2K", "HTJ2K called lossless"],
)
@pytest.mark.parametrize("signed", [False, True])
def test_lossy_pixels_beyond_the_end_of_their_range_stay_at_that_end(
    made_ct: Any, codec: Callable[[Any], bytes], syntax: str, signed: bool
) -> None:
    ends = np.random.default_rng(5).choice([-32768, 32767] if signed else [0, 65535], (64, 64))
    values = ends.astype(np.int16 if signed else np.uint16)
    volume = opened(made_ct, values, f"1.2.840.10008.1.2.4.{syntax}", codec(values), 16, signed=signed)
    assert np.abs(volume.slices[0] - ends).max() < 1000


@pytest.mark.parametrize(("codec", "syntax"), [(j2k, J2K), (jpeg_ls, JPEG_LS), (lossless, LOSSLESS)])
def test_values_above_32767_stay_so_under_an_unsigned_header(
    made_ct: Any, codec: Callable[[Any, int], bytes], syntax: str
) -> None:
    values = made_ct.pixels().astype(np.uint16)
    values[4, 4] = 60000
    volume = opened(made_ct, values, syntax, codec(values, 16), 16, signed=False)
    assert volume.slices.dtype == np.float32
    assert np.array_equal(volume.slices[0], values)


@pytest.mark.parametrize("bits", [12, 14])
def test_code_stream_of_fewer_bits_than_the_header_gives_its_values(made_ct: Any, bits: int) -> None:
    values = made_ct.pixels().astype(np.uint16)
    volume = opened(made_ct, values, J2K, j2k(values, bits), 16, signed=False)
    assert np.array_equal(volume.slices[0], values)
    assert volume.reasons == ()


@pytest.mark.parametrize(("codec", "syntax"), [(j2k, J2K), (htj2k, HTJ2K), (jpeg_ls, JPEG_LS), (lossless, LOSSLESS)])
@pytest.mark.parametrize("signed", [False, True])
def test_values_packed_in_the_upper_bits_of_their_words_are_found_there(
    made_ct: Any, low: Any, codec: Callable[[Any, int], bytes], syntax: str, signed: bool
) -> None:
    # As common tools pack twelve bits that end at High Bit 15: whole words, with the bits where they were.
    values = low if signed else (low + np.int16(2048)).astype(np.uint16)
    words = (values.astype(np.int32) << 4 & 0xFFFF).astype(np.uint16)
    volume = opened(made_ct, values, syntax, codec(words, 16), 12, signed=signed, high_bit=15)
    assert np.array_equal(volume.slices[0], values)
    assert volume.reasons == ()


def test_values_packed_in_lower_bits_than_the_header_says_are_found_there_and_named(made_ct: Any) -> None:
    values = made_ct.pixels().astype(np.uint16)
    volume = opened(made_ct, values, LOSSLESS, lossless(values, 16), 12, signed=False, high_bit=15)
    assert np.array_equal(volume.slices[0], values)
    assert volume.reasons == (
        "The compressed pixels lie in lower bits than the header says; they were taken from where they lie.",
    )


def test_a_highest_bit_that_may_be_a_sign_is_named(made_ct: Any, low: Any) -> None:
    stream = j2k((low & 0x0FFF).astype(np.uint16), 12)
    volume = opened(made_ct, low, J2K, stream, 16, signed=True)
    assert np.array_equal(volume.slices[0], low)
    (reason,) = volume.reasons
    assert reason.startswith("The compressed pixels have 12 bits without a sign, the header 16 with one;")
    # Where the others take no bit for the sign, -1 is 4095.
    assert volume.verdict is Verdict.UNTRUSTED


CODECS = [(j2k, J2K), (htj2k, HTJ2K), (jpeg_ls, JPEG_LS), (lossless, LOSSLESS)]
FILLINGS = [bytes(300), b"\xff" * 300, np.random.default_rng(7).bytes(300)]


@pytest.mark.parametrize(("codec", "syntax"), CODECS)
@pytest.mark.parametrize("filling", FILLINGS, ids=["zeros", "ones", "noise"])
def test_a_code_stream_that_is_whole_may_be_filled_up_with_anything(
    made_ct: Any, codec: Any, syntax: str, filling: bytes
) -> None:
    values = made_ct.pixels().astype(np.uint16)
    volume = opened(made_ct, values, syntax, codec(values, 16) + filling, 16, signed=False)
    assert np.array_equal(volume.slices[0], values)


@pytest.mark.parametrize(("codec", "syntax"), CODECS)
@pytest.mark.parametrize("filling", [b"", *FILLINGS], ids=["nothing", "zeros", "ones", "noise"])
def test_a_code_stream_that_was_cut_is_no_image_whatever_it_is_filled_up_with(
    made_ct: Any, codec: Any, syntax: str, filling: bytes
) -> None:
    values = np.random.default_rng(5).integers(0, 4000, (64, 64)).astype(np.uint16)
    stream = codec(values, 16)
    with pytest.raises(CaseStageError, match="could not be read"):
        opened(made_ct, values, syntax, stream[: len(stream) // 2] + filling, 16, signed=False)


RLE = "1.2.840.10008.1.2.5"


def items(table: list[int], streams: list[bytes]) -> bytes:
    """Return the offset table and the fragments as they lie in a file."""
    parts = [struct.pack(f"<{len(table)}L", *table), *(stream + b"\0" * (len(stream) % 2) for stream in streams)]
    return b"".join(struct.pack("<HHL", 0xFFFE, 0xE000, len(part)) + part for part in parts)


def offsets(streams: list[bytes]) -> list[int]:
    lengths = [8 + len(stream) + len(stream) % 2 for stream in streams]
    return [sum(lengths[:n]) for n in range(len(streams))]


def repacked(path: Path, table: list[int], streams: list[bytes]) -> None:
    ds = pydicom.dcmread(path)
    ds.PixelData = items(table, streams)
    ds["PixelData"].is_undefined_length = True
    pydicom.dcmwrite(path, ds, enforce_file_format=True)


def streams_of(made_ct: Any, syntax: str, count: int) -> list[bytes]:
    return [made_ct.encoders[syntax](made_ct.pixels(k).view(np.uint16)) for k in range(count)]


@pytest.mark.parametrize("syntax", [RLE, JPEG_LS, LOSSLESS, J2K])
def test_a_compressed_file_that_holds_more_images_than_it_says_does_not_pass_for_the_first(
    made_ct: Any, syntax: str
) -> None:
    made_ct.stack([(0, 0, 2.0 * k) for k in range(5)], syntax=syntax)
    repacked(sorted(made_ct.folder.iterdir())[-1], [], streams_of(made_ct, syntax, 3))
    (entry,) = scan(made_ct.folder, JobContext()).series
    volume = assemble(entry, JobContext())
    assert volume.verdict is Verdict.UNTRUSTED
    assert any("the file says that it holds 1 image, but 3 begin in it" in reason for reason in volume.reasons)


# Which of four images the offset table names, in its order, and what is said.
TABLES = {
    "backwards": ([3, 2, 1, 0], "lie in another order"),
    "one exchanged for another": ([0, 2, 1, 3], "lie in another order"),
    "without the last": ([0, 1, 2], "3 images, but 4 begin in it"),
    "without the first": ([1, 2, 3], "3 images, but 4 begin in it"),
}


@pytest.mark.parametrize("syntax", [JPEG_LS, LOSSLESS, J2K])
@pytest.mark.parametrize("which", list(TABLES))
def test_an_offset_table_at_odds_with_the_images_puts_none_in_the_place_of_another(
    made_ct: Any, which: str, syntax: str
) -> None:
    named, said = TABLES[which]
    places = [{"PlanePositionSequence": {"ImagePositionPatient": [0, 0, 2.0 * n]}} for n in range(len(named))]
    streams = streams_of(made_ct, syntax, 4)
    path = made_ct.frames(
        "enhanced", [made_ct.pixels(k) for k in range(len(named))], places, syntax=syntax, stream=streams[0]
    )
    repacked(path, [offsets(streams)[n] for n in named], streams)
    (entry,) = scan(made_ct.folder, JobContext()).series
    with pytest.raises(CaseStageError, match=said):
        assemble(entry, JobContext())


@pytest.mark.parametrize("syntax", [RLE, JPEG_LS, LOSSLESS, J2K])
def test_images_in_several_fragments_each_are_found_by_their_table(made_ct: Any, syntax: str) -> None:
    streams = streams_of(made_ct, syntax, 3)
    halves = [half for one in streams for half in (one[: len(one) // 4 * 2], one[len(one) // 4 * 2 :])]
    places = [{"PlanePositionSequence": {"ImagePositionPatient": [0, 0, 2.0 * n]}} for n in range(3)]
    path = made_ct.frames(
        "enhanced",
        [made_ct.pixels(k) for k in range(3)],
        places,
        syntax=syntax,
        stream=streams[0],
        PixelRepresentation=0,
    )
    repacked(path, offsets(halves)[::2], halves)
    (entry,) = scan(made_ct.folder, JobContext()).series
    volume = assemble(entry, JobContext())
    assert volume.verdict is Verdict.OK
    assert np.array_equal(volume.slices, [made_ct.pixels(k).astype(int) - 1024 for k in range(3)])


# Which of four images the extended offset table names, in its order, and whether they are then shown.
EXTENDED_TABLES = {
    "as they lie": ([0, 1, 2, 3], True),
    "backwards": ([3, 2, 1, 0], False),
    "one exchanged for another": ([0, 2, 1, 3], False),
    "one of them twice": ([0, 1, 1, 2], False),
}


@pytest.mark.parametrize("slow", [False, True], ids=["own walk", "pydicom"])
@pytest.mark.parametrize("syntax", [RLE, JPEG_LS, LOSSLESS, J2K])
@pytest.mark.parametrize("which", list(EXTENDED_TABLES))
def test_an_extended_offset_table_at_odds_with_the_images_puts_none_in_the_place_of_another(
    made_ct: Any, which: str, syntax: str, slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, shown = EXTENDED_TABLES[which]
    places = [{"PlanePositionSequence": {"ImagePositionPatient": [0, 0, 2.0 * n]}} for n in range(4)]
    streams = streams_of(made_ct, syntax, 4)
    values = [made_ct.pixels(k) for k in range(4)]
    path = made_ct.frames("enhanced", values, places, syntax=syntax, stream=streams[0], PixelRepresentation=0)
    repacked(path, [], streams)
    ds = pydicom.dcmread(path)
    ds.ExtendedOffsetTable = struct.pack("<4Q", *(offsets(streams)[n] for n in named))
    ds.ExtendedOffsetTableLengths = struct.pack("<4Q", *(len(streams[n]) for n in named))
    pydicom.dcmwrite(path, ds, enforce_file_format=True)
    if slow:
        monkeypatch.setattr(image_header, "walk", lambda *_, **_how: None)
    if shown:
        (entry,) = scan(made_ct.folder, JobContext()).series
        volume = assemble(entry, JobContext())
        assert volume.verdict is Verdict.OK
        assert np.array_equal(volume.slices, [one.astype(int) - 1024 for one in values])
    else:
        with pytest.raises(CaseStageError) as refused:
            scan(made_ct.folder, JobContext())
        assert "lie in another order" in refused.value.detail
