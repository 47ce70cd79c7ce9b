"""Web servers that answer as no archive should: each costs a sentence, never a file, a hang or a secret."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from pydicom import dcmread

from tests.archive.conftest import SERIES, STUDY, Watched, small_series
from viewer.domain.errors import ArchiveError, CancelledError
from viewer.domain.job import JobContext
from viewer.io.archive import ask
from viewer.io.archive.description import Archive
from viewer.io.archive.rows import Query

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTHING = JobContext()
Act = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers by what the server was told to do at the first path that fits."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:  # noqa: N802 (the library's name)
        self.server.asked.append((self.path, dict(self.headers)))
        for part, act in self.server.acts.items():
            if part in self.path:
                act(self)
                return
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass

    def give(self, content: bytes, kind: str, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """A web server on loopback that does as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.acts: dict[str, Act] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def handle_error(self, *_: object) -> None:
        """Say nothing where the other side hangs up."""

    @property
    def archive(self) -> Archive:
        return Archive("Odd", url=f"http://127.0.0.1:{self.server_address[1]}/dicom-web", user="reader")


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return a small series as files, by SOP Instance UID."""
    return {str(dcmread(p).SOPInstanceUID): p.read_bytes() for p in small_series(tmp_path_factory.mktemp("slices"), 8)}


def as_json(value: Any, status: int = 200) -> Act:
    return lambda handler: handler.give(json.dumps(value).encode(), "application/dicom+json", status)


def raw(content: bytes, kind: str = "application/dicom+json", status: int = 200, **headers: str) -> Act:
    return lambda handler: handler.give(content, kind, status, **headers)


def listing(uids: list[str], series: str = SERIES) -> Act:
    rows = [{"0020000E": {"vr": "UI", "Value": [series]}, "00080018": {"vr": "UI", "Value": [uid]}} for uid in uids]

    def act(handler: Handler) -> None:
        as_json([] if "offset=0" not in handler.path else rows)(handler)

    return act


def part(content: bytes) -> Act:
    body = b"--here\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--here--\r\n"
    return raw(body, 'multipart/related; type="application/dicom"; boundary=here')


def search(archive: Archive, ctx: JobContext = NOTHING) -> Any:
    return ask.find_studies(archive, Query(patient="Canary"), ctx, "password")


def fetch(archive: Archive, root: Path, ctx: JobContext = NOTHING) -> Any:
    return ask.retrieve(archive, STUDY, "", root, ctx, "password")


ENDLESS = b"[" + b'{"0020000D": {"vr": "UI", "Value": ["1.2"]}}, ' * 20_000


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/dicom+json")
    handler.send_header("Content-Length", str(1 << 40))
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(ENDLESS)


def cut_short(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/dicom+json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"[{")
    handler.close_connection = True


def hang_up(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (raw(b"<html>login</html>", "text/html"), "not understood"),
        (raw(b"\xff\xfe\x00"), "not understood"),
        (raw(b"[[[[" * 50_000), "not understood"),
        (as_json("a text"), "not understood"),
        (as_json(5), "not understood"),
        (raw(b"{}", status=403), "does not allow"),
        (raw(b"{}", status=404), "no DICOMweb service"),
        (raw(b"{}", status=413), "more than can be taken"),
        (raw(b"{}", status=500), "reported an error"),
        (raw(b"{}", status=503), "reported an error"),
        (raw(b"", status=302, Location="http://192.0.2.1/studies"), "points to another server"),
        (raw(b"", status=307, Location="//192.0.2.1/"), "points to another server"),
        (raw(b"", status=302, Location="/dicom-web/studies?again"), "points to another server"),
        (raw(b"", status=302, Location="gopher://x"), "points to another server"),
        (raw(gzip.compress(bytes(200 << 20), 1), Content_Encoding="gzip"), "more than can be taken"),
        (raw(b"not gzip", Content_Encoding="gzip"), "not understood"),
        (endless, "more than can be taken"),
        (cut_short, "broke off"),
        (hang_up, "broke off"),
    ],
)
def test_an_answer_that_is_none_is_a_sentence(act: Act, sentence: str, server: Server) -> None:
    server.acts["/studies"] = act
    started_s = time.monotonic()
    with pytest.raises(ArchiveError) as failed:
        search(server.archive)
    assert sentence in failed.value.sentence
    assert failed.value.hint
    assert time.monotonic() - started_s < 5
    told = "".join((failed.value.sentence, failed.value.hint, failed.value.detail)).casefold()
    assert "canary" not in told
    assert "password" not in told.replace("the password", "")


def test_rows_that_make_no_sense_are_left_out(server: Server) -> None:
    good = {
        "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
        "00081030": {"vr": "LO", "Value": ["A \x1b[2J" + "long " * 1000]},
        "00080020": {"vr": "DA", "Value": ["20259999"]},
        "00100010": {"vr": "PN", "Value": [{"Ideographic": "山田"}]},
        "00080061": {"vr": "CS", "Value": ["CT"] * 500},
        "00201208": {"vr": "IS", "Value": [-5]},
        "00201206": {"vr": "IS", "Value": [3.0]},
        "zzz": 5,
        "00080005": None,
    }
    server.acts["/studies"] = as_json(
        [good, 7, None, {}, {"0020000D": {"Value": ["../../etc"]}}, {"0020000D": {"Value": "1.2"}}, {"0020000D": []}]
    )
    (study,) = search(server.archive).studies
    assert study.study_uid == "1.2.3"
    assert "\x1b" not in study.description
    assert len(study.description) <= 256
    assert (study.date, study.series_count, study.image_count) == (None, 3, None)
    assert study.modalities == ("CT",)
    assert study.identity.name == "山田"


def test_the_password_goes_to_the_archive_alone(server: Server) -> None:
    other = Server()
    thread = threading.Thread(target=other.serve_forever, args=(0.02,))
    thread.start()
    try:
        where = f"http://localhost:{other.server_address[1]}/studies"
        server.acts["/studies"] = raw(b"", status=302, Location=where)
        with pytest.raises(ArchiveError, match="points to another server"):
            search(server.archive)
        assert server.asked
        assert other.asked == []
    finally:
        other.shutdown()
        other.server_close()
        thread.join()


def test_a_server_that_says_nothing_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.io.archive.failures.ANSWER_WITHIN_S", 0.3)
    release = threading.Event()
    server.acts["/studies"] = lambda _handler: bool(release.wait(5)) and None
    with pytest.raises(ArchiveError, match="does not answer"):
        search(server.archive)
    release.set()


@pytest.mark.parametrize("before_the_head", [True, False])
def test_a_search_is_cancelled_at_once_however_slow_the_server(before_the_head: bool, server: Server) -> None:
    release = threading.Event()

    def slow(handler: Handler) -> None:
        if not before_the_head:
            handler.send_response(200)
            handler.send_header("Content-Length", "100000")
            handler.end_headers()
            handler.wfile.write(b"[")
        release.wait(20)

    server.acts["/studies"] = slow
    started_s = time.monotonic()
    context = JobContext(cancelled=lambda: time.monotonic() - started_s > 0.3)
    with pytest.raises(CancelledError):
        search(server.archive, context)
    release.set()
    # A server that has not even begun to answer is left behind after a second; one that has, at once.
    assert time.monotonic() - started_s < (2.5 if before_the_head else 1)


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
        release.wait(20)

    server.acts = {f"/instances/{uids[0]}": part(slices[uids[0]]), "/instances/": drip, "/instances?": listing(uids)}
    started_s = time.monotonic()
    with pytest.raises(CancelledError):
        fetch(server.archive, tmp_path / "study", Watched(when=1, stops=True).context)
    release.set()
    assert time.monotonic() - started_s < 2
    assert len(list((tmp_path / "study").rglob("*.dcm"))) == 1
    assert not list((tmp_path / "study").rglob("*.part"))


def test_a_certificate_is_looked_at_unless_told_otherwise(server: Server, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate]
    subprocess.run([*command, "-days", "2", "-subj", "/CN=localhost"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.acts["/studies"] = as_json([])
    archive = evolve(server.archive, url=server.archive.url.replace("http:", "https:"))
    with pytest.raises(ArchiveError, match="cannot prove") as failed:
        search(archive)
    assert "certificate" in failed.value.hint
    assert search(evolve(archive, verify_tls=False)).studies == ()
