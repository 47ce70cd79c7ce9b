"""Files that a scan sees and cannot look into: series beside them may lack images, and say so."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING, Any

import pydicom
import pytest

from viewer.domain.errors import UnreadableFileError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io import scan as scanning
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.series_report import report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TWICE = b"\x28\0\x53\x10DS\x02\x002 "
PLACES = [(0.0, 0.0, 2.0 * k) for k in range(6)]


@pytest.fixture
def vanishing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return the function that lets files go once their folder was listed."""

    def let_go(*files: Path) -> None:
        look = scanning._look_at

        def first(place: Any, layouts: Any) -> Any:
            for file in files:
                file.unlink(missing_ok=True)
            return look(place, layouts)

        monkeypatch.setattr(scanning, "_look_at", first)

    return let_go


def slices(made_ct: Any, ending: str = ".dcm") -> list[Path]:
    return [made_ct.slice(f"IM{k:03d}{ending}", made_ct.pixels(k), place) for k, place in enumerate(PLACES)]


@pytest.mark.parametrize("ending", [".dcm", ""])
def test_a_series_whose_end_vanished_while_its_folder_was_scanned_is_not_trusted(
    ending: str, made_ct: Any, vanishing: Callable[..., None]
) -> None:
    vanishing(*slices(made_ct, ending)[4:])
    (entry,) = scan(made_ct.folder, JobContext()).series
    volume = assemble(entry, JobContext())
    assert volume.stack.count == 4
    assert volume.verdict is Verdict.UNTRUSTED
    said = (
        "2 of the 6 files in its folder were gone before they could be read, so images of this series may be missing, "
        "also at its ends."
    )
    assert said in volume.reasons
    row = report(entry, volume)
    assert (row["verdict"], said in row["reasons"]) == ("untrusted", True)


def test_one_that_vanished_is_told_as_one(made_ct: Any, vanishing: Callable[..., None]) -> None:
    vanishing(slices(made_ct)[0])
    (entry,) = scan(made_ct.folder, JobContext()).series
    assert entry.incomplete.startswith("1 of the 6 files in its folder was gone before it could be read, so images")


@pytest.mark.parametrize("name", ["IM006.dcm.part", "notes.txt", ".IM006.dcm", "LOCK"])
def test_what_could_be_no_image_of_a_series_casts_no_doubt_on_it(
    name: str, made_ct: Any, vanishing: Callable[..., None]
) -> None:
    slices(made_ct)
    other = made_ct.folder / name
    other.write_text("?")
    vanishing(other)
    found = scan(made_ct.folder, JobContext())
    assert [(one.file, one.unread) for one in found.skipped] == [(name, True)]
    assert assemble(found.series[0], JobContext()).verdict is Verdict.OK


def test_what_vanished_in_another_folder_casts_no_doubt(made_ct: Any, vanishing: Callable[..., None]) -> None:
    slices(made_ct)
    other = made_ct.slice("elsewhere/IM006.dcm", made_ct.pixels(), (0.0, 0.0, 0.0), series="2")
    vanishing(other)
    (entry,) = scan(made_ct.folder, JobContext()).series
    assert entry.incomplete == ""


def test_a_file_that_nobody_may_read_is_told_apart_from_one_that_is_gone(
    made_ct: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = slices(made_ct)[5]
    look = scanning._look_at

    def refusing(place: Any, layouts: Any) -> Any:
        if place.path != os.path.realpath(closed):
            return look(place, layouts)
        error = UnreadableFileError("The file cannot be read (Permission denied).")
        error.__cause__ = PermissionError(13, "Permission denied")
        return error

    monkeypatch.setattr(scanning, "_look_at", refusing)
    (entry,) = scan(made_ct.folder, JobContext()).series
    assert entry.incomplete.startswith("1 of the 6 files in its folder could not be read, so images")


def spoiled(file: Path, how: str) -> None:
    """Let a file be what a copy that broke off, or a damaged disk, leaves of an image."""
    whole = file.read_bytes()
    at = whole.index(b"\x28\0\x53\x10")
    left = {
        "empty": b"",
        "cut in its header": whole[:300],
        "without its pixels": whole[: whole.rindex(b"\xe0\x7f\x10\0OW")],
        "said twice": whole[:at] + TWICE + whole[at:],
        "zeros": bytes(len(whole)),
        "a refusal": b"<html><body>404 Not Found</body></html>",
    }
    file.write_bytes(left[how])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "how", ["empty", "cut in its header", "without its pixels", "said twice", "zeros", "a refusal"]
)
def test_a_series_beside_damaged_images_is_not_trusted_as_they_may_have_been_its_ends(
    how: str, packed: bool, made_ct: Any, tmp_path: Path
) -> None:
    for file in slices(made_ct)[4:]:
        spoiled(file, how)
    place = made_ct.folder
    if packed:
        place = tmp_path / "study.zip"
        with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in made_ct.folder.iterdir():
                archive.write(file, f"ct/{file.name}")
    (entry,) = scan(place, JobContext()).series
    assert entry.incomplete == (
        "2 of the 6 files in its folder could not be read, so images of this series may be missing, also at its ends."
    )
    assert assemble(entry, JobContext()).verdict is Verdict.UNTRUSTED


@pytest.mark.parametrize("name", ["report.pdf", "INDEX", "lung.nii.gz", "IM007.txt"])
def test_an_empty_file_of_another_kind_casts_no_doubt(name: str, made_ct: Any) -> None:
    slices(made_ct)
    (made_ct.folder / name).touch()
    assert [entry.incomplete for entry in scan(made_ct.folder, JobContext()).series] == [""]


def test_other_objects_and_junk_beside_the_images_cast_no_doubt(made_ct: Any) -> None:
    slices(made_ct)
    made_ct.slice("SR.dcm", made_ct.pixels(), (0.0, 0.0, 0.0), series="2", Modality="SR")
    spectra = made_ct.slice("MRS.dcm", made_ct.pixels(), series="3", SOPClassUID="1.2.840.10008.5.1.4.1.1.4.2")
    spoiled(spectra, "without its pixels")
    (made_ct.folder / "junk").write_bytes(b"junk" * 200)
    (made_ct.folder / "007.bin").write_bytes(b"junk" * 200)
    assert [entry.incomplete for entry in scan(made_ct.folder, JobContext()).series] == [""]


@pytest.mark.parametrize(("name", "doubt"), [("IM006", True), ("LOG006", False), ("IM006.txt", False)])
def test_what_is_no_image_and_is_numbered_as_the_images_are_may_stand_in_place_of_one(
    name: str, doubt: bool, made_ct: Any
) -> None:
    slices(made_ct, ending="")
    (made_ct.folder / name).write_bytes(b"<html>No such object</html>" * 20)
    (entry,) = scan(made_ct.folder, JobContext()).series
    assert (assemble(entry, JobContext()).verdict is Verdict.UNTRUSTED) is doubt


@pytest.mark.parametrize("way", ["the archive", "its folder", "an archive of it"])
@pytest.mark.parametrize("how", ["encrypted", "packed otherwise", "its header is gone"])
def test_a_series_in_an_archive_of_which_images_cannot_be_unpacked_is_not_trusted(
    how: str, way: str, made_ct: Any, tmp_path: Path
) -> None:
    (tmp_path / "place").mkdir()
    archive = tmp_path / "place" / "study.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for file in slices(made_ct):
            out.write(file, f"ct/{file.name}")
        last = out.infolist()[-1].header_offset
    raw = bytearray(archive.read_bytes())
    # Flags and packing of the last file in the archive's directory, or the mark of its own header.
    at = raw.rindex(b"PK\x01\x02")
    place, value = {"encrypted": (at + 8, 1), "packed otherwise": (at + 10, 9), "its header is gone": (last, 0)}[how]
    raw[place] = value
    archive.write_bytes(raw)
    if way == "an archive of it":
        with zipfile.ZipFile(tmp_path / "outer.zip", "w") as out:
            out.write(archive, "inner.zip")
    places = {"the archive": archive, "its folder": archive.parent, "an archive of it": tmp_path / "outer.zip"}
    found = scan(places[way], JobContext())
    assert len(found.skipped) == 1
    assert found.series[0].incomplete == (
        "1 of the 6 files in its folder could not be read, so images of this series may be missing, also at its ends."
    )
    assert assemble(found.series[0], JobContext()).verdict is Verdict.UNTRUSTED


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("way", ["leads out of the folder", "leads nowhere"])
def test_a_series_whose_end_is_a_link_that_is_not_followed_is_not_trusted(
    way: str, made_ct: Any, tmp_path: Path
) -> None:
    last = slices(made_ct)[-1]
    last.rename(tmp_path / "elsewhere.dcm")
    last.symlink_to(tmp_path / ("elsewhere.dcm" if way == "leads out of the folder" else "nowhere.dcm"))
    (entry,) = scan(made_ct.folder, JobContext()).series
    volume = assemble(entry, JobContext())
    assert (volume.stack.count, volume.verdict) == (5, Verdict.UNTRUSTED)
    assert any("1 of the 6 files in its folder could not be read" in reason for reason in volume.reasons)


@pytest.mark.parametrize("kept", [400, 600])
def test_a_series_whose_end_was_not_copied_and_is_filled_up_with_zeros_is_not_trusted(kept: int, made_ct: Any) -> None:
    last = slices(made_ct)[-1]
    raw = last.read_bytes()
    last.write_bytes(raw[:kept] + bytes(len(raw) - kept))
    found = scan(made_ct.folder, JobContext())
    (entry,) = found.series
    assert "damaged" in found.skipped[0].why
    volume = assemble(entry, JobContext())
    assert (volume.stack.count, volume.verdict) == (5, Verdict.UNTRUSTED)


def test_a_series_whose_last_image_is_cut_anywhere_is_not_trusted(made_ct: Any) -> None:
    for k, place in enumerate(PLACES):
        last = made_ct.slice(f"IM{k:03d}", made_ct.pixels(k, 4, 4), place)
    raw = last.read_bytes()
    for length in range(0, len(raw), 3):
        last.write_bytes(raw[:length])
        entry = max(scan(made_ct.folder, JobContext()).series, key=lambda one: one.count)
        volume = assemble(entry, JobContext())
        assert (volume.stack.count, volume.verdict) == (5, Verdict.UNTRUSTED), length


def test_a_list_of_a_disc_under_another_name_is_no_damaged_image(made_ct: Any) -> None:
    slices(made_ct, "")
    directory = pydicom.Dataset()
    directory.file_meta = pydicom.dataset.FileMetaDataset()
    directory.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    directory.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    directory.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    directory.FileSetID = "DISC"
    directory.DirectoryRecordSequence = []
    directory.save_as(made_ct.folder / "DIR001", enforce_file_format=True)
    (entry,) = scan(made_ct.folder, JobContext()).series
    assert (entry.count, entry.incomplete) == (6, "")


@pytest.mark.parametrize(
    ("elements", "said"),
    [({"Rows": 0}, "has no pixels"), ({"Rows": 65535, "Columns": 65535}, "large")],
    ids=["no rows", "more rows than any image"],
)
def test_a_series_beside_an_image_of_no_size_is_not_trusted(made_ct: Any, elements: dict[str, int], said: str) -> None:
    for k, place in enumerate(PLACES):
        made_ct.slice(f"IM{k:03d}", made_ct.pixels(k), place, **(elements if k == 5 else {}))
    found = scan(made_ct.folder, JobContext())
    (entry,) = found.series
    assert said in found.skipped[0].why
    assert (entry.count, assemble(entry, JobContext()).verdict) == (5, Verdict.UNTRUSTED)
