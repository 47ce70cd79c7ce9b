"""What the user chose, remembered between starts."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen
from psygnal import Signal

from viewer.domain.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)


@frozen
class Choices:
    """Every remembered choice with its default.

    `recent` and `last_folder` were written by earlier versions; such paths can name patients, and are now kept in the
    index. `kiosk_idle_s` after the last touch a kiosk begins anew; `kiosk_cases` are the ids of the cases that it goes
    through, all where none is named. A finding has found a lesion from `match_overlap` (IoU) on; lesions below
    `least_lesion_ml` do not count.
    """

    reader: str = ""
    theme: str = "dark"
    interface_scale: float = 1.0
    reduce_motion: bool = False
    corner_text: str = "full"
    overlay: str = "outline"
    recent: tuple[str, ...] = ()
    last_folder: str = ""
    export_folder: str = ""
    window_geometry: str = ""
    masked: bool = False
    archives: tuple[str, ...] = ()
    archive: str = ""
    archive_search: tuple[str, ...] = ()
    library_page: str = "cases"
    side_panels: bool = True
    cine_rate: int = 15
    cine_back_and_forth: bool = False
    tool: str = "window"
    interpolation: str = "linear"
    layout: str = "four"
    main_view: str = "axial"
    colours: str = "grey"
    label_colours_of_file: bool = False
    presenter_opens: bool = True
    presenter_screen: str = ""
    presenter_geometry: str = ""
    notes_px: int = 26
    kiosk_idle_s: float = 60.0
    kiosk_cases: tuple[str, ...] = ()
    match_overlap: float = 0.1
    least_lesion_ml: float = 0.0


class Settings:
    """Holds the user's choices and writes each change to disk; `changed` carries (new, old).

    What another program wrote meanwhile (a command, a second window) is taken over with the next change, not undone.
    A file that cannot be understood is kept beside before it is written over; `unread` tells of one that was there at
    the start, None where all is well.
    """

    changed = Signal(object, object)

    def __init__(self, path: Path) -> None:
        self._path = path
        self.unread: StorageError | None = None
        there = None
        try:
            there = _read(path)
        except (OSError, ValueError) as error:
            _log.warning("the settings could not be read; the usual ones hold")
            self.unread = _unread(path, error)
        self._now = self._stored = there or Choices()

    @property
    def now(self) -> Choices:
        """The choices in force."""
        return self._now

    def change(self, **fields: Any) -> None:
        """Set choices by name and write them; an equal value writes nothing.

        Raises
        ------
        StorageError
            When the file cannot be written; the choice holds until the program ends.
        """
        old = self._now
        if attrs.evolve(old, **fields) == old:
            return
        new = attrs.evolve(old, **(self._of_others() | fields))
        self._now = new
        self.changed.emit(new, old)
        # Those who were told may have chosen more.
        written = self._now
        _write(self._path, written)
        self._stored = written

    def _of_others(self) -> dict[str, Any]:
        try:
            there = _read(self._path)
        except (OSError, ValueError):
            _log.warning("the settings could not be read; what holds now holds on")
            with contextlib.suppress(OSError):
                os.replace(self._path, _beside(self._path))
            return {}
        if there is None:
            return {}
        names = [field.name for field in attrs.fields(Choices)]
        return {name: getattr(there, name) for name in names if getattr(there, name) != getattr(self._stored, name)}


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}-unread{path.suffix}")


def _unread(path: Path, error: Exception) -> StorageError:
    if isinstance(error, OSError):
        hint = "Check that your user folder can be read."
        return StorageError("Your settings cannot be read; the usual ones hold.", hint, error.strerror or "")
    return StorageError(
        "Your settings cannot be understood; the usual ones hold.",
        f"What the file said is kept as “{_beside(path).name}” beside it once you choose anything.",
        str(error),
    )


def _read(path: Path) -> Choices | None:
    """Return the choices in a file; None where there is none.

    Raises
    ------
    OSError, ValueError
        When it cannot be read, or understood.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return None
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(stored, dict):
        raise ValueError("it is no object")
    default = Choices()
    known: dict[str, Any] = {}
    for field in attrs.fields(Choices):
        value = stored.get(field.name)
        if isinstance(value, list):
            value = tuple(v for v in value if isinstance(v, str))
        if isinstance(value, int) and isinstance(getattr(default, field.name), float):
            with contextlib.suppress(OverflowError):
                value = float(value)
        if isinstance(value, float) and not math.isfinite(value):
            continue
        if type(value) is type(getattr(default, field.name)):
            known[field.name] = value
    return Choices(**known)


def _write(path: Path, choices: Choices) -> None:
    waiting = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting.write_text(json.dumps(attrs.asdict(choices), indent=1), encoding="utf-8")
        os.replace(waiting, path)
    except OSError as error:
        raise StorageError(
            "The settings could not be saved.",
            "They hold until the program ends. Check that your user folder can be written.",
            error.strerror or type(error).__name__,
        ) from error
    finally:
        with contextlib.suppress(OSError):
            waiting.unlink(missing_ok=True)
