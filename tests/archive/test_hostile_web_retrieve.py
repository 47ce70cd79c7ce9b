"""What a DICOMweb server sends is kept only if it was asked for, and ends where it has to."""

from __future__ import annotations

import threading
import time
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread

from tests.archive.conftest import SERIES, STUDY, Watched, small_series
from tests.archive.web_server import NOTHING, Act, Handler, Server, as_json, part, raw
from viewer.domain.errors import ArchiveError, CancelledError
from viewer.io.archive import ask

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.job import JobContext
    from viewer.io.archive.description import Archive


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return a small series as files, by SOP Instance UID."""
    return {str(dcmread(p).SOPInstanceUID): p.read_bytes() for p in small_series(tmp_path_factory.mktemp("slices"), 8)}


def listing(uids: list[str], series: str = SERIES) -> Act:
    rows = [{"0020000E": {"vr": "UI", "Value": [series]}, "00080018": {"vr": "UI", "Value": [uid]}} for uid in uids]

    def act(handler: Handler) -> None:
        as_json([] if "offset=0" not in handler.path else rows)(handler)

    return act


def fetch(archive: Archive, root: Path, ctx: JobContext = NOTHING) -> Any:
    return ask.retrieve(archive, STUDY, "", root, ctx, "password")


def test_what_arrives_is_kept_only_if_it_was_asked_for(
    server: Server, slices: dict[str, bytes], tmp_path: Path
) -> None:
    uids = list(slices)
    foreign = dcmread(BytesIO(slices[uids[1]]))
    foreign.StudyInstanceUID = "9.9.9"
    buffer = BytesIO()
    foreign.save_as(buffer, enforce_file_format=True)
    server.acts = {
        f"instances/{uids[0]}": part(slices[uids[0]]),
        f"instances/{uids[1]}": part(buffer.getvalue()),
        f"instances/{uids[2]}": part(slices[uids[3]]),
        f"instances/{uids[3]}": raw(b"<html>", "text/html"),
        f"instances/{uids[4]}": part(b"GIF89a" + bytes(3000)),
        f"instances/{uids[5]}": part(slices[uids[5]][:-100]),
        f"instances/{uids[6]}": raw(b"", status=500),
        f"instances/{uids[7]}": raw(slices[uids[7]], "application/dicom"),
        "/instances?": listing(uids),
    }
    brought = fetch(server.archive, tmp_path / "study")
    assert (brought.images, brought.missing) == (2, 6)
    kept = sorted(str(dcmread(path).SOPInstanceUID) for path in (tmp_path / "study").rglob("*.dcm"))
    assert kept == sorted((uids[0], uids[7]))
    assert not list((tmp_path / "study").rglob("*.part"))
    assert len(brought.problems) == 5
    assert any("not asked for (2 ×)" in why or "not kept. (2 ×)" in why for why in brought.problems)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing that looks like a part",
        b"--here\r\n" + b"X: y\r\n" * 50_000,
        b"--here\r\nContent-Type: application/dicom\r\n\r\nno end",
    ],
)
def test_an_answer_in_parts_without_parts_brings_nothing(
    body: bytes, server: Server, slices: dict[str, bytes], tmp_path: Path
) -> None:
    kind = 'multipart/related; type="application/dicom"; boundary=here'
    server.acts = {"/instances/": raw(body, kind), "/instances?": listing(list(slices))}
    with pytest.raises(ArchiveError) as failed:
        fetch(server.archive, tmp_path / "study")
    assert failed.value.hint
    assert not (tmp_path / "study").exists()


def test_an_object_without_end_is_cut_off(
    server: Server, slices: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.io.archive.web_retrieve.LARGEST_INSTANCE", 3 << 20)
    sent = []

    def forever(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", 'multipart/related; type="application/dicom"; boundary=here')
        handler.send_header("Content-Length", str(1 << 40))
        handler.end_headers()
        handler.wfile.write(b"--here\r\n\r\n")
        for _ in range(200):
            handler.wfile.write(bytes(1 << 20))
            sent.append(1)

    server.acts = {"/instances/": forever, "/instances?": listing(list(slices)[:1])}
    with pytest.raises(ArchiveError):
        fetch(server.archive, tmp_path / "study")
    assert len(sent) < 100
    assert not (tmp_path / "study").exists()


def test_a_listing_cannot_lead_out_of_the_folder(server: Server, slices: dict[str, bytes], tmp_path: Path) -> None:
    uid = next(iter(slices))
    server.acts = {
        "/instances/": part(slices[uid]),
        "/instances?": listing(["../../../evil", "/etc/passwd", "1.2/3", uid]),
    }
    brought = fetch(server.archive, tmp_path / "a" / "study")
    assert brought.images == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file() and "study" not in str(path)] == []
    assert not [path for path, _ in server.asked if "evil" in path or "passwd" in path]


def test_a_listing_that_repeats_itself_ends(server: Server, slices: dict[str, bytes], tmp_path: Path) -> None:
    uid = next(iter(slices))
    rows = [{"0020000E": {"Value": [SERIES]}, "00080018": {"Value": [uid]}}]
    server.acts = {"/instances/": part(slices[uid]), "/instances?": as_json(rows)}
    assert fetch(server.archive, tmp_path / "study").images == 1
    assert len([path for path, _ in server.asked if "/instances?" in path]) == 2


def test_a_server_that_knows_only_its_own_form_is_asked_again(
    server: Server, slices: dict[str, bytes], tmp_path: Path
) -> None:
    uid = next(iter(slices))

    def picky(handler: Handler) -> None:
        if "transfer-syntax" in handler.headers["Accept"]:
            handler.give(b"", "text/plain", 406)
        else:
            part(slices[uid])(handler)

    server.acts = {"/instances/": picky, "/instances?": listing([uid])}
    assert fetch(server.archive, tmp_path / "study").images == 1


@pytest.mark.usefixtures("often")
def test_a_retrieve_is_cancelled_at_once_though_the_server_drips(
    server: Server, slices: dict[str, bytes], tmp_path: Path
) -> None:
    uids = list(slices)
    release = threading.Event()

    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", 'multipart/related; type="application/dicom"; boundary=here')
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        handler.wfile.write(b"--here\r\n\r\n")
        release.wait(60)

    server.acts = {f"/instances/{uids[0]}": part(slices[uids[0]]), "/instances/": drip, "/instances?": listing(uids)}
    started_s = time.monotonic()
    with pytest.raises(CancelledError):
        fetch(server.archive, tmp_path / "study", Watched(when=1, stops=True).context)
    assert time.monotonic() - started_s < 30
    release.set()
    assert len(list((tmp_path / "study").rglob("*.dcm"))) == 1
    assert not list((tmp_path / "study").rglob("*.part"))
