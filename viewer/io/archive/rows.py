"""What an archive is asked for and what it answers, as frozen values; the same for DICOMweb and DIMSE.

Attributes are named by their DICOM keywords. Answers come from elsewhere: every text is cut and stripped of control
characters, and an answer without a proper UID is left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime

from attrs import field, frozen

from viewer.domain.volume import PatientIdentity

Values = Mapping[str, tuple[str, ...]]
"""The texts of one answer by DICOM keyword."""

MOST_ROWS = 500
MOST_SERIES = 20_000
MOST_INSTANCES = 200_000
LONGEST_TEXT = 256
NOT_BY_LETTERS = "This archive does not search by these letters. Add a date, or search by ID."
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9*?._~/:-]")
_FOREIGN = re.compile(r"[^\x00-\x7f*]+\**")
_UID = re.compile(r"[0-9.]{1,64}")

STUDY_KEYS = (
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ModalitiesInStudy",
    "StudyDescription",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
)
SERIES_KEYS = (
    "SeriesInstanceUID",
    "SeriesNumber",
    "Modality",
    "SeriesDescription",
    "BodyPartExamined",
    "NumberOfSeriesRelatedInstances",
)
INSTANCE_KEYS = (
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "SOPClassUID",
    "InstanceNumber",
    "InstanceCreationDate",
    "InstanceCreationTime",
)
PATIENT_KEYS = ("StudyInstanceUID", "PatientID")


@frozen
class Query:
    """What to look for; an empty field is not looked at.

    `patient` is the family name or "family, given", with * and ? as wildcards; `modality` a code such as "CT".
    """

    patient: str = ""
    patient_id: str = ""
    accession: str = ""
    date_from: date | None = None
    date_to: date | None = None
    modality: str = ""
    description: str = ""


@frozen
class StudyRow:
    """A study that an archive holds; counts are None where it does not say."""

    study_uid: str
    date: date | None = None
    time: str = ""
    description: str = ""
    modalities: tuple[str, ...] = ()
    series_count: int | None = None
    image_count: int | None = None
    identity: PatientIdentity = field(default=PatientIdentity(), repr=False)


@frozen
class SeriesRow:
    """A series of a study."""

    study_uid: str
    series_uid: str
    number: int | None = None
    modality: str = ""
    description: str = ""
    body_part: str = ""
    image_count: int | None = None


@frozen
class InstanceRow:
    """One object of a series; `number` and `made`, when it was made, tell it from another under its UID."""

    series_uid: str
    sop_uid: str
    sop_class: str = ""
    number: str = ""
    made: str = ""

    def may_be(self, number: str, made: str) -> bool:
        """Return whether an object of this UID, number and time can be the one that is listed; "" tells nothing."""
        same_number = not (self.number and number) or self.number == number
        return same_number and (not (self.made and made) or self.made == made)


@frozen
class Found:
    """Studies, the newest first; `more` where the archive holds more of them than are listed here."""

    studies: tuple[StudyRow, ...]
    more: bool = False


def is_uid(text: str) -> bool:
    """Return whether a text can be a DICOM UID."""
    return _UID.fullmatch(text) is not None


def matching_keys(query: Query) -> dict[str, str]:
    """Return the query as matching keys: DICOM keyword to value (PS3.4 C.2.2.2)."""
    keys = {
        "PatientName": _name_pattern(query.patient),
        "PatientID": _typed(query.patient_id),
        "AccessionNumber": _typed(query.accession),
        "StudyDate": _date_range(query.date_from, query.date_to),
        "ModalitiesInStudy": _typed(query.modality),
        "StudyDescription": _around(_typed(query.description)),
    }
    return {keyword: value for keyword, value in keys.items() if value}


def spellings(query: Query) -> list[dict[str, str]]:
    """Return the matching keys as they were typed, and then other spellings to try where nothing has that one.

    Matching is by case except for names, where an archive may do as it likes, and most type in capitals. Some cannot
    read what lies outside plain letters, or drop it; there a wildcard stands in its place, and what they answer is to
    be held to `is_meant`.
    """
    typed = matching_keys(query)
    capitals = {keyword: value.upper() for keyword, value in typed.items()}
    plain = {keyword: _NOT_PLAIN.sub("?", _FOREIGN.sub("*", value)) for keyword, value in capitals.items()}
    return [one for n, one in enumerate((typed, capitals, plain)) if one not in (typed, capitals)[:n]]


def is_loose(keys: dict[str, str], query: Query) -> bool:
    """Return whether one of the `spellings` asks for more than what was typed."""
    return any(not typed.isascii() and keys[keyword].isascii() for keyword, typed in matching_keys(query).items())


def is_meant(study: StudyRow, query: Query) -> bool:
    """Return whether a study has what was typed in other than plain letters.

    A letter that an archive lost on its way here may be any, and so may a name of which nothing is left.
    """
    who = study.identity
    texts = {
        "PatientName": who.name.split("="),
        "PatientID": [who.patient_id],
        "AccessionNumber": [who.accession],
        "StudyDescription": [study.description],
    }
    return all(
        any(_pattern(typed).fullmatch(_compared(text)) or _is_lost(text) for text in texts.get(keyword, [""]))
        for keyword, typed in matching_keys(query).items()
        if not typed.isascii()
    )


def _is_lost(text: str) -> bool:
    return bool(text) and not any(c.isalnum() for c in text)


def _compared(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _pattern(typed: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    parts = (wild.get(c) or (re.escape(c) if c.isascii() else f"[{c}?\ufffd]") for c in _compared(typed))
    return re.compile("".join(parts))


def _typed(text: str) -> str:
    # A backslash would ask for several values at once.
    return "".join(c for c in text if c.isprintable() and c != "\\").strip()[:64]


def _name_pattern(text: str) -> str:
    name = _typed(text)
    family, comma, given = name.partition(",")
    if comma:
        name = f"{family.strip()}^{given.strip()}"
    return name if not name or any(c in name for c in "*?") else f"{name}*"


def _around(text: str) -> str:
    return text if not text or any(c in text for c in "*?") else f"*{text}*"


def _date_range(first: date | None, last: date | None) -> str:
    if first is None and last is None:
        return ""
    if first == last and first is not None:
        return f"{first:%Y%m%d}"
    return f"{f'{first:%Y%m%d}' if first else ''}-{f'{last:%Y%m%d}' if last else ''}"


def clean(text: object) -> str:
    """Return a foreign text without control characters, cut where it is overlong."""
    return "".join(c for c in str(text)[: 4 * LONGEST_TEXT] if c.isprintable()).strip()[:LONGEST_TEXT]


def _first(values: Values, keyword: str) -> str:
    found = values.get(keyword, ())
    return found[0] if found else ""


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,9}", text) else None


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text.replace(".", "")[:8], "%Y%m%d").date()
    except ValueError:
        return None


def _time(text: str) -> str:
    digits = text.replace(":", "")[:4]
    return f"{digits[:2]}:{digits[2:]}" if len(digits) == 4 and digits.isdigit() and digits.isascii() else ""


def study_row(values: Values) -> StudyRow | None:
    """Return an answer at the study level as a row, or None where it names no study."""
    uid = _first(values, "StudyInstanceUID")
    if not is_uid(uid):
        return None
    day = _date(_first(values, "StudyDate"))
    modalities = dict.fromkeys(code for code in values.get("ModalitiesInStudy", ()) if code)
    return StudyRow(
        uid,
        day,
        _time(_first(values, "StudyTime")),
        _first(values, "StudyDescription"),
        tuple(modalities)[:8],
        _count(_first(values, "NumberOfStudyRelatedSeries")),
        _count(_first(values, "NumberOfStudyRelatedInstances")),
        PatientIdentity(
            name=_first(values, "PatientName"),
            patient_id=_first(values, "PatientID"),
            birth_date=_first(values, "PatientBirthDate"),
            sex=_first(values, "PatientSex"),
            study_date=f"{day:%Y%m%d}" if day else "",
            accession=_first(values, "AccessionNumber"),
        ),
    )


def series_row(values: Values, study_uid: str) -> SeriesRow | None:
    """Return an answer at the series level as a row, or None where it is of another study or names no series."""
    uid = _first(values, "SeriesInstanceUID")
    if not is_uid(uid) or _first(values, "StudyInstanceUID") not in ("", study_uid):
        return None
    return SeriesRow(
        study_uid,
        uid,
        _number(_first(values, "SeriesNumber")),
        _first(values, "Modality"),
        _first(values, "SeriesDescription"),
        _first(values, "BodyPartExamined"),
        _count(_first(values, "NumberOfSeriesRelatedInstances")),
    )


def instance_row(values: Values, series_uid: str) -> InstanceRow | None:
    """Return an answer at the image level as a row, or None where it is of another series or names nothing.

    `series_uid` is the series that was asked for, or "" for any.
    """
    uid = _first(values, "SOPInstanceUID")
    series = _first(values, "SeriesInstanceUID") or series_uid
    if not is_uid(uid) or not is_uid(series) or series_uid not in ("", series):
        return None
    sop_class = _first(values, "SOPClassUID")
    number = number_words(_first(values, "InstanceNumber"))
    made = moment_words(_first(values, "InstanceCreationDate"), _first(values, "InstanceCreationTime"))
    return InstanceRow(series, uid, sop_class if is_uid(sop_class) else "", number, made)


def number_words(text: str) -> str:
    """Return a whole number as all archives would write it; "" for none."""
    number = _number(text.strip())
    return "" if number is None else str(number)


def moment_words(day: str, time: str) -> str:
    """Return a date and a time to the second, "20240131 142501"; "" where one of them is not said."""
    date_digits, time_digits = day.replace(".", "").replace("-", ""), time.replace(":", "")[:6]
    whole = re.fullmatch(r"[0-9]{8} [0-9]{6}", f"{date_digits} {time_digits}")
    return whole[0] if whole else ""


def patient_in(answers: list[Values], study_uid: str) -> str:
    """Return the ID of a study's patient from answers at the study level; "" where they do not say."""
    return next((_first(v, "PatientID") for v in answers if _first(v, "StudyInstanceUID") == study_uid), "")


def newest_first(studies: list[StudyRow]) -> tuple[StudyRow, ...]:
    """Return studies by date and time, the newest first, each once."""
    unique = {study.study_uid: study for study in studies}
    return tuple(sorted(unique.values(), key=lambda s: (s.date or date.min, s.time), reverse=True))


def by_number(series: list[SeriesRow]) -> tuple[SeriesRow, ...]:
    """Return series by their number, each once."""
    unique = {row.series_uid: row for row in series}
    return tuple(sorted(unique.values(), key=lambda s: (s.number is None, s.number or 0, s.series_uid)))
