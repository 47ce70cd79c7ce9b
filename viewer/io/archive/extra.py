"""Whether the libraries of the extra `pacs` are here, and keeping what they log to themselves."""

from __future__ import annotations

import logging
import sys
from importlib.util import find_spec

from viewer.domain.errors import ArchiveError

LIBRARIES = {"pynetdicom": "pynetdicom>=3.0.4,<4", "dicomweb_client": "dicomweb-client>=0.61.2,<0.70"}
"""Modules of the extra and what they are installed by; pyproject.toml says the same."""


def is_installed() -> bool:
    """Return whether archives can be spoken to."""
    return all(_is_there(name) for name in LIBRARIES)


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def install_line() -> str:
    """Return the command that installs the extra beside this program."""
    wanted = " ".join(f'"{requirement}"' for requirement in LIBRARIES.values())
    return f'"{sys.executable}" -m pip install {wanted}'


def need_extra() -> None:
    """Raise ArchiveError where the extra is not installed."""
    if not is_installed():
        raise ArchiveError(
            "Archives need the extra “pacs”, which is not installed.", f"Install it with: {install_line()}"
        )


def silence() -> None:
    """Keep the libraries from logging: they write names, IDs and addresses with queries."""
    for name in ("pynetdicom", "dicomweb_client", "urllib3", "requests", "retrying"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
        # Without one, Python prints warnings of a logger that goes nowhere.
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
