"""DICOM archives that answer as no archive should: each costs a sentence, never a file, a hang or an open port."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from pydicom import Dataset
from pynetdicom.acse import ACSE

from tests.archive.dimse_server import NOTHING, TITLE, archive, fetch
from tests.archive.orthanc import is_open
from viewer.domain.errors import ArchiveError, CancelledError
from viewer.domain.job import JobContext
from viewer.io.archive import ask
from viewer.io.archive.description import Archive, ArchiveKind, RetrieveBy
from viewer.io.archive.rows import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pynetdicom import evt


@contextmanager
def socket_server(act: Callable[[socket.socket], None]) -> Iterator[Archive]:
    """Run something at a port that does `act` with each connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                try:
                    act(line)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Archive("Odd", ArchiveKind.DIMSE, host="127.0.0.1", port=listener.getsockname()[1], title=TITLE)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def search(asked: Archive, ctx: JobContext = NOTHING) -> Any:
    return ask.find_studies(asked, Query(patient="Canary"), ctx)


def test_rows_that_make_no_sense_are_left_out() -> None:
    def find(_event: evt.Event) -> Any:
        for uid in ("", "../../etc", "1.2.3"):
            row = Dataset()
            row.add_new("StudyInstanceUID", "UI", uid)
            row.add_new("StudyDescription", "LO", "A \x1b[2J" + "long " * 1000)
            row.add_new("StudyDate", "DA", "nonsense")
            row.add_new("NumberOfStudyRelatedInstances", "LO", "many")
            row.add_new("ModalitiesInStudy", "CS", ["CT", "CT", "SR"])
            yield 0xFF00, row

    with archive(find) as asked:
        (study,) = search(asked).studies
    assert study.study_uid == "1.2.3"
    assert "\x1b" not in study.description
    assert len(study.description) <= 256
    assert (study.date, study.image_count, study.modalities) == (None, None, ("CT", "SR"))


def test_a_search_without_end_stops_where_a_list_gets_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.io.archive.dimse.MOST_ROWS", 50)
    sent = []

    def find(event: evt.Event) -> Any:
        n = 0
        while not event.is_cancelled and event.assoc.is_established:
            n += 1
            row = Dataset()
            row.StudyInstanceUID = f"1.2.{n}"
            sent.append(n)
            yield 0xFF00, row

    with archive(find) as asked:
        found = search(asked)
    assert len(found.studies) == 50
    assert found.more
    # What was on its way when the search was given up still counts.
    assert len(sent) < 5000


@pytest.mark.parametrize(
    ("reason", "sentence"), [(3, "does not know the AE title CASESTAGE"), (7, "does not answer to the AE title ODD")]
)
def test_a_refusal_is_understood_also_where_the_machine_is_busy(
    reason: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(line: socket.socket) -> None:
        line.recv(1 << 16)
        line.sendall(bytes([3, 0, 0, 0, 0, 4, 0, 1, 1, reason]))

    ask_for_association = ACSE.send_request

    def ask_and_look_away(acse: ACSE) -> None:
        ask_for_association(acse)
        acse.dul.join(5)

    monkeypatch.setattr(ACSE, "send_request", ask_and_look_away)
    with socket_server(refuse) as asked, pytest.raises(ArchiveError, match=sentence):
        search(asked)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(0xA700, "reported an error"), (0xC001, "reported an error"), (0x0124, "does not allow"), (0x0122, "not offer")],
)
def test_a_refusal_is_a_sentence(status: int, sentence: str) -> None:
    def find(_event: evt.Event) -> Any:
        yield status, None

    with archive(find) as asked, pytest.raises(ArchiveError) as failed:
        search(asked)
    assert sentence in failed.value.sentence
    assert failed.value.hint


def test_a_service_that_is_not_there_is_named(slices: list[Dataset], tmp_path: Path) -> None:
    with archive(listed=slices) as asked:
        for by, word in ((RetrieveBy.GET, "C-GET"), (RetrieveBy.MOVE, "C-MOVE")):
            with pytest.raises(ArchiveError) as failed:
                fetch(evolve(asked, retrieve_by=by), tmp_path / "study")
            assert f"does not offer retrieving by {word}" in failed.value.sentence
            assert not is_open(asked.receiver_port)


def garbage(line: socket.socket) -> None:
    line.recv(4096)
    line.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n" + bytes(range(256)) * 10)


def absurd_length(line: socket.socket) -> None:
    line.recv(4096)
    line.sendall(b"\x02\x00" + struct.pack(">L", 0xFFFFFFF0))
    for _ in range(64):
        line.sendall(bytes(1 << 20))


def goes_away(line: socket.socket) -> None:
    line.recv(4096)


@pytest.mark.parametrize("act", [garbage, absurd_length, goes_away])
def test_what_is_no_archive_is_said_to_be_none(act: Callable[[socket.socket], None]) -> None:
    started_s = time.monotonic()
    with socket_server(act) as asked, pytest.raises(ArchiveError) as failed:
        search(asked)
    assert "not understood" in failed.value.sentence
    assert time.monotonic() - started_s < 20


def test_an_archive_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.io.archive.failures.ANSWER_WITHIN_S", 0.4)
    release = threading.Event()

    def find(_event: evt.Event) -> Any:
        release.wait(10)
        yield 0x0000, None

    with archive(find) as asked:
        with pytest.raises(ArchiveError, match="does not answer|ended the connection"):
            search(asked)
        release.set()


@pytest.mark.parametrize("connected", [True, False])
def test_a_search_is_cancelled_at_once_however_slow_the_archive(connected: bool) -> None:
    release = threading.Event()

    def find(_event: evt.Event) -> Any:
        release.wait(60)
        yield 0x0000, None

    started_s = time.monotonic()
    context = JobContext(cancelled=lambda: time.monotonic() - started_s > 0.3)
    server = archive(find) if connected else socket_server(lambda _line: release.wait(60) and None)
    with server as asked:
        with pytest.raises(CancelledError):
            search(asked, context)
        assert time.monotonic() - started_s < 30
        release.set()
