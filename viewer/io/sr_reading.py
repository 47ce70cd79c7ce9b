"""DICOM SR TID 1500 read back: measurement groups as numbers, whoever wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.decision import Answer
from viewer.domain.errors import UnreadableFileError
from viewer.io.pydicom_headers import dicom_faults
from viewer.io.source_headers import without_complaints

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydicom.dataset import Dataset

# Codes of measurement groups and of what stands in them (PS3.16), by scheme and value.
_GROUP = ("DCM", "125007")
_TRACKING_UID = ("DCM", "112040")
_TRACKING_ID = ("DCM", "112039")
_FINDING = ("DCM", "121071")
_OBSERVER = ("DCM", "121008")
_COMMENT = ("DCM", "121106")
_LOCAL = "99CASESTAGE"
_SAME_CONCEPT = {("SRT", "G-D705"): ("SCT", "118565006"), ("SRT", "G-A185"): ("SCT", "103339001")}
_MEAN = (("SCT", "373098007"), ("SRT", "R-00317"))
_DEVIATION = (("SCT", "386136009"), ("SRT", "R-10047"))
_DEEPEST = 32


@frozen
class SrNumber:
    """One measured number with the words and codes of its name, unit and derivation ("" for none)."""

    name: str
    scheme: str
    code: str
    value: float
    unit: str
    derivation: tuple[str, str] = ("", "")


@frozen
class SrPlace:
    """Where something was drawn: its kind, such as "POLYLINE", and its points.

    On the image `image_uid` they are columns and rows, (0, 0) at its upper left corner; LPS mm where that is "".
    """

    kind: str
    points: tuple[tuple[float, ...], ...]
    image_uid: str = ""


@frozen
class SrFinding:
    """One measurement group.

    `volume_ml`, `long_axis_mm`, `mean_hu`, `sd_hu` and `score` are None where the report has none in these units.
    `segment` is (SOP instance UID, segment number); `point_lps_mm` is where a mark without a mask lies; `places` are
    where its region or its values were drawn.
    """

    tracking_uid: str
    tracking_id: str
    label: str
    finding_type: str
    numbers: tuple[SrNumber, ...]
    answer: Answer | None
    comment: str
    segment: tuple[str, int] | None
    point_lps_mm: tuple[float, float, float] | None
    places: tuple[SrPlace, ...] = ()

    @property
    def volume_ml(self) -> float | None:
        """The volume."""
        return self._number(("SCT", "118565006"), {"mL": 1.0, "ml": 1.0, "cm3": 1.0, "mm3": 0.001})

    @property
    def long_axis_mm(self) -> float | None:
        """The longest distance inside."""
        return self._number(("SCT", "103339001"), {"mm": 1.0, "cm": 10.0})

    @property
    def mean_hu(self) -> float | None:
        """The mean of the values inside."""
        return self._number(("DCM", "112031"), {"[hnsf'U]": 1.0}, _MEAN)

    @property
    def sd_hu(self) -> float | None:
        """The standard deviation of the values inside."""
        return self._number(("DCM", "112031"), {"[hnsf'U]": 1.0}, _DEVIATION)

    @property
    def score(self) -> float | None:
        """The model's score."""
        return self._number((_LOCAL, "score"), {"1": 1.0})

    def _number(
        self,
        concept: tuple[str, str],
        units: dict[str, float],
        derivations: tuple[tuple[str, str], ...] = (("", ""),),
    ) -> float | None:
        for number in self.numbers:
            name = _SAME_CONCEPT.get((number.scheme, number.code), (number.scheme, number.code))
            if name == concept and number.unit in units and number.derivation in derivations:
                return number.value * units[number.unit]
        return None


@frozen
class SrReport:
    """A report: who observed, what the document says of itself, and its measurement groups."""

    observers: tuple[str, ...]
    series_description: str
    texts: tuple[str, ...]
    findings: tuple[SrFinding, ...]


def read_sr(path: Path) -> SrReport:
    """Return the measurement groups of a report, in their order.

    Raises
    ------
    UnreadableFileError
        When it is no structured report, or damaged.
    """
    from pydicom import dcmread

    try:
        with without_complaints():
            dataset = dcmread(path, stop_before_pixels=True)
            if dataset.get("Modality") != "SR" or "ContentSequence" not in dataset:
                raise UnreadableFileError("The file is not a DICOM structured report.", "Choose an SR file.")
            items = list(_items(dataset))
            return SrReport(
                observers=tuple(str(i.PersonName) for i in items if _name(i) == _OBSERVER and "PersonName" in i),
                series_description=str(dataset.get("SeriesDescription", "")),
                texts=tuple(str(i.TextValue) for i in dataset.ContentSequence if i.ValueType == "TEXT"),
                findings=tuple(_finding(i) for i in items if i.ValueType == "CONTAINER" and _name(i) == _GROUP),
            )
    except OSError as error:
        raise UnreadableFileError("The report cannot be opened.", detail=type(error).__name__) from error
    except dicom_faults() as error:
        raise UnreadableFileError(
            "The report is damaged, or is not a DICOM file.",
            "Export it again from the program that made it.",
            type(error).__name__,
        ) from error


def _items(parent: Dataset, depth: int = 0) -> Iterator[Dataset]:
    if depth > _DEEPEST:
        raise ValueError("its content is nested too deeply")
    for item in parent.get("ContentSequence") or ():
        # A reference to another item has no value of its own.
        if "ValueType" in item:
            yield item
            yield from _items(item, depth + 1)


def _code(item: Dataset | None) -> tuple[str, str]:
    if item is None:
        return ("", "")
    value = item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue") or ""
    return (str(item.get("CodingSchemeDesignator", "")), str(value))


def _name(item: Dataset) -> tuple[str, str]:
    names = item.get("ConceptNameCodeSequence")
    return _code(names[0] if names else None)


def _finding(group: Dataset) -> SrFinding:
    from viewer.io.dicom_codes import ANSWERS, DECISION, LABEL

    texts: dict[tuple[str, str], str] = {}
    coded: dict[tuple[str, str], Dataset] = {}
    uid, segment, point = "", None, None
    for item in group.get("ContentSequence") or ():
        kind, name = item.get("ValueType"), _name(item)
        if kind == "TEXT":
            texts[name] = str(item.TextValue)
        elif kind == "UIDREF" and name == _TRACKING_UID:
            uid = str(item.UID)
        elif kind == "CODE":
            coded[name] = item.ConceptCodeSequence[0]
        elif kind == "IMAGE" and (found := _segment(item)) is not None:
            segment = found
        elif kind == "SCOORD3D" and item.GraphicType == "POINT":
            x, y, z = (float(v) for v in item.GraphicData)
            point = (x, y, z)
    answers = {(code.scheme_designator, code.value): answer for answer, code in ANSWERS.items()}
    kind_of = coded.get(_FINDING)
    return SrFinding(
        tracking_uid=uid,
        tracking_id=texts.get(_TRACKING_ID, ""),
        label=texts.get((LABEL.scheme_designator, LABEL.value), ""),
        finding_type="" if kind_of is None else str(kind_of.get("CodeMeaning", "")),
        numbers=tuple(_numbers(group)),
        answer=answers.get(_code(coded.get((DECISION.scheme_designator, DECISION.value)))),
        comment=texts.get(_COMMENT, ""),
        segment=segment,
        point_lps_mm=point,
        places=tuple(_places(group)),
    )


def _places(group: Dataset) -> Iterator[SrPlace]:
    for item in _items(group):
        kind = item.get("ValueType")
        if kind not in ("SCOORD", "SCOORD3D"):
            continue
        numbers = [float(number) for number in item.GraphicData]
        size = 2 if kind == "SCOORD" else 3
        points = tuple(tuple(numbers[n : n + size]) for n in range(0, len(numbers), size))
        images = [child for child in item.get("ContentSequence") or () if child.get("ValueType") == "IMAGE"]
        of = str(images[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID) if images else ""
        yield SrPlace(str(item.GraphicType), points, of)


def _segment(item: Dataset) -> tuple[str, int] | None:
    reference = item.ReferencedSOPSequence[0]
    number = reference.get("ReferencedSegmentNumber")
    if number is None:
        return None
    first = number if isinstance(number, int) else number[0]
    return (str(reference.ReferencedSOPInstanceUID), int(first))


def _numbers(group: Dataset) -> Iterator[SrNumber]:
    for item in group.get("ContentSequence") or ():
        measured = item.get("MeasuredValueSequence") if item.get("ValueType") == "NUM" else None
        if not measured:
            continue
        derivation = ("", "")
        for part in item.get("ContentSequence") or ():
            if part.get("ValueType") == "CODE" and _name(part) == ("DCM", "121401"):
                derivation = _code(part.ConceptCodeSequence[0])
        name = item.ConceptNameCodeSequence[0]
        # The decimal string holds 16 characters; the floating point value beside it holds every digit.
        exact = measured[0].get("FloatingPointValue")
        yield SrNumber(
            name=str(name.get("CodeMeaning", "")),
            scheme=_code(name)[0],
            code=_code(name)[1],
            value=float(exact if exact is not None else measured[0].NumericValue),
            unit=_code(measured[0].MeasurementUnitsCodeSequence[0])[1],
            derivation=derivation,
        )
