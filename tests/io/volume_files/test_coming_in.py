"""A volume while it is read: from the middle where it can be, in steps that are told and can be stopped."""

from __future__ import annotations

import gzip
import threading
import zipfile
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import pytest

from tests.io.volume_files.made import (
    DIRECTIONS,
    many,
    nrrd_header,
    values,
    written_by_itk,
)
from viewer.domain.errors import CancelledError, CaseStageError
from viewer.domain.job import JobContext, Progress
from viewer.io.scan import scan
from viewer.io.volume_files import read_volume_file, volume_file_entries
from viewer.io.watcher import Watcher

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.geometry import SliceStack
    from viewer.domain.volume import Volume
    from viewer.io.reading_order import ReadingOrder

ENDINGS = [".nrrd", ".nhdr", ".mha", ".mhd", ".nii", ".nii.gz"]
PACKED = [".nrrd", ".mha", ".nii.gz"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_progress_is_told_in_slices(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.io.voxel_filling._REPORT_EVERY_S", 0.0)
    written_by_itk(tmp_path / f"a{ending}", values(), DIRECTIONS["LPS"])
    (entry,) = volume_file_entries(str(tmp_path / f"a{ending}"))
    told: list[Progress] = []
    read_volume_file(entry, JobContext(told.append))
    assert [p.what for p in told] == [f"Reading slice {n} of 5" for n in (1, 2, 3, 4, 5, 5)]
    assert [(p.done, p.total) for p in told] == [(n, 5) for n in range(6)]


class Seen(Watcher):
    """Keeps what a watcher is shown: the volume, and what had arrived with which values each time."""

    def __init__(self) -> None:
        self.volume: Any = None
        self.held: list[tuple[list[int], np.ndarray[Any, Any]]] = []

    def begun(self, volume: Volume, order: ReadingOrder) -> None:
        assert self.volume is None
        self.volume = volume
        self.grown()

    def grown(self) -> None:
        there = np.flatnonzero(self.volume.arrived)
        self.held.append((there.tolist(), self.volume.slices[there].copy()))


@pytest.fixture
def told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.io.volume_files._TELL_EVERY_S", -1.0)


@pytest.mark.usefixtures("told_at_once")
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize(("name", "stored"), [("LPS", [0, 1, 2, 3, 4]), ("left-handed", [4, 3, 2, 1, 0])])
def test_slices_are_shown_from_the_middle_or_where_packed_as_they_are_stored(
    tmp_path: Path, ending: str, packed: bool, name: str, stored: list[int]
) -> None:
    written_by_itk(tmp_path / f"a{ending}", values(), DIRECTIONS[name], packed=packed)
    (entry,) = volume_file_entries(str(tmp_path / f"a{ending}"))
    seen = Seen()
    volume = read_volume_file(entry, JobContext(), seen)
    # ITK packs NIfTI by its ending alone.
    in_turn = ending == ".nii.gz" or (packed and ending != ".nii")
    order = stored if in_turn else [2, 3, 1, 4, 0]
    assert [there for there, _ in seen.held] == [sorted(order[: n + 1]) for n in range(5)]
    assert np.array_equal(volume.slices[:: -1 if name == "left-handed" else 1], values())
    for there, shown in seen.held:
        assert np.array_equal(shown, volume.slices[there])
    assert seen.volume.preview
    assert not seen.volume.measurable
    assert not volume.preview
    assert np.shares_memory(seen.volume.slices, volume.slices)
    assert np.array_equal(seen.volume.stack.positions_lps_mm, volume.stack.positions_lps_mm)


@pytest.mark.usefixtures("told_at_once")
def test_what_is_shown_stays_right_where_values_turn_out_to_be_no_whole_numbers(tmp_path: Path) -> None:
    fractions = many(np.float32, count=5)
    fractions[4, 0, 0] = 0.5
    written_by_itk(tmp_path / "a.nrrd", fractions, DIRECTIONS["LPS"])
    (entry,) = volume_file_entries(str(tmp_path / "a.nrrd"))
    seen = Seen()
    volume = read_volume_file(entry, JobContext(), seen)
    assert volume.slices.dtype == np.float32
    assert seen.held[-1][0] == [1, 2, 3]
    assert np.array_equal(seen.volume.slices[1:4], volume.slices[1:4])


class LooksElsewhere(Seen):
    """Wants a slice first, and looks at another one once that is there."""

    def __init__(self, first: int, then: int) -> None:
        super().__init__()
        self._first, self._then = first, then

    def first_slice(self, stack: SliceStack) -> int:
        return self._first

    def begun(self, volume: Volume, order: ReadingOrder) -> None:
        super().begun(volume, order)
        order.focus = self._then


@pytest.mark.usefixtures("told_at_once")
@pytest.mark.parametrize("name", ["LPS", "left-handed"])
def test_an_unpacked_volume_comes_in_around_what_is_looked_at(tmp_path: Path, name: str) -> None:
    many_parts = np.stack([values(), values() + 500, values() + 900])
    affine = np.diag([1.0, 1.0, 1.0, 1.0]) @ np.block([[DIRECTIONS[name] * 0.8, np.zeros((3, 1))], [np.eye(4)[3:]]])
    nibabel.save(nibabel.Nifti1Image(many_parts.T, np.diag([-1.0, -1, 1, 1]) @ affine), tmp_path / "a.nii")
    entry = volume_file_entries(str(tmp_path / "a.nii"))[1]
    seen = LooksElsewhere(3, 0)
    volume = read_volume_file(entry, JobContext(), seen)
    assert [there for there, _ in seen.held] == [[3], [0, 3], [0, 1, 3], [0, 1, 2, 3], [0, 1, 2, 3, 4]]
    assert np.array_equal(volume.slices[:: -1 if name == "left-handed" else 1], values() + 500)


@pytest.mark.usefixtures("told_at_once")
@pytest.mark.parametrize("files", [1, 5])
def test_slices_in_files_of_their_own_come_in_around_what_is_looked_at(tmp_path: Path, files: int) -> None:
    for n, one in enumerate(np.split(values(), files)):
        (tmp_path / f"s{n}.raw").write_bytes(b"before" + one.tobytes())
    names = "".join(f"s{n}.raw\n" for n in range(files))
    header = nrrd_header("byte skip: 6", f"data file: LIST\n{names}".rstrip())
    (tmp_path / "a.nhdr").write_bytes(header.rstrip(b"\n") + b"\n")
    (entry,) = volume_file_entries(str(tmp_path / "a.nhdr"))
    seen = LooksElsewhere(1, 4)
    volume = read_volume_file(entry, JobContext(), seen)
    assert [there for there, _ in seen.held] == [[1], [1, 4], [1, 3, 4], [1, 2, 3, 4], [0, 1, 2, 3, 4]]
    assert np.array_equal(volume.slices, values())


@pytest.mark.usefixtures("told_at_once")
def test_a_volume_in_an_archive_is_read_through_so_that_its_check_sum_holds(tmp_path: Path) -> None:
    written_by_itk(tmp_path / "a.nrrd", many(count=5), DIRECTIONS["LPS"])
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.nrrd", "a.nrrd")
    (tmp_path / "a.nrrd").unlink()
    (entry,) = scan(tmp_path / "a.zip", JobContext()).series
    seen = Seen()
    read_volume_file(entry, JobContext(), seen)
    assert [there for there, _ in seen.held] == [list(range(n + 1)) for n in range(5)]
    damaged = bytearray((tmp_path / "a.zip").read_bytes())
    damaged[len(damaged) // 2] ^= 0x10
    (tmp_path / "a.zip").write_bytes(damaged)
    with pytest.raises(CaseStageError, match="damaged"):
        read_volume_file(entry, JobContext(), Seen())


@pytest.mark.usefixtures("told_at_once")
def test_a_slice_with_places_that_hold_no_number_is_shown_once_all_is_read(tmp_path: Path) -> None:
    holes = many(np.float32, count=4)
    holes[1, 5, 5] = np.nan
    nibabel.save(nibabel.Nifti1Image(holes.transpose(2, 1, 0), np.diag([-1.0, -1, 1, 1])), tmp_path / "a.nii")
    (entry,) = volume_file_entries(str(tmp_path / "a.nii"))
    seen = Seen()
    read_volume_file(entry, JobContext(), seen)
    assert seen.held[-1][0] == [0, 2, 3]


@pytest.mark.parametrize("ending", ENDINGS)
def test_reading_stops_in_the_middle(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.io.voxel_filling._REPORT_EVERY_S", 0.0)
    written_by_itk(tmp_path / f"a{ending}", values(), DIRECTIONS["LPS"])
    (entry,) = volume_file_entries(str(tmp_path / f"a{ending}"))
    stop = threading.Event()
    done: list[float] = []

    def told(progress: Progress) -> None:
        done.append(progress.done)
        if progress.done == 2:
            stop.set()

    with pytest.raises(CancelledError):
        read_volume_file(entry, JobContext(told, stop.is_set))
    assert done == [0, 1, 2]


def test_unpacking_what_lies_before_a_volume_stops_too(tmp_path: Path) -> None:
    header = nrrd_header(
        "dimension: 4",
        "sizes: 200 160 60 3",
        "encoding: gzip",
        "kinds: domain domain domain time",
        "space directions: (1,0,0) (0,1,0) (0,0,1) none",
    )
    (tmp_path / "a.nrrd").write_bytes(header + gzip.compress(np.stack([many()] * 3).tobytes(), 1))
    last = volume_file_entries(str(tmp_path / "a.nrrd"))[-1]
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    told: list[str] = []
    with pytest.raises(CancelledError):
        read_volume_file(last, JobContext(lambda progress: told.append(progress.what), cancelled))
    assert asked == 4
    assert told == ["Unpacking what lies before this volume"]
