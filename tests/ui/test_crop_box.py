"""The crop box: its faces are pulled in 3D and in the planes, by hand and by keys."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow, QWidget

from tests.open_session import view_of
from tests.ui.looking import seen
from viewer.analysis.measure import body_bounds
from viewer.domain.curved_view import CurvedView
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.plane_turn import about
from viewer.domain.session import Session
from viewer.domain.view_state import Comparison, ViewName, ViewState, as_point
from viewer.scene.camera import facing, screen_from_lps, turned, zoomed
from viewer.scene.crop_box import FACES, Face, corners_within, crop_box, section
from viewer.ui.canvas import Canvas, crop_words, paint_measurements, paint_text
from viewer.ui.canvas import crop_box as crop_box_module
from viewer.ui.canvas.crop_box import HANDLE_PX, CropBox, Handle, crop_box_on
from viewer.ui.canvas.frame_places import frame_places
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.commands import CommandActions, CommandTable
from viewer.ui.theme import Theme
from viewer.ui.view_commands import view_commands

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.domain.volume import Volume

LEFT, RIGHT, HEAD, FRONT = Face(0, True), Face(0, False), Face(2, True), Face(1, False)
Box = tuple[tuple[float, float, float], tuple[float, float, float]]


class Looking(QMainWindow):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.other = Session()
        self.canvas = Canvas(session, Theme(), None, other=self.other)
        self.setCentralWidget(self.canvas)
        self.actions_of = CommandActions(
            self, CommandTable(view_commands(session, lambda: self.canvas)), Theme(), lambda: session.workspace
        )
        self.remembered: list[tuple[ViewState, ViewState]] = []
        self.canvas.moved_by_hand.connect(lambda before, after: self.remembered.append((before, after)))
        self.resize(1000, 760)

    @property
    def box(self) -> CropBox:
        found = crop_box_on(self.canvas)
        assert found is not None
        return found

    def handle(self, face: Face, view: ViewName) -> Handle:
        return next(h for h in self.box.handles() if h.face == face and h.view is view)

    def pull(self, face: Face, view: ViewName, mm: float, *, let_go: bool = True) -> None:
        handle = self.handle(face, view)
        start = handle.place.toPoint()
        end = start + (handle.px_per_mm * mm).toPoint()
        QTest.mouseMove(self.canvas, start)
        QTest.mousePress(self.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
        QTest.mouseMove(self.canvas, (start + end) / 2)
        QTest.mouseMove(self.canvas, end)
        if let_go:
            QTest.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)


@pytest.fixture
def window(qtbot: QtBot, session: Session) -> Looking:
    made = seen(qtbot, Looking(session))
    assert session.view is not None
    session.view = evolve(session.view, camera=turned(session.view.camera, 90, 60))
    made.actions_of.run("view.crop_3d_box")
    return made


def box_of(session: Session) -> Box:
    assert session.volume is not None
    return crop_box(session.volume, view_of(session))


@pytest.mark.parametrize("view", [ViewName.THREE_D, ViewName.AXIAL, ViewName.CORONAL])
def test_a_face_that_is_pulled_moves_along_its_axis_and_no_other(
    window: Looking, session: Session, view: ViewName
) -> None:
    low, high = box_of(session)
    window.pull(LEFT, view, -20.0)
    now = view_of(session).box_3d
    assert now is not None
    assert now[1][0] == pytest.approx(high[0] - 20.0, abs=0.7)
    assert now[0] == low
    assert now[1][1:] == high[1:]


def test_one_pull_is_one_step_back(window: Looking, session: Session) -> None:
    before = view_of(session)
    window.pull(HEAD, ViewName.CORONAL, -10.0)
    assert window.remembered == [(before, view_of(session))]


def test_the_picture_follows_while_a_face_is_pulled(window: Looking, session: Session) -> None:
    window.pull(HEAD, ViewName.THREE_D, -10.0, let_go=False)
    assert view_of(session).box_3d is not None
    assert window.remembered == []


def test_escape_puts_back_what_is_being_pulled_then_ends_the_crop_then_the_tool(
    window: Looking, session: Session
) -> None:
    window.pull(LEFT, ViewName.AXIAL, -20.0)
    cropped = view_of(session).box_3d
    window.pull(FRONT, ViewName.AXIAL, 10.0, let_go=False)
    assert view_of(session).box_3d != cropped
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert view_of(session).box_3d == cropped
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert view_of(session).box_3d is None
    assert window.remembered[-1][0].box_3d == cropped
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert crop_box_on(window.canvas) is None


def test_beside_the_size_stands_what_escape_does_next(
    window: Looking, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(crop_box_module, "paint_words", lambda _painter, words, *_: said.append(words))
    drawn_on(window.box, QRect(0, 0, 1, 1))
    assert said.pop().endswith("mm · Esc closes")
    window.pull(LEFT, ViewName.AXIAL, -20.0)
    drawn_on(window.box, QRect(0, 0, 1, 1))
    assert said.pop().endswith("mm · Esc resets")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    drawn_on(window.box, QRect(0, 0, 1, 1))
    assert said.pop().endswith("mm · Esc closes")
    assert view_of(session).box_3d is None


def test_the_same_key_ends_it_and_keeps_the_crop(window: Looking, session: Session) -> None:
    window.pull(LEFT, ViewName.AXIAL, -20.0)
    cropped = view_of(session).box_3d
    assert window.actions_of["view.crop_3d_box"].isChecked()
    window.actions_of.run("view.crop_3d_box")
    assert crop_box_on(window.canvas) is None
    assert not window.actions_of["view.crop_3d_box"].isChecked()
    assert view_of(session).box_3d == cropped


def test_faces_are_chosen_and_moved_by_keys(window: Looking, session: Session) -> None:
    low, high = box_of(session)
    for _ in FACES:
        QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.AltModifier)
    assert window.box.chosen == HEAD
    QTest.keyClick(window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.AltModifier)
    assert view_of(session).box_3d == (low, (high[0], high[1], high[2] - 10.0))
    QTest.keyClick(window, Qt.Key.Key_PageUp, Qt.KeyboardModifier.AltModifier)
    assert view_of(session).box_3d == (low, (high[0], high[1], high[2] - 5.0))


def test_a_face_stays_within_the_volume_and_off_the_face_across(window: Looking, session: Session) -> None:
    assert session.volume is not None
    bounds = session.volume.grid.bounds_lps_mm
    window.pull(LEFT, ViewName.AXIAL, 500.0)
    assert box_of(session)[1][0] == pytest.approx(bounds[0, 1])
    window.pull(LEFT, ViewName.AXIAL, -900.0)
    low, high = box_of(session)
    assert high[0] == pytest.approx(low[0] + 5.0)
    window.pull(RIGHT, ViewName.AXIAL, 900.0)
    assert box_of(session) == (pytest.approx((high[0] - 5.0, *low[1:])), high)
    window.pull(RIGHT, ViewName.AXIAL, -900.0)
    assert box_of(session) == (pytest.approx((bounds[0, 0], *low[1:])), high)


def test_all_else_goes_on_while_the_box_is_there(window: Looking, session: Session) -> None:
    tile = window.canvas.tile(ViewName.THREE_D)
    assert tile is not None
    camera, start = view_of(session).camera, (tile.area.bottomLeft() + QPointF(15, -15)).toPoint()
    QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(window.canvas, start + QPoint(30, -10))
    QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    assert view_of(session).camera != camera
    assert view_of(session).box_3d is None


def test_a_face_that_looks_at_the_eye_is_pulled_in_the_planes_alone(window: Looking, session: Session) -> None:
    session.view = evolve(view_of(session), camera=facing(view_of(session).camera, "front"))
    faces = {(h.face, h.view) for h in window.box.handles()}
    assert (FRONT, ViewName.THREE_D) not in faces
    assert {(FRONT, ViewName.AXIAL), (FRONT, ViewName.SAGITTAL), (LEFT, ViewName.THREE_D)} <= faces


@pytest.mark.parametrize("side", ["front", "right"])
def test_of_the_edges_in_3d_only_the_three_behind_the_box_are_faint(
    window: Looking, session: Session, side: str
) -> None:
    camera = turned(zoomed(facing(view_of(session).camera, side), 0.6), 50, 60)
    session.view = evolve(view_of(session), camera=camera)
    tile = window.canvas.tile(ViewName.THREE_D)
    assert tile is not None
    picture = picture_of(window.box, Qt.GlobalColor.transparent)

    def strength(lps_mm: np.ndarray) -> int:
        x, y = screen_from_lps(camera, lps_mm, round(tile.area.width()), round(tile.area.height()))
        place = (tile.area.topLeft() + QPointF(x, y)).toPoint()
        return max(picture.pixelColor(place + QPoint(dx, dy)).alpha() for dx in (-1, 0, 1) for dy in (-1, 0, 1))

    corners = np.array(list(product(*zip(*box_of(session), strict=True))))
    farthest = corners[np.argmin(corners @ camera.to_eye)]
    edges = [(a, b) for a, b in combinations(corners, 2) if np.count_nonzero(a != b) == 1]
    # Not in its middle, where an edge behind may be crossed by one in front.
    strengths = {
        behind: {strength(a + (b - a) * 0.45) for a, b in edges if behind == any((e == farthest).all() for e in (a, b))}
        for behind in (False, True)
    }
    assert 0 < max(strengths[True]) < min(strengths[False])


def test_planes_that_are_turned_show_where_they_cut_the_box_and_have_no_handles(
    window: Looking, session: Session
) -> None:
    view = view_of(session)
    tilted = about((1.0, 0.0, 0.0), 0.4)
    session.view = view.with_plane(ViewName.AXIAL.plane, evolve(view.axial, turned=tilted))
    assert not [h for h in window.box.handles() if h.view is ViewName.AXIAL]
    assert not window.canvas.grab().isNull()


def test_a_plane_cuts_a_box_in_a_polygon_on_both() -> None:
    box = ((-10.0, -20.0, -30.0), (10.0, 20.0, 30.0))
    flat = section(box, (0, 0, 5), (0, 0, 1))
    assert sorted(map(tuple, flat.tolist())) == [(-10, -20, 5), (-10, 20, 5), (10, -20, 5), (10, 20, 5)]
    normal = np.array([1.0, 1.0, 1.0]) / np.sqrt(3)
    cut = section(box, (0, 0, 0), normal)
    assert len(cut) >= 4
    assert np.abs(cut @ normal).max() < 1e-5
    assert len(section(box, (0, 0, 31), (0, 0, 1))) == 0


def test_what_lies_within_six_planes_has_the_corners_of_a_box() -> None:
    ways = np.concatenate([np.eye(3), -np.eye(3)])
    corners = corners_within(ways, np.array([10.0, 20.0, 30.0, 1.0, 2.0, 3.0]))
    assert sorted(map(tuple, corners.round(6).tolist())) == sorted(product((-1, 10), (-2, 20), (-3, 30)))
    assert len(corners_within(ways, np.array([10.0, 20.0, 30.0, -11.0, 2.0, 3.0]))) == 0


def test_nothing_of_the_box_lies_over_a_curved_picture_that_stands_in_the_place_of_3d(
    window: Looking, session: Session
) -> None:
    view = view_of(session)
    x, y, z = view.cursor_lps_mm
    tile = window.canvas.tile(ViewName.THREE_D)
    assert tile is not None
    area = tile.area.toAlignedRect().adjusted(2, 2, -2, -2)
    assert drawn_on(window.box, area)
    session.view = evolve(view, path_lps_mm=((x - 10, y, z), (x, y + 5, z), (x + 10, y, z)), curved=CurvedView())
    assert view_of(session).shows_curved
    assert not [handle for handle in window.box.handles() if handle.view is ViewName.THREE_D]
    assert not drawn_on(window.box, area)


@pytest.mark.usefixtures("nothing_kept")
def test_letters_and_the_size_stand_clear_of_the_box_and_its_handles(
    window: Looking, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    plates: list[QRectF] = []
    monkeypatch.setattr(paint_text, "paint_plate", lambda painter, area, _theme: painted(painter, plates, area))
    monkeypatch.setattr(crop_words, "paint_plate", lambda painter, area, _theme: painted(painter, plates, area))
    volume, view = session.volume, view_of(session)
    assert volume is not None
    # The box as large as the picture, so that its faces go through the letters.
    tile = window.canvas.tile(ViewName.CORONAL)
    assert tile is not None
    low, high = box_of(session)
    height = (high[2] - low[2]) * tile.area.height() / (tile.area.height() - 30)
    middle = tuple((a + b) / 2 for a, b in zip(low, high, strict=True))
    session.view = view.with_plane(
        PlaneName.CORONAL, evolve(view.coronal, height_mm=height, centre_lps_mm=middle, turned=None)
    )
    drawn_on(window.box, QRect(0, 0, 1, 1))
    assert len(plates) > 12
    handles = window.box.handles()
    assert {handle.face for handle in handles if handle.view is ViewName.CORONAL} >= {HEAD, LEFT, RIGHT}
    for handle in handles:
        square = QRectF(0, 0, HANDLE_PX, HANDLE_PX)
        square.moveCenter(handle.place)
        assert not any(square.intersects(plate) for plate in plates), handle
    monkeypatch.undo()
    assert not crossed_out(window, plates)


@pytest.mark.parametrize("view", [ViewName.CORONAL, ViewName.THREE_D])
def test_where_a_face_lies_is_said_beside_the_letters(
    window: Looking, session: Session, monkeypatch: pytest.MonkeyPatch, view: ViewName
) -> None:
    low, high = box_of(session)
    tile = window.canvas.tile(view)
    assert tile is not None
    middle = as_point((np.asarray(low) + high) / 2)
    height = (high[2] - low[2]) * tile.area.height() / (tile.area.height() - 30)
    plane = evolve(view_of(session).coronal, height_mm=height, centre_lps_mm=middle)
    camera = evolve(facing(view_of(session).camera, "front"), height_mm=height, focal_lps_mm=middle)
    session.view = evolve(view_of(session), coronal=plane, camera=camera)
    letter = frame_places(tile.area.width(), tile.area.height(), TextLook(Theme()))[0]
    letter.translate(tile.area.topLeft())
    place = window.handle(HEAD, view).place
    assert not letter.contains(place)
    plates: list[QRectF] = []
    monkeypatch.setattr(crop_words, "paint_plate", lambda painter, area, _theme: painted(painter, plates, area))
    QTest.mouseMove(window.canvas, place.toPoint())
    drawn_on(window.box, QRect(0, 0, 1, 1))
    face = plates[-2]
    assert tile.area.contains(face)
    assert not face.intersects(letter)


def test_a_face_a_little_beyond_its_view_is_pulled_at_the_edge(window: Looking, session: Session) -> None:
    low, high = box_of(session)
    tile = window.canvas.tile(ViewName.CORONAL)
    assert tile is not None
    middle = as_point((np.asarray(low) + high) / 2)

    def beyond(px: float) -> None:
        height = (high[2] - low[2]) * tile.area.height() / (tile.area.height() + 2 * px)
        plane = evolve(view_of(session).coronal, height_mm=height, centre_lps_mm=middle)
        session.view = view_of(session).with_plane(PlaneName.CORONAL, plane)

    beyond(10)
    assert tile.area.adjusted(4, 4, -4, -4).contains(window.handle(HEAD, ViewName.CORONAL).place)
    window.pull(HEAD, ViewName.CORONAL, -20.0)
    assert box_of(session)[1][2] == pytest.approx(high[2] - 20.0, abs=0.7)
    session.view = evolve(view_of(session), box_3d=None)
    beyond(60)
    assert not [h for h in window.box.handles() if h.view is ViewName.CORONAL and h.face == HEAD]


def test_all_of_the_body_is_in_the_box_before_it_is_pulled_and_little_of_the_air_beside_it(session: Session) -> None:
    volume = session.volume
    assert volume is not None
    volume = evolve(volume, body_lps_mm=body_bounds(volume))
    body = volume.voxels > -400
    ends = [np.flatnonzero(body.any(axis=tuple(a for a in range(3) if a != axis)))[[0, -1]] for axis in (2, 1, 0)]
    faces_lps_mm = volume.grid.lps(np.array(ends).T + np.array([[-0.5], [0.5]]))
    low, high = crop_box(volume, view_of(session))
    assert (np.asarray(low) <= faces_lps_mm[0] + 1e-6).all()
    assert (np.asarray(high) >= faces_lps_mm[1] - 1e-6).all()
    grid_low, grid_high = volume.grid.bounds_lps_mm.T
    assert (np.asarray(low)[:2] > grid_low[:2] + 2.0).all()
    assert (np.asarray(high)[:2] < grid_high[:2] - 2.0).all()
    assert (low[2], high[2]) == pytest.approx((grid_low[2], grid_high[2]))


@pytest.mark.parametrize("curtain", [False, True])
def test_no_edge_or_handle_of_the_box_goes_through_a_value(
    window: Looking, session: Session, monkeypatch: pytest.MonkeyPatch, curtain: bool
) -> None:
    view = view_of(session)
    x, y, z = view.cursor_lps_mm
    axes = PLANE_AXES[PlaneName.AXIAL]
    ends = ((x - 12, y, z), (x + 12, y, z))
    across = (as_point(axes.right), as_point(axes.down))
    length = Measurement("m", MeasurementKind.LENGTH, ends, PlaneName.AXIAL, *across)
    plates: list[QRectF] = []
    monkeypatch.setattr(paint_measurements, "paint_plate", lambda painter, area, _: painted(painter, plates, area))
    if curtain:
        window.other.volume, window.other.view, window.other.measurements = session.volume, view, (length,)
        session.view = evolve(view, comparison=Comparison.CURTAIN, curtain=0.1)
    else:
        session.measurements = (length,)
    window.canvas.grab()
    assert plates
    # The corner of the box in the middle of the value, and the value where a handle is.
    tile = window.canvas.tile(ViewName.AXIAL)
    assert tile is not None
    geometry = tile.geometry(session.volume, view_of(session), PlaneName.AXIAL)
    low, high = box_of(session)
    middle = plates[0].center() - tile.area.topLeft()
    cut = geometry.lps_from_screen(middle.x(), middle.y())
    session.view = evolve(view_of(session), box_3d=((low[0], float(cut[1]), low[2]), (float(cut[0]), *high[1:])))
    monkeypatch.undo()
    assert not crossed_out(window, plates[:1])
    cut_low, cut_high = (float(cut[0]) - 20, float(cut[1]) - 9, low[2]), (float(cut[0]), float(cut[1]) + 9, high[2])
    session.view = evolve(view_of(session), box_3d=(cut_low, cut_high))
    behind = next(handle.place.toPoint() for handle in window.box.handles() if plates[0].contains(handle.place))
    assert not crossed_out(window, plates[:1])
    square = picture_of(window.box).copy(QRect(behind - QPoint(3, 3), QSize(6, 6)))
    assert any(square.pixelColor(x, y).red() < 100 for x in range(6) for y in range(6))


def crossed_out(window: Looking, plates: list[QRectF]) -> list[QPoint]:
    """Return pixels of the box's lines within plates: what was drawn last lies on top, words and not lines."""
    picture = picture_of(window.box)
    accent = window.canvas.theme.on_anatomy("accent")
    found = []
    for plate in plates:
        inside = plate.adjusted(2, 2, -2, -2).toRect()
        for x in range(inside.left(), inside.right() + 1):
            for y in range(inside.top(), inside.bottom() + 1):
                colour = picture.pixelColor(x, y)
                if colour.blue() >= accent.blue() and colour.red() <= 150:
                    found.append(QPoint(x, y))
    return found


def picture_of(box: CropBox, ground: Qt.GlobalColor = Qt.GlobalColor.black) -> QImage:
    """Return what the box draws, on black, or on nothing where the ground is transparent."""
    picture = QImage(box.size(), QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(ground)
    box.render(picture, QPoint(), QRegion(), QWidget.RenderFlag(0))
    return picture


def painted(painter: QPainter, plates: list[QRectF], area: QRectF) -> None:
    """Keep where a plate was drawn on the canvas."""
    plates.append(painter.transform().mapRect(area))


@pytest.mark.usefixtures("nothing_kept")
def test_the_size_stands_above_the_corner_text_where_there_is_no_3d(
    window: Looking, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.actions_of.run("view.layout_single")
    plates: list[QRectF] = []
    monkeypatch.setattr(paint_text, "paint_plate", lambda painter, area, _theme: painted(painter, plates, area))
    monkeypatch.setattr(crop_words, "paint_plate", lambda painter, area, _theme: painted(painter, plates, area))
    drawn_on(window.box, QRect(0, 0, 1, 1))
    size = plates[-1]
    assert not any(size.intersects(plate) for plate in plates[:-1])


def drawn_on(box: CropBox, area: QRect) -> bool:
    """Return whether the box draws anything on a part of the canvas."""
    part = picture_of(box, Qt.GlobalColor.transparent).copy(area)
    return any(part.pixelColor(x, y).alpha() for x in range(part.width()) for y in range(part.height()))


def test_each_key_that_moves_a_face_is_a_step_back(window: Looking, session: Session) -> None:
    before = view_of(session)
    QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.AltModifier)
    between = view_of(session)
    QTest.keyClick(window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.AltModifier)
    assert window.remembered == [(before, between), (between, view_of(session))]


def another(session: Session, *, frame: str) -> tuple[Volume, ViewState]:
    """Return the volume once more as another series of a frame of reference, and the view of it."""
    assert session.volume is not None
    series = evolve(session.volume.series, series_uid="1.2.3.99", frame_of_reference_uid=frame)
    return evolve(session.volume, series=series), evolve(view_of(session), series_uid=series.series_uid)


@pytest.mark.parametrize(("frame", "stays"), [("1.2.3", True), ("1.2.4", False)])
def test_the_box_stays_for_the_next_series_where_that_lies_in_the_same_place(
    window: Looking, session: Session, frame: str, stays: bool
) -> None:
    assert session.volume is not None
    session.volume = evolve(session.volume, series=evolve(session.volume.series, frame_of_reference_uid="1.2.3"))
    assert crop_box_on(window.canvas) is not None
    window.pull(LEFT, ViewName.AXIAL, -20.0)
    volume, view = another(session, frame=frame)
    session.view = session.volume = None
    window.canvas.grab()
    session.volume, session.view = volume, view
    assert (crop_box_on(window.canvas) is not None) is stays
    if stays:
        before = view
        window.pull(HEAD, ViewName.CORONAL, -10.0)
        assert window.remembered[-1] == (before, view_of(session))


def test_nothing_is_pulled_on_where_the_volume_went(window: Looking, session: Session) -> None:
    window.pull(LEFT, ViewName.AXIAL, -20.0, let_go=False)
    volume, view = session.volume, session.view
    session.view = session.volume = None
    session.volume, session.view = volume, view
    QTest.mouseMove(window.canvas, QPoint(5, 5))
    QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(5, 5))
    assert session.view == view
    assert window.remembered == []
