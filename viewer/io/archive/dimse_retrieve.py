"""Retrieving by DIMSE: C-GET, and C-MOVE to a receiver of ours that is open only meanwhile (PS3.4 C.4.2, C.4.3)."""

from __future__ import annotations

import threading
import time
import warnings
from collections import Counter
from contextlib import contextmanager
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, cast

from pydicom.dataset import Dataset
from pynetdicom import AllStoragePresentationContexts, build_role, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made while it is loaded
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)
from pynetdicom.transport import ThreadedAssociationServer

from viewer.domain.errors import StorageError
from viewer.io.archive import failures
from viewer.io.archive.description import RetrieveBy
from viewer.io.archive.dimse import associated, cut, entity, guard, no_answer
from viewer.io.archive.landing import LARGEST_INSTANCE, RefusedError
from viewer.io.pydicom_headers import PARSER_FAILURES

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from pynetdicom.association import Association
    from pynetdicom.dimse_primitives import C_STORE

    from viewer.io.archive.description import Archive
    from viewer.io.archive.landing import Landing
    from viewer.io.archive.retrieved import Plan, Telling
    from viewer.io.archive.rows import InstanceRow
    from viewer.io.archive.stopping import Stop

GET = StudyRootQueryRetrieveInformationModelGet
MOVE = StudyRootQueryRetrieveInformationModelMove
# What CT comes in first; the others are there because some archive somewhere keeps them.
SYNTAXES = (
    "1.2.840.10008.1.2.1",  # explicit little endian
    "1.2.840.10008.1.2",  # implicit little endian
    "1.2.840.10008.1.2.4.70",  # JPEG lossless, first-order prediction
    "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.5",  # RLE
    "1.2.840.10008.1.2.4.201",  # HTJ2K lossless
    "1.2.840.10008.1.2.4.202",  # HTJ2K lossless, progressive
    "1.2.840.10008.1.2.4.81",  # JPEG-LS near-lossless
    "1.2.840.10008.1.2.4.91",  # JPEG 2000
    "1.2.840.10008.1.2.4.203",  # HTJ2K
    "1.2.840.10008.1.2.4.50",  # JPEG baseline
    "1.2.840.10008.1.2.4.51",  # JPEG extended
    "1.2.840.10008.1.2.4.57",  # JPEG lossless
    "1.2.840.10008.1.2.1.99",  # deflated
    "1.2.840.10008.1.2.2",  # explicit big endian
    "1.2.840.10008.1.2.4.53",  # JPEG spectral selection, retired
    "1.2.840.10008.1.2.4.55",  # JPEG full progression, retired
)
# Asked for where an archive does not say what it holds: CT in its forms, and what is found on CT.
USUAL_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.2.2",
    "1.2.840.10008.5.1.4.1.1.66.4",
    "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.7",
)
BY_GET, BY_MOVE = "retrieving by C-GET", "retrieving by C-MOVE"
MOST_CONTEXTS = 127
UIDS_AT_ONCE = 100
SUCCESS, OUT_OF_RESOURCES, DOES_NOT_MATCH = 0x0000, 0xA700, 0xA900
PENDING = (0xFF00, 0xFF01)
PARTLY = 0xB000
# Unknown destination, not authorized, no such service: no other series would come either.
HOPELESS = (0xA801, 0x0124, 0x0112, 0x0122, 0x0211)


class Arrivals:
    """Takes the objects that come over associations into a landing; the same for C-GET and C-MOVE."""

    def __init__(self, landing: Landing, stop: Stop) -> None:
        self._landing, self._stop = landing, stop
        self._unfinished: Counter[int] = Counter()

    @property
    def handlers(self) -> list[Any]:
        """What to bind to an association."""
        return [(evt.EVT_DATA_RECV, self._on_data), (evt.EVT_C_STORE, self._on_store)]

    def _on_data(self, event: evt.Event) -> None:
        line, count = id(event.assoc), len(event.data)
        self._unfinished[line] += count
        try:
            self._landing.arrived(count)
        except StorageError:
            cut(event.assoc)
        if self._unfinished[line] > LARGEST_INSTANCE:
            self._landing.refuse(f"An object is larger than {LARGEST_INSTANCE >> 30} GB; the archive’s line was cut.")
            cut(event.assoc)

    def _on_store(self, event: evt.Event) -> int:
        self._unfinished[id(event.assoc)] = 0
        if self._stop.asked or self._landing.full is not None:
            return OUT_OF_RESOURCES
        try:
            whole, asked = event.encoded_dataset(), cast("C_STORE", event.request)
        except PARSER_FAILURES:
            self._landing.refuse("Something came that is not a DICOM object.")
            return DOES_NOT_MATCH
        try:
            self._landing.take(lambda file: file.write(whole), str(asked.AffectedSOPInstanceUID))
        except RefusedError:
            return DOES_NOT_MATCH
        except StorageError:
            return OUT_OF_RESOURCES
        return SUCCESS


def retrieve(archive: Archive, plan: Plan, landing: Landing, telling: Telling, stop: Stop) -> None:
    """Bring the objects of a plan; what an archive does not send is missing in the landing afterwards.

    Raises
    ------
    ArchiveError
        When the archive cannot be reached, refuses, or goes before the end.
    """
    arrivals = Arrivals(landing, stop)
    if archive.retrieve_by is RetrieveBy.GET:
        contexts = [(str(GET), None), *_contexts(plan)]
        roles = [build_role(sop_class, scp_role=True) for sop_class in dict.fromkeys(c for c, _ in contexts[1:])]
        with associated(archive, contexts, BY_GET, stop, roles=roles, handlers=arrivals.handlers) as line:
            _ask(archive, line, plan, telling, landing, stop, lambda wanted: line.send_c_get(wanted, GET))
        return
    with receiving(archive, arrivals, _classes(plan)), associated(archive, [(MOVE, None)], BY_MOVE, stop) as line:
        _ask(
            archive,
            line,
            plan,
            telling,
            landing,
            stop,
            lambda wanted: line.send_c_move(wanted, archive.own_title, MOVE),
        )


def _classes(plan: Plan) -> list[str]:
    """Return the SOP classes of what has to come, the commonest first; none where an archive does not say."""
    counts = Counter(one.sop_class for missing in plan.missing.values() for one in missing)
    return [] if counts[""] or not plan.known else [sop_class for sop_class, _ in counts.most_common()]


def _contexts(plan: Plan) -> list[tuple[str, tuple[str, ...] | None]]:
    """Return SOP classes with one transfer syntax each.

    Where several syntaxes share a presentation context the other side agrees to one of them, and has to convert, or
    leave out, whatever is kept in another.
    """
    classes = _classes(plan) or list(USUAL_CLASSES)
    # The likely pairs first, should there be more than an association can hold.
    pairs: list[tuple[str, tuple[str, ...] | None]] = [
        (sop_class, (syntax,)) for syntax in SYNTAXES for sop_class in classes
    ]
    return pairs[:MOST_CONTEXTS]


@contextmanager
def receiving(archive: Archive, arrivals: Arrivals, classes: list[str]) -> Iterator[None]:
    """Listen at the archive's receiver address while the body runs, and never longer.

    Only the archive's own AE title is let in, and only to store objects of these SOP classes, or any where none is
    named.

    Raises
    ------
    ArchiveError
        When the address is not free, or not ours.
    """
    ae = entity(archive.own_title)
    for sop_class in classes or [str(context.abstract_syntax) for context in AllStoragePresentationContexts]:
        ae.add_supported_context(sop_class, list(SYNTAXES))
    ae.add_supported_context(Verification)
    ae.require_called_aet = True
    ae.require_calling_aet = [archive.title]
    wires: list[socket.socket] = []
    handlers = [(evt.EVT_CONN_OPEN, lambda event: wires.append(guard(event))), *arrivals.handlers]
    try:
        address = (archive.receiver_host, archive.receiver_port)
        server = ae.make_server(address, evt_handlers=handlers, server_class=ThreadedAssociationServer)
    except (OSError, OverflowError) as error:
        raise failures.receiver_busy(archive, getattr(error, "strerror", None) or "") from error
    # `start_server` looks only twice a second whether it has to end.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="casestage-receiver", daemon=True)
    thread.start()
    try:
        yield
    finally:
        TCPServer.shutdown(server)
        server.server_close()
        thread.join(1)
        open_lines = server.active_associations
        for line in open_lines:
            cut(line)
        for line in open_lines:
            line.join(0.2)
        for wire in wires:
            wire.close()


def _ask(
    archive: Archive,
    line: Association,
    plan: Plan,
    telling: Telling,
    landing: Landing,
    stop: Stop,
    send: Callable[[Dataset], Any],
) -> None:
    # Silence is judged by what arrives: a single large object may take longer than any answer should.
    line.dimse_timeout = None
    for series_uid, listed in plan.listed.items():
        for wanted in _identifiers(landing.study_uid, series_uid, listed, plan.missing[series_uid]):
            _follow(archive, wanted, telling, landing, stop, send)


def _identifiers(
    study_uid: str, series_uid: str, listed: tuple[InstanceRow, ...], missing: tuple[InstanceRow, ...]
) -> Iterator[Dataset]:
    """Return what to ask for: a whole series where all of it has to come, else the objects that have to."""
    if listed and not missing:
        return
    batches: list[list[str]] = [[]]
    if len(missing) < len(listed):
        uids = [instance.sop_uid for instance in missing]
        batches = [uids[n : n + UIDS_AT_ONCE] for n in range(0, len(uids), UIDS_AT_ONCE)]
    for batch in batches:
        wanted = Dataset()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted.QueryRetrieveLevel = "IMAGE" if batch else "SERIES"
            wanted.StudyInstanceUID = study_uid
            wanted.SeriesInstanceUID = series_uid
            if batch:
                wanted.SOPInstanceUID = batch
        yield wanted


def _follow(
    archive: Archive, wanted: Dataset, telling: Telling, landing: Landing, stop: Stop, send: Callable[[Dataset], Any]
) -> None:
    """Ask once and listen until the archive says that it is done."""
    asked_s = time.monotonic()
    try:
        answers = send(wanted)
        for status, _ in answers:
            stop.check()
            if "Status" not in status:
                raise failures.broken_off(archive, retrieving=True) if landing.count else no_answer(archive, asked_s)
            landing.arrived(0)
            if not telling.total:
                telling.total = _said_total(status)
            code = int(status.Status)
            if code in PENDING:
                continue
            if code not in (SUCCESS, PARTLY):
                _note_failure(archive, code, landing)
            return
    except ValueError as error:
        raise failures.not_offered(archive, BY_GET if archive.retrieve_by is RetrieveBy.GET else BY_MOVE) from error
    except RuntimeError as error:
        raise failures.broken_off(archive, retrieving=True) from error
    raise failures.broken_off(archive, retrieving=True)


def _note_failure(archive: Archive, code: int, landing: Landing) -> None:
    if code in HOPELESS:
        raise failures.dimse_failure(archive, code)
    # Other series, or part of this one, may come all the same.
    landing.refuse(f"“{archive.name}” could not send images (DIMSE status 0x{code:04X}).")


def _said_total(status: Dataset) -> int:
    parts = ("Remaining", "Completed", "Failed", "Warning")
    return sum(int(status.get(f"NumberOf{part}Suboperations") or 0) for part in parts)
