"""Undo and redo, and Back and Forward: one list of entries with a place in it."""

from __future__ import annotations

from typing import Generic, TypeVar

from psygnal import Signal

Entry = TypeVar("Entry")


class History(Generic[Entry]):
    """What was done, newest last, and what was undone.

    `changed` is emitted after every change. Entries that share a `gesture` (a drag) become one.
    """

    changed = Signal()

    def __init__(self, limit: int = 200) -> None:
        self._done: list[tuple[Entry, object]] = []
        self._undone: list[tuple[Entry, object]] = []
        self._limit = limit

    @property
    def can_undo(self) -> bool:
        """True where there is something to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """True where something undone can be done again."""
        return bool(self._undone)

    @property
    def newest(self) -> Entry | None:
        """What would be undone next; None where there is nothing."""
        return self._done[-1][0] if self._done else None

    @property
    def newest_undone(self) -> Entry | None:
        """What would be done again next; None where there is nothing."""
        return self._undone[-1][0] if self._undone else None

    def push(self, entry: Entry, *, gesture: object = None) -> None:
        """Add what was just done; the oldest goes when the list is full."""
        if gesture is not None and self._done and self._done[-1][1] == gesture:
            if self._undone:
                self._undone.clear()
                self.changed.emit()
            return
        self._done.append((entry, gesture))
        del self._done[: -self._limit]
        self._undone.clear()
        self.changed.emit()

    def undo(self) -> Entry | None:
        """Return the newest entry and move it to the undone ones; None where there is none."""
        if not self._done:
            return None
        self._undone.append(self._done.pop())
        self.changed.emit()
        return self._undone[-1][0]

    def redo(self) -> Entry | None:
        """Return the entry undone last and count it as done again; None where there is none."""
        if not self._undone:
            return None
        self._done.append(self._undone.pop())
        self.changed.emit()
        return self._done[-1][0]

    def clear(self) -> None:
        """Forget everything."""
        self._done.clear()
        self._undone.clear()
        self.changed.emit()
