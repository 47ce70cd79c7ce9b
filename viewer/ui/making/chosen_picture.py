"""A picture that somebody chose for a narration, as it goes into a case: its pixels, and nothing beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QSize, Qt
from PySide6.QtGui import QColorSpace, QImage, QImageReader, QImageWriter, QPainter

from viewer.domain.errors import CaseDocumentError, UnreadableFileError
from viewer.ui.present.case_pictures import is_cut_off

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg"}
LARGEST_CHOSEN_BYTES = 64 << 20
MOST_CHOSEN_PX = 100_000_000
# Twice the width of a card on a stage of 3840 × 2160.
LONGEST_SIDE_PX = 1600
LARGEST_PNG_BYTES = 1 << 20
_QUALITY = 90


def chosen_picture(path: Path) -> tuple[bytes, str]:
    """Return a picture's file anew, and "png" or "jpg"; turned as its camera said, at most 1600 pixels long.

    Only pixels are taken over: no place, time, camera, comment, thumbnail or name of the file.

    Raises
    ------
    CaseDocumentError
        When it is of another kind, or too large.
    UnreadableFileError
        When it cannot be read.
    """
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise CaseDocumentError("A narration shows PNG and JPEG alone.", "Save the picture as one of them first.")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UnreadableFileError("The picture cannot be read.", detail=error.strerror or "") from error
    if size > LARGEST_CHOSEN_BYTES:
        raise CaseDocumentError("The picture is larger than 64 MB.", "Save it smaller first.")
    reader = QImageReader(str(path), QByteArray(kind.encode()))
    reader.setAutoTransform(True)
    there = reader.size()
    if there.isValid() and there.width() * there.height() > MOST_CHOSEN_PX:
        raise CaseDocumentError("The picture has more than 100 million pixels.", "Save it smaller first.")
    if is_cut_off(path, kind.encode()):
        raise UnreadableFileError("The picture’s file is cut off: part of the picture is missing.", "Copy it again.")
    image = reader.read()
    if image.isNull():
        raise UnreadableFileError("The picture cannot be read.", detail=reader.errorString())
    content = pixels_alone(image, kind)
    if kind == "png" and len(content) > LARGEST_PNG_BYTES and not image.hasAlphaChannel():
        # A photograph that somebody kept as PNG.
        return pixels_alone(image, "jpg"), "jpg"
    return content, kind


def pixels_alone(image: QImage, kind: str) -> bytes:
    """Return a "png" or "jpg" file of an image's pixels."""
    return _written(_pixels(image), kind)


def _pixels(image: QImage) -> QImage:
    """Return a new image of what is seen alone: what was said beside the pixels stays behind."""
    if image.colorSpace().isValid() and image.colorSpace() != QColorSpace(QColorSpace.NamedColorSpace.SRgb):
        image = image.convertedToColorSpace(QColorSpace(QColorSpace.NamedColorSpace.SRgb))
    if max(image.width(), image.height()) > LONGEST_SIDE_PX:
        image = image.scaled(
            QSize(LONGEST_SIDE_PX, LONGEST_SIDE_PX),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    seen_through = image.hasAlphaChannel()
    made = QImage(image.size(), QImage.Format.Format_ARGB32 if seen_through else QImage.Format.Format_RGB32)
    made.fill(Qt.GlobalColor.transparent if seen_through else Qt.GlobalColor.black)
    with QPainter(made) as painter:
        painter.drawImage(0, 0, image)
    return made


def _written(image: QImage, kind: str) -> bytes:
    content = QBuffer()
    content.open(QBuffer.OpenModeFlag.WriteOnly)
    writer = QImageWriter(content, QByteArray(kind.encode()))
    if kind == "jpg":
        writer.setQuality(_QUALITY)
    if not writer.write(image):
        raise UnreadableFileError("The picture cannot be made ready for the case.", "Save it anew, then choose it.")
    return bytes(content.data().data())
