"""Words that give a patient away, and texts without them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from viewer.domain.volume import PatientIdentity, SeriesFacts, Volume

MASKED = "Masked"
_LEAST_LETTERS = 3
_NOBODY = re.compile("CASE-[0-9A-F]{12}")
_BETWEEN_NAMES = re.compile(r"[\^=]")
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_WHEN = re.compile(r", (\d{4}-\d{2}-\d{2} )?\d{2}:\d{2}:\d{2}(\.\d+)?(?=,|$)")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\W_]{1,2}(?=\d)")
# A day, month and year of two digits with the same sign between them, which is no part of a longer number or time.
_SHORT_DATE = re.compile(
    r"(?<!\d)(?<!\d[.,:/_-])(?:(\d{1,2}) ?([./_-]) ?(\d{1,2}) ?\2 ?(\d{1,2})|(\d\d) (\d\d) (\d\d))(?!\d|[.,:/_-]\d)"
)
_LONE_DIGIT = re.compile(r"(?<!\d)(?=\d(?!\d))")


def folded(text: str) -> str:
    """Return text as it is compared: without case and accents, so that "MÜLLER", "Müller" and "muller" are one."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold()


def identity_words(*identities: PatientIdentity) -> frozenset[str]:
    """Return the words that name patients, folded: of their names, IDs, accession numbers and dates of birth.

    Words of three letters or digits and more; of names also shorter ones where a whole family or given name is as
    short (“Li^Na”) or is written in characters that stand for more than a letter (“山田^太郎”). The name that this
    program gives a patient whom it removed is none. A date is eight digits, in the orders that people write it in, or
    six with dots between them for a year of two.
    """
    parts = [part for who in identities for part in (who.name, who.patient_id, who.accession)]
    said = " ".join(part for part in parts if not _NOBODY.fullmatch(part))
    long = {word for word in words_of(said) if len(word) >= _LEAST_LETTERS}
    names = (name for who in identities for name in _BETWEEN_NAMES.split(who.name))
    births = {word for who in identities for word in _written(who.birth_date)}
    return frozenset(long.union(births, *map(_short_words, names)))


def _written(date: str) -> tuple[str, ...]:
    """Return how a date such as "19310507" is written, year, day or month first: "07051931", and short "07.05.31"."""
    said = _DATE.fullmatch(date.replace(".", ""))
    if said is None:
        return ()
    year, month, day = said.groups()
    orders = ((year, month, day), (day, month, year), (month, day, year))
    return (*map("".join, orders), *(".".join(part[-2:] for part in order) for order in orders))


def _joined_dates(text: str) -> str:
    """Return a text without what stands between digits, and once more with a 0 before those that stand alone."""
    return "\n".join(_BETWEEN_DIGITS.sub("", said) for said in (text, _LONE_DIGIT.sub("0", text)))


def _short_dates(text: str) -> frozenset[str]:
    """Return the dates in a text whose years are written with two digits, as `_written` gives them."""
    found = ([part for part in match.group(1, 3, 4, 5, 6, 7) if part] for match in _SHORT_DATE.finditer(text))
    return frozenset(".".join(p.zfill(2) for p in parts) for parts in found if len(parts[0]) + len(parts[2]) > 2)


def _is_date(word: str) -> bool:
    return len(word) == 8 and word.isdecimal()


def _is_short_date(word: str) -> bool:
    return len(word) == 8 and word[2] == word[5] == "."


def _short_words(name: str) -> list[str]:
    """Return the words of a family or given name that are short and yet all there is of it; no initials."""
    words = [word for word in words_of(name) if word]
    if all(len(word) < _LEAST_LETTERS for word in words):
        return [word for word in words if len(word) > 1 or _is_dense(word)]
    return [word for word in words if len(word) < _LEAST_LETTERS and _is_dense(word)]


def _is_dense(word: str) -> bool:
    """Return True for Chinese, Japanese and Korean: a character stands for more than a letter, and no blanks between.

    Folding takes Korean syllables apart into letters from U+1100 on.
    """
    return any("\u1100" <= c <= "\u11ff" or c >= "\u2e80" for c in word)


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded."""
    return _BETWEEN_WORDS.split(folded(text))


def names_patient(text: str, words: Iterable[str]) -> bool:
    """Return True where a text contains one of the words of `identity_words`, long ones also within longer words."""
    seen, own = folded(text), frozenset(words_of(text))
    joined, short = _joined_dates(seen), _short_dates(seen)

    def named(word: str) -> bool:
        if _is_short_date(word):
            return word in short
        within = seen if len(word) >= _LEAST_LETTERS or _is_dense(word) else own
        return word in within or (_is_date(word) and word in joined)

    return any(map(named, words))


def names_patient_in_prose(text: str, words: Iterable[str]) -> bool:
    """Return True where sentences contain one of the words of `identity_words`, as a word of their own.

    A patient may be called Long, which other words contain, or An, which is an article.
    """
    seen, own = folded(text), frozenset(words_of(text))
    joined, short = _joined_dates(seen), _short_dates(seen)

    def named(word: str) -> bool:
        if _is_short_date(word):
            return word in short
        return word in joined if _is_date(word) else word in (seen if _is_dense(word) else own)

    return any(named(word) for word in words if len(word) >= _LEAST_LETTERS or _is_dense(word))


def masked_text(text: str, words: Iterable[str]) -> str:
    """Return a text, or "Masked" in its place where it names the patient."""
    return MASKED if names_patient(text, words) else text


def masked_sentences(text: str, words: Iterable[str]) -> str:
    """Return sentences, or "Masked" in their place where they name the patient; “An” is an article there."""
    return masked_text(text, (word for word in words if len(word) >= _LEAST_LETTERS or _is_dense(word)))


def masked_path(path: str, words: Iterable[str]) -> str:
    """Return a path in which every folder or file that names a patient is called "Masked"."""
    known = tuple(words)
    parts = re.split(r"([/\\])", path)
    return "".join(part if part in ("/", "\\") else masked_text(part, known) for part in parts)


def masked_description(series: SeriesFacts) -> str:
    """Return what a series says it is, or "Masked" where that names its patient; synthetic series have none."""
    return _of_series(series, series.description)


def descriptions(series: SeriesFacts, *, masked: bool) -> tuple[str, str]:
    """Return what a series' study and the series itself say they are; `masked`, without what names their patient."""
    said = (series.study_description, series.description)
    return (_of_series(series, said[0]), _of_series(series, said[1])) if masked else said


def part_words(volume: Volume, *, masked: bool) -> str:
    """Return which part of its series a volume is, "phase 1 of 2, 12:31:05"; `masked`, without day and time."""
    return _of_series(volume.series, undated(volume.part)) if masked else volume.part


def undated(part: str) -> str:
    """Return which part of its series something is, without day and time."""
    return _WHEN.sub("", part)


def _of_series(series: SeriesFacts, text: str) -> str:
    return text if series.synthetic else masked_text(text, identity_words(series.identity))
