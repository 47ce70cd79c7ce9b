"""A reader's marks: places that were pointed out as findings, without an outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.identifiers import new_uid
from viewer.io.finding_record import finding_record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from viewer.domain.view_state import Point

_MARK_MM = 5.0
MISSED, MARKED = "Missed by the model", "Marked by the reader"


def mark_at(lps_mm: Point, reader: str, *, missed: bool) -> Finding:
    """Return a new mark at a place; `missed` where a model should have found it."""
    uid = new_uid()
    centre = np.asarray(lps_mm, dtype=np.float64)
    return Finding(
        id=uid,
        tracking_uid=uid,
        label_key="reader-mark",
        label=MISSED if missed else MARKED,
        source=Source(SourceKind.READER, reader),
        centre_lps_mm=centre,
        bounds_lps_mm=_around(lps_mm),
    )


def moved(mark: Finding, lps_mm: Point, reader: str) -> Finding:
    """Return a mark at another place, where `reader` says that it is; the same one for what was said of it."""
    centre = np.asarray(lps_mm, dtype=np.float64)
    return evolve(
        mark, centre_lps_mm=centre, bounds_lps_mm=_around(lps_mm), source=Source(SourceKind.READER, reader), place=""
    )


def carried_among(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the readers' marks among what a case brings along."""
    return tuple(marks_among(findings).values())


def marks_among(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Return the readers' marks among findings, by id."""
    return {finding.id: finding for finding in findings if finding.source.kind is SourceKind.READER}


def changed_marks(before: dict[str, Finding], after: dict[str, Finding]) -> set[str]:
    """Return the ids of marks that came, went, or say something else."""
    was, now = ({i: (finding_record(mark), mark.image) for i, mark in marks.items()} for marks in (before, after))
    return {ident for ident in was.keys() | now.keys() if was.get(ident) != now.get(ident)}


def _around(lps_mm: Point) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    centre = np.asarray(lps_mm, dtype=np.float64)
    return np.stack([centre - _MARK_MM, centre + _MARK_MM], axis=1)
