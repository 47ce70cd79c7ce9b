"""Headers that other programs write against the standard, or in ways of it that are not read here."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from tests.io.conftest import NATIVE, axial, opened
from viewer.domain.errors import UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.deidentified_series import export_series
from viewer.io.deidentify import Deidentifier
from viewer.io.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

IMPLICIT, DEFLATED, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"


@pytest.mark.parametrize("form", [b"??", b"  ", b"\0\0", b"lo", b"ZZ"])
@pytest.mark.parametrize("length", ["two bytes", "four bytes", "implicit"])
def test_a_private_element_of_no_known_form_costs_nothing(made_ct: Any, form: bytes, length: str) -> None:
    value = b"made by hand"
    written = {
        "two bytes": form + struct.pack("<H", len(value)),
        "four bytes": form + struct.pack("<HL", 0, len(value)),
        "implicit": struct.pack("<L", len(value)),
    }[length]
    stored = made_ct.stack([(0, 0, 2.0 * k) for k in range(3)])
    for path in made_ct.folder.iterdir():
        raw = path.read_bytes()
        at = raw.index(b"\x10\x00\x10\x00PN")
        path.write_bytes(raw[:at] + b"\x09\x00\x10\x10" + written + value + raw[at:])
    volume = opened(made_ct)
    assert np.array_equal(volume.slices, np.stack(stored).astype(int) - 1024)
    assert volume.verdict is Verdict.OK


def test_pixels_packed_in_a_way_that_is_not_known_say_so_and_what_to_ask_for(made_ct: Any) -> None:
    made_ct.stack(axial(4), syntax="1.2.840.10008.1.2.4.102", stream=b"\xff\x0a" + bytes(500))
    with pytest.raises(UnreadableFileError) as caught:
        opened(made_ct)
    words = "None of the images of this series can be read: the pixels are compressed in a way that is not supported."
    assert caught.value.sentence == words
    assert caught.value.hint == "Export them anew without compression, or as JPEG 2000, JPEG-LS or RLE."


def _said_again(raw: bytes, tag: int, value: bytes | None, syntax: str) -> bytes:
    """Return a file that says an element a second time, before the first: as it stands there, or with a value."""
    deflated = syntax == DEFLATED
    start = 144 + int.from_bytes(raw[140:144], "little")
    body = zlib.decompress(raw[start:], -zlib.MAX_WBITS) if deflated else raw[start:]
    order, explicit = ">" if syntax == BIG else "<", syntax != IMPLICIT
    at = body.index(struct.pack(order + "HH", tag >> 16, tag & 0xFFFF))
    (length,) = struct.unpack_from(order + ("H" if explicit else "L"), body, at + (6 if explicit else 4))
    again = body[at + 8 : at + 8 + length] if value is None else value
    header = body[at : at + (6 if explicit else 4)] + struct.pack(order + ("H" if explicit else "L"), len(again))
    body = body[:at] + header + again + body[at:]
    if not deflated:
        return raw[:start] + body
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return raw[:start] + packing.compress(body) + packing.flush()


@pytest.mark.parametrize(
    ("tag", "value", "name"),
    [(0x00281053, b"2 ", "Rescale Slope"), (0x00280103, b"\1\1", "Pixel Representation")],
)
@pytest.mark.parametrize("syntax", NATIVE)
def test_a_file_that_says_one_thing_twice_is_refused_where_it_differs(
    made_ct: Any, syntax: str, tag: int, value: bytes, name: str
) -> None:
    stored = made_ct.stack([(0, 0, 2.0 * k) for k in range(4)], syntax=syntax)
    for k, path in enumerate(sorted(made_ct.folder.iterdir())):
        path.write_bytes(_said_again(path.read_bytes(), tag, value if k == 2 else None, syntax))
    found = scan(made_ct.folder, JobContext())
    (skipped,) = found.skipped
    assert skipped.why.startswith(f"The header holds “{name}” twice, with two values;")
    volume = opened(made_ct)
    there = [0, 1, 3]
    assert np.array_equal(volume.slices, np.stack(stored).astype(int)[there] - 1024)


def said_to_be(raw: bytes, syntax: str) -> bytes:
    """Return an explicit little endian file that says another transfer syntax of itself."""
    own, other = b"UI\x14\x001.2.840.10008.1.2.1\0", syntax.encode() + b"\0" * (len(syntax) % 2)
    assert raw.count(own) == 1
    (length,) = struct.unpack_from("<L", raw, 140)
    raw = raw[:140] + struct.pack("<L", length + len(other) - 20) + raw[144:]
    return raw.replace(own, b"UI" + struct.pack("<H", len(other)) + other)


@pytest.mark.parametrize("odd", [0, 1])
@pytest.mark.parametrize(("syntax", "lossy"), [("70", False), ("90", False), ("91", True), ("50", True)])
def test_pixels_that_were_unpacked_and_are_still_said_to_be_packed_are_read(
    made_ct: Any, syntax: str, lossy: bool, odd: int
) -> None:
    stored = made_ct.stack(axial(6), Columns=32, Rows=24)
    for path in sorted(made_ct.folder.iterdir())[odd:]:
        path.write_bytes(said_to_be(path.read_bytes(), f"1.2.840.10008.1.2.4.{syntax}"))
    for _ in range(2):
        volume = opened(made_ct)
        assert np.array_equal(volume.slices, np.stack(stored).astype(int) - 1024)
        assert (volume.verdict, volume.series.lossy) == (Verdict.OK, lossy)


def test_a_case_is_made_of_pixels_that_are_still_said_to_be_packed(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(axial(6))
    for path in made_ct.folder.iterdir():
        path.write_bytes(said_to_be(path.read_bytes(), "1.2.840.10008.1.2.4.91"))
    volume = opened(made_ct)
    made = export_series(volume, tmp_path / "case", Deidentifier(), JobContext(), signed_off=True)
    assert np.array_equal(made.slices, volume.slices)
    assert made.series.lossy
    assert {pydicom.dcmread(p).file_meta.TransferSyntaxUID for p in (tmp_path / "case").iterdir()} == {NATIVE[1]}


def test_a_packed_image_among_those_that_only_say_so_is_read_as_what_it_is(made_ct: Any) -> None:
    lossless = "1.2.840.10008.1.2.4.70"
    for k in range(9):
        packed = k % 3 == 1
        path = made_ct.slice(f"{k}", made_ct.pixels(k), (0, 0, 2.0 * k), syntax=lossless if packed else NATIVE[1])
        if not packed:
            path.write_bytes(said_to_be(path.read_bytes(), lossless))
    volume = opened(made_ct)
    assert np.array_equal(volume.slices, np.stack([made_ct.pixels(k) for k in range(9)]).astype(int) - 1024)
    assert volume.verdict is Verdict.OK


def test_a_transfer_syntax_that_nobody_knows_is_not_taken_for_uncompressed(made_ct: Any) -> None:
    # What GE calls so is little endian but for its pixels.
    made_ct.stack(axial(3))
    for path in made_ct.folder.iterdir():
        path.write_bytes(said_to_be(path.read_bytes(), "1.2.840.113619.5.2"))
    with pytest.raises(UnreadableFileError, match="a way .transfer syntax. that is not supported"):
        opened(made_ct)


def test_file_meta_without_its_length_or_a_preamble_is_read(made_ct: Any) -> None:
    stored = made_ct.stack(axial(3))
    for path in made_ct.folder.iterdir():
        path.write_bytes(path.read_bytes()[144:])
    assert np.array_equal(opened(made_ct).slices, np.stack(stored).astype(int) - 1024)
