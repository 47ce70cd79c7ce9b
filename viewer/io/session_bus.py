"""Calls on the desktop's session bus (D-Bus Specification 0.43), as far as asking a desktop for something needs.

Qt's own client cannot be used from Python for this: it writes every number with a sign, and desktops refuse that.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from attrs import frozen

if TYPE_CHECKING:
    from types import TracebackType

Value = str | int | tuple[str, ...] | None
LARGEST_BYTES = 1 << 20
MOST_MESSAGES = 200
_CALL, _RETURN, _ERROR = 1, 2, 3
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_TO, _DESTINATION, _SIGNATURE = 1, 2, 3, 4, 5, 6, 8


class BusError(Exception):
    """The bus is not there, or refused; the text names no person and no path."""


@frozen
class Remote:
    """An object of another program on the bus."""

    service: str
    path: str
    interface: str


class SessionBus:
    """A connection; what was asked for through it ends with it, by the desktops' rules.

    Raises
    ------
    BusError
        When there is no session bus, or it does not let this program in.
    """

    def __init__(self, timeout_s: float = 3.0) -> None:
        self._serial = 0
        self._socket = _connected(timeout_s)
        try:
            self._let_in()
            self.call(Remote("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"), "Hello")
        except (OSError, BusError) as error:
            self.close()
            raise BusError(f"the session bus does not let us in: {type(error).__name__}") from error

    def __enter__(self) -> SessionBus:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Leave the bus."""
        self._socket.close()

    def call(self, remote: Remote, method: str, signature: str = "", *arguments: str | int) -> Value:
        """Return the first value of the answer, None where it has none or one of another kind than text or a number.

        Parameters
        ----------
        signature
            D-Bus types of the arguments: of ``s`` (text), ``u`` (number), ``{}`` for an empty ``a{sv}``.

        Raises
        ------
        BusError
            When the other program is not there, refuses, or does not answer in time.
        """
        self._serial += 1
        self._socket.sendall(_message(self._serial, remote, method, signature, arguments))
        for _ in range(MOST_MESSAGES):
            kind, fields, body = self._read()
            if fields.get(_REPLY_TO) != self._serial:
                continue
            if kind == _ERROR:
                raise BusError(f"{remote.interface}.{method}: {fields.get(_ERROR_NAME)}")
            return _first_value(str(fields.get(_SIGNATURE, "")), body)
        raise BusError(f"{remote.interface}.{method}: no answer")

    def _let_in(self) -> None:
        if sys.platform == "win32":
            raise BusError("it is known to other systems alone")
        who = str(os.getuid()).encode().hex()
        self._socket.sendall(b"\0AUTH EXTERNAL " + who.encode() + b"\r\n")
        line = b""
        while not line.endswith(b"\r\n"):
            if len(line) > 1024:
                raise BusError("its greeting is too long")
            line += self._exactly(1)
        if not line.startswith(b"OK"):
            raise BusError("it refused")
        self._socket.sendall(b"BEGIN\r\n")

    def _read(self) -> tuple[int, dict[int, Value], bytes]:
        head = self._exactly(16)
        order = "<" if head[:1] == b"l" else ">"
        kind = head[1]
        body_bytes, _serial, field_bytes = struct.unpack(order + "III", head[4:16])
        padded = -(-field_bytes // 8) * 8
        if padded + body_bytes > LARGEST_BYTES:
            raise BusError("its message is too large")
        fields = self._exactly(padded)[:field_bytes]
        if order == ">":
            raise BusError("it speaks in another byte order")
        return kind, _fields(fields), self._exactly(body_bytes)

    def _exactly(self, count: int) -> bytes:
        parts = b""
        while len(parts) < count:
            try:
                got = self._socket.recv(count - len(parts))
            except TimeoutError as error:
                raise BusError("no answer in time") from error
            except OSError as error:
                raise BusError("the connection broke") from error
            if not got:
                raise BusError("the connection was closed")
            parts += got
        return parts


def _connected(timeout_s: float) -> socket.socket:
    if sys.platform == "win32":
        raise BusError("there is no session bus")
    for address in _addresses():
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(timeout_s)
        try:
            made.connect(address)
        except OSError:
            made.close()
            continue
        return made
    raise BusError("there is no session bus")


def _addresses() -> list[str]:
    found: list[str] = []
    for address in os.environ.get("DBUS_SESSION_BUS_ADDRESS", "").split(";"):
        kind, _, rest = address.partition(":")
        keys = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
        if kind == "unix" and "path" in keys:
            found.append(unquote(keys["path"]))
        elif kind == "unix" and "abstract" in keys:
            found.append("\0" + unquote(keys["abstract"]))
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if not found and runtime and (Path(runtime) / "bus").exists():
        found.append(str(Path(runtime) / "bus"))
    return found


def _aligned(made: bytes, to: int) -> bytes:
    return made + bytes(-len(made) % to)


def _text(made: bytes, value: str) -> bytes:
    said = value.encode()
    return _aligned(made, 4) + struct.pack("<I", len(said)) + said + b"\0"


def _field(made: bytes, code: int, kind: str, value: str) -> bytes:
    made = _aligned(made, 8) + bytes([code, 1]) + kind.encode() + b"\0"
    if kind == "g":
        return made + bytes([len(value)]) + value.encode() + b"\0"
    return _text(made, value)


def _message(serial: int, remote: Remote, method: str, signature: str, arguments: tuple[str | int, ...]) -> bytes:
    body, left = b"", list(arguments)
    for kind in signature.replace("{}", "e"):
        if kind == "e":
            # An empty array: its length, and the gap before entries that are not there.
            body = _aligned(_aligned(body, 4) + struct.pack("<I", 0), 8)
        elif kind == "u":
            body = _aligned(body, 4) + struct.pack("<I", int(left.pop(0)))
        else:
            body = _text(body, str(left.pop(0)))
    fields = _field(b"", _PATH, "o", remote.path)
    fields = _field(fields, _INTERFACE, "s", remote.interface)
    fields = _field(fields, _MEMBER, "s", method)
    fields = _field(fields, _DESTINATION, "s", remote.service)
    if signature:
        fields = _field(fields, _SIGNATURE, "g", signature.replace("{}", "a{sv}"))
    head = struct.pack("<cBBBIII", b"l", _CALL, 0, 1, len(body), serial, len(fields))
    return _aligned(head + fields, 8) + body


def _fields(data: bytes) -> dict[int, Value]:
    found: dict[int, Value] = {}
    at = 0
    try:
        while at < len(data):
            at += -at % 8
            code, length = data[at], data[at + 1]
            kind = data[at + 2 : at + 2 + length].decode()
            value, at = _value(kind, data, at + 3 + length)
            found[code] = value
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise BusError("its message cannot be read") from error
    return found


def _first_value(signature: str, body: bytes) -> Value:
    kind = "as" if signature.startswith("as") else signature[:1]
    if kind not in ("s", "o", "u", "as"):
        return None
    try:
        return _value(kind, body, 0)[0]
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise BusError("its answer cannot be read") from error


def _value(kind: str, data: bytes, at: int) -> tuple[Value, int]:
    if kind == "g":
        return data[at + 1 : at + 1 + data[at]].decode(), at + 2 + data[at]
    at += -at % 4
    (number,) = struct.unpack_from("<I", data, at)
    if kind == "u":
        return number, at + 4
    if kind in ("s", "o"):
        return data[at + 4 : at + 4 + number].decode(), at + 5 + number
    if kind != "as":
        raise BusError("its message holds what nobody asked for")
    end, texts, at = at + 4 + number, [], at + 4
    while at < end:
        text, at = _value("s", data, at)
        texts.append(str(text))
    return tuple(texts), end
