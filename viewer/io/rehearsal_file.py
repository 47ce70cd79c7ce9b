"""The record of a case's newest rehearsal, and times and cues that were taken over from it.

One file for each case, beside the user's cases: what came with the program stays as it is.
"""

from __future__ import annotations

import hashlib
import logging
import re
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.io.atomic_file import write_atomically
from viewer.io.strict_json import WrongJsonError, json_text, read_json, structure, unstructure

if TYPE_CHECKING:
    from pathlib import Path

REHEARSAL_FORMAT = "casestage rehearsal"
REHEARSAL_VERSION = 1
MOST_CUES = 500
_log = logging.getLogger(__name__)
_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


@frozen
class Cue:
    """Something said or marked while rehearsing: at which step, how long after coming there; "" is a mere mark."""

    step: str
    at_s: float
    text: str = ""


@frozen
class StepTime:
    """How long one step took, in seconds."""

    step: str
    seconds: float


@frozen
class Rehearsal:
    """A case that was gone through with the clock.

    Attributes
    ----------
    when
        Local date and time, ISO 8601.
    times, cues
        What was measured and said.
    planned, added
        Times and cues that were taken over, for a case whose own document cannot be written.
    """

    case: str
    when: str
    times: tuple[StepTime, ...]
    cues: tuple[Cue, ...] = ()
    planned: tuple[StepTime, ...] = ()
    added: tuple[Cue, ...] = ()
    format: str = REHEARSAL_FORMAT
    version: int = REHEARSAL_VERSION


def rehearsal_path(folder: Path, case_id: str) -> Path:
    """Return where the record of a case is; an id that is no plain name stands for itself by its hash."""
    name = case_id if _PLAIN.fullmatch(case_id) else hashlib.sha256(case_id.encode()).hexdigest()[:32]
    return folder / f"{name}.json"


def read_rehearsal(folder: Path, case_id: str) -> Rehearsal | None:
    """Return the record of a case; None where there is none, or none that can be read (said in the log)."""
    try:
        stored = read_json(rehearsal_path(folder, case_id))
        made = structure(stored, Rehearsal)
    except FileNotFoundError:
        return None
    except (OSError, WrongJsonError) as error:
        _log.warning("a rehearsal cannot be read: %s", type(error).__name__)
        return None
    usable = made.format == REHEARSAL_FORMAT and made.version == REHEARSAL_VERSION and made.case == case_id
    whole = all(time.seconds >= 0 for time in (*made.times, *made.planned))
    return made if usable and whole else None


def write_rehearsal(folder: Path, rehearsal: Rehearsal) -> None:
    """Write the record of a case, in place of an older one.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    text = json_text(unstructure(rehearsal))
    write_atomically(rehearsal_path(folder, rehearsal.case), text.encode("utf-8"), "The rehearsal")
