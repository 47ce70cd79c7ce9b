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
    MOST_SERIES,
    PATIENT_KEYS,
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
    patient_in,
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
_LEAST_PAGE = 10


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
            answers = self._all(
                self._client.search_for_studies, "StudyInstanceUID", most + 1, STUDY_KEYS, search_filters=wanted
            )
            rows = [row for row in map(study_row, answers) if row is not None]
            if is_loose(wanted, query):
                rows = [row for row in rows if is_meant(row, query)]
            if rows:
                break
        return Found(newest_first(rows[:most]), len(answers) > most)

    def find_series(self, study_uid: str) -> tuple[SeriesRow, ...]:
        """Return the series of a study by their number."""
        search = self._client.search_for_series
        answers = self._all(search, "SeriesInstanceUID", MOST_SERIES, SERIES_KEYS, study_instance_uid=study_uid)
        return by_number([row for row in (series_row(values, study_uid) for values in answers) if row is not None])

    def find_instances(self, study_uid: str, series_uid: str) -> dict[str, tuple[InstanceRow, ...]]:
        """Return the objects of a study, or of one of its series, by series.

        Raises
        ------
        ArchiveError
            When the study, or the series, is not there.
        """
        answers = self._all(
            self._client.search_for_instances,
            "SOPInstanceUID",
            MOST_INSTANCES,
            INSTANCE_KEYS,
            least_page=1,
            study_instance_uid=study_uid,
            series_instance_uid=series_uid or None,
        )
        found_rows = (instance_row(values, series_uid) for values in answers)
        rows = {row.sop_uid: row for row in found_rows if row is not None}
        if not rows:
            raise failures.nothing_there(self.archive)
        found: dict[str, list[InstanceRow]] = {}
        for row in rows.values():
            found.setdefault(row.series_uid, []).append(row)
        return {uid: tuple(instances) for uid, instances in found.items()}

    def patient_of(self, study_uid: str) -> str:
        """Return the ID of the patient whose study it is; "" where the archive does not say."""
        wanted = {"StudyInstanceUID": study_uid}
        answers = self._ask(self._client.search_for_studies, search_filters=wanted, fields=_tags(PATIENT_KEYS), limit=2)
        return patient_in(answers, study_uid)

    def _all(
        self,
        search: Callable[..., Any],
        uid: str,
        most: int,
        keys: tuple[str, ...],
        *,
        least_page: int = _LEAST_PAGE,
        **arguments: Any,
    ) -> list[Values]:
        """Return the answers of all pages, each once by its UID: a server may send fewer at once than it is asked for.

        At most `most`, or a page more. Of less than `least_page` nobody makes a page.
        """
        found: dict[str, Values] = {}
        seen = 0
        while len(found) < most:
            page = self._ask(search, fields=_tags(keys), limit=min(PAGE, most), offset=seen, **arguments)
            before = len(found)
            for number, values in enumerate(page, start=seen):
                found.setdefault("".join(values.get(uid, ())) or f"answer {number}", values)
            seen += len(page)
            # It may always send the same.
            if len(found) == before or len(page) < least_page:
                break
        return list(found.values())

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
