import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QImage, QRegion, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.open_session import view_of, volume_of
from viewer.domain.geometry import PlaneName
from viewer.domain.session import Session, Workspace
from viewer.domain.view_state import Layout, ViewName
from viewer.domain.volume import Volume
from viewer.ui.canvas import Canvas, CanvasStyle, Tool
from viewer.ui.canvas.paint_plane import PlanePainter
from viewer.ui.theme import Theme

PLANES = [ViewName.AXIAL, ViewName.CORONAL, ViewName.SAGITTAL]


def place_in(canvas: Canvas, view: ViewName, across: float = 0.3, down: float = 0.3) -> QPoint:
    """A place on a tile that is on no crosshair line."""
    tile = canvas.tile(view)
    assert tile is not None
    area = tile.area
    return QPointF(area.left() + area.width() * across, area.top() + area.height() * down).toPoint()


def turn_wheel(
    canvas: Canvas,
    view: ViewName,
    notches: float,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    place: QPoint | None = None,
) -> None:
    at = QPointF(place or place_in(canvas, view))
    event = QWheelEvent(
        at,
        QPointF(canvas.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, round(notches * 120)),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def drag(canvas: Canvas, button: Qt.MouseButton, start: QPoint, by: QPoint) -> None:
    QTest.mousePress(canvas, button, Qt.KeyboardModifier.NoModifier, start)
    for n in range(1, 6):
        QTest.mouseMove(canvas, start + by * n / 5)
        # QTest.mouseMove sends no buttons on every platform; the canvas counts on presses it saw itself.
    QTest.mouseRelease(canvas, button, Qt.KeyboardModifier.NoModifier, start + by)


def test_wheel_down_moves_axial_towards_the_feet_by_one_image(canvas: Canvas, session: Session) -> None:
    before = view_of(session).cursor_lps_mm
    turn_wheel(canvas, ViewName.AXIAL, -1)
    after = view_of(session).cursor_lps_mm
    assert after[2] == pytest.approx(before[2] - 2.5)
    assert after[:2] == before[:2]
    turn_wheel(canvas, ViewName.AXIAL, 2)
    assert view_of(session).cursor_lps_mm[2] == pytest.approx(before[2] + 2.5)


def test_wheel_down_goes_to_the_back_in_coronal_and_to_the_left_in_sagittal(canvas: Canvas, session: Session) -> None:
    before = view_of(session).cursor_lps_mm
    turn_wheel(canvas, ViewName.CORONAL, -1)
    turn_wheel(canvas, ViewName.SAGITTAL, -1)
    after = view_of(session).cursor_lps_mm
    assert after[1] - before[1] == pytest.approx(0.8, abs=0.41)
    assert after[1] > before[1]
    assert after[0] > before[0]


def test_a_fine_wheel_needs_a_whole_notch_for_an_image(canvas: Canvas, session: Session) -> None:
    before = view_of(session)
    for _ in range(3):
        turn_wheel(canvas, ViewName.AXIAL, -0.25)
    assert session.view == before
    turn_wheel(canvas, ViewName.AXIAL, -0.25)
    assert view_of(session).cursor_lps_mm[2] == pytest.approx(before.cursor_lps_mm[2] - 2.5)


def test_scrolling_stops_at_the_last_image(canvas: Canvas, session: Session) -> None:
    turn_wheel(canvas, ViewName.AXIAL, -500)
    assert view_of(session).cursor_lps_mm[2] == pytest.approx(10)


def test_left_drag_to_the_right_widens_and_upwards_brightens(canvas: Canvas, session: Session) -> None:
    before = view_of(session)
    drag(canvas, Qt.MouseButton.LeftButton, place_in(canvas, ViewName.AXIAL), QPoint(80, 0))
    wider = view_of(session)
    assert wider.window_width > before.window_width
    assert wider.window_centre == before.window_centre
    drag(canvas, Qt.MouseButton.LeftButton, place_in(canvas, ViewName.AXIAL), QPoint(0, -60))
    brighter = view_of(session)
    assert brighter.window_centre < wider.window_centre
    assert brighter.window_width == wider.window_width


def test_the_level_drops_far_enough_to_make_the_picture_brighter(canvas: Canvas, session: Session) -> None:
    def mean() -> float:
        image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
        tile = canvas.tile(ViewName.AXIAL)
        assert tile is not None
        middle = tile.area.center().toPoint() + QPoint(-40, 30)
        return float(np.mean([image.pixelColor(middle.x() + dx, middle.y()).value() for dx in range(20)]))

    before = mean()
    drag(canvas, Qt.MouseButton.LeftButton, place_in(canvas, ViewName.AXIAL), QPoint(0, -60))
    assert mean() > before + 10


def test_middle_drag_moves_the_picture_with_the_hand(canvas: Canvas, session: Session) -> None:
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    cursor = view_of(session).cursor_lps_mm
    x, y = tile.geometry(volume_of(session), view_of(session), PlaneName.AXIAL).screen_from_lps(cursor)
    drag(canvas, Qt.MouseButton.MiddleButton, place_in(canvas, ViewName.AXIAL), QPoint(40, 25))
    moved = tile.geometry(volume_of(session), view_of(session), PlaneName.AXIAL).screen_from_lps(cursor)
    assert moved == pytest.approx((x + 40, y + 25), abs=0.6)
    assert view_of(session).cursor_lps_mm == cursor


def test_right_drag_up_zooms_in_and_a_right_click_asks_for_the_menu(canvas: Canvas, session: Session) -> None:
    asked: list[QPoint] = []
    canvas.menu_requested.connect(asked.append)
    before = view_of(session)
    drag(canvas, Qt.MouseButton.RightButton, place_in(canvas, ViewName.AXIAL), QPoint(0, -60))
    assert view_of(session).axial.height_mm < before.axial.height_mm * 0.9
    assert view_of(session).coronal == before.coronal
    assert asked == []
    QTest.mouseClick(
        canvas, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, place_in(canvas, ViewName.AXIAL)
    )
    assert len(asked) == 1


@pytest.mark.parametrize("reserved", [0, 160])
def test_ctrl_wheel_zooms_and_what_is_under_the_pointer_stays(canvas: Canvas, session: Session, reserved: int) -> None:
    session.view = evolve(view_of(session), layout=Layout.SINGLE, main=ViewName.AXIAL)
    canvas.set_reserved("left", reserved)
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    place = place_in(canvas, ViewName.AXIAL, 0.62, 0.4)
    at = tile.local(QPointF(place))
    before = tile.geometry(volume_of(session), view_of(session), PlaneName.AXIAL).lps_from_screen(*at)
    height = view_of(session).axial.height_mm
    turn_wheel(canvas, ViewName.AXIAL, 3, Qt.KeyboardModifier.ControlModifier, place)
    after = tile.geometry(volume_of(session), view_of(session), PlaneName.AXIAL).lps_from_screen(*at)
    assert view_of(session).axial.height_mm < height
    assert after == pytest.approx(before, abs=1e-6)


def test_shift_wheel_makes_a_slab_and_ends_it_again(canvas: Canvas, session: Session) -> None:
    turn_wheel(canvas, ViewName.AXIAL, 2, Qt.KeyboardModifier.ShiftModifier)
    thick = view_of(session).slab_mm
    assert thick > 0
    turn_wheel(canvas, ViewName.AXIAL, -9, Qt.KeyboardModifier.ShiftModifier)
    assert view_of(session).slab_mm == 0


def test_dragging_a_crosshair_line_moves_the_plane_it_stands_for(canvas: Canvas, session: Session) -> None:
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    before = view_of(session)
    geometry = tile.geometry(volume_of(session), before, PlaneName.AXIAL)
    x, y = geometry.screen_from_lps(before.cursor_lps_mm)
    start = QPoint(round(tile.area.left() + x), round(tile.area.top() + y) - 100)
    drag(canvas, Qt.MouseButton.LeftButton, start, QPoint(30, 0))
    after = view_of(session).cursor_lps_mm
    assert after[0] == pytest.approx(before.cursor_lps_mm[0] + 30 * geometry.mm_per_px, abs=geometry.mm_per_px)
    assert after[1:] == pytest.approx(before.cursor_lps_mm[1:])
    assert view_of(session).window_width == before.window_width


def test_a_click_with_the_crosshair_tool_puts_the_cursor_there(canvas: Canvas, session: Session) -> None:
    canvas.tool = Tool.CROSSHAIR
    place = place_in(canvas, ViewName.CORONAL, 0.4, 0.6)
    tile = canvas.tile(ViewName.CORONAL)
    assert tile is not None
    wanted = tile.geometry(volume_of(session), view_of(session), PlaneName.CORONAL).lps_from_screen(
        *tile.local(QPointF(place))
    )
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert view_of(session).cursor_lps_mm == pytest.approx(wanted, abs=0.05)


def test_double_click_maximises_a_view_and_again_brings_all_back(canvas: Canvas, session: Session) -> None:
    place = place_in(canvas, ViewName.SAGITTAL)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert (view_of(session).layout, view_of(session).main) == (Layout.SINGLE, ViewName.SAGITTAL)
    assert canvas.active is ViewName.SAGITTAL
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, canvas.rect().center())
    assert view_of(session).layout is Layout.FOUR


def test_the_value_under_the_pointer_is_that_of_the_voxel_there(
    canvas: Canvas, session: Session, small_ct_volume: Volume
) -> None:
    told: list[tuple[object, tuple[float, float, float] | None, object]] = []
    canvas.pointer_moved.connect(lambda value, lps, view: told.append((value, lps, view)))
    for name in PLANES:
        tile = canvas.tile(name)
        assert tile is not None
        for across, down in ((0.5, 0.5), (0.42, 0.61), (0.57, 0.4)):
            QTest.mouseMove(canvas, place_in(canvas, name, across, down))
            value, lps, view = told[-1]
            assert view is name
            assert lps is not None
            assert value == small_ct_volume.value_at(lps)
            x, y = tile.geometry(volume_of(session), view_of(session), PlaneName(name.value)).screen_from_lps(lps)
            assert (x, y) == pytest.approx(tile.local(QPointF(place_in(canvas, name, across, down))), abs=1e-6)
    assert any(isinstance(value, float) and value > 0 for value, _, _ in told)


def test_scrolling_renders_one_picture_and_copies_the_others(canvas: Canvas, session: Session) -> None:
    canvas.grab()
    canvas._planes.rendered.clear()
    turn_wheel(canvas, ViewName.AXIAL, -1)
    canvas.grab()
    assert canvas._planes.rendered == [PlaneName.AXIAL]


def test_many_changes_in_one_turn_make_one_repaint(qtbot: QtBot, canvas: Canvas, session: Session) -> None:
    qtbot.wait(200)
    canvas._planes.rendered.clear()
    for _ in range(10):
        turn_wheel(canvas, ViewName.AXIAL, -1)
    qtbot.wait(50)
    assert canvas._planes.rendered.count(PlaneName.AXIAL) <= 2


def test_nothing_is_painted_anew_because_keys_go_elsewhere_and_come_back(
    qtbot: QtBot, canvas: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.wait(400)
    painted: list[QRegion] = []
    monkeypatch.setattr(canvas, "_paint", lambda _painter, event: painted.append(event.region()))
    for _ in range(2):
        for reason in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            QApplication.sendEvent(canvas, QFocusEvent(reason))
        qtbot.wait(30)
    assert painted == []
    canvas.update()
    qtbot.waitUntil(lambda: bool(painted))


def test_an_oblique_scan_is_coarse_only_while_it_is_scrolled(session: Session, small_ct_volume: Volume) -> None:
    turned = np.eye(4)
    turned[:2, :2] = [[0.8, -0.6], [0.6, 0.8]]
    grid = small_ct_volume.grid
    oblique = evolve(small_ct_volume, grid=evolve(grid, lps_from_ijk=turned @ grid.lps_from_ijk))
    view = view_of(session)
    painter = PlanePainter()
    assert painter.picture(oblique, view, PlaneName.CORONAL, 800, 600)[1] == 1
    assert painter.picture(oblique, view, PlaneName.AXIAL, 800, 600, moving=True)[1] > 1
    assert painter.picture(oblique, view, PlaneName.AXIAL, 800, 600)[1] == 1
    assert painter.picture(oblique, view, PlaneName.AXIAL, 800, 600, moving=True)[1] == 1, "a fine one is there"
    assert painter.rendered == [PlaneName.CORONAL, PlaneName.AXIAL, PlaneName.AXIAL]
    assert painter.picture(small_ct_volume, view, PlaneName.AXIAL, 800, 600, moving=True)[1] == 1


def test_taking_hold_of_the_view_is_told(qtbot: QtBot, canvas: Canvas) -> None:
    with qtbot.waitSignal(canvas.gesture_started):
        turn_wheel(canvas, ViewName.AXIAL, -1)
    with qtbot.waitSignal(canvas.gesture_started):
        QTest.mousePress(
            canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place_in(canvas, ViewName.AXIAL)
        )


def test_a_wheel_notch_during_a_motion_goes_on_from_where_the_motion_ends(canvas: Canvas, session: Session) -> None:
    goal = evolve(view_of(session), cursor_lps_mm=(4.0, 8.0, 60.0), window_width=80.0)
    canvas.gesture_started.connect(lambda: setattr(session, "view", goal))
    turn_wheel(canvas, ViewName.AXIAL, -1)
    assert view_of(session).cursor_lps_mm == pytest.approx((4.0, 8.0, 57.5))
    assert view_of(session).window_width == 80.0


def test_the_value_told_stays_true_when_keys_scroll_under_a_resting_pointer(
    qtbot: QtBot, canvas: Canvas, session: Session
) -> None:
    told: list[tuple[float | None, tuple[float, float, float] | None]] = []
    canvas.pointer_moved.connect(lambda value, lps_mm, _view: told.append((value, lps_mm)))
    QTest.mouseMove(canvas, place_in(canvas, ViewName.AXIAL))
    canvas._tell(QPointF(place_in(canvas, ViewName.AXIAL)))
    before = told[-1][1]
    x, y, z = view_of(session).cursor_lps_mm
    with qtbot.waitSignal(canvas.pointer_moved):
        session.view = evolve(view_of(session), cursor_lps_mm=(x, y, z - 2.5))
    value, place = told[-1]
    assert before is not None
    assert place == pytest.approx((before[0], before[1], before[2] - 2.5))
    assert session.volume is not None
    assert value == session.volume.value_at(place)


def test_a_quickly_turned_wheel_is_not_held_up_by_what_lies_under_the_pointer_on_each_image(
    qtbot: QtBot, canvas: Canvas, session: Session
) -> None:
    told: list[tuple[float | None, tuple[float, float, float]]] = []
    canvas.pointer_moved.connect(lambda value, lps_mm, _view: told.append((value, lps_mm)))
    _, _, z = view_of(session).cursor_lps_mm
    with qtbot.waitSignal(canvas.pointer_moved):
        for _ in range(5):
            turn_wheel(canvas, ViewName.AXIAL, -1)
        assert not told
    # Once for all, and of the image that is seen then.
    [(value, place)] = told
    assert place[2] == pytest.approx(view_of(session).cursor_lps_mm[2]) == pytest.approx(z - 5 * 2.5)
    assert session.volume is not None
    assert value == session.volume.value_at(place)


def bright(canvas: Canvas, view: ViewName) -> QImage:
    canvas.grab()
    tile = canvas.tile(view)
    assert tile is not None
    return canvas.grab(tile.area.toAlignedRect()).toImage()


def lit_rows(image: QImage) -> list[int]:
    """Return the rows in which the body shows, looked for away from text and crosshair."""
    columns = range(image.width() * 3 // 8, image.width() * 5 // 8, 5)
    middle = image.width() // 2
    grey = [
        sum(20 < image.pixelColor(x, y).red() == image.pixelColor(x, y).green() for x in columns if abs(x - middle) > 8)
        for y in range(image.height())
    ]
    return [y for y, count in enumerate(grey) if count > 3]


def test_volume_that_is_being_read_can_be_scrolled_and_shows_only_what_is_in(
    canvas: Canvas, session: Session, small_ct_volume: Volume, qtbot: QtBot
) -> None:
    session.findings = ()
    whole = len(lit_rows(bright(canvas, ViewName.CORONAL)))
    arrived = np.zeros(small_ct_volume.stack.count, dtype=bool)
    arrived[17:20] = True
    session.volume = evolve(small_ct_volume, arrived=arrived)
    session.slices_in = 3
    assert len(lit_rows(bright(canvas, ViewName.AXIAL))) > 50
    qtbot.waitUntil(lambda: 0 < len(lit_rows(bright(canvas, ViewName.CORONAL))) < whole / 3)
    before = view_of(session).cursor_lps_mm
    turn_wheel(canvas, ViewName.AXIAL, -1)
    assert view_of(session).cursor_lps_mm[2] == pytest.approx(before[2] - 2.5)
    outside = small_ct_volume.stack.positions_lps_mm[3][2]
    session.view = evolve(view_of(session), cursor_lps_mm=(*before[:2], float(outside)))
    assert len(lit_rows(bright(canvas, ViewName.AXIAL))) < 25
    arrived[:] = True
    session.slices_in = len(arrived)
    qtbot.waitUntil(lambda: len(lit_rows(bright(canvas, ViewName.CORONAL))) == whole)
    assert len(lit_rows(bright(canvas, ViewName.AXIAL))) > 50


def test_all_planes_across_the_slices_grow_while_they_come_in(
    canvas: Canvas, session: Session, small_ct_volume: Volume, qtbot: QtBot
) -> None:
    arrived = np.zeros(small_ct_volume.stack.count, dtype=bool)
    arrived[18] = True
    session.volume = evolve(small_ct_volume, arrived=arrived)
    session.slices_in = 1
    across = (PlaneName.CORONAL, PlaneName.SAGITTAL)
    qtbot.waitUntil(lambda: not canvas._planes.waiting(across) and set(across) <= canvas._planes._pictures.keys())
    for more in range(1, 5):
        canvas._planes.rendered.clear()
        arrived[18 - more : 19 + more] = True
        session.slices_in = int(arrived.sum())
        qtbot.waitUntil(lambda: set(across) <= set(canvas._planes.rendered))


def test_pointer_tells_no_value_where_nothing_has_been_read(
    canvas: Canvas, session: Session, small_ct_volume: Volume, qtbot: QtBot
) -> None:
    session.volume = evolve(small_ct_volume, arrived=np.zeros(small_ct_volume.stack.count, dtype=bool))
    with qtbot.waitSignal(canvas.pointer_moved) as told:
        QTest.mouseMove(canvas, place_in(canvas, ViewName.AXIAL, 0.45, 0.45))
    assert told.args[0] is None


def test_without_3d_the_planes_go_on_and_a_sentence_says_why(canvas: Canvas) -> None:
    assert canvas._view_3d.picture.sentence == "3D is switched off."
    tile = canvas.tile(ViewName.THREE_D)
    assert tile is not None
    image = canvas.grab(tile.area.toAlignedRect()).toImage()
    middle = range(image.width() // 2 - 60, image.width() // 2 + 60)
    rows = range(image.height() // 2 - 10, image.height() // 2 + 10)
    assert any(image.pixelColor(x, y).value() > 100 for x in middle for y in rows)


def test_the_reserved_side_stays_free_and_the_picture_moves_aside(qtbot: QtBot, session: Session, theme: Theme) -> None:
    session.workspace = Workspace.PRESENT
    session.view = evolve(view_of(session), layout=Layout.STAGE)
    canvas = Canvas(session, theme, None, style=CanvasStyle.STAGE)
    qtbot.addWidget(canvas, before_close_func=lambda widget: widget.close_scene())
    canvas.resize(1200, 600)
    tile = canvas.tile(ViewName.AXIAL)
    assert tile is not None
    middle = tile.geometry(volume_of(session), view_of(session), PlaneName.AXIAL).screen_from_lps(
        view_of(session).axial.centre_lps_mm
    )
    canvas.set_reserved("left", 300)
    moved_tile = canvas.tile(ViewName.AXIAL)
    assert moved_tile is not None
    moved = moved_tile.geometry(volume_of(session), view_of(session), PlaneName.AXIAL).screen_from_lps(
        view_of(session).axial.centre_lps_mm
    )
    assert moved[0] - middle[0] == pytest.approx(150)
    assert moved[1] == pytest.approx(middle[1])
    assert moved_tile.free.left() == 300
