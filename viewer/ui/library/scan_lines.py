"""The list of scans as a model: a heading for each study and a line for each series, fetched as they are looked at."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from PySide6.QtCore import QAbstractListModel, Qt, Signal
from PySide6.QtGui import QImage

from viewer.domain.geometry import Verdict
from viewer.services.left_open import Named
from viewer.ui.library.series_words import (
    away_words,
    copies_words,
    person_words,
    place_icon,
    place_name,
    series_facts,
    series_title,
    study_words,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from PySide6.QtWidgets import QWidget

    from viewer.domain.volume import Volume
    from viewer.io.index_rows import SeriesRow, StudyRow
    from viewer.services.desk import Desk
    from viewer.ui.painted_rows import Index


_FETCHED_AT_ONCE = 60
_MOST_ROWS = 3000
_MOST_PICTURES = 400
_MOST_WEIGHED = 200
_PROVEN, _UNSEEN, _DOUBTFUL = 2, 1, 0


def _worth(row: SeriesRow) -> tuple[int, bool, int]:
    proven = {None: _UNSEEN, Verdict.UNTRUSTED: _DOUBTFUL}.get(row.verdict, _PROVEN)
    return proven, row.unit == "HU", row.images * row.rows * row.columns


@frozen
class Line:
    """A series, or the heading of a study where `series` is 0."""

    series: int
    study: int


class ScanLines(QAbstractListModel):
    """Studies and series that a search finds. `wanting` tells that pictures are missing of what is looked at."""

    wanting = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        # Plain numbers, for there may be many: the series of each line, 0 for a heading, and its study.
        self._series: list[int] = []
        self._study: list[int] = []
        self._ids: tuple[int, ...] = ()
        self._rows: dict[int, SeriesRow] = {}
        self._copies: dict[int, list[SeriesRow]] = {}
        self._lie_in: dict[int, tuple[int, ...]] = {}
        self._studies: dict[int, StudyRow] = {}
        self._pictures: OrderedDict[int, QImage | None] = OrderedDict()
        self._places: Collection[int] | None = None
        self.missing: list[int] = []

    @property
    def masked(self) -> bool:
        """True where identity is not shown."""
        return self._desk.session.masked

    @property
    def series_ids(self) -> tuple[int, ...]:
        """The series in their order."""
        return self._ids

    @property
    def studies(self) -> int:
        """How many studies they are of."""
        return len(self._series) - len(self._ids)

    @property
    def series_or_heading(self) -> list[int]:
        """The series of each line, 0 for a heading."""
        return self._series

    def show(self, words: str, places: Collection[int] | None, *, beside: Volume | None = None) -> None:
        """Show what a search in some places finds, or in all; fetched rows are forgotten.

        What is to stand beside a volume is another one, perhaps another phase of its series; of its patient first.
        """
        found = self._desk.library.find(words, places, masked=self.masked)
        if beside is not None:
            found = self._beside(beside, found)
        of_line: list[int] = []
        study_of_line: list[int] = []
        before = None
        for series, study in found:
            if study != before:
                of_line.append(0)
                study_of_line.append(study)
                before = study
            of_line.append(series)
            study_of_line.append(study)
        self.beginResetModel()
        self._series, self._study = of_line, study_of_line
        self._ids = tuple(series for series, _ in found)
        self._rows, self._copies, self._studies, self._lie_in, self._places = {}, {}, {}, {}, places
        self.endResetModel()

    def _beside(self, open_one: Volume, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
        studies = self._desk.library.studies({study for _, study in found})
        patient, named = open_one.series.identity.patient_id, Named.of(open_one)
        same = [pair for pair in found if studies[pair[1]].patient_id == patient]
        rows = self._desk.library.series(series for series, _ in same)
        others = [pair for pair in same if not named.may_be(rows[pair[0]])]
        return [*others, *(pair for pair in found if studies[pair[1]].patient_id != patient)]

    def ask_again(self) -> None:
        """Ask again for pictures that were not there."""
        for series in [series for series, picture in self._pictures.items() if picture is None]:
            del self._pictures[series]

    def forget_pictures(self) -> None:
        """Ask for all pictures again: files may have been written anew."""
        self._pictures.clear()

    def take_picture(self, series: int) -> None:
        """Show the picture of a series that has been made."""
        self._pictures.pop(series, None)
        n = self.line_of(Line(series, 0))
        if n >= 0:
            self.dataChanged.emit(self.index(n), self.index(n))

    def line(self, n: int) -> Line:
        """Return one line."""
        return Line(self._series[n], self._study[n])

    def line_of(self, line: Line) -> int:
        """Return where a series, or the heading of a study, is now; −1 where it is not."""
        column, value = (self._series, line.series) if line.series else (self._study, line.study)
        # A study's first line is its heading.
        return column.index(value) if value in column else -1

    def row(self, n: int) -> SeriesRow | None:
        """Return the series of a line, None for a heading or where it is gone since."""
        series = self._series[n]
        if series and series not in self._rows:
            if len(self._rows) > _MOST_ROWS:
                self._rows.clear()
                self._copies.clear()
            around = [one for one in self._series[max(0, n - _FETCHED_AT_ONCE // 2) : n + _FETCHED_AT_ONCE] if one]
            self._rows.update(self._desk.library.series(around))
            self._copies.update(self._desk.library.copies(around))
        return self._rows.get(series)

    def is_worth_it(self, n: int) -> bool:
        """Return whether a line is a series in which one can look around: proven, in HU, more than an image."""
        row = self.row(n) if n >= 0 else None
        return row is not None and _worth(row)[:2] == (_PROVEN, True) and row.images > 1

    def worthiest(self) -> int:
        """Return the line to look at first: the largest proven volume of the first study that has one; −1 for none.

        Scout views and dose sheets come first in many studies.
        """
        best = 1 if len(self._series) > 1 else -1
        for n in range(1, min(len(self._series), _MOST_WEIGHED)):
            row = self.row(n)
            if row is None:
                if self._series[n] == 0 and self.is_worth_it(best):
                    break
                continue
            now = self.row(best)
            if now is None or _worth(row) > _worth(now):
                best = n
        return best

    def study(self, n: int) -> StudyRow | None:
        """Return the study of a line."""
        study = self._study[n]
        if study not in self._studies:
            if len(self._studies) > _MOST_ROWS:
                self._studies.clear()
            around = self._study[max(0, n - _FETCHED_AT_ONCE) : n + _FETCHED_AT_ONCE]
            self._studies.update(self._desk.library.studies(set(around)))
        return self._studies.get(study)

    def picture(self, n: int) -> QImage | None:
        """Return a series' picture, None where there is none; a missing one is noted as wanted."""
        series = self._series[n]
        if series not in self._pictures:
            pixels = self._desk.pictures.of(series)
            if pixels is None and series not in self.missing:
                self.missing.append(series)
                self.wanting.emit()
            self._pictures[series] = None if pixels is None or not pixels.size else _image(pixels)
            if len(self._pictures) > _MOST_PICTURES:
                self._pictures.popitem(last=False)
        self._pictures.move_to_end(series)
        return self._pictures[series]

    def heading(self, n: int) -> tuple[str, str]:
        """Return both lines of a study's heading."""
        study = self.study(n)
        if study is None:
            return "", ""
        count = 0
        while n + count + 1 < len(self._series) and self._series[n + count + 1]:
            count += 1
        return person_words(study, masked=self.masked), study_words(study, count, masked=self.masked)

    def place(self, n: int) -> tuple[str, str]:
        """Return where the study of a heading lies: an icon and a name, "" where one place is listed alone."""
        if (self._places is not None and len(self._places) == 1) or n + 1 >= len(self._series):
            return "", ""
        library, lying = self._desk.library, self._lying(self._study[n])
        place = library.place(lying[0]) if lying else None
        if place is None:
            return "", ""
        if len(lying) > 1:
            return "layers", f"{len(lying)} places"
        return place_icon(place, library.state(place.id)), self._place_name(place.id)

    def _lying(self, study: int) -> tuple[int, ...]:
        """Return the places in which the listed series of a study lie."""
        if study not in self._lie_in:
            first = self._study.index(study) + 1
            end = first
            while end < len(self._series) and self._series[end]:
                end += 1
            rows = filter(None, map(self.row, range(first, end)))
            self._lie_in[study] = tuple(dict.fromkeys(row.place for row in rows))
        return self._lie_in[study]

    def caption(self, n: int) -> str:
        """Return what else is to be said of a series: of its geometry, and where copies of it lie; "" for nothing."""
        row = self.row(n)
        if row is None:
            return ""
        library = self._desk.library
        lying = [
            (self._place_name(copy.place), copy.images - row.images, away_words(library.state(copy.place)))
            for copy in self._copies.get(row.id, ())
        ]
        here = "" if self._places is not None and len(self._places) == 1 else self._place_name(row.place)
        said = copies_words(lying, here)
        if not said and here and len(self._lying(self._study[n])) > 1:
            # The heading can tell no more than that there are several.
            said = f"In {here}."
        return " ".join(part for part in (row.reason, said) if part)

    def _place_name(self, ident: int) -> str:
        library = self._desk.library
        place = library.place(ident)
        if place is None:
            return "another place"
        return place_name(place, library.places, library.naming_words(ident) if self.masked else (), masked=self.masked)

    def title(self, n: int) -> str:
        """Return what the series of a line is called."""
        row = self.row(n)
        return series_title(row, self.study(n), masked=self.masked) if row is not None else ""

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 (Qt's name)
        """Return how many lines there are."""
        return 0 if parent is not None and parent.isValid() else len(self._series)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let series be chosen, and headings not."""
        if not index.isValid() or not self._series[index.row()]:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a line's words for screen readers and tooltips."""
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        row = self.row(index.row())
        if row is None:
            return ("\n" if role == Qt.ItemDataRole.ToolTipRole else ", ").join(self.heading(index.row()))
        if role == Qt.ItemDataRole.ToolTipRole:
            # The name may be cut.
            return "\n".join(part for part in (self.title(index.row()), self.caption(index.row())) if part)
        return f"{self.title(index.row())}, {series_facts(row)}"


def _image(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> QImage:
    grey = np.ascontiguousarray(pixels)
    height, width = grey.shape
    return QImage(grey.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
