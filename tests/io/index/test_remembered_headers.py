"""A folder that was seen before: what has not changed is not read again, what has is seen, file by file."""

from __future__ import annotations

import os
import shutil
import time
import zipfile
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pytest

from viewer.domain.errors import CancelledError, UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io import index as indexing
from viewer.io.assemble import assemble
from viewer.io.index import LibraryIndex
from viewer.io.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

CASES = (
    "a02_head_phantom_philips", "a04_transfer_syntaxes", "a05_enhanced_ct_multiframe", "a07_seg_nonsquare",
    "a10_rtstruct_sarcoma", "a12_edge_series", "a14_nifti_totalsegmentator", "a17_dicomdir",
)  # fmt: skip


def same(found: Any, fresh: Any) -> bool:
    """Return True where two scans found the same, down to every image."""
    if found.skipped != fresh.skipped or len(found.series) != len(fresh.series):
        return False
    for one, other in zip(found.series, fresh.series, strict=True):
        if attrs.evolve(one, frames=()).__getstate__() != attrs.evolve(other, frames=()).__getstate__():
            return False
        for frame, wanted in zip(one.frames, other.frames, strict=True):
            # When it was changed says nothing of what it holds.
            file, expected = (attrs.asdict(attrs.evolve(f.file, changed_ns=0)) for f in (frame, wanted))
            values = [getattr(frame, f.name) for f in attrs.fields(type(frame)) if f.name != "file"]
            if file != expected or values != [
                getattr(wanted, f.name) for f in attrs.fields(type(wanted)) if f.name != "file"
            ]:
                return False
    return True


@pytest.mark.parametrize("case", CASES)
def test_real_folders_are_the_same_from_the_index(library: Any, real_data: Path, case: str) -> None:
    first, kept = library.look(real_data / case)
    assert library.read or "nifti" in case
    assert len(kept.new) == len(first.series)
    again, kept = library.look(real_data / case)
    assert library.read == []
    assert same(again, scan(real_data / case, JobContext()))
    assert (kept.new, kept.grown, kept.gone) == ((), (), ())


def test_volumes_from_the_index_have_the_same_voxels(library: Any, two_series: Path) -> None:
    fresh = [assemble(e, JobContext()) for e in library.look(two_series)[0].series]
    recalled = [assemble(e, JobContext()) for e in library.look(two_series)[0].series]
    assert library.read == []
    for one, other in zip(fresh, recalled, strict=True):
        assert np.array_equal(one.slices, other.slices)
        assert np.array_equal(one.stack.positions_lps_mm, other.stack.positions_lps_mm)


def added(folder: Path, made_ct: Any) -> None:
    made_ct.slice("thin/one_more", made_ct.pixels(9), (-10, -20, 12.5), series="5", SeriesDescription="Thorax thin")


def new_series(folder: Path, made_ct: Any) -> None:
    made_ct.slice("bone/first", made_ct.pixels(9), (-10, -20, 12.5), series="9", SeriesDescription="Thorax bone")


def removed(folder: Path, made_ct: Any) -> None:
    next(iter(sorted((folder / "thin").iterdir()))).unlink()


def removed_with_its_folder(folder: Path, made_ct: Any) -> None:
    shutil.rmtree(folder / "lung")


def renamed(folder: Path, made_ct: Any) -> None:
    first, second = sorted((folder / "thin").iterdir())[:2]
    first.rename(folder / "other")
    second.rename(first)
    (folder / "other").rename(second)


def renamed_folder(folder: Path, made_ct: Any) -> None:
    (folder / "lung").rename(folder / "lungs")


def cut_short(folder: Path, made_ct: Any) -> None:
    path = next(iter(sorted((folder / "thin").iterdir())))
    path.write_bytes(path.read_bytes()[:-100])


def made_an_image(folder: Path, made_ct: Any) -> None:
    shutil.copy(next(iter(sorted((folder / "lung").iterdir()))), folder / "letter.txt")


def replaced_by_one_of_the_same_size_and_time(folder: Path, made_ct: Any) -> None:
    first, second = (next((folder / "thin").glob(f"*_{k}")) for k in (1, 3))
    assert first.stat().st_size == second.stat().st_size
    before = first.stat()
    time.sleep(0.02)
    first.write_bytes(second.read_bytes().replace(b"Thorax thin", b"Thorax THIN"))
    os.utime(first, ns=(before.st_atime_ns, before.st_mtime_ns))


def touched(folder: Path, made_ct: Any) -> None:
    path = next(iter(sorted((folder / "thin").iterdir())))
    os.utime(path, (1_000_000_000, 1_000_000_000))


@pytest.mark.parametrize(
    ("change", "reads"),
    [
        (added, 1),
        (new_series, 1),
        (removed, 0),
        (removed_with_its_folder, 0),
        (renamed, 2),
        (renamed_folder, 3),
        (cut_short, 1),
        (made_an_image, 1),
        (replaced_by_one_of_the_same_size_and_time, 1),
        (touched, 1),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_change_is_seen_and_only_what_changed_is_read(
    library: Any, two_series: Path, made_ct: Any, change: Any, reads: int
) -> None:
    library.look(two_series)
    change(two_series, made_ct)
    found, _ = library.look(two_series)
    assert len(library.read) == reads
    assert same(found, scan(two_series, JobContext()))
    found, _ = library.look(two_series)
    assert library.read == []
    assert same(found, scan(two_series, JobContext()))


def test_the_verdict_is_judged_anew_from_what_is_there_now(library: Any, two_series: Path) -> None:
    library.look(two_series)
    rows = library.index.series(i for i, _ in library.index.find("thin"))
    assert [row.verdict for row in rows.values()] == [Verdict.OK]
    middle = next(p for p in (two_series / "thin").iterdir() if p.name.endswith("_2"))
    middle.unlink()
    library.look(two_series)
    (row,) = library.index.series(i for i, _ in library.index.find("thin")).values()
    assert row.verdict is Verdict.UNTRUSTED
    assert "missing" in row.reason
    assert row.images == 4


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ({"Rows": 20}, "4 images hold more pixels than the header says"),
        ({"Columns": 31}, "4 images hold more pixels than the header says"),
        ({"BitsAllocated": 12, "BitsStored": 12, "HighBit": 11}, "pixels of 12 in 12 bits are not understood"),
    ],
)
def test_the_list_says_of_pixels_what_opening_says(
    library: Any, made_ct: Any, elements: dict[str, int], said: str
) -> None:
    made_ct.stack([(0.0, 0.0, 2.0 * k) for k in range(4)], **elements)
    result, _ = library.look(made_ct.folder)
    (row,) = library.index.series(i for i, _ in library.index.find("made")).values()
    assert (row.verdict, said in row.reason) == (Verdict.UNTRUSTED, True)
    (entry,) = result.series
    try:
        words = " ".join(assemble(entry, JobContext()).reasons)
    except UnreadableFileError as error:
        words = error.sentence
    assert said in words


def test_a_copy_among_images_that_may_lack_some_does_not_make_the_list_trust_them(library: Any, made_ct: Any) -> None:
    made_ct.stack([(0.0, 0.0, 2.0 * k) for k in range(4)])
    first, *_, last = sorted(made_ct.folder.iterdir(), key=lambda path: path.name[-1])
    shutil.copy(first, made_ct.folder / "IM900_9")
    last.write_bytes(b"")
    result, _ = library.look(made_ct.folder)
    (row,) = library.index.series(i for i, _ in library.index.find("made")).values()
    assert row.verdict is assemble(result.series[0], JobContext()).verdict is Verdict.UNTRUSTED
    assert "may be missing" in row.reason


def test_a_file_that_has_just_changed_is_read_again_the_next_time(two_series: Path, tmp_path: Path) -> None:
    index = LibraryIndex(tmp_path / "young.sqlite3", lambda problem: None)
    for path in two_series.rglob("*"):
        os.utime(path)
    for _ in range(2):
        known = index.known_files(two_series)
        index.keep(two_series, scan(two_series, JobContext(), known), known)
        assert len(known.new) == 9
    index.close()


def test_files_still_being_written_are_left_out(library: Any, two_series: Path) -> None:
    waiting = next(iter(sorted((two_series / "thin").iterdir())))
    found, _ = library.look(two_series, passed_over={str(waiting)})
    assert sorted(e.count for e in found.series) == [3, 4]
    found, kept = library.look(two_series)
    assert library.read == [str(waiting)]
    assert sorted(e.count for e in found.series) == [3, 5]
    assert len(kept.new) + len(kept.grown) == 1


def test_what_is_opened_is_read_from_its_files_whatever_is_remembered(library: Any, two_series: Path) -> None:
    first, _ = library.look(two_series)
    uid = next(e.facts.series_uid for e in first.series if e.count == 3)
    found, kept = library.look(two_series, read_anew=uid)
    assert sorted(library.read) == sorted(map(str, (two_series / "lung").iterdir()))
    assert same(found, first)
    assert (kept.new, kept.grown, kept.gone) == ((), (), ())


@pytest.mark.parametrize("uid", ["1.2.3", "1.2.34", None], ids=["odd", "even", "none"])
def test_whatever_the_series_is_called_its_files_are_read_when_it_is_opened(
    library: Any, made_ct: Any, uid: str | None
) -> None:
    for k in range(3):
        made_ct.slice(f"IM{k}", made_ct.pixels(k), (0, 0, 2 * k), SeriesInstanceUID=uid)
    first, _ = library.look(made_ct.folder)
    library.look(made_ct.folder)
    assert library.read == []
    library.look(made_ct.folder, read_anew=first.series[0].facts.series_uid)
    assert len(library.read) == 3


def test_a_file_that_is_replaced_after_it_was_recalled_is_noticed(library: Any, two_series: Path) -> None:
    library.look(two_series)
    found, _ = library.look(two_series)
    assert library.read == []
    entry = next(e for e in found.series if e.count == 5)
    renamed(two_series, None)
    volume = assemble(entry, JobContext())
    assert any("was replaced by another while it was being opened" in reason for reason in volume.reasons)


def test_no_voxel_is_placed_by_what_is_only_remembered(
    library: Any, two_series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file system whose times say nothing, and two slices that exchange their names.
    monkeypatch.setattr("viewer.io.known_files.stamp_of", lambda path: (1, 1, 1))
    first, _ = library.look(two_series)
    renamed(two_series, None)
    stale, _ = library.look(two_series)
    assert same(stale, first)
    uid = next(e.facts.series_uid for e in first.series if e.count == 5)
    found, _ = library.look(two_series, read_anew=uid)
    assert same(found, scan(two_series, JobContext()))
    assert not same(found, first)
    stale, _ = library.look(two_series)
    assert same(stale, found)


def test_a_folder_inside_one_that_was_seen_is_known_already(library: Any, two_series: Path) -> None:
    library.look(two_series)
    library.look(two_series / "thin")
    assert library.read == []


def test_a_folder_around_ones_that_were_seen_is_known_in_part(library: Any, two_series: Path) -> None:
    library.look(two_series / "thin")
    library.look(two_series)
    assert len(library.read) == 4


def test_one_image_of_a_folder_does_not_make_the_others_forgotten(library: Any, two_series: Path) -> None:
    library.look(two_series)
    one = next(iter((two_series / "thin").iterdir()))
    os.utime(one, (1_000_000_000, 1_000_000_000))
    library.look(one)
    assert library.read == [str(one)]
    library.look(two_series)
    assert library.read == []


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_is_known_until_what_it_holds_changes(
    library: Any, two_series: Path, tmp_path: Path, packed: int
) -> None:
    archive = tmp_path / "study.zip"

    def write(paths: list[Path]) -> None:
        with zipfile.ZipFile(archive, "w", packed) as made:
            for path in paths:
                made.write(path, path.relative_to(two_series))

    files = sorted(p for p in two_series.rglob("*") if p.is_file())
    write(files)
    library.look(archive)
    found, _ = library.look(archive)
    assert library.read == []
    assert same(found, scan(archive, JobContext()))
    write(list(reversed(files[1:])))
    found, kept = library.look(archive)
    assert library.read == []
    assert same(found, scan(archive, JobContext()))
    assert len(kept.gone) <= 1
    for entry in found.series:
        assert assemble(entry, JobContext()).verdict is Verdict.OK


def test_what_to_do_about_a_file_is_remembered_with_the_reason(library: Any, two_series: Path) -> None:
    (two_series / "export.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(300))
    (two_series / "letter.txt").write_text("x" * 300)
    first, again = library.look(two_series)[0], library.look(two_series)[0]
    assert not library.read
    assert again.skipped == first.skipped
    assert [one.words for one in again.skipped] == [
        "A 7z archive. Unpack it first.",
        "Not an image in DICOM, NIfTI, NRRD or MetaImage.",
    ]


def test_a_file_that_could_not_be_read_is_tried_again(
    library: Any, two_series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = next(iter(sorted((two_series / "thin").iterdir())))
    with monkeypatch.context() as patch:
        opening = os.open

        def fail(path: Any, *rest: Any, **more: Any) -> Any:
            if str(path) == str(broken):
                raise OSError(5, "Input/output error")
            return opening(path, *rest, **more)

        patch.setattr(os, "open", fail)
        found, _ = library.look(two_series)
        assert any("Input/output error" in item.why for item in found.skipped)
    found, _ = library.look(two_series)
    assert library.read == [str(broken)]
    assert sorted(e.count for e in found.series) == [3, 5]


def test_headers_read_by_another_version_of_the_program_are_read_anew(
    library: Any, two_series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.look(two_series)
    monkeypatch.setattr(indexing, "made_by", lambda: "another version")
    library.look(two_series)
    assert len(library.read) == 9


def test_what_was_read_before_a_scan_was_stopped_is_not_read_twice(library: Any, two_series: Path) -> None:
    seen: list[float] = []

    def stop(progress: Any) -> None:
        seen.append(progress.done)

    known = library.index.known_files(two_series)
    with pytest.raises(CancelledError):
        scan(two_series, JobContext(stop, lambda: len(seen) >= 6), known)
    library.index.learn(known)
    library.look(two_series)
    assert 2 <= len(library.read) <= 4


def test_names_that_are_no_characters_are_remembered_too(library: Any, two_series: Path) -> None:
    odd = os.path.join(os.fsencode(two_series), b"thin", b"\xff\xfe\xe4")
    try:
        os.rename(next(iter(sorted((two_series / "thin").iterdir()))), odd)
    except OSError:
        pytest.skip("this file system takes only names that are text")
    library.look(two_series)
    found, _ = library.look(two_series)
    assert library.read == []
    assert sorted(e.count for e in found.series) == [3, 5]


def test_a_missing_part_of_an_image_in_several_files_is_listed_until_it_is_there(library: Any, made_ct: Any) -> None:
    lacks = "This image was stored in 2 files; part 2 is missing."
    for part, listed in [(1, ("untrusted", lacks)), (2, ("ok", ""))]:
        frames = [{"PlanePositionSequence": {"ImagePositionPatient": [0, 0, 2.0 * (2 * part + k)]}} for k in range(2)]
        said = {"InConcatenationNumber": part, "InConcatenationTotalNumber": 2}
        made_ct.frames(f"f{part}", [made_ct.pixels(k) for k in range(2)], frames, ConcatenationUID="1.2.3.9", **said)
        for _ in range(2):
            result, _ = library.look(made_ct.folder)
            (row,) = library.index.series_of(result.series[0].facts.series_uid)
            assert (row.verdict, row.reason) == listed
        assert library.read == []
