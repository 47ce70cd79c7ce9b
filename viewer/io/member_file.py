"""A member of a zip archive as a file that can be read from any place, unpacked only as far as it is read."""

from __future__ import annotations

import errno
import io
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viewer.io.file_bytes import Member

_CHUNK = 1 << 16
# So much is read through rather than jumped over, that the check sum holds for what lies behind a header too.
_READ_THROUGH = 1 << 22


class MemberFile(io.RawIOBase):
    """The bytes of a member; what was read without a gap from its beginning to its end matches its check sum.

    Going back in a deflated member begins it anew. Raises OSError where the member is damaged.
    """

    def __init__(self, archive: str, member: Member) -> None:
        super().__init__()
        self._member = member
        self._wanted = 0
        self._file = open(archive, "rb", buffering=0)  # noqa: SIM115 - closed with this one
        self._begin()

    def _begin(self) -> None:
        self._at, self._packed_at, self._crc, self._gap = 0, 0, 0, False
        self._waiting = b""
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)

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
        if not self._member.deflated and self._wanted - self._at > _READ_THROUGH:
            self._at, self._gap = self._wanted, True
        scratch = memoryview(bytearray(min(_CHUNK, self._wanted - self._at)))
        while self._at < self._wanted:
            self._next(scratch[: self._wanted - self._at])

    def _next(self, view: memoryview) -> int:
        """Read at the place where the last reading ended."""
        count = self._inflate(view) if self._member.deflated else self._copy(view)
        self._crc = zlib.crc32(view[:count], self._crc)
        self._at += count
        if self._at == self._member.size and not self._gap and self._crc != self._member.crc32:
            raise OSError(errno.EIO, "Damaged inside the archive")
        return count

    def _copy(self, view: memoryview) -> int:
        self._file.seek(self._member.start + self._at)
        count = self._file.readinto(view)
        if not count:
            raise OSError(errno.EIO, "The archive ends early")
        return count

    def _inflate(self, view: memoryview) -> int:
        try:
            while True:
                if not self._waiting:
                    self._file.seek(self._member.start + self._packed_at)
                    self._waiting = self._file.read(min(_CHUNK, self._member.packed_size - self._packed_at))
                    self._packed_at += len(self._waiting)
                given = self._waiting
                got = self._inflater.decompress(given, len(view))
                self._waiting = self._inflater.unconsumed_tail
                if got:
                    view[: len(got)] = got
                    return len(got)
                if not given or self._inflater.eof:
                    raise OSError(errno.EIO, "Damaged inside the archive")
        except zlib.error as error:
            raise OSError(errno.EIO, "Damaged inside the archive") from error
