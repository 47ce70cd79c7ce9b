"""Whatever happens to a document on its way, it is read or refused with a sentence, never a crash."""

from __future__ import annotations

import errno
import logging
import random
from typing import TYPE_CHECKING

import pytest

from tests.io.documents.made import block, finding, mark_at, nifti_like
from viewer.domain.errors import CaseStageError, TooLargeError
from viewer.io import seg_reading
from viewer.io.findings_file import read_findings, write_findings
from viewer.io.nifti_seg import read_nifti_seg
from viewer.io.seg import read_seg, write_seg
from viewer.io.sr import read_sr, write_sr

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume

MUTANTS = 120


def _findings(volume: Volume) -> tuple[Finding, ...]:
    shape = volume.stack.shape_kji
    return (
        finding(volume, block(shape, slice(1, 4), slice(3, 9), slice(2, 9)), "one", score=0.5),
        mark_at(volume, (3, 3, 2), "A"),
        finding(volume, block(shape, slice(0, 2), slice(0, 2), slice(0, 4)), "two"),
    )


def _mutant(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        at = chance.randrange(len(changed))
        kind = chance.random()
        if kind < 0.7:
            changed[at] = chance.randrange(256)
        elif kind < 0.85:
            del changed[at : at + chance.randrange(1, 50)]
        else:
            changed[at:at] = chance.randbytes(chance.randrange(1, 20))
    return bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.1 else changed)


def _bear(path: Path, read: Callable[[Path], object], seed: int) -> int:
    """Return how many mutants were refused; anything raised but an expected error ends the test."""
    content, chance, refused = path.read_bytes(), random.Random(seed), 0
    for _ in range(MUTANTS):
        path.write_bytes(_mutant(content, chance))
        try:
            read(path)
        except CaseStageError as error:
            refused += error.sentence.endswith(".")
    return refused


@pytest.mark.parametrize("compressed", [False, True])
def test_damaged_segmentations(tilted: Volume, tmp_path: Path, compressed: bool) -> None:
    write_seg(tmp_path / "seg.dcm", tilted, _findings(tilted), compressed=compressed)
    assert _bear(tmp_path / "seg.dcm", lambda path: read_seg(path, tilted), 1) > 0


def test_damaged_reports(tilted: Volume, tmp_path: Path) -> None:
    write_seg(tmp_path / "seg.dcm", tilted, _findings(tilted))
    write_sr(tmp_path / "sr.dcm", tilted, _findings(tilted), {}, tmp_path / "seg.dcm", "A")
    assert _bear(tmp_path / "sr.dcm", read_sr, 2) > 0


def test_damaged_nifti_masks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="nibabel.global")
    volume = nifti_like()
    write_findings(tmp_path, volume, _findings(volume), None)
    assert _bear(tmp_path / "seg.nii.gz", lambda path: read_nifti_seg(path, volume), 3) > 0


def test_damaged_findings(tmp_path: Path) -> None:
    volume = nifti_like()
    write_findings(tmp_path, volume, _findings(volume), None)
    assert _bear(tmp_path / "findings.json", lambda path: read_findings(path.parent, volume), 4) > 0


def test_a_file_that_inflates_without_end_is_refused(
    tilted: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_seg(tmp_path / "seg.dcm", tilted, _findings(tilted), compressed=True)
    monkeypatch.setattr(seg_reading, "_MOST_INFLATED", 500)
    with pytest.raises(TooLargeError, match="memory"):
        read_seg(tmp_path / "seg.dcm", tilted)


def test_an_export_onto_a_full_disk_leaves_no_half_file(
    tilted: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_findings(tmp_path, tilted, _findings(tilted), None)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("viewer.io.atomic_file.os.fsync", full)
    with pytest.raises(CaseStageError, match="disk is full"):
        write_findings(tmp_path, tilted, _findings(tilted)[:1], None)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_full_disk_is_named_also_where_a_library_wrapped_what_the_system_said(
    tilted: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object, **_options: object) -> None:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            # As pydicom does it: in words, and without the number.
            raise OSError(f"{error}\nfor data_element:\n(0010,0010) Patient's Name") from None

    monkeypatch.setattr("pydicom.dataset.Dataset.save_as", full)
    with pytest.raises(CaseStageError, match="disk is full") as raised:
        write_seg(tmp_path / "seg.dcm", tilted, _findings(tilted))
    assert raised.value.detail == "No space left on device"
