"""The archives in the window: found, changed, removed, what was received from them, and without the extra."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QWidget

from tests.archive.orthanc import ACCESSION
from tests.archive.sheet_hands import mark, open_sheet, searched
from tests.ui.window.conftest import press, window  # noqa: F401 (fixtures)
from viewer.domain.session import Workspace
from viewer.ui.archive.study_rows import StudyLine, name_words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.archive.conftest import Held
    from viewer.ui.main_window import MainWindow

    Press = Callable[..., None]


def test_a_study_is_found_by_its_accession_number_which_is_not_remembered(
    window: MainWindow,  # noqa: F811
    held: Held,
    qtbot: QtBot,
) -> None:
    sheet = open_sheet(window, held.server.get)
    sheet.form.modality.choose("")
    sheet.form.accession.setText(ACCESSION)
    searched(qtbot, sheet)
    (study,) = sheet.rows.lines
    assert isinstance(study, StudyLine)
    assert study.study.study_uid == held.mixed_study
    assert not any(ACCESSION in words for words in window.desk.settings.now.archive_search)
    sheet.form.accession.setText("ACC-0000")
    searched(qtbot, sheet)
    assert sheet.results.shown is sheet.results.empty


def test_a_password_that_was_given_with_its_archive_is_not_asked_for_again(
    window: MainWindow,  # noqa: F811
) -> None:
    sheet = open_sheet(window)
    sheet.results.none_yet.findChild(QAbstractButton).click()
    for field, words in (
        (sheet.edit.name, "Web"),
        (sheet.edit.url, "http://127.0.0.1:1/dicom-web"),
        (sheet.edit.user, "reader"),
        (sheet.edit.password, "secret"),
    ):
        field.setText(words)
    sheet.edit.save.click()
    assert sheet.choice.key == "Web"
    assert not sheet.password.isVisible()


def test_an_archive_is_changed_and_removed(window: MainWindow, held: Held) -> None:  # noqa: F811
    sheet = open_sheet(window, held.server.get, held.server.web)
    assert sheet.choice.key == held.server.web.name
    sheet.change.click()
    assert sheet.edit.url.text() == held.server.web.url
    sheet.edit.name.setText("Renamed")
    sheet.edit.save.click()
    assert [archive.name for archive in window.desk.archives.all] == ["By C-GET", "Renamed"]
    assert sheet.choice.key == "Renamed"
    sheet.change.click()
    sheet.edit.remove.click()
    assert sheet.edit.remove.text() == "Remove “Renamed”?"
    sheet.edit.remove.click()
    assert [archive.name for archive in window.desk.archives.all] == ["By C-GET"]
    assert sheet.choice.key == "By C-GET"


def test_all_that_was_received_can_be_removed_but_not_what_is_open(
    window: MainWindow,  # noqa: F811
    held: Held,
    qtbot: QtBot,
    own_home: Path,
) -> None:
    received = own_home / "data" / "received"
    sheet = open_sheet(window, held.server.get)
    searched(qtbot, sheet)
    mark(sheet, held.mixed_study)
    sheet.retrieve()
    lines = window.library.scans.lines
    qtbot.waitUntil(lambda: len(lines.series_ids) > 1, timeout=8000)
    window.desk.library.open_series(lines.series_ids[0])
    qtbot.waitUntil(lambda: window.desk.session.volume is not None)
    other = received / "another"
    other.mkdir()
    (other / "x.dcm").write_bytes(bytes(5_000_000))
    window.actions_.run("file.archive")
    qtbot.waitUntil(lambda: sheet.bar.remove.text() == "9 MB received")
    sheet.bar.remove.click()
    assert sheet.bar.remove.text() == "Remove 9 MB?"
    sheet.bar.remove.click()
    qtbot.waitUntil(lambda: sheet.bar.remove.text() == "4 MB received")
    assert not other.exists()
    assert len(list(received.rglob("*.dcm"))) == 16


def test_without_the_extra_it_says_how_to_install_it_and_nothing_else(
    window: MainWindow,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pynetdicom", None)
    sheet = open_sheet(window)
    assert sheet.uninstalled.isVisible()
    assert not sheet.form.isVisible()
    assert "-m pip install" in sheet.uninstalled.sentence.text()
    (copy,) = [b for b in sheet.uninstalled.findChildren(QAbstractButton) if b.isVisible()]
    copy.click()
    assert QApplication.clipboard().text() in sheet.uninstalled.sentence.text()
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.is_open


def test_every_control_has_a_name_and_a_tip_and_none_is_offered_on_stage(window: MainWindow, held: Held) -> None:  # noqa: F811
    sheet = open_sheet(window, held.server.get)
    unnamed: list[QWidget] = []
    for root in (sheet, sheet.edit):
        for control in root.findChildren(QWidget):
            if isinstance(control, QLineEdit | QComboBox) and not isinstance(control.parent(), QComboBox):
                if not control.accessibleName() or not (control.toolTip() or control.placeholderText()):
                    unnamed.append(control)
            elif isinstance(control, QAbstractButton):
                if not (control.accessibleName() or control.text()):
                    unnamed.append(control)
    assert unnamed == []
    contexts = window.actions_.table["file.archive"].contexts
    assert contexts == {Workspace.LIBRARY, Workspace.REVIEW, Workspace.INSPECT}


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("DOE^JANE", "DOE, JANE"),
        ("Doe^Jane^M^Dr^", "Doe, Jane, M, Dr"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou"),
        ("", ""),
    ],
)
def test_names_are_written_as_people_write_them(stored: str, shown: str) -> None:
    assert name_words(stored) == shown
