"""Drafts of cases on disk, so that a crash costs nothing: a file for each, written anew with every change.

They hold the UID of the series that they tell of, as the decisions file does, and no name; readable for the user alone.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from attrs import frozen

from viewer.domain.draft import Draft
from viewer.domain.errors import StorageError
from viewer.io.atomic_file import private_folder, storage_error, write_atomically
from viewer.io.migrations import migrated
from viewer.io.strict_json import WrongJsonError, json_text, read_json, structure, unstructure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.volume import Volume

_FORMAT, _VERSION = "casestage draft", 1
_ID = re.compile(r"[0-9a-f]{32}")
_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


@frozen
class _Document:
    format: str
    version: int
    draft: Draft


def write_draft(folder: Path, draft: Draft) -> bytes:
    """Write a draft in the place of what was there of it, and return what its file holds then.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    private_folder(folder, "The draft")
    content = json_text(unstructure(_Document(_FORMAT, _VERSION, draft))).encode("utf-8")
    place = _place(folder, draft.id)
    write_atomically(place, content, "The draft")
    _put_last(place)
    return content


def _put_last(place: Path) -> None:
    """Let a draft be the newest of its folder, also where the clock was put back since the others were written."""
    with suppress(OSError):
        newest = max((other.stat().st_mtime_ns for other in place.parent.glob("*.json") if other != place), default=0)
        if newest >= place.stat().st_mtime_ns:
            # File systems of sticks count in steps of two seconds.
            os.utime(place, ns=(newest, newest + 2 * 10**9))


def content_of(folder: Path, draft_id: str) -> bytes | None:
    """Return what a draft's file holds; None where there is none, or it cannot be read."""
    try:
        return _place(folder, draft_id).read_bytes()
    except OSError:
        return None


def drafts_of(folder: Path, volume: Volume) -> tuple[Draft, ...]:
    """Return the drafts about a volume, the newest first; files that are damaged are left where they are."""
    found = []
    for path in folder.glob("*.json") if folder.is_dir() else ():
        try:
            stored = read_json(path)
            if not isinstance(stored, dict) or stored.get("format") != _FORMAT:
                continue
            draft = structure(migrated(stored, _VERSION, _MIGRATIONS), _Document).draft
            if draft.is_of(volume) and path == _place(folder, draft.id):
                found.append((path.stat().st_mtime_ns, draft))
        except (WrongJsonError, StorageError, OSError):
            continue
    return tuple(draft for _, draft in sorted(found, key=lambda one: -one[0]))


def remove_draft(folder: Path, draft_id: str) -> None:
    """Remove a draft that became a case or is not wanted any more.

    Raises
    ------
    StorageError
        When it cannot be removed.
    """
    try:
        _place(folder, draft_id).unlink(missing_ok=True)
        home = home_of(folder, draft_id)
        if home.is_dir():
            shutil.rmtree(home)
    except OSError as error:
        raise storage_error("The draft", error) from error


def copy_home(folder: Path, draft_id: str, to_id: str) -> None:
    """Copy what a draft brings into its case to another draft, as far as it can be."""
    home = home_of(folder, draft_id)
    with suppress(OSError, shutil.Error):
        if home.is_dir():
            shutil.copytree(home, home_of(folder, to_id))


def home_of(folder: Path, draft_id: str) -> Path:
    """Return the folder of what a draft brings into its case, such as pictures; it need not be there."""
    return _place(folder, draft_id).with_suffix("")


def keep_file(folder: Path, draft_id: str, name: str, content: bytes) -> None:
    """Write a file that a draft brings into its case, for the user alone; `name` is its path in the case.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    home = home_of(folder, draft_id)
    private_folder(home, "The picture")
    write_atomically(home / name, content, "The picture")


def _place(folder: Path, draft_id: str) -> Path:
    if not _ID.fullmatch(draft_id):
        raise StorageError("The draft has no name that a file can have.")
    return folder / f"{draft_id}.json"
