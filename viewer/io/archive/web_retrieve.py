"""Retrieving by DICOMweb: WADO-RS, object by object, several at once (DICOM PS3.18 section 10.4).

dicomweb-client would read each object into memory and decode it there; here it streams to disk as it was sent.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from dicomweb_client.uri import URI

from viewer.io.archive import failures
from viewer.io.archive.landing import LARGEST_INSTANCE, RefusedError
from viewer.io.archive.multipart import WrongMultipartError, first_part, parameters
from viewer.io.archive.web_session import CHUNK, CONNECT_WITHIN_S, Session, http_failures, status_failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    import requests

    from viewer.io.archive.description import Archive
    from viewer.io.archive.landing import Landing
    from viewer.io.archive.retrieved import Plan
    from viewer.io.archive.rows import InstanceRow
    from viewer.io.archive.stopping import Stop

AT_ONCE = 6
AS_IT_IS = 'multipart/related; type="application/dicom"; transfer-syntax=*'
AS_YOU_LIKE = 'multipart/related; type="application/dicom"'
# A server that fails this often in a row will not do better.
MOST_FAILURES_IN_A_ROW = 20


def retrieve(archive: Archive, plan: Plan, landing: Landing, password: str, stop: Stop) -> None:
    """Bring the objects of a plan; what an archive does not send is missing in the landing afterwards.

    Raises
    ------
    ArchiveError
        When the archive cannot be reached, refuses, or goes before the end.
    """
    waiting: queue.SimpleQueue[InstanceRow] = queue.SimpleQueue()
    for missing in plan.missing.values():
        for instance in missing:
            waiting.put(instance)
    count = min(AT_ONCE, waiting.qsize())
    end = _End()
    threads = [
        threading.Thread(
            target=_carry, args=(archive, waiting, landing, password, stop, end), name="casestage-wado", daemon=True
        )
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if end.failure is not None:
        raise end.failure


class _End:
    """What ends a retrieve early, shared by those who carry: a failure, or an archive that only sends what is none."""

    def __init__(self) -> None:
        self.failure: BaseException | None = None
        self._in_a_row = 0
        self._lock = threading.Lock()

    @property
    def here(self) -> bool:
        """True when no more has to be asked for."""
        return self.failure is not None or self._in_a_row >= MOST_FAILURES_IN_A_ROW

    def note(self, *, well: bool) -> None:
        """Note whether an object came."""
        with self._lock:
            self._in_a_row = 0 if well else self._in_a_row + 1


def _carry(
    archive: Archive,
    waiting: queue.SimpleQueue[InstanceRow],
    landing: Landing,
    password: str,
    stop: Stop,
    end: _End,
) -> None:
    """Bring objects until none is left or the retrieve ends."""
    session = Session(archive, password, stop)
    session.largest_answer, session.longest_answer_s = LARGEST_INSTANCE, float("inf")
    try:
        while not end.here:
            try:
                instance = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                with http_failures(archive, retrieving=True):
                    _bring(archive, session, instance, landing)
                end.note(well=True)
            except RefusedError:
                end.note(well=False)
    except BaseException as error:  # noqa: BLE001 - carried over to the thread that waits
        end.failure = end.failure or error
    finally:
        session.close()


def _bring(archive: Archive, session: Session, instance: InstanceRow, landing: Landing) -> None:
    where = URI(archive.url.rstrip("/"), landing.study_uid, instance.series_uid, instance.sop_uid, permissive=True)
    answer = _get(session, str(where), AS_IT_IS)
    if answer.status_code == 406:
        answer.close()
        answer = _get(session, str(where), AS_YOU_LIKE)
    with answer:
        _look_at_status(archive, answer, landing)
        media_type, boundary = parameters(answer.headers.get("Content-Type", ""))
        pieces: Iterable[bytes] = answer.iter_content(CHUNK)
        if media_type == "multipart/related" and boundary:
            pieces = first_part(pieces, boundary)
        elif media_type != "application/dicom":
            raise landing.refuse("The archive sent something other than a DICOM object.")

        def write(file: BinaryIO) -> None:
            for piece in _counted(pieces, landing):
                file.write(piece)

        try:
            landing.take(write, instance.sop_uid)
        except WrongMultipartError as error:
            raise landing.refuse("An object ended early.") from error


def _get(session: Session, where: str, accept: str) -> requests.Response:
    within = (CONNECT_WITHIN_S, failures.ANSWER_WITHIN_S)
    return session.get(where, headers={"Accept": accept}, stream=True, timeout=within)


def _look_at_status(archive: Archive, answer: requests.Response, landing: Landing) -> None:
    status = answer.status_code
    if status in (401, 403):
        raise status_failure(archive, status)
    if status != 200:
        # This object alone may be lost or of a kind that the archive cannot send.
        raise landing.refuse(f"The archive could not send an object (HTTP status {status}).")


def _counted(pieces: Iterable[bytes], landing: Landing) -> Iterator[bytes]:
    for piece in pieces:
        landing.arrived(len(piece))
        yield piece
