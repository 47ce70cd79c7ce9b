"""Asking an archive by DIMSE: C-ECHO and C-FIND (DICOM PS3.4 annexes A and C, PS3.7)."""

from __future__ import annotations

import socket
import time
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pynetdicom import AE, _config, evt
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made while it is loaded
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)
from pynetdicom.transport import AssociationSocket

from viewer.io.archive import failures
from viewer.io.archive.checkpoint import pause_surely
from viewer.io.archive.extra import silence
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
from viewer.io.pydicom_headers import PARSER_FAILURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pynetdicom.association import Association

    from viewer.domain.errors import ArchiveError
    from viewer.io.archive.description import Archive
    from viewer.io.archive.stopping import Stop

FIND = StudyRootQueryRetrieveInformationModelFind
CONNECT_WITHIN_S = 8
LARGEST_PDU = 16 << 20
SEARCH = "a search by C-FIND"
OUR_PDU = 128 << 10
CALLING_UNKNOWN, CALLED_UNKNOWN = 3, 7

silence()
_config.LOG_HANDLER_LEVEL = "none"
_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False


def _shut(line: AssociationSocket) -> None:
    wire = line.socket
    if wire is not None:
        with suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)
        wire.close()


# pynetdicom 3.0.4 leaves a socket open that the other side, or nobody, has connected any more.
AssociationSocket._shutdown_socket = _shut  # type: ignore[assignment,method-assign]
pause_surely()


def entity(title: str) -> AE:
    """Return an application entity of ours that gives up on an archive that is silent."""
    ae = AE(title)
    ae.connection_timeout = CONNECT_WITHIN_S
    ae.acse_timeout = failures.ANSWER_WITHIN_S
    ae.dimse_timeout = failures.ANSWER_WITHIN_S
    ae.network_timeout = 2 * failures.ANSWER_WITHIN_S
    ae.maximum_pdu_size = OUR_PDU
    return ae


def guard(event: evt.Event) -> socket.socket:
    """Make a connection that opens quick, and let no message part of an absurd length be read into memory.

    Returns what it runs over, to be closed at the end: where the other side hangs up pynetdicom may leave it open.
    """
    line: Any = event.assoc.dul.socket
    read, options = line.recv, line.socket.setsockopt
    # A message travels in two parts, and TCP holds the second back until the first is acknowledged, which the other
    # side puts off for 40 ms: ours goes out at once, and theirs is acknowledged at once where the system can do it.
    options(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    acknowledge: int | None = getattr(socket, "TCP_QUICKACK", None)

    def bounded(count: int) -> bytearray:
        if count > LARGEST_PDU:
            raise OSError("an absurd length")
        if acknowledge is not None:
            options(socket.IPPROTO_TCP, acknowledge, 1)
        answer: bytearray = read(count)
        return answer

    line.recv = bounded
    wire: socket.socket = line.socket
    return wire


def cut(association: Association) -> None:
    """End a connection at once, also while it waits for the other side."""
    line = association.dul.socket
    if line is not None:
        _shut(line)


@contextmanager
def associated(
    archive: Archive,
    contexts: Sequence[tuple[str, Sequence[str] | None]],
    service: str,
    stop: Stop,
    *,
    roles: Sequence[Any] = (),
    handlers: Sequence[Any] = (),
) -> Iterator[Association]:
    """Give an association with an archive; it is released afterwards, or aborted where something went wrong.

    Parameters
    ----------
    contexts
        SOP classes with their transfer syntaxes, None for the usual ones; one presentation context each.
    service
        What it is for, in words.

    Raises
    ------
    ArchiveError
        When it cannot be reached or refuses.
    """
    wires: list[socket.socket] = []
    try:
        association = _agreed(archive, contexts, service, stop, roles, handlers, wires)
        stop.ends(lambda: cut(association))
        try:
            yield association
        except BaseException:
            association.abort(block=False)
            cut(association)
            raise
        if association.is_established:
            association.release()
    finally:
        for wire in wires:
            wire.close()


def _agreed(
    archive: Archive,
    contexts: Sequence[tuple[str, Sequence[str] | None]],
    service: str,
    stop: Stop,
    roles: Sequence[Any],
    handlers: Sequence[Any],
    wires: list[socket.socket],
) -> Association:
    """Return an association as `associated` gives it, and put what it runs over into `wires`."""
    ae = entity(archive.own_title)
    for sop_class, syntaxes in contexts:
        ae.add_requested_context(sop_class, list(syntaxes) if syntaxes is not None else None)
    refusals: list[A_ASSOCIATE_RJ] = []

    def on_open(event: evt.Event) -> None:
        wires.append(guard(event))

    def on_message(event: evt.Event) -> None:
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            refusals.append(event.pdu)

    stop.check()
    try:
        association = ae.associate(
            archive.host,
            archive.port,
            ae_title=archive.title,
            ext_neg=list(roles),
            evt_handlers=[(evt.EVT_CONN_OPEN, on_open), (evt.EVT_PDU_RECV, on_message), *handlers],
        )
    except (OSError, ValueError) as error:
        raise failures.unknown_host(archive) from error
    if association.is_established:
        return association
    if refusals:
        raise _refused(archive, refusals[0])
    raise _why_not(archive, association, service, connected=bool(wires))


def _why_not(archive: Archive, association: Association, service: str, *, connected: bool) -> ArchiveError:
    if not connected:
        return failures.unreachable(archive)
    if association.rejected_contexts and not association.accepted_contexts:
        return failures.not_offered(archive, service)
    return failures.garbled(archive, "no association was agreed on")


def _refused(archive: Archive, answer: A_ASSOCIATE_RJ) -> ArchiveError:
    """Return the error for a refusal, as it was sent.

    `is_rejected` cannot be asked: where the line is closed before pynetdicom looks at it, it says aborted instead.
    """
    if answer.source == 1 and answer.reason_diagnostic == CALLING_UNKNOWN:
        return failures.our_title_unknown(archive)
    if answer.source == 1 and answer.reason_diagnostic == CALLED_UNKNOWN:
        return failures.their_title_unknown(archive)
    return failures.turned_away(archive, f"source {answer.source}, reason {answer.reason_diagnostic}")


def echo(archive: Archive, stop: Stop) -> None:
    """Return where an archive answers to C-ECHO.

    Raises
    ------
    ArchiveError
        When it does not.
    """
    with associated(archive, [(Verification, None)], "a connection test", stop) as association:
        asked_s = time.monotonic()
        status = _asked(archive, lambda: association.send_c_echo())
        if "Status" not in status:
            raise no_answer(archive, asked_s)
        if status.Status != 0:
            raise failures.dimse_failure(archive, status.Status)


def find_studies(archive: Archive, query: Query, stop: Stop) -> Found:
    """Return the studies that match, the newest first, at most 500."""
    with associated(archive, [(FIND, None)], SEARCH, stop) as association:
        for wanted in spellings(query):
            keys = {**dict.fromkeys(STUDY_KEYS, ""), **wanted}
            answers, more = _matches(archive, association, "STUDY", keys, stop, MOST_ROWS)
            rows = [row for row in map(study_row, answers) if row is not None]
            if is_loose(wanted, query):
                rows = [row for row in rows if is_meant(row, query)]
            if rows or more:
                break
        return Found(newest_first(rows), more)


def find_series(archive: Archive, study_uid: str, stop: Stop) -> tuple[SeriesRow, ...]:
    """Return the series of a study by their number."""
    with associated(archive, [(FIND, None)], SEARCH, stop) as association:
        return _series(archive, association, study_uid, "", stop)


def find_instances(archive: Archive, study_uid: str, series_uid: str, stop: Stop) -> dict[str, tuple[InstanceRow, ...]]:
    """Return the objects of a study, or of one of its series, by series; () where it does not say.

    Raises
    ------
    ArchiveError
        When the study, or the series, is not there.
    """
    with associated(archive, [(FIND, None)], SEARCH, stop) as association:
        series = [row.series_uid for row in _series(archive, association, study_uid, series_uid, stop)]
        if not series:
            raise failures.nothing_there(archive)
        found: dict[str, tuple[InstanceRow, ...]] = {}
        for uid in series:
            keys = {**dict.fromkeys(INSTANCE_KEYS, ""), "StudyInstanceUID": study_uid, "SeriesInstanceUID": uid}
            answers, _ = _matches(archive, association, "IMAGE", keys, stop, MOST_INSTANCES)
            rows = (instance_row(values, uid) for values in answers)
            found[uid] = tuple({row.sop_uid: row for row in rows if row is not None}.values())
        return found


def patient_of(archive: Archive, study_uid: str, stop: Stop) -> str:
    """Return the ID of the patient whose study it is; "" where the archive does not say."""
    with associated(archive, [(FIND, None)], SEARCH, stop) as association:
        keys = {**dict.fromkeys(PATIENT_KEYS, ""), "StudyInstanceUID": study_uid}
        answers, _ = _matches(archive, association, "STUDY", keys, stop, 2)
        return patient_in(answers, study_uid)


def _series(
    archive: Archive, association: Association, study_uid: str, series_uid: str, stop: Stop
) -> tuple[SeriesRow, ...]:
    keys = {**dict.fromkeys(SERIES_KEYS, ""), "StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid}
    answers, _ = _matches(archive, association, "SERIES", keys, stop, MOST_SERIES)
    rows = [row for row in (series_row(values, study_uid) for values in answers) if row is not None]
    return by_number([row for row in rows if series_uid in ("", row.series_uid)])


def _matches(
    archive: Archive, association: Association, level: str, keys: dict[str, str], stop: Stop, most: int
) -> tuple[list[Values], bool]:
    """Return the answers to one C-FIND, and whether there are more than `most`."""
    identifier = Dataset()
    identifier.QueryRetrieveLevel = level
    with warnings.catch_warnings():
        # pydicom says so where a value is not of the form that its attribute has, and quotes it.
        warnings.simplefilter("ignore")
        if not all(value.isascii() for value in keys.values()):
            identifier.SpecificCharacterSet = "ISO_IR 192"
        for keyword, value in keys.items():
            setattr(identifier, keyword, value)
        found: list[Values] = []
        asked_s = time.monotonic()
        for status, answer in _asked(archive, lambda: association.send_c_find(identifier, FIND)):
            stop.check()
            if "Status" not in status:
                raise no_answer(archive, asked_s)
            asked_s = time.monotonic()
            if status.Status not in (0xFF00, 0xFF01):
                if status.Status == 0:
                    return found, False
                raise failures.dimse_failure(archive, status.Status)
            if len(found) == most:
                # There is no use in listening to the rest.
                cut(association)
                return found, True
            if answer is not None:
                found.append(_values(answer, keys))
    raise failures.broken_off(archive)


def _asked(archive: Archive, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except ValueError as error:
        # The archive took the association, but not this service.
        raise failures.not_offered(archive, SEARCH) from error
    except RuntimeError as error:
        raise failures.broken_off(archive) from error


def no_answer(archive: Archive, asked_s: float) -> ArchiveError:
    """Return the error for a question that got no answer: the archive was silent for long, or went."""
    # pynetdicom gives the same for both.
    waited_s = time.monotonic() - asked_s
    return failures.silent(archive) if waited_s > failures.ANSWER_WITHIN_S - 1 else failures.hung_up(archive)


def _values(answer: Dataset, keys: dict[str, str]) -> Values:
    found: dict[str, tuple[str, ...]] = {}
    for keyword in keys:
        try:
            value = answer.get(keyword)
        except PARSER_FAILURES:
            continue
        if value is not None and value != "":
            parts = list(value)[:64] if isinstance(value, MultiValue | list) else [value]
            found[keyword] = tuple(clean(part) for part in parts)
    return found
