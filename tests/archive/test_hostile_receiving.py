"""What an archive sends over DIMSE is kept only if it was asked for, and ends where it has to."""

from __future__ import annotations

import socket
import threading
import time
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from pydicom import Dataset, dcmread
from pynetdicom import AE, AllStoragePresentationContexts, build_context, evt
from pynetdicom.sop_class import (
    CTImageStorage,
)

from tests.archive.conftest import Watched
from tests.archive.dimse_server import EXPLICIT, OURS, TITLE, archive, fetch
from tests.archive.orthanc import free_port, is_open
from viewer.domain.errors import ArchiveError, CancelledError
from viewer.domain.job import JobContext

if TYPE_CHECKING:
    from pathlib import Path


def other(image: Dataset, **changes: str) -> Dataset:
    """Return a copy of an image with other values."""
    buffer = BytesIO()
    image.save_as(buffer, enforce_file_format=True)
    buffer.seek(0)
    made = dcmread(buffer)
    for keyword, value in changes.items():
        setattr(made, keyword, value)
    return made


def test_what_arrives_is_kept_only_if_it_was_asked_for(slices: list[Dataset], tmp_path: Path) -> None:
    def get(_event: evt.Event) -> Any:
        yield 5
        yield 0xFF00, slices[0]
        yield 0xFF00, other(slices[1], StudyInstanceUID="9.9.9")
        yield 0xFF00, other(slices[2], SeriesInstanceUID="9.9.8")
        yield 0xFF00, other(slices[3], SOPInstanceUID="")
        yield 0xFF00, slices[4]

    with archive(get=get, listed=slices) as asked:
        brought = fetch(asked, tmp_path / "study")
    assert (brought.images, brought.missing) == (2, 4)
    assert len(list((tmp_path / "study").rglob("*.dcm"))) == 2
    assert brought.problems


def test_an_archive_that_cannot_list_images_is_asked_for_the_whole_series(
    slices: list[Dataset], tmp_path: Path
) -> None:
    asked_for = []

    def get(event: evt.Event) -> Any:
        asked_for.append(str(event.identifier.QueryRetrieveLevel))
        yield len(slices)
        for image in slices:
            yield 0xFF00, image

    watched = Watched()
    with archive(get=get, listed=[]) as asked:
        brought = fetch(asked, tmp_path / "study", watched.context)
    assert asked_for == ["SERIES"]
    assert (brought.images, brought.missing) == (6, 0)
    assert watched.told[-1].what.startswith("6 of 6 images")


def test_only_what_is_missing_is_asked_for_again(slices: list[Dataset], tmp_path: Path) -> None:
    asked_for: list[tuple[str, int]] = []

    def get(event: evt.Event) -> Any:
        wanted = event.identifier.get("SOPInstanceUID") or []
        uids = [str(uid) for uid in ([wanted] if isinstance(wanted, str) else wanted)]
        asked_for.append((str(event.identifier.QueryRetrieveLevel), len(uids)))
        chosen = [image for image in slices if image.SOPInstanceUID in uids] if uids else slices[:2]
        yield len(chosen)
        for image in chosen:
            yield 0xFF00, image

    with archive(get=get, listed=slices) as asked:
        first = fetch(asked, tmp_path / "study")
        second = fetch(asked, tmp_path / "study")
    assert (first.images, first.missing) == (2, 4)
    assert (second.images, second.missing) == (6, 0)
    assert asked_for == [("SERIES", 0), ("IMAGE", 4)]


def test_an_object_without_end_is_cut_off(
    slices: list[Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.io.archive.dimse_retrieve.LARGEST_INSTANCE", 2 << 20)
    large = other(slices[0])
    large.Rows = large.Columns = 2048
    large.PixelData = bytes(2048 * 2048 * 2)

    def get(_event: evt.Event) -> Any:
        yield 1
        yield 0xFF00, large

    with archive(get=get, listed=slices[:1]) as asked, pytest.raises(ArchiveError):
        fetch(asked, tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_an_archive_that_goes_quiet_in_the_middle_is_given_up(
    slices: list[Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.io.archive.retrieved.QUIET_FOR_S", 0.5)
    release = threading.Event()

    def get(_event: evt.Event) -> Any:
        yield len(slices)
        yield 0xFF00, slices[0]
        release.wait(10)

    with archive(get=get, listed=slices) as asked:
        with pytest.raises(ArchiveError, match="does not answer"):
            fetch(asked, tmp_path / "study")
        release.set()
    assert len(list((tmp_path / "study").rglob("*.dcm"))) == 1


def store(port: int, image: Dataset, *, calling: str, called: str) -> int | None:
    """Return the status of storing an image at a port, or None where no association was accepted."""
    ae = AE(calling)
    ae.requested_contexts = [build_context(CTImageStorage, EXPLICIT)]
    line = ae.associate("127.0.0.1", port, ae_title=called)
    if not line.is_established:
        return None
    status = line.send_c_store(image)
    line.release()
    return int(status.Status)


def test_the_receiver_lets_in_the_archive_alone_and_only_what_was_asked_for(
    slices: list[Dataset], tmp_path: Path
) -> None:
    tried: dict[str, int | None] = {}
    port = free_port()

    def move(_event: evt.Event) -> Any:
        foreign = other(slices[1], StudyInstanceUID="9.9.9")
        tried["a stranger"] = store(port, slices[1], calling="STRANGER", called=OURS)
        tried["for someone else"] = store(port, slices[1], calling=TITLE, called="SOMEONE")
        tried["another study"] = store(port, foreign, calling=TITLE, called=OURS)
        tried["asked for"] = store(port, slices[0], calling=TITLE, called=OURS)
        yield "127.0.0.1", port, {"contexts": AllStoragePresentationContexts[:100]}
        yield 1
        yield 0xFF00, slices[2]

    with archive(move=move, listed=slices) as asked:
        brought = fetch(evolve(asked, receiver_port=port), tmp_path / "study")
    assert tried == {"a stranger": None, "for someone else": None, "another study": 0xA900, "asked for": 0}
    assert (brought.images, brought.missing) == (2, 4)
    assert len(list((tmp_path / "study").rglob("*.dcm"))) == 2
    assert not is_open(port)


def test_an_unknown_destination_says_what_to_register(slices: list[Dataset], tmp_path: Path) -> None:
    def move(_event: evt.Event) -> Any:
        yield None, None

    with archive(move=move, listed=slices) as asked, pytest.raises(ArchiveError, match="does not know where") as failed:
        fetch(asked, tmp_path / "study")
    assert OURS in failed.value.hint
    assert str(asked.receiver_port) in failed.value.hint
    assert not is_open(asked.receiver_port)


def test_the_receiver_is_closed_at_once_on_cancel_while_the_archive_holds_its_line(
    slices: list[Dataset], tmp_path: Path
) -> None:
    release = threading.Event()
    port = free_port()

    def move(_event: evt.Event) -> Any:
        line = socket.create_connection(("127.0.0.1", port))
        with line:
            release.wait(60)
        yield None, None

    started_s = time.monotonic()
    context = JobContext(cancelled=lambda: time.monotonic() - started_s > 0.4)
    with archive(move=move, listed=slices) as asked:
        with pytest.raises(CancelledError):
            fetch(evolve(asked, receiver_port=port), tmp_path / "study", context)
        assert not is_open(port)
        assert time.monotonic() - started_s < 30
        release.set()
