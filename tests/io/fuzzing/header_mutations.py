"""Damage to the headers of volumes in single files: fields of NIfTI, lines of NRRD and MetaImage, and packed bytes."""

from __future__ import annotations

import bz2
import gzip
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

# Offset, form and count of the fields of NIfTI-1 that decide something (nifti1.h).
_NIFTI_FIELDS = ((0, "i", 1), (40, "h", 8), (68, "h", 1), (70, "h", 1), (72, "h", 1), (76, "f", 8), (108, "f", 1),
                 (112, "f", 2), (123, "B", 1), (252, "h", 2), (256, "f", 6), (280, "f", 12), (344, "4s",
                 1))  # fmt: skip
_WHOLE = (
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    12,
    16,
    24,
    64,
    128,
    256,
    512,
    768,
    1024,
    1536,
    2304,
    -1,
    32767,
    -32768,
    255,
    348,
    540,
)
_FLOATS = (0.0, -0.0, 1.0, -1.0, 1e38, -1e38, 1e-40, float("nan"), float("inf"), 352.0, 3.5, 1e9, 0.1, 4096.0, -352.0)
_VALUES = (
    b"0", b"-1", b"1", b"2", b"3", b"4", b"5", b"65535", b"65536", b"99999999999999999999", b"1e30", b"nan", b"inf",
    b"", b" ", b"\0", b"\xff\xfe", b"%" * 3000, b"%d" * 400, b"% " * 2000, b"s%d.raw 1 3 1", b"LIST", b"LOCAL",
    b"LIST 2D",
    b"../x", b"/etc/hostname", b".", b"mutated.raw", b"sound.mha", b"(" * 500, b"(1,0,0) (0,1,0) none", b"none",
    b"1 " * 5000, b"9" * 5000, b"true", b"False", b"gzip", b"raw", b"ascii", b"hex", b"bzip2", b"zrl", b"big",
    b"little",
    b"double", b"float", b"block", b"uint64", b"MET_DOUBLE", b"MET_UCHAR", b"MET_CHAR_ARRAY", b"RAI",
    b"1 0 0 0 1 0 0 0 1",
    b"1 1 1 1 1 1 1 1 1", b"0 0 0 0 0 0 0 0 0", b"\x1b[2J", "\u202e".encode(), b"1:2", b"=1", b"3 4 5", b"16 12 3",
    b"12 16 4",
)  # fmt: skip
_FIELDS = (
    b"line skip", b"byte skip", b"data file", b"datafile", b"encoding", b"endian", b"kinds", b"centers", b"spacings",
    b"space", b"space dimension", b"space units", b"space origin", b"space directions", b"measurement frame",
    b"old min",
    b"sample units", b"sizes", b"dimension", b"type", b"block size", b"content", b"number", b"axismins",
)  # fmt: skip
_KEYS = (
    b"HeaderSize", b"CompressedData", b"CompressedDataSize", b"BinaryData", b"BinaryDataByteOrderMSB", b"NDims",
    b"DimSize",
    b"ElementType", b"ElementDataFile", b"ElementNumberOfChannels", b"ElementSpacing", b"ElementSize", b"Offset",
    b"TransformMatrix", b"DistanceUnits", b"Modality", b"ObjectType", b"ElementToIntensityFunctionSlope",
    b"AnatomicalOrientation", b"Position", b"Comment",
)  # fmt: skip


def nifti_field(rng: random.Random, content: bytes) -> bytes:
    found = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 3])):
        offset, form, count = rng.choice(_NIFTI_FIELDS)
        size = struct.calcsize(form)
        at = offset + size * rng.randrange(count)
        if at + size > len(found):
            continue
        order = rng.choice("<<<<>")
        if form == "4s":
            found[at : at + 4] = rng.choice([b"n+1\0", b"ni1\0", b"n+2\0", b"\0\0\0\0", b"n+1 ", rng.randbytes(4)])
        elif form == "f":
            struct.pack_into(order + "f", found, at, rng.choice(_FLOATS))
        else:
            said = rng.choice(_WHOLE)
            struct.pack_into(order + form, found, at, said & 0xFF if form == "B" else said)
    return bytes(found)


def _lines(content: bytes, form: str) -> tuple[list[bytes], bytes]:
    """Return the lines of a header, and what follows."""
    if form == "nrrd":
        head, blank, rest = content.partition(b"\n\n")
        return head.split(b"\n"), blank + rest
    at = content.find(b"ElementDataFile")
    end = content.find(b"\n", at) if at >= 0 else -1
    return content[:end].split(b"\n"), content[end:] if end >= 0 else b""


def text_header(rng: random.Random, content: bytes, form: str) -> bytes:
    lines, rest = _lines(content, form)
    mark, names = (b": ", _FIELDS) if form == "nrrd" else (b" = ", _KEYS)
    for _ in range(rng.choice([1, 1, 2, 3])):
        k = rng.randrange(len(lines))
        field, _, value = lines[k].partition(mark.strip())
        new = [field.strip() + mark + rng.choice(_VALUES)]
        lines[k : k + 1] = rng.choice(
            [
                new, new, new, new, new,
                [],
                [lines[k], lines[k]],
                [lines[k], rng.choice(names) + mark + rng.choice(_VALUES)],
                [rng.choice(names) + mark + value.strip()],
                [lines[k][: rng.randrange(len(lines[k]) + 1)]],
                [lines[k] + b"\r"],
                [lines[k].replace(b" ", b"")],
                [b"# " + b"c" * 1000, lines[k]],
                [rng.choice(names) + mark + rng.choice(_VALUES), lines[k]],
            ]
        )  # fmt: skip
        if not lines:
            lines = [b""]
    if rng.random() < 0.02:
        lines.append(b"# " + b"x" * 5_000_000)
    return b"\n".join(lines) + rest


def gzip_damage(rng: random.Random, content: bytes) -> bytes:
    """Return packed bytes that lie, become very much, or come in very many pieces."""
    try:
        plain = gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return content
    kind = rng.randrange(6)
    if kind == 0:
        return gzip.compress(plain[: rng.randrange(len(plain))], mtime=0)
    if kind == 1:
        return gzip.compress(plain + bytes(rng.choice([1, 5, 80]) << 20), 1, mtime=0)
    if kind == 2:
        return gzip.compress(plain[:400], mtime=0) + gzip.compress(plain[400:], mtime=0)
    if kind == 3:
        return gzip.compress(plain[:400], mtime=0) + gzip.compress(b"", mtime=0) * rng.choice([3, 20_000])
    if kind == 4:
        return content + rng.choice([bytes(100), rng.randbytes(50), content, b"\x1f\x8b"])
    return rng.choice([zlib.compress(plain), bz2.compress(plain), plain, gzip.compress(content, mtime=0)])


def in_gzip(damage: Callable[[random.Random, bytes], bytes], rng: random.Random, content: bytes) -> bytes:
    """Return packed bytes that are damaged only inside."""
    try:
        plain = gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return content
    return gzip.compress(damage(rng, plain), mtime=0)
