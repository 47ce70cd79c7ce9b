"""What an archive answered as rows: studies, the series of those that are opened, and what is said instead of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen
from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt

from viewer.domain.masking import MASKED, identity_words, masked_text
from viewer.domain.volume import PatientIdentity
from viewer.io.archive.rows import SeriesRow, StudyRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from viewer.io.archive.rows import Found
    from viewer.ui.painted_rows import Index

WAITING = "Waiting"


def _all_here(count: int | None, held: int) -> bool:
    return count is not None and 0 < count == held


@frozen
class StudyLine:
    """A study, opened or not, how many of its images are on this computer, and how far others are on their way."""

    study: StudyRow
    is_open: bool = False
    held: int = 0
    coming: str = ""

    @property
    def here(self) -> bool:
        """True where all of its images are on this computer."""
        return _all_here(self.study.image_count, self.held)


@frozen
class SeriesLine:
    """A series of an opened study."""

    series: SeriesRow
    held: int = 0
    coming: str = ""
    identity: PatientIdentity = field(default=PatientIdentity(), repr=False, eq=False)

    @property
    def here(self) -> bool:
        """True where all of its images are on this computer."""
        return _all_here(self.series.image_count, self.held)


@frozen
class NoteLine:
    """What stands in the place of series: that they are asked for, or why they are not there."""

    study_uid: str
    words: str
    is_wrong: bool = False


Line = StudyLine | SeriesLine | NoteLine


def images_words(count: int | None) -> str:
    """Return "1 image", "212 images", or "" where an archive does not say."""
    return "" if count is None else "1 image" if count == 1 else f"{count} images"


def name_words(name: str) -> str:
    """Return a DICOM person name as people write it: "Doe^Jane^^Dr" as "Doe, Jane, Dr" (PS3.5 section 6.2.1)."""
    script = next((script for script in name.split("=") if script.strip("^ ")), "")
    parts = [part.strip() for part in script.split("^")]
    return ", ".join(part for part in parts if part)


def who_words(study: StudyRow, *, masked: bool) -> tuple[str, str]:
    """Return a patient's name and ID."""
    if masked:
        return MASKED, f"ID {MASKED.lower()}"
    who = study.identity
    return name_words(who.name) or "No name", f"ID {who.patient_id}" if who.patient_id else "No ID"


def what_words(study: StudyRow, *, masked: bool) -> tuple[str, str]:
    """Return a study's description, and its modalities and counts."""
    description = _described(study.description, study.identity, masked=masked)
    count = "" if study.series_count is None else f"{study.series_count} series"
    facts = (" ".join(study.modalities), count, images_words(study.image_count))
    return description or "No description", " · ".join(fact for fact in facts if fact)


def _described(text: str, who: PatientIdentity, *, masked: bool) -> str:
    return masked_text(text, identity_words(who)) if masked else text


def series_words(line: SeriesLine, *, masked: bool) -> tuple[str, str]:
    """Return a series' title and what is in it."""
    series = line.series
    description = _described(series.description, line.identity, masked=masked)
    title = description or (f"Series {series.number}" if series.number is not None else "Series without a name")
    number = f"series {series.number}" if series.number is not None and series.description else ""
    facts = (series.modality, series.body_part.capitalize(), images_words(series.image_count), number)
    return title, " · ".join(fact for fact in facts if fact)


def held_words(held: int, count: int | None) -> str:
    """Return whether images are on this computer: all of them, how many of how many, or more than the archive has."""
    if not held:
        return ""
    if count is not None and held > count:
        return "Changed there"
    return "On this computer" if count is None or held == count else f"{held} of {count} here"


class StudyRows(QAbstractListModel):
    """The rows of one search.

    Parameters
    ----------
    held
        Returns how many images of a study ("" for the series) or of a series are on this computer.
    masked
        Whether names and IDs are hidden.
    coming
        Returns how far a study ("" for the series) or a series is on its way, "" where it is not.
    """

    def __init__(
        self,
        held: Callable[[str, str], int],
        masked: Callable[[], bool],
        parent: QWidget | None = None,
        *,
        coming: Callable[[str, str], str] = lambda _study, _series: "",
    ) -> None:
        super().__init__(parent)
        self._held, self._masked, self._coming = held, masked, coming
        self._lines: list[Line] = []

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown, from top to bottom."""
        return tuple(self._lines)

    @property
    def masked(self) -> bool:
        """True where names and IDs are hidden."""
        return self._masked()

    def show_found(self, found: Found) -> None:
        """Show the studies of a search."""
        self.beginResetModel()
        self._lines = [self._as_it_is(StudyLine(study)) for study in found.studies]
        self.endResetModel()

    def clear(self) -> None:
        """Show nothing."""
        self.beginResetModel()
        self._lines = []
        self.endResetModel()

    def line(self, n: int) -> Line | None:
        """Return one row's line, None where there is none."""
        return self._lines[n] if 0 <= n < len(self._lines) else None

    def row_of(self, study_uid: str) -> int:
        """Return where a study stands, −1 where it is not shown."""
        for n, line in enumerate(self._lines):
            if isinstance(line, StudyLine) and line.study.study_uid == study_uid:
                return n
        return -1

    def open_study(self, study_uid: str) -> bool:
        """Make room for the series of a study; False where it is open already or not shown."""
        at = self.row_of(study_uid)
        line = self.line(at)
        if not isinstance(line, StudyLine) or line.is_open:
            return False
        self._replace(at, evolve(line, is_open=True))
        self._insert(at + 1, [NoteLine(study_uid, "Asking for the series …")])
        return True

    def close_study(self, study_uid: str) -> None:
        """Take the series of a study away."""
        at = self.row_of(study_uid)
        line = self.line(at)
        if isinstance(line, StudyLine) and line.is_open:
            self._remove_below(at)
            self._replace(at, evolve(line, is_open=False))

    def show_series(self, study_uid: str, series: tuple[SeriesRow, ...]) -> None:
        """Show the series of a study that is open."""
        above = self.line(self.row_of(study_uid))
        who = above.study.identity if isinstance(above, StudyLine) else PatientIdentity()
        lines: list[Line] = [self._as_it_is(SeriesLine(one, identity=who)) for one in series]
        self._show_below(study_uid, lines or [NoteLine(study_uid, "The archive lists no series of this study.")])

    def show_wrong(self, study_uid: str, words: str) -> None:
        """Say why the series of a study are not shown."""
        self._show_below(study_uid, [NoteLine(study_uid, words, is_wrong=True)])

    def look_again(self) -> None:
        """Bring up to date what is on this computer, and whether names are hidden."""
        self._lines = [self._as_it_is(line) for line in self._lines]
        if self._lines:
            self.dataChanged.emit(self.index(0), self.index(len(self._lines) - 1))

    def look_at_coming(self) -> None:
        """Bring up to date how far those are that are on their way."""
        for n, line in enumerate(self._lines):
            if not isinstance(line, NoteLine) and line.coming:
                self._replace(n, self._as_it_is(line))

    def _as_it_is(self, line: Line) -> Line:
        """Return a line with what is here of it, and how far the rest is."""
        if isinstance(line, NoteLine):
            return line
        named = (
            (line.study.study_uid, "")
            if isinstance(line, StudyLine)
            else (line.series.study_uid, line.series.series_uid)
        )
        return evolve(line, held=self._held(*named), coming=self._coming(*named))

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a row's words for screen readers, and as a tooltip where they may be cut."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        line = self._lines[index.row()]
        if isinstance(line, NoteLine):
            return line.words
        if isinstance(line, SeriesLine):
            here = line.coming or held_words(line.held, line.series.image_count)
            parts = [*series_words(line, masked=self.masked), here]
        else:
            study = line.study
            day = f"{study.date:%Y-%m-%d}" if study.date else ""
            here = line.coming or held_words(line.held, study.image_count)
            parts = [*who_words(study, masked=self.masked), *what_words(study, masked=self.masked), day, here]
        return ", ".join(part for part in parts if part)

    def _show_below(self, study_uid: str, lines: list[Line]) -> None:
        at = self.row_of(study_uid)
        line = self.line(at)
        if isinstance(line, StudyLine) and line.is_open:
            self._remove_below(at)
            self._insert(at + 1, lines)

    def _remove_below(self, at: int) -> None:
        end = at + 1
        while end < len(self._lines) and not isinstance(self._lines[end], StudyLine):
            end += 1
        if end > at + 1:
            self.beginRemoveRows(QModelIndex(), at + 1, end - 1)
            del self._lines[at + 1 : end]
            self.endRemoveRows()

    def _insert(self, at: int, lines: list[Line]) -> None:
        self.beginInsertRows(QModelIndex(), at, at + len(lines) - 1)
        self._lines[at:at] = lines
        self.endInsertRows()

    def _replace(self, at: int, line: Line) -> None:
        self._lines[at] = line
        self.dataChanged.emit(self.index(at), self.index(at))
