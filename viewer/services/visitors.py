"""What visitors of a kiosk guessed: kept as places alone, and shown again as a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from viewer.domain.errors import StorageError
from viewer.io.guess_file import CaseGuesses, forget_guesses, read_guesses, write_guesses

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.view_state import Point


class Visitors:
    """The guesses that were kept, in a folder of their own; those of one case are in memory at a time.

    `failed` carries why guesses could not be kept; they count until the program ends.
    """

    failed = Signal(object)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held = CaseGuesses("")

    def of(self, case: str, step: str) -> tuple[Point, ...]:
        """Return where visitors guessed at a step, LPS mm."""
        if self._held.case != case:
            self._held = read_guesses(self._folder, case)
        return self._held.of(step)

    def keep(self, case: str, step: str, places_lps_mm: tuple[Point, ...]) -> None:
        """Keep guesses of a step."""
        if not places_lps_mm:
            return
        self.of(case, step)
        self._held = self._held.with_guesses(step, places_lps_mm)
        try:
            write_guesses(self._folder, self._held)
        except StorageError as error:
            self.failed.emit(error)

    def forget(self) -> int:
        """Forget all of it, and return of how many cases there was any.

        Raises
        ------
        StorageError
            When a file cannot be removed.
        """
        self._held = CaseGuesses("")
        return forget_guesses(self._folder)
