"""Which CaseStage this is, for what it writes."""

from __future__ import annotations

from functools import cache

NAME = "CaseStage"
NOT_FOR_DIAGNOSTIC_USE = "Not for diagnostic use"


@cache
def program_version() -> str:
    """Return the version of the program, or "unknown" where it was not installed."""
    # Loaded here, as it brings the parser of mails with it, and no window is to wait for that.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("casestage")
    except PackageNotFoundError:
        return "unknown"
