"""What can be wrong with the journal's file, in sentences."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from viewer.domain.errors import StorageError
from viewer.io.atomic_file import storage_error
from viewer.io.sqlite_files import disk_is_full

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What SQLite says of a damaged schema may be no text.
FAULTS = (sqlite3.Error, UnicodeDecodeError)


class UnreadJournalError(StorageError):
    """A journal from which not all can be read: what was decided may seem not to be."""


class NewerJournalError(StorageError):
    """A journal that a newer program wrote."""


def newer_schema() -> NewerJournalError:
    """Return the error for a journal that a newer program wrote."""
    return NewerJournalError(
        "The decisions on this machine were kept by a newer CaseStage; they can be read here, not added to.",
        "Install the newest CaseStage to go on deciding.",
    )


def error_in_words(error: Exception, path: Path) -> StorageError:
    """Return what went wrong with the journal at a path, in a sentence."""
    if isinstance(error, OSError):
        said = storage_error("Decisions", error)
        return StorageError(said.sentence, "Make the disk writable; they are then written.", said.detail)
    if not isinstance(error, sqlite3.Error) or "Could not decode" in str(error):
        return damaged(type(error).__name__)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if disk_is_full(error, path):
        words = ("What you did last is not on disk: the disk is full.", "Free some space; it is then written.")
    elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        words = (
            "Decisions and measurements cannot be kept: the program's folder cannot be written to.",
            "Make the disk writable; what you do stays in memory until then.",
        )
    elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        words = ("The decisions on this machine are in use.", "Close the other program that uses them, then try again.")
    elif code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
        # The last is what a file gives that lacks a table or column.
        return damaged(str(error))
    else:
        words = (
            "What you did last could not be written to disk.",
            "Check the disk; what you do stays in memory until then.",
        )
    return StorageError(*words, str(error))


def damaged(detail: str) -> UnreadJournalError:
    """Return the error for a file that SQLite cannot read."""
    return UnreadJournalError(
        "The file with the decisions on this machine is damaged; nothing is added to it.",
        "Put the newest file of the folder “backups” beside it in its place.",
        detail,
    )


@contextmanager
def reading(read_only: StorageError | None) -> Iterator[None]:
    """Call nothing damaged that is only unknown here, where a newer program wrote it: no backup is better than that.

    Parameters
    ----------
    read_only
        Why the journal cannot be written, if it cannot.
    """
    try:
        yield
    except UnreadJournalError as error:
        if not isinstance(read_only, NewerJournalError):
            raise
        raise UnreadJournalError(
            "What is kept on this series was kept by a newer CaseStage and cannot be read here.",
            "Nothing is lost: install the newest CaseStage to see it.",
            error.detail,
        ) from error
