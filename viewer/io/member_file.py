"""A member of a zip archive as a file that can be read from any place, unpacked only as far as it is read."""

from __future__ import annotations

import errno
import io
import zlib
from io import FileIO
from typing import TYPE_CHECKING, Any

from viewer.io.file_bytes import FileSource
from viewer.io.unpacking import Packing, Unpacker

if TYPE_CHECKING:
    from viewer.io.file_bytes import Member

_CHUNK = 1 << 16
# So much is read through rather than jumped over, that the check sum holds for what lies behind a header too.
_READ_THROUGH = 1 << 22


class MemberFile(io.RawIOBase):
    """The bytes of a member; what was read without a gap from its beginning to its end matches its check sum.

    Going back in a packed member begins it anew. Raises OSError where the member is damaged.
    """

    def __init__(self, archive: str, member: Member) -> None:
        super().__init__()
        self._member = member
        self._wanted = 0
        self._file = FileIO(archive)
        self._begin()

    def _begin(self) -> None:
        self._at, self._crc, self._gap = 0, 0, False
        self._source = self._member.stored(self._file)
        self._unpacker = Unpacker(self._member.packing, self._next_packed)
        self._packed_at = 0

    def close(self) -> None:
        """Close the archive."""
        self._file.close()
        super().close()

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._wanted

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; nothing is read until something is asked for there."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._wanted, io.SEEK_END: self._member.size}[whence]
        self._wanted = max(0, base + offset)
        return self._wanted

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer and return how many bytes there were."""
        view = memoryview(buffer).cast("B")
        view = view[: max(0, min(len(view), self._member.size - self._wanted))]
        if not view:
            return 0
        self._go_to_wanted()
        count = self._next(view)
        self._wanted = self._at
        return count

    def _go_to_wanted(self) -> None:
        if self._wanted < self._at:
            self._begin()
        if self._member.packing is Packing.STORED and self._wanted - self._at > _READ_THROUGH:
            self._at, self._gap = self._wanted, True
        scratch = memoryview(bytearray(min(_CHUNK, self._wanted - self._at)))
        while self._at < self._wanted:
            self._next(scratch[: self._wanted - self._at])

    def _next(self, view: memoryview) -> int:
        """Read at the place where the last reading ended."""
        count = self._copy(view) if self._member.packing is Packing.STORED else self._unpack(view)
        self._crc = zlib.crc32(view[:count], self._crc)
        self._at += count
        if self._at == self._member.size and not self._gap and self._crc != self._member.crc32:
            raise OSError(errno.EIO, "Damaged inside the archive")
        return count

    def _copy(self, view: memoryview) -> int:
        if isinstance(self._source, FileSource):
            count = self._source.fill(self._at, view)
        else:
            piece = self._source.read_at(self._at, len(view))
            view[: len(piece)] = piece
            count = len(piece)
        if not count:
            raise OSError(errno.EIO, "The archive ends early")
        return count

    def _unpack(self, view: memoryview) -> int:
        try:
            got = self._unpacker.some(len(view))
        except zlib.error as error:
            raise OSError(errno.EIO, "Damaged inside the archive") from error
        if not got:
            raise OSError(errno.EIO, "Damaged inside the archive")
        view[: len(got)] = got
        return len(got)

    def _next_packed(self) -> bytes:
        piece = self._source.read_at(self._packed_at, min(_CHUNK, self._member.packed_size - self._packed_at))
        self._packed_at += len(piece)
        return piece
