"""The one object in a multipart/related answer, as it streams by (RFC 2046 section 5.1, DICOM PS3.18 section 8.6)."""

from __future__ import annotations

from email.message import Message
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LARGEST_HEAD = 64 << 10


class WrongMultipartError(Exception):
    """An answer is not multipart as it says."""


def parameters(content_type: str) -> tuple[str, str]:
    """Return the media type of a Content-Type header in small letters, and its boundary or ""."""
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary", "")
    return message.get_content_type(), boundary if isinstance(boundary, str) else ""


def first_part(pieces: Iterable[bytes], boundary: str) -> Iterator[bytes]:
    """Give the bytes of the first part in pieces, holding back only what might be the boundary.

    Raises
    ------
    WrongMultipartError
        When the boundary or the end of the part's head is missing, or more parts follow.
    """
    marker = b"--" + boundary.encode("latin-1", "replace")
    delimiter = b"\r\n" + marker
    held = bytearray(b"\r\n")
    source = iter(pieces)
    begins = _until(source, held, delimiter)
    del held[: begins + len(delimiter)]
    head = _until(source, held, b"\r\n\r\n")
    del held[: head + 4]
    while True:
        at = held.find(delimiter)
        if at >= 0:
            yield bytes(held[:at])
            del held[: at + len(delimiter)]
            break
        certain = len(held) - len(delimiter) + 1
        if certain > 0:
            yield bytes(held[:certain])
            del held[:certain]
        piece = next(source, b"")
        if not piece:
            raise WrongMultipartError("the part has no end")
        held += piece
    _nothing_more(source, held)


def _until(source: Iterator[bytes], held: bytearray, wanted: bytes) -> int:
    while (at := held.find(wanted)) < 0:
        piece = next(source, b"")
        if not piece or len(held) > LARGEST_HEAD:
            raise WrongMultipartError("the part has no beginning")
        held += piece
    return at


def _nothing_more(source: Iterator[bytes], held: bytearray) -> None:
    """Read to the end, so that the connection can be used again; one object was asked for and one may come."""
    while len(held) <= LARGEST_HEAD:
        piece = next(source, b"")
        if not piece:
            break
        held += piece
    if not held.startswith(b"--"):
        raise WrongMultipartError("more than one object came")
