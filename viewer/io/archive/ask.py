"""Everything that an archive can be asked for, by DICOMweb or DIMSE alike. Nothing here listens by default.

Each function runs until it is done or its job is cancelled, and raises ArchiveError with a sentence where the extra
`pacs` is missing, the description is incomplete, or the archive does not answer as it should.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.errors import ArchiveError
from viewer.io.archive import failures
from viewer.io.archive.description import ArchiveKind, checked
from viewer.io.archive.extra import need_extra
from viewer.io.archive.landing import LARGEST_STUDY, Landing
from viewer.io.archive.retrieved import Plan, Retrieved, Telling, planned, result
from viewer.io.archive.rows import Query, is_uid
from viewer.io.archive.stopping import Stop, stoppable

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.job import JobContext
    from viewer.io.archive.description import Archive
    from viewer.io.archive.rows import Found, SeriesRow


def check_connection(archive: Archive, ctx: JobContext, password: str = "") -> str:
    """Return in words that an archive answers: by C-ECHO, or by a search for one study.

    Raises
    ------
    ArchiveError
        When it does not, saying why.
    """
    web = _is_web(archive)

    def work(stop: Stop) -> str:
        if web:
            from viewer.io.archive.web import WebArchive

            with WebArchive(archive, password, stop) as asked:
                found = asked.find_studies(Query(), most=1)
            return "It answers." if found.studies else "It answers, and shows no studies."
        from viewer.io.archive.dimse import echo

        echo(archive, stop)
        return "It answers."

    return stoppable(ctx, work)


def find_studies(archive: Archive, query: Query, ctx: JobContext, password: str = "") -> Found:
    """Return the studies that match a query, the newest first, at most 500.

    Raises
    ------
    ArchiveError, CancelledError
    """
    web = _is_web(archive)

    def work(stop: Stop) -> Found:
        if web:
            from viewer.io.archive.web import WebArchive

            with WebArchive(archive, password, stop) as asked:
                return asked.find_studies(query)
        from viewer.io.archive import dimse

        return dimse.find_studies(archive, query, stop)

    return stoppable(ctx, work)


def find_series(archive: Archive, study_uid: str, ctx: JobContext, password: str = "") -> tuple[SeriesRow, ...]:
    """Return the series of a study by their number.

    Raises
    ------
    ArchiveError, CancelledError
    """
    web = _is_web(archive)
    _need_uid(archive, study_uid)

    def work(stop: Stop) -> tuple[SeriesRow, ...]:
        if web:
            from viewer.io.archive.web import WebArchive

            with WebArchive(archive, password, stop) as asked:
                return asked.find_series(study_uid)
        from viewer.io.archive import dimse

        return dimse.find_series(archive, study_uid, stop)

    return stoppable(ctx, work)


def retrieve(
    archive: Archive,
    study_uid: str,
    series_uid: str,
    root: Path,
    ctx: JobContext,
    password: str = "",
    *,
    largest: int = LARGEST_STUDY,
) -> Retrieved:
    """Bring a study, or one of its series, and return what came; objects that are there already do not come again.

    Parameters
    ----------
    series_uid
        "" for every series of the study.
    root
        The study's folder; `viewer.io.archive.landing` says what lies where in it.
    largest
        Bytes that may come at most.

    Raises
    ------
    ArchiveError
        When nothing came, or the archive went before the end; what has arrived is kept.
    StorageError
        When there is no room.
    CancelledError
        When the job was cancelled; what has arrived is kept.
    """
    web = _is_web(archive)
    for uid in (study_uid, *filter(None, [series_uid])):
        _need_uid(archive, uid)
    landing = Landing(root, study_uid, series_uid, largest=largest)
    telling = Telling(archive, landing, ctx)
    plans: list[Plan] = []

    def take(plan: Plan) -> None:
        plans.append(plan)
        landing.expect(plan.listed)
        telling.total = plan.total

    def work(stop: Stop) -> None:
        plan = _plan(archive, landing, password, stop)
        take(plan)
        if web:
            from viewer.io.archive import web_retrieve

            web_retrieve.retrieve(archive, plan, landing, password, stop)
        elif any(plan.missing.values()) or not plan.known:
            from viewer.io.archive import dimse_retrieve

            dimse_retrieve.retrieve(archive, plan, landing, telling, stop)

    try:
        stoppable(ctx, work, telling.look)
        telling.look()
    except ArchiveError as error:
        # What ends for want of room looks like a broken connection from inside.
        raise landing.full or error from None
    finally:
        landing.tidy()
    return result(archive, landing, telling, plans[0])


def others_by_now(
    archive: Archive, study_uid: str, series_uid: str, root: Path, ctx: JobContext, password: str = ""
) -> int:
    """Return how many objects an archive lists that are not here, or are others here: replaced, or of another patient.

    Nothing is brought.

    Raises
    ------
    ArchiveError, CancelledError
    """
    for uid in (study_uid, *filter(None, [series_uid])):
        _need_uid(archive, uid)
    landing = Landing(root, study_uid, series_uid)
    plan = stoppable(ctx, lambda stop: _plan(archive, landing, password, stop))
    return sum(map(len, plan.missing.values()))


def _plan(archive: Archive, landing: Landing, password: str, stop: Stop) -> Plan:
    """Return what has to come of the study, or the series of it, that a landing is for."""
    study_uid, series_uid, some_here = landing.study_uid, landing.series_uid, landing.root.is_dir()
    if _is_web(archive):
        from viewer.io.archive.web import WebArchive

        with WebArchive(archive, password, stop) as asked:
            landing.patient_id = asked.patient_of(study_uid) if some_here else ""
            return planned(asked.find_instances(study_uid, series_uid), landing)
    from viewer.io.archive import dimse

    landing.patient_id = dimse.patient_of(archive, study_uid, stop) if some_here else ""
    return planned(dimse.find_instances(archive, study_uid, series_uid, stop), landing)


def _is_web(archive: Archive) -> bool:
    need_extra()
    return checked(archive).kind is ArchiveKind.DICOMWEB


def _need_uid(archive: Archive, uid: str) -> None:
    if not is_uid(uid):
        raise failures.nothing_there(archive)
