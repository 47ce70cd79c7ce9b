"""What the command line prints: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import threading
from typing import TYPE_CHECKING

from viewer.domain.errors import CaseStageError, NothingToOpenError, StorageError

if TYPE_CHECKING:
    from viewer.domain.job import JobContext, Progress

_MOST_LINES = 30
# What a file says of itself must not steer the terminal.
_STEERING = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def forgiving_output() -> None:
    """Make characters that the terminal or a file name does not know come out as escapes, not as an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str = "") -> None:
    """Print a line for a person."""
    _print(text.translate(_STEERING))


def say_json(value: object) -> None:
    """Print a value for another program, in ASCII, which every terminal and pipe carries unchanged."""
    _print(json.dumps(value, indent=1, allow_nan=False))


def finish_output() -> None:
    """Hand over what was said, so that a full disk is noticed while it can still be told.

    Raises
    ------
    StorageError
        When it cannot be written; BrokenPipeError where nobody reads it any more.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _not_printed(error) from error


def drop_output() -> None:
    """Let what could not be handed over go; Python would complain once more when it ends."""
    if sys.stdout is not None and isinstance(sys.stdout, io.TextIOWrapper):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print(text: str) -> None:
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError:
        raise
    except (OSError, AttributeError) as error:
        # Where standard output was closed from the start there is no stream at all.
        raise _not_printed(error) from error


def _not_printed(error: Exception) -> StorageError:
    drop_output()
    return StorageError(
        "What was found out could not be printed.",
        "Check where the output goes.",
        getattr(error, "strerror", None) or "",
    )


def complain(error: CaseStageError, *, details: bool = False) -> None:
    """Print what went wrong and what to do about it."""
    if sys.stderr is None:
        return
    lines = [f"casestage: {error.sentence}", f"  {error.hint}" if error.hint else ""]
    if details and error.detail:
        listed = error.detail.splitlines()
        lines += [f"  {line}" for line in (shortened(listed) if isinstance(error, NothingToOpenError) else listed)]
    sys.stderr.write("".join(f"{line}\n".translate(_STEERING) for line in lines if line))


def shortened(lines: list[str]) -> list[str]:
    """Return a list as far as it is read on a terminal, and how many lines there are beyond."""
    more = len(lines) - _MOST_LINES
    return lines if more <= 1 else [*lines[:_MOST_LINES], f"and {more:,} more"]


def progress_context() -> JobContext:
    """Return a context that shows progress on a terminal and stays silent in a pipe."""
    from viewer.domain.job import JobContext

    if sys.stderr is None or not sys.stderr.isatty():
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


def progress_lines() -> JobContext:
    """Return a context that tells progress on standard error as one JSON object in a line, for another program."""
    from viewer.domain.job import JobContext

    lock = threading.Lock()

    def show(progress: Progress) -> None:
        with lock:
            if sys.stderr is not None:
                sys.stderr.write(json.dumps({"fraction": progress.fraction, "what": progress.what}) + "\n")
                sys.stderr.flush()

    return JobContext(show)
