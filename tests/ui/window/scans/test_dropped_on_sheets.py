"""Scans that are dropped while something is half typed: they come to the front, and what was typed comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from viewer.domain.decision import Answer
from viewer.domain.session import Workspace
from viewer.io.archive.description import Archive, ArchiveKind
from viewer.ui.archive.edit_sheet import KEPT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.ui.archive.archive_sheet import ArchiveSheet
    from viewer.ui.main_window import MainWindow

    Rest = Callable[[], None]


def sheet_of(window: MainWindow) -> ArchiveSheet:
    window.asking.archive()
    sheet = window.asking.archive_sheet
    assert sheet is not None
    return sheet


@pytest.fixture
def half_typed(window: MainWindow) -> ArchiveSheet:
    """Return the archives' sheet with the address and password of a new one begun."""
    sheet = sheet_of(window)
    sheet.edit.ask(None)
    QTest.keyClicks(sheet.edit.name, "Radiology")
    QTest.keyClicks(sheet.edit.url, "https://pacs.exam")
    QTest.keyClicks(sheet.edit.password, "secr")
    return sheet


def test_an_address_that_was_begun_comes_back_after_a_drop(
    window: MainWindow, half_typed: ArchiveSheet, folder: Path, rest: Rest
) -> None:
    window.asking.dropped([str(folder / "thin")])
    rest()
    assert window.desk.session.workspace is Workspace.REVIEW
    assert not half_typed.is_open
    assert not half_typed.edit.is_open
    assert half_typed.edit.password.text() == ""
    assert window.messages.message is not None
    assert window.messages.message.sentence == KEPT
    window.messages.act()
    assert half_typed.edit.is_open
    texts = (half_typed.edit.name.text(), half_typed.edit.url.text(), half_typed.edit.password.text())
    assert texts == ("Radiology", "https://pacs.exam", "secr")
    # Given up by hand it does not come back.
    QTest.keyClick(half_typed.edit, Qt.Key.Key_Escape)
    half_typed.edit.ask(None)
    assert half_typed.edit.name.text() == ""


def test_what_was_begun_of_one_archive_is_not_put_into_another(window: MainWindow, folder: Path, rest: Rest) -> None:
    first = Archive("First", kind=ArchiveKind.DIMSE, host="a", port=104, title="A")
    window.desk.archives.keep(first, "")
    sheet = sheet_of(window)
    sheet.edit.ask(first)
    QTest.keyClicks(sheet.edit.host, ".example")
    window.asking.dropped([str(folder / "thin")])
    rest()
    sheet.edit.ask(None)
    assert sheet.edit.host.text() == ""
    sheet.edit.ask(first)
    assert sheet.edit.host.text() == "a.example"


def test_a_sheet_in_which_nothing_was_typed_goes_without_a_word(window: MainWindow, folder: Path, rest: Rest) -> None:
    sheet = sheet_of(window)
    sheet.edit.ask(None)
    window.asking.dropped([str(folder / "thin")])
    rest()
    assert not sheet.edit.is_open
    assert window.messages.message is None or window.messages.message.sentence != KEPT
    sheet = sheet_of(window)
    assert not sheet.edit.is_open


def test_a_name_that_was_begun_comes_back_and_answers_nothing_by_itself(
    window: MainWindow, folder: Path, rest: Rest
) -> None:
    asking = window.asking
    asking.decide(Answer.ACCEPTED)
    QTest.keyClicks(asking.reader_sheet.field, "Dr M")
    asking.dropped([str(folder / "thin")])
    rest()
    assert not asking.reader_sheet.is_open
    asking.decide(Answer.ACCEPTED)
    assert asking.reader_sheet.field.text() == "Dr M"
