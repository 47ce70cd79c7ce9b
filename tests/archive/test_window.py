"""Archives as a person meets them: in a real window, with the keyboard, against a real Orthanc."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from tests.archive.orthanc import PASSWORD, PATIENT, PATIENT_ID, Orthanc
from tests.archive.sheet_hands import mark, open_sheet, searched, sheet_of
from tests.ui.window.conftest import press, window  # noqa: F401 (fixtures)
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.domain.session import Workspace
from viewer.io.archive.landing import Landing
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.io.volume_hash import volume_sha256
from viewer.ui.archive.study_rows import NoteLine, SeriesLine, StudyLine, held_words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from pytestqt.qtbot import QtBot

    from tests.archive.conftest import Held
    from viewer.ui.main_window import MainWindow

    Press = Callable[..., None]

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each image take a while, so that there is a middle."""
    take = Landing.take

    def slow(self: Landing, *arguments: object) -> None:
        time.sleep(0.1)
        take(self, *arguments)

    monkeypatch.setattr(Landing, "take", slow)


def test_from_nothing_to_a_series_on_the_screen_with_the_keyboard_alone(
    window: MainWindow,  # noqa: F811
    press: Press,  # noqa: F811
    held: Held,
    qtbot: QtBot,
    own_home: Path,
) -> None:
    press(window, Qt.Key.Key_A, CONTROL | SHIFT)
    sheet = sheet_of(window)
    assert sheet.is_open
    assert sheet.results.none_yet.isVisible()
    QTest.keyClick(sheet.add_first, Qt.Key.Key_Space)
    edit = sheet.edit
    assert edit.is_open
    QTest.keyClicks(edit.name, "Radiology")
    edit.kind.button("dimse").click()
    QTest.keyClicks(edit.host, "127.0.0.1")
    edit.port.clear()
    QTest.keyClicks(edit.port, str(held.server.dicom_port))
    QTest.keyClicks(edit.title_field, "ARCHIVE")
    edit.test.click()
    qtbot.waitUntil(lambda: edit.answer.text() == "It answers.")
    QTest.keyClick(edit.title_field, Qt.Key.Key_Return)
    assert not edit.is_open
    assert QApplication.focusWidget() is sheet.form.patient
    QTest.keyClicks(sheet.form.patient, "canary")
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sheet.results.shown is sheet.list, timeout=8000)
    (study,) = sheet.rows.lines
    assert isinstance(study, StudyLine)
    assert sheet.bar.summary.text() == "1 study"
    assert QApplication.focusWidget() is sheet.list
    press(window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: len(sheet.rows.lines) == 17, timeout=8000)
    press(window, Qt.Key.Key_Down)
    press(window, Qt.Key.Key_Down)
    line = sheet.list.line
    assert isinstance(line, SeriesLine)
    assert sheet.bar.retrieve.text() == "Retrieve series"
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not sheet.is_open, timeout=8000)
    qtbot.waitUntil(lambda: window.desk.session.volume is not None and not window.desk.session.volume.preview)
    volume = window.desk.session.volume
    assert volume is not None
    assert volume.series.series_uid == line.series.series_uid
    source = held.mixed / f"{line.series.series_uid}.dcm"
    assert volume_sha256(volume) == volume_sha256(assemble(scan(source, JobContext()).series[0], JobContext()))
    assert window.desk.session.workspace is Workspace.REVIEW
    assert len(list((own_home / "data" / "received").rglob("*.dcm"))) == 1
    # Another time it is here already, and is opened without being fetched.
    press(window, Qt.Key.Key_A, CONTROL | SHIFT)
    assert sheet.list.line == SeriesLine(line.series, held=1)
    assert sheet.bar.retrieve.text() == "Open series"


def test_a_series_comes_over_dicomweb_from_the_window_and_opens_as_its_files_do(
    window: MainWindow,  # noqa: F811
    held: Held,
    qtbot: QtBot,
    own_home: Path,
    press: Press,  # noqa: F811
) -> None:
    sheet = open_sheet(window, held.server.web)
    searched(qtbot, sheet, "canary")
    qtbot.waitUntil(lambda: QApplication.focusWidget() is sheet.list, timeout=8000)
    press(window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: len(sheet.rows.lines) == 17, timeout=8000)
    press(window, Qt.Key.Key_Down)
    press(window, Qt.Key.Key_Down)
    line = sheet.list.line
    assert isinstance(line, SeriesLine)
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not sheet.is_open, timeout=8000)
    qtbot.waitUntil(lambda: window.desk.session.volume is not None and not window.desk.session.volume.preview)
    volume = window.desk.session.volume
    assert volume is not None
    source = held.mixed / f"{line.series.series_uid}.dcm"
    assert volume_sha256(volume) == volume_sha256(assemble(scan(source, JobContext()).series[0], JobContext()))
    assert len(list((own_home / "data" / "received").rglob("*.dcm"))) == 1


def test_a_password_is_asked_for_kept_in_memory_alone_and_asked_again_when_refused(
    window: MainWindow,  # noqa: F811
    held: Held,
    qtbot: QtBot,
    own_home: Path,
) -> None:
    sheet = open_sheet(window, held.server.web, password="")
    assert sheet.password.isVisible()
    searched_before = sheet.results.shown
    QTest.keyClick(sheet.form.patient, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is sheet.password
    assert sheet.results.shown is searched_before
    QTest.keyClicks(sheet.password, "wrong")
    QTest.keyClick(sheet.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sheet.results.shown is sheet.results.wrong, timeout=8000)
    assert "refused the user or the password" in sheet.results.wrong.title.text()
    assert sheet.password.isVisible()
    assert sheet.password.text() == ""
    sheet.password.setText(PASSWORD)
    QTest.keyClick(sheet.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sheet.results.shown is sheet.list, timeout=8000)
    assert not sheet.password.isVisible()
    assert PASSWORD not in (own_home / "config" / "settings.json").read_text("utf-8")


def test_the_last_archive_and_search_are_remembered_but_not_who_was_looked_for(
    window: MainWindow,  # noqa: F811
    held: Held,
    qtbot: QtBot,
    own_home: Path,
) -> None:
    sheet = open_sheet(window, held.server.get, held.server.web)
    sheet.choice.choose(held.server.get.name)
    sheet.form.patient_id.setText(PATIENT_ID)
    sheet.form.first.setText("1990-01-01")
    sheet.form.description.setText("chest")
    sheet.form.modality.choose("")
    searched(qtbot, sheet, PATIENT)
    stored = (own_home / "config" / "settings.json").read_text("utf-8")
    assert "CANARY" not in stored
    assert "90210" not in stored
    from viewer.services.settings import Settings

    now = Settings(own_home / "config" / "settings.json").now
    assert now.archive == held.server.get.name
    assert now.archive_search == ("1990-01-01", "", "", "chest")


def test_hidden_identity_is_hidden_here_too_and_searching_by_it_still_works(
    window: MainWindow,  # noqa: F811
    held: Held,
    qtbot: QtBot,
) -> None:
    sheet = open_sheet(window, held.server.web)
    window.desk.session.masked = True
    searched(qtbot, sheet, "canary")
    index = sheet.rows.index(0)
    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
        said = str(sheet.rows.data(index, role))
        assert "Masked" in said
        assert "TWEETY" not in said.upper()
        assert PATIENT_ID not in said
    assert sheet.form.patient.echoMode() is QLineEdit.EchoMode.PasswordEchoOnEdit
    window.desk.session.masked = False
    assert "CANARY, TWEETY" in str(sheet.rows.data(index))


def test_a_retrieve_shows_how_far_it_is_can_be_cancelled_and_goes_on(
    window: MainWindow,  # noqa: F811
    held: Held,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sheet = open_sheet(window, held.server.get)
    searched(qtbot, sheet)
    mark(sheet, held.abdomen_study)
    with monkeypatch.context() as patched:
        slowly(patched)
        sheet.bar.retrieve.click()
        qtbot.waitUntil(lambda: sheet.bar.words.text().startswith(("2 of 41", "3 of 41", "4 of 41")), timeout=8000)
        assert sheet.bar.words.text().endswith(" MB/s")
        assert sheet.bar.cancel.isVisible()
        assert sheet.bar.retrieve.text() == "Open what is here"
        take, release = Landing.take, threading.Event()
        patched.setattr(Landing, "take", lambda self, *arguments: release.wait(60) and take(self, *arguments))
        started_s = time.monotonic()
        sheet.bar.cancel.click()
        assert not sheet.bar.cancel.isVisible()
        assert time.monotonic() - started_s < 30, "the window does not wait for the image that is coming"
        release.set()
        qtbot.waitUntil(lambda: sheet.bar.retrieve.isEnabled())
    qtbot.wait(300)
    sheet.rows.look_again()
    line = sheet.list.line
    assert isinstance(line, StudyLine)
    assert 2 <= line.held < 41
    assert held_words(line.held, 41) == f"{line.held} of 41 here"
    qtbot.waitUntil(lambda: sheet.bar.remove.isVisible())
    QTest.keyClick(sheet.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not sheet.is_open, timeout=8000)
    qtbot.waitUntil(lambda: window.desk.session.volume is not None and not window.desk.session.volume.preview)
    volume = window.desk.session.volume
    assert volume is not None
    assert volume.stack.count == 41
    assert window.messages.message is None


def test_a_retrieve_goes_on_when_the_sheet_is_closed_and_says_when_it_is_done(
    window: MainWindow,  # noqa: F811
    held: Held,
    qtbot: QtBot,
) -> None:
    sheet = open_sheet(window, held.server.move)
    searched(qtbot, sheet)
    mark(sheet, held.abdomen_study)
    sheet.retrieve()
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.is_open
    qtbot.waitUntil(lambda: window.messages.message is not None, timeout=8000)
    message = window.messages.message
    assert message is not None
    assert message.calm
    assert "is on this computer now, 41 images" in message.sentence
    assert window.desk.session.volume is None
    window.messages.act()
    qtbot.waitUntil(lambda: window.desk.session.volume is not None, timeout=8000)


def test_several_are_asked_for_one_after_another_and_what_has_arrived_opens(
    window: MainWindow,  # noqa: F811
    held: Held,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sheet = open_sheet(window, held.server.get)
    searched(qtbot, sheet)
    queue = window.desk.archives.queue
    session = window.desk.session

    def said(study: str) -> str:
        return str(sheet.rows.data(sheet.rows.index(sheet.rows.row_of(study))))

    with monkeypatch.context() as patched:
        slowly(patched)
        for study in (held.abdomen_study, held.mixed_study):
            mark(sheet, study)
            QTest.keyClick(sheet.list, Qt.Key.Key_Return)
            # A second Enter takes nothing back.
            QTest.keyClick(sheet.list, Qt.Key.Key_Return)
        assert said(held.mixed_study).endswith("Waiting")
        assert sheet.bar.retrieve.text() == "Do not retrieve"
        qtbot.waitUntil(lambda: "Coming, " in said(held.abdomen_study), timeout=8000)
        assert sheet.bar.words.text().endswith("1 more to come")
        QTest.keyClick(sheet.list, Qt.Key.Key_Delete)
        assert queue.waiting == ()
        assert sheet.bar.retrieve.text() == "Retrieve study"
        sheet.bar.retrieve.click()
        assert len(queue.waiting) == 1
        mark(sheet, held.abdomen_study)
        qtbot.waitUntil(lambda: sheet.bar.retrieve.isEnabled(), timeout=8000)
        assert sheet.bar.retrieve.text() == "Open what is here"
        QTest.keyClick(sheet.list, Qt.Key.Key_Return)
        assert not sheet.is_open
        qtbot.waitUntil(lambda: session.volume is not None and not session.volume.preview, timeout=8000)
        assert session.volume is not None
        assert session.volume.verdict is Verdict.UNTRUSTED
        assert "Not all images have been retrieved" in session.volume.reasons[-1]
    qtbot.waitUntil(lambda: queue.coming is None, timeout=20_000)
    message = window.messages.message
    assert message is not None
    assert message.sentence.startswith("A study from “By C-GET” is on this computer now, 16 images")
    window.actions_.run("file.archive")
    assert said(held.abdomen_study).endswith("On this computer")
    mark(sheet, held.abdomen_study)
    QTest.keyClick(sheet.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.volume is not None and session.volume.stack.count == 41, timeout=8000)
    assert session.volume is not None
    qtbot.waitUntil(lambda: session.volume is not None and session.volume.verdict is Verdict.OK, timeout=8000)


def test_an_archive_that_is_gone_is_a_sentence_with_a_hint_and_a_way_on(
    window: MainWindow,  # noqa: F811
    held: Held,
    qtbot: QtBot,
    orthanc_folder: Path,
) -> None:
    server = Orthanc(orthanc_folder / "goes")
    server.start()
    try:
        server.load(path.read_bytes() for path in sorted(held.abdomen.glob("*.dcm"))[:3])
        sheet = open_sheet(window, server.get)
        searched(qtbot, sheet)
        assert sheet.results.shown is sheet.list
    finally:
        server.stop(at_once=True)
    sheet.list.setFocus()
    QTest.keyClick(sheet.list, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: isinstance(sheet.rows.line(1), NoteLine) and sheet.rows.lines[1].is_wrong, timeout=8000)
    QTest.keyClick(sheet.list, Qt.Key.Key_Left)
    sheet.retrieve()
    qtbot.waitUntil(lambda: sheet.messages.message is not None, timeout=8000)
    message = sheet.messages.message
    assert message is not None
    assert "cannot be reached" in message.sentence
    assert "Check the network" in message.hint
    searched(qtbot, sheet)
    assert "cannot be reached" in sheet.results.wrong.title.text()
    assert sheet.bar.retrieve.isEnabled() is False


def test_what_cannot_be_meant_is_said_before_anything_is_asked(
    window: MainWindow,  # noqa: F811
    held: Held,
    qtbot: QtBot,
) -> None:
    sheet = open_sheet(window, held.server.get)
    sheet.form.first.setText("yesterday")
    sheet.form.patient.setFocus()
    QTest.keyClick(sheet.form.patient, Qt.Key.Key_Return)
    assert sheet.results.wrong.isVisible()
    assert "not a date" in sheet.results.wrong.title.text()
    assert QApplication.focusWidget() is sheet.form.first
    sheet.form.first.clear()
    searched(qtbot, sheet, "nobody at all")
    assert sheet.results.shown is sheet.results.empty
    sheet.edit.ask(None)
    sheet.edit.save.click()
    assert "needs a name" in sheet.edit.answer.text()
    sheet.edit.name.setText("X")
    sheet.edit.url.setText("ftp://x")
    sheet.edit.test.click()
    assert "https://" in sheet.edit.answer.text()
    sheet.edit.url.setText("https://x.example.org")
    sheet.edit.name.setText(held.server.get.name)
    sheet.edit.save.click()
    assert "already" in sheet.edit.answer.text()
