"""What was open when the program ended, and how it was looked at: the next start offers to go on with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.domain.errors import CaseStageError
from viewer.domain.session import Workspace
from viewer.domain.view_state import Comparison, ViewState
from viewer.io.atomic_file import write_atomically
from viewer.io.images_mark import images_mark, may_share_images
from viewer.services.linked_views import Links
from viewer.services.whose_series import mark_of, patient_mark

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.io.index import LibraryIndex
    from viewer.io.index_rows import SeriesRow

FILE_NAME = "left-open.json"
_DESK = (Workspace.REVIEW, Workspace.INSPECT)
_log = logging.getLogger(__name__)


@frozen
class Named:
    """A series, or one part of it; `images_mark` tells phases apart that lie in folders of their own.

    `patient` is a mark of whose it is, as one UID may stand for two patients' images.
    """

    uid: str
    part: str = ""
    images_mark: str = ""
    patient: str = ""

    @classmethod
    def of(cls, volume: Volume) -> Named:
        """Return what names a volume."""
        series = volume.series
        return cls(series.series_uid, volume.part, images_mark(volume.source_uids), patient_mark(series))

    def may_be(self, row: SeriesRow) -> bool:
        """Return whether a line of the list may stand for the same images, or for the whole that they are a part of."""
        one_part = row.part == self.part or not row.part or not self.part
        return row.uid == self.uid and one_part and may_share_images(row.images_mark, self.images_mark)


@frozen
class Left:
    """What was open: a case, or a series and perhaps a second one that it was compared with, how, and in what view."""

    workspace: Workspace
    view: ViewState
    case: str = ""
    series: Named | None = None
    beside: Named | None = None
    beside_view: ViewState | None = None
    links: Links | None = None


class LeftOpen:
    """Keeps what is open in a small file beside the list of scans, whose series it points at.

    Like that list it is for the user alone: it holds UIDs, and leads nowhere once the list has forgotten the place.
    """

    def __init__(self, session: Session, folder: Path, index: LibraryIndex) -> None:
        self._session, self._path, self._index = session, folder / FILE_NAME, index
        # Where the open volume was worked on last; None for one that was presented alone.
        self._worked_in: Workspace | None = None
        session.workspace_changed.connect(self._went)
        session.volume_changed.connect(self._opened)

    @property
    def there(self) -> bool:
        """True where something was open; a start asks no more than this."""
        return self._path.exists()

    def read(self) -> Left | None:
        """Return what was open; None where nothing was, or it cannot be understood."""
        # Loaded late: a start does not wait for it.
        from viewer.io.strict_json import WrongJsonError, read_json, structure

        try:
            return structure(read_json(self._path), Left)
        except (OSError, WrongJsonError):
            return None

    def row(self, named: Named) -> SeriesRow | None:
        """Return the series of the list that is meant; None where it is not in the list any more."""
        rows = [row for row in self._index.series_of(named.uid) if self._may_be(row, named)]
        return next((row for row in rows if row.part == named.part), rows[0] if rows else None)

    def _may_be(self, row: SeriesRow, named: Named) -> bool:
        if not may_share_images(row.images_mark, named.images_mark):
            return False
        study = self._index.studies([row.study]).get(row.study)
        mark = "" if study is None else mark_of(row.uid, study.patient_id)
        return not (mark and named.patient) or mark == named.patient

    def _went(self, new: Workspace, _old: Workspace) -> None:
        if new in _DESK and self._session.volume is not None:
            self._worked_in = new

    def _opened(self, new: Volume | None, old: Volume | None) -> None:
        if new is None or old is None or new.series.series_uid != old.series.series_uid:
            self._worked_in = self._session.workspace if new is not None and self._session.workspace in _DESK else None

    def keep(self, other: Session, links: Links) -> None:
        """Keep what is open now, and forget what was before; nothing is kept of what was only presented."""
        session, worked_in = self._session, self._worked_in
        volume, view = session.volume, session.view
        if volume is None or view is None or volume.preview or worked_in is None:
            self.forget()
            return
        beside = other.volume if view.comparison in (Comparison.BESIDE, Comparison.CURTAIN) else None
        if beside is volume or session.case is not None:
            beside = None
        left = Left(
            worked_in,
            evolve(view, models=None, comparison=view.comparison if beside is not None else Comparison.OFF),
            case=session.case.id if session.case is not None else "",
            series=Named.of(volume) if session.case is None else None,
            beside=Named.of(beside) if beside is not None else None,
            beside_view=evolve(other.view, models=None) if beside is not None and other.view is not None else None,
            links=links if beside is not None else None,
        )
        from viewer.io.strict_json import json_text, unstructure

        try:
            write_atomically(self._path, json_text(unstructure(left)).encode(), "What is open")
        except (OSError, CaseStageError):
            _log.warning("what is open could not be kept")

    def forget(self) -> None:
        """Let the next start offer nothing."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            _log.warning("what was open could not be forgotten")
