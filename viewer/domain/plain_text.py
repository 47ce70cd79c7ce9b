"""Text without what steers a screen or turns reading around."""

from __future__ import annotations

import unicodedata

# Marks that change the direction of what follows them: a name can hide behind one (Unicode Annex 9).
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain_text(text: str) -> str:
    """Return a text without control and direction marks; line ends stay."""
    kept = (c for c in text if c == "\n" or (unicodedata.category(c) != "Cc" and c not in _TURNING))
    return "".join(kept)
