"""Damage to bytes of which nothing is known: flipped, cut, put in, taken out, exchanged, mixed with another file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_EXTREMES = (
    b"\xff" * 4,
    bytes(4),
    b"\xff\xff\xff\x7f",
    b"\x00\x00\x00\x80",
    b"\x01\0\0\0",
    b"\xff\xff",
    b"\0\0",
    b"\x00\x80",
)


def _place(rng: random.Random, content: bytes) -> int:
    """Return a place, often in the part where headers are."""
    end = len(content)
    if end > 400 and rng.random() < 0.5:
        end = rng.choice([400, min(end, 1600)])
    return rng.randrange(max(1, end))


def flipped_bits(rng: random.Random, content: bytes) -> bytes:
    found = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 8, 64])):
        found[_place(rng, content)] ^= 1 << rng.randrange(8)
    return bytes(found)


def other_bytes(rng: random.Random, content: bytes) -> bytes:
    found = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5, 40])):
        found[_place(rng, content)] = rng.choice([0, 0xFF, 0x7F, 0x80, 0x20, rng.randrange(256)])
    return bytes(found)


def extreme_words(rng: random.Random, content: bytes) -> bytes:
    word = rng.choice(_EXTREMES)
    at = _place(rng, content) & ~1
    return content[:at] + word + content[at + len(word) :]


def truncated(rng: random.Random, content: bytes) -> bytes:
    if rng.random() < 0.3:
        return content[: -rng.choice([1, 2, 3, 8, 9, 17, 40])]
    return content[: _place(rng, content)]


def inserted(rng: random.Random, content: bytes) -> bytes:
    at, count = _place(rng, content), rng.choice([1, 2, 4, 8, 13, 128, 4096])
    what = rng.choice([bytes(count), b"\xff" * count, rng.randbytes(count), content[at : at + count]])
    return content[:at] + what + content[at:]


def deleted(rng: random.Random, content: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + content[at + rng.choice([1, 2, 4, 8, 31, 128, 1000]) :]


def exchanged_blocks(rng: random.Random, content: bytes) -> bytes:
    size = rng.choice([2, 4, 8, 32, 256])
    a, b = sorted(rng.randrange(max(1, len(content) - size)) for _ in range(2))
    if a + size > b:
        return content
    return content[:a] + content[b : b + size] + content[a + size : b] + content[a : a + size] + content[b + size :]


def overwritten(rng: random.Random, content: bytes) -> bytes:
    at, count = _place(rng, content), rng.choice([4, 16, 64, 512])
    count = min(count, len(content) - at)
    what = rng.choice([bytes(count), b"\xff" * count, rng.randbytes(count), b" " * count])
    return content[:at] + what + content[at + count :]


def appended(rng: random.Random, content: bytes) -> bytes:
    count = rng.choice([1, 2, 7, 100, 70_000])
    return content + rng.choice([bytes(count), rng.randbytes(count), content])


def spliced(rng: random.Random, content: bytes, other: bytes) -> bytes:
    """Return the beginning of one file and the end of another."""
    if rng.random() < 0.5:
        at = rng.randrange(max(1, min(len(content), len(other))))
        return content[:at] + other[at:]
    return content[: rng.randrange(len(content) + 1)] + other[rng.randrange(len(other) + 1) :]


RAW: dict[Callable[[random.Random, bytes], bytes], int] = {
    flipped_bits: 5,
    other_bytes: 4,
    extreme_words: 3,
    truncated: 3,
    inserted: 2,
    deleted: 3,
    exchanged_blocks: 2,
    overwritten: 2,
    appended: 1,
}
