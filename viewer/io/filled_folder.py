"""A folder that gets all that was made for it or nothing of it."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from viewer.io.atomic_file import is_unfinished, remove_left, remove_whole, storage_error, unfinished_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def filling(folder: Path, what: str) -> Iterator[Path]:
    """Give a folder to write into; once that is done, what it holds takes its place in `folder`.

    What bears the same name there is replaced, all else stays. Where the body raises, `folder` is as it was, and
    folders that were missing are missing still. What killed programs left of earlier tries is removed.

    Parameters
    ----------
    folder
        Where it all belongs; made where it is missing.
    what
        What it is, for the error's sentence: "The synthetic series".

    Raises
    ------
    StorageError
        When the file system refuses.
    """
    missing = [place for place in (folder.absolute(), *folder.absolute().parents) if not os.path.lexists(place)]
    waiting = folder / unfinished_name()
    try:
        waiting.mkdir(parents=True)
        new, old = waiting / "new", waiting / "old"
        new.mkdir()
        old.mkdir()
        yield new
        # Gone where the folder went away meanwhile, as with a stick that was pulled out: what was written last lies in
        # one of the same name that was made for it, without what was written first.
        old.stat()
        _move_in(new, old, folder)
        remove_left(folder)
    except OSError as error:
        raise storage_error(what, error) from error
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
        for place in missing:
            try:
                place.rmdir()
            except OSError:
                break


def remove_unfinished(folder: Path) -> None:
    """Remove what killed programs left in a folder into which nobody else writes, as far as it can be."""
    with suppress(OSError):
        for left in folder.iterdir():
            if is_unfinished(left.name):
                remove_whole(left)


def _move_in(new: Path, old: Path, folder: Path) -> None:
    """Move all of `new` to its place; what was there goes to `old`, and back where something cannot be moved."""
    moved: list[tuple[Path, Path]] = []
    try:
        for item in sorted(new.iterdir()):
            place = folder / item.name
            if os.path.lexists(place):
                _put_aside(place, old / item.name)
                moved.append((place, old / item.name))
            os.replace(item, place)
            moved.append((item, place))
    except OSError:
        for before, now in reversed(moved):
            with suppress(OSError):
                os.replace(now, before)
        raise


def _put_aside(place: Path, aside: Path) -> None:
    """Keep what is to be replaced; a file stays at its place as well, where the file system knows two names for one."""
    try:
        os.link(place, aside, follow_symlinks=False)
    except (OSError, NotImplementedError):
        os.replace(place, aside)
