"""Where visitors of a kiosk guessed: a file for each case, with places alone. Nothing says who, or when."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import StorageError
from viewer.domain.view_state import Point
from viewer.io.atomic_file import private_folder, storage_error, write_atomically
from viewer.io.migrations import migrated
from viewer.io.strict_json import WrongJsonError, json_text, read_json, structure, unstructure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

_FORMAT, _VERSION = "casestage guesses", 1
_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
# Of more the first are forgotten: a file that grows for weeks is of no use to anybody.
MOST_GUESSES = 2000


@frozen
class StepGuesses:
    """Where was guessed at one step, LPS mm of the case's series."""

    step: str
    places_lps_mm: tuple[Point, ...]


@frozen
class CaseGuesses:
    """Where was guessed in one case, by step."""

    case: str
    steps: tuple[StepGuesses, ...] = ()

    def of(self, step: str) -> tuple[Point, ...]:
        """Return the guesses of a step, the oldest first."""
        return next((one.places_lps_mm for one in self.steps if one.step == step), ())

    def with_guesses(self, step: str, places: tuple[Point, ...]) -> CaseGuesses:
        """Return these and more of a step, at most 2000 of each."""
        rounded = tuple((round(x, 1), round(y, 1), round(z, 1)) for x, y, z in places)
        kept = (*self.of(step), *rounded)[-MOST_GUESSES:]
        rest = tuple(one for one in self.steps if one.step != step)
        return CaseGuesses(self.case, (*rest, StepGuesses(step, kept)))


@frozen
class _Document:
    format: str
    version: int
    guesses: CaseGuesses


def read_guesses(folder: Path, case: str) -> CaseGuesses:
    """Return what was guessed in a case; nothing where the file is absent or damaged."""
    try:
        stored = read_json(_place(folder, case))
        if isinstance(stored, dict) and stored.get("format") == _FORMAT:
            found = structure(migrated(stored, _VERSION, _MIGRATIONS), _Document).guesses
            return found if found.case == case else CaseGuesses(case)
    except (WrongJsonError, StorageError, OSError):
        pass
    return CaseGuesses(case)


def write_guesses(folder: Path, guesses: CaseGuesses) -> None:
    """Write what was guessed in a case in the place of what was there.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    private_folder(folder, "What visitors guessed")
    text = json_text(unstructure(_Document(_FORMAT, _VERSION, guesses)))
    write_atomically(_place(folder, guesses.case), text.encode("utf-8"), "What visitors guessed")


def forget_guesses(folder: Path) -> int:
    """Remove what was guessed in all cases, and return in how many.

    Raises
    ------
    StorageError
        When a file cannot be removed.
    """
    found = sorted(folder.glob("*.json")) if folder.is_dir() else []
    try:
        for path in found:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error("What visitors guessed", error) from error
    return len(found)


def _place(folder: Path, case: str) -> Path:
    # A case's id is anybody's text, and no file name.
    return folder / f"{sha256(case.encode()).hexdigest()[:32]}.json"
