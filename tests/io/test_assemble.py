"""HU by proof: every way in which CT values are stored gives the same numbers, or a reason."""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.io.conftest import COMPRESSED, axial, opened
from viewer.domain.errors import NothingToOpenError, TooLargeError, UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io import memory
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.source_headers import source_headers
from viewer.io.thumbnails import thumbnail
from viewer.io.volume_hash import volume_sha256

NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")


@pytest.mark.parametrize("syntax", [*NATIVE, *COMPRESSED])
@pytest.mark.parametrize("sign", ["signed", "unsigned"])
def test_every_lossless_transfer_syntax_gives_the_same_hu(made_ct: Any, syntax: str, sign: str) -> None:
    stored = [made_ct.pixels(k).astype(np.int16 if sign == "signed" else np.uint16) for k in range(3)]
    if sign == "signed":
        stored[1][5, 5] = -2000
    for k, values in enumerate(stored):
        made_ct.slice(f"{k}", values, (0, 0, 5 * k), syntax=syntax)
    volume = opened(made_ct)
    assert volume.slices.dtype == np.int16
    assert volume.unit == "HU"
    assert np.array_equal(volume.slices, np.stack(stored).astype(int) - 1024)
    assert volume.verdict is Verdict.OK
    assert not volume.reasons


def test_slices_are_sorted_by_position_not_by_name_or_number(made_ct: Any) -> None:
    stored = made_ct.stack(axial(9))
    volume = opened(made_ct)
    assert np.array_equal(volume.slices, np.stack(stored) - 1024)
    assert np.all(np.diff(volume.stack.heights_mm) > 0)
    assert volume.source_uids[0].endswith(".9")
    assert volume.source_frames == ()
    assert len(set(volume.source_files)) == 9
    assert volume.source_class_uid == "1.2.840.10008.5.1.4.1.1.2"


def test_fractional_slope_gives_float32_and_no_hash(made_ct: Any) -> None:
    values = made_ct.pixels()
    made_ct.slice("a", values, RescaleSlope="0.5", RescaleIntercept="-1024.25")
    volume = opened(made_ct)
    assert volume.slices.dtype == np.float32
    assert np.allclose(volume.slices[0], values * 0.5 - 1024.25, atol=1e-4)
    assert volume_sha256(volume) is None


def test_slope_and_intercept_that_change_from_slice_to_slice(made_ct: Any) -> None:
    values = made_ct.pixels()
    made_ct.slice("a", values, (0, 0, 0), RescaleSlope="1", RescaleIntercept="-1024")
    made_ct.slice("b", values, (0, 0, 2), RescaleSlope="2", RescaleIntercept="-2000")
    made_ct.slice("c", values, (0, 0, 4), RescaleSlope="-3", RescaleIntercept="77")
    volume = opened(made_ct)
    assert volume.slices.dtype == np.int16
    assert np.array_equal(volume.slices[0], values - 1024)
    assert np.array_equal(volume.slices[1], values * 2 - 2000)
    assert np.array_equal(volume.slices[2], values.astype(int) * -3 + 77)


@pytest.mark.parametrize(
    ("slope", "intercept", "dtype"),
    [
        ("1", "-1024", np.int16),
        ("2", "-1024", np.int16),
        ("-1", "100", np.int16),
        ("1.0", "-1024.00", np.int16),
        ("0.5", "-1024", np.float32),
        ("1", "-1024.5", np.float32),
        ("1.5", "0", np.float32),
        ("40", "-1024", np.float32),
    ],
)
def test_whole_numbers_that_fit_stay_int16_and_nothing_else_does(
    made_ct: Any, slope: str, intercept: str, dtype: type
) -> None:
    values = made_ct.pixels()
    made_ct.slice("a", values, RescaleSlope=slope, RescaleIntercept=intercept)
    made_ct.slice("b", values, (0, 0, 2), RescaleSlope="1", RescaleIntercept="0")
    volume = opened(made_ct)
    assert volume.slices.dtype == dtype
    assert volume.unit == "HU"
    exact = values.astype(np.float64) * float(slope) + float(intercept)
    assert np.array_equal(volume.slices[0], exact.astype(np.float32))
    assert np.array_equal(volume.slices[1], values)


@pytest.mark.parametrize("bits", [10, 12, 14, 15])
def test_unsigned_values_of_fewer_bits(made_ct: Any, bits: int) -> None:
    values = made_ct.pixels().astype(np.uint16) & ((1 << bits) - 1)
    values[4, 4] = (1 << bits) - 1
    made_ct.slice("a", values, BitsStored=bits, HighBit=bits - 1)
    volume = opened(made_ct)
    assert volume.slices.dtype == np.int16
    assert np.array_equal(volume.slices[0], values.astype(int) - 1024)


def test_dirty_bits_above_the_high_bit_are_removed(made_ct: Any) -> None:
    values = made_ct.pixels().astype(np.uint16)
    made_ct.slice("a", values | np.uint16(0xB000), BitsStored=12, HighBit=11)
    assert np.array_equal(opened(made_ct).slices[0], values.astype(int) - 1024)


def test_signed_twelve_bits_without_sign_extension(made_ct: Any) -> None:
    values = made_ct.pixels() - 1500
    made_ct.slice(
        "a", (values & 0x0FFF).astype(np.int16), BitsStored=12, HighBit=11, PixelRepresentation=1, RescaleIntercept="0"
    )
    assert np.array_equal(opened(made_ct).slices[0], values)


def test_stored_bits_that_lie_high_in_their_word(made_ct: Any) -> None:
    values = made_ct.pixels().astype(np.uint16)
    made_ct.slice("a", (values << 4).astype(np.uint16), BitsStored=12, HighBit=15)
    assert np.array_equal(opened(made_ct).slices[0], values.astype(int) - 1024)


def test_values_above_32767_are_kept_as_float32(made_ct: Any) -> None:
    values = made_ct.pixels().astype(np.uint16)
    values[3, 3] = 60000
    made_ct.slice("a", values)
    volume = opened(made_ct)
    assert volume.slices.dtype == np.float32
    assert volume.slices[0, 3, 3] == 60000 - 1024
    assert volume.slices[0, 10, 10] == int(values[10, 10]) - 1024


def test_values_below_minus_32768_are_kept_as_float32(made_ct: Any) -> None:
    values = made_ct.pixels()
    values[3, 3] = -32768
    made_ct.slice("a", values)
    assert opened(made_ct).slices[0, 3, 3] == -32768 - 1024


def test_eight_bit_pixels(made_ct: Any) -> None:
    values = (made_ct.pixels() % 200).astype(np.uint8)
    made_ct.slice("a", values, BitsAllocated=8, BitsStored=8, HighBit=7)
    assert np.array_equal(opened(made_ct).slices[0], values.astype(int) - 1024)


@pytest.mark.parametrize("vr", ["OB", "OW"])
@pytest.mark.parametrize("columns", [32, 31])
def test_eight_bit_pixels_in_big_endian_words_come_in_their_order(made_ct: Any, columns: int, vr: str) -> None:
    values = (made_ct.pixels(columns=columns, rows=25) % 200).astype(np.uint8)
    path = made_ct.slice("a", values, syntax=NATIVE[3], BitsAllocated=8, BitsStored=8, HighBit=7)
    ds = pydicom.dcmread(path)
    raw = values.tobytes() + bytes(values.size % 2)
    # In words the first of two pixels is the less significant byte, and so the second in the file (PS3.5 8.1.1).
    ds.PixelData = raw if vr == "OB" else np.frombuffer(raw, "<u2").byteswap().tobytes()
    ds["PixelData"].VR = vr
    ds.save_as(path)
    assert np.array_equal(pydicom.dcmread(path).pixel_array, values)
    assert np.array_equal(opened(made_ct).slices[0], values.astype(int) - 1024)


def test_frames_of_eight_bits_in_big_endian_words_may_begin_within_a_word(made_ct: Any) -> None:
    values = (made_ct.pixels(columns=31, rows=25) % 200).astype(np.uint8)
    frames = np.stack([values, values + 1, values + 2])
    path = made_ct.slice("a", frames, None, syntax=NATIVE[3], BitsAllocated=8, BitsStored=8, HighBit=7)
    ds = pydicom.dcmread(path)
    ds.NumberOfFrames = "3"
    ds.PixelData = np.frombuffer(frames.tobytes() + b"\0", "<u2").byteswap().tobytes()
    ds.save_as(path)
    assert np.array_equal(opened(made_ct).slices, frames[::-1].astype(int) - 1024)


def test_palette_colours_are_no_values(made_ct: Any) -> None:
    values = (made_ct.pixels() % 200).astype(np.uint8)
    made_ct.slice("a", values, BitsAllocated=8, BitsStored=8, HighBit=7, PhotometricInterpretation="PALETTE COLOR")
    with pytest.raises(NothingToOpenError, match="A colour picture, not measured values."):
        scan(made_ct.folder / "a", JobContext())


def test_padding_is_named_after_rescale_and_is_no_value(made_ct: Any) -> None:
    values = made_ct.pixels()
    values[0, 0] = -2000
    made_ct.slice("a", values, (0, 0, 0), PixelPaddingValue=-2000)
    made_ct.slice("b", values, (0, 0, 1), PixelPaddingValue=-2000)
    volume = opened(made_ct)
    assert volume.padding == -3024
    assert volume.value_at((0, 0, 0)) is None
    assert volume.value_at((7.0, 8.0, 0)) == int(values[10, 10]) - 1024


def test_monochrome1_keeps_hu_and_says_so(made_ct: Any) -> None:
    values = made_ct.pixels()
    made_ct.slice("a", values, PhotometricInterpretation="MONOCHROME1")
    volume = opened(made_ct)
    assert np.array_equal(volume.slices[0], values - 1024)
    assert volume.series.monochrome1


def test_lossy_images_say_so(made_ct: Any) -> None:
    stream = imagecodecs.jpeg8_encode((made_ct.pixels() % 255).astype(np.uint8), level=95)
    made_ct.slice(
        "a", made_ct.pixels(), syntax="1.2.840.10008.1.2.4.50", stream=stream, BitsAllocated=8, BitsStored=8, HighBit=7
    )
    assert opened(made_ct).series.lossy


@pytest.mark.parametrize("left_out", [0, 2])
def test_lossless_jpeg_that_left_the_lowest_bits_out_is_lossy(made_ct: Any, left_out: int) -> None:
    values = made_ct.pixels()
    stream = bytearray(imagecodecs.jpeg8_encode(values.astype(np.uint16), lossless=True))
    # The point transform stands in the last byte of the scan's header.
    stream[stream.index(b"\xff\xda") + 9] = left_out
    made_ct.slice("a", values, syntax="1.2.840.10008.1.2.4.70", stream=bytes(stream))
    assert opened(made_ct).series.lossy is bool(left_out)


@pytest.mark.parametrize("syntax", NATIVE)
@pytest.mark.parametrize("rescale", [{}, {"RescaleSlope": None, "RescaleIntercept": None}])
def test_values_that_need_a_table_are_not_called_hu(made_ct: Any, rescale: dict[str, None], syntax: str) -> None:
    table = Dataset()
    table.add_new(0x00283002, "US", [4096, 0, 16])
    table.ModalityLUTType = "HU"
    table.add_new(0x00283006, "OW", bytes(8192))
    made_ct.slice("a", made_ct.pixels(), syntax=syntax, ModalityLUTSequence=Sequence([table]), **rescale)
    volume = opened(made_ct)
    assert volume.unit == "unknown"
    assert volume.reasons == (
        "The values need a table (Modality LUT) that is not applied, so they have no known unit.",
    )
    assert np.array_equal(volume.slices[0], made_ct.pixels())


@pytest.mark.parametrize(
    ("elements", "unit"),
    [
        ({}, "HU"),
        ({"RescaleIntercept": None, "RescaleSlope": None}, "unknown"),
        ({"RescaleSlope": "0"}, "unknown"),
        ({"RescaleSlope": "1e30"}, "unknown"),
        ({"RescaleIntercept": None}, "unknown"),
        ({"RescaleType": "HU"}, "HU"),
        ({"RescaleType": "US"}, "unknown"),
        ({"RescaleType": "MGML"}, "MGML"),
        ({"RescaleType": "Z_EFF"}, "Z_EFF"),
        ({"RescaleType": "hu "}, "HU"),
        ({"RescaleType": "Hounsfield Units"}, "HU"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "unknown"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "unknown"),
        ({"Modality": None}, "HU"),
        ({"Modality": "MR"}, "unknown"),
        ({"Modality": "PT", "Units": "BQML"}, "BQML"),
    ],
)
def test_unit_is_hu_only_where_the_rescale_makes_it_so(made_ct: Any, elements: dict[str, Any], unit: str) -> None:
    made_ct.slice("a", made_ct.pixels(), **elements)
    volume = opened(made_ct)
    assert volume.unit == unit
    assert any("no known unit" in reason for reason in volume.reasons) == (unit == "unknown")
    assert volume.verdict is Verdict.OK


def test_more_than_the_memory_is_refused_before_anything_is_read(made_ct: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made_ct.stack(axial(3))
    (entry,) = scan(made_ct.folder, JobContext()).series
    monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
    with pytest.raises(TooLargeError) as caught:
        assemble(entry, JobContext())
    assert "MB of memory" in caught.value.sentence
    assert caught.value.hint


def test_facts_of_the_series_are_kept(made_ct: Any) -> None:
    made_ct.slice(
        "a",
        made_ct.pixels(),
        WindowCenter=[40, -600],
        WindowWidth=[400, 1500],
        WindowCenterWidthExplanation=["SOFT", "LUNG"],
        VOILUTFunction="SIGMOID",
        SyntheticData="YES",
        BodyPartExamined="CHEST",
        SpecificCharacterSet="ISO_IR 192",
        PatientName="Müller^Grün",
        AccessionNumber="77",
    )
    facts = opened(made_ct).series
    assert [(w.centre, w.width, w.name) for w in facts.windows] == [(40, 400, "SOFT"), (-600, 1500, "LUNG")]
    assert facts.voi_function == "SIGMOID"
    assert facts.synthetic
    assert facts.body_part == "CHEST"
    assert facts.identity.name == "Müller^Grün"
    assert facts.identity.accession == "77"
    assert facts.number == 2


@pytest.mark.parametrize(
    ("charset", "raw", "name"),
    [
        # As in PS3.5 annexes H, I and K.
        (58, b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab", "Zhang^XiaoDong=张^小东"),
        (87, b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B ", "Yamada^Tarou=山田^太郎"),
        (149, b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7 ", "Hong^Gildong=洪^吉洞"),
    ],
)
def test_names_are_read_without_what_switches_between_their_letters(
    charset: int, raw: bytes, name: str, made_ct: Any
) -> None:
    said = {"SpecificCharacterSet": ["", f"ISO 2022 IR {charset}"], "PatientName": "N" * len(raw)}
    path = made_ct.slice("a", made_ct.pixels(), StudyDescription="N" * len(raw), **said)
    path.write_bytes(path.read_bytes().replace(b"N" * len(raw), raw))
    volume = opened(made_ct)
    assert (volume.series.identity.name, volume.series.study_description) == (name, name)
    (header,) = source_headers(volume, [0])
    assert (str(header.PatientName), header.StudyDescription) == (name, name)


def test_a_window_of_absurd_numbers_is_left_out(made_ct: Any) -> None:
    made_ct.stack(axial(3), WindowCenter=["-1e308", "40", "40", "40"], WindowWidth=["400", "350", "1e300", "-1"])
    assert [(w.centre, w.width) for w in opened(made_ct).series.windows] == [(40, 350)]


def test_thumbnail_shows_something_where_the_window_shows_nothing(made_ct: Any) -> None:
    made_ct.stack(axial(3), RescaleIntercept="-9000")
    (entry,) = scan(made_ct.folder, JobContext()).series
    picture = thumbnail(entry)
    assert picture.max() == 255
    assert picture[-1, -1] > picture[80, 20] > picture[0, 0] == 0


def test_thumbnail_is_the_middle_slice_under_its_window_in_true_shape(made_ct: Any) -> None:
    made_ct.stack(axial(3), WindowCenter="0", WindowWidth="2000")
    (entry,) = scan(made_ct.folder, JobContext()).series
    picture = thumbnail(entry)
    # 24 rows of 0.8 mm, 32 columns of 0.7 mm: 22.4 mm wide, 19.2 mm high.
    assert picture.shape == (165, 192)
    assert picture.dtype == np.uint8
    assert picture[0, 0] == 0
    assert picture[-1, -1] > picture[80, 20] > picture[0, 0]


@pytest.mark.parametrize(
    "elements",
    [
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"},
        {"BurnedInAnnotation": "YES"},
        {"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]},
        {"ImageType": ["DERIVED", "SECONDARY", "OTHER", "CT_SOM5 PROT"]},
        {"ImageType": ["DERIVED", "SECONDARY", "DOSE_INFO"]},
    ],
    ids=["a picture of a screen", "with words burned in", "a saved screen", "a protocol", "a dose sheet"],
)
def test_no_small_picture_is_kept_of_what_may_show_a_name(made_ct: Any, elements: dict[str, str]) -> None:
    made_ct.slice("a", made_ct.pixels(), (0, 0, 0), BurnedInAnnotation="NO")
    thumbnail(scan(made_ct.folder, JobContext()).series[0])
    made_ct.slice("a", made_ct.pixels(), (0, 0, 0), **elements)
    with pytest.raises(UnreadableFileError, match="burned in"):
        thumbnail(scan(made_ct.folder, JobContext()).series[0])
    volume = opened(made_ct)
    said = "Words may be burned into these images, a name among them: they are covered while identity is hidden."
    assert said in volume.reasons
    assert volume.may_name
