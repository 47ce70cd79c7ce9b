"""Which archive is meant and how it is spoken to: a frozen description that holds no password."""

from __future__ import annotations

import json
from enum import StrEnum
from urllib.parse import urlsplit

from attrs import frozen

from viewer.domain.errors import ArchiveError
from viewer.io.strict_json import WrongJsonError, parse_json, structure, unstructure

LONGEST_NAME = 64
LONGEST_TITLE = 16
LOOPBACK = "127.0.0.1"


class ArchiveKind(StrEnum):
    """How an archive is spoken to."""

    DICOMWEB = "dicomweb"
    DIMSE = "dimse"


class RetrieveBy(StrEnum):
    """How a DIMSE archive sends images: on the connection that asked, or on one that it opens to us."""

    GET = "get"
    MOVE = "move"


@frozen
class Archive:
    """An archive.

    Attributes
    ----------
    name
        What people call it here.
    url, user, verify_tls
        DICOMweb: the address below which `/studies` lies, the user's name ("" for none), and whether the server's
        certificate has to be valid.
    host, port, title
        DIMSE: where it is, and its AE title.
    own_title
        DIMSE: the AE title that the archive knows us by.
    retrieve_by
        DIMSE: C-GET or C-MOVE.
    receiver_host, receiver_port
        C-MOVE: the address of this machine that images are received at while a retrieve runs.
    """

    name: str
    kind: ArchiveKind = ArchiveKind.DICOMWEB
    url: str = ""
    user: str = ""
    verify_tls: bool = True
    host: str = ""
    port: int = 104
    title: str = ""
    own_title: str = "CASESTAGE"
    retrieve_by: RetrieveBy = RetrieveBy.GET
    receiver_host: str = LOOPBACK
    receiver_port: int = 11112

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return self.url if self.kind is ArchiveKind.DICOMWEB else f"{self.title} at {self.host}:{self.port}"

    @property
    def in_clear(self) -> bool:
        """True where names, images and a password travel unencrypted over a network."""
        if self.kind is ArchiveKind.DIMSE:
            return not is_loopback(self.host)
        parts = urlsplit(self.url)
        return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, reached without a network."""
    return host == "localhost" or host == "::1" or host.startswith("127.")


def objection(archive: Archive) -> str:
    """Return what is wrong with a description, in a sentence, or ""."""
    if not archive.name.strip() or len(archive.name) > LONGEST_NAME or not archive.name.isprintable():
        return f"An archive needs a name of at most {LONGEST_NAME} letters."
    if archive.kind is ArchiveKind.DICOMWEB:
        return _web_objection(archive)
    if not archive.host or not archive.host.isprintable() or " " in archive.host:
        return "The host is missing, such as pacs.example.org."
    if not _is_port(archive.port):
        return "The port is a number from 1 to 65535, usually 104 or 11112."
    for what, title in (("The archive’s AE title", archive.title), ("Our AE title", archive.own_title)):
        if not _is_title(title):
            return f"{what} is 1 to {LONGEST_TITLE} plain letters, digits and signs."
    if archive.retrieve_by is RetrieveBy.MOVE:
        if not archive.receiver_host or " " in archive.receiver_host:
            return "The address to receive at is missing: the name or number of this machine in the archive’s network."
        if not _is_port(archive.receiver_port):
            return "The port to receive at is a number from 1 to 65535."
    return ""


def _web_objection(archive: Archive) -> str:
    try:
        parts = urlsplit(archive.url)
        port = parts.port
    except ValueError:
        return "This is not an address such as https://pacs.example.org/dicom-web."
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not archive.url.isprintable():
        return "The address starts with https:// or http:// and a host, such as https://pacs.example.org/dicom-web."
    if " " in archive.url or parts.query or parts.fragment:
        return "The address ends with the path of the service, without spaces, ? and #."
    if parts.username is not None or parts.password is not None:
        return "User and password do not belong into the address; the password is asked for."
    if ":" in archive.user or not archive.user.isprintable():
        return "The user’s name cannot hold a colon."
    return ""


def _is_port(port: int) -> bool:
    return 1 <= port <= 65535


def _is_title(title: str) -> bool:
    return 0 < len(title.strip()) <= LONGEST_TITLE and title.isascii() and title.isprintable() and "\\" not in title


def checked(archive: Archive) -> Archive:
    """Return the archive where its description is complete.

    Raises
    ------
    ArchiveError
        Saying what is missing.
    """
    wrong = objection(archive)
    if wrong:
        raise ArchiveError(f"The archive “{archive.name}” cannot be asked: its settings are incomplete.", wrong)
    return archive


def archive_text(archive: Archive) -> str:
    """Return an archive as a line of JSON."""
    return json.dumps(unstructure(archive), ensure_ascii=False)


def read_archive(text: str) -> Archive | None:
    """Return the archive of a line of JSON, or None where it is none."""
    try:
        return structure(parse_json(text), Archive)
    except WrongJsonError:
        return None
