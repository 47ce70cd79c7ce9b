"""What a case calls the two scans that it compares: by their days where one is older, else by what tells them apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from viewer.domain.masking import identity_words, part_words
from viewer.domain.walkthrough import BEFORE, NOW
from viewer.io.deidentify_words import is_kernel, known_words

if TYPE_CHECKING:
    from viewer.domain.volume import Volume

_DAY = re.compile(r"\d{8}")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# What this program says of a part; other words there are the file's own.
_OWN_WORDS = frozenset(
    "phase of the breath ms acquisition series kernel kv with without contrast field view slices mm image part number "
    "a no named tube voltage slice thickness %".split()
)
# Where nothing tells them apart that may be said of a patient nobody knows.
_LETTERS = ("A", "B")


def titles_beside(here: Volume, there: Volume) -> tuple[str, str]:
    """Return what a scan and the one beside it are called: ("Now", "Before"), ("Phase 1 of 2", "Phase 2 of 2").

    Nothing is said of which is older where their studies are of one day, or a day is not known. No word of a file goes
    in that could be a name.
    """
    days = [volume.series.identity.study_date.strip() for volume in (here, there)]
    if all(_DAY.fullmatch(day) for day in days) and days[0] != days[1]:
        return (NOW, BEFORE) if days[1] < days[0] else (BEFORE, NOW)
    for own, other in (_parts(here, there), _words(here, there), _numbers(here, there)):
        if own and other and own != other:
            return _sentence(own), _sentence(other)
    return _LETTERS


def _parts(here: Volume, there: Volume) -> tuple[str, str]:
    if here.series.series_uid != there.series.series_uid:
        return ("", "")
    one, other = (part_words(volume, masked=True) for volume in (here, there))
    return (one, other) if _names_nobody(one) and _names_nobody(other) else ("", "")


def _names_nobody(part: str) -> bool:
    words = (word.strip(",") for word in part.split())
    return all(word.lower() in _OWN_WORDS or _NUMBER.fullmatch(word) or is_kernel(word) for word in words)


def _words(here: Volume, there: Volume) -> tuple[str, str]:
    """Return the words of their descriptions that the other has not."""
    never = identity_words(here.series.identity, there.series.identity)
    own, other = (known_words([volume.series.description], never).split() for volume in (here, there))
    return " ".join(word for word in own if word not in other), " ".join(word for word in other if word not in own)


def _numbers(here: Volume, there: Volume) -> tuple[str, str]:
    one, other = (f"series {n}" if (n := volume.series.number) is not None else "" for volume in (here, there))
    return one, other


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
