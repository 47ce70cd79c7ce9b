"""What Ctrl+Z takes back: of paths, crops, alignments by hand, decisions and measurements, what was done last."""

from __future__ import annotations

from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from viewer.services.desk import Desk
    from viewer.services.reviewing import Reviewing


class _Kind(Enum):
    PATH = "path"
    REVIEW = "review"
    ALIGNMENT = "alignment"
    CROP = "crop"


class _Undone(Protocol):
    @property
    def can_undo(self) -> bool: ...

    @property
    def can_redo(self) -> bool: ...

    def undo(self) -> None: ...

    def redo(self) -> None: ...


class Undoing:
    """Undo and redo of one desk; `reviewing` returns the decisions and measurements of the volume that keys act on.

    Of what can be undone the kind comes first that was used last.
    """

    def __init__(self, desk: Desk, reviewing: Callable[[], Reviewing]) -> None:
        self._desk, self._reviewing = desk, reviewing
        self._used: list[_Kind] = [_Kind.PATH, _Kind.REVIEW, _Kind.ALIGNMENT, _Kind.CROP]
        desk.comparing.aligning.moved.connect(partial(self._use, _Kind.ALIGNMENT))
        for side in (desk, desk.other):
            side.reviewing.history_changed.connect(partial(self._use, _Kind.REVIEW))
            side.path_edits.changed.connect(partial(self._use, _Kind.PATH))
            side.crop_edits.changed.connect(partial(self._use, _Kind.CROP))

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
        reviewing, desk = self._reviewing(), self._desk
        side = desk.other if reviewing is desk.other.reviewing else desk
        of: dict[_Kind, _Undone] = {
            # Linked, both sides have one path, and what is done to it on either is known to the first.
            _Kind.PATH: desk.path_edits if desk.comparing.on and desk.comparing.links.place else side.path_edits,
            _Kind.REVIEW: reviewing,
            _Kind.ALIGNMENT: desk.comparing.aligning,
            _Kind.CROP: side.crop_edits,
        }
        return [of[kind] for kind in self._used]

    def _use(self, kind: _Kind, *_: object) -> None:
        self._used.remove(kind)
        self._used.insert(0, kind)
