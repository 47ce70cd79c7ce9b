"""CT without its patient: a series written anew with nothing but what is on the allow-list.

Identifiers are made anew and dates are moved, the same way for everything that goes through one `Deidentifier`, with a
secret that is never kept: what belongs together stays together, priors keep their distance, and nobody can go back.
"De-identified by profile", never "anonymous": what shows in the pixels is for a person to look at.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from viewer.domain.errors import DeidentifyError
from viewer.domain.masking import identity_words
from viewer.domain.volume import PatientIdentity
from viewer.io.deidentify_luts import kept_luts
from viewer.io.deidentify_rules import (
    ALLOWED,
    CODES,
    DATE_TIMES,
    DESCRIBING,
    EMPTY,
    KERNEL,
    LUTS,
    MAKER,
    METHOD,
    METHOD_CODES,
    MOMENTS,
    NUMBERS,
    POINTERS,
    SEQUENCES,
    STACK,
    UIDS,
)
from viewer.io.deidentify_words import is_kernel, known_maker, known_words
from viewer.io.image_elements import CT_CLASSES
from viewer.io.pydicom_headers import dicom_faults

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_DAY = re.compile(r"\d{8}")
_CLOCK = re.compile(r"(\d{2})(\d{2})?(\d{2})?(?:\.(\d{1,6}))?")
_MOMENT = re.compile(r"(\d{8})(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?(?:[+-]\d{4})?")
_BINARY = frozenset({"US", "SS", "UL", "SL", "FL", "FD"})
_TEXT_NUMBERS = frozenset({"DS", "IS"})
_SHORTEST_SHIFT_DAYS, _SHIFTS_DAYS = 366, 3650
_DAY_US = 86_400_000_000
_SOME_DAY = "20000101"
_NAMES = (
    "PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName", "ReferringPhysicianName",
    "PerformingPhysicianName", "OperatorsName", "NameOfPhysiciansReadingStudy", "RequestingPhysician",
    "InstitutionName", "PatientID", "OtherPatientIDs", "ResponsiblePerson", "PhysiciansOfRecord",
)  # fmt: skip
_DERIVED_WORDS = frozenset({"SECONDARY"})


class Deidentifier:
    """One export: everything that goes through it gets matching new identifiers and moved dates.

    `secret` is fresh unless a test gives one; it is not kept anywhere.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(32)
        self._series = "uid"

    def for_second_of_series(self) -> Deidentifier:
        """Return one that gives series other UIDs, and all else the same: what is two volumes becomes two series."""
        other = Deidentifier(self._secret)
        other._series = "second of series"
        return other

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.digest(self._secret, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), hashlib.sha256)

    def uid(self, uid: str) -> str:
        """Return the new UID of an old one (PS3.5 B.2: 2.25. and a number of 128 bits); "" stays ""."""
        return self._uid("uid", uid)

    def _uid(self, kind: str, uid: str) -> str:
        known = uid.strip("\0 ")
        return f"2.25.{int.from_bytes(self._digest(kind, known)[:16], 'big')}" if known else ""

    def pseudonym(self, patient: str) -> str:
        """Return what a patient is called now."""
        return f"CASE-{self._digest('patient', patient).hex()[:12].upper()}"

    def shift(self, patient: str) -> timedelta:
        """Return by how much a patient's dates move back: between one and eleven years."""
        drawn = self._digest("dates", patient)
        days = _SHORTEST_SHIFT_DAYS + int.from_bytes(drawn[:8], "big") % _SHIFTS_DAYS
        return timedelta(days=days, microseconds=int.from_bytes(drawn[8:16], "big") % _DAY_US)

    def cleaned(self, dataset: Dataset, number: int) -> Dataset:
        """Return an image with nothing but what is allowed, without its pixels; `number` becomes its Instance Number.

        Raises
        ------
        DeidentifyError
            When it is no CT image.
        """
        from pydicom.dataset import Dataset

        sop_class = _text(dataset, "SOPClassUID")
        if sop_class not in CT_CLASSES:
            raise DeidentifyError(
                "Only CT images can be made into a case.", "This series holds pictures of another kind."
            )
        patient = _text(dataset, "PatientID") or _text(dataset, "PatientName") or _text(dataset, "StudyInstanceUID")
        never = identity_words(PatientIdentity(name=" ".join(_text(dataset, key) for key in _NAMES)))
        made = self._kept(dataset, patient)
        for keyword in EMPTY:
            if keyword not in made:
                setattr(made, keyword, None)
        synthetic = _text(dataset, "SyntheticData") == "YES"
        described = known_words((_text(dataset, keyword) for keyword in DESCRIBING), never)
        made.SOPClassUID = sop_class
        made.Modality = "CT"
        made.SeriesDescription = f"{'Synthetic' if synthetic else 'De-identified'} CT {described}".strip()[:64]
        made.PatientName = made.PatientID = self.pseudonym(patient)
        made.PatientIdentityRemoved = "YES"
        made.DeidentificationMethod = METHOD
        made.DeidentificationMethodCodeSequence = [_code(value, meaning) for value, meaning in METHOD_CODES]
        made.LongitudinalTemporalInformationModified = "MODIFIED"
        made.InstanceNumber = number
        for keyword in ("ImageType", "FrameType"):
            if keyword in dataset and keyword not in made:
                setattr(made, keyword, ["DERIVED", "SECONDARY"])
        assert isinstance(made, Dataset)
        return made

    def _kept(self, dataset: Dataset, patient: str) -> Dataset:
        """Return a data set with what is allowed of another one, at this level and below."""
        from pydicom.datadict import keyword_for_tag
        from pydicom.dataset import Dataset

        made = Dataset()
        # Not the data set's own iteration: it would read every element, also those that are not allowed.
        for tag in dataset.keys():
            keyword = keyword_for_tag(tag)
            if keyword not in ALLOWED or keyword == "PixelData":
                continue
            try:
                self._keep(dataset, keyword, made, patient)
            except dicom_faults():
                # What cannot be read as what belongs there is not kept.
                continue
        self._move_moments(dataset, made, patient)
        return made

    def _keep(self, dataset: Dataset, keyword: str, made: Dataset, patient: str) -> None:
        if keyword in NUMBERS:
            _keep_numbers(dataset, keyword, made)
        elif keyword in CODES:
            _keep_codes(dataset, keyword, made)
        elif keyword in UIDS:
            kind = self._series if keyword == "SeriesInstanceUID" else "uid"
            uids = [self._uid(kind, text) for text in _texts(dataset, keyword)]
            if any(uids):
                setattr(made, keyword, uids if len(uids) > 1 else uids[0])
        elif keyword in SEQUENCES:
            items = [self._kept(item, patient) for item in dataset[keyword].value]
            # Per-frame items count also where they are empty.
            if any(len(item) for item in items):
                setattr(made, keyword, items)
        elif keyword in DATE_TIMES:
            found = _MOMENT.fullmatch(_text(dataset, keyword))
            moved = _moved(found[1], found[2] or "", self.shift(patient)) if found else None
            if moved is not None:
                setattr(made, keyword, moved.strftime("%Y%m%d%H%M%S.%f"))
        elif keyword in POINTERS:
            from pydicom.datadict import keyword_for_tag

            if keyword_for_tag(dataset[keyword].value) in ALLOWED:
                setattr(made, keyword, dataset[keyword].value)
        elif keyword == LUTS:
            tables = kept_luts(dataset[keyword].value)
            if tables:
                setattr(made, keyword, tables)
        elif keyword == KERNEL:
            kernels = _texts(dataset, keyword)
            if kernels and all(map(is_kernel, kernels)):
                setattr(made, keyword, kernels if len(kernels) > 1 else kernels[0])
        elif keyword == MAKER:
            made.Manufacturer = known_maker(_text(dataset, keyword))
        elif keyword == STACK and re.fullmatch(r"\d{1,4}", _text(dataset, keyword)):
            made.StackID = _text(dataset, keyword)

    def _move_moments(self, dataset: Dataset, made: Dataset, patient: str) -> None:
        shift = self.shift(patient)
        for day_keyword, clock_keyword in MOMENTS.items():
            day, clock = _text(dataset, day_keyword), _text(dataset, clock_keyword)
            moved = _moved(day if _DAY.fullmatch(day) else _SOME_DAY, clock, shift)
            if moved is None:
                continue
            if _DAY.fullmatch(day):
                setattr(made, day_keyword, moved.strftime("%Y%m%d"))
            if _CLOCK.fullmatch(clock):
                setattr(made, clock_keyword, moved.strftime("%H%M%S.%f"))


def doubts(dataset: Dataset) -> list[str]:
    """Return why an image may show text of its own, a short sentence each (PS3.3 C.7.6.1.1.2, C.8.6.1)."""
    found = []
    if _text(dataset, "BurnedInAnnotation") == "YES":
        found.append("It says that text is burned in.")
    kinds = {text.upper() for text in _texts(dataset, "ImageType")}
    if kinds & _DERIVED_WORDS or any("SCREEN" in kind for kind in kinds) or _text(dataset, "ConversionType"):
        found.append("It is a picture of a screen, or was made from other images.")
    if any(0x6000 <= tag.group <= 0x60FF for tag in dataset.keys()):
        found.append("It has drawings laid over it, which are left out.")
    return found


def embedded_overlay(dataset: Dataset) -> bool:
    """Return True where drawings are kept in unused bits of the pixels (PS3.5 8.1.2)."""
    overlays = {tag.group for tag in dataset.keys() if 0x6000 <= tag.group <= 0x60FF}
    return any((group, 0x3000) not in dataset for group in overlays)


def _text(dataset: Dataset, keyword: str) -> str:
    texts = _texts(dataset, keyword)
    return texts[0] if len(texts) == 1 else "\\".join(texts)


def _texts(dataset: Dataset, keyword: str) -> list[str]:
    """Return the values of an element as text, without padding; none where it is absent or cannot be read."""
    try:
        if keyword not in dataset:
            return []
        value: Any = dataset[keyword].value
    except dicom_faults():
        return []
    if value is None or isinstance(value, bytes):
        return []
    several = not isinstance(value, str) and hasattr(value, "__iter__") and not hasattr(value, "components")
    return [str(one).strip("\0 ") for one in (value if several else [value])]


def _keep_numbers(dataset: Dataset, keyword: str, made: Dataset) -> None:
    from pydicom.datadict import dictionary_VR, tag_for_keyword
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    low, high = NUMBERS[keyword]
    tag = Tag(tag_for_keyword(keyword) or 0)
    usual = dictionary_VR(tag)
    element = dataset[keyword]
    if usual in _TEXT_NUMBERS:
        texts = _texts(dataset, keyword)
        if texts and all(_NUMBER.fullmatch(text) and low <= float(text) <= high for text in texts):
            # As it was written, to the last digit.
            raw = "\\".join(texts).encode("ascii")
            raw += b" " * (len(raw) % 2)
            made[tag] = RawDataElement(tag, usual, len(raw), raw, 0, False, True)
        return
    value, kind = element.value, element.VR
    if isinstance(value, bytes) and kind == "US or SS" and len(value) == 2:
        kind = "SS" if dataset.get("PixelRepresentation") == 1 else "US"
        _, little = dataset.original_encoding
        value = int.from_bytes(value, "big" if little is False else "little", signed=kind == "SS")
    if kind not in _BINARY or kind not in usual and not usual.startswith(kind):
        return
    several = value if hasattr(value, "__iter__") else [value]
    if all(isinstance(one, int | float) and low <= one <= high for one in several):
        made.add_new(tag, kind, value)


def _keep_codes(dataset: Dataset, keyword: str, made: Dataset) -> None:
    known = CODES[keyword]
    texts = [text.upper() for text in _texts(dataset, keyword)]
    if keyword == "BodyPartExamined":
        texts = [re.sub(r"[^A-Z]", "", text) for text in texts]
    elif keyword in ("ImageType", "FrameType"):
        texts = [text if text in known else "OTHER" for text in texts]
    if texts and all(text in known for text in texts):
        setattr(made, keyword, texts if len(texts) > 1 else texts[0])


def _moved(day: str, clock: str, shift: timedelta) -> datetime | None:
    """Return a date with its time, moved back; a date alone moves by whole days. None where there is no such day."""
    try:
        found = datetime.strptime(day, "%Y%m%d")
        parts = _CLOCK.fullmatch(clock)
        if parts is None:
            return found - timedelta(days=shift.days)
        hour, minute, second = (int(parts[n] or 0) for n in (1, 2, 3))
        fraction = int((parts[4] or "0").ljust(6, "0"))
        passed = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=fraction)
        return found + passed - shift
    except (ValueError, OverflowError):
        return None


def _code(value: str, meaning: str) -> Dataset:
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code
