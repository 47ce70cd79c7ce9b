"""NIfTI that programs read in two ways: it is not trusted, and says why."""

from __future__ import annotations

import gzip
import struct
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import pytest

from tests.io.volume_files.made import opened, values
from viewer.domain.geometry import Verdict

if TYPE_CHECKING:
    from pathlib import Path

_UNITS, _SIZE_OF_J, _OFFSET, _OFFSET_2 = 123, 84, 108, 168
_PLAIN = np.diag([0.7, 0.8, 2.5, 1.0])


def written(path: Path, *edits: tuple[int, str, Any], newer: bool = False, codes: tuple[int, int] = (0, 1)) -> Path:
    """Write a file, with the codes of its qform and sform, then change numbers of its header."""
    image = (nibabel.Nifti2Image if newer else nibabel.Nifti1Image)(values().transpose(2, 1, 0), None)
    image.header.set_zooms((0.7, 0.8, 2.5))
    image.header.set_qform(_PLAIN, code=codes[0])
    image.header.set_sform(_PLAIN, code=codes[1])
    nibabel.save(image, path)
    raw = bytearray(path.read_bytes())
    for at, kind, value in edits:
        struct.pack_into(f"<{kind}", raw, at, value)
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("newer", [False, True])
def test_voxels_whose_beginning_the_file_does_not_say_are_not_trusted(tmp_path: Path, newer: bool) -> None:
    # nibabel takes the header itself for voxels, ITK begins four bytes before its end.
    edit = (_OFFSET_2, "q", 0) if newer else (_OFFSET, "f", 0.0)
    volume = opened(written(tmp_path / "a.nii", edit, newer=newer))
    assert np.array_equal(volume.slices, values())
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons[0] == "The file does not say where its voxels begin; they are read from behind its header."


@pytest.mark.parametrize(("unit", "known"), [(0, True), (2, True), (10, True), (4, False), (5, False), (7, False)])
def test_lengths_in_a_unit_that_the_format_does_not_know_are_not_trusted(
    tmp_path: Path, unit: int, known: bool
) -> None:
    volume = opened(written(tmp_path / "a.nii", (_UNITS, "B", unit)))
    assert volume.measurable is known
    assert ("The file gives lengths in a unit that is not understood." in volume.reasons) is not known


@pytest.mark.parametrize(
    ("codes", "said", "trusted"),
    [
        ((1, 1), "The file says in two ways where it lies, and they differ.", False),
        ((1, 2), "(sform) is used", True),
        ((0, 2), "", True),
    ],
)
def test_a_negative_size_of_voxels_makes_another_place_of_the_one_that_is_not_used(
    tmp_path: Path, codes: tuple[int, int], said: str, trusted: bool
) -> None:
    volume = opened(written(tmp_path / "a.nii", (_SIZE_OF_J, "f", -0.8), codes=codes))
    assert volume.measurable is trusted
    assert any(said in reason for reason in volume.reasons)
    assert any("two" in reason for reason in volume.reasons) is bool(said)


@pytest.mark.parametrize("cut", [1, 100, 348, 352])
def test_a_header_that_was_packed_in_parts_is_no_damaged_one(tmp_path: Path, cut: int) -> None:
    raw = written(tmp_path / "a.nii").read_bytes()
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(raw[:cut]) + gzip.compress(b"") + gzip.compress(raw[cut:]))
    volume = opened(tmp_path / "b.nii.gz")
    assert np.array_equal(volume.slices, values())
    assert volume.verdict is Verdict.OK
