"""The screen stays on while presenting, and nothing waits for a desktop that does not answer."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from viewer.io.session_bus import BusError, Remote, SessionBus
from viewer.services.awake import Awake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WAIT_S = 10.0


def wait_until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not there() and time.monotonic() < end:
        time.sleep(0.005)
    assert there()


class Desktop(threading.Thread):
    """Answers on a session bus as a desktop would: `abilities` of notifications, and what it `refuses`."""

    def __init__(self, path: Path, abilities: tuple[str, ...], refuses: tuple[str, ...], *, dumb: bool) -> None:
        super().__init__(daemon=True)
        self.asked: list[str] = []
        self.left = threading.Event()
        self._abilities, self._refuses, self._dumb = abilities, refuses, dumb
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(path))
        self._listening.listen()
        self._open = [self._listening]

    def run(self) -> None:
        with contextlib.suppress(OSError, IndexError, struct.error):
            peer, _ = self._listening.accept()
            self._open.append(peer)
            while not peer.recv(200).endswith(b"\r\n"):
                pass
            peer.sendall(b"OK 0123456789abcdef\r\n")
            rest = b""
            while b"BEGIN\r\n" not in rest:
                rest += peer.recv(200)
            self._talk(peer, rest.split(b"BEGIN\r\n", 1)[1])
        for each in self._open:
            each.close()
        self.left.set()

    def _talk(self, peer: socket.socket, data: bytes) -> None:
        while True:
            while len(data) < 16:
                got = peer.recv(4096)
                if not got:
                    return
                data += got
            body, serial, fields = struct.unpack("<III", data[4:16])
            whole = 16 + -(-fields // 8) * 8 + body
            while len(data) < whole:
                data += peer.recv(4096)
            head, data = data[:whole], data[whole:]
            self._answer(peer, head, serial)

    def _answer(self, peer: socket.socket, head: bytes, serial: int) -> None:
        said = next(
            name
            for name in ("Hello", "GetCapabilities", "portal.Inhibit", "ScreenSaver", "Notifications")
            if name.encode() in head
        )
        if said != "Hello":
            self.asked.append(said)
            if self._dumb:
                return
        reply = bytes([5, 1]) + b"u\0" + struct.pack("<I", serial)
        if said in self._refuses:
            name = b"org.example.No"
            fields = reply + bytes([4, 1]) + b"s\0" + struct.pack("<I", len(name)) + name + b"\0"
            kind, body = 3, b""
        elif said == "GetCapabilities":
            texts = b""
            for word in self._abilities:
                texts += bytes(-len(texts) % 4) + struct.pack("<I", len(word)) + word.encode() + b"\0"
            fields, kind = reply + bytes([8, 1]) + b"g\0\2as\0", 2
            body = struct.pack("<I", len(texts)) + texts
        else:
            fields, kind, body = reply + bytes([8, 1]) + b"g\0\1u\0", 2, struct.pack("<I", 3_000_000_000)
        start = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), 77, len(fields))
        peer.sendall(start + fields + bytes(-len(fields) % 8) + body)


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desktop]]:
    """Return a function that starts a desktop on a session bus of its own."""
    made: list[Desktop] = []

    def start(abilities: tuple[str, ...] = (), refuses: tuple[str, ...] = (), *, dumb: bool = False) -> Desktop:
        path = tmp_path / "bus"
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={path},guid=0")
        made.append(Desktop(path, abilities, refuses, dumb=dumb))
        made[-1].start()
        return made[-1]

    yield start
    for each in made:
        # Whoever still waits for somebody to come is woken.
        with contextlib.suppress(OSError):
            each._open[0].shutdown(socket.SHUT_RDWR)
        each.join(WAIT_S)


def test_the_screen_saver_is_held_back_until_the_end(desktop: Callable[..., Desktop]) -> None:
    there = desktop(abilities=("body", "inhibitions"))
    awake = Awake()
    awake.begin()
    awake.begin()
    wait_until(lambda: there.asked == ["ScreenSaver", "GetCapabilities", "Notifications"])
    assert awake.on
    assert not there.left.is_set()
    awake.end()
    awake.wait(WAIT_S)
    assert there.left.wait(WAIT_S)
    assert not awake.on


def test_where_there_is_no_screen_saver_the_portal_is_asked(desktop: Callable[..., Desktop]) -> None:
    there = desktop(refuses=("ScreenSaver",))
    awake = Awake()
    awake.begin()
    wait_until(lambda: there.asked == ["ScreenSaver", "portal.Inhibit", "GetCapabilities"])
    awake.end()
    awake.wait(WAIT_S)


def test_a_desktop_that_does_not_answer_holds_nothing_up(
    desktop: Callable[..., Desktop], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = desktop(dumb=True)
    monkeypatch.setattr("viewer.services.awake.SessionBus", partial(SessionBus, 60.0))
    start = time.monotonic()
    awake = Awake()
    awake.begin()
    awake.end()
    assert time.monotonic() - start < 30
    wait_until(lambda: there.asked == ["ScreenSaver"])
    there._open[-1].shutdown(socket.SHUT_RDWR)


def test_without_a_session_bus_it_says_so_in_the_log_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    caplog.set_level("INFO")
    awake = Awake()
    awake.begin()
    awake.end()
    awake.wait(WAIT_S)
    assert "the screen may sleep while presenting: there is no session bus" in caplog.text


def test_a_number_above_two_thousand_million_comes_back_whole(desktop: Callable[..., Desktop]) -> None:
    desktop()
    with SessionBus() as bus:
        remote = Remote("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver")
        assert bus.call(remote, "Inhibit", "ss", "a", "b") == 3_000_000_000


def test_a_refusal_is_an_error_with_its_name(desktop: Callable[..., Desktop]) -> None:
    desktop(refuses=("ScreenSaver",))
    remote = Remote("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver")
    with SessionBus() as bus, pytest.raises(BusError, match="org.example.No"):
        bus.call(remote, "Inhibit", "ss", "a", "b")
