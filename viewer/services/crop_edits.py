"""What a hand did to the box that 3D is cropped to, to be undone and done again without moving anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen
from psygnal import Signal

from viewer.domain.history import History
from viewer.domain.session import Workspace

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.view_state import Point, ViewState

    Box = tuple[Point, Point] | None


@frozen
class _Edit:
    series_uid: str
    before: Box
    after: Box


class CropEdits:
    """The pulls of one session's box. Where the box became another one since, as by Back, there is nothing to undo.

    `changed` is emitted when something can be undone or done again that could not, or the other way round.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self._history: History[_Edit] = History()

    def keep(self, before: ViewState, after: ViewState) -> None:
        """Remember what a hand did to a view, where that concerns the box."""
        if before.box_3d != after.box_3d and before.series_uid == after.series_uid:
            self._history.push(_Edit(after.series_uid, before.box_3d, after.box_3d))
            self.changed.emit()

    @property
    def can_undo(self) -> bool:
        """True where the box is as the newest pull left it."""
        newest = self._history.newest
        return newest is not None and self._is(newest.series_uid, newest.after)

    @property
    def can_redo(self) -> bool:
        """True where the box is as it was before what was undone last."""
        undone = self._history.newest_undone
        return undone is not None and self._is(undone.series_uid, undone.before)

    def undo(self) -> None:
        """Take back the newest pull."""
        if self.can_undo and (edit := self._history.undo()) is not None:
            self._show(edit.before)

    def redo(self) -> None:
        """Make again what was taken back last."""
        if self.can_redo and (edit := self._history.redo()) is not None:
            self._show(edit.after)

    def _is(self, series_uid: str, box: Box) -> bool:
        view = self._session.view
        if view is None or self._session.workspace is Workspace.PRESENT:
            return False
        return view.series_uid == series_uid and view.box_3d == box

    def _show(self, box: Box) -> None:
        if self._session.view is not None:
            self._session.view = evolve(self._session.view, box_3d=box)
        self.changed.emit()
