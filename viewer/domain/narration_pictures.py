"""Pictures in a narration, named as Markdown names a picture: by a path in the case's own folder."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)[^)]*\)")
DESCRIPTION = "Picture"


def pictures_named(text: str, *, leading_out: bool = False) -> tuple[str, ...]:
    """Return the paths of pictures that may lie in the case's folder, in the order they stand; each once.

    With `leading_out` paths to other places stand among them, for who has to refuse such; addresses never do.
    """
    found = (name for name in _PICTURE.findall(text) if _within(name) or (leading_out and ":" not in name))
    return tuple(dict.fromkeys(found))


def with_picture(text: str, name: str) -> str:
    """Return a narration with one more picture, in a paragraph of its own at its end."""
    said = text.rstrip()
    return f"{said}\n\n![{DESCRIPTION}]({name})" if said else f"![{DESCRIPTION}]({name})"


def without_picture(text: str, name: str) -> str:
    """Return a narration without a picture, and without the empty paragraph that it leaves."""
    left = _PICTURE.sub(lambda found: "" if found[1] == name else found[0], text)
    return left if left == text else re.sub(r"\n{3,}", "\n\n", left).strip()


def apart_from_pictures(text: str) -> list[tuple[str, str]]:
    """Return the words of a narration part by part, each with the picture that follows it, "" where none does."""
    parts, start = [], 0
    for found in _PICTURE.finditer(text):
        parts.append((text[start : found.start()], found[1] if _within(found[1]) else ""))
        start = found.end()
    return [*parts, (text[start:], "")]


def _within(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and not set(name) & set(":\\\0")
