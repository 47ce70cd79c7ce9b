"""Comparing two series in the window: side by side, behind a curtain, aligned by hand, measured, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from viewer.domain.alignment import Alignment
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import Comparison, Layout, ViewName, as_point
from viewer.domain.volume import PatientIdentity, Volume
from viewer.domain.walkthrough import Prior
from viewer.scene.plane_slices import snapped
from viewer.services.loading import LoadedPrior
from viewer.services.views import view_of_volume
from viewer.ui.buttons import Segmented
from viewer.ui.canvas import paint_curtain, paint_frame, paint_measurements
from viewer.ui.canvas.beyond import Behind, curtain_px
from viewer.ui.canvas.facts import corners
from viewer.ui.canvas.paint_frame import Look
from viewer.ui.canvas.paint_plane import PlanePainter
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.region import RegionPicker
from viewer.ui.canvas.shown import shown_from
from viewer.ui.canvas.side_names import side_names
from viewer.ui.canvas.tiles import CanvasStyle, Density, tiles
from viewer.ui.fonts import fitting_words
from viewer.ui.theme import Theme
from viewer.ui.widgets import ElidedLabel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from viewer.domain.walkthrough import Case
    from viewer.ui.main_window import MainWindow


def brighter(head: Volume, uid: str, *, patient: str = "4711", frame: str = "") -> Volume:
    voxels = np.where(head.voxels > 0, 200, head.voxels).astype(np.int16)
    identity = PatientIdentity(name="DOE^JANE", patient_id=patient, study_date="20240131")
    series = evolve(head.series, series_uid=uid, description="Second", identity=identity, frame_of_reference_uid=frame)
    return Volume(series, voxels, head.stack, voxels, head.grid)


@pytest.fixture
def compared(opened: MainWindow, head: Volume, qtbot: QtBot) -> MainWindow:
    """Return the window with a second, brighter head beside the first."""
    other = opened.desk.other.session
    other.volume = brighter(head, "1.2.3.9")
    other.view = view_of_volume(other.volume)
    qtbot.wait(30)
    return opened


def wheel(canvas: object, place: QPoint, notches: int) -> None:
    event = QWheelEvent(
        QPointF(place), QPointF(canvas.mapToGlobal(place)), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)


def test_both_series_are_seen_and_scroll_together(compared: MainWindow) -> None:
    view, there = compared.compare, compared.desk.other.session
    assert view.there.isVisible()
    assert abs(view.here.width() - view.there.width()) <= 1
    assert view.bar is not None
    assert view.bar.names[1].startswith("B  2024-01-31, Series 2, Second")
    before = compared.desk.session.view
    assert before is not None
    wheel(view.there, view.there.rect().center(), -2)
    after = compared.desk.session.view
    assert after is not None
    assert there.view is not None
    # Two images of 3 mm, from the one nearest to a cursor between two.
    assert 4.0 < before.cursor_lps_mm[2] - after.cursor_lps_mm[2] < 8.0
    assert there.view.cursor_lps_mm == after.cursor_lps_mm


def test_no_date_is_named_where_identity_is_hidden(compared: MainWindow) -> None:
    compared.actions_.run("app.mask")
    assert compared.compare.bar is not None
    assert compared.compare.bar.names == ("A  Series 2, Thin head", "B  Series 2, Second")


def test_a_series_that_says_nothing_of_itself_is_called_so(compared: MainWindow, head: Volume) -> None:
    second = brighter(head, "1.2.3.10")
    facts = evolve(second.series, description="", study_description="", number=None, identity=PatientIdentity())
    other = compared.desk.other.session
    other.volume = Volume(facts, second.voxels, head.stack, second.voxels, head.grid)
    assert side_names(compared.desk.session, other)[1] == "B  Series without a name"


def test_in_a_narrow_bar_names_say_what_tells_the_two_apart(compared: MainWindow, head: Volume, qtbot: QtBot) -> None:
    kernels = ("CT abdomen with contrast, standard kernel", "CT abdomen with contrast, sharp kernel")
    identity = PatientIdentity(patient_id="4711", study_date="20240131")
    for number, session in enumerate((compared.desk.session, compared.desk.other.session)):
        series = evolve(head.series, series_uid=f"1.2.{number}", number=7 + number, identity=identity)
        volume = Volume(evolve(series, description=kernels[number]), head.voxels, head.stack, head.voxels, head.grid)
        session.volume, session.view = volume, view_of_volume(volume)
    bar = compared.compare.bar
    assert bar is not None
    labels = bar.findChildren(ElidedLabel)
    for width, said in ((1800, f"A  2024-01-31, Series 7, {kernels[0]}"), (720, "A  Series 7")):
        bar.setFixedWidth(width)
        qtbot.wait(20)
        assert labels[0].text() == said
        assert labels[0].toolTip() == ("" if width > 1000 else f"A  2024-01-31, Series 7, {kernels[0]}")
    assert bar.names[1] == f"B  2024-01-31, Series 8, {kernels[1]}"


def test_the_second_picture_that_goes_leaves_the_keys_to_the_first(compared: MainWindow, head: Volume) -> None:
    view = compared.compare
    QTest.mouseClick(view.there, Qt.MouseButton.LeftButton, pos=view.there.rect().center())
    assert view.there.hasFocus()
    series = evolve(head.series, series_uid="1.2.3.12", identity=PatientIdentity(patient_id="4711"))
    session = compared.desk.session
    session.case = None
    session.view, session.volume = None, Volume(series, head.voxels, head.stack, head.voxels, head.grid)
    session.view = view_of_volume(session.volume)
    assert view.there.isVisible()
    assert view.here.hasFocus()


def test_one_zoom_figure_means_one_scale_on_both_sides(compared: MainWindow, head: Volume) -> None:
    # Of half the size, so that fitted by itself it would be twice as large.
    half = evolve(head.series, series_uid="1.2.3.11")
    stack = evolve(head.stack, pixel_spacing_mm=tuple(mm / 2 for mm in head.stack.pixel_spacing_mm))
    other = compared.desk.other.session
    other.volume = Volume(half, head.voxels, stack, head.voxels, stack.as_grid())
    other.view = view_of_volume(other.volume)
    here, there = compared.compare.here, compared.compare.there
    figures = []
    for canvas in (here, there):
        shown = canvas.shown
        tile = canvas.tile(ViewName.AXIAL)
        assert shown is not None
        assert tile is not None
        aspect = tile.area.width() / tile.area.height()
        said = corners(shown, ViewName.AXIAL, Density.FULL, first=True, aspect=aspect).bottom_right[-1].text
        figures.append((said.split("×")[0], tile.geometry(shown.volume, shown.view, PlaneName.AXIAL).mm_per_px))
    assert figures[0] == figures[1]


def test_keys_act_on_the_side_that_was_used_last(compared: MainWindow, press: Callable[..., None]) -> None:
    compared.actions_.run("compare.link_window")
    QTest.mouseClick(compared.compare.there, Qt.MouseButton.LeftButton, pos=compared.compare.there.rect().center())
    press(compared, Qt.Key.Key_3)
    here, there = compared.desk.session.view, compared.desk.other.session.view
    assert here is not None
    assert there is not None
    assert there.window_width != here.window_width
    QTest.mouseClick(compared.compare.here, Qt.MouseButton.LeftButton, pos=compared.compare.here.rect().center())
    press(compared, Qt.Key.Key_3)
    assert compared.desk.session.view is not None
    assert compared.desk.session.view.window_width == there.window_width


def test_the_bar_tells_the_window_of_the_side_that_keys_act_on(
    compared: MainWindow, press: Callable[..., None]
) -> None:
    compared.actions_.run("compare.link_window")
    presets = compared.review.toolbar.presets
    assert presets is not None
    for side, key in ((compared.compare.here, "4"), (compared.compare.there, "5")):
        QTest.mouseClick(side, Qt.MouseButton.LeftButton, pos=side.rect().center())
        press(compared, Qt.Key(ord(key)))
    assert presets.button("5").isChecked()
    here = compared.compare.here
    QTest.mouseClick(here, Qt.MouseButton.LeftButton, pos=here.rect().center())
    assert presets.button("4").isChecked()


def curtained(window: MainWindow, qtbot: QtBot) -> tuple[float, int]:
    window.actions_.run("compare.curtain")
    window.actions_.run("view.layout_single")
    qtbot.wait(30)
    tile = window.canvas.tile(ViewName.AXIAL)
    view = window.desk.session.view
    assert tile is not None
    assert view is not None
    return curtain_px(tile, view.curtain), round(tile.area.height() * 0.4)


def grey_at(window: MainWindow, x: float, y: int) -> int:
    return window.canvas.grab().toImage().pixelColor(round(x), y).red()


def test_left_of_the_curtain_is_the_first_volume_and_right_of_it_the_second(compared: MainWindow, qtbot: QtBot) -> None:
    x, y = curtained(compared, qtbot)
    assert not compared.compare.there.isVisible()
    # 35 and 200 HU in a window of 80 at 40 or 400 at 40.
    assert grey_at(compared, x - 40, y) < grey_at(compared, x + 40, y)
    assert grey_at(compared, x - 8, y) == grey_at(compared, x - 40, y)
    assert grey_at(compared, x + 8, y) == grey_at(compared, x + 40, y)


@pytest.mark.parametrize("linked", [True, False])
def test_a_window_dragged_beside_the_curtain_fits_the_scan_that_is_seen_there(
    compared: MainWindow, qtbot: QtBot, linked: bool
) -> None:
    x, y = curtained(compared, qtbot)
    here, there = compared.desk.session, compared.desk.other.session
    comparing = compared.desk.comparing
    comparing.links = evolve(comparing.links, window=linked)

    def dragged(left: float, right: float) -> None:
        assert compared.actions_.run("view.region_window")
        picker = compared.canvas.findChild(RegionPicker)
        assert picker is not None
        start, end = QPoint(round(left), y), QPoint(round(right), y + 30)
        QTest.mousePress(picker, Qt.MouseButton.LeftButton, pos=start)
        QTest.mouseMove(picker, end)
        QTest.mouseRelease(picker, Qt.MouseButton.LeftButton, pos=end)

    def centres() -> tuple[float, float]:
        assert here.view is not None
        assert there.view is not None
        return here.view.window_centre, there.view.window_centre

    before, _ = centres()
    # Beyond the curtain there are but 200 HU, before it 35; a rectangle ends at the curtain.
    dragged(x + 40, x - 60)
    assert centres() == (200.0 if linked else before, 200.0)
    dragged(x - 40, x + 60)
    assert centres() == (35.0, 35.0 if linked else 200.0)


def test_beside_the_curtain_no_side_is_named_by_a_letter_that_could_mean_a_direction(
    compared: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: set[str] = set()

    def watched(measures: QFontMetricsF, words: tuple[str, ...], room: float) -> str:
        said.add(text := fitting_words(measures, words, room))
        return text

    monkeypatch.setattr("viewer.ui.canvas.paint_curtain.fitting_words", watched)
    compared.actions_.run("compare.curtain")
    view = compared.desk.session.view
    assert view is not None
    compared.desk.session.view = evolve(view, layout=Layout.FOUR)
    compared.canvas.grab()
    assert said == {"Scan A", "Scan B"}


def test_the_curtain_is_drawn_by_mouse_and_by_keys(
    compared: MainWindow, qtbot: QtBot, press: Callable[..., None]
) -> None:
    x, y = curtained(compared, qtbot)
    canvas = compared.canvas
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(x), y))
    QTest.mouseMove(canvas, QPoint(round(x) + 120, y))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(x) + 120, y))
    tile, view = canvas.tile(ViewName.AXIAL), compared.desk.session.view
    assert tile is not None
    assert view is not None
    assert curtain_px(tile, view.curtain) == pytest.approx(x + 120, abs=1.5)
    canvas.setFocus()
    press(compared, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert compared.desk.session.view is not None
    assert compared.desk.session.view.curtain == pytest.approx(view.curtain - 0.05)


def point_at(canvas: QWidget, place: QPointF) -> None:
    """Move the pointer; sent to the canvas itself, as the screen's own pointer rests somewhere too."""
    none = Qt.MouseButton.NoButton
    move = QMouseEvent(
        QEvent.Type.MouseMove, place, canvas.mapToGlobal(place), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(canvas, move)


def test_the_value_under_the_pointer_is_that_of_the_side_it_is_on(compared: MainWindow, qtbot: QtBot) -> None:
    x, y = curtained(compared, qtbot)
    told: list[object] = []
    compared.canvas.pointer_moved.connect(lambda value, _lps, _view: told.append(value))
    for aside, value in ((-60, 35.0), (60, 200.0)):
        point_at(compared.canvas, QPointF(round(x) + aside, y))
        assert told[-1] == value
    assert compared.status._value.text().startswith("B  200")


def test_of_a_series_beside_itself_the_value_under_the_pointer_has_the_name_of_its_side(
    opened: MainWindow, qtbot: QtBot
) -> None:
    opened.actions_.run("compare.itself")
    middle = QPointF(opened.compare.there.rect().center())
    for canvas, side in ((opened.compare.here, "A"), (opened.compare.there, "B")):
        point_at(canvas, middle)
        assert opened.status._value.text().startswith(f"{side}  ")
    x, y = curtained(opened, qtbot)
    for aside, side in ((60, "B"), (-60, "A")):
        point_at(opened.canvas, QPointF(round(x) + aside, y))
        assert opened.status._value.text().startswith(f"{side}  ")


def test_where_the_sides_of_a_curtain_have_two_windows_each_is_told_of_its_own(
    compared: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    corner: list[str] = []

    def watched(measures: QFontMetricsF, words: tuple[str, ...], room: float) -> str:
        said.append(text := fitting_words(measures, words, room))
        return text

    def watched_corners(*given: object, **chosen: object) -> object:
        found = corners(*given, **chosen)
        corner.append(found.bottom_right[0].text)
        return found

    monkeypatch.setattr("viewer.ui.canvas.paint_curtain.fitting_words", watched)
    monkeypatch.setattr("viewer.ui.canvas.paint_frame.corners", watched_corners)
    curtained(compared, qtbot)
    compared.canvas.grab()
    alike = corner[-1]
    assert alike.startswith("W ")
    compared.actions_.run("compare.link_window")
    session, other = compared.desk.session, compared.desk.other.session
    other.view = evolve(other.view, window_width=1500.0)
    session.view = evolve(session.view, curtain=180 / compared.canvas.width())
    compared.canvas.grab()
    assert corner[-1] == f"A  {alike}", "it lies on the other side"
    assert said[-2].startswith("Scan A  W "), "no name that was cut, and with it the window"
    assert "W 1500 " in said[-1]


def test_corners_over_a_curtain_tell_what_is_true_of_both_scans(
    compared: MainWindow, head: Volume, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    corner: list[list[str]] = []

    def watched(*given: object, **chosen: object) -> object:
        found = corners(*given, **chosen)
        corner.append([words.text for words in (*found.top_left, *found.top_right)])
        return found

    sides = (compared.desk.session, compared.desk.other.session)
    for number, session in enumerate(sides, 1):
        assert session.volume is not None
        series = evolve(sides[0].volume.series, description="Liver", number=7, lossy=number == 2)
        session.volume = evolve(session.volume, series=series, part=f"phase {number} of 2")
        session.view = view_of_volume(session.volume)
    compared.actions_.run("compare.curtain")
    curtained(compared, qtbot)
    monkeypatch.setattr("viewer.ui.canvas.paint_frame.corners", watched)
    compared.canvas.grab()
    over = QPainter(picture := QImage(compared.canvas.size(), QImage.Format.Format_RGB32))
    compared.canvas.paint_words_over(over)
    over.end()
    assert not picture.isNull()
    told = [said for said in corner if "Series 7, Liver" in said]
    assert len(told) == 2
    for said in told:
        assert not [words for words in said if "phase" in words.lower()], "on the other's side it would be wrong"
        assert "Lossy compressed" in said


def test_beyond_the_curtain_nothing_is_measured_on_the_wrong_volume(compared: MainWindow, qtbot: QtBot) -> None:
    x, y = curtained(compared, qtbot)
    compared.actions_.run("measure.length")
    QTest.mousePress(compared.canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(x) + 60, y))
    QTest.mouseRelease(compared.canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(x) + 90, y))
    assert not compared.desk.session.measurements
    assert compared.messages.message is not None
    assert "curtain" in compared.messages.message.sentence


def test_the_second_volume_is_dragged_onto_the_first(compared: MainWindow, qtbot: QtBot) -> None:
    x, y = curtained(compared, qtbot)
    compared.actions_.run("compare.align")
    canvas = compared.canvas
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(x) + 60, y))
    for step in (20, 40):
        QTest.mouseMove(canvas, QPoint(round(x) + 60 + step, y))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(x) + 100, y))
    tile, view, volume = canvas.tile(ViewName.AXIAL), compared.desk.session.view, compared.desk.session.volume
    assert tile is not None
    assert view is not None
    assert volume is not None
    mm = 40 * tile.geometry(volume, view, ViewName.AXIAL.plane).mm_per_px
    assert compared.desk.comparing.aligning.alignment.shift_mm == pytest.approx((-mm, 0.0, 0.0))
    assert compared.compare.bar is not None
    # The screen's right is the patient's left.
    assert f"B moved {mm:.1f} mm towards the left" in compared.compare.bar.said
    # One drag is taken back at once, and made again.
    compared.actions_.run("review.undo")
    assert compared.desk.comparing.aligning.alignment == Alignment()
    compared.actions_.run("review.redo")
    assert compared.desk.comparing.aligning.alignment.shift_mm == pytest.approx((-mm, 0.0, 0.0))


@pytest.mark.parametrize(
    ("width", "shift_mm"), [(1920, (0.0, -5.0, 14.0)), (2560, (-11.5, -23.4, 147.3)), (3840, (-11.5, -23.4, 147.3))]
)
def test_how_the_second_was_moved_is_read_whole_where_there_is_room(
    compared: MainWindow, qtbot: QtBot, width: int, shift_mm: tuple[float, float, float]
) -> None:
    compared.resize(width, 900)
    qtbot.waitUntil(lambda: compared.width() == width)
    compared.desk.comparing.aligning.alignment = Alignment(shift_mm=shift_mm)
    bar = compared.compare.bar
    assert bar is not None
    qtbot.wait(50)
    assert f"{shift_mm[2]} mm" in bar.said
    said = [label.text() for label in bar.findChildren(QLabel) if "B moved" in label.text()]
    assert said == [bar.said]


def test_how_the_second_was_moved_is_read_whole_before_its_own_name_is(compared: MainWindow, qtbot: QtBot) -> None:
    other = compared.desk.other.session
    assert other.volume is not None
    compared.resize(1920, 900)
    qtbot.waitUntil(lambda: compared.width() == 1920)
    described = evolve(other.volume.series, description="Standard brain, 5 mm, sagittal and thin")
    other.volume = evolve(other.volume, series=described)
    compared.desk.comparing.aligning.alignment = Alignment(shift_mm=(-6.4, 0.0, 5.5))
    bar = compared.compare.bar
    assert bar is not None
    qtbot.wait(50)
    said = [label.text() for label in bar.findChildren(QLabel) if "B moved" in label.text()]
    assert said == [bar.said]


def test_where_the_second_series_has_ended_no_image_is_named(compared: MainWindow) -> None:
    other, view = compared.desk.other.session, compared.desk.session.view
    assert view is not None
    assert other.volume is not None
    x, y, _ = view.cursor_lps_mm
    foot = float(other.volume.grid.bounds_lps_mm[2, 0])

    def number(z: float) -> str:
        compared.desk.session.view = evolve(view, cursor_lps_mm=(x, y, z))
        assert other.view is not None
        shown = shown_from(other.volume, other.view)
        return corners(shown, ViewName.AXIAL, Density.FULL, first=True).bottom_left[0].text

    last = other.volume.stack.count
    assert number(foot + 0.1) == f"Image {last} of {last}"
    assert notices(compared.compare.there) == []
    assert number(foot - 20.0) == f"Beyond the {last} images"
    assert notices(compared.compare.there) == ["No image lies here"]


def notices(canvas: QWidget) -> list[str]:
    """Return the notices that a canvas paints."""
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(paint_frame, "paint_notice", lambda _painter, _free, text, *_, **__: said.append(text))
        canvas.grab()
    return said


def test_a_measurement_beside_belongs_to_the_series_it_was_drawn_on(compared: MainWindow, qtbot: QtBot) -> None:
    there = compared.compare.there
    compared.actions_.run("measure.length")
    middle = there.rect().center()
    QTest.mousePress(there, Qt.MouseButton.LeftButton, pos=middle + QPoint(-60, -40))
    QTest.mouseMove(there, middle + QPoint(0, -40))
    QTest.mouseRelease(there, Qt.MouseButton.LeftButton, pos=middle + QPoint(40, -40))
    other = compared.desk.other.session
    assert len(other.measurements) == 1
    assert not compared.desk.session.measurements
    compared.actions_.refresh()
    compared.actions_.run("review.undo")
    assert not other.measurements


def test_ending_gives_the_one_series_all_of_the_room_again(compared: MainWindow, qtbot: QtBot) -> None:
    compared.actions_.run("compare.close")
    qtbot.wait(10)
    assert not compared.compare.there.isVisible()
    assert compared.compare.bar is not None
    assert not compared.compare.bar.isVisible()
    view = compared.desk.session.view
    assert view is not None
    assert view.comparison is Comparison.OFF
    assert view.layout is Layout.FOUR


def test_two_patients_side_by_side_are_warned_of(opened: MainWindow, head: Volume, qtbot: QtBot) -> None:
    other = opened.desk.other.session
    other.volume = brighter(head, "1.2.3.10", patient="somebody else")
    other.view = view_of_volume(other.volume)
    qtbot.wait(10)
    assert opened.compare.bar is not None
    assert opened.compare.bar.said.startswith("Two patients")


def test_a_series_is_compared_with_itself_in_another_window(opened: MainWindow, press: Callable[..., None]) -> None:
    opened.actions_.run("compare.itself")
    assert opened.compare.there.isVisible()
    assert opened.desk.other.session.volume is opened.desk.session.volume


def test_esc_closes_the_sheet_of_series_and_its_empty_list_says_what_to_do(
    opened: MainWindow, press: Callable[..., None]
) -> None:
    press(opened, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    sheet = opened.compared.sheet
    assert sheet is not None
    assert sheet.is_open
    assert sheet.empty_words.startswith("No other scan is known")
    QTest.keyClicks(sheet.search, "zzz")
    assert sheet.empty_words == "Nothing matches “zzz”."
    press(opened, Qt.Key.Key_Escape)
    assert sheet.empty_words.startswith("No other scan is known")
    press(opened, Qt.Key.Key_Escape)
    assert not sheet.is_open


def test_letters_typed_on_the_list_of_series_are_searched_for(compared: MainWindow, press: Callable[..., None]) -> None:
    compared.actions_.run("compare.choose")
    sheet = compared.compared.sheet
    assert sheet is not None
    sheet.list.setFocus()
    QTest.keyClicks(sheet.list, "se")
    assert sheet.search.text() == "se"
    assert sheet.search.hasFocus()


def test_on_stage_the_earlier_scan_of_a_case_lies_behind_the_curtain(
    opened: MainWindow, head: Volume, case: Case, qtbot: QtBot
) -> None:
    earlier = brighter(head, "1.2.3.11")
    opened.desk.comparing.bring(LoadedPrior(earlier, (), Alignment()))
    view = evolve(case.steps[0].view, comparison=Comparison.CURTAIN, curtain=0.5, layout=Layout.SINGLE)
    story = evolve(
        case,
        prior=Prior("prior", "1.2.3.11", "", title="A year before"),
        steps=(evolve(case.steps[0], view=view), *case.steps[1:]),
    )
    opened.desk.session.case = story
    opened.present_from(0)
    qtbot.wait(50)
    canvas = opened.stage.canvas
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    x, y = curtain_px(tile, 0.5), round(tile.area.height() * 0.4)
    picture = canvas.grab().toImage()
    assert picture.pixelColor(round(x) - 30, y).red() < picture.pixelColor(round(x) + 30, y).red()
    opened.desk.player.next()
    qtbot.wait(20)
    assert opened.desk.comparing.mode is Comparison.OFF


@pytest.mark.parametrize("share", [0.3, 0.5, 0.62, 0.7])
def test_no_value_is_cut_by_the_curtain(
    compared: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    session, axes = compared.desk.session, PLANE_AXES[PlaneName.AXIAL]
    view = session.view
    assert view is not None
    session.view = view = evolve(view, comparison=Comparison.CURTAIN, curtain=share, layout=Layout.SINGLE)
    assert session.volume is not None
    x, y, z = snapped(session.volume, PlaneName.AXIAL, view.cursor_lps_mm)
    session.measurements = tuple(
        Measurement(
            f"{dx}",
            MeasurementKind.LENGTH,
            ((x + dx - 15, y + dx, z), (x + dx + 15, y + dx + 2, z)),
            PlaneName.AXIAL,
            as_point(axes.right),
            as_point(axes.down),
        )
        for dx in (-50, -25, 0, 25, 50)
    )
    plates: list[QRectF] = []
    monkeypatch.setattr(paint_measurements, "paint_plate", lambda _painter, area, _theme: plates.append(QRectF(area)))
    compared.canvas.grab()
    qtbot.wait(30)
    tile = compared.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    assert plates
    assert all(plate.right() <= curtain_px(tile, share) - tile.area.left() for plate in plates)


def test_small_views_on_stage_leave_out_a_name_that_has_no_room(
    head: Volume, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = evolve(view_of_volume(head), comparison=Comparison.CURTAIN, curtain=0.67, layout=Layout.STAGE)
    shown, look = shown_from(head, view), Look(TextLook(Theme(), stage=True, scale=2 / 3))
    behind = Behind(shown, PlanePainter(), (("Now",), ("A year before",)))
    plates: list[QRectF] = []
    monkeypatch.setattr(paint_curtain, "paint_plate", lambda _painter, area, _theme: plates.append(QRectF(area)))
    told = {}
    for tile in tiles(Layout.STAGE, ViewName.AXIAL, (1280.0, 656.0), style=CanvasStyle.STAGE):
        if tile.view.plane is None:
            continue
        plates.clear()
        image = QImage(1280, 656, QImage.Format.Format_RGB32)
        with QPainter(image) as painter:
            paint_curtain.paint_curtained(
                painter, tile, shown, look, PlanePainter(), behind, first=tile.large, moving=False
            )
        told[tile.view] = len(plates)
    assert told == {ViewName.AXIAL: 2, ViewName.CORONAL: 1, ViewName.SAGITTAL: 1}


@pytest.mark.parametrize("share", [0.2, 0.5, 0.62, 0.75, 0.9])
def test_no_name_of_a_side_covers_the_scale(
    head: Volume, qapp: QApplication, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    view = evolve(view_of_volume(head), comparison=Comparison.CURTAIN, curtain=share, layout=Layout.STAGE)
    shown, look = shown_from(head, view), Look(TextLook(Theme()))
    behind = Behind(shown, PlanePainter(), (("A  1994-11-22",), ("B  2000-09-07",)))
    names: list[QRectF] = []
    scales: list[QRectF] = []
    scale_bar = paint_frame.paint_scale_bar

    def watched(*args: object) -> QRectF:
        scales.append(scale_bar(*args))
        return scales[-1]

    monkeypatch.setattr(paint_frame, "paint_scale_bar", watched)
    monkeypatch.setattr(paint_curtain, "paint_plate", lambda _painter, area, _theme: names.append(QRectF(area)))
    for size in ((615.0, 415.0), (936.0, 530.0), (1490.0, 900.0)):
        for tile in tiles(Layout.STAGE, ViewName.AXIAL, size):
            if tile.view.plane is None:
                continue
            names.clear()
            scales.clear()
            image = QImage(round(size[0]), round(size[1]), QImage.Format.Format_RGB32)
            with QPainter(image) as painter:
                paint_curtain.paint_curtained(
                    painter, tile, shown, look, PlanePainter(), behind, first=tile.large, moving=False
                )
            assert not [name for name in names for scale in scales if name.intersects(scale)], (size, tile.view)


def test_the_last_of_joined_buttons_that_is_shown_has_its_edge(compared: MainWindow, qtbot: QtBot) -> None:
    compared.desk.settings.change(theme="light")
    bar = next(
        made for made in compared.findChildren(Segmented) if made.isVisible() and "compare.curtain" in made._buttons
    )
    last = [button for button in bar._buttons.values() if button.isVisible()][-1]
    qtbot.wait(30)
    picture = last.grab().toImage()
    edge = picture.pixelColor(picture.width() - 1, picture.height() // 2)
    assert edge.lightness() < picture.pixelColor(picture.width() - 6, picture.height() // 2).lightness()


def test_cine_plays_the_series_that_has_the_keys_and_stops_when_they_go_to_the_other(
    compared: MainWindow, press: Callable[..., None], qtbot: QtBot
) -> None:
    compared.actions_.run("compare.link_place")
    here, there = compared.desk.session, compared.desk.other.session
    compared.compare.here.active = ViewName.AXIAL
    press(compared, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert compared.compare.keys_there
    compared.compare.there.active = ViewName.AXIAL
    before = here.view, there.view
    press(compared, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: there.view != before[1])
    assert here.view == before[0]
    press(compared, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert not compared.compare.keys_there
    qtbot.waitUntil(lambda: not compared.actions_["view.cine"].isChecked())
    stays = there.view
    qtbot.wait(150)
    assert there.view == stays
