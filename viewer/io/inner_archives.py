"""Archives that are packed inside of archives, unpacked once for all of their members.

They can only be read from their beginning, so that they are unpacked into a file without a name, which is gone with
the process, or when others are needed more.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING

from viewer.domain.errors import UnreadableFileError
from viewer.io.unpacking import Unpacker

if TYPE_CHECKING:
    from viewer.io.file_bytes import FileSource, Member

LARGEST_BYTES = 1 << 30
_MOST_KEPT = 2
_CHUNK = 1 << 20
_kept: OrderedDict[tuple[object, ...], mmap.mmap | bytes] = OrderedDict()
_lock = threading.Lock()


def unpacked(archive: FileSource, member: Member) -> mmap.mmap | bytes:
    """Return the bytes of an archive that is packed in another one, which is open.

    Raises
    ------
    UnreadableFileError
        Where it is damaged.
    OSError
        Where there is no room for it.
    """
    there = os.fstat(archive.file.fileno())
    key = (there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns, member)
    with _lock:
        found = _kept.pop(key, None)
        if found is None:
            found = _unpack(archive, member)
        _kept[key] = found
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return found


def forget() -> None:
    """Let go of what was unpacked; what is still being read stays until then."""
    with _lock:
        _kept.clear()


def _unpack(archive: FileSource, member: Member) -> mmap.mmap | bytes:
    at = 0

    def more() -> bytes:
        nonlocal at
        piece = archive.read_at(member.start + at, min(_CHUNK, member.packed_size - at))
        at += len(piece)
        return piece

    unpacker, size, crc = Unpacker(member.packing, more), 0, 0
    with tempfile.TemporaryFile() as file:
        while size <= member.size and (piece := unpacker.some(_CHUNK)):
            file.write(piece)
            size, crc = size + len(piece), zlib.crc32(piece, crc)
        if size != member.size or crc != member.crc32:
            raise UnreadableFileError("The file is damaged inside its archive.", "Copy the archive again.")
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
