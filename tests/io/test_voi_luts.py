"""Lookup tables of a file in place of windows: the greys that pydicom's apply_voi gives, or a sentence why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from attrs import evolve
from pydicom.dataset import Dataset
from pydicom.pixels import apply_rescale, apply_voi
from pydicom.sequence import Sequence

from tests.io.conftest import opened
from viewer.domain.view_state import overview
from viewer.io import voi_luts
from viewer.scene.voi import shown_lut, table_for

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.volume import Volume

IMPLICIT, EXPLICIT, DEFLATED, BIG = (f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".1.99", ".2"))


def curve(count: int, bits: int, bend: float = 0.6) -> list[int]:
    """Return entries that rise from 0 to white, by a power."""
    return [round(((n / max(count - 1, 1)) ** bend) * (2**bits - 1)) for n in range(count)]


def lut(first: int, entries: list[int], bits: int, name: str = "", kind: str = "US", data: str = "US") -> Dataset:
    item = Dataset()
    word = first if kind == "SS" else first % 65536
    item.add_new(0x00283002, kind, [len(entries) % 65536, word, bits])
    if name:
        item.LUTExplanation = name
    if data == "bytes":
        item.add_new(0x00283006, "OW", bytes(entries) + b"\0" * (len(entries) % 2))
    elif data == "OW":
        item.add_new(0x00283006, "OW", np.array(entries, dtype="<u2").tobytes())
    else:
        item.add_new(0x00283006, "US", entries)
    return item


def greys(volume: Volume, name: str, values: Any, k: int = 0) -> Any:
    """Return the grey of values in a lookup table, as all views show them with the cursor on an image."""
    place = tuple(float(v) for v in volume.stack.positions_lps_mm[k])
    state = evolve(overview("1", volume.grid), lut=name, cursor_lps_mm=place)
    return table_for(volume, state).of(np.asarray(values)) & 255


def as_pydicom(image: Dataset, values: Any, n: int, bits: int) -> Any:
    return np.floor(apply_voi(values, image, index=n).astype(float) / (2**bits - 1) * 255 + 0.5)


def write(made_ct: Any, *luts: Dataset, count: int = 3, **elements: Any) -> None:
    for k in range(count):
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 5.0 * k), VOILUTSequence=Sequence(luts), **elements)


@pytest.mark.parametrize("bits", [8, *range(10, 17)])
@pytest.mark.parametrize(("first", "kind"), [(-1024, "SS"), (-37, "SS"), (0, "US"), (513, "US")])
def test_a_lookup_table_gives_the_greys_that_pydicom_gives(made_ct: Any, bits: int, first: int, kind: str) -> None:
    write(made_ct, lut(first, curve(200 if bits == 8 else 700, bits), bits, "CURVE", kind))
    volume = opened(made_ct.folder)
    assert [one.name for one in volume.luts] == ["CURVE"]
    # pydicom counts the entries of tables of 8 bits in 8 bits: it cannot be asked beyond the 256th.
    values = np.arange(-1500, first + 256 if bits == 8 else 2500, dtype=np.int16)
    image = pydicom.dcmread(made_ct.folder / "0")
    assert np.array_equal(greys(volume, "CURVE", values), as_pydicom(image, values, 0, bits))


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, DEFLATED])
def test_lookup_tables_are_read_in_every_form_of_file_beside_the_windows(made_ct: Any, syntax: str) -> None:
    two = (lut(-200, curve(500, 12), 12, "SOFT", "SS", data="OW"), lut(100, curve(4096, 16, 2.0), 16, "BONE"))
    write(made_ct, *two, syntax=syntax, WindowCenter=40, WindowWidth=400)
    volume = opened(made_ct.folder)
    assert [one.name for one in volume.luts] == ["SOFT", "BONE"]
    assert len(volume.series.windows) == 1
    assert not volume.reasons
    values = np.arange(-1024, 5000, dtype=np.int16)
    for n, (name, entries, first) in enumerate((("SOFT", curve(500, 12), -200), ("BONE", curve(4096, 16, 2.0), 100))):
        own = np.array(entries)[np.clip(values.astype(int) - first, 0, len(entries) - 1)]
        expected = np.floor(own / (4095 if n == 0 else 65535) * 255 + 0.5)
        assert np.array_equal(greys(volume, name, values), expected)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, DEFLATED, BIG])
@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 192", "Lunge weiß"),
        ("ISO_IR 100", "Übersicht"),
        ("ISO_IR 144", "Лёгкие"),
        (["", "ISO 2022 IR 87"], "肺"),
    ],
)
def test_windows_and_tables_are_called_as_the_file_writes_it(
    made_ct: Any, charset: str | list[str], name: str, syntax: str
) -> None:
    # A name in a second alphabet is what German, Russian and Japanese scanners write.
    elements = {"WindowCenter": [40, -600], "WindowWidth": [400, 1500], "WindowCenterWidthExplanation": ["SOFT", name]}
    table = lut(0, curve(300, 10), 10, name)
    write(made_ct, table, SpecificCharacterSet=charset, syntax=syntax, **elements)
    volume = opened(made_ct.folder)
    assert [window.name for window in volume.series.windows] == ["SOFT", name]
    assert [one.name for one in volume.luts] == [name]


def test_a_table_in_big_endian_reads_like_the_others(made_ct: Any) -> None:
    write(made_ct, lut(-5, curve(300, 10), 10, "CURVE", "SS"), syntax=BIG)
    (found,) = opened(made_ct.folder).luts
    assert (found.at(0).first, found.at(0).bits, found.at(0).entries.tolist()) == (-5, 10, curve(300, 10))


def test_a_table_of_65536_entries_says_that_it_has_none_and_is_whole(made_ct: Any) -> None:
    write(made_ct, lut(-32768, curve(65536, 16), 16, "ALL", "SS", data="OW"))
    volume = opened(made_ct.folder)
    values = np.arange(-32768, 32767, dtype=np.int16)
    image = pydicom.dcmread(made_ct.folder / "0")
    assert np.array_equal(greys(volume, "ALL", values), as_pydicom(image, values, 0, 16))


def test_entries_of_eight_bits_may_come_two_in_a_word(made_ct: Any) -> None:
    write(made_ct, lut(0, curve(255, 8), 8, "PACKED", data="bytes"))
    (found,) = opened(made_ct.folder).luts
    assert found.at(0).entries.tolist() == curve(255, 8)


def test_a_negative_first_value_written_as_unsigned_is_still_negative(made_ct: Any) -> None:
    # 64512 is −1024 in the same bits, and no value of these 12-bit images goes as high.
    write(made_ct, lut(-1024, curve(800, 12), 12, "CURVE", "US"), BitsStored=12, HighBit=11)
    (found,) = opened(made_ct.folder).luts
    assert found.at(0).first == -1024


def test_without_a_word_about_the_sign_it_is_that_of_the_values(made_ct: Any) -> None:
    write(made_ct, lut(-900, curve(800, 12), 12, "CURVE", "SS"), syntax=IMPLICIT)
    assert opened(made_ct.folder).luts[0].at(0).first == -900


def test_each_image_keeps_its_own_table_and_all_views_take_the_one_at_the_cursor(made_ct: Any) -> None:
    for k in range(3):
        own = lut(100 * k, curve(400, 12), 12, "OWN")
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 5.0 * k), VOILUTSequence=Sequence([own]))
    volume = opened(made_ct.folder)
    values = np.arange(-100, 900, dtype=np.int16)
    for k in range(3):
        image = pydicom.dcmread(made_ct.folder / f"{k}")
        assert np.array_equal(greys(volume, "OWN", values, k), as_pydicom(image, values, 0, 12))


def test_frames_of_an_enhanced_image_have_tables_of_their_own(made_ct: Any) -> None:
    shared = {"PixelValueTransformationSequence": {"RescaleIntercept": "-1024", "RescaleSlope": "1"}}
    groups = [
        {
            "PlanePositionSequence": {"ImagePositionPatient": [0, 0, 3.0 * k]},
            "FrameVOILUTSequence": {"VOILUTSequence": Sequence([lut(50 * k, curve(200, 12), 12, "FRAME")])},
        }
        for k in range(4)
    ]
    made_ct.frames("enhanced", [made_ct.pixels(k) for k in range(4)], groups, shared)
    volume = opened(made_ct.folder)
    assert [volume.luts[0].at(k).first for k in range(4)] == [0, 50, 100, 150]


def test_tables_without_a_name_are_numbered_and_names_are_never_the_same(made_ct: Any) -> None:
    entries = curve(100, 12)
    write(made_ct, lut(0, entries, 12), lut(1, entries, 12, "A"), lut(2, entries, 12, "A"))
    assert [one.name for one in opened(made_ct.folder).luts] == ["LUT 1", "A", "A (2)"]


def short(item: Dataset) -> Dataset:
    item.add_new(0x00283006, "OW", bytes(20))
    return item


def described(item: Dataset, *numbers: int) -> Dataset:
    item.add_new(0x00283002, "US", list(numbers))
    return item


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (short, "it says that it has 100 entries, but holds 10"),
        (lambda item: described(item, 100, 0), "it does not describe itself"),
        (lambda item: described(item, 100, 0, 20), "it says that its entries have 20 bits"),
        (lambda item: described(item, 100, 0, 8), "its entries are larger than the 8 bits that it says they have"),
        (lambda item: described(item, 0, 0, 12), "it says that it has 65536 entries, but holds 100"),
    ],
)
def test_a_damaged_table_is_not_offered_and_the_reason_is_said(made_ct: Any, damage: Any, said: str) -> None:
    write(made_ct, lut(7, curve(50, 10), 10, "WHOLE"), damage(lut(0, curve(100, 12), 12, "BROKEN")))
    volume = opened(made_ct.folder)
    assert [one.name for one in volume.luts] == ["WHOLE"]
    assert volume.reasons == (f"The lookup table “BROKEN” of the file is not offered: {said}.",)
    assert volume.measurable


def test_a_table_that_some_images_lack_is_not_offered(made_ct: Any) -> None:
    for k in range(3):
        own = {} if k == 1 else {"VOILUTSequence": Sequence([lut(0, curve(100, 12), 12, "SOME")])}
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 5.0 * k), **own)
    volume = opened(made_ct.folder)
    assert volume.luts == ()
    assert volume.reasons == ("The lookup table “SOME” of the file is not offered: 1 image of 3 lack it.",)


def test_a_view_that_names_a_table_which_the_file_has_not_shows_its_window(made_ct: Any) -> None:
    write(made_ct, lut(0, curve(100, 12), 12, "THERE"))
    volume = opened(made_ct.folder)
    state = evolve(overview("1", volume.grid), lut="ELSEWHERE", window_centre=40, window_width=400)
    assert shown_lut(volume, state) is None
    assert table_for(volume, state) is table_for(volume, evolve(state, lut=""))


def test_a_table_made_for_a_real_slice_greys_it_as_pydicom_does(real_data: Path, tmp_path: Path) -> None:
    files = sorted((real_data / "a13_abdomen_contrast_CRLM-1004").glob("*.dcm"))[40:43]
    for n, file in enumerate(files):
        image = pydicom.dcmread(file)
        image.VOILUTSequence = Sequence([lut(-160 + n, curve(401, 12), 12, "ABDOMEN", "SS")])
        image.save_as(tmp_path / f"{n}.dcm")
    volume = opened(tmp_path)
    for k, name in enumerate(volume.source_files):
        image = pydicom.dcmread(name)
        values = apply_rescale(image.pixel_array, image).astype(np.int16)
        assert np.array_equal(greys(volume, "ABDOMEN", volume.slices[k], k), as_pydicom(image, values, 0, 12))


def test_more_tables_than_there_is_room_for_are_not_offered(made_ct: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voi_luts, "_MOST_BYTES", 500)
    for k in range(4):
        own = lut(k, curve(100, 12), 12, "OWN")
        made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 5.0 * k), VOILUTSequence=Sequence([own]))
    volume = opened(made_ct.folder)
    assert volume.luts == ()
    assert "more tables than there is room for" in volume.reasons[0]


def test_monochrome1_shows_its_lowest_values_white(made_ct: Any) -> None:
    two, one = (
        opened(made_ct.slice(photometric, made_ct.pixels(), PhotometricInterpretation=photometric))
        for photometric in ("MONOCHROME2", "MONOCHROME1")
    )
    state = evolve(overview("1", two.grid), window_centre=40.0, window_width=400.0)
    values = np.array([-1000, -159, 40, 239, 1000])
    plain, turned = (table_for(volume, state).of(values).astype(int) & 255 for volume in (two, one))
    assert plain[0] == 0
    assert plain[-1] == 255
    assert np.array_equal(turned, 255 - plain)
    # Whoever turns it over sees it as others are.
    assert np.array_equal(table_for(one, evolve(state, invert=True)).of(values).astype(int) & 255, plain)
