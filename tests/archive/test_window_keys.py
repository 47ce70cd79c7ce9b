"""Keys while the archives are on the screen: hiding identity, and where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.archive.sheet_hands import open_sheet
from tests.ui.window.conftest import press, window  # noqa: F401 (fixtures)
from viewer.domain.job import Progress
from viewer.domain.volume import PatientIdentity
from viewer.io.archive.description import Archive
from viewer.io.archive.rows import Found, SeriesRow, StudyRow
from viewer.io.index_rows import FOLDER, Place
from viewer.ui.library.series_words import place_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.ui.main_window import MainWindow

    Press = Callable[..., None]

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
JANE = PatientIdentity(name="DOE^JANE", patient_id="4711-X")
STUDY = StudyRow("1.2.3", description="CT abdomen Doe, second opinion", identity=JANE)
SERIES = SeriesRow("1.2.3", "1.2.3.4", number=2, description="DOE venous")


def test_the_key_that_hides_identity_works_while_names_are_listed(window: MainWindow, press: Press) -> None:  # noqa: F811
    sheet = open_sheet(window, Archive("A", url="http://127.0.0.1:1/dicom-web"))
    sheet.rows.show_found(Found((STUDY,)))
    sheet.results.show_page(sheet.list)
    sheet.list.setFocus()
    press(window, Qt.Key.Key_H, CONTROL_SHIFT)
    assert window.desk.session.masked
    assert "DOE" not in str(sheet.rows.data(sheet.rows.index(0)))
    sheet.form.patient.setFocus()
    press(window, Qt.Key.Key_H, CONTROL_SHIFT)
    assert not window.desk.session.masked
    assert "DOE, JANE" in str(sheet.rows.data(sheet.rows.index(0)))
    assert sheet.is_open
    assert sheet.form.patient.text() == ""


def test_descriptions_that_name_the_patient_are_hidden_too(window: MainWindow) -> None:  # noqa: F811
    sheet = open_sheet(window, Archive("A", url="http://127.0.0.1:1/dicom-web"))
    sheet.rows.show_found(Found((STUDY,)))
    sheet.results.show_page(sheet.list)
    sheet.rows.open_study("1.2.3")
    sheet.rows.show_series("1.2.3", (SERIES,))
    said = [str(sheet.rows.data(sheet.rows.index(n))) for n in range(2)]
    assert ["second opinion" in said[0], "DOE venous" in said[1]] == [True, True]
    seen = sheet.list.grab().toImage()
    window.desk.session.masked = True
    said = [str(sheet.rows.data(sheet.rows.index(n))) for n in range(2)]
    assert not any("doe" in words.casefold() for words in said)
    assert "series 2" in said[1]
    assert sheet.list.grab().toImage() != seen


def test_the_place_of_what_came_from_an_archive_has_a_name_that_people_know(own_home: Path) -> None:
    came = Place(
        1, str(own_home / "data" / "received" / "04baf10f37c9cbc74d967a18"), FOLDER, 0.0, watched=False, series=1
    )
    assert place_name(came, (), (), masked=False) == "From an archive"
    assert place_name(Place(2, "/scans/head", FOLDER, 0.0, watched=False, series=1), (), (), masked=False) == "head"


def test_the_keys_stay_in_the_sheet_when_a_retrieve_is_cancelled(window: MainWindow) -> None:  # noqa: F811
    sheet = open_sheet(window, Archive("A", url="http://127.0.0.1:1/dicom-web"))
    sheet.rows.show_found(Found((STUDY,)))
    sheet.results.show_page(sheet.list)
    sheet.list.mark(0)
    window.desk.archives.queue.busy.emit(Progress(1, 9, "1 of 9 images"))
    sheet.bar.offer("Retrieve study", "Another retrieve is running.", enabled=False)
    sheet.bar.cancel.setFocus()
    window.desk.archives.queue.busy.emit(None)
    assert QApplication.focusWidget() is sheet.list
