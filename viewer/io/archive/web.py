"""Asking an archive by DICOMweb: QIDO-RS through dicomweb-client (DICOM PS3.18 section 10.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dicomweb_client import DICOMwebClient
from pydicom.datadict import keyword_for_tag, tag_for_keyword

from viewer.io.archive import failures
from viewer.io.archive.rows import (
    INSTANCE_KEYS,
    MOST_INSTANCES,
    MOST_ROWS,
    SERIES_KEYS,
    STUDY_KEYS,
    Found,
    InstanceRow,
    Query,
    SeriesRow,
    StudyRow,
    Values,
    by_number,
    clean,
    instance_row,
    is_loose,
    is_meant,
    newest_first,
    series_row,
    spellings,
    study_row,
)
from viewer.io.archive.web_session import CONNECT_WITHIN_S, Session, http_failures

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.io.archive.description import Archive
    from viewer.io.archive.stopping import Stop

PAGE = 5000


class WebArchive:
    """Questions to one archive over one session; to be closed afterwards."""

    def __init__(self, archive: Archive, password: str, stop: Stop) -> None:
        self.archive = archive
        self.session = Session(archive, password, stop)
        within = (CONNECT_WITHIN_S, failures.ANSWER_WITHIN_S)
        self._client = DICOMwebClient(archive.url.rstrip("/"), self.session, permissive_uid=True, timeout=within)
        # It waits up to half a minute between tries, in which nothing could be stopped.
        self._client.set_http_retry_params(retry=False)

    def __enter__(self) -> WebArchive:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.session.close()

    def find_studies(self, query: Query, *, most: int = MOST_ROWS) -> Found:
        """Return the studies that match, the newest first, at most `most`."""
        rows: list[StudyRow] = []
        for wanted in spellings(query):
            answers = self._ask(
                self._client.search_for_studies, search_filters=wanted, fields=_tags(STUDY_KEYS), limit=most + 1
            )
            rows = [row for row in map(study_row, answers) if row is not None]
            if is_loose(wanted, query):
                rows = [row for row in rows if is_meant(row, query)]
            if rows:
                break
        return Found(newest_first(rows[:most]), len(answers) > most)

    def find_series(self, study_uid: str) -> tuple[SeriesRow, ...]:
        """Return the series of a study by their number."""
        answers = self._ask(
            self._client.search_for_series, study_instance_uid=study_uid, fields=_tags(SERIES_KEYS), limit=MOST_ROWS
        )
        return by_number([row for row in (series_row(values, study_uid) for values in answers) if row is not None])

    def find_instances(self, study_uid: str, series_uid: str) -> dict[str, tuple[InstanceRow, ...]]:
        """Return the objects of a study, or of one of its series, by series.

        Raises
        ------
        ArchiveError
            When the study, or the series, is not there.
        """
        rows: dict[str, InstanceRow] = {}
        while len(rows) < MOST_INSTANCES:
            answers = self._ask(
                self._client.search_for_instances,
                study_instance_uid=study_uid,
                series_instance_uid=series_uid or None,
                fields=_tags(INSTANCE_KEYS),
                limit=PAGE,
                offset=len(rows),
            )
            before = len(rows)
            for values in answers:
                row = instance_row(values, series_uid)
                if row is not None:
                    rows[row.sop_uid] = row
            # A server may send fewer at once than it is asked for, or always the same.
            if len(rows) == before:
                break
        if not rows:
            raise failures.nothing_there(self.archive)
        found: dict[str, list[InstanceRow]] = {}
        for row in rows.values():
            found.setdefault(row.series_uid, []).append(row)
        return {uid: tuple(instances) for uid, instances in found.items()}

    def _ask(self, search: Callable[..., Any], **arguments: Any) -> list[Values]:
        with http_failures(self.archive):
            answer = search(fuzzymatching=False, **arguments)
        if not isinstance(answer, list):
            raise failures.garbled(self.archive, "not a list")
        return [_values(item) for item in answer if isinstance(item, dict)]


def _tags(keywords: tuple[str, ...]) -> list[str]:
    return [f"{tag_for_keyword(keyword) or 0:08X}" for keyword in keywords]


def _values(item: dict[str, Any]) -> Values:
    """Return the texts of an answer in the DICOM JSON model (PS3.18 annex F), whatever is wrong with it left out."""
    found: dict[str, tuple[str, ...]] = {}
    for tag, element in item.items():
        if not isinstance(tag, str) or len(tag) != 8 or not isinstance(element, dict):
            continue
        try:
            keyword = keyword_for_tag(int(tag, 16))
        except ValueError:
            continue
        values = element.get("Value")
        if keyword and isinstance(values, list):
            found[keyword] = tuple(_text(value) for value in values[:64])
    return found


def _text(value: Any) -> str:
    if isinstance(value, dict):
        # A person's name comes in up to three scripts; as in a file "=" stands between (PS3.5 section 6.2.1.2).
        scripts = (value.get(form) for form in ("Alphabetic", "Ideographic", "Phonetic"))
        value = "=".join(str(script) for script in scripts if script)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return clean(value) if isinstance(value, str | int | float) else ""
