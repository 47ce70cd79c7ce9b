"""A display of two monitors beside each other, as the X server's RandR extension tells of them."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_QUERY_EXTENSION, _INTERN_ATOM = 98, 16
_QUERY_VERSION, _GET_RESOURCES, _SET_MONITOR, _DELETE_MONITOR = 0, 25, 43, 44


@contextlib.contextmanager
def two_monitors(width: int, height: int) -> Iterator[str]:
    """Start an X server whose screen is two monitors of a size, the first at the left, and give its name."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{2 * width}x{height}x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        os.close(write)
        with os.fdopen(read) as told:
            number = int(told.readline())
        # The server forgets its monitors with its last client.
        with Monitors(f":{number}") as monitors:
            monitors.plug("LEFT", (0, 0, width, height), monitors.outputs(), primary=True)
            monitors.plug("RIGHT", (width, 0, width, height))
            yield f":{number}"
    finally:
        server.kill()
        server.wait()


class Monitors:
    """The monitors of a display, by as much of the X protocol as it takes; numbers are little-endian."""

    def __init__(self, display: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(f"/tmp/.X11-unix/X{display.partition(':')[2].partition('.')[0]}")

    def __enter__(self) -> Monitors:
        self._socket.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        ok, _major, _minor, length = struct.unpack("<BxHHH", self._read(8))
        setup = self._read(4 * length)
        assert ok == 1, setup
        vendor, _, roots, formats = struct.unpack("<HHBB", setup[16:22])
        assert roots
        self._root = struct.unpack("<I", setup[32 + (vendor + 3) // 4 * 4 + 8 * formats :][:4])[0]
        answer = self._ask(_QUERY_EXTENSION, 0, struct.pack("<Hxx", 5) + b"RANDR\0\0\0")
        present, self._randr = struct.unpack("<BB", answer[8:10])
        assert present, "the X server has no RandR"
        self._ask(self._randr, _QUERY_VERSION, struct.pack("<II", 1, 5))
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def outputs(self) -> list[int]:
        """Return the outputs of the screen."""
        answer = self._ask(self._randr, _GET_RESOURCES, struct.pack("<I", self._root))
        crtcs, outputs = struct.unpack("<HH", answer[16:20])
        start = 32 + 4 * crtcs
        return list(struct.unpack(f"<{outputs}I", answer[start : start + 4 * outputs]))

    def plug(
        self, name: str, area: tuple[int, int, int, int], outputs: Sequence[int] = (), *, primary: bool = False
    ) -> None:
        """Make a part of the screen (x, y, width, height) a monitor."""
        told = struct.pack("<IIBBHhhHHII", self._root, self._atom(name), primary, 0, len(outputs), *area, 300, 170)
        self._send(self._randr, _SET_MONITOR, told + struct.pack(f"<{len(outputs)}I", *outputs))
        self.outputs()

    def unplug(self, name: str) -> None:
        """Take a monitor away."""
        self._send(self._randr, _DELETE_MONITOR, struct.pack("<II", self._root, self._atom(name)))
        self.outputs()

    def _atom(self, name: str) -> int:
        padded = name.encode() + b"\0" * (-len(name) % 4)
        atom: int = struct.unpack("<I", self._ask(_INTERN_ATOM, 0, struct.pack("<Hxx", len(name)) + padded)[8:12])[0]
        return atom

    def _send(self, major: int, minor: int, body: bytes) -> None:
        self._socket.sendall(struct.pack("<BBH", major, minor, 1 + len(body) // 4) + body)

    def _ask(self, major: int, minor: int, body: bytes) -> bytes:
        """Return the answer to a request; what else the server tells meanwhile is passed over."""
        self._send(major, minor, body)
        while True:
            head = self._read(32)
            if head[0] == 1:
                return head + self._read(4 * struct.unpack("<I", head[4:8])[0])
            assert head[0] != 0, f"the X server refuses: {head!r}"

    def _read(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            part = self._socket.recv(count - len(got))
            assert part, "the X server is gone"
            got += part
        return got
