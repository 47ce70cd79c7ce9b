"""A finding as JSON: the keys that other programs read first, then what is needed to have it back unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from viewer.domain.finding import Code, Finding, Localisation, Source
from viewer.domain.volume import Window
from viewer.io.strict_json import unstructure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.labels import Mask

_Point = tuple[float, float, float]
_Span = tuple[float, float]


@frozen
class FindingRecord:
    """Everything of a finding but its mask. `segment` is its number in the segmentation beside it, from 1."""

    id: str
    label: str
    score: float | None
    centre_lps_mm: _Point
    volume_ml: float | None
    long_axis_mm: float | None
    bounds_lps_mm: tuple[_Span, _Span, _Span]
    tracking_uid: str
    label_key: str
    source: Source
    segment: int | None = None
    long_axis_lps_mm: tuple[_Point, _Point] | None = None
    mean: float | None = None
    sd: float | None = None
    place: str = ""
    colour: str = ""
    window: Window | None = None
    localisation: Localisation = Localisation.OUTLINE
    short_axis_mm: float | None = None
    short_axis_lps_mm: tuple[_Point, _Point] | None = None
    corners_lps_mm: tuple[_Point, ...] | None = None
    slices_k: tuple[int, int] | None = None
    probability: float | None = None
    calibration: str = ""
    laterality: str = ""
    region: str = ""
    operating_point: str = ""
    category: Code | None = None
    kind: Code | None = None


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _row(values: NDArray[np.float64]) -> Any:
    return tuple(float(v) for v in values)


def finding_record(finding: Finding, *, segment: int | None = None, measurable: bool = True) -> dict[str, Any]:
    """Return a finding as what JSON can hold; numbers keep every digit, so that they are the same everywhere.

    Parameters
    ----------
    finding
        Its mask is left out.
    segment
        Its number in the segmentation written beside it.
    measurable
        False leaves out lengths and volumes, because the geometry cannot be trusted.
    """
    ends = finding.long_axis_lps_mm if measurable else None
    across = finding.short_axis_lps_mm if measurable else None
    corners = finding.corners_lps_mm
    record = FindingRecord(
        id=finding.id,
        label=finding.label,
        score=_number(finding.score),
        centre_lps_mm=_row(finding.centre_lps_mm),
        volume_ml=_number(finding.volume_ml) if measurable else None,
        long_axis_mm=_number(finding.long_axis_mm) if measurable else None,
        bounds_lps_mm=(_row(finding.bounds_lps_mm[0]), _row(finding.bounds_lps_mm[1]), _row(finding.bounds_lps_mm[2])),
        tracking_uid=finding.tracking_uid,
        label_key=finding.label_key,
        source=finding.source,
        segment=segment,
        long_axis_lps_mm=None if ends is None else (_row(ends[0]), _row(ends[1])),
        mean=_number(finding.mean),
        sd=_number(finding.sd),
        place=finding.place,
        colour=finding.colour,
        window=finding.window,
        localisation=finding.localisation,
        short_axis_mm=_number(finding.short_axis_mm) if measurable else None,
        short_axis_lps_mm=None if across is None else (_row(across[0]), _row(across[1])),
        corners_lps_mm=None if corners is None else tuple(_row(corner) for corner in corners),
        slices_k=finding.slices_k,
        probability=_number(finding.probability),
        calibration=finding.calibration,
        laterality=finding.laterality,
        region=finding.region,
        operating_point=finding.operating_point,
        category=finding.category,
        kind=finding.kind,
    )
    return as_before(unstructure(record))


def as_before(stored: dict[str, Any]) -> dict[str, Any]:
    """Return a record's JSON without what is said since later, where it is not said: older programs read the rest."""
    return {key: value for key, value in stored.items() if key not in ("category", "kind") or value is not None}


def finding_of(record: FindingRecord, mask: Mask | None, *, recorded: bool) -> Finding:
    """Return the finding of a record and its mask."""
    ends, across, corners = (
        None if points is None else np.array(points, dtype=np.float64)
        for points in (record.long_axis_lps_mm, record.short_axis_lps_mm, record.corners_lps_mm)
    )
    return Finding(
        id=record.id,
        tracking_uid=record.tracking_uid,
        label_key=record.label_key,
        label=record.label,
        source=record.source,
        centre_lps_mm=np.array(record.centre_lps_mm),
        bounds_lps_mm=np.array(record.bounds_lps_mm),
        score=record.score,
        mask=mask,
        volume_ml=record.volume_ml,
        long_axis_mm=record.long_axis_mm,
        long_axis_lps_mm=ends,
        mean=record.mean,
        sd=record.sd,
        place=record.place,
        colour=record.colour,
        window=record.window,
        recorded=recorded,
        localisation=record.localisation,
        short_axis_mm=record.short_axis_mm,
        short_axis_lps_mm=across,
        corners_lps_mm=corners,
        slices_k=record.slices_k,
        probability=record.probability,
        calibration=record.calibration,
        laterality=record.laterality,
        region=record.region,
        operating_point=record.operating_point,
        category=record.category,
        kind=record.kind,
    )
