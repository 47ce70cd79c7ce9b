"""A reader's mark as the journal keeps it: a finding's record, with the image that it was set on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from viewer.io.finding_record import FindingRecord, as_before, finding_of, finding_record
from viewer.io.strict_json import structure, unstructure

if TYPE_CHECKING:
    from viewer.domain.finding import Finding


@frozen
class MarkRecord(FindingRecord):
    """Everything of a mark. Its `image` is for the journal alone: what leaves otherwise names none."""

    image: str = ""


def mark_record(mark: Finding) -> MarkRecord:
    """Return the record of a mark."""
    return evolve(structure(finding_record(mark), MarkRecord), image=mark.image)


def mark_of(record: MarkRecord) -> Finding:
    """Return the mark of a record."""
    return evolve(finding_of(record, None, recorded=False), image=record.image)


def stored_mark(record: MarkRecord) -> dict[str, Any]:
    """Return a record's JSON, which reads as it did before marks named their image where this one names none."""
    stored = as_before(unstructure(record))
    return stored if record.image else {key: value for key, value in stored.items() if key != "image"}
