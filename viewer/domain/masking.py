"""Words that give a patient away, and texts without them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from viewer.domain.volume import PatientIdentity, SeriesFacts

MASKED = "Masked"
_LEAST_LETTERS = 3
_NOBODY = re.compile("CASE-[0-9A-F]{12}")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def folded(text: str) -> str:
    """Return text as it is compared: without case and accents, so that "MÜLLER", "Müller" and "muller" are one."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold()


def identity_words(*identities: PatientIdentity) -> frozenset[str]:
    """Return the words of three letters or digits and more of patients' names, IDs and accession numbers, folded.

    The name that this program gives a patient whom it removed is none.
    """
    parts = (part for who in identities for part in (who.name, who.patient_id, who.accession))
    said = " ".join(part for part in parts if not _NOBODY.fullmatch(part))
    return frozenset(word for word in words_of(said) if len(word) >= _LEAST_LETTERS)


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded."""
    return _BETWEEN_WORDS.split(folded(text))


def names_patient(text: str, words: Iterable[str]) -> bool:
    """Return True where a text contains one of the words of `identity_words`, also as part of a longer word."""
    seen = folded(text)
    return any(word in seen for word in words)


def masked_text(text: str, words: Iterable[str]) -> str:
    """Return a text, or "Masked" in its place where it names the patient."""
    return MASKED if names_patient(text, words) else text


def masked_path(path: str, words: Iterable[str]) -> str:
    """Return a path in which every folder or file that names a patient is called "Masked"."""
    known = tuple(words)
    parts = re.split(r"([/\\])", path)
    return "".join(part if part in ("/", "\\") else masked_text(part, known) for part in parts)


def masked_description(series: SeriesFacts) -> str:
    """Return what a series says it is, or "Masked" where that names its patient; synthetic series have none."""
    return series.description if series.synthetic else masked_text(series.description, identity_words(series.identity))
