"""What the index says about places, studies and series, as values for lists; and the same of what a scan found."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.geometry import Verdict
from viewer.domain.masking import folded, identity_words, names_patient, words_of
from viewer.domain.volume import PatientIdentity
from viewer.io.dicom_geometry import arranged
from viewer.io.dicomdir import is_dicomdir
from viewer.io.doubles import doubles
from viewer.io.images_mark import images_mark
from viewer.io.pixels_beyond import more_pixels_words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from viewer.io.series_entry import SeriesEntry
    from viewer.io.slice_header import Frame

FOLDER, ARCHIVE, DICOMDIR, FILE = "folder", "archive", "dicomdir", "file"


@frozen
class Place:
    """Something that was opened: a folder, an archive, a DICOMDIR or a file.

    Attributes
    ----------
    opened
        When it was opened last, in seconds since 1970.
    series
        How many series it held when it was looked at last.
    """

    id: int
    path: str
    kind: str
    opened: float
    watched: bool
    series: int

    @property
    def name(self) -> str:
        """Its own name, without the folders above."""
        return os.path.basename(self.path) or self.path


@frozen
class StudyRow:
    """One study; `date` as in DICOM, "20240131"."""

    id: int
    uid: str
    date: str
    description: str
    patient: str
    patient_id: str
    accession: str
    birth_date: str = ""

    @property
    def identity(self) -> PatientIdentity:
        """Whose it is."""
        return PatientIdentity(
            name=self.patient,
            patient_id=self.patient_id,
            birth_date=self.birth_date,
            study_date=self.date,
            accession=self.accession,
        )

    @property
    def iso_date(self) -> str:
        """The date as "2024-01-31", or as it stands in the file where it is no date."""
        date = self.date
        return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 and date.isdecimal() else date


@frozen
class SeriesRow:
    """One series, or a part of one, as it was when its place was looked at last.

    Attributes
    ----------
    home
        The folder or file to scan to find it again.
    first, which
        Its first file and what tells it apart from other volumes in it.
    verdict
        On its geometry; None where that is known only once it is read.
    reason
        Why the verdict is not `ok`, or what else is to be said, one sentence.
    frame
        UID of its frame of reference, "" where it names none.
    images_mark
        Which images it holds, as `images_mark` says it; "" where that is not known.
    """

    id: int
    place: int
    study: int
    uid: str
    first: str
    which: str
    home: str
    part: str
    kind: str
    number: int | None
    modality: str
    description: str
    body_part: str
    images: int
    columns: int
    rows: int
    unit: str
    verdict: Verdict | None
    reason: str
    synthetic: bool
    lossy: bool
    frame: str
    images_mark: str


def kind_of(path: Path, *, archive: bool) -> str:
    """Return what kind of place a path is; `archive` where it was found to be one."""
    if os.path.isdir(path):
        return FOLDER
    if is_dicomdir(str(path)):
        return DICOMDIR
    return ARCHIVE if archive else FILE


def which_of(entry: SeriesEntry) -> str:
    """Return what tells an entry apart from others that begin in the same file."""
    return str(entry.frames[0].index if entry.frames else entry.index_in_file)


def homes(place: str, kind: str, entries: Iterable[SeriesEntry]) -> dict[str, str]:
    """Return for each series UID the smallest folder, or the archive, that holds all of its images."""
    found: dict[str, set[str]] = {}
    for entry in entries:
        containers = found.setdefault(entry.facts.series_uid, set())
        if entry.frames:
            places = {id(frame.file): frame.file.place for frame in entry.frames}.values()
            containers.update(p.path if p.member is not None else os.path.dirname(p.path) for p in places)
        else:
            containers.update(map(_container, entry.files))
    if kind != FOLDER:
        return dict.fromkeys(found, place)
    return {uid: os.path.commonpath(containers) for uid, containers in found.items()}


def _container(file: str) -> str:
    """Return the folder that a file lies in, or the archive that its path runs through."""
    found = os.path.dirname(file)
    while found and not os.path.exists(found):
        found = os.path.dirname(found)
    return found


def series_values(entry: SeriesEntry, home: str, place: str, patients: frozenset[str]) -> dict[str, object]:
    """Return the columns of one series for the index, those that refer to place and study left out.

    Parameters
    ----------
    home, place
        The smallest folder that holds it, and the path of the place it was found in.
    patients
        Words that give away any patient of that place.
    """
    facts = entry.facts
    verdict, reason = _verdict(entry)
    units = {frame.unit for frame in entry.frames}
    words, who = _search_words(entry, place, patients)
    values = {
        "uid": facts.series_uid,
        "first": os.fsencode(entry.files[0]),
        "which": which_of(entry),
        "home": os.fsencode(home),
        "part": _part_words(entry),
        "kind": entry.kind,
        "number": facts.number if facts.number is None or abs(facts.number) < 1 << 62 else None,
        "modality": facts.modality,
        "description": facts.description,
        "body_part": facts.body_part,
        "images": entry.count,
        "columns": entry.size_ij[0],
        "rows": entry.size_ij[1],
        "unit": units.pop() if len(units) == 1 else "unknown" if units else "",
        "verdict": verdict,
        "reason": reason,
        "synthetic": int(facts.synthetic),
        "lossy": int(facts.lossy),
        "frame": facts.frame_of_reference_uid,
        "images_mark": images_mark(frame.sop_uid for frame in entry.frames),
        "words": words,
        "who": who,
    }
    return {name: storable(value) if isinstance(value, str) else value for name, value in values.items()}


def storable(text: str) -> str:
    """Return text without what no database takes: the stand-ins for bytes of a file name that are no characters."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _part_words(entry: SeriesEntry) -> str:
    """Return what of a series an entry is; nobody is to take a scout view for slices, also where it is all there is."""
    return entry.part or ("localizer" if entry.frames and all(frame.localizer for frame in entry.frames) else "")


def _verdict(entry: SeriesEntry) -> tuple[str, str]:
    if entry.foreseen is not None:
        return entry.foreseen[0].value, entry.foreseen[1]
    if not entry.frames:
        return "", ""
    arrangement = arranged(entry.frames)
    unreadable = [why for frame in entry.frames if (why := _why_unreadable(frame))]
    if unreadable:
        count = f"{len(unreadable)} of {entry.count} images" if len(unreadable) > 1 else "One image"
        return Verdict.UNTRUSTED.value, f"{count} cannot be read: {unreadable[0]}."
    doubt = more_pixels_words(entry.frames) or entry.incomplete
    if doubt and arrangement.verdict is not Verdict.UNTRUSTED:
        return Verdict.UNTRUSTED.value, doubt
    if not arrangement.placed:
        found = doubles(entry.frames)
        alone = arranged(found.left) if found and (len(found.left) > 1 or not found.contradict) else arrangement
        if found and alone.placed and alone.verdict is not Verdict.UNTRUSTED:
            if doubt:
                return Verdict.UNTRUSTED.value, doubt
            foreseen = {True: alone.verdict.value, False: Verdict.UNTRUSTED.value, None: ""}
            return foreseen[found.copies], found.words
    return arrangement.verdict.value, arrangement.reasons[0] if arrangement.reasons else entry.remark


def _why_unreadable(frame: Frame) -> str:
    if frame.problem:
        return f"the file {frame.problem}"
    code = frame.code
    return "" if code.understood else f"pixels of {code.bits_stored} in {code.bits_allocated} bits are not understood"


def _search_words(entry: SeriesEntry, place: str, patients: frozenset[str]) -> tuple[str, str]:
    """Return what a search looks into, folded: without what names a patient, and what does."""
    facts = entry.facts
    identity = facts.identity
    own = frozenset() if facts.synthetic else identity_words(identity)
    date = identity.study_date
    said = [
        facts.description,
        facts.study_description,
        facts.body_part,
        facts.modality,
        _part_words(entry),
        entry.kind,
        f"series {facts.number}" if facts.number is not None else "",
        date,
        f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 else "",
    ]
    folders = re.split(r"[/\\]", os.path.dirname(os.path.join(place, entry.files[0])))
    naming = [text for text in said if names_patient(text, own)]
    # A folder may also be named after somebody else whose scans lie there.
    naming += [part for part in folders if names_patient(part, own) or not patients.isdisjoint(words_of(part))]
    plain = [text for text in (*said, *folders) if text not in naming]
    who = [identity.name.replace("^", " "), identity.name, identity.patient_id, identity.accession, *naming]
    return folded("\n".join(plain)), folded("\n".join(who))
