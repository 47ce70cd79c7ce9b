"""What can go wrong with an archive, each as a sentence and a hint. None of them quotes what was asked or answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.errors import ArchiveError, PasswordError
from viewer.io.archive.description import ArchiveKind, RetrieveBy

if TYPE_CHECKING:
    from viewer.io.archive.description import Archive

ANSWER_WITHIN_S = 30
KEPT = "What has arrived is kept: retrieve again to fetch the rest."


def unreachable(archive: Archive, why: str = "") -> ArchiveError:
    """Return the error for an archive that no connection leads to."""
    hint = f"Check the network and the place in its settings: {archive.place}."
    return ArchiveError(f"“{archive.name}” cannot be reached.", hint, why)


def unknown_host(archive: Archive) -> ArchiveError:
    """Return the error for a host that has no address."""
    hint = f"Check the host’s name in its settings: {archive.place}."
    return ArchiveError(f"There is no computer of the name that “{archive.name}” is set to.", hint)


def silent(archive: Archive) -> ArchiveError:
    """Return the error for an archive that is connected and does not answer."""
    return ArchiveError(
        f"“{archive.name}” does not answer.",
        "It may be busy, or something else listens at its port. Try again, or ask its administrator.",
        f"nothing came within {ANSWER_WITHIN_S} s",
    )


def broken_off(archive: Archive, *, retrieving: bool = False) -> ArchiveError:
    """Return the error for a connection that ended too early."""
    again = f"Try again. If it stays like this, check the place in its settings: {archive.place}."
    hint = KEPT if retrieving else again
    return ArchiveError(f"The connection to “{archive.name}” broke off.", hint)


def hung_up(archive: Archive) -> ArchiveError:
    """Return the error for a DIMSE archive that took the connection and ended it before it answered."""
    return ArchiveError(
        f"“{archive.name}” ended the connection before it answered.",
        f"It may not know the AE title {archive.own_title}: ask its administrator to register it with the address of "
        "this machine, with the right to search and retrieve.",
    )


def garbled(archive: Archive, what: str = "") -> ArchiveError:
    """Return the error for an answer that is not understood."""
    usual = "dicom-web" if archive.kind is ArchiveKind.DICOMWEB else "a DICOM port"
    return ArchiveError(
        f"“{archive.name}” answered something that is not understood.",
        f"Check that its settings lead to {usual} and not to another service.",
        what,
    )


def too_much(archive: Archive) -> ArchiveError:
    """Return the error for an answer that does not end."""
    return ArchiveError(
        f"“{archive.name}” answered more than can be taken.", "Narrow the search, by date for instance."
    )


def redirected(archive: Archive) -> ArchiveError:
    """Return the error for an archive that sends us to another server."""
    return ArchiveError(
        f"“{archive.name}” points to another server; it was not followed.",
        "If that is right, put the address of the other server into the settings.",
    )


def wrong_password(archive: Archive, *, asked: bool) -> PasswordError:
    """Return the error for a user or password that is refused, or missing."""
    if not asked:
        hint = "Put the user’s name into the archive’s settings; the password is then asked for."
        return PasswordError(f"“{archive.name}” wants a user and a password.", hint)
    return PasswordError(f"“{archive.name}” refused the user or the password.", "Type the password once more.")


def not_allowed(archive: Archive) -> ArchiveError:
    """Return the error for something that an archive does not let us do."""
    return ArchiveError(
        f"“{archive.name}” does not allow this.", "Ask its administrator for the right to search and retrieve."
    )


def untrusted(archive: Archive) -> ArchiveError:
    """Return the error for a certificate that cannot be verified."""
    return ArchiveError(
        f"“{archive.name}” cannot prove that it is the server it is said to be.",
        "Its certificate is not valid here. Ask its administrator for the certificate of the hospital’s authority, or "
        "turn the check off in its settings if you know the network.",
    )


def no_tls(archive: Archive) -> ArchiveError:
    """Return the error for a server that speaks plain HTTP where HTTPS is expected."""
    return ArchiveError(
        f"“{archive.name}” does not speak https at this address.",
        "Check host and port in its settings. If its administrator means it so, the address starts with http://; then "
        "names, images and the password travel unencrypted.",
    )


def no_service(archive: Archive) -> ArchiveError:
    """Return the error for an address with no DICOMweb service below it."""
    return ArchiveError(
        f"There is no DICOMweb service at the address of “{archive.name}”.",
        "The address ends with the path of the service, often /dicom-web or /dicomweb.",
    )


def http_failure(archive: Archive, status: int) -> ArchiveError:
    """Return the error for an HTTP status that has no sentence of its own."""
    return ArchiveError(
        f"“{archive.name}” reported an error.",
        "Try again later. If it stays like this, ask its administrator.",
        f"HTTP status {status}",
    )


def our_title_unknown(archive: Archive) -> ArchiveError:
    """Return the error for an archive that does not know us."""
    return ArchiveError(
        f"“{archive.name}” does not know the AE title {archive.own_title}.",
        "Ask its administrator to register it with the address of this machine, or correct “Our AE title”.",
    )


def their_title_unknown(archive: Archive) -> ArchiveError:
    """Return the error for an AE title that is not the archive's."""
    return ArchiveError(
        f"“{archive.name}” does not answer to the AE title {archive.title}.",
        "Correct the archive’s AE title in its settings.",
    )


def turned_away(archive: Archive, why: str) -> ArchiveError:
    """Return the error for an association that is refused for another reason."""
    return ArchiveError(f"“{archive.name}” refused the connection.", "Try again later, or ask its administrator.", why)


def not_offered(archive: Archive, what: str) -> ArchiveError:
    """Return the error for a service that an archive does not have."""
    return ArchiveError(
        f"“{archive.name}” does not offer {what}.",
        "Choose the other way to retrieve in its settings, or ask its administrator.",
    )


def no_destination(archive: Archive) -> ArchiveError:
    """Return the error for an archive that does not know where to send images."""
    return ArchiveError(
        f"“{archive.name}” does not know where {archive.own_title} is.",
        f"Ask its administrator to add {archive.own_title} at this machine’s address, port "
        f"{archive.receiver_port}, as a destination of C-MOVE.",
    )


def dimse_failure(archive: Archive, status: int) -> ArchiveError:
    """Return the error for a DIMSE status (PS3.7 annex C, PS3.4 C.4)."""
    if status == 0xA801:
        return no_destination(archive)
    if status in (0x0124, 0x0112):
        return not_allowed(archive)
    if status in (0x0122, 0x0211):
        return not_offered(archive, "this")
    return ArchiveError(
        f"“{archive.name}” reported an error.",
        "Try again later. If it stays like this, ask its administrator.",
        f"DIMSE status 0x{status:04X}",
    )


def receiver_busy(archive: Archive, why: str) -> ArchiveError:
    """Return the error for a receiver that cannot be opened."""
    return ArchiveError(
        f"Nothing can be received at {archive.receiver_host}, port {archive.receiver_port}.",
        "Another program uses the port, or the address is not this machine’s. Correct it in the archive’s settings.",
        why,
    )


def nothing_there(archive: Archive) -> ArchiveError:
    """Return the error for a study or series that holds no images."""
    return ArchiveError(f"“{archive.name}” has no images of this.", "Search again: they may have been moved.")


def nothing_came(archive: Archive, why: tuple[str, ...]) -> ArchiveError:
    """Return the error for a retrieve that brought nothing at all."""
    to_us = (
        f"It has to know {archive.own_title} at {archive.receiver_host}, port {archive.receiver_port}: ask its "
        "administrator, or correct the settings."
        if archive.kind is ArchiveKind.DIMSE and archive.retrieve_by is RetrieveBy.MOVE
        else ""
    )
    other = "Try another way to retrieve in its settings, or its DICOMweb if it has it."
    hint = " ".join(part for part in (*why, to_us, other) if part)
    return ArchiveError(f"“{archive.name}” sent none of the images.", hint)
