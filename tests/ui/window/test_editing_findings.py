"""E edits the finding in hand, by the keyboard alone: a comment on it, and of a mark the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from viewer.domain.decision import Answer
from viewer.domain.finding import SourceKind
from viewer.domain.session import Workspace
from viewer.domain.view_state import as_point
from viewer.services.reader_marks import mark_at
from viewer.ui.review.detail_box import AnswerButton

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.domain.finding import Finding
    from viewer.ui.main_window import MainWindow
    from viewer.ui.review.detail_box import CommentField

SHIFT = Qt.KeyboardModifier.ShiftModifier


def marks(window: MainWindow) -> list[Finding]:
    return [f for f in window.desk.session.findings if f.source.kind is SourceKind.READER]


def places(window: MainWindow) -> list[tuple[float, ...]]:
    return [tuple(f.centre_lps_mm) for f in marks(window)]


def tab_to_the_button_that(window: MainWindow, press: Callable[..., None], does: str) -> None:
    """Press Tab until a button with these words has the keys."""
    for _ in range(3):
        press(window, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        if focus is not None and focus.accessibleName().startswith(does):
            return
    raise AssertionError(does)


def test_e_lets_a_comment_be_typed_that_undo_takes_back(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_N)
    press(opened, Qt.Key.Key_E)
    comment = opened.review.panel.detail.comment
    assert QApplication.focusWidget() is comment
    QTest.keyClicks(comment, "a vessel, no bleed")
    press(opened, Qt.Key.Key_Return)
    assert opened.desk.session.decisions["left"].comment == "a vessel, no bleed"
    press(opened, Qt.Key.Key_E)
    assert comment.text() == "a vessel, no bleed"
    press(opened, Qt.Key.Key_Escape)
    press(opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert "left" not in opened.desk.session.decisions


def test_once_the_name_was_asked_for_the_first_comment_keys_are_no_longer_typed_into_it(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    opened.desk.settings.change(reader="")
    press(opened, Qt.Key.Key_N)
    press(opened, Qt.Key.Key_E)
    comment = opened.review.panel.detail.comment
    QTest.keyClicks(comment, "a vessel")
    press(opened, Qt.Key.Key_Return)
    QTest.keyClicks(opened.asking.reader_sheet.field, "Dr Example")
    press(opened, Qt.Key.Key_Return)
    assert opened.desk.session.decisions["left"].comment == "a vessel"
    press(opened, Qt.Key.Key_N)
    assert comment.text() == ""
    assert opened.desk.session.selected is not None
    assert opened.desk.session.selected.id == "right"


def test_a_mark_is_moved_to_the_crosshair_by_keys_alone_and_undo_brings_it_back(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_M)
    (first,) = places(opened)
    press(opened, Qt.Key.Key_Up)
    press(opened, Qt.Key.Key_E)
    assert places(opened) == [first]
    tab_to_the_button_that(opened, press, "Move mark here")
    press(opened, Qt.Key.Key_Space)
    (moved,) = places(opened)
    assert moved[:2] == first[:2]
    assert moved[2] != first[2]
    press(opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert places(opened) == [first]
    assert opened.desk.session.view is not None
    assert opened.desk.session.view.cursor_lps_mm == pytest.approx(first)
    opened.canvas.setFocus()
    press(opened, Qt.Key.Key_Down)
    press(opened, Qt.Key.Key_M, SHIFT)
    assert places(opened) not in ([first], [moved])


def test_a_mark_is_removed_from_where_it_is_edited_while_a_measurement_is_in_hand_too(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_M)
    press(opened, Qt.Key.Key_E)
    tab_to_the_button_that(opened, press, "Remove mark")
    press(opened, Qt.Key.Key_Space)
    assert marks(opened) == []


def test_what_a_model_found_has_nothing_to_be_moved_and_says_what_to_do(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_N)
    press(opened, Qt.Key.Key_E)
    press(opened, Qt.Key.Key_Tab)
    focus = QApplication.focusWidget()
    assert focus is None or not focus.accessibleName().startswith(("Move mark", "Remove mark"))
    assert why_not(opened, "review.move_mark") == (
        "What a model found stays where it is. X rejects it, and M marks the right place."
    )


def test_a_mark_that_the_case_carries_stays_where_it_is_and_says_what_to_do(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    session = opened.desk.session
    mark = mark_at(as_point(session.findings[0].centre_lps_mm), "A reader", missed=True)
    session.carried = (mark,)
    session.findings = (*session.findings, mark)
    opened.desk.reviewing.select(mark.id)
    press(opened, Qt.Key.Key_Delete)
    press(opened, Qt.Key.Key_Up)
    press(opened, Qt.Key.Key_M, SHIFT)
    assert places(opened) == [tuple(mark.centre_lps_mm)]
    for command in ("review.move_mark", "review.remove_mark", "review.remove"):
        assert why_not(opened, command) == (
            "This mark belongs to the case, whose story may point to it. X rejects it, and M marks the right place."
        )
    press(opened, Qt.Key.Key_X)
    assert session.decisions[mark.id].answer is Answer.REJECTED


def test_e_says_why_where_nothing_is_there_to_be_edited(opened: MainWindow) -> None:
    assert why_not(opened, "review.edit") == "No finding is selected. Press N for the first."
    opened.desk.reviewing.select("true left")
    opened.desk.navigation.finish()
    assert why_not(opened, "review.edit") == "What is selected belongs to the ground truth; nobody decides on that."


def why_not(window: MainWindow, command_id: str) -> str:
    command = window.actions_.table[command_id]
    return "" if command.enabled_when() else command.why_not


def test_a_right_click_on_a_row_takes_the_finding_in_hand_and_offers_what_can_be_edited(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_M)
    offered: list[list[str]] = []

    def look() -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        offered.append([each.text() for each in menu.actions() if each.isEnabled()])
        menu.close()

    rows = opened.review.panel.list
    for row in (3, 0):
        at = rows.visualRect(rows.rows.index(row)).center()
        QTimer.singleShot(100, look)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, rows.viewport().mapToGlobal(at))
        QApplication.sendEvent(rows.viewport(), event)
        opened.desk.navigation.finish()
        assert opened.desk.session.selected is not None
        assert opened.desk.session.selected.id == rows.rows.ident_at(row)
    of_the_mark, of_the_model = offered
    assert of_the_mark[:3] == ["Edit finding", "Move mark here", "Remove mark"]
    assert of_the_model[0] == "Edit finding"
    assert "Move mark here" not in of_the_model


def typing(window: MainWindow, press: Callable[..., None], words: str) -> CommentField:
    """Take the next finding in hand and type into its comment, without Enter."""
    press(window, Qt.Key.Key_N)
    press(window, Qt.Key.Key_E)
    comment = window.review.panel.detail.comment
    QTest.keyClicks(comment, words)
    return comment


def comments(window: MainWindow) -> dict[str, str]:
    return {ident: decision.comment for ident, decision in window.desk.session.decisions.items()}


def test_a_comment_stays_with_its_finding_where_next_is_clicked_and_keys_answer_again(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    opened.desk.settings.change(reduce_motion=False)
    comment = typing(opened, press, "a vessel")
    QTest.mouseClick(opened.review.panel._next, Qt.MouseButton.LeftButton)
    assert comments(opened) == {"left": "a vessel"}
    assert comment.text() == ""
    press(opened, Qt.Key.Key_A)
    assert comments(opened) == {"left": "a vessel", "right": ""}
    assert opened.desk.session.decisions["right"].answer is Answer.ACCEPTED


def test_an_answer_that_is_clicked_ends_the_comment_also_where_no_other_finding_is_open(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    for key in (Qt.Key.Key_N, Qt.Key.Key_A, Qt.Key.Key_A, Qt.Key.Key_A):
        press(opened, key)
    comment = typing(opened, press, "a vessel")
    button = next(b for b in opened.review.panel.detail.findChildren(AnswerButton) if b.text() == "Reject")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    press(opened, Qt.Key.Key_L)
    press(opened, Qt.Key.Key_U)
    assert comment.text() == "a vessel"
    said = opened.desk.session.decisions["left"]
    assert (said.answer, said.comment) == (Answer.UNSURE, "a vessel")


def test_a_model_that_ends_meanwhile_takes_neither_the_comment_nor_the_keys(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_N)
    comment = typing(opened, press, "a ves")
    opened.desk.finding_run.done.emit(opened.desk.session.findings)
    QTest.keyClicks(comment, "sel")
    press(opened, Qt.Key.Key_Return)
    assert comments(opened) == {"right": "a vessel"}


def test_a_comment_that_is_being_typed_is_kept_where_the_scan_or_the_window_is_left(
    opened: MainWindow, press: Callable[..., None], tmp_path: Path
) -> None:
    typing(opened, press, "a vessel")
    opened.asking.dropped([str(tmp_path)])
    assert comments(opened) == {"left": "a vessel"}
    typing(opened, press, "a calcification")
    opened.close()
    assert comments(opened) == {"left": "a vessel", "right": "a calcification"}


def test_a_comment_that_is_being_typed_is_in_the_export(
    opened: MainWindow, press: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, str]] = []

    def ask(*_: object) -> str:
        asked.append(comments(opened))
        return ""

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", ask)
    typing(opened, press, "a vessel")
    opened.actions_.run("review.export")
    assert asked == [{"left": "a vessel"}]


def test_space_shows_all_again_where_one_comes_back_from_another_program_after_a_comment(
    opened: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    typing(opened, press, "a vessel")
    press(opened, Qt.Key.Key_Return)
    other = QWidget()
    other.show()
    other.activateWindow()
    qtbot.waitUntil(other.isActiveWindow)
    other.close()
    opened.activateWindow()
    qtbot.waitUntil(opened.isActiveWindow)
    press(opened, Qt.Key.Key_Space)
    assert opened.desk.session.workspace is Workspace.REVIEW
    press(opened, Qt.Key.Key_A)
    assert opened.desk.session.decisions["left"].answer is Answer.ACCEPTED
