"""What Ctrl+Z takes back: of paths, alignments by hand, decisions and measurements, what was done last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from viewer.services.desk import Desk
    from viewer.services.reviewing import Reviewing


class _Undone(Protocol):
    @property
    def can_undo(self) -> bool: ...

    @property
    def can_redo(self) -> bool: ...

    def undo(self) -> None: ...

    def redo(self) -> None: ...


class Undoing:
    """Undo and redo of one desk; `reviewing` returns the decisions and measurements of the volume that keys act on."""

    def __init__(self, desk: Desk, reviewing: Callable[[], Reviewing]) -> None:
        self._desk, self._reviewing = desk, reviewing
        self._aligned_last = False
        desk.comparing.aligning.moved.connect(self._aligned)
        for other in (desk.reviewing, desk.other.reviewing):
            other.history_changed.connect(self._decided)

    @property
    def can_undo(self) -> bool:
        """True where there is something to take back."""
        return any(one.can_undo for one in self._in_order())

    @property
    def can_redo(self) -> bool:
        """True where something was taken back."""
        return any(one.can_redo for one in self._in_order())

    def undo(self) -> None:
        """Take back what was done last."""
        first = next((one for one in self._in_order() if one.can_undo), None)
        if first is not None:
            first.undo()

    def redo(self) -> None:
        """Make again what was taken back last."""
        first = next((one for one in self._in_order() if one.can_redo), None)
        if first is not None:
            first.redo()

    def _in_order(self) -> Sequence[_Undone]:
        reviewing = self._reviewing()
        # A path that was drawn is on screen.
        path = self._desk.other.path_edits if reviewing is self._desk.other.reviewing else self._desk.path_edits
        aligning = self._desk.comparing.aligning
        return (path, aligning, reviewing) if self._aligned_last else (path, reviewing, aligning)

    def _aligned(self) -> None:
        self._aligned_last = True

    def _decided(self) -> None:
        self._aligned_last = False
