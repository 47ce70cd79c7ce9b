"""What tells in the list whether two series may hold the same images: a phase under one UID is no copy of another."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_MOST, _BYTES = 16, 5


def images_mark(uids: Iterable[str]) -> str:
    """Return a short mark of images by their UIDs, in any order; "" where none has any.

    It holds the smallest of their hashes, so that a copy that lacks some of the images shares some of them too.
    """
    hashes = {hashlib.blake2b(uid.encode(), digest_size=_BYTES).hexdigest() for uid in uids if uid}
    return " ".join(sorted(hashes)[:_MOST])


def may_share_images(one: str, other: str) -> bool:
    """Return whether series of two marks may hold the same images; True where one has no mark."""
    return not one or not other or not frozenset(one.split()).isdisjoint(other.split())


def let_ask(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return a connection whose statements can ask `may_share_images`."""
    connection.create_function("may_share_images", 2, may_share_images, deterministic=True)
    return connection
