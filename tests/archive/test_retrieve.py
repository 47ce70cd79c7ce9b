"""A real Orthanc asked by DICOMweb, C-GET and C-MOVE gives back what it was given, voxel for voxel."""

from __future__ import annotations

import logging
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from pydicom import dcmread

from tests.archive.conftest import Watched
from tests.archive.orthanc import PASSWORD, PATIENT, PATIENT_ID, Orthanc, free_port, is_open, listening_ports
from viewer.domain.errors import ArchiveError, CancelledError, CaseStageError, PasswordError, StorageError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.archive import ask
from viewer.io.archive.received import name_of
from viewer.io.archive.rows import Query
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.volume_hash import volume_sha256

if TYPE_CHECKING:
    from pathlib import Path

    from tests.archive.conftest import Held
    from viewer.io.archive.description import Archive
    from viewer.io.archive.retrieved import Retrieved

WAYS = ("web", "get", "move")
NOTHING = JobContext()


def archive_of(server: Orthanc, way: str) -> Archive:
    found: Archive = getattr(server, way)
    return found


def fetch(archive: Archive, study: str, root: Path, series: str = "", ctx: JobContext = NOTHING) -> Retrieved:
    return ask.retrieve(archive, study, series, root, ctx, PASSWORD)


def hashes(folder: Path) -> dict[str, str | None]:
    """Return the SHA-256 over the voxels of each series below a folder."""
    found: dict[str, str | None] = {}
    for entry in scan(folder, NOTHING).series:
        try:
            found[entry.facts.series_uid] = volume_sha256(assemble(entry, NOTHING))
        except CaseStageError as error:
            found[entry.facts.series_uid] = error.sentence
    return found


@cache
def given(folder: Path) -> dict[str, str | None]:
    """Return the same of what the archive was given."""
    return hashes(folder)


def pixels(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Return transfer syntax and pixel data of each object below a folder, as they are stored."""
    return pixels_of(sorted(folder.rglob("*.dcm")))


def pixels_of(files: list[Path]) -> dict[str, tuple[str, bytes]]:
    """Return the same of these files."""
    found = {}
    for path in files:
        image = dcmread(path)
        found[str(image.SOPInstanceUID)] = (str(image.file_meta.TransferSyntaxUID), image.PixelData)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_a_series_comes_back_with_the_same_voxels(way: str, held: Held, tmp_path: Path) -> None:
    watched = Watched()
    archive = archive_of(held.server, way)
    brought = fetch(archive, held.abdomen_study, tmp_path / "study", held.abdomen_series, watched.context)
    assert (brought.images, brought.missing, brought.problems) == (41, 0, ())
    assert hashes(brought.folder) == given(held.abdomen)
    assert pixels(brought.folder) == pixels(held.abdomen)
    assert watched.told[-1].what.startswith("41 of 41 images · ")
    assert watched.told[-1].what.endswith(" MB/s")


@pytest.mark.parametrize("way", WAYS)
def test_compressed_images_come_as_the_archive_keeps_them(way: str, held: Held, tmp_path: Path) -> None:
    brought = fetch(archive_of(held.server, way), held.mixed_study, tmp_path / "study")
    assert (brought.images, brought.missing) == (16, 0)
    sent, received = pixels(held.mixed), pixels(brought.folder)
    assert len({syntax for syntax, _ in sent.values()}) == 15
    assert received == sent
    assert hashes(brought.folder) == given(held.mixed)


@pytest.mark.parametrize("way", WAYS)
def test_file_names_say_nothing_of_the_patient_or_the_study(way: str, held: Held, tmp_path: Path) -> None:
    fetch(archive_of(held.server, way), held.mixed_study, tmp_path / "study", f"{held.mixed_study}.1")
    names = [str(path.relative_to(tmp_path / "study")) for path in (tmp_path / "study").rglob("*")]
    assert sorted(names) == sorted(
        [
            name_of(f"{held.mixed_study}.1"),
            f"{name_of(f'{held.mixed_study}.1')}/{name_of(f'{held.mixed_study}.1.1')}.dcm",
        ]
    )
    assert held.mixed_study not in "".join(names)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a user's folders from others by itself.")
@pytest.mark.parametrize("way", WAYS)
def test_what_came_is_readable_for_its_owner_alone_unless_the_folder_was_there(
    way: str, held: Held, tmp_path: Path
) -> None:
    archive, series = archive_of(held.server, way), f"{held.mixed_study}.1"
    fetch(archive, held.mixed_study, tmp_path / "made", series)
    assert (tmp_path / "made").stat().st_mode & 0o077 == 0
    shared = tmp_path / "shared"
    shared.mkdir(0o755)
    before = shared.stat().st_mode
    fetch(archive, held.mixed_study, shared, series)
    assert shared.stat().st_mode == before


@pytest.mark.parametrize("way", ["web", "get"])
def test_studies_are_found_by_name_id_date_modality_and_description(way: str, held: Held) -> None:
    archive = archive_of(held.server, way)

    def uids(**fields: object) -> set[str]:
        return {study.study_uid for study in ask.find_studies(archive, Query(**fields), NOTHING, PASSWORD).studies}

    both = {held.abdomen_study, held.mixed_study}
    day = next(
        s.date for s in ask.find_studies(archive, Query(), NOTHING, PASSWORD).studies if s.study_uid == held.mixed_study
    )
    assert day is not None
    assert uids() == both
    assert uids(patient="canary") == {held.mixed_study}
    assert uids(patient="Canary, Tw") == {held.mixed_study}
    assert uids(patient="*tweety") == {held.mixed_study}
    assert uids(patient="tweety") == set()
    assert uids(patient_id=PATIENT_ID) == {held.mixed_study}
    assert uids(patient_id="ID-9") == set()
    assert uids(date_from=day, date_to=day) == {held.mixed_study}
    assert uids(date_from=day.replace(day=day.day + 1)) == both - {held.mixed_study} or uids(date_to=day) >= {
        held.mixed_study
    }
    assert uids(modality="CT") == both
    assert uids(modality="MR") == set()
    assert uids(description="chest", modality="CT") == {held.mixed_study}


@pytest.mark.parametrize("way", ["web", "get"])
def test_a_study_says_what_is_in_it(way: str, held: Held) -> None:
    archive = archive_of(held.server, way)
    (study,) = ask.find_studies(archive, Query(patient="canary"), NOTHING, PASSWORD).studies
    assert (study.series_count, study.image_count, study.modalities) == (16, 16, ("CT",))
    assert (study.identity.name, study.identity.patient_id) == (PATIENT, PATIENT_ID)
    series = ask.find_series(archive, study.study_uid, NOTHING, PASSWORD)
    assert [row.number for row in series] == list(range(1, 17))
    assert {row.image_count for row in series} == {1}
    assert series[0].description.startswith("Syntax ")


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("way", WAYS)
def test_a_retrieve_can_be_cancelled_in_its_middle_and_goes_on_where_it_was(
    way: str, held: Held, tmp_path: Path
) -> None:
    archive, root = archive_of(held.server, way), tmp_path / "study"
    watched = Watched(when=3, stops=True)
    with pytest.raises(CancelledError):
        fetch(archive, held.abdomen_study, root, held.abdomen_series, watched.context)
    there = sorted(path.name for path in root.rglob("*.dcm"))
    assert 3 <= len(there) < 41
    assert not list(root.rglob("*.part"))
    assert not is_open(held.server.receiver_port)
    for place in (root, root / name_of(held.abdomen_series)):
        (entry,) = scan(place, NOTHING).series
        said = f"Not all images have been retrieved: {len(there)} of 41 images of the archive are here."
        assert said in assemble(entry, NOTHING).reasons
        assert assemble(entry, NOTHING).verdict is Verdict.UNTRUSTED
    stamps = {path: path.stat().st_mtime_ns for path in root.rglob("*.dcm")}
    brought = fetch(archive, held.abdomen_study, root, held.abdomen_series)
    assert brought.images == 41
    assert assemble(scan(root, NOTHING).series[0], NOTHING).verdict is Verdict.OK
    assert hashes(brought.folder) == given(held.abdomen)
    # What was there did not come again.
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    once = sum(path.stat().st_size for path in root.rglob("*.dcm"))
    assert brought.new_bytes < once * (41 - len(there) + 1) / 41
    again = fetch(archive, held.abdomen_study, root, held.abdomen_series)
    assert (again.images, again.new_bytes) == (41, 0)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("way", WAYS)
def test_an_archive_that_dies_in_the_middle_is_a_sentence_and_nothing_is_lost(
    way: str, held: Held, orthanc_folder: Path, tmp_path: Path
) -> None:
    server = Orthanc(orthanc_folder / f"dies-{way}")
    server.start()
    try:
        some = sorted(held.abdomen.glob("*.dcm"))[:16]
        server.load(path.read_bytes() for path in some)
        archive, root = archive_of(server, way), tmp_path / "study"
        watched = Watched(when=3, act=lambda: server.stop(at_once=True))
        with pytest.raises(ArchiveError) as failed:
            fetch(archive, held.abdomen_study, root, held.abdomen_series, watched.context)
        assert archive.name in failed.value.sentence
        assert "kept" in failed.value.hint or "network" in failed.value.hint
        there = len(list(root.rglob("*.dcm")))
        assert 3 <= there < 16
        server.start()
        brought = fetch(archive, held.abdomen_study, root, held.abdomen_series)
        assert brought.images == 16
        assert sorted(pixels(brought.folder).values()) == sorted(pixels_of(some).values())
    finally:
        server.stop(at_once=True)


def test_a_damaged_file_of_an_earlier_retrieve_comes_anew(held: Held, tmp_path: Path) -> None:
    root = tmp_path / "study"
    brought = fetch(held.server.web, held.abdomen_study, root, held.abdomen_series)
    files = sorted(brought.folder.glob("*.dcm"))
    files[0].write_bytes(b"")
    files[1].write_bytes(files[1].read_bytes()[:-1000])
    files[2].write_bytes(files[3].read_bytes())
    again = fetch(held.server.get, held.abdomen_study, root, held.abdomen_series)
    assert again.images == 41
    assert again.new_bytes > 3 * 500_000
    assert hashes(brought.folder) == given(held.abdomen)


@pytest.mark.skipif(sys.platform != "linux", reason="who listens is read from Linux's tables")
@pytest.mark.usefixtures("often")
def test_nothing_listens_but_while_images_are_sent_to_us(held: Held, tmp_path: Path) -> None:
    archive = held.server.move
    meanwhile: list[set[int]] = []

    def look() -> None:
        meanwhile.append(listening_ports())
        assert is_open(archive.receiver_port)

    before = listening_ports()
    for quiet in (held.server.web, held.server.get):
        seen: list[set[int]] = []
        context = Watched(when=1, act=lambda seen=seen: seen.append(listening_ports())).context
        fetch(quiet, held.mixed_study, tmp_path / quiet.name, f"{held.mixed_study}.1", context)
        assert seen == [before]
    ask.find_studies(archive, Query(), NOTHING)
    assert listening_ports() == before
    assert not is_open(archive.receiver_port)
    fetch(archive, held.abdomen_study, tmp_path / "move", held.abdomen_series, Watched(when=1, act=look).context)
    assert meanwhile == [before | {archive.receiver_port}]
    assert listening_ports() == before
    # And after failures of every kind.
    for failing, study in (
        (evolve(archive, port=free_port()), held.abdomen_study),
        (evolve(archive, title="SOMEONE"), held.abdomen_study),
        (archive, "1.2.3.4"),
    ):
        with pytest.raises(ArchiveError):
            fetch(failing, study, tmp_path / "failing")
        assert listening_ports() == before
    assert not (tmp_path / "failing").exists()


def test_a_receiver_port_that_is_taken_is_said(held: Held, tmp_path: Path) -> None:
    taken = evolve(held.server.move, receiver_port=held.server.http_port)
    with pytest.raises(ArchiveError, match="Nothing can be received at 127.0.0.1") as failed:
        fetch(taken, held.abdomen_study, tmp_path / "study")
    assert "Another program" in failed.value.hint


def test_wrong_settings_are_told_apart(held: Held) -> None:
    server = held.server
    for archive, password, sentence, hint in (
        (evolve(server.get, title="SOMEONE"), "", "does not answer to the AE title SOMEONE", "AE title"),
        (evolve(server.get, own_title="STRANGER"), "", "does not know the AE title STRANGER", "register"),
        (evolve(server.get, port=free_port()), "", "cannot be reached", "network"),
        (evolve(server.get, port=server.http_port), "", "not understood", "DICOM port"),
        (evolve(server.get, host="nowhere.invalid"), "", "no computer of the name", "host"),
        (server.web, "wrong", "refused the user or the password", "once more"),
        (server.web, "", "refused the user or the password", "once more"),
        (evolve(server.web, user=""), "", "wants a user and a password", "settings"),
        (evolve(server.web, url=f"http://127.0.0.1:{server.http_port}/nothing"), PASSWORD, "no DICOMweb", "path"),
        (evolve(server.web, url=f"http://127.0.0.1:{free_port()}/dicom-web"), PASSWORD, "cannot be reached", "network"),
        (evolve(server.web, url="http://nowhere.invalid/dicom-web"), PASSWORD, "no computer of the name", "host"),
        (evolve(server.web, url=f"https://127.0.0.1:{server.http_port}/x"), PASSWORD, "speak https", "http://"),
    ):
        with pytest.raises(ArchiveError) as failed:
            ask.find_studies(archive, Query(patient=PATIENT), NOTHING, password)
        assert sentence in failed.value.sentence, archive
        assert hint in failed.value.hint, archive
        assert isinstance(failed.value, PasswordError) == ("password" in sentence)


def test_a_connection_can_be_tried_out(held: Held) -> None:
    for archive in (held.server.web, held.server.get, held.server.move):
        assert ask.check_connection(archive, NOTHING, PASSWORD) == "It answers."
    with pytest.raises(PasswordError):
        ask.check_connection(held.server.web, NOTHING, "wrong")


def test_what_is_not_there_is_said(held: Held, tmp_path: Path) -> None:
    for way in WAYS:
        for study, series in (("1.2.3.4", ""), (held.mixed_study, "1.2.3"), ("../../etc", "")):
            with pytest.raises(ArchiveError, match="has no images of this"):
                fetch(archive_of(held.server, way), study, tmp_path / "study", series)
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("way", WAYS)
def test_no_more_comes_than_may(way: str, held: Held, tmp_path: Path) -> None:
    archive = archive_of(held.server, way)
    with pytest.raises(StorageError, match="came from the archive"):
        ask.retrieve(archive, held.abdomen_study, "", tmp_path / "study", NOTHING, PASSWORD, largest=5 << 20)
    assert sum(path.stat().st_size for path in (tmp_path / "study").rglob("*")) < 6 << 20
    assert not is_open(held.server.receiver_port)


@pytest.mark.parametrize("way", WAYS)
def test_a_disk_that_is_nearly_full_is_left_alone(
    way: str, held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.io.archive.landing.LEAST_FREE", 1 << 60)
    with pytest.raises(StorageError, match="not enough room"):
        fetch(archive_of(held.server, way), held.abdomen_study, tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_neither_logs_nor_errors_say_who_was_asked_for(
    held: Held, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    for way in WAYS:
        archive = archive_of(held.server, way)
        query = Query(patient=PATIENT, patient_id=PATIENT_ID)
        (study,) = ask.find_studies(archive, query, NOTHING, PASSWORD).studies
        said.append(repr(study))
        fetch(archive, held.mixed_study, tmp_path / way, f"{held.mixed_study}.2")
        for wrong in (
            evolve(archive, port=free_port(), url="http://127.0.0.1:9/x"),
            evolve(archive, title="NO", user=""),
        ):
            try:
                ask.find_studies(wrong, query, NOTHING, PASSWORD)
            except CaseStageError as error:
                said.append("\n".join((error.sentence, error.hint, error.detail)))
    out = capfd.readouterr()
    everything = "\n".join((*said, caplog.text, out.out, out.err)).casefold()
    for secret in ("canary", "tweety", "90210", PASSWORD.casefold()):
        assert secret not in everything


@pytest.mark.parametrize("missing", ["pynetdicom", "dicomweb_client"])
def test_without_the_extra_it_says_how_to_install_it(
    missing: str, held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    for act in (
        lambda: ask.find_studies(held.server.web, Query(), NOTHING, PASSWORD),
        lambda: ask.find_series(held.server.get, held.mixed_study, NOTHING),
        lambda: ask.check_connection(held.server.get, NOTHING),
        lambda: fetch(held.server.web, held.mixed_study, tmp_path),
    ):
        with pytest.raises(ArchiveError, match="extra “pacs”") as failed:
            act()
        assert "-m pip install" in failed.value.hint
        assert missing.replace("_", "-") in failed.value.hint
