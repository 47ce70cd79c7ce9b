"""What the command line prints: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import io
import json
import sys
import threading
from typing import TYPE_CHECKING

from viewer.domain.job import JobContext, Progress

if TYPE_CHECKING:
    from viewer.domain.errors import CaseStageError


# What a file says of itself must not steer the terminal.
_STEERING = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def forgiving_output() -> None:
    """Make characters that the terminal or a file name does not know come out as escapes, not as an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str = "") -> None:
    """Print a line for a person."""
    sys.stdout.write(text.translate(_STEERING) + "\n")


def say_json(value: object) -> None:
    """Print a value for another program, in ASCII, which every terminal and pipe carries unchanged."""
    sys.stdout.write(json.dumps(value, indent=1, allow_nan=False) + "\n")


def complain(error: CaseStageError, *, details: bool = False) -> None:
    """Print what went wrong and what to do about it."""
    lines = [f"casestage: {error.sentence}", f"  {error.hint}" if error.hint else ""]
    if details and error.detail:
        lines += [f"  {line}" for line in error.detail.splitlines()]
    sys.stderr.write("".join(f"{line}\n".translate(_STEERING) for line in lines if line))


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
