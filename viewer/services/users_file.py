"""The text of a file that a user edits with an editor of their own."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def users_text(path: Path) -> str:
    """Return the text of a file in UTF-8, without the mark that some editors begin it with.

    Raises
    ------
    OSError
        Where it cannot be read.
    ValueError
        Where it is saved in another encoding; says in which line.
    """
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} has a letter that is not in UTF-8, in which the file has to be saved") from error


def users_toml(path: Path) -> tuple[dict[str, Any], str]:
    """Return what a file in TOML says, and its text.

    Raises
    ------
    OSError
        Where it cannot be read.
    ValueError
        Where it is no TOML, or saved in another encoding; says in which line.
    """
    text = users_text(path)
    try:
        return tomllib.loads(text), text
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
