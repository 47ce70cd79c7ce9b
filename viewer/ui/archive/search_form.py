"""What to look for in an archive: name, ID, accession number, dates, modality, words."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from viewer.io.archive.rows import Query
from viewer.ui.archive.choice import Choice
from viewer.ui.fonts import Type, font
from viewer.ui.theme import CONTROL_HEIGHT, Theme
from viewer.ui.widgets import Button, Kind, text_label

if TYPE_CHECKING:
    from collections.abc import Iterable

MODALITIES = (("CT", "CT"), ("MR", "MR"), ("PT", "PET"), ("", "Any"))
WILDCARDS = "* stands for any letters, ? for one"


class WrongDateError(Exception):
    """What was typed is no date, or no span of days; the sentence and a hint."""

    def __init__(self, sentence: str, hint: str) -> None:
        super().__init__(sentence)
        self.sentence, self.hint = sentence, hint


def date_of(text: str) -> date | None:
    """Return the day of "2025-03-31" or "20250331", None for nothing.

    Raises
    ------
    ValueError
        When it is no date.
    """
    text = text.strip()
    return date.fromisoformat(text) if text else None


class SearchForm(QWidget):
    """Fields and the button that searches; Enter in any field does, too.

    `wanted` asks for a search, `down` for the results (↓).
    """

    wanted = Signal()
    down = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        self.patient = self._field("Name", f"Family name first, or “family, given”; {WILDCARDS}")
        self.patient_id = self._field("ID", "The patient’s ID, exactly, or with * and ?")
        self.accession = self._field("No.", "The accession number, exactly, or with * and ?")
        self.first = self._field("2025-01-31", "Studies from this day on, such as 2025-01-31")
        self.last = self._field("2025-12-31", "Studies up to this day, such as 2025-12-31")
        self.description = self._field("Words", f"Words of the study’s description; {WILDCARDS}")
        self.modality = Choice(theme, "Modality")
        self.modality.offer(MODALITIES, "CT")
        self.modality.setFixedWidth(88)
        self.modality.setToolTip("What the images were made with")
        self.search = Button(theme, "Search", icon="search", key="Return", kind=Kind.MAIN)
        self.search.setToolTip("Search the archive (Enter)")
        self.search.setAccessibleName("Search the archive")
        self.search.clicked.connect(self.wanted)
        for name, widget, stretch, width in (
            ("Patient", self.patient, 5, 0),
            ("Patient ID", self.patient_id, 3, 0),
            ("Accession", self.accession, 3, 0),
            ("From", self.first, 0, 124),
            ("To", self.last, 0, 124),
            ("Modality", self.modality, 0, 88),
            ("Description", self.description, 4, 0),
        ):
            if width:
                widget.setFixedWidth(width)
            widget.setAccessibleName(name)
            row.addLayout(self._labelled(name, widget), stretch)
        row.addLayout(self._labelled("", self.search))

    @property
    def fields(self) -> tuple[QLineEdit, ...]:
        """The fields to type in, from left to right."""
        return (self.patient, self.patient_id, self.accession, self.first, self.last, self.description)

    def query(self) -> Query:
        """Return what to look for.

        Raises
        ------
        WrongDateError
            When one of the dates is none, or the last lies before the first; that field then has the keys.
        """
        days: list[date | None] = []
        for field in (self.first, self.last):
            try:
                days.append(date_of(field.text()))
            except ValueError as error:
                field.setFocus(Qt.FocusReason.OtherFocusReason)
                field.selectAll()
                raise WrongDateError("This is not a date.", "Write it like 2025-01-31, or leave it empty.") from error
        first, last = days
        if first is not None and last is not None and last < first:
            self.last.setFocus(Qt.FocusReason.OtherFocusReason)
            self.last.selectAll()
            raise WrongDateError("The last day lies before the first.", "Exchange From and To, or leave one empty.")
        return Query(
            patient=self.patient.text().strip(),
            patient_id=self.patient_id.text().strip(),
            accession=self.accession.text().strip(),
            date_from=first,
            date_to=last,
            modality=self.modality.key,
            description=self.description.text().strip(),
        )

    @property
    def remembered(self) -> tuple[str, ...]:
        """What may be kept of a search: dates, modality and words, never who was looked for."""
        return (self.first.text(), self.last.text(), self.modality.key, self.description.text())

    def recall(self, kept: Iterable[str]) -> None:
        """Fill in what was kept."""
        values = tuple(kept)
        if len(values) != len(self.remembered):
            return
        self.first.setText(values[0])
        self.last.setText(values[1])
        self.modality.choose(values[2])
        self.description.setText(values[3])

    def hide_patient(self, hidden: bool) -> None:
        """Show who is looked for only while it is typed."""
        mode = QLineEdit.EchoMode.PasswordEchoOnEdit if hidden else QLineEdit.EchoMode.Normal
        for field in (self.patient, self.patient_id, self.accession):
            field.setEchoMode(mode)

    def show_key(self, shown: bool) -> None:
        """Show on the button whether Enter presses it."""
        self.search.key = "Enter" if shown else ""
        self.search.updateGeometry()
        self.search.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Go from a field to the results with ↓."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Down:
            self.down.emit()
            return True
        return super().eventFilter(watched, event)

    def _field(self, placeholder: str, tip: str) -> QLineEdit:
        field = QLineEdit()
        field.setFont(font(Type.BODY))
        field.setFixedHeight(CONTROL_HEIGHT)
        field.setPlaceholderText(placeholder)
        field.setToolTip(tip)
        field.returnPressed.connect(self.wanted)
        field.installEventFilter(self)
        return field

    def _labelled(self, name: str, widget: QWidget) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(text_label(name, Type.CAPTION, "text2"))
        column.addWidget(widget)
        return column
