"""A DICOM archive on loopback that answers as it is told, as none should."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pynetdicom import AE, StoragePresentationContexts, evt
from pynetdicom.sop_class import (
    CTImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)
from pynetdicom.transport import ThreadedAssociationServer

from tests.archive.conftest import SERIES, STUDY
from tests.archive.orthanc import free_port
from viewer.domain.job import JobContext
from viewer.io.archive import ask
from viewer.io.archive.description import Archive, ArchiveKind, RetrieveBy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


NOTHING = JobContext()

TITLE, OURS = "ODD", "CASESTAGE"

EXPLICIT = "1.2.840.10008.1.2.1"


@contextmanager
def archive(
    find: Callable[[evt.Event], Any] | None = None,
    get: Callable[[evt.Event], Any] | None = None,
    move: Callable[[evt.Event], Any] | None = None,
    listed: list[Dataset] | None = None,
) -> Iterator[Archive]:
    """Run an archive on loopback; where no `find` is given it lists the series and the images of `listed`."""

    def lists(event: evt.Event) -> Any:
        if event.identifier.QueryRetrieveLevel == "SERIES":
            row = Dataset()
            row.SeriesInstanceUID = SERIES
            yield 0xFF00, row
            return
        for image in listed or []:
            row = Dataset()
            row.SOPInstanceUID, row.SOPClassUID = image.SOPInstanceUID, image.SOPClassUID
            yield 0xFF00, row

    wires: list[Any] = []
    handlers: list[Any] = [
        (evt.EVT_C_FIND, find or lists),
        (evt.EVT_CONN_OPEN, lambda event: wires.append(event.assoc.dul.socket.socket)),
    ]
    ae = AE(TITLE)
    ae.add_supported_context(Verification)
    ae.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    if get is not None:
        ae.add_supported_context(StudyRootQueryRetrieveInformationModelGet)
        ae.add_supported_context(CTImageStorage, EXPLICIT, scu_role=True, scp_role=True)
        handlers.append((evt.EVT_C_GET, get))
    if move is not None:
        ae.add_supported_context(StudyRootQueryRetrieveInformationModelMove)
        ae.requested_contexts = StoragePresentationContexts[:100]
        handlers.append((evt.EVT_C_MOVE, move))
    server = ae.make_server(("127.0.0.1", 0), evt_handlers=handlers, server_class=ThreadedAssociationServer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield Archive(
            "Odd",
            ArchiveKind.DIMSE,
            host="127.0.0.1",
            port=server.server_address[1],
            title=TITLE,
            own_title=OURS,
            retrieve_by=RetrieveBy.MOVE if move is not None else RetrieveBy.GET,
            receiver_port=free_port(),
        )
    finally:
        for line in server.active_associations:
            line.abort()
        TCPServer.shutdown(server)
        server.server_close()
        thread.join(5)
        for wire in wires:
            wire.close()


def fetch(asked: Archive, root: Path, ctx: JobContext = NOTHING) -> Any:
    return ask.retrieve(asked, STUDY, SERIES, root, ctx)
