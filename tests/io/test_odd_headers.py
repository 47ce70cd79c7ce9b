"""Headers that other programs write against the standard, or in ways of it that are not read here."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from tests.io.conftest import axial, opened
from viewer.domain.errors import UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.scan import scan


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


@pytest.mark.parametrize("form", ["DS", ""])
def test_a_file_that_says_twice_what_its_values_are_worth_is_refused_and_one_that_repeats_itself_is_not(
    made_ct: Any, form: str
) -> None:
    syntax = "1.2.840.10008.1.2.1" if form else "1.2.840.10008.1.2"
    stored = made_ct.stack([(0, 0, 2.0 * k) for k in range(4)], syntax=syntax)
    for k, path in enumerate(sorted(made_ct.folder.iterdir())):
        raw = path.read_bytes()
        at = raw.index(b"\x28\x00\x53\x10" + form.encode())
        value = b"2 " if k == 2 else raw[at + 8 : at + 8 + raw[at + (6 if form else 4)]]
        length = struct.pack("<H" if form else "<L", len(value))
        path.write_bytes(raw[:at] + b"\x28\x00\x53\x10" + form.encode() + length + value + raw[at:])
    found = scan(made_ct.folder, JobContext())
    (skipped,) = found.skipped
    assert skipped.why.startswith("The header holds “Rescale Slope” twice, with two values;")
    volume = opened(made_ct)
    there = [0, 1, 3]
    assert np.array_equal(volume.slices, np.stack(stored).astype(int)[there] - 1024)
