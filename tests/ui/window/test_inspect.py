"""Inspect: right, wrong and missed, re-decided live."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.ui.window.model_results import card, result
from viewer.domain.finding import Localisation, MatchRule, MatchState, Truth
from viewer.domain.model_result import ModelResult
from viewer.domain.session import Workspace
from viewer.services.kept_rule import rule_of
from viewer.ui.canvas.shown import shown_in
from viewer.ui.inspect.tiles import tile_score
from viewer.ui.marks import Mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QLineEdit
    from pytestqt.qtbot import QtBot

    from viewer.domain.finding import Finding
    from viewer.ui.main_window import MainWindow


@pytest.fixture
def inspected(opened: MainWindow) -> MainWindow:
    """Return the window in Inspect."""
    opened.go(Workspace.INSPECT)
    return opened


def test_errors_stand_first_and_are_counted(inspected: MainWindow) -> None:
    page = inspected.inspect
    assert page.counts == (2, 1, 1)
    states = [page.list.rows.row(n).state for n in range(page.list.rows.rowCount())]
    assert states[0] is MatchState.MISSED
    assert states[1] is MatchState.FALSE_POSITIVE
    assert set(states[2:]) == {MatchState.TRUE_POSITIVE}


def test_the_list_is_sorted_by_the_column_whose_word_is_clicked_and_next_follows_it(
    inspected: MainWindow, press: Callable[..., None]
) -> None:
    page, desk = inspected.inspect, inspected.desk
    left, right, wrong = desk.session.findings
    desk.session.findings = (evolve(left, volume_ml=0.2), evolve(right, volume_ml=3.0), evolve(wrong, volume_ml=0.4))

    def listed() -> list[str]:
        return [page.list.rows.row(n).finding.id for n in range(page.list.rows.rowCount())]

    usual = ["true small", "wrong", "right", "left"]
    assert listed() == usual
    assert page.tiles_box.title.text() == "Errors first"
    QTest.mouseClick(page.head.word("volume"), Qt.MouseButton.LeftButton)
    assert listed() == ["right", "true small", "wrong", "left"]
    assert page.tiles_box.title.text() == "Largest first"
    press(inspected, Qt.Key.Key_N)
    assert desk.session.selected is not None
    assert desk.session.selected.id == "right"
    score = page.head.word("score")
    score.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(score, Qt.Key.Key_Space)
    assert listed() == ["left", "right", "wrong", "true small"]
    assert score.isChecked()
    assert not page.head.word("volume").isChecked()
    QTest.mouseClick(page.head.word("errors"), Qt.MouseButton.LeftButton)
    assert listed() == usual


def test_the_words_over_the_columns_never_lie_on_each_other(inspected: MainWindow) -> None:
    words = [inspected.inspect.head.word(name) for name in ("errors", "volume", "score")]
    for width in (328, 400):
        inspected.inspect.head.resize(width, 32)
        assert all(a.geometry().right() < b.geometry().left() for a, b in pairwise(words))
        assert words[-1].geometry().right() <= width


def test_next_goes_through_the_list_errors_and_what_was_missed_first(
    inspected: MainWindow, press: Callable[..., None]
) -> None:
    rows = inspected.inspect.list.rows
    listed = [rows.row(n).finding.id for n in range(rows.rowCount())]
    assert listed[0] == "true small"

    def visited(key: Qt.Key) -> list[str | None]:
        seen = []
        for _ in listed:
            press(inspected, key)
            selected = inspected.desk.session.selected
            seen.append(selected.id if selected is not None else None)
        return seen

    assert visited(Qt.Key.Key_N) == listed
    assert visited(Qt.Key.Key_P) == [listed[-2], *reversed(listed[:-2]), listed[-1]]
    inspected.go(Workspace.REVIEW)
    press(inspected, Qt.Key.Key_N)
    assert inspected.desk.session.selected is not None
    assert inspected.desk.session.selected.id in {finding.id for finding in inspected.desk.session.findings}


def test_the_slider_decides_anew_at_once(inspected: MainWindow) -> None:
    page = inspected.inspect
    page.threshold.slider.setValue(60)
    assert page.counts == (2, 0, 1)
    page.threshold.slider.setValue(80)
    assert page.counts == (1, 0, 2)
    assert page.threshold.number.text() == "0.80"
    assert inspected.desk.session.view is not None
    assert inspected.desk.session.view.threshold == 0.8


def test_a_threshold_can_be_typed_and_nonsense_is_put_right(inspected: MainWindow, press: Callable[..., None]) -> None:
    number = inspected.inspect.threshold.number
    for typed, counts in (("0,9", (1, 0, 2)), ("abc", (1, 0, 2)), ("0", (2, 1, 1))):
        number.setFocus()
        number.selectAll()
        QTest.keyClicks(number, typed)
        press(inspected, Qt.Key.Key_Return)
        assert inspected.inspect.counts == counts
    assert number.text() == "0.00"


@pytest.mark.parametrize(("threshold", "words"), [(0.62, "0.62"), (0.623, "0.623"), (0.997, "0.997"), (1.0, "1.00")])
def test_the_threshold_that_counts_is_the_one_that_is_told(inspected: MainWindow, threshold: float, words: str) -> None:
    inspected.desk.inspecting.set_threshold(threshold)
    assert inspected.inspect.threshold.number.text() == words


def test_keys_raise_and_lower_the_threshold(inspected: MainWindow, press: Callable[..., None]) -> None:
    press(inspected, Qt.Key.Key_Period)
    assert inspected.desk.session.view is not None
    assert inspected.desk.session.view.threshold == pytest.approx(0.55)
    press(inspected, Qt.Key.Key_Comma)
    assert inspected.desk.session.view.threshold == pytest.approx(0.5)


def test_default_goes_back_to_the_models_own_threshold(inspected: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspected.desk.finding_run, "models", lambda: ())
    inspected.desk.inspecting.set_threshold(0.9)
    inspected.inspect.threshold.default_wanted.emit()
    assert inspected.desk.session.view is not None
    assert inspected.desk.session.view.threshold == 0.5


def test_a_row_says_why_and_takes_one_there(inspected: MainWindow) -> None:
    page = inspected.inspect
    tip = page.list.rows.data(page.list.rows.index(0), Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("Bleed true small, Left, front\nNo finding overlaps it")
    page.list.chosen.emit("true small")
    assert inspected.desk.session.selected is not None
    assert inspected.desk.session.selected.id == "true small"
    assert page.why_words.startswith("Why it counts as missed. No finding overlaps it")


def test_every_error_and_hit_is_a_picture_to_click(inspected: MainWindow, qtbot: QtBot) -> None:
    tiles = inspected.inspect.tiles
    qtbot.waitUntil(lambda: tiles.ready, timeout=10_000)
    assert len(tiles._rows) == 4
    place = tiles._place(1).center().toPoint()
    QTest.mouseClick(tiles, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert inspected.desk.session.selected is not None
    assert inspected.desk.session.selected.id == "wrong"
    wrong = next(row for row in tiles.rows if (row.finding.id, row.state) == ("wrong", MatchState.FALSE_POSITIVE))
    picture = tiles._pictures[tiles._key(wrong)]
    colours = {picture.pixelColor(x, y).name() for x in range(150) for y in range(105)}
    assert inspected.theme.on_anatomy("disagree").name() in colours


def test_a_tile_says_that_there_is_no_finding_of_what_was_missed_alone(inspected: MainWindow) -> None:
    left, *others = inspected.desk.session.findings
    inspected.desk.session.findings = (evolve(left, score=None), *others)
    said = {row.finding.id: tile_score(row) for row in inspected.inspect.tiles._rows}
    assert said == {"true small": "no finding", "left": "–", "right": "score 0.71", "wrong": "score 0.52"}


def test_the_point_on_the_curve_can_be_dragged(inspected: MainWindow) -> None:
    chart = inspected.inspect.chart
    assert chart.words == "2 of 3 found, 1 false positive"
    first = chart._place(chart._points[1]).toPoint()
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, first)
    assert chart.words == "1 of 3 found, 0 false positives"
    assert inspected.inspect.counts == (1, 0, 2)
    QTest.mouseClick(
        chart, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(chart.width() - 5, first.y())
    )
    assert chart.words == "2 of 3 found, 1 false positive"


def test_a_point_that_is_dragged_to_counts_the_finding_whose_score_it_is(inspected: MainWindow) -> None:
    left, *others = inspected.desk.session.findings
    inspected.desk.session.findings = (evolve(left, score=0.9478261), *others)
    chart = inspected.inspect.chart
    place = chart._place(chart._points[1]).toPoint()
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert chart.words == "1 of 3 found, 0 false positives"
    assert inspected.inspect.counts == (1, 0, 2)


def test_where_nothing_is_to_be_found_all_that_is_found_is_false_and_no_share_is_told(inspected: MainWindow) -> None:
    page, session = inspected.inspect, inspected.desk.session
    session.truth = Truth()
    assert page.counts == (0, 3, 0)
    assert [box.isVisible() for box in (page._true, page._false, page._missed)] == [False, True, False]
    assert page.truth_words.startswith("Truth: nothing to find here.")
    assert page.list.rows.rowCount() == 3
    assert all(page.list.rows.row(n).why.startswith("The truth says") for n in range(3))
    assert page._curve_title.text() == "False positives of this case"
    assert page.chart.words == "3 false positives"
    # The threshold is an axis: a click between two scores counts what lies above it.
    at = page.chart._place((0.8, 0, 0)).toPoint()
    QTest.mouseClick(page.chart, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert session.view is not None
    assert session.view.threshold == pytest.approx(0.8, abs=0.01)
    assert page.counts == (0, 1, 0)
    assert not page.chart.grab().isNull()
    session.truth = None
    assert page.nothing_held.words[0] == "No ground truth"


def test_a_truth_that_is_too_small_to_count_is_not_told_as_a_share_either(inspected: MainWindow) -> None:
    page, session = inspected.inspect, inspected.desk.session
    session.match_rule = MatchRule(least_truth_ml=1000.0)
    assert page.counts == (0, 1, 0)
    assert page.truth_words.startswith("Truth: no lesion is large enough to count.")
    assert page.chart.words == "1 false positive"
    session.match_rule = MatchRule()
    assert page.counts == (2, 1, 1)
    assert page._true.isVisible()
    assert page.truth_words == ""


def test_of_findings_without_a_place_it_says_that_they_are_not_counted(inspected: MainWindow) -> None:
    page, session = inspected.inspect, inspected.desk.session
    before, of_series = page.counts, evolve(session.findings[0], id="s", localisation=Localisation.SERIES, mask=None)
    session.findings = (*session.findings, of_series)
    assert page.counts == before
    assert page.truth_words == "1 finding without a place, held against no lesion and not counted."
    assert page._nothing.isVisible()


def test_where_no_model_has_run_nothing_is_missed_and_the_way_to_run_one_is_offered(inspected: MainWindow) -> None:
    page, session = inspected.inspect, inspected.desk.session
    session.findings = ()
    title, sentence, button = page.nothing_held.words
    assert (title, button) == ("No model has run", "Run a model…")
    assert page.nothing_held.isVisible()
    assert sentence.startswith("Truth: 3 lesions.")
    session.truth = Truth()
    assert page.nothing_held.words[1].startswith("Truth: nothing to find here.")
    # A model that has run and found nothing has said so.
    session.results = {"one": ModelResult("one", "One", ())}
    assert page._full.isVisible()
    assert page.counts == (0, 0, 0)
    assert page.truth_words.endswith("nothing is found at this threshold.")
    assert page.chart.words == "0 false positives"


def test_what_counts_as_a_lesion_is_set_and_kept_and_a_story_goes_by_the_usual_rule(
    inspected: MainWindow, truth: tuple[Finding, ...]
) -> None:
    page, session, sheet = inspected.inspect, inspected.desk.session, inspected.asking.settings_sheet
    session.truth = Truth((*truth[:2], evolve(truth[2], volume_ml=0.01)))
    assert page.counts == (2, 1, 1)

    def typed(field: QLineEdit, text: str) -> str:
        sheet.ask()
        field.setText(text)
        field.editingFinished.emit()
        sheet.dismiss()
        return field.text()

    assert typed(sheet.least_lesion, "0,1") == "0.1"
    assert page.counts == (2, 1, 0)
    assert page._rule.text().endswith("Truth under 0.1 mL is ignored.")
    assert page._rule.text().replace("\u00a0", " ").startswith("Match rule: one to one, overlap (IoU) at least 0.1.")
    assert typed(sheet.overlap, "7") == "1"
    assert typed(sheet.overlap, "much") == "1"
    assert rule_of(inspected.desk.settings.now) == MatchRule(1.0, 0.1)
    inspected.go(Workspace.PRESENT)
    assert session.matching is not None
    assert session.matching.rule == MatchRule()
    inspected.go(Workspace.INSPECT)
    assert session.matching.rule == MatchRule(1.0, 0.1)


def test_the_model_that_ran_last_runs_on_the_next_scan_without_leaving(
    inspected: MainWindow,
    press: Callable[..., None],
    findings: tuple[Finding, ...],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    page, session, run = inspected.inspect, inspected.desk.session, inspected.desk.finding_run
    asked: list[str] = []

    def compute(model_id: str, done: Callable[..., None], _failed: object, **_more: object) -> None:
        asked.append(model_id)
        done(card(model_id, "Test finder"), result(findings))

    monkeypatch.setattr(run, "compute", compute)
    run.start("test-finder")
    # As another scan opens.
    session.results, session.findings = {}, ()
    qtbot.wait(20)
    assert page.nothing_held.words[2] == "Run Test finder"
    press(inspected, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert asked == ["test-finder", "test-finder"]
    assert session.workspace is Workspace.INSPECT
    assert page.counts == (2, 1, 1)
    # What a refusal says, and the way past it, stand in Review.
    run.refused.emit(card("test-finder", "Test finder"), "It was made for chests.")
    assert session.workspace is Workspace.REVIEW
    assert inspected.review.panel.run_panel.refusal_words == "It was made for chests."


def test_without_truth_it_says_so_and_offers_a_way(inspected: MainWindow) -> None:
    inspected.desk.session.truth = None
    page = inspected.inspect
    assert page.list.isHidden() or not page.list.isVisible()
    assert not page._side.isVisible()
    assert page._pages.currentIndex() == 1
    assert page.nothing_held.words[0] == "No ground truth"


def test_the_truth_can_be_shown_where_it_is_known_be_it_nothing(opened: MainWindow, press: Callable[..., None]) -> None:
    session, action = opened.desk.session, opened.actions_["view.truth"]
    shift = Qt.KeyboardModifier.ShiftModifier

    def marks() -> set[Mark]:
        shown = shown_in(session)
        assert shown is not None
        return {drawn.mark for drawn in shown.drawn}

    session.truth = Truth()
    opened.actions_.refresh()
    press(opened, Qt.Key.Key_T, shift)
    assert marks() == {Mark.FALSE_POSITIVE}
    press(opened, Qt.Key.Key_T, shift)
    assert marks() == {Mark.TO_DECIDE}
    session.truth = None
    opened.actions_.refresh()
    assert not action.isEnabled()
    assert "No ground truth" in action.toolTip()


def test_with_nothing_open_it_says_nothing_of_a_scan(window: MainWindow) -> None:
    window.go(Workspace.INSPECT)
    title, sentence, _ = window.inspect.nothing_held.words
    assert title == "Findings against the truth"
    assert "scan" not in sentence


def test_the_list_shows_that_keys_go_to_it_before_a_row_is_in_hand(
    inspected: MainWindow, press: Callable[..., None]
) -> None:
    rows = inspected.inspect.list
    assert inspected.desk.session.selected is None
    accent = inspected.theme.colour("accent").name()

    def edge() -> str:
        return rows.grab().toImage().pixelColor(rows.viewport().width() // 2, 1).name()

    rows.setFocus(Qt.FocusReason.TabFocusReason)
    assert edge() == accent
    inspected.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
    assert edge() != accent
    rows.setFocus(Qt.FocusReason.MouseFocusReason)
    assert edge() != accent
    rows.setFocus(Qt.FocusReason.TabFocusReason)
    press(inspected, Qt.Key.Key_Down)
    assert inspected.desk.session.selected is not None
    assert rows.grab().toImage().pixelColor(200, rows.viewport().height() - 1).name() != accent


def test_the_picture_of_what_is_in_hand_comes_into_sight_and_what_is_left_out_is_said(inspected: MainWindow) -> None:
    page, session = inspected.inspect, inspected.desk.session
    wrong = next(finding for finding in session.findings if finding.id == "wrong")
    more = [evolve(wrong, id=f"wrong {n}", tracking_uid=f"2.25.{n}", volume_ml=0.5 - n / 100) for n in range(30)]
    session.findings = (*session.findings, *more)
    assert page.tiles_box.said.text() == "24 of 34"
    scrolled = page.tiles_box.area.verticalScrollBar()
    assert scrolled.value() == 0
    page.list.chosen.emit("wrong 20")
    assert scrolled.value() > 0
    page.list.chosen.emit("true small")
    assert scrolled.value() == 0
    session.findings = session.findings[:3]
    assert page.tiles_box.said.text() == ""


def test_the_place_stays_when_going_between_review_and_inspect(opened: MainWindow, press: Callable[..., None]) -> None:
    press(opened, Qt.Key.Key_N)
    before = opened.desk.session.view
    canvas = opened.canvas
    press(opened, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    there = opened.desk.session.view
    assert before is not None
    assert there is not None
    # In its smaller viewport 3D is as large as lets all of the body be seen.
    assert evolve(there, camera=evolve(there.camera, height_mm=before.camera.height_mm)) == before
    assert opened.inspect.host.isAncestorOf(canvas)
    assert canvas.isVisible()
    press(opened, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert opened.desk.session.view == before
    assert opened.review.host.isAncestorOf(canvas)
    assert canvas.isVisible()
