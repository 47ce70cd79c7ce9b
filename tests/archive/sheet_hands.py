"""What the tests of archives do with the sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.archive.orthanc import PASSWORD
from tests.ui.window.conftest import press, window  # noqa: F401 (fixtures)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.io.archive.description import Archive
    from viewer.ui.archive.archive_sheet import ArchiveSheet
    from viewer.ui.main_window import MainWindow


def sheet_of(window: MainWindow) -> ArchiveSheet:  # noqa: F811
    assert window.asking.archive_sheet is not None
    return window.asking.archive_sheet


def open_sheet(window: MainWindow, *archives: Archive, password: str = PASSWORD) -> ArchiveSheet:  # noqa: F811
    """Return the open sheet, on the last of the archives."""
    for archive in archives:
        window.desk.archives.keep(archive)
        if password:
            window.desk.archives.take_password(archive, password)
    assert window.actions_.run("file.archive")
    return sheet_of(window)


def searched(qtbot: QtBot, sheet: ArchiveSheet, patient: str = "") -> None:
    """Type a name, press Enter and wait for the answer."""
    sheet.form.patient.setFocus()
    sheet.form.patient.setText(patient)
    QTest.keyClick(sheet.form.patient, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sheet.results.shown is not sheet.results.searching, timeout=8000)


def mark(sheet: ArchiveSheet, study_uid: str) -> None:
    sheet.list.mark(sheet.rows.row_of(study_uid))
