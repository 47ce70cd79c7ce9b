"""Review: findings one by one, decided with one key, kept, undone, commented, exported."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel

from viewer.domain.decision import Answer
from viewer.domain.errors import StorageError
from viewer.domain.finding import SourceKind
from viewer.domain.geometry import Verdict
from viewer.domain.model_card import ModelCard
from viewer.services.places import decisions_file
from viewer.ui.fonts import Type, font
from viewer.ui.marks import Mark
from viewer.ui.messages import Message
from viewer.ui.review.detail_box import AnswerButton
from viewer.ui.review.finding_list import Columns, Filter
from viewer.ui.review.model_box import ModelBox
from viewer.ui.review.toolbar import preset_keys
from viewer.ui.unsaved import Unsaved
from viewer.ui.widgets import Badge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.domain.volume import Volume
    from viewer.ui.main_window import MainWindow

CARD = ModelCard(
    id="test-finder",
    name="Test finder",
    version="1.0",
    task="segmentation",
    licence="Apache-2.0",
    intended_use="Shows bleeds.",
    trained_on="Synthetic heads",
    limitations="Never saw a patient.",
    synthetic_only=True,
    rules=False,
    sha256="0",
)


def test_the_first_n_takes_the_best_finding_and_centres_it(
    opened: MainWindow, press: Callable[..., None], left_of: tuple[float, float, float]
) -> None:
    press(opened, Qt.Key.Key_N)
    session = opened.desk.session
    assert session.selected is not None
    assert session.selected.id == "left"
    assert session.view is not None
    assert session.view.cursor_lps_mm == pytest.approx(left_of)
    assert opened.review.panel.list.currentIndex().row() == 0
    assert opened.review.panel.detail.title.whole == "Bleed left, left, front"


def test_the_buttons_answer_as_soon_as_a_finding_is_in_hand(opened: MainWindow) -> None:
    session = opened.desk.session
    assert session.view is not None
    session.view = evolve(session.view, selected_finding="left")
    QApplication.processEvents()
    accept = opened.review.panel.detail.findChildren(AnswerButton)[0]
    QTest.mouseClick(accept, Qt.MouseButton.LeftButton)
    assert session.decisions["left"].answer is Answer.ACCEPTED


def test_accept_reject_unsure_go_through_the_list_and_are_counted(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    for key in (Qt.Key.Key_N, Qt.Key.Key_A, Qt.Key.Key_X, Qt.Key.Key_U):
        press(opened, key)
    answers = {name: decision.answer for name, decision in opened.desk.session.decisions.items()}
    assert answers == {"left": Answer.ACCEPTED, "right": Answer.REJECTED, "wrong": Answer.UNSURE}
    panel = opened.review.panel
    assert panel.decided_words == "3 of 3 decided"
    assert [panel.list.rows.row(n)[1] for n in range(3)] == [Mark.ACCEPTED, Mark.REJECTED, Mark.UNSURE]
    assert opened.status.saved_words.startswith("Decisions saved ")


def test_sorted_by_size_the_largest_comes_first_and_deciding_goes_on_from_there(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    panel, session = opened.review.panel, opened.desk.session
    left, right, wrong = session.findings
    session.findings = (evolve(left, volume_ml=0.4), evolve(right, volume_ml=3.0), evolve(wrong, volume_ml=0.2))

    def listed() -> list[str]:
        return [panel.list.rows.row(n)[0].id for n in range(panel.list.rows.rowCount())]

    assert listed() == ["left", "right", "wrong"]
    QTest.mouseClick(panel.head.word("size"), Qt.MouseButton.LeftButton)
    assert listed() == ["right", "left", "wrong"]
    gone_through = []
    for key in (Qt.Key.Key_N, Qt.Key.Key_A, Qt.Key.Key_P, Qt.Key.Key_P):
        press(opened, key)
        assert session.selected is not None
        gone_through.append(session.selected.id)
    assert gone_through == ["right", "left", "right", "wrong"]
    QTest.mouseClick(panel.head.word("score"), Qt.MouseButton.LeftButton)
    assert listed() == ["left", "right", "wrong"]


def test_without_scores_there_is_no_word_for_them_and_the_words_stand_over_their_columns(opened: MainWindow) -> None:
    head, session = opened.review.panel.head, opened.desk.session
    size, score = head.word("size"), head.word("score")
    for width in (340, 440):
        head.resize(width, head.height())
        assert size.geometry().right() < score.geometry().left()
        assert score.geometry().right() <= width
    session.findings = tuple(evolve(f, score=None) for f in session.findings)
    assert score.isHidden()
    assert size.isChecked()
    assert size.geometry().right() > 400


def test_keys_that_come_faster_than_the_program_answer_one_finding_after_the_other(opened: MainWindow) -> None:
    opened.desk.settings.change(reduce_motion=False)
    for key in (Qt.Key.Key_N, Qt.Key.Key_A, Qt.Key.Key_X, Qt.Key.Key_U):
        QTest.keyClick(opened.canvas, key)
    said = {ident: decision.answer for ident, decision in opened.desk.session.decisions.items()}
    assert said == {"left": Answer.ACCEPTED, "right": Answer.REJECTED, "wrong": Answer.UNSURE}


def test_answers_clicked_at_once_after_next_are_of_the_finding_that_it_led_to(opened: MainWindow) -> None:
    opened.desk.settings.change(reduce_motion=False)
    for command in ("finding.next", "finding.next", "review.accept", "review.reject"):
        assert opened.actions_.run(command)
    said = {ident: decision.answer for ident, decision in opened.desk.session.decisions.items()}
    assert said == {"right": Answer.ACCEPTED, "wrong": Answer.REJECTED}


def test_a_decision_is_taken_back_with_ctrl_z(opened: MainWindow, press: Callable[..., None]) -> None:
    for key in (Qt.Key.Key_N, Qt.Key.Key_A):
        press(opened, key)
    press(opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert opened.review.panel.decided_words == "0 of 3 decided"
    press(opened, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert opened.review.panel.decided_words == "1 of 3 decided"


def test_the_readers_name_is_asked_once_and_then_the_answer_is_kept(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    opened.desk.settings.change(reader="")
    press(opened, Qt.Key.Key_N)
    press(opened, Qt.Key.Key_A)
    sheet = opened.asking.reader_sheet
    assert sheet.is_open
    assert opened.desk.session.decisions == {}
    QTest.keyClicks(sheet.field, "Dr Axu")
    press(opened, Qt.Key.Key_Return)
    assert not sheet.is_open
    decision = opened.desk.session.decisions["left"]
    assert (decision.answer, decision.reader) == (Answer.ACCEPTED, "Dr Axu")
    assert opened.desk.settings.now.reader == "Dr Axu"
    press(opened, Qt.Key.Key_A)
    assert not sheet.is_open
    assert len(opened.desk.session.decisions) == 2


def test_nothing_is_decided_without_a_name(opened: MainWindow, press: Callable[..., None]) -> None:
    opened.desk.settings.change(reader="")
    press(opened, Qt.Key.Key_N)
    press(opened, Qt.Key.Key_A)
    press(opened, Qt.Key.Key_Escape)
    assert opened.desk.session.decisions == {}


def test_a_comment_takes_letters_that_are_keys_elsewhere(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_N)
    press(opened, Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    assert QApplication.focusWidget() is opened.review.panel.detail.comment
    QTest.keyClicks(opened.review.panel.detail.comment, "axu n")
    press(opened, Qt.Key.Key_Return)
    decision = opened.desk.session.decisions["left"]
    assert (decision.answer, decision.comment) == (None, "axu n")
    assert opened.desk.session.selected is not None
    assert opened.desk.session.selected.id == "left"


def test_the_filter_shows_what_is_still_to_decide(opened: MainWindow, press: Callable[..., None]) -> None:
    for key in (Qt.Key.Key_N, Qt.Key.Key_A):
        press(opened, key)
    panel = opened.review.panel
    panel.list.rows.filter = Filter.OPEN
    assert [panel.list.rows.ident_at(n) for n in range(panel.list.rows.rowCount())] == ["right", "wrong"]
    assert panel.list.rows.counts() == {Filter.ALL: 3, Filter.OPEN: 2, Filter.DECIDED: 1}


def test_arrows_in_the_list_go_from_finding_to_finding(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_N)
    opened.review.panel.list.setFocus()
    press(opened, Qt.Key.Key_Down)
    assert opened.desk.session.selected is not None
    assert opened.desk.session.selected.id == "right"


def test_a_press_that_slips_off_its_row_leaves_no_other_row_marked_than_what_is_in_hand(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_N)
    rows = opened.review.panel.list
    ground, left, session = rows.viewport(), Qt.MouseButton.LeftButton, opened.desk.session
    second, third = (rows.visualRect(rows.rows.index(n)).center() for n in (1, 2))

    def let_go_at(place: QPoint) -> tuple[str, str]:
        QTest.mousePress(ground, left, pos=second)
        for on_the_way in (third, place):
            QTest.mouseMove(ground, on_the_way, 5)
        QTest.mouseRelease(ground, left, pos=place)
        assert session.selected is not None
        return session.selected.id, rows.rows.ident_at(rows.currentIndex().row())

    # Out of the list is nowhere; a slip to the next row is a click on the first.
    assert let_go_at(QPoint(-300, third.y())) == ("left", "left")
    assert let_go_at(third) == ("right", "right")
    QTest.mouseClick(ground, left, pos=third + QPoint(0, 3 * (third.y() - second.y())))
    assert rows.rows.ident_at(rows.currentIndex().row()) == "right"


def test_a_missed_place_is_marked_at_the_crosshair_and_can_be_removed(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_M)
    marks = [f for f in opened.desk.session.findings if f.source.kind is SourceKind.READER]
    assert len(marks) == 1
    assert opened.review.panel.list.rows.rowCount() == 4
    assert opened.review.panel.list.rows.row(3)[1] is Mark.MISSED
    press(opened, Qt.Key.Key_Delete)
    assert opened.review.panel.list.rows.rowCount() == 3


def test_numbers_carry_units_and_recorded_is_said(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_N)
    detail = opened.review.panel.detail
    assert detail.value("Volume") == "0.51 mL"
    assert detail.value("Long axis") == "12.3 mm"
    assert detail.value("Mean ± SD") == "62 ± 5 HU"
    assert detail.value("Found by") == "Test finder 1.0"
    assert detail.value("Score") == "0.95"
    assert "Recorded" in opened.top.badges
    beside = [badge.text for badge in detail.findChildren(Badge) if badge.isVisible()]
    assert beside == ["Recorded"]
    session = opened.desk.session
    session.findings = tuple(evolve(finding, recorded=False) for finding in session.findings)
    assert not [badge for badge in detail.findChildren(Badge) if badge.isVisible()]
    assert "Recorded" not in opened.top.badges


def test_a_score_and_its_probability_are_read_whole_however_long_the_models_name_is(
    opened: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    source = evolve(opened.desk.session.findings[0].source, name="Nodules of the lung, three dimensional, ensemble")
    opened.desk.session.findings = tuple(
        evolve(finding, source=source, probability=0.93) for finding in opened.desk.session.findings
    )
    opened.resize(1280, 1000)
    opened.show()
    press(opened, Qt.Key.Key_N)
    labels = opened.review.panel.detail.findChildren(QLabel)
    qtbot.waitUntil(lambda: "0.95, probability 93 %" in {label.text() for label in labels if label.isVisible()})
    assert source.name in next(label.toolTip() for label in labels if label.text().startswith("Nodules"))


def test_nothing_is_measured_where_geometry_is_not_trusted(
    opened: MainWindow, head: Volume, press: Callable[..., None]
) -> None:
    session = opened.desk.session
    findings, view = session.findings, session.view
    session.volume = evolve(head, verdict=Verdict.UNTRUSTED, reasons=("3 slices are missing near H 42.5 mm.",))
    session.findings, session.view = findings, view
    press(opened, Qt.Key.Key_N)
    assert opened.review.panel.detail.value("Volume") == "Not measured: geometry is not trusted"
    assert opened.review.panel.list.rows.measures(findings[0]) == ("–", "–")
    assert opened.top.badges[-1] == "Not trusted"
    opened.top.why_geometry.emit()
    assert "3 slices are missing near H 42.5 mm." in opened.asking.geometry_sheet.words


def test_without_findings_the_models_are_offered(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    run = opened.desk.finding_run
    monkeypatch.setattr(run, "models", lambda: (CARD,))
    started: list[tuple[str, bool]] = []
    monkeypatch.setattr(run, "start", lambda ident, anyway=False: started.append((ident, anyway)))
    opened.desk.session.findings = ()
    panel = opened.review.panel.run_panel
    assert panel.isVisible()
    qtbot.waitUntil(lambda: bool(panel.boxes))
    panel._looked = panel._listed = False
    panel.choose()
    qtbot.waitUntil(lambda: any(box.title == CARD.name for box in panel.boxes))
    next(box for box in panel.boxes if box.title == CARD.name).wanted.emit()
    assert started == [("test-finder", False)]
    run.busy.emit(None)
    run.refused.emit(CARD, "It was made for synthetic heads.")
    assert panel.refusal_words == "It was made for synthetic heads."
    panel._anyway.click()
    assert started[-1] == ("test-finder", True)


def test_all_of_a_models_card_is_shown_when_it_is_asked_for(qtbot: QtBot, opened: MainWindow) -> None:
    measured = ("Sensitivity, 1 to 5 mL", "0.8, 12 of 15 in 64 unseen scans")
    card = evolve(CARD, limitations="Never saw a patient. Misses small ones.", metrics=(measured,))
    box = ModelBox(opened.theme, card)
    qtbot.addWidget(box)
    box.show()

    def seen() -> set[str]:
        return {label.text() for label in box.findChildren(QLabel) if label.isVisible()}

    assert {"Shows bleeds.", "Never saw a patient."} <= seen()
    rest = {
        "Misses small ones.",
        "Trained on: Synthetic heads",
        "Sensitivity, 1 to 5 mL",
        "0.8",
        "12 of 15 in 64 unseen scans",
    }
    assert not rest & seen()
    box.more.click()
    assert rest <= seen()
    box.more.click()
    assert not rest & seen()


def test_decisions_made_earlier_are_told_of_before_the_model_runs_again(
    opened: MainWindow, press: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened.desk.finding_run, "models", lambda: (CARD,))
    panel, session = opened.review.panel, opened.desk.session
    findings = session.findings
    for key in (Qt.Key.Key_N, Qt.Key.Key_A, Qt.Key.Key_X):
        press(opened, key)
    assert not panel._none.isVisible()
    session.findings = ()
    words = "2 earlier decisions are kept. Run the model again to see its findings with them."
    assert panel.run_panel._invitation.text() == words
    opened.desk.reviewing.mark_missed((0.0, 0.0, 40.0))
    assert panel._none.isVisible()
    assert panel._none.text() == words
    # A model that ran and did not find them again is not to be run again for them.
    session.findings = findings[1:]
    assert panel._none.text() == "1 earlier decision is kept, on findings that are not among these."
    session.findings = findings
    assert panel.run_panel._invitation.text() == "Choose a model to look at this scan."


def test_a_refusal_is_seen_also_where_findings_are_listed_already(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, panel = opened.desk.finding_run, opened.review.panel
    monkeypatch.setattr(run, "models", lambda: (CARD,))
    monkeypatch.setattr(run, "start", lambda *_args, **_more: None)
    panel.choose_model()
    panel.run_panel.start(CARD)
    run.busy.emit(None)
    run.refused.emit(CARD, "It was made for synthetic CT.")
    assert panel.run_panel.isVisible()
    assert panel.run_panel.refusal_words == "It was made for synthetic CT."
    panel.choose_model()
    assert panel.list.isVisible()


def test_a_model_that_finds_nothing_says_so_with_its_threshold(opened: MainWindow) -> None:
    session = opened.desk.session
    session.findings = ()
    opened.desk.finding_run.done.emit(())
    words = opened.review.panel.run_panel._nothing.sentence.text()
    assert words == "The model ran and reported nothing at 0.50."


def test_findings_that_all_lie_below_the_threshold_are_said_to_be_there(opened: MainWindow) -> None:
    session, panel = opened.desk.session, opened.review.panel
    assert session.view is not None
    count = len(session.findings)
    session.view = evolve(session.view, threshold=0.999)
    assert panel._title.text() == "Findings"
    assert panel.run_panel._nothing.sentence.text() == f"No finding reaches 0.999. {count} lie below it."
    session.view = evolve(session.view, threshold=0.5)
    assert panel.list.isVisible()
    panel.choose_model()
    session.view = evolve(session.view, threshold=0.999)
    assert panel._title.text() == "Models"


def test_an_export_goes_where_it_was_told_and_says_what_was_written(
    opened: MainWindow, press: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    asked: list[Path] = []
    monkeypatch.setattr(opened.desk.reviewing, "export", asked.append)
    press(opened, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert asked == [tmp_path]
    assert opened.desk.settings.now.export_folder == str(tmp_path)


def test_windows_offered_suit_the_part_of_the_body() -> None:
    assert "5" in preset_keys("HEAD")
    assert "2" in preset_keys("CHEST")
    assert "5" not in preset_keys("CHEST")


def test_window_keys_work_after_a_list_had_the_focus(opened: MainWindow, press: Callable[..., None]) -> None:
    opened.review.panel.list.setFocus()
    press(opened, Qt.Key.Key_5)
    assert opened.desk.session.view is not None
    assert (opened.desk.session.view.window_centre, opened.desk.session.view.window_width) == (40, 80)


def test_a_name_has_room_in_a_narrow_panel_also_beside_scores(qapp: QApplication) -> None:
    name = QFontMetricsF(font(Type.NAME))
    assert Columns(344, scored=False).name_width >= name.horizontalAdvance("Air inside the body")
    assert Columns(344, scored=True).name_width >= name.horizontalAdvance("Nodule inside")
    for width in (344, 432):
        columns = Columns(width, scored=True)
        assert columns.size_right + 8 <= columns.right - columns.score_width
        assert columns.score_width >= QFontMetricsF(font(Type.BODY)).horizontalAdvance("0.97")


def test_decisions_that_were_changed_outside_are_said_in_the_strip_and_the_review_goes_on(
    opened: MainWindow, head: Volume, qtbot: QtBot
) -> None:
    desk = opened.desk
    desk.reviewing.select("left")
    desk.navigation.finish()
    desk.reviewing.decide(Answer.ACCEPTED)
    with closing(sqlite3.connect(decisions_file())) as other:
        other.execute("DROP TRIGGER event_never_changes")
        other.execute("UPDATE event SET reader = 'Somebody else'")
        other.commit()
    desk.session.volume = None
    desk.session.volume = head
    qtbot.waitUntil(lambda: opened.messages.message is not None)
    assert "changed outside of CaseStage" in opened.messages._sentence.text()
    desk.reviewing.decide(Answer.REJECTED)
    assert desk.reviewing.unsaved == 0


def test_what_a_full_disk_refused_is_written_by_itself_once_there_is_room_and_that_is_said(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.ui.unsaved.RETRY_MS", 20)
    disk = {"full": True}
    desk, strip = opened.desk, opened.messages
    Unsaved(opened)
    transaction = desk.reviewing._journal._transaction

    def refuse_while_full() -> object:
        if disk["full"]:
            raise StorageError("The disk is full.", "Make room.")
        return transaction()

    monkeypatch.setattr(desk.reviewing._journal, "_transaction", refuse_while_full)
    desk.reviewing.select("left")
    desk.navigation.finish()
    desk.reviewing.decide(Answer.ACCEPTED)
    said = strip.message
    assert said is not None
    assert said.sentence == "The disk is full."
    qtbot.wait(60)
    assert strip.message is said
    assert desk.reviewing.unsaved == 1
    disk["full"] = False
    qtbot.waitUntil(lambda: desk.reviewing.unsaved == 0)
    assert strip.message is not None
    assert strip.message.calm
    assert strip.message.sentence == "What was not on disk is written now."
    # What else was said in between stays.
    disk["full"] = True
    desk.reviewing.decide(Answer.REJECTED)
    opened.tell(Message("Something else"))
    disk["full"] = False
    qtbot.waitUntil(lambda: desk.reviewing.unsaved == 0)
    assert strip.message.sentence == "Something else"


def test_a_model_cannot_be_run_on_nothing_and_does_not_seem_to(window: MainWindow) -> None:
    window.desk.finding_run.look_for_models()
    panel = window.review.panel.run_panel
    panel.start(CARD)
    assert window.messages.message is not None
    assert window.messages.message.report == "No scan is open.\n\nOpen one, then run again."
    assert panel.currentWidget() is panel._chooser
    assert panel._invitation.text() == "Open a scan to look at it with a model."
