"""The file read last, kept open: the frames of one file are read one after another."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from viewer.domain.errors import UnreadableFileError
from viewer.io.encapsulated import frame_fragments
from viewer.io.file_bytes import InflatedSource, reading

if TYPE_CHECKING:
    from viewer.io.encapsulated import Fragment
    from viewer.io.file_bytes import FilePlace, OpenFile, Source
    from viewer.io.slice_header import ImageFile
_SOP_UID = 0x00080018


class OpenImages:
    """Gives the bytes of image files to one thread. Close it, or use it in a `with` statement.

    `waits` is False where nobody would end a thread that waits for a pipe, which took the place of a file.
    """

    def __init__(self, *, waits: bool = True) -> None:
        self._waits = waits
        self._key: tuple[FilePlace, int] | None = None
        self._file: OpenFile | None = None
        self._source: Source | None = None
        self._fragments: list[list[Fragment]] | None = None

    def __enter__(self) -> OpenImages:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def source(self, image: ImageFile) -> Source:
        """Return the bytes in which an image's offsets count: its file, or the inflated data set.

        Raises
        ------
        UnreadableFileError
            Where the file cannot be read, or is another one than when its header was read.
        """
        key = (image.place, image.inflate_from)
        if self._source is None or key != self._key:
            self.close()
            source, self._file = image.place.open_whole(waits=self._waits)
            if self._file is not None and image.changed_ns:
                _same_file(self._file, image)
            if image.inflate_from >= 0:
                source = InflatedSource(source, image.inflate_from, image.size - image.inflate_from)
            self._source, self._key = source, key
        return self._source

    def bytes_of(self, image: ImageFile, offset: int, count: int) -> bytes:
        """Return exactly `count` bytes of an image's file.

        Raises
        ------
        UnreadableFileError
            Where there are fewer, or they cannot be read.
        """
        with reading():
            found = self.source(image).read_at(offset, count)
        if len(found) < count:
            raise UnreadableFileError("The file ends early.")
        return found

    def fragments(self, image: ImageFile) -> list[list[Fragment]]:
        """Return the fragments of each compressed frame of a file.

        Raises
        ------
        UnreadableFileError
            Where the frames cannot be told apart.
        """
        source = self.source(image)
        if self._fragments is None:
            with reading():
                self._fragments = frame_fragments(source, image)
        return self._fragments

    def close(self) -> None:
        """Close what is open."""
        if self._file is not None:
            self._file.close()
        self._key = self._file = self._source = self._fragments = None


def _same_file(file: OpenFile, image: ImageFile) -> None:
    """Raise UnreadableFileError for a file that was written anew since, unless with the same image in the same place.

    Pixels of another image would be shown where this one lies.
    """
    with reading():
        there = os.fstat(file.fileno())
    if (there.st_size, there.st_mtime_ns) == (image.size, image.changed_ns):
        return
    if not stat.S_ISREG(there.st_mode) or not _holds(image):
        raise UnreadableFileError("The file was replaced by another while it was being opened.", "Open it again.")


def _holds(image: ImageFile) -> bool:
    """Return whether the file at an image's place holds the same image in the same way."""
    # Needed for nearly no file, and loaded only then.
    from viewer.io.image_header import read_image_header

    again = read_image_header(image.place)
    found = (again.values.get(_SOP_UID, b""), again.pixel_offset, again.pixel_length, len(again.described) or 1)
    return found == (image.sop_uid, image.pixel_offset, image.pixel_length, image.frames)
