"""The number of the newest entry of the journal, in a small file beside it, which tells where entries are gone.

What was decided last lies in SQLite's log alone until that is brought into the file. Where the log is lost or damaged,
or an older copy takes the place of the file, SQLite gives what is left without a word, and that is true to itself.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from viewer.io.journal_event import newest_sequence
from viewer.io.journal_faults import UnreadJournalError

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

_MOST_BYTES = 32


def what_is_gone(connection: sqlite3.Connection, path: Path, *, writing: bool) -> UnreadJournalError | None:
    """Return what is told where the newest entries are not in a journal any more; None where all are there.

    Whoever writes is told once, as an older file may have been put there on purpose.

    Raises
    ------
    sqlite3.Error
        When it cannot be read.
    """
    noted = _noted(path)
    newest = newest_sequence(connection) or 0
    if writing and newest != noted:
        note_newest(path, newest)
    return _gone(noted - newest) if newest < noted else None


def note_newest(path: Path, sequence: int) -> None:
    """Note the number of the newest entry once it is on disk.

    Not synced: after a power cut an older number, or none, may be there, which tells of nothing that is not so. Where
    it cannot be written the entry is kept none the less.
    """
    beside = _place(path).with_suffix(".new")
    with contextlib.suppress(OSError):
        beside.write_text(str(sequence), encoding="ascii")
        os.replace(beside, _place(path))


def forget_newest(path: Path) -> None:
    """Forget the number, where the file is known to be another one."""
    with contextlib.suppress(OSError):
        _place(path).unlink(missing_ok=True)


def _noted(path: Path) -> int:
    """Return the number of the newest entry that was ever written to a journal, 0 where that is not known."""
    try:
        with _place(path).open("rb") as file:
            return max(0, int(file.read(_MOST_BYTES)))
    except (OSError, ValueError):
        return 0


def _gone(missing: int) -> UnreadJournalError:
    """Return what is told where the newest entries are not in the journal any more."""
    what = "newest entry" if missing == 1 else f"newest {missing:,} entries"
    return UnreadJournalError(
        f"The {what} among the decisions and measurements on this computer {'is' if missing == 1 else 'are'} not there "
        "any more.",
        "Their file was replaced by an older one, or what lay beside it was taken away. Look again at what you decided "
        "last, or hold it against the copies in “backups”.",
    )


def _place(path: Path) -> Path:
    return path.with_name(path.name + ".newest")
