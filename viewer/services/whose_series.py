"""Whose a series is: careless anonymising leaves images of two patients, or studies, under one UID."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from viewer.domain.errors import StorageError
from viewer.io.journal_event import SeriesOf

if TYPE_CHECKING:
    from viewer.domain.volume import SeriesFacts
    from viewer.io.journal_event import AnySeries


def patient_mark(series: SeriesFacts) -> str:
    """Return what tells patients apart under the UID of a series, and says nothing else of them; "" for no ID."""
    return mark_of(series.series_uid, series.identity.patient_id)


def mark_of(series_uid: str, patient_id: str) -> str:
    """Return the mark of a patient under the UID of a series; "" for no ID.

    IDs that may be one patient's (the same but for blanks, signs, case and leading zeros) have one mark.
    """
    said = re.sub(r"(?<![0-9])0+(?=[0-9])", "", patient_id.lower())
    bare = "".join(c for c in said if c.isalnum())
    return hashlib.sha256(f"{series_uid}|{bare}".encode("utf-8", "replace")).hexdigest()[:16] if bare else ""


def series_of(series: SeriesFacts) -> AnySeries:
    """Return under what decisions and measurements on a series are kept."""
    mark, study = patient_mark(series), series.study_uid
    told_apart = series.series_uid and (mark or study)
    return SeriesOf(series.series_uid, mark, study) if told_apart else series.series_uid


def others_known() -> StorageError:
    """Return what is told where decisions are kept under the UID of a series that are not of its patient, or study."""
    return StorageError(
        "Decisions or measurements under the UID of this series are of another patient’s ID, or study; they are not "
        "shown here.",
        "Images of two patients or studies carry one UID, or the ID was changed. They are there again with images of "
        "that ID and study.",
    )
