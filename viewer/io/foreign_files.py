"""What a file is that is no image itself, and what to do with it: archives of other kinds, volumes by other names."""

from __future__ import annotations

import os
import re
import zlib

from attrs import frozen

HEAD_BYTES = 1024
_TAR = slice(257, 262)
_NIFTI_MAGIC = {348: slice(344, 347), 540: slice(4, 7)}
_UNPACK = "Unpack it first."
JOIN = "Join all its parts, or unpack them together, and open what comes out."
"""What to do with an archive in several parts."""
_ARCHIVES = (
    (b"7z\xbc\xaf\x27\x1c", "A 7z archive."),
    (b"Rar!\x1a\x07", "A RAR archive."),
    (b"BZh", "A file packed with bzip2."),
    (b"\xfd7zXZ\0", "A file packed with xz."),
    (b"\x28\xb5\x2f\xfd", "A file packed with zstd."),
)
_CONVERT = "Convert it to NIfTI."
_RESEARCH = (
    (b"\x93NUMPY", "An array of numbers (NumPy), which does not say where it lies in a patient."),
    (b"CDF\x01", "A MINC volume."),
)
_BY_ENDING = {
    ".iso": ("A disc image.", "Mount it, as a file manager does on a double-click, and open the folder that comes."),
    ".mgz": ("A FreeSurfer volume.", _CONVERT),
    ".mgh": ("A FreeSurfer volume.", _CONVERT),
    ".mnc": ("A MINC volume.", _CONVERT),
}
_DOCUMENTS = (b"[Content_Types].xml", b"mimetype", b"META-INF/", b"_rels/")
_METAIMAGE = re.compile(rb"\s*(ObjectType|NDims)\s*=")


@frozen
class Foreign:
    """A sentence that says what a file is, and one that says what to do."""

    sentence: str
    hint: str


def foreign(head: bytes, name: str) -> Foreign | None:
    """Return what a file is by its first `HEAD_BYTES` bytes and its name, None where nothing better is known of it."""
    known = _BY_ENDING.get(os.path.splitext(name)[1].lower())
    if known is not None:
        return Foreign(*known)
    for marks, hint in ((_ARCHIVES, _UNPACK), (_RESEARCH, _CONVERT)):
        for mark, sentence in marks:
            if head.startswith(mark):
                return Foreign(sentence, hint)
    if head.startswith(b"PK\x03\x04"):
        if head[30:].startswith(_DOCUMENTS):
            return None
        return Foreign("A zip archive without .zip at the end of its name.", "Open it by itself.")
    if head.startswith(b"PK\x07\x08"):
        return Foreign("A part of an archive in several parts.", JOIN)
    if head[_TAR] == b"ustar":
        return Foreign("A tar archive.", _UNPACK)
    if head.startswith(b"\x1f\x8b"):
        return _packed(head)
    return _volume(head, ".nii") or _voxels_alone(name)


def _packed(head: bytes) -> Foreign:
    try:
        inside = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, HEAD_BYTES)
    except zlib.error:
        inside = b""
    if inside[_TAR] == b"ustar":
        return Foreign("A tar archive packed with gzip.", _UNPACK)
    return _volume(inside, ".nii.gz") or Foreign("A file packed with gzip.", _UNPACK)


def _volume(head: bytes, nifti: str) -> Foreign | None:
    hint = "Give it a name that ends in {}."
    for size in (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big")):
        magic = _NIFTI_MAGIC.get(size)
        if magic is not None and head[magic] in (b"n+1", b"n+2"):
            return Foreign("A NIfTI volume by another name.", hint.format(nifti))
    if head.startswith(b"NRRD000"):
        return Foreign("An NRRD volume by another name.", hint.format(".nrrd"))
    if _METAIMAGE.match(head):
        return Foreign("A MetaImage volume by another name.", hint.format(".mha (.mhd beside its voxels)"))
    return None


def _voxels_alone(name: str) -> Foreign | None:
    stem, ending = os.path.splitext(name)
    if ending.lower() == ".img" and any(os.path.exists(stem + header) for header in (".hdr", ".HDR")):
        return Foreign("The voxels of a volume whose header is the .hdr file beside it.", "Open that one.")
    return None
