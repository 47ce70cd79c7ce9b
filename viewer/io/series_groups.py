"""Images gathered by the series that they name, and what is said where one UID stands for several series."""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from attrs import define, field

from viewer.domain.count_words import count_words
from viewer.io.image_names import of_their_own
from viewer.io.pydicom_headers import text_of
from viewer.io.raw_values import plain, word
from viewer.io.series_entry import with_doubt
from viewer.io.series_parts import series_entries
from viewer.io.slice_header import Frame

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from viewer.io.file_bytes import FilePlace
    from viewer.io.image_header import Image
    from viewer.io.series_entry import SeriesEntry

_PADDING = b"\0 "
_APART = "they are listed apart"
_MAYBE = f"as they may be another patient's {_APART}"


# A name, in its ways of writing it, a birth date and a sex.
Person = tuple[tuple[str, ...], bytes, bytes]


@define(eq=False)
class Group:
    """The images of one series as they come in; the patient as they name it.

    `name` tells patients apart where there is no ID; `persons` are names, birth dates and sexes as the images say them.
    `doubt` and `remark` say what is seen of other series under its UID, "" for nothing.
    """

    values: dict[int, bytes]
    transfer_syntax: str
    patient: bytes
    name: tuple[str, ...] = ()
    frames: list[Frame] = field(factory=list)
    persons: set[Person] = field(factory=set)
    doubt: str = ""
    remark: str = ""

    def entries(self) -> list[SeriesEntry]:
        """Return the parts that can be one volume each."""
        found = series_entries(self.values, self.transfer_syntax, self.frames)
        doubt = " ".join(filter(None, (self.doubt, _several_persons(self.persons, len(self.frames)))))
        return [with_doubt(entry, doubt, self.remark) for entry in found] if doubt or self.remark else found

    def join(self, other: Group) -> None:
        """Add the images of another group."""
        self.frames += other.frames
        self.persons |= other.persons


# By series, study and patient as the files write them; by the patient's name where there is no ID; by folder, and by
# the series' number or else by what it is called, where no series is named.
Groups = dict[tuple[bytes, bytes, bytes, tuple[str, ...], str], Group]


def add_image(place: FilePlace, image: Image, groups: Groups) -> None:
    """Add a file's images to their series."""
    values, frames, syntax = image
    uid = values.get(0x0020000E, b"")
    patient = values.get(0x00100020, b"")
    called = _name(values.get(0x00100010, b""), values.get(0x00080005, b""))
    person = (called, values.get(0x00100030, b""), values.get(0x00100040, b""))
    name = () if patient.strip(_PADDING) else called
    key = (uid, values.get(0x0020000D, b""), patient, name, "" if uid else _named_otherwise(place, values))
    group = groups.get(key)
    if group is None:
        group = groups[key] = Group(values, syntax, patient.strip(_PADDING), name)
    group.frames += frames
    group.persons.add(person)


def _named_otherwise(place: FilePlace, values: dict[int, bytes]) -> str:
    """Return what tells series apart that name no UID."""
    called = plain(values.get(0x00200011)) or word(values.get(0x0008103E))
    return f"{os.path.dirname(place.name)}\0{called}"


def series_of(groups: Groups) -> Iterator[Group]:
    """Yield the images of each series.

    Careless anonymising gives different patients and studies one series UID; their images never mix, except where
    nearly every image names a study of its own. Nor do those of one patient whose ID is written in two ways: "1 1"
    and "11" may be two patients. What is apart says so.
    """
    series: _Series = {}
    for (uid, study, patient, name, folder), group in groups.items():
        studies = series.setdefault((uid.strip(_PADDING), patient.strip(_PADDING), name, folder), {})
        known = studies.setdefault(study.strip(_PADDING), group)
        if known is not group:
            known.join(group)
    _join_nameless(series)
    _join_names_of_their_own(series)
    by_uid: dict[bytes, list[Group]] = {}
    for (uid, _, _, _), studies in series.items():
        found = list(studies.values())
        if of_their_own(len(found), sum(len(group.frames) for group in found)):
            for group in found[1:]:
                found[0].join(group)
            del found[1:]
        if uid:
            by_uid.setdefault(uid, []).extend(found)
        else:
            yield from found
    for found in by_uid.values():
        if len(found) > 1:
            _tell_of_each_other(found)
        yield from found


# By UID, patient, name and folder, what each study has.
_Series = dict[tuple[bytes, bytes, tuple[str, ...], str], dict[bytes, Group]]


def _join_nameless(series: _Series) -> None:
    """Add images that name no patient in any way to those of the only one that the others of their series name."""
    for key in [key for key in series if not key[1] and not key[2]]:
        named = [other for other in series if other[0] == key[0] and not other[1] and other[2] and other[3] == key[3]]
        if len(named) == 1:
            _join(series, key, named[0])


def _join_names_of_their_own(series: _Series) -> None:
    """Join images without an ID of which nearly every one bears a name of its own: anonymising made those."""
    several: dict[tuple[bytes, str], list[tuple[bytes, bytes, tuple[str, ...], str]]] = {}
    for key in series:
        if key[0] and not key[1]:
            several.setdefault((key[0], key[3]), []).append(key)
    for keys in several.values():
        if of_their_own(len(keys), sum(len(group.frames) for key in keys for group in series[key].values())):
            for key in keys[1:]:
                _join(series, key, keys[0])


def _join(series: _Series, key: tuple[bytes, bytes, tuple[str, ...], str], other: tuple[Any, ...]) -> None:
    for study, group in series.pop(key).items():
        known = series[other].setdefault(study, group)
        if known is not group:
            known.join(group)


def _several_persons(persons: set[Person], count: int) -> str:
    """Return what is to be said of images that name several patients under one ID; "" for nothing.

    Where nearly every image names one of its own, that tells nothing.
    """
    # Of two names each may be written in letters that the other does not have.
    names = [set(said) - {""} for said in itertools.zip_longest(*(person[0] for person in persons), fillvalue="")]
    births = {birth.strip(_PADDING) for _, birth, _ in persons} - {b""}
    sexes = {sex.strip(_PADDING) for _, _, sex in persons} - {b""}
    said_of: tuple[tuple[str, Collection[object]], ...] = (
        ("names", max(names, key=len, default=set())),
        ("birth dates", births),
        ("sexes", sexes),
    )
    several = [what for what, said in said_of if len(said) > 1 and not of_their_own(len(said), count)]
    if not several:
        return ""
    return f"The images of this series bear different {' and '.join(several)}: they may be of several patients."


def _tell_of_each_other(groups: list[Group]) -> None:
    """Let each of some series of one UID say what it sees of the others."""
    for group in groups:
        others = [other for other in groups if other is not group]
        strangers = [other for other in others if _is_another(other, group)]
        alike = [other for other in others if other.patient != group.patient and other not in strangers]
        if alike:
            said = "the patient's ID is spelled otherwise"
            if not group.patient:
                said = "there is a patient's ID, on these none"
            elif not any(other.patient for other in alike):
                said = "there is no patient's ID"
            group.doubt = f"On {_images(alike)} of this series {said}; {_MAYBE}."
        if strangers:
            patients = len({(other.patient, other.name) for other in strangers})
            whose = "another patient" if patients == 1 else f"{patients:,} other patients"
            group.remark = f"The UID of this series is also on {_images(strangers)} of {whose}; {_APART}."
        elif not alike:
            group.remark = f"The UID of this series is also on {_images(others)} of another study; {_APART}."


def _images(groups: list[Group]) -> str:
    return count_words(sum(len(group.frames) for group in groups), "image")


def _is_another(a: Group, b: Group) -> bool:
    """Return True where two groups are of two patients: by their IDs, or by their names where both have none."""
    return not _may_be_one(a.patient, b.patient) or bool(not a.patient and not b.patient and a.name != b.name)


def _may_be_one(a: bytes, b: bytes) -> bool:
    """Return True where two IDs may be one patient's: the same but for blanks, signs, case, leading zeros."""
    return not a or not b or _bare(a) == _bare(b)


def _bare(patient: bytes) -> bytes:
    return re.sub(rb"[^0-9a-z\x80-\xff]", b"", re.sub(rb"(?<![0-9])0+(?=[0-9])", b"", patient.lower()))


@lru_cache(maxsize=256)
def _name(raw: bytes, charset: bytes) -> tuple[str, ...]:
    """Return a name in its alphabetic, ideographic and phonetic letters, however these are encoded and spelled."""
    text = unicodedata.normalize("NFKC", text_of(raw.strip(_PADDING), charset)).casefold()
    ways = [re.sub(r"[\W_]", "", re.sub(r"(?<!\d)0+(?=\d)", "", way)) for way in text.split("=")]
    while ways and not ways[-1]:
        ways.pop()
    return tuple(ways)
