"""Compressed pixels of more bits than their header says: programs show other values, so the volume is not trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import dcmread

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
    reopened,
)
from viewer.domain.geometry import Verdict
from viewer.io.decode import MORE_BITS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Codec = Callable[[NDArray[Any], int], bytes]

CODECS = [(j2k, J2K), (htj2k, HTJ2K), (jpeg_ls, JPEG_LS), (lossless, LOSSLESS)]


@pytest.mark.parametrize(("codec", "syntax"), CODECS)
def test_bits_that_the_header_does_not_know_of_are_left_out_and_not_trusted(
    made_ct: Any, codec: Codec, syntax: str
) -> None:
    # dcmtk's reader leaves them out too; pydicom and gdcm show the whole words.
    values = made_ct.pixels().astype(np.uint16)
    dirty = values.copy()
    dirty[3] |= 0x5000
    volume = opened(made_ct, values, syntax, codec(dirty, 16), 12, signed=False)
    assert np.array_equal(volume.slices[0], values)
    assert volume.reasons == (MORE_BITS,)
    assert volume.verdict is Verdict.UNTRUSTED


@pytest.mark.parametrize(("codec", "syntax"), CODECS)
@pytest.mark.parametrize("signed", [False, True])
def test_overlays_in_the_bits_above_those_of_values_are_no_doubt_about_them(
    made_ct: Any, codec: Codec, syntax: str, signed: bool
) -> None:
    # So older scanners stored them (PS3.3 C.9.2, retired), and archives compressed the words as they were.
    values = made_ct.pixels().astype(np.int16 if signed else np.uint16)
    values[:4] -= 2000 if signed else 0
    words = values.view(np.uint16).copy()
    words[2:9, 3:20] ^= 0x8000
    words[5:, 7:11] ^= 0x2000
    stream = codec(words.view(values.dtype) if syntax in (J2K, HTJ2K) else words, 16)
    assert opened(made_ct, values, syntax, stream, 12, signed=signed).reasons == (MORE_BITS,)
    with_overlays(made_ct.folder, {0x6000: 15})
    assert reopened(made_ct).reasons == (MORE_BITS,)
    with_overlays(made_ct.folder, {0x6000: 15, 0x6004: 13})
    volume = reopened(made_ct)
    assert volume.reasons == ()
    assert np.array_equal(volume.slices[0], values)


def with_overlays(folder: Path, bits: dict[int, int]) -> None:
    """Let all images of a folder say that bits of their words are overlays, by group of elements."""
    for path in folder.iterdir():
        dataset = dcmread(path)
        for group, bit in bits.items():
            for element, value in ((0x0010, dataset.Rows), (0x0011, dataset.Columns), (0x0100, 16), (0x0102, bit)):
                dataset.add_new((group, element), "US", value)
        dataset.save_as(path)


@pytest.mark.parametrize("beyond", [2048, 4000, 32767, -2049, -32768])
@pytest.mark.parametrize(("codec", "syntax"), [(j2k, J2K), (htj2k, HTJ2K)])
def test_a_value_that_turns_over_in_the_bits_of_its_header_is_not_trusted(
    made_ct: Any, codec: Codec, syntax: str, beyond: int
) -> None:
    values = made_ct.pixels() - np.int16(1500)
    assert opened(made_ct, values, syntax, codec(values, 16), 12, signed=True).verdict is Verdict.OK
    values[3, 3] = beyond
    volume = opened(made_ct, values, syntax, codec(values, 16), 12, signed=True)
    assert volume.reasons == (MORE_BITS,)
    assert volume.verdict is Verdict.UNTRUSTED


@pytest.mark.parametrize(("codec", "syntax"), [(jpeg_ls, JPEG_LS), (lossless, LOSSLESS)])
def test_bits_above_a_value_that_are_no_copies_of_its_sign_are_not_trusted(
    made_ct: Any, codec: Codec, syntax: str
) -> None:
    values = made_ct.pixels() - np.int16(1500)
    words = values.view(np.uint16).copy()
    assert opened(made_ct, values, syntax, codec(words, 16), 12, signed=True).verdict is Verdict.OK
    # Ones above the bits of a value that is not below zero.
    words[3, 3] = 0xF0FF
    volume = opened(made_ct, values, syntax, codec(words, 16), 12, signed=True)
    assert volume.reasons == (MORE_BITS,)
    assert volume.verdict is Verdict.UNTRUSTED


@pytest.mark.parametrize(("codec", "syntax"), CODECS)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("high_bit", [12, 14])
def test_bits_on_both_sides_of_those_of_the_header_are_not_trusted(
    made_ct: Any, codec: Codec, syntax: str, signed: bool, high_bit: int
) -> None:
    words = np.random.default_rng(3).integers(0, 65536, (24, 32)).astype(np.int16 if signed else np.uint16)
    stream = codec(words if syntax in (J2K, HTJ2K) else words.view(np.uint16), 16)
    volume = opened(made_ct, words, syntax, stream, 12, signed=signed, high_bit=high_bit)
    assert volume.reasons == (MORE_BITS,)
    assert volume.verdict is Verdict.UNTRUSTED


@pytest.mark.parametrize(("codec", "syntax"), [(lossy_j2k, "91"), (lossy_htj2k, "203")])
@pytest.mark.parametrize("signed", [False, True])
def test_lossy_values_that_run_a_little_beyond_the_bits_of_their_header_stay_at_the_end(
    made_ct: Any, codec: Callable[[Any], bytes], syntax: str, signed: bool
) -> None:
    # The stream has room for more bits than the header says, so its decoder does not hold them there.
    low, high = (-2048, 2047) if signed else (0, 4095)
    ends = np.random.default_rng(5).choice([low, high], (64, 64)).astype(np.int16 if signed else np.uint16)
    volume = opened(made_ct, ends, f"1.2.840.10008.1.2.4.{syntax}", codec(ends), 12, signed=signed)
    assert np.abs(volume.slices[0].astype(int) - ends).max() < 300
    assert volume.verdict is Verdict.OK
    assert volume.reasons == ()
