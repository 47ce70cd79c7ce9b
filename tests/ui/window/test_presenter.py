"""Two windows: what the presenter sees beside the stage, and that the audience sees none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from viewer.domain.session import Workspace
from viewer.domain.step_acts import Question
from viewer.domain.view_state import ViewName
from viewer.io.step_pictures import FOLDER, picture_name
from viewer.ui import snapshot
from viewer.ui.fonts import Type, font
from viewer.ui.leaving.replay import keep_picture
from viewer.ui.presenter.clocks import SMALLEST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow
    from viewer.ui.presenter.next_picture import NextPicture
    from viewer.ui.presenter.presenter_window import PresenterWindow

QUIET_MS = 120


def key(qtbot: QtBot, window: PresenterWindow, *keys: Qt.Key) -> None:
    for each in keys:
        QTest.keyClick(QApplication.focusWidget() or window, each)
    qtbot.wait(40)


def test_the_window_shows_where_the_story_is_and_what_comes_next(presenter: PresenterWindow, told: Case) -> None:
    assert presenter.title.whole == told.title
    assert presenter.now_words.whole == "Step 1 of 3"
    assert presenter.next_words.whole == "Blood on the left"
    assert presenter.next_told.text() == "The AI outlines a bleed. recorded result"
    assert presenter.notes.words == "Wait for an answer."
    assert presenter.steps.questions == ["Why is it bright?"]
    assert presenter.steps.titles == ["1 Where would you look?", "2 Blood on the left", "3 And on the right"]
    assert presenter.clocks.words[1][2] == "of 00:40"


def test_a_clicker_works_while_the_presenters_window_has_the_keys(
    presenter: PresenterWindow, staged: MainWindow, told: Case, qtbot: QtBot
) -> None:
    player = staged.desk.player
    for pressed, step in ((Qt.Key.Key_PageDown, 1), (Qt.Key.Key_Right, 2), (Qt.Key.Key_PageUp, 1), (Qt.Key.Key_F5, 0)):
        key(qtbot, presenter, pressed)
        assert player.index == step
        assert presenter.now_words.whole == f"Step {step + 1} of 3"
    key(qtbot, presenter, Qt.Key.Key_B)
    assert staged.stage.is_black
    assert presenter.live.word == "Black"
    assert presenter.black.text() == "Show again"
    assert presenter.black.isChecked()
    key(qtbot, presenter, Qt.Key.Key_Period)
    assert not staged.stage.is_black
    assert presenter.live.word == ""
    assert presenter.black.text() == "Black screen"
    key(qtbot, presenter, Qt.Key.Key_Escape)
    assert staged.desk.session.workspace is Workspace.REVIEW
    assert not presenter.isVisible()


def test_keys_mean_the_stage_when_the_window_opens_and_space_does_not_end_the_show(
    presenter: PresenterWindow, staged: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    press(staged, Qt.Key.Key_Space)
    assert staged.desk.session.workspace is Workspace.PRESENT
    press(staged, Qt.Key.Key_Slash)
    assert QApplication.focusWidget() is presenter.steps.field
    # Closed while a step was being searched, and opened again.
    for _ in range(2):
        staged.presenting.toggle_window()
        qtbot.wait(30)
    qtbot.waitUntil(presenter.isActiveWindow)
    press(staged, Qt.Key.Key_B)
    assert staged.desk.player.black
    press(staged, Qt.Key.Key_Right)
    assert staged.desk.player.index == 1


def test_wandering_is_said_and_enter_or_the_button_resumes(
    presenter: PresenterWindow, staged: MainWindow, told: Case, qtbot: QtBot
) -> None:
    assert not presenter.resume.isEnabled()
    key(qtbot, presenter, Qt.Key.Key_Escape)
    staged.present_from(1)
    staged.presenting.show_window()
    qtbot.wait(40)
    staged.stage.canvas.setFocus()
    view = staged.desk.session.view
    assert view is not None
    staged.desk.session.view = view.looking_at((0.0, 0.0, 60.0))
    qtbot.wait(40)
    assert presenter.exploring.whole.startswith("Exploring, ")
    assert presenter.resume.isEnabled()
    assert presenter.resume.text() == "Resume step 2"
    presenter.resume.click()
    qtbot.wait(40)
    assert staged.desk.session.view == told.steps[1].view
    assert presenter.exploring.whole == ""


def test_a_question_that_is_open_is_said_and_next_reveals(
    presenter: PresenterWindow, staged: MainWindow, told: Case, qtbot: QtBot
) -> None:
    asking = evolve(told.steps[1], question=Question("Where is the bleed?"))
    staged.desk.session.case = evolve(told, steps=(told.steps[0], asking, told.steps[2]))
    qtbot.wait(40)
    assert presenter.next_told.text().startswith("Asks first: Where is the bleed?")
    key(qtbot, presenter, Qt.Key.Key_PageDown)
    assert presenter.now_words.whole == "Step 2 of 3, asks"
    assert presenter.forward.text() == "Reveal"
    key(qtbot, presenter, Qt.Key.Key_PageDown)
    assert presenter.now_words.whole == "Step 2 of 3"
    assert presenter.forward.text() == "Next step"


def test_search_finds_a_step_by_a_finding_and_enter_goes_there(
    presenter: PresenterWindow, staged: MainWindow, qtbot: QtBot
) -> None:
    key(qtbot, presenter, Qt.Key.Key_Slash)
    assert QApplication.focusWidget() is presenter.steps.field
    QTest.keyClicks(presenter.steps.field, "take me to the bleed right")
    assert presenter.steps.titles == ["3 And on the right"]
    key(qtbot, presenter, Qt.Key.Key_Return)
    assert staged.desk.player.index == 2
    assert presenter.steps.field.text() == ""
    assert len(presenter.steps.titles) == 3


def test_a_digit_in_the_search_goes_to_its_step(presenter: PresenterWindow, staged: MainWindow, qtbot: QtBot) -> None:
    key(qtbot, presenter, Qt.Key.Key_Slash, Qt.Key.Key_2)
    assert staged.desk.player.index == 1


def test_a_prepared_answer_is_read_in_place_of_the_notes_and_leads_to_its_step(
    presenter: PresenterWindow, staged: MainWindow, qtbot: QtBot
) -> None:
    answer = presenter.steps._answers
    assert answer
    presenter.steps.asked.emit(answer[0])
    assert presenter.notes.title.whole == "Why is it bright?"
    assert presenter.notes.words == "Fresh blood is. Step 3 shows another."
    presenter.notes.go_there.click()
    qtbot.wait(40)
    assert staged.desk.player.index == 2
    assert presenter.notes.words == "Say s2."


def test_notes_grow_and_shrink_within_bounds_and_the_size_is_remembered(
    presenter: PresenterWindow, staged: MainWindow
) -> None:
    assert presenter.notes.size_px == 26
    for _ in range(12):
        presenter.notes.larger.click()
    assert presenter.notes.size_px == 40
    assert not presenter.notes.larger.isEnabled()
    for _ in range(20):
        staged.actions_.run("presenter.smaller")
    assert presenter.notes.size_px == 20
    assert staged.desk.settings.now.notes_px == 20


def test_the_clock_stops_goes_on_and_is_set_to_zero(presenter: PresenterWindow, staged: MainWindow) -> None:
    pace = staged.presenting.pace
    assert pace.running
    presenter.clocks.pause.click()
    assert not pace.running
    assert presenter.clocks.words[2][2] == "Stopped"
    presenter.clocks.pause.click()
    assert pace.running
    presenter.clocks.reset.click()
    assert pace.elapsed_s < 5


def test_the_live_picture_follows_the_stage(presenter: PresenterWindow, staged: MainWindow, qtbot: QtBot) -> None:
    presenter.live.take()
    before = presenter.live.picture.toImage()
    assert not before.isNull()
    staged.desk.player.jump(2)
    staged.desk.navigation.finish()
    qtbot.waitUntil(lambda: presenter.live.picture.toImage() != before, timeout=5000)
    assert "s2" in presenter.live.of_step


def test_the_next_step_is_drawn_while_nothing_moves(presenter: PresenterWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: presenter.next.has_picture, timeout=10_000)


def test_the_next_step_is_drawn_in_the_theme_of_the_stage(
    presenter: PresenterWindow, staged: MainWindow, qtbot: QtBot
) -> None:
    def white() -> int:
        image = presenter.next.grab().toImage().scaled(240, 135)
        return sum(image.pixelColor(x, y) == Qt.GlobalColor.white for x in range(240) for y in range(135))

    qtbot.waitUntil(lambda: presenter.next.has_picture, timeout=10_000)
    before = white()
    staged.desk.settings.change(theme="light")
    qtbot.waitUntil(lambda: white() > before + 300, timeout=10_000)
    staged.desk.settings.change(theme="dark")
    qtbot.waitUntil(lambda: white() < before + 100, timeout=10_000)


def test_the_next_step_is_drawn_as_large_as_it_is_seen(
    presenter: PresenterWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: presenter.next.has_picture, timeout=10_000)
    drawn: list[int] = []
    picture = snapshot.picture

    def watched(*given: Any, **more: Any) -> Any:
        made = picture(*given, **more)
        drawn.append(made.height())
        return made

    monkeypatch.setattr(snapshot, "picture", watched)
    presenter.next.setFixedSize(1280, 720)
    qtbot.waitUntil(lambda: bool(drawn) and drawn[-1] == round(720 * presenter.next.devicePixelRatioF()), timeout=5000)
    presenter.next.setFixedSize(640, 360)
    qtbot.wait(600)
    assert drawn[-1] >= 720, "what is there is fine enough"


@pytest.fixture
def next_in_3d(presenter: PresenterWindow, staged: MainWindow, told: Case, qtbot: QtBot, tmp_path: Path) -> NextPicture:
    """The next step, in 3D, of which a picture was kept, all red."""
    solid = evolve(told.steps[1], view=evolve(told.steps[1].view, main=ViewName.THREE_D))
    case = evolve(told, folder=str(tmp_path), steps=(told.steps[0], solid, told.steps[2]))
    kept = QImage(480, 270, QImage.Format.Format_RGB32)
    kept.fill(Qt.GlobalColor.red)
    keep_picture(kept, tmp_path / FOLDER / picture_name(case, solid))
    staged.desk.session.case = case
    qtbot.waitUntil(lambda: presenter.next.step == solid and presenter.next.has_picture, timeout=10_000)
    return presenter.next


def test_a_next_step_in_3d_is_seen_as_it_was_kept(next_in_3d: NextPicture) -> None:
    middle = next_in_3d.rect().center()
    assert next_in_3d.grab().toImage().pixelColor(middle).red() > 200


def test_a_long_title_among_the_steps_of_a_small_window_is_read_whole_on_two_lines(
    presenter: PresenterWindow, staged: MainWindow, told: Case, qtbot: QtBot, drawn: list[str]
) -> None:
    presenter.resize(900, 560)
    long = evolve(told.steps[0], title="The smallest it found, and its 19 mm")
    staged.desk.session.case = evolve(told, steps=(long, *told.steps[1:]))
    qtbot.waitUntil(lambda: presenter.height() == 560 and presenter.steps.titles[0].endswith("19 mm"))
    drawn.clear()
    presenter.steps.grab()
    assert not [words for words in drawn if "…" in words]
    assert any(words.startswith("The smallest") for words in drawn)


def test_a_next_step_as_it_was_kept_has_its_card_in_the_theme_of_the_stage(
    next_in_3d: NextPicture, staged: MainWindow, qtbot: QtBot
) -> None:
    def ground_of_card() -> QColor:
        image = next_in_3d.grab().toImage()
        return image.pixelColor(round(image.width() * 0.03), round(image.height() * 0.79))

    assert ground_of_card().value() < 60
    staged.desk.settings.change(theme="light")
    qtbot.waitUntil(lambda: ground_of_card() == Qt.GlobalColor.white)


def test_in_bright_rooms_the_ground_is_seen_beside_the_round_corners_of_both_pictures(
    presenter: PresenterWindow, staged: MainWindow
) -> None:
    staged.desk.settings.change(theme="light")
    for part in (presenter.live, presenter.next):
        image = presenter.grab(part.geometry().translated(part.parentWidget().pos())).toImage()
        for x, y in ((0, 0), (image.width() - 1, 0), (0, image.height() - 1)):
            assert image.pixelColor(x, y).lightness() > 200


def test_a_next_step_that_cannot_be_drawn_costs_its_picture_alone_and_names_nobody_in_the_log(
    staged: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no picture of DOE^JANE")

    monkeypatch.setattr("viewer.ui.snapshot.picture", broken)
    staged.presenting.toggle_window()
    qtbot.waitUntil(lambda: "could not be drawn" in caplog.text, timeout=10_000)
    assert "RuntimeError" in caplog.text
    assert "JANE" not in caplog.text
    staged.desk.player.next()
    assert staged.desk.player.index == 1


def test_the_audience_reads_nothing_of_it(presenter: PresenterWindow, staged: MainWindow) -> None:
    on_stage = " ".join(label.text() for label in staged.stage.findChildren(QLabel) if label.isVisible())
    on_stage += staged.stage.bar.words + staged.stage.card.words
    assert "Wait for an answer" not in on_stage
    assert "Why is it bright" not in on_stage


def test_identity_is_in_neither_window(presenter: PresenterWindow, staged: MainWindow, head: Volume) -> None:
    real = evolve(head, series=evolve(head.series, synthetic=False))
    staged.desk.session.volume = real
    case = staged.desk.session.case
    assert case is not None
    named = evolve(case.steps[0], notes="Ask JANE about it.\nThen go on.", title="Doe, Jane")
    staged.desk.session.case = evolve(case, steps=(named, *case.steps[1:]), title="Case of Jane Doe")
    presenter.follow()
    assert "Then go on." in presenter.notes.words
    for word in ("doe", "jane", "4711"):
        assert word not in f"{presenter.words} {staged.windowTitle()}".lower()


def test_tab_reaches_every_control(presenter: PresenterWindow, qtbot: QtBot) -> None:
    presenter.end.setFocus(Qt.FocusReason.TabFocusReason)
    seen = []
    for _ in range(20):
        seen.append(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        if QApplication.focusWidget() is seen[0]:
            break
    steps, notes, clocks = presenter.steps, presenter.notes, presenter.clocks
    wanted = (steps.field, steps.rows, notes.larger, clocks.pause, clocks.reset, presenter.black, presenter.forward)
    assert all(widget in seen for widget in wanted)
    assert "Why is it bright?" in [widget.text() for widget in seen if isinstance(widget, QAbstractButton)]


@pytest.mark.parametrize("size", [(640, 340), (640, 360), (853, 432), (1000, 560), (1280, 720), (1920, 1080)])
def test_nothing_lies_on_another_or_beyond_the_edge_in_a_window_of_any_size(
    presenter: PresenterWindow, qtbot: QtBot, size: tuple[int, int]
) -> None:
    presenter.setMinimumSize(640, 340)
    presenter.resize(*size)
    qtbot.waitUntil(lambda: (presenter.width(), presenter.height()) == size)
    qtbot.wait(20)
    for button in (presenter.end, presenter.black, presenter.back, presenter.resume, presenter.forward):
        place = QRect(button.mapTo(presenter, QPoint()), button.size())
        assert presenter.rect().contains(place), button.text()
        assert button.width() >= button.sizeHint().width(), button.text()
        assert button.height() >= 40, button.text()
    parts = (presenter.live, presenter.next, presenter.clocks, presenter.notes, presenter.steps)
    areas = [part.geometry() for part in parts if part.isVisible()]
    assert not [(a, b) for n, a in enumerate(areas) for b in areas[n + 1 :] if a.intersects(b)]
    assert presenter.notes.text.viewport().height() >= QFontMetricsF(presenter.notes.text.font()).height()
    assert (
        presenter.steps.rows.viewport().height()
        >= presenter.steps.rows.visualRect(presenter.steps.rows.model().index(0, 0)).height()
    )
    clocks = presenter.clocks
    assert clocks.height() >= 20 + Type.CLOCK.line_px * SMALLEST
    wide = QFontMetricsF(font(Type.CLOCK, scale=SMALLEST)).horizontalAdvance("00:00")
    assert clocks.shown * wide < clocks.width()
    assert clocks.shown == 3 or size[0] < 1280


def test_on_the_smallest_screen_it_is_said_which_step_is_on_stage_and_what_steps_are_called(
    presenter: PresenterWindow, staged: MainWindow, qtbot: QtBot, drawn: list[str]
) -> None:
    presenter.setMinimumSize(640, 340)
    presenter.resize(640, 360)
    view = staged.desk.session.view
    assert view is not None
    x, y, z = view.cursor_lps_mm
    staged.desk.session.view = evolve(view, cursor_lps_mm=(x, y, z + 5.0))
    qtbot.waitUntil(lambda: bool(presenter.exploring.whole))
    presenter.follow()
    assert presenter.now_words.text() == "1 of 3"
    assert presenter.exploring.text() == "Exploring"
    drawn.clear()
    presenter.steps.rows.grab()
    assert staged.desk.player.steps[0].title in " ".join(drawn)


# --- screens


# --- one screen
