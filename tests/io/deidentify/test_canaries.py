"""Nothing of the patient is left in a series that was made for a case, wherever in a file it stood."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless

from tests.io.deidentify.canaries import WORD, canaries_below, planted, write_image
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.deidentified_series import export_series
from viewer.io.deidentify import Deidentifier
from viewer.io.lossless_frames import encoded
from viewer.io.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from viewer.domain.volume import Volume


def _pixels(k: int) -> NDArray[np.int16]:
    j, i = np.mgrid[0:16, 0:20]
    return (3 * i + 40 * j + 7 * k).astype(np.int16)


def _opened(folder: Path) -> Volume:
    return assemble(scan(folder, JobContext()).series[0], JobContext())


@pytest.fixture
def named_folder(tmp_path: Path) -> Path:
    folder = tmp_path / f"{WORD}^Tweety 19470411" / "ct"
    folder.mkdir(parents=True)
    return folder


def test_of_every_attribute_filled_private_nested_in_the_file_meta_and_in_names_none_is_left(
    named_folder: Path, tmp_path: Path
) -> None:
    for k in range(2):
        write_image(named_folder / f"{WORD}_{k}.dcm", _pixels(k), k + 1)
    # 5,000 attributes and what is nested in them, in each file.
    assert planted((named_folder / f"{WORD}_0.dcm").read_bytes()) > 10_000
    volume = _opened(named_folder)
    out = tmp_path / "out"
    made = export_series(volume, out, Deidentifier(), JobContext(), signed_off=True)
    assert canaries_below(out) == []
    assert [path.name for path in sorted(out.iterdir())] == ["0001.dcm", "0002.dcm"]
    assert np.array_equal(made.slices, volume.slices)
    assert np.array_equal(made.stack.positions_lps_mm, volume.stack.positions_lps_mm)
    assert WORD not in repr(made.series)


def _with_comments(stream: bytes, syntax: str) -> bytes:
    """Return a code stream with comments, application data, and text behind its end."""
    text = f"{WORD} says hello".encode()
    jpeg_2000 = syntax[-2:] in ("90", "01")
    if syntax == RLELossless:
        # In the part of the header that is not used; with text behind the last segment a frame cannot be read.
        return stream[:40] + f"{WORD} hello".encode() + stream[52:]
    if jpeg_2000:
        (size,) = struct.unpack_from(">H", stream, 4)
        at, comment = 4 + size, struct.pack(">HHH", 0xFF64, len(text) + 4, 1) + text
    else:
        at = 2
        comment = struct.pack(">HH", 0xFFFE, len(text) + 2) + text
        comment += struct.pack(">HH", 0xFFE1, len(text) + 2) + text
        jfif = b"JFIF\0\1\2\0\0\1\0\1\1\1" + f"{WORD}"[:3].encode()
        comment += struct.pack(">HH", 0xFFE0, len(jfif) + 2) + jfif
    return stream[:at] + comment + stream[at:] + text


ENCODERS: dict[str, Any] = {
    "1.2.840.10008.1.2.4.70": lambda a: imagecodecs.jpeg8_encode(a, lossless=True, bitspersample=16),
    "1.2.840.10008.1.2.4.80": imagecodecs.jpegls_encode,
    "1.2.840.10008.1.2.4.90": lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", level=0, reversible=True),
    "1.2.840.10008.1.2.4.201": imagecodecs.htj2k_encode,
    RLELossless: lambda a: encoded(a, RLELossless),
}


@pytest.mark.parametrize("syntax", ENCODERS)
def test_comments_inside_compressed_pixels_are_blanked_and_the_pixels_stay(
    syntax: str, named_folder: Path, tmp_path: Path
) -> None:
    for k in range(2):
        stream = bytes(ENCODERS[syntax](_pixels(k).view(np.uint16)))
        stream = _with_comments(stream, syntax)
        frame = encapsulate([stream], has_bot=True)
        write_image(named_folder / f"{WORD}{k}", _pixels(k), k + 1, syntax=syntax, pixels=frame, everything=False)
    volume = _opened(named_folder)
    out = tmp_path / "out"
    export_series(volume, out, Deidentifier(), JobContext(), signed_off=True)
    assert canaries_below(out) == []
    again = _opened(out)
    assert np.array_equal(again.slices, np.stack([_pixels(k) - 1024 for k in range(2)]))


def test_a_canary_in_the_place_of_a_code_a_number_or_a_kernel_is_not_taken_for_one(
    named_folder: Path, tmp_path: Path
) -> None:
    write_image(named_folder / "a", _pixels(0), 1)
    export_series(_opened(named_folder), tmp_path / "out", Deidentifier(), JobContext(), signed_off=True)
    made = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert list(made.ImageType) == ["ORIGINAL", "PRIMARY", "AXIAL", "OTHER"]
    for keyword in ("ConvolutionKernel", "PatientPosition", "BodyPartExamined", "ManufacturerModelName", "CTDIvol"):
        assert keyword not in made
    assert made.Manufacturer == ""
    assert bytes(made.preamble) == bytes(128)
