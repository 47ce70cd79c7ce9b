"""Damage to zip archives: a directory that lies about names, places, sizes and packing; names of every kind; bombs."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_DIRECTORY, _LOCAL, _END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"
# Offsets and lengths of fields: version, flags, method, time, check sum, sizes, lengths of names, place.
_DIRECTORY_FIELDS = ((4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2),
                     (34, 2), (38, 4), (42, 4))  # fmt: skip
_LOCAL_FIELDS = ((4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2))
_END_FIELDS = ((4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2))
_WORDS = (
    0,
    1,
    8,
    9,
    12,
    14,
    20,
    45,
    99,
    100,
    0xFFFF,
    0x7FFFFFFF,
    0xFFFFFFFE,
    0xFFFFFFFF,
    0x41,
    0x08,
    1 << 20,
    150 << 20,
)
_NAMES = (
    "../outside", "/absolute", "a/../../b", "C:\\x", "..\\up", "x" * 3000, "with\0nul", "\u202egnp.exe", "\x1b[2J",
    "a" + "/b" * 300, "CON", "sound0", "inner.zip", "v.nii", "v.nii.gz", "v.mhd", "v.nhdr", "DICOMDIR", "", "/",
    "é\u0301", ".",
)  # fmt: skip


def _at(content: bytes, mark: bytes, rng: random.Random) -> int:
    places = []
    at = content.find(mark)
    while at >= 0:
        places.append(at)
        at = content.find(mark, at + 4)
    return rng.choice(places) if places else -1


def _field(rng: random.Random, content: bytes) -> bytes:
    mark, fields = rng.choice(
        [(_DIRECTORY, _DIRECTORY_FIELDS)] * 3 + [(_LOCAL, _LOCAL_FIELDS)] * 2 + [(_END, _END_FIELDS)]
    )
    at = _at(content, mark, rng)
    offset, size = rng.choice(fields)
    if at < 0 or at + offset + size > len(content):
        return content
    old = int.from_bytes(content[at + offset : at + offset + size], "little")
    said = rng.choice([*_WORDS, old + 1, old - 1, old * 2, rng.randrange(1 << 16)]) & ((1 << 8 * size) - 1)
    return content[: at + offset] + said.to_bytes(size, "little") + content[at + offset + size :]


def _members(content: bytes) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [(info.filename, archive.read(info)) for info in archive.infolist()]
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
        struct.error,
    ):
        return []


def _written(members: list[tuple[str, bytes]], packing: int = zipfile.ZIP_DEFLATED, *, attributes: int = 0) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", packing) as archive:
        # Two members of one name are wanted here.
        warnings.simplefilter("ignore")
        for name, member in members:
            info = zipfile.ZipInfo(name.replace("\0", "_"), (2020, 1, 1, 0, 0, 0))
            info.filename, info.external_attr = name.replace("\0", "_"), attributes
            archive.writestr(info, member, packing)
    return stream.getvalue()


def _names(rng: random.Random, content: bytes) -> bytes:
    members = _members(content)
    if not members:
        return content
    k = rng.randrange(len(members))
    name = rng.choice(_NAMES)
    other = rng.choice([members[k][1], b"", rng.randbytes(500), b"\x1f\x8b" + bytes(400), _written(members)])
    if rng.random() < 0.5:
        members[k] = (name, members[k][1])
    else:
        members.append((name, other))
    written = _written(members, attributes=rng.choice([0, 0o120777 << 16, 0o10644 << 16]))
    # Put in as it is only now: what writes archives would refuse it.
    return written.replace(b"with_nul", b"with\0nul")


def _packing(rng: random.Random, content: bytes) -> bytes:
    members = _members(content)
    return (
        _written(members, rng.choice([zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED])) if members else content
    )


def _bomb(rng: random.Random, content: bytes) -> bytes:
    """Add a member that becomes large, or lies about it, or very many members, or several that share their bytes."""
    kind = rng.randrange(4)
    members = _members(content)
    if kind == 0:
        head = members[0][1][:400] if members else b""
        return _written([*members, ("bomb", head + bytes(rng.choice([5, 70, 120]) << 20))])
    if kind == 1:
        return _written([*members, *((f"m{n}", b"") for n in range(rng.choice([500, 5000])))])
    if kind == 2:
        return _shared(content, rng.choice([3, 300]))
    return content[: content.find(_DIRECTORY)] + b"PK\x06\x07" + rng.randbytes(16) + content[content.find(_DIRECTORY) :]


def _shared(content: bytes, count: int) -> bytes:
    """Let the directory name the first member many times, each by another name."""
    begin, end = content.find(_DIRECTORY), content.rfind(_END)
    if begin < 0 or end < begin:
        return content
    name, extra, comment = struct.unpack_from("<HHH", content, begin + 28)
    entry = content[begin : begin + 46 + name + extra + comment]
    entries = b"".join(
        entry[:28] + struct.pack("<HHH", 6, 0, 0) + entry[34:46] + f"n{n:05}".encode() for n in range(count)
    )
    tail = struct.pack("<4sHHHHLLH", _END, 0, 0, count & 0xFFFF, count & 0xFFFF, len(entries), begin, 0)
    return content[:begin] + entries + tail


def _around(rng: random.Random, content: bytes) -> bytes:
    """Put something before or after the archive, as programs that unpack themselves have it."""
    more = rng.choice([b"MZ" + bytes(300), content, rng.randbytes(100), bytes(70_000), _END + bytes(18)])
    return rng.choice([more + content, content + more])


ARCHIVE: dict[Callable[[random.Random, bytes], bytes], float] = {
    _field: 12,
    _names: 2,
    _packing: 0.5,
    _around: 1,
    _bomb: 0.4,
}


def archive_damage(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """Return a damaged archive, and what was done."""
    damage = rng.choices(list(ARCHIVE), list(ARCHIVE.values()))[0]
    return damage(rng, content), damage.__name__.strip("_")
