"""What the command line prints: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import sys
import threading
from typing import TYPE_CHECKING

from viewer.domain.job import JobContext, Progress

if TYPE_CHECKING:
    from viewer.domain.errors import CaseStageError


def say(text: str = "") -> None:
    """Print a line for a person."""
    sys.stdout.write(text + "\n")


def say_json(value: object) -> None:
    """Print a value for another program."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def complain(error: CaseStageError, *, details: bool = False) -> None:
    """Print what went wrong and what to do about it."""
    sys.stderr.write(f"casestage: {error.sentence}\n")
    if error.hint:
        sys.stderr.write(f"  {error.hint}\n")
    if details and error.detail:
        sys.stderr.write(f"  {error.detail}\n")


def progress_context() -> JobContext:
    """Return a context that shows progress on a terminal and stays silent in a pipe."""
    if not sys.stderr.isatty():
        return JobContext()
    lock = threading.Lock()

    def show(progress: Progress) -> None:
        fraction = progress.fraction
        share = f"{fraction:4.0%} " if fraction is not None else ""
        with lock:
            sys.stderr.write(f"\r\033[K{share}{progress.what}")
            if fraction is not None and fraction >= 1:
                sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    return JobContext(show)
