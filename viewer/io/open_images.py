"""The file read last, kept open: the frames of one file are read one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.errors import UnreadableFileError
from viewer.io.encapsulated import frame_fragments
from viewer.io.file_bytes import InflatedSource, reading

if TYPE_CHECKING:
    from io import FileIO

    from viewer.io.encapsulated import Fragment
    from viewer.io.file_bytes import FilePlace, Source
    from viewer.io.slice_header import ImageFile


class OpenImages:
    """Gives the bytes of image files to one thread. Close it, or use it in a `with` statement."""

    def __init__(self) -> None:
        self._key: tuple[FilePlace, int] | None = None
        self._file: FileIO | None = None
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
            Where the file cannot be read.
        """
        key = (image.place, image.inflate_from)
        if self._source is None or key != self._key:
            self.close()
            source, self._file = image.place.open_whole()
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
