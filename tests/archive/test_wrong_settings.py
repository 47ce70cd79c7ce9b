"""What is said where a setting of an archive is wrong: it names the setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from tests.archive.conftest import Watched
from tests.archive.orthanc import PASSWORD, free_port
from tests.archive.sheet_hands import open_sheet
from tests.ui.window.conftest import press, window  # noqa: F401 (fixtures)
from viewer.domain.errors import ArchiveError
from viewer.io.archive import ask
from viewer.io.archive.failures import our_title_unknown

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.archive.conftest import Held
    from viewer.ui.main_window import MainWindow


def test_https_at_a_server_without_tls_is_not_blamed_on_a_certificate(held: Held) -> None:
    wrong = evolve(held.server.web, url=held.server.web.url.replace("http:", "https:"))
    with pytest.raises(ArchiveError, match="does not speak https") as failed:
        ask.check_connection(wrong, Watched().context, PASSWORD)
    assert "http://" in failed.value.hint


def test_dicomweb_at_a_dicom_port_says_to_look_at_the_address(held: Held) -> None:
    wrong = evolve(held.server.web, url=f"http://127.0.0.1:{held.server.dicom_port}/dicom-web")
    with pytest.raises(ArchiveError, match="broke off") as failed:
        ask.check_connection(wrong, Watched().context, PASSWORD)
    assert wrong.url in failed.value.hint


def test_where_an_archive_cannot_send_to_us_the_place_it_has_to_know_is_said(held: Held, tmp_path: Path) -> None:
    port = free_port()
    wrong = evolve(held.server.move, receiver_port=port)
    with pytest.raises(ArchiveError, match="sent none of the images") as failed:
        ask.retrieve(wrong, held.mixed_study, f"{held.mixed_study}.2", tmp_path / "study", Watched().context)
    assert f"{wrong.own_title} at 127.0.0.1, port {port}" in failed.value.hint


def test_all_settings_are_whole_in_a_window_at_twice_the_size(window: MainWindow, held: Held) -> None:  # noqa: F811
    sheet = open_sheet(window, evolve(held.server.move, host="pacs.example.org"))
    window.setMinimumSize(0, 0)
    window.resize(960, 515)
    sheet.change.click()
    window.desk.archives.check_failed.emit(our_title_unknown(held.server.move))
    QApplication.processEvents()
    fields = [field for field in sheet.edit.findChildren(QLineEdit) if field.isVisible()]
    assert len(fields) == 7
    for part in (*fields, sheet.edit.answer, sheet.edit.save):
        assert part.visibleRegion().boundingRect().size() == part.size(), part.accessibleName()


def test_the_keys_stay_where_the_connection_was_tested(
    window: MainWindow,  # noqa: F811
    held: Held,
    qtbot: QtBot,
) -> None:
    # On Save they would keep what has just been said to be wrong.
    sheet = open_sheet(window, evolve(held.server.web, url=f"http://127.0.0.1:{free_port()}/dicom-web"))
    sheet.change.click()
    edit = sheet.edit
    edit.test.setFocus()
    for _ in range(2):
        QTest.keyClick(edit.test, Qt.Key.Key_Space)
        assert QApplication.focusWidget() is edit.test
        qtbot.waitUntil(lambda: "cannot be reached" in edit.answer.text(), timeout=8000)
        assert QApplication.focusWidget() is edit.test
    edit.url.setText(held.server.web.url)
    edit.password.setText(PASSWORD)
    QTest.keyClick(edit.test, Qt.Key.Key_Space)
    QTest.keyClick(edit.test, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "answers" in edit.answer.text(), timeout=8000)
    assert edit.isVisible()


@pytest.mark.parametrize("opener", ["add", "change"])
def test_once_an_archive_is_saved_the_keys_are_where_one_searches_it(
    window: MainWindow,  # noqa: F811
    held: Held,
    opener: str,
) -> None:
    sheet = open_sheet(window, held.server.get)
    button = {"add": sheet._head.add, "change": sheet.change}[opener]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    QTest.keyClick(sheet.edit.name, Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is button
    QTest.keyClick(button, Qt.Key.Key_Space)
    sheet.edit.name.setText("Another")
    sheet.edit.url.setText(held.server.web.url)
    QTest.keyClick(sheet.edit.name, Qt.Key.Key_Return)
    assert not sheet.edit.is_open
    assert sheet.choice.key == "Another"
    assert QApplication.focusWidget() is sheet.form.patient
