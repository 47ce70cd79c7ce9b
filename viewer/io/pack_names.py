"""Names of files in a pack: the same file on every system, and never another place."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

LONGEST, DEEPEST = 200, 8
_FORBIDDEN = frozenset('<>:"|?*\\')
_DEVICES = frozenset(
    [
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{kind}{n}" for kind in ("com", "lpt") for n in "0123456789¹²³"),
    ]
)


def objection(name: str) -> str:
    """Return why a file of a pack must not be called so, as the end of a sentence; "" where it may."""
    parts = name.split("/")
    if not name or any(not part for part in parts):
        return "has an empty name or leads to the root of the disk"
    if any(part in (".", "..") for part in parts):
        return "leads out of its folder"
    if any(c in _FORBIDDEN or not c.isprintable() for c in name):
        return "holds a character that names must not hold"
    if len(name) > LONGEST or len(parts) > DEEPEST:
        return "is too long or too deep"
    if any(part != part.strip(" ") or part.endswith(".") for part in parts):
        return "begins or ends with a space or a dot"
    if any(part.split(".")[0].strip().casefold() in _DEVICES for part in parts):
        return "is the name of a device"
    if unicodedata.normalize("NFC", name) != name:
        return "is not written as names are"
    return ""


def folded_name(name: str) -> str:
    """Return a name as systems compare it that know no case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def collision(names: list[str]) -> str:
    """Return the first name that stands for the same file as an earlier one, or for a folder that is a file; or ""."""
    files: set[str] = set()
    folders: set[str] = set()
    for name in names:
        own = folded_name(name)
        above = {str(folder) for folder in PurePosixPath(own).parents}
        if own in files or own in folders or above & files:
            return name
        files.add(own)
        folders |= above
    return ""
