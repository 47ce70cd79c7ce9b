"""NRRD that other programs read in another way, or not at all: it is refused, or not trusted, with a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.io.volume_files.made import RAW, nrrd_header, opened, refused, values
from viewer.domain.geometry import Verdict

if TYPE_CHECKING:
    from pathlib import Path


def attached(folder: Path, header: bytes, payload: bytes = RAW) -> Path:
    path = folder / "a.nrrd"
    path.write_bytes(header + payload)
    return path


@pytest.mark.parametrize(
    ("kind", "first", "sentence"),
    [
        # Python takes 1_000 for a thousand, the format's own library for 1.
        ("int16", "1_000", "The file is damaged or ends early."),
        ("float", "1_000", "The file is damaged or ends early."),
        ("uint64", "-1", "The file holds numbers that its own type has no room for."),
        ("uint64", "18446744073709551616", "The file holds numbers that its own type has no room for."),
        ("int64", "9223372036854775808", "The file holds numbers that its own type has no room for."),
    ],
)
def test_numbers_in_text_that_programs_read_in_two_ways_are_refused(
    tmp_path: Path, kind: str, first: str, sentence: str
) -> None:
    words = [first, *(str(v + 200) for v in values().flat[1:])]
    path = attached(tmp_path, nrrd_header(f"type: {kind}", "encoding: text"), " ".join(words).encode())
    assert refused(path).sentence == sentence


_TWO_SIZES = "The file says in two ways how large its voxels are, and they differ."
_TWO_PLACES = "The file says in two ways where it lies, and its format allows one."


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("spacings: 1 1 1", _TWO_SIZES),
        ("spacings: 0.7 0.8 5", _TWO_SIZES),
        ("spacings: 0.7 0.8 nan", ""),
        ("spacings: 0.7 0.8 2.5", ""),
        ('units: "cm" "cm" "cm"', "The file gives lengths in a unit that is not understood."),
        ('units: "mm" "mm" "mm"', ""),
        ('units: "" "???" ""', ""),
        ("axis mins: 0 0 0", _TWO_PLACES),
        ("axismaxs: 5 5 5", _TWO_PLACES),
        ("axis mins: nan nan nan", ""),
    ],
)
def test_sizes_and_places_that_are_said_twice_are_not_trusted_where_they_differ(
    tmp_path: Path, line: str, reason: str
) -> None:
    # The format forbids these beside directions, and its own library reads no such file.
    volume = opened(attached(tmp_path, nrrd_header(line)))
    assert (volume.verdict is Verdict.UNTRUSTED) is bool(reason)
    assert not reason or volume.reasons[0] == reason
    assert np.array_equal(volume.slices, values())


def test_a_size_of_voxels_is_held_against_directions_in_their_unit(tmp_path: Path) -> None:
    cm = ("space directions: (0.07,0,0) (0,0.08,0) (0,0,0.25)", 'space units: "cm" "cm" "cm"')
    for spacings, trusted in (("0.07 0.08 0.25", True), ("0.7 0.8 2.5", False)):
        volume = opened(attached(tmp_path, nrrd_header(*cm, f"spacings: {spacings}")))
        assert volume.measurable is trusted


@pytest.mark.parametrize(
    ("kinds", "trusted"),
    [
        ("domain domain domain", True),
        ("space space space", True),
        ("none ??? domain", True),
        ("domain domain list", False),
        ("domain domain time", False),
        ("vector domain domain", False),
    ],
)
def test_an_axis_that_lies_in_space_and_is_called_something_else_is_not_trusted(
    tmp_path: Path, kinds: str, trusted: bool
) -> None:
    # Slices 2.5 mm apart, or images of one place: ITK opens no such file.
    volume = opened(attached(tmp_path, nrrd_header(f"kinds: {kinds}")))
    assert np.array_equal(volume.slices, values())
    assert volume.measurable is trusted
    said = "The file says of an axis both that it lies in space and that it does not."
    assert (said in volume.reasons) is not trusted
