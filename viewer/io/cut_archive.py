"""What a zip archive without its directory still holds: members found one after another by their own headers.

A download that broke off has no directory, because that is written last. PKWARE APPNOTE 6.3.10, sections 4.3.7 (local
header), 4.3.9 (data descriptor) and 4.5.3 (sizes of 64 bits).
"""

from __future__ import annotations

import os
import struct
import time
import zipfile
import zlib
from typing import IO

from attrs import define, field

from viewer.domain.count_words import count_words
from viewer.io.file_bytes import most_inflated

LOCAL_MARK = b"PK\x03\x04"
LOCAL_HEADER = 30
_DESCRIPTOR_MARK = b"PK\x07\x08"
_BEHIND_THE_MEMBERS = (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x08", b"PK\x05\x05")
_ENCRYPTED, _SIZES_BEHIND, _UTF8 = 0x1, 0x8, 0x800
_MOST_MEMBERS = 200_000
_CHUNK = 1 << 16
# Members that do not say how long they are have to be unpacked to find the next one.
_PATIENCE_S = 20.0
_IN_EXTRA = 0xFFFFFFFF


class _NotWholeError(Exception):
    """The archive ends within the member; `size` is how much of it could be unpacked."""

    def __init__(self, size: int = 0) -> None:
        self.size = size


class _LostError(Exception):
    """Where the next member begins cannot be told."""


@define
class CutArchive:
    """Members in their order. `whole` are there to their last byte; `cut` says more than is there, or is None.

    `directory` where it follows the last of them; `lost` where neither that nor the end does, or where looking through
    them takes too long.
    """

    whole: list[zipfile.ZipInfo] = field(factory=list)
    cut: zipfile.ZipInfo | None = None
    cut_off: int = 0
    directory: bool = False
    lost: bool = False

    def words(self) -> str:
        """Return what is to be said of the archive."""
        count = len([info for info in self.whole if info.filename and not info.is_dir()])
        found = count_words(count, "whole file")
        if self.directory:
            return (
                f"The directory of the archive is damaged; {found} {'was' if count == 1 else 'were'} found without it."
            )
        said = f"The archive is not whole, its directory is missing. {found} {'was' if count == 1 else 'were'} found"
        said += f" and {self.cut_off or 'none'} that {'is' if self.cut_off else 'are'} cut off"
        return f"{said}; what follows is damaged." if self.lost else f"{said}; how many are missing is not known."


def cut_archive(file: IO[bytes]) -> CutArchive:
    """Return what can be found in an archive from its beginning on."""
    found, end = CutArchive(), file.seek(0, os.SEEK_END)
    until_s = time.thread_time() + _PATIENCE_S
    at, info = 0, None
    try:
        while at < end:
            info = None
            file.seek(at)
            header = file.read(LOCAL_HEADER)
            if header[:4] in _BEHIND_THE_MEMBERS:
                found.directory = True
                break
            if len(found.whole) >= _MOST_MEMBERS or not header.startswith(LOCAL_MARK[: len(header)]):
                raise _LostError
            info, start = _said(file, header, at)
            at = _end(file, info, start, end, until_s)
            found.whole.append(info)
    except _NotWholeError as short:
        found.cut_off = 1
        if info is not None:
            # Never whole, whatever its bytes are: it says that it is longer than what there is.
            info.file_size = max(info.file_size, short.size + 1)
            found.cut = info
    except _LostError:
        found.lost = True
    return found


def members_from(file: IO[bytes], at: int, until: int) -> list[zipfile.ZipInfo]:
    """Return the members that lie one after another from a place on, as far as they can be told apart."""
    found: list[zipfile.ZipInfo] = []
    until_s = time.thread_time() + _PATIENCE_S
    try:
        while at < until and len(found) < _MOST_MEMBERS:
            file.seek(at)
            header = file.read(LOCAL_HEADER)
            if not header.startswith(LOCAL_MARK):
                break
            info, start = _said(file, header, at)
            found.append(info)
            at = _end(file, info, start, until, until_s)
    except (_NotWholeError, _LostError):
        pass
    return found


def _said(file: IO[bytes], header: bytes, at: int) -> tuple[zipfile.ZipInfo, int]:
    """Return what a local header says of its member, and where that begins."""
    if len(header) < LOCAL_HEADER:
        raise _NotWholeError
    flags, method, _, crc, packed, size, name_size, extra_size = struct.unpack_from("<HHLLLLHH", header, 6)
    rest = file.read(name_size + extra_size)
    if len(rest) < name_size + extra_size:
        raise _NotWholeError
    # Its name is cleaned as that of any other member.
    info = zipfile.ZipInfo(rest[:name_size].decode("utf-8" if flags & _UTF8 else "cp437", "replace"))
    info.flag_bits, info.compress_type, info.header_offset, info.CRC = flags, method, at, crc
    info.file_size, info.compress_size = _in_64_bits(rest[name_size:], size, packed)
    return info, at + LOCAL_HEADER + name_size + extra_size


def _end(file: IO[bytes], info: zipfile.ZipInfo, start: int, end: int, until_s: float) -> int:
    """Return where a member ends, and put into `info` how long it is, where that is said behind it."""
    behind = bool(info.flag_bits & _SIZES_BEHIND)
    if behind and not info.compress_size:
        info.compress_size = end - start
        return _measured(file, start, end, info, until_s)
    if start + info.compress_size > end:
        info.compress_size = end - start
        raise _NotWholeError
    return _behind_descriptor(file, start + info.compress_size, end) if behind else start + info.compress_size


def _in_64_bits(extra: bytes, size: int, packed: int) -> tuple[int, int]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1 and length >= 16 and at + 20 <= len(extra) and _IN_EXTRA in (size, packed):
            found: tuple[int, int] = struct.unpack_from("<QQ", extra, at + 4)
            return found
        at += 4 + length
    return size, packed


def _behind_descriptor(file: IO[bytes], at: int, end: int) -> int:
    """Return where the next member begins after one whose sizes are known and said again behind it."""
    for length in (16, 24, 12, 20):
        file.seek(at + length)
        mark = file.read(4)
        if at + length == end or mark == LOCAL_MARK or mark in _BEHIND_THE_MEMBERS:
            return at + length
    if at + 24 >= end:
        return end
    raise _LostError


def _measured(file: IO[bytes], start: int, end: int, info: zipfile.ZipInfo, until_s: float) -> int:
    """Find out how long a member is that says so only behind itself, and return where the next begins."""
    if info.flag_bits & _ENCRYPTED:
        raise _LostError
    if info.compress_type == zipfile.ZIP_DEFLATED:
        packed, size, crc = _inflated(file, start, end, until_s)
    elif info.compress_type == zipfile.ZIP_STORED:
        packed, size, crc = _stored(file, start, end, until_s)
    else:
        raise _LostError
    behind = _descriptor(file, start + packed)
    for form, length in (("<LLL", 12), ("<LQQ", 20)):
        for marked in (4, 0):
            said = behind[marked : marked + length]
            if marked and not behind.startswith(_DESCRIPTOR_MARK):
                continue
            if len(said) == length and struct.unpack(form, said) == (crc, packed, size):
                info.CRC, info.compress_size, info.file_size = crc, packed, size
                return start + packed + marked + length
    if start + packed + len(behind) >= end and len(behind) < 24:
        raise _NotWholeError(size)
    raise _LostError


def _descriptor(file: IO[bytes], at: int) -> bytes:
    file.seek(at)
    return file.read(24)


def _inflated(file: IO[bytes], start: int, end: int, until_s: float) -> tuple[int, int, int]:
    """Return packed size, size and check sum of a deflated member, which says itself where it ends."""
    inflater, most = zlib.decompressobj(-zlib.MAX_WBITS), most_inflated(end - start)
    size = crc = read = 0
    file.seek(start)
    try:
        while not inflater.eof:
            given = inflater.unconsumed_tail or file.read(_CHUNK)
            read += 0 if inflater.unconsumed_tail else len(given)
            if size > most or time.thread_time() > until_s:
                raise _LostError
            if not given:
                raise _NotWholeError(size)
            part = inflater.decompress(given, 16 * _CHUNK)
            size, crc = size + len(part), zlib.crc32(part, crc)
    except zlib.error as error:
        raise _LostError from error
    return read - len(inflater.unused_data), size, crc


def _stored(file: IO[bytes], start: int, end: int, until_s: float) -> tuple[int, int, int]:
    """Return size, size and check sum of a member that was stored: up to a descriptor that says just that."""
    crc, checked, at, kept = 0, start, start, b""
    while at < end:
        if time.thread_time() > until_s:
            raise _LostError
        file.seek(at)
        kept += file.read(_CHUNK)
        base = min(at + _CHUNK, end) - len(kept)
        place = kept.find(_DESCRIPTOR_MARK)
        while 0 <= place <= len(kept) - 12:
            size = base + place - start
            said = struct.unpack_from("<LL", kept, place + 4)
            if said[1] == size & 0xFFFFFFFF:
                crc, checked = _summed(file, checked, base + place, crc), base + place
                if said[0] == crc:
                    return size, size, crc
            place = kept.find(_DESCRIPTOR_MARK, place + 1)
        at, kept = min(at + _CHUNK, end), kept[-11:]
    raise _NotWholeError(end - start)


def _summed(file: IO[bytes], at: int, to: int, crc: int) -> int:
    file.seek(at)
    while at < to:
        part = file.read(min(_CHUNK, to - at))
        if not part:
            break
        at, crc = at + len(part), zlib.crc32(part, crc)
    return crc
