"""The ground truth of a series on disk: a folder `truth` beside its images, or beside their folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from viewer.domain.errors import CaseStageError
from viewer.domain.finding import Truth
from viewer.io.findings_file import DOCUMENT, read_findings, series_named

if TYPE_CHECKING:
    from viewer.domain.volume import Volume
    from viewer.io.series_entry import SeriesEntry

TRUTH = "truth"


def truth_beside(entry: SeriesEntry, volume: Volume) -> Truth | None:
    """Return the ground truth of a series: `findings.json` and its masks in the nearer of the two folders.

    None where there is none, or it is that of another series. A folder without `findings.json` says nothing; a document
    that lists no finding says that there is nothing to find.

    Raises
    ------
    CaseStageError
        When there is one that cannot be read.
    """
    place = place_of_truth(entry)
    return None if place is None else Truth(read_findings(place, volume))


def place_of_truth(entry: SeriesEntry) -> Path | None:
    """Return the folder that holds the ground truth of a series; None where there is none.

    Raises
    ------
    CaseStageError
        When there is one of which it cannot be told whose it is.
    """
    images = Path(entry.files[0]).parent
    for place in (images / TRUTH, images.parent / TRUTH):
        if (place / DOCUMENT).is_file() and series_named(place) == entry.facts.series_uid:
            return place
    return None


def truth_or_why_not(entry: SeriesEntry, volume: Volume) -> tuple[Truth | None, CaseStageError | None]:
    """Return the ground truth of a series, and why there is none where one is there that cannot be read."""
    try:
        return truth_beside(entry, volume), None
    except CaseStageError as error:
        return None, CaseStageError(
            f"The ground truth beside the images is left out. {error.sentence}", error.hint, error.detail
        )
