"""WebM files of AV1 pictures: a small part of Matroska, written as the pictures come (RFC 8794, RFC 9559)."""

from __future__ import annotations

import struct
from typing import IO, TYPE_CHECKING

from viewer.io.program import NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

# https://www.matroska.org/technical/codec_specs.html, V_AV1.
_CODEC = b"V_AV1"
_UNKNOWN = b"\x01" + b"\xff" * 7
_INFO, _TRACKS, _CLUSTER, _CUES = (bytes.fromhex(n) for n in ("1549A966", "1654AE6B", "1F43B675", "1C53BB6B"))


class WebmWriter:
    """Writes one silent film; every cluster begins with a picture that needs no other one.

    Parameters
    ----------
    file
        Open for writing and seeking, empty.
    size
        Width and height in pixels.
    configuration
        The `av1C` record of the pictures (AV1 in ISOBMFF, section 2.3).
    title
        What the film says that it is.
    """

    def __init__(self, file: IO[bytes], size: tuple[int, int], configuration: bytes, title: str) -> None:
        self._file = file
        self._cues: list[tuple[int, int]] = []
        self._end_ms = 0
        texts = [(0x4282, b"webm")]
        numbers = [(0x4286, 1), (0x42F7, 1), (0x42F2, 4), (0x42F3, 8), (0x4287, 4), (0x4285, 2)]
        head = b"".join(_number(n, v) for n, v in numbers) + b"".join(_element(n, v) for n, v in texts)
        file.write(_element(0x1A45DFA3, head))
        file.write(bytes.fromhex("18538067") + _UNKNOWN)
        self._start = file.tell()
        self._seek_at = file.tell()
        file.write(self._seek_head(0, 0, 0))
        self._info_at = file.tell() - self._start
        duration = _element(0x4489, struct.pack(">d", 0.0))
        app = NAME.encode()
        info = _number(0x2AD7B1, 1_000_000) + duration + _element(0x7BA9, title.encode())
        info += _element(0x4D80, app) + _element(0x5741, app)
        self._duration_at = file.tell() + len(_INFO) + 8 + len(_number(0x2AD7B1, 1_000_000)) + 3
        file.write(_INFO + _long_size(len(info)) + info)
        self._tracks_at = file.tell() - self._start
        file.write(_element(_TRACKS, _track(size, configuration)))

    def write(self, start_ms: int, pictures: Sequence[tuple[int, bytes]]) -> None:
        """Write pictures as (milliseconds after the start, coded picture); the first needs none before it."""
        self._cues.append((start_ms, self._file.tell() - self._start))
        body = _number(0xE7, start_ms)
        for number, (after_ms, coded) in enumerate(pictures):
            key = 0x80 if number == 0 else 0
            body += _element(0xA3, b"\x81" + struct.pack(">hB", after_ms, key) + coded)
        self._file.write(_element(_CLUSTER, body))

    def finish(self, end_ms: int) -> None:
        """Write where each part begins, and how long the film is."""
        cues_at = self._file.tell() - self._start
        points = b""
        for time_ms, place in self._cues:
            positions = _number(0xF7, 1) + _number(0xF1, place)
            points += _element(0xBB, _number(0xB3, time_ms) + _element(0xB7, positions))
        self._file.write(_element(_CUES, points))
        whole = self._file.tell() - self._start
        self._file.seek(self._start - 8)
        self._file.write(_long_size(whole))
        self._file.seek(self._seek_at)
        self._file.write(self._seek_head(self._info_at, self._tracks_at, cues_at))
        self._file.seek(self._duration_at)
        self._file.write(struct.pack(">d", float(end_ms)))

    @staticmethod
    def _seek_head(info: int, tracks: int, cues: int) -> bytes:
        entries = b""
        for name, place in ((_INFO, info), (_TRACKS, tracks), (_CUES, cues)):
            entries += _element(0x4DBB, _element(0x53AB, name) + _element(0x53AC, struct.pack(">Q", place)))
        return _element(0x114D9B74, entries)


def _track(size: tuple[int, int], configuration: bytes) -> bytes:
    # BT.601 coefficients in the full range, as the coded pictures say of themselves; primaries are those of screens.
    colour = _number(0x55B1, 6) + _number(0x55B9, 2) + _number(0x55BA, 13) + _number(0x55BB, 1)
    video = _number(0xB0, size[0]) + _number(0xBA, size[1]) + _element(0x55B0, colour)
    entry = _number(0xD7, 1) + _number(0x73C5, 1) + _number(0x83, 1) + _number(0x9C, 0) + _element(0x22B59C, b"und")
    entry += _element(0x86, _CODEC) + _element(0x63A2, configuration) + _element(0xE0, video)
    return _element(0xAE, entry)


def _element(name: int | bytes, content: bytes) -> bytes:
    ident = name if isinstance(name, bytes) else name.to_bytes((name.bit_length() + 7) // 8, "big")
    return ident + (bytes([0x80 | len(content)]) if len(content) < 127 else _long_size(len(content))) + content


def _number(name: int, value: int) -> bytes:
    return _element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _long_size(size: int) -> bytes:
    return (size | 1 << 56).to_bytes(8, "big")
