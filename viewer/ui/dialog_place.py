"""The folder that a file dialog begins in: folders with images are often named after their patient."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewer.domain.session import Session


def begin_in(session: Session, usual: str) -> str:
    """Return the `usual` folder, and the user's own one while identity is hidden: a dialog shows where it is."""
    return str(Path.home()) if session.masked else usual
