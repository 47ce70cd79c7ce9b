"""A file that holds more slices than its header says: its sizes are in doubt, however its voxels are packed."""

from __future__ import annotations

import bz2
import gzip
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.io.volume_files.made import (
    DIRECTIONS,
    meta_header,
    nrrd_header,
    opened,
    values,
    written_beside,
    written_by_itk,
)
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.geometry import SliceStack

_MORE_SLICES = "The file holds more slices than its header says; those are not shown."
_STORED_AS: dict[str, Callable[[bytes], Any]] = {
    "bytes": bytes,
    "gzip": gzip.compress,
    "gzip, in two parts": lambda raw: gzip.compress(raw[:100]) + gzip.compress(raw[100:]),
    "bzip2": bz2.compress,
    "text": lambda raw: " ".join(str(v) for v in np.frombuffer(raw, "<i2")).encode(),
    "hex": lambda raw: raw.hex(" ", 2).encode(),
}


@pytest.mark.parametrize("ending", [".nrrd", ".nhdr", ".mha", ".mhd", ".nii"])
def test_a_file_of_more_slices_than_it_says_is_not_trusted(tmp_path: Path, ending: str) -> None:
    path = written_by_itk(tmp_path / f"a{ending}", values(), DIRECTIONS["LPS"])
    voxels = tmp_path / "a.raw" if ending in (".nhdr", ".mhd") else path
    before = opened(path)
    for more, said in ((values()[0].nbytes - 1, False), (values()[0].nbytes, True)):
        whole = voxels.read_bytes()
        voxels.write_bytes(whole + bytes(more))
        (entry,) = scan(path, JobContext()).series
        volume = assemble(entry, JobContext())
        assert entry.foreseen == (volume.verdict, _MORE_SLICES if said else "")
        voxels.write_bytes(whole)
        assert np.array_equal(volume.slices, before.slices)
        assert volume.measurable is not said
        assert (_MORE_SLICES in volume.reasons) is said


@pytest.mark.parametrize("zipped", [False, True], ids=["on disk", "in a zip archive"])
@pytest.mark.parametrize("name", _STORED_AS)
def test_a_file_of_more_slices_than_it_says_is_not_trusted_however_they_are_packed(
    tmp_path: Path, name: str, zipped: bool
) -> None:
    header = nrrd_header(f"encoding: {'raw' if name == 'bytes' else name.partition(',')[0]}")
    for slices, said in ((0, False), (1, True), (40, True)):
        whole = values().tobytes() + values()[:1].tobytes() * slices
        path = tmp_path / "a.nrrd"
        path.write_bytes(header + _STORED_AS[name](whole))
        if zipped:
            with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                archive.write(path, path.name)
        volume = opened(tmp_path / "a.zip" if zipped else path)
        assert np.array_equal(volume.slices, values())
        assert (volume.verdict is Verdict.UNTRUSTED) is said
        assert (_MORE_SLICES in volume.reasons) is said


def test_files_of_a_list_that_hold_more_slices_each_than_their_header_says_are_not_trusted(tmp_path: Path) -> None:
    header = nrrd_header("data file: LIST\n" + "\n".join(f"{k}.raw" for k in range(5))).removesuffix(b"\n")
    for each, said in ((1, False), (2, True)):
        files = {str(k): values()[k].tobytes() * each for k in range(5)}
        volume = opened(written_beside(tmp_path / "a.nhdr", header, files))
        assert np.array_equal(volume.slices, values())
        assert volume.measurable is not said
        assert (_MORE_SLICES in volume.reasons) is said


def test_one_volume_of_several_in_a_packed_file_is_not_said_to_be_short(tmp_path: Path) -> None:
    lines = ["dimension: 4", "sizes: 7 6 5 3", "kinds: domain domain domain time", "encoding: gzip"]
    header = nrrd_header(*lines, "space directions: (1,0,0) (0,1,0) (0,0,1) none")
    (tmp_path / "a.nrrd").write_bytes(header + gzip.compress(np.stack([values()] * 3).tobytes()))
    for entry in scan(tmp_path / "a.nrrd", JobContext()).series:
        assert assemble(entry, JobContext()).verdict is Verdict.OK


@pytest.mark.parametrize("said", ["LIST", "LIST 2", "pattern"])
@pytest.mark.parametrize("name", ["a.nhdr", "a.mhd"])
@pytest.mark.parametrize("named", [5, 6, 10])
def test_more_files_than_slices_do_not_mix_slices_with_one_another(
    tmp_path: Path, name: str, said: str, named: int
) -> None:
    files = {str(k): values()[k % 5].tobytes() for k in range(named)}
    listed = f"{said}\n" + "\n".join(f"{k}.raw" for k in range(named)) if "LIST" in said else f"%d.raw 0 {named - 1} 1"
    nrrd, meta = f"data file: {listed}", f"ElementDataFile = {listed}"
    header = nrrd_header(nrrd).removesuffix(b"\n") if name == "a.nhdr" else meta_header(meta)
    volume = opened(written_beside(tmp_path / name, header, files))
    assert np.array_equal(volume.slices, values())
    assert volume.measurable is (named == 5)
    assert (_MORE_SLICES in volume.reasons) is (named > 5)


def test_files_of_single_rows_are_one_volume_where_the_header_says_so(tmp_path: Path) -> None:
    rows = values().reshape(-1, 7)
    listed = "\n".join(f"{n}.raw" for n in range(len(rows)))
    files = {str(n): row.tobytes() for n, row in enumerate(rows)}
    for name, header in (
        ("a.nhdr", nrrd_header(f"data file: LIST 1\n{listed}").removesuffix(b"\n")),
        ("a.mhd", meta_header(f"ElementDataFile = LIST 1\n{listed}")),
    ):
        volume = opened(written_beside(tmp_path / name, header, files))
        assert np.array_equal(volume.slices, values())
        assert volume.verdict is Verdict.OK


class _First(Watcher):
    def __init__(self, k: int) -> None:
        self._k = k

    def first_slice(self, _stack: SliceStack) -> int:
        return self._k


@pytest.mark.parametrize("first", range(5))
def test_more_slices_are_found_whichever_is_read_first(tmp_path: Path, first: int) -> None:
    path = tmp_path / "a.nrrd"
    path.write_bytes(nrrd_header("line skip: 1") + b"a line\n" + values().tobytes() + values()[0].tobytes())
    (entry,) = scan(path, JobContext()).series
    assert _MORE_SLICES in assemble(entry, JobContext(), _First(first)).reasons


def test_every_volume_of_a_file_that_holds_more_in_a_zip_archive_is_in_doubt(tmp_path: Path) -> None:
    lines = ["dimension: 4", "sizes: 7 6 5 2", "kinds: domain domain domain time"]
    header = nrrd_header(*lines, "space directions: (1,0,0) (0,1,0) (0,0,1) none")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.nrrd", header + values().tobytes() * 3)
    for entry in scan(tmp_path / "a.zip", JobContext()).series:
        assert assemble(entry, JobContext()).reasons[0] == _MORE_SLICES
