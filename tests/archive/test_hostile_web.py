"""Web servers that answer as no archive should: each costs a sentence, never a file, a hang or a secret."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from tests.archive.web_server import NOTHING, Act, Handler, Server, as_json, raw
from viewer.domain.errors import ArchiveError, CancelledError
from viewer.domain.job import JobContext
from viewer.io.archive import ask
from viewer.io.archive.rows import Query

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.io.archive.description import Archive


def search(archive: Archive, ctx: JobContext = NOTHING) -> Any:
    return ask.find_studies(archive, Query(patient="Canary"), ctx, "password")


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
    assert time.monotonic() - started_s < 20
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
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_search_is_cancelled_at_once_however_slow_the_server(
    before_the_head: bool, encrypted: bool, server: Server, tmp_path: Path
) -> None:
    release = threading.Event()

    def slow(handler: Handler) -> None:
        if not before_the_head:
            handler.send_response(200)
            handler.send_header("Content-Length", "100000")
            handler.end_headers()
            handler.wfile.write(b"[")
        release.wait(60)

    server.acts["/studies"] = slow
    archive = encrypt(server, tmp_path) if encrypted else server.archive
    started_s = time.monotonic()
    context = JobContext(cancelled=lambda: time.monotonic() - started_s > 0.3)
    with pytest.raises(CancelledError):
        search(evolve(archive, verify_tls=False), context)
    assert time.monotonic() - started_s < 30
    release.set()


def encrypt(server: Server, folder: Path) -> Archive:
    """Let a server speak TLS, with a certificate that nobody vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here to make a certificate with")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate]
    subprocess.run([*command, "-days", "2", "-subj", "/CN=localhost"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return evolve(server.archive, url=server.archive.url.replace("http:", "https:"))


def test_a_certificate_is_looked_at_unless_told_otherwise(server: Server, tmp_path: Path) -> None:
    server.acts["/studies"] = as_json([])
    archive = encrypt(server, tmp_path)
    with pytest.raises(ArchiveError, match="cannot prove") as failed:
        search(archive)
    assert "certificate" in failed.value.hint
    assert search(evolve(archive, verify_tls=False)).studies == ()
