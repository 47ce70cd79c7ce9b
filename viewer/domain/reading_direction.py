"""Names that are read from the right among words that are read from the left."""

from __future__ import annotations

import unicodedata

_FROM_THE_RIGHT = frozenset(("R", "AL", "RLE", "RLO", "RLI"))
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def isolated(name: str) -> str:
    """Return a name that leaves what stands beside it where it is, whichever way the name is read.

    In Arabic and Hebrew a number behind a name is drawn before it: of "name · 4 series" the 4. Invisible marks
    keep the name to itself (Unicode Annex 9, isolates); a name that is read from the left stays as it is.
    """
    if any(unicodedata.bidirectional(letter) in _FROM_THE_RIGHT for letter in name):
        return f"{_FIRST_STRONG_ISOLATE}{name}{_POP_ISOLATE}"
    return name
