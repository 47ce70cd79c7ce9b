"""Padding is no value: kept apart from air and tissue, however the files say it and wherever slices differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
from pydicom import DataElement

from tests.io.conftest import opened
from viewer.analysis.regrid import regridded
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.scan import scan
from viewer.io.thumbnails import thumbnail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.volume import Volume

EXPLICIT, BIG, RLE, J2K = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90"
RIM = (slice(0, 3), slice(None))


def assert_padded(volume: Volume, where: NDArray[np.bool_], hu: NDArray[Any]) -> None:
    """Hold a volume to padding in these voxels alone, and to these HU in all others."""
    assert volume.padding is not None
    assert np.array_equal(volume.slices == volume.padding, where)
    assert np.array_equal(volume.slices[~where], hu[~where].astype(volume.slices.dtype))
    k, j, i = np.argwhere(where)[0]
    assert volume.value_at(volume.stack.lps((i, j, k))) is None
    k, j, i = np.argwhere(~where)[0]
    assert volume.value_at(volume.stack.lps((i, j, k))) == pytest.approx(hu[k, j, i], abs=1e-3)


def rim(count: int) -> NDArray[np.bool_]:
    where = np.zeros((count, 24, 32), np.bool_)
    where[:, *RIM] = True
    return where


def raw(tag: int, word: int, vr: str) -> dict[str, DataElement]:
    """Return an element with the value representation that the file shall have, whatever its pixels are."""
    return {f"_{tag:08x}": DataElement(tag, vr, word)}


@pytest.mark.parametrize("limits", [(-2000, -1990), (-1990, -2000)], ids=["upwards", "downwards"])
@pytest.mark.parametrize("syntax", [EXPLICIT, BIG, RLE, J2K])
def test_every_value_of_a_padding_range_is_padding(made_ct: Any, syntax: str, limits: tuple[int, int]) -> None:
    stored = np.stack([made_ct.pixels(k) for k in range(3)])
    stored[:, 5, 5], stored[:, 5, 6] = -1989, -2001
    hu = stored.astype(int) - 1024
    stored[:, *RIM] = np.linspace(-2000, -1990, 32).astype(np.int16)
    for k in range(3):
        said = {"PixelPaddingValue": limits[0], "PixelPaddingRangeLimit": limits[1]}
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), syntax=syntax, **said)
    volume = opened(made_ct)
    assert volume.slices.dtype == np.int16
    assert volume.padding == -3024
    assert_padded(volume, rim(3), hu)


def test_padding_of_eight_bit_pixels_is_found_whatever_its_element_holds_above_them(made_ct: Any) -> None:
    stored = made_ct.pixels().clip(0, 150).astype(np.uint8)
    stored[3, 4:7] = 200
    stored[4, 4] = 0
    for k in range(3):
        said = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, **raw(0x00280120, 0x01C8, "US")}
        made_ct.slice(f"{k}", stored, (0, 0, 2 * k), **said)
    volume = opened(made_ct)
    assert np.argwhere(volume.slices[1] == volume.padding).tolist() == [[3, 4], [3, 5], [3, 6]]
    assert volume.slices[1, 4, 4] == -1024


def test_slices_with_different_padding_get_one_and_keep_what_is_a_value_in_another(made_ct: Any) -> None:
    paddings = [-2000, -1500, None, 24]
    stored = np.stack([made_ct.pixels(k) for k in range(4)])
    # Air of 24 in slices whose padding is another, and other slices' padding as a value.
    stored[:, :2, :2], stored[0, 9, 9], stored[1, 9, 9], stored[2, 9, 9] = 1100, -1500, -2000, -2000
    hu = stored.astype(int) - 1024
    where = rim(4)
    where[2] = False
    for k, padding in enumerate(paddings):
        if padding is not None:
            stored[k, *RIM] = padding
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), PixelPaddingValue=padding)
    volume = opened(made_ct)
    assert volume.slices.dtype == np.int16
    assert volume.verdict is Verdict.OK
    assert_padded(volume, where, hu)


def test_padding_that_rescales_to_the_air_of_another_slice_stays_apart_from_it(made_ct: Any) -> None:
    stored = np.stack([made_ct.pixels(k).astype(np.uint16) for k in range(3)])
    intercepts = [-1024, -1000, -1010]
    # −1000 HU is padding in the first slice, air in the second and third.
    stored[1:, 9, 9] = [0, 10]
    hu = stored.astype(int) + np.reshape(intercepts, (3, 1, 1))
    stored[:, *RIM] = 24
    hu[:, *RIM] = 24
    for k, intercept in enumerate(intercepts):
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), RescaleIntercept=str(intercept), PixelPaddingValue=24)
    volume = opened(made_ct)
    where = rim(3)
    where |= stored == 24
    assert volume.slices.dtype == np.int16
    assert_padded(volume, where, hu)
    assert volume.slices[1, 9, 9] == -1000


def test_signed_padding_under_unsigned_pixels_leaves_whole_numbers(made_ct: Any) -> None:
    stored = np.stack([made_ct.pixels(k).astype(np.uint16) for k in range(2)])
    hu = stored.astype(int) - 1024
    stored[:, *RIM] = 63536
    for k in range(2):
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), **raw(0x00280120, -2000, "SS"))
    volume = opened(made_ct)
    assert volume.slices.dtype == np.int16
    assert_padded(volume, rim(2), hu)
    assert thumbnail(scan(made_ct.folder, JobContext()).series[0])[:5].max() == 0


def test_unsigned_padding_under_signed_pixels_is_found(made_ct: Any) -> None:
    stored = np.stack([made_ct.pixels(k) for k in range(2)])
    hu = stored.astype(int) - 1024
    stored[:, *RIM] = -2000
    for k in range(2):
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), **raw(0x00280120, 63536, "US"))
    volume = opened(made_ct)
    assert volume.padding == -3024
    assert_padded(volume, rim(2), hu)


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG, RLE])
def test_padding_that_twelve_bits_cannot_hold_is_found_and_its_bits_are_no_bone(made_ct: Any, syntax: str) -> None:
    stored = np.stack([made_ct.pixels(k).astype(np.uint16) for k in range(2)])
    # The lower twelve bits of −2000, as a value: 2096.
    stored[:, 9, 9] = 0x0830
    hu = stored.astype(int) - 1024
    stored[:, *RIM] = 0xF830
    for k in range(2):
        said = {"BitsStored": 12, "HighBit": 11, **raw(0x00280120, 0xF830, "US")}
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), syntax=syntax, **said)
    volume = opened(made_ct)
    assert volume.slices.dtype == np.int16
    assert volume.slices[0, 9, 9] == 0x0830 - 1024
    assert_padded(volume, rim(2), hu)


def test_signed_padding_of_fewer_than_eight_bits_is_found(made_ct: Any) -> None:
    values = np.arange(-8, 8, dtype=np.int8).reshape(2, 8)
    made_ct.slice(
        "a",
        values,
        BitsAllocated=8,
        BitsStored=4,
        HighBit=3,
        **raw(0x00280120, 0xFFFA, "US"),
    )
    volume = opened(made_ct)
    assert_padded(volume, (values == -6)[None], values[None].astype(float) - 1024)


@pytest.mark.parametrize("word", [0x0830, 0xF830])
def test_signed_twelve_bits_find_their_padding_with_and_without_its_sign(made_ct: Any, word: int) -> None:
    hu = np.stack([made_ct.pixels(k) for k in range(2)]) - 1000
    stored = hu.copy()
    stored[:, *RIM] = -2000
    for k in range(2):
        said = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 1, "RescaleIntercept": "0"}
        words = (stored[k] & 0x0FFF).astype(np.uint16)
        made_ct.slice(f"{k}", words, (0, 0, 2 * k), **said, **raw(0x00280120, word, "US"))
    volume = opened(made_ct)
    assert volume.padding == -2000
    assert_padded(volume, rim(2), hu)


def test_padding_under_fractional_rescale_is_no_value(made_ct: Any) -> None:
    stored = np.stack([made_ct.pixels(k) for k in range(2)])
    hu = stored * 0.1 + 0.3
    stored[:, *RIM] = -2000
    for k in range(2):
        rescale = {"RescaleSlope": "0.1", "RescaleIntercept": "0.3"}
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), PixelPaddingValue=-2000, **rescale)
    volume = opened(made_ct)
    assert volume.slices.dtype == np.float32
    assert_padded(volume, rim(2), hu)


def test_code_stream_with_a_sign_that_the_header_lacks_finds_its_padding(made_ct: Any) -> None:
    hu = np.stack([made_ct.pixels(k) - 1500 for k in range(2)])
    stored = hu.copy()
    stored[:, *RIM] = -2000
    for k in range(2):
        stream = imagecodecs.jpeg2k_encode(stored[k], codecformat="j2k", level=0, reversible=True)
        said = {"PixelRepresentation": 0, "RescaleIntercept": "0", **raw(0x00280120, 0xF830, "US")}
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), syntax=J2K, stream=stream, **said)
    assert_padded(opened(made_ct), rim(2), hu)


def test_a_slice_of_nothing_but_padding_holds_no_value(made_ct: Any) -> None:
    stored = np.stack([made_ct.pixels(k) for k in range(3)])
    hu = stored.astype(int) - 1024
    stored[1] = -2000
    for k in range(3):
        said = {"PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1900}
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), **said)
    where = np.zeros(stored.shape, np.bool_)
    where[1] = True
    assert_padded(opened(made_ct), where, hu)


def test_a_slice_of_nothing_but_padding_among_values_above_all_of_16_bits_is_read(made_ct: Any) -> None:
    stored = np.stack([made_ct.pixels(k) for k in range(3)]).astype(np.uint16)
    stored[1] = 7
    for k in range(3):
        said = {"PixelPaddingValue": 7, "PixelPaddingRangeLimit": 9, "RescaleIntercept": "40000"}
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), **said)
    where = np.zeros(stored.shape, np.bool_)
    where[1] = True
    assert_padded(opened(made_ct), where, stored.astype(int) + 40000)


def test_where_every_whole_number_is_taken_padding_still_gets_one_of_its_own(made_ct: Any) -> None:
    stored = np.stack([made_ct.pixels(k) for k in range(2)])
    # −32768 HU in one slice, 0 HU and 32767 HU in the other: int16 has no number left below.
    stored[0, 9, 9], stored[1, 9, 9], stored[1, 9, 10] = -32768 + 1024, 1024, 31743
    hu = stored.astype(int) - 1024
    stored[:, *RIM] = [[[-2000]], [[-1500]]]
    for k in range(2):
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), PixelPaddingValue=(-2000, -1500)[k])
    volume = opened(made_ct)
    assert volume.slices.dtype == np.float32
    assert_padded(volume, rim(2), hu)


def test_padding_said_below_all_numbers_does_not_disturb(made_ct: Any) -> None:
    stored = np.stack([made_ct.pixels(k) for k in range(2)])
    for k in range(2):
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), PixelPaddingValue=-32768)
    volume = opened(made_ct)
    assert volume.slices.dtype == np.int16
    assert volume.padding is not None
    assert -32768 <= volume.padding <= 32767
    assert np.array_equal(volume.slices, stored.astype(int) - 1024)


def test_padding_that_differs_between_tilted_slices_makes_no_values_on_the_regular_grid(made_ct: Any) -> None:
    across = float(np.cos(np.radians(15))), float(-np.sin(np.radians(15)))
    for k, padding in enumerate([-2000, -1500, -2000, -1500]):
        stored = np.full((24, 32), 1064, np.int16)
        stored[:, :16] = padding
        said = {"PixelPaddingValue": padding, "ImageOrientationPatient": [1, 0, 0, 0, *across]}
        made_ct.slice(f"{k}", stored, (0, 0, 3.0 * k), **said)
    volume = regridded(opened(made_ct), JobContext())
    assert volume.verdict is Verdict.RESAMPLED
    assert set(np.unique(volume.voxels).tolist()) == {volume.padding, 40}


@pytest.mark.parametrize("slopes", [("1", "2"), ("2", "1"), ("-1", "1")])
def test_padding_of_slices_with_other_slopes_is_none_of_their_values(made_ct: Any, slopes: tuple[str, str]) -> None:
    stored = np.stack([made_ct.pixels(k) for k in range(2)])
    # What padding of 500 is after the rescale of either slice is a value in the other.
    first, second = (int(slope) for slope in slopes)
    stored[0, 9, 9:11], stored[1, 9, 9:11] = 500 * second // first, 500 * first // second
    hu = stored.astype(int) * np.reshape([first, second], (2, 1, 1))
    where = rim(2) | (stored == 500)
    stored[:, *RIM] = 500
    for k in range(2):
        said = {"RescaleSlope": slopes[k], "RescaleIntercept": "0", "PixelPaddingValue": 500}
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), **said)
    assert_padded(opened(made_ct), where, hu)


@pytest.mark.parametrize("paddings", [(24, 30), (30, 24)])
def test_where_no_value_is_below_0_padding_that_differs_is_no_0(made_ct: Any, paddings: tuple[int, int]) -> None:
    stored = np.stack([made_ct.pixels(k) for k in range(2)]).clip(40).astype(np.uint16)
    stored[:, 9, 9:12] = 0, 24, 30
    hu = stored.astype(int)
    where = rim(2) | (stored == np.reshape(paddings, (2, 1, 1)))
    stored[:, *RIM] = np.reshape(paddings, (2, 1, 1))
    for k in range(2):
        said = {"RescaleIntercept": "0", "PixelPaddingValue": paddings[k]}
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), **said)
    assert_padded(opened(made_ct), where, hu)


def test_a_range_of_padding_of_which_twelve_bits_hold_one_end_alone_takes_no_tissue(made_ct: Any) -> None:
    stored = np.stack([made_ct.pixels(k).astype(np.uint16) for k in range(2)])
    hu = stored.astype(int) - 1024
    stored[:, *RIM] = 0xF830
    for k in range(2):
        padding = {**raw(0x00280120, 0xF830, "US"), **raw(0x00280121, 3000, "US")}
        made_ct.slice(f"{k}", stored[k], (0, 0, 2 * k), BitsStored=12, HighBit=11, **padding)
    assert_padded(opened(made_ct), rim(2), hu)


@pytest.mark.parametrize("bits", [12, 16])
def test_a_code_stream_of_few_bits_with_a_sign_that_the_header_lacks_finds_its_padding(made_ct: Any, bits: int) -> None:
    hu = np.stack([made_ct.pixels(k) - 1500 for k in range(2)]).clip(-1500, 2047)
    stored = hu.copy()
    stored[:, *RIM] = -2000
    for k in range(2):
        stream = imagecodecs.jpeg2k_encode(stored[k], codecformat="j2k", level=0, reversible=True, bitspersample=bits)
        said = {"PixelRepresentation": 0, "BitsStored": bits, "HighBit": bits - 1, "RescaleIntercept": "0"}
        word = 0xF830 & ((1 << bits) - 1)
        made_ct.slice(
            f"{k}", stored[k], (0, 0, 2 * k), syntax=J2K, stream=stream, **said, **raw(0x00280120, word, "US")
        )
    assert_padded(opened(made_ct), rim(2), hu)
