"""Headers that other programs write against the standard, or in ways of it that are not read here."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pytest

from tests.io.conftest import NATIVE, axial, opened
from viewer.domain.errors import UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.scan import scan

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
