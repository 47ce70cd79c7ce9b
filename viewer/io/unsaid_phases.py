"""Images that do not say which phase or acquisition they are of, beside others that do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.count_words import count_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.io.telling import Codes, Told

MAY_BE_OF_OTHERS = "These images do not say what tells the other parts apart, and may be of any of them."


def doubts_of(codes: Codes, places: Codes, divided_by: Sequence[Told]) -> list[str]:
    """Return for each group of images what is to be said of those that do not say which they are of; "" for nothing.

    Fewer than another group has, and at a place where that has none, they may be its own. Nothing is in doubt where
    all others are there without them, nor where they are the larger part: then not to say it is what tells them apart.

    Parameters
    ----------
    codes, places
        The number of each image's group, and of its place.
    divided_by
        The attributes by which the images were divided.
    """
    count = int(codes.max()) + 1
    first = [int(np.argmax(codes == n)) for n in range(count)]
    telling = [told for told in divided_by if told.attribute.name != "image"]
    unsaid = [n for n in range(count) if any(told.values[told.codes[first[n]]] is None for told in telling)]
    doubts = [""] * count
    for n in unsaid:
        own = places[codes == n]
        for other in (m for m in range(count) if m not in unsaid):
            there = places[codes == other]
            lacking = int(np.count_nonzero(~np.isin(own, there)))
            if lacking and len(own) < len(there):
                doubts[other] = f"{count_words(lacking, 'image')} that may be of this part {_do(lacking)} not say so."
                doubts[n] = MAY_BE_OF_OTHERS
    return doubts


def _do(count: int) -> str:
    return "does" if count == 1 else "do"
