"""Archives that broke off: what is whole opens, what is cut is missing and named, and the archive says so."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import pytest

from tests.io.conftest import opened
from tests.machine_speed import Effort
from viewer.domain.errors import CaseStageError, NothingToOpenError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.assemble import assemble
from viewer.io.cut_archive import cut_archive
from viewer.io.index_rows import series_values
from viewer.io.scan import scan
from viewer.io.zip_archive import members, place_named

if TYPE_CHECKING:
    from pathlib import Path

POSITIONS = [(-10.0, -20.0, 2.5 * k) for k in range(6)]
PACKINGS = pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
STREAMED = pytest.mark.parametrize("streamed", [False, True], ids=["sizes before", "sizes behind"])


class _Pipe(io.BytesIO):
    """A file that cannot be gone back in, so that `zipfile` writes the sizes of members behind them."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: Any) -> int:
        raise OSError

    def tell(self) -> int:
        raise OSError


def packed(folder: Path, packing: int, *, streamed: bool) -> tuple[bytes, list[int]]:
    """Return an archive of a folder, and where each member begins and, last, the directory."""
    content = _Pipe() if streamed else io.BytesIO()
    with zipfile.ZipFile(content, "w", packing) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, str(path.relative_to(folder)))
        starts = [info.header_offset for info in archive.infolist()]
    return content.getvalue(), [*starts, archive.start_dir]


def cut(tmp_path: Path, raw: bytes, at: int) -> Path:
    path = tmp_path / "study.zip"
    path.write_bytes(raw[:at])
    return path


@PACKINGS
@STREAMED
def test_half_an_archive_opens_with_its_whole_images_and_names_the_one_that_is_cut(
    made_ct: Any, tmp_path: Path, packing: int, streamed: bool
) -> None:
    made_ct.stack(POSITIONS)
    raw, starts = packed(made_ct.folder, packing, streamed=streamed)
    whole = opened(made_ct.folder)
    archive = cut(tmp_path, raw, starts[4] - 40)
    volume = opened(archive)
    assert np.array_equal(volume.slices, whole.slices[:3])
    assert volume.verdict is Verdict.UNTRUSTED
    assert volume.reasons[0].startswith("The image at H 7.5 mm could not be read: the file ")
    (said,) = scan(archive, JobContext()).skipped
    assert said.file == "study.zip"
    assert said.why == (
        "The archive is not whole, its directory is missing. 3 whole files were found and 1 that is cut off; "
        "how many are missing is not known."
    )


@PACKINGS
@STREAMED
def test_archive_cut_anywhere_shows_whole_images_and_no_other(
    made_ct: Any, tmp_path: Path, packing: int, streamed: bool
) -> None:
    made_ct.stack(POSITIONS[:3])
    raw, starts = packed(made_ct.folder, packing, streamed=streamed)
    whole = opened(made_ct.folder).slices
    for at in sorted({*range(starts[0] + 40, starts[-1] + 30, 97), *starts[1:], *(s + 20 for s in starts[1:])}):
        archive = cut(tmp_path, raw, at)
        there = sum(end <= at for end in starts[1:])
        if not there:
            with pytest.raises(CaseStageError):
                opened(archive)
            continue
        # An image that ends within what says how it is stored is listed for itself, as a file would be.
        largest = max(scan(archive, JobContext()).series, key=lambda entry: entry.count)
        volume = assemble(largest, JobContext())
        assert len(volume.slices) == there, at
        assert np.array_equal(volume.slices, whole[:there]), at
        assert any("directory" in skipped.why for skipped in scan(archive, JobContext()).skipped)


@PACKINGS
@STREAMED
def test_what_an_archive_cut_between_two_images_still_holds_is_not_trusted_to_be_all(
    made_ct: Any, tmp_path: Path, packing: int, streamed: bool
) -> None:
    made_ct.stack(POSITIONS)
    raw, starts = packed(made_ct.folder, packing, streamed=streamed)
    (tmp_path / "alone").mkdir()
    archive = cut(tmp_path / "alone", raw, starts[3])
    whole = opened(made_ct.folder)
    for path in (archive, archive.parent):
        (entry,) = scan(path, JobContext()).series
        volume = assemble(entry, JobContext())
        assert np.array_equal(volume.slices, whole.slices[:3])
        assert volume.verdict is Verdict.UNTRUSTED
        assert volume.reasons == ("The archive broke off, so images of this series may be missing.",)
        listed = series_values(entry, "", str(archive.parent), frozenset())
        assert (listed["verdict"], listed["reason"]) == ("untrusted", volume.reasons[0])


def test_a_volume_that_is_whole_is_no_worse_for_what_followed_it(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.full((4, 5, 6), -1000, np.int16), np.eye(4))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.nii", image.to_bytes())
        archive.writestr("b.nii", image.to_bytes())
        start = archive.infolist()[1].header_offset
    path = cut(tmp_path, content.getvalue(), start)
    assert opened(path).verdict is Verdict.OK


def test_all_images_open_where_the_directory_alone_is_cut(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(POSITIONS)
    raw, _ = packed(made_ct.folder, zipfile.ZIP_DEFLATED, streamed=False)
    archive = cut(tmp_path, raw, len(raw) - 40)
    assert np.array_equal(opened(archive).slices, opened(made_ct.folder).slices)
    (said,) = scan(archive, JobContext()).skipped
    assert said.why == "The directory of the archive is damaged; 6 whole files were found without it."
    assert not said.in_part
    assert opened(archive).verdict is Verdict.OK


def test_a_byte_that_changed_in_a_cut_archive_costs_its_image(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(POSITIONS)
    raw, starts = packed(made_ct.folder, zipfile.ZIP_STORED, streamed=False)
    changed = bytearray(raw)
    changed[starts[2] - 60] ^= 0xFF
    volume = opened(cut(tmp_path, bytes(changed), starts[4]))
    assert "The image at H 2.5 mm could not be read: the file is damaged inside its archive." in volume.reasons
    assert volume.stack.count == 3


def test_a_member_of_a_cut_archive_is_found_by_its_name(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(POSITIONS)
    raw, starts = packed(made_ct.folder, zipfile.ZIP_DEFLATED, streamed=True)
    archive = str(cut(tmp_path, raw, starts[3] + 50))
    places = members(archive, str(tmp_path), [])
    assert [place_named(place.name) for place in places] == places


def test_a_stored_archive_in_a_cut_archive_is_no_end_of_its_member(made_ct: Any, tmp_path: Path) -> None:
    made_ct.stack(POSITIONS[:2], prefix="ct/")
    inner, _ = packed(made_ct.folder, zipfile.ZIP_STORED, streamed=True)
    (made_ct.folder / "ct" / "inner.bin").write_bytes(inner)
    raw, starts = packed(made_ct.folder / "ct", zipfile.ZIP_STORED, streamed=True)
    with cut(tmp_path, raw, starts[-1]).open("rb", buffering=0) as file:
        sizes = {info.filename: info.file_size for info in cut_archive(file).whole}
    assert sizes["inner.bin"] == len(inner)
    assert len(sizes) == 3


def local(name: bytes, body: bytes, *, flags: int, size: int, packing: int = 8) -> bytes:
    return struct.pack("<4sHHHLLLLHH", b"PK\3\4", 20, flags, packing, 0, 0, size, size, len(name), 0) + name + body


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"PK\3\4", id="four bytes"),
        pytest.param(b"PK\3\4" + os.urandom(5000), id="noise"),
        pytest.param(local(b"a", b"\xff" * 99, flags=8, size=0), id="no deflated data"),
        pytest.param(local(b"a", b"", flags=0, size=0xFFFFFFFF), id="nothing of 4 GB"),
        pytest.param(local(b"../../a", b"x" * 9, flags=9, size=0), id="encrypted, without a size"),
        pytest.param(local(b"", b"", flags=0, size=0) * 3000, id="members without a name"),
    ],
)
def test_what_is_no_archive_is_a_sentence(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(NothingToOpenError) as caught:
        scan(cut(tmp_path, raw, len(raw)), JobContext())
    assert caught.value.sentence.endswith(".")


def test_a_bomb_without_a_directory_is_not_unpacked(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(bytes(1 << 28)) + packer.flush()
    raw = local(b"a", body, flags=8, size=0)
    effort = Effort()
    with pytest.raises(NothingToOpenError):
        scan(cut(tmp_path, raw, len(raw)), JobContext())
    assert effort.seconds() < 2
