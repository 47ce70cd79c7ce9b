"""Members of a zip archive that its directory does not list: where it lost some, or another archive lies before it."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from viewer.io.cut_archive import LOCAL_HEADER, LOCAL_MARK, members_from

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterable

# What may stand behind a member: nothing, or its check sum and sizes (PKWARE APPNOTE 4.3.9).
_BEHIND = (0, 12, 16, 20, 24)


def unlisted(file: IO[bytes], listed: Iterable[tuple[zipfile.ZipInfo, int]], end: int) -> list[zipfile.ZipInfo]:
    """Return the members that lie between, before or behind the listed ones, each of those with where its bytes begin.

    One that has the name of a listed one is not told of: that one took its place.
    """
    known = [(info.header_offset, start + info.compress_size) for info, start in listed if start >= 0]
    names = {info.filename for info, _ in listed}
    begins = sorted(offset for offset, _ in known)
    found = []
    for at, until in zip([0, *sorted(behind for _, behind in known)], [*begins, end], strict=True):
        if until - at >= LOCAL_HEADER:
            found += members_from(file, _first(file, at), until)
    return [info for info in found if info.filename and info.filename not in names and not info.is_dir()]


def _first(file: IO[bytes], at: int) -> int:
    """Return where behind a member the next may begin, as far as the mark of one shows it."""
    for length in _BEHIND:
        file.seek(at + length)
        if file.read(len(LOCAL_MARK)) == LOCAL_MARK:
            return at + length
    return at
