"""Pictures that a narration shows: files in the case's own folder, small enough to be shown, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QImage, QImageReader

from viewer.domain.narration_pictures import pictures_named

LARGEST_BYTES = 8 << 20
LARGEST_PX = 4096
_KINDS = {".png": b"png", ".jpg": b"jpg", ".jpeg": b"jpg"}
_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
_IMAGE = re.compile(r"<img\b[^>]*>")
_ATTRIBUTE = re.compile(r'\b(src|alt)="([^"]*)"')


def case_picture(folder: str, name: str) -> QImage | None:
    """Return a picture that a case names, turned as its camera said.

    None where it is not in the case, no PNG or JPEG, too large, or not whole.
    """
    if not folder or not name or "\\" in name or ":" in name or "\0" in name:
        return None
    home = Path(folder).resolve()
    place = (home / name).resolve()
    kind = _KINDS.get(place.suffix.lower())
    if kind is None or not place.is_relative_to(home) or not place.is_file() or place.stat().st_size > LARGEST_BYTES:
        return None
    reader = QImageReader(str(place), QByteArray(kind))
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > LARGEST_PX or is_cut_off(place, kind):
        return None
    image = reader.read()
    return None if image.isNull() else image


def is_cut_off(place: Path, kind: bytes) -> bool:
    """Return whether a JPEG file ends before its picture does; what is missing would be grey. Of PNG Qt says it."""
    if kind != b"jpg":
        return False
    try:
        content = place.read_bytes()
    except OSError:
        return False
    # Within coded pixels neither mark can stand (ITU-T T.81, B.1.1.5).
    return content.rfind(_END_OF_IMAGE) < content.rfind(_START_OF_SCAN)


def pictures_told(narration: str, folder: str) -> tuple[QImage, ...]:
    """Return the pictures of a case that a narration shows, in order."""
    found = (case_picture(folder, name) for name in pictures_named(narration))
    return tuple(image for image in found if image is not None)


def with_pictures(html: str, folder: str) -> str:
    """Return HTML whose pictures are those of a case; of each other one its description stays."""
    from html import escape, unescape  # the window does not wait for the names of all letters

    def kept(found: re.Match[str]) -> str:
        said = {key: unescape(value) for key, value in _ATTRIBUTE.findall(found[0])}
        name = said.get("src", "")
        if case_picture(folder, name) is None:
            return escape(said.get("alt", ""))
        return f'<img src="{escape(name)}">'

    return _IMAGE.sub(kept, html)
