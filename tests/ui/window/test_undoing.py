"""Ctrl+Z takes back what was done last, whatever kind it is of, and nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.open_session import view_of
from viewer.domain.curved_view import CurvedView
from viewer.domain.geometry import PlaneName
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import Layout, ViewName
from viewer.scene.camera import turned
from viewer.scene.crop_box import Face
from viewer.ui.canvas.crop_box import crop_box_on

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow

LEFT = Face(0, True)
AXES = {"right": (1.0, 0.0, 0.0), "down": (0.0, 1.0, 0.0)}


@pytest.fixture
def cropping(opened: MainWindow, qtbot: QtBot) -> MainWindow:
    """Return the window with four views and the crop box."""
    session = opened.desk.session
    session.view = evolve(view_of(session), layout=Layout.FOUR)
    opened.show()
    opened.actions_.run("view.crop_3d_box")
    qtbot.wait(20)
    return opened


def pull(window: MainWindow, mm: float) -> None:
    box = crop_box_on(window.canvas)
    assert box is not None
    handle = next(h for h in box.handles() if h.face == LEFT and h.view is ViewName.AXIAL)
    start = handle.place.toPoint()
    end = start + QPoint(round(handle.px_per_mm.x() * mm), 0)
    QTest.mouseMove(window.canvas, start)
    QTest.mousePress(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(window.canvas, end)
    QTest.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)


def measure(window: MainWindow, ident: str) -> None:
    ends = ((0.0, 0.0, 42.0), (20.0, 0.0, 42.0))
    window.desk.measuring.keep(Measurement(ident, MeasurementKind.LENGTH, ends, PlaneName.AXIAL, **AXES))


def test_a_pull_is_taken_back_and_made_again_while_camera_and_measurements_stay(cropping: MainWindow) -> None:
    session = cropping.desk.session
    measure(cropping, "m1")
    pull(cropping, -20.0)
    first = view_of(session).box_3d
    pull(cropping, -10.0)
    second = view_of(session).box_3d
    session.view = evolve(view_of(session), camera=turned(view_of(session).camera, 40, 10))
    camera = view_of(session).camera
    for expected in (first, None):
        cropping.actions_.run("review.undo")
        assert view_of(session).box_3d == expected
        assert view_of(session).camera == camera
        assert len(session.measurements) == 1
    for expected in (first, second):
        cropping.actions_.run("review.redo")
        assert view_of(session).box_3d == expected
    assert len(session.measurements) == 1


def test_of_what_can_be_taken_back_the_kind_comes_first_that_was_used_last(cropping: MainWindow) -> None:
    session = cropping.desk.session
    pull(cropping, -20.0)
    cropped = view_of(session).box_3d
    measure(cropping, "m1")
    path = ((0.0, 0.0, 20.0), (0.0, 0.0, 60.0))
    session.view = evolve(view_of(session), path_lps_mm=path, curved=CurvedView())
    measure(cropping, "m2")
    cropping.actions_.run("review.undo")
    assert [m.id for m in session.measurements] == ["m1"]
    assert view_of(session).path_lps_mm == path
    cropping.actions_.run("review.undo")
    assert session.measurements == ()
    cropping.actions_.run("review.undo")
    assert view_of(session).path_lps_mm == ()
    assert view_of(session).box_3d == cropped
    cropping.actions_.run("review.undo")
    assert view_of(session).box_3d is None


def test_where_the_box_is_another_one_since_nothing_is_taken_back(cropping: MainWindow) -> None:
    session = cropping.desk.session
    pull(cropping, -20.0)
    session.view = evolve(view_of(session), box_3d=((0.0, 0.0, 0.0), (9.0, 9.0, 9.0)))
    assert not cropping.desk.crop_edits.can_undo
    session.view = evolve(view_of(session), series_uid="another", box_3d=None)
    assert not cropping.desk.crop_edits.can_undo
    assert not cropping.desk.crop_edits.can_redo


def test_the_crop_box_is_there_again_once_the_next_series_is(cropping: MainWindow, qtbot: QtBot) -> None:
    session = cropping.desk.session
    pull(cropping, -20.0)
    volume, view = session.volume, view_of(session)
    assert volume is not None
    series = evolve(volume.series, series_uid="1.2.3.99")
    framed = evolve(series, frame_of_reference_uid="1.2.3.1")
    session.volume = evolve(volume, series=evolve(volume.series, frame_of_reference_uid="1.2.3.1"))
    session.view = None
    session.volume = None
    qtbot.waitUntil(lambda: not cropping.canvas.isVisible())
    session.volume = evolve(volume, series=framed)
    session.view = evolve(view, series_uid="1.2.3.99")
    qtbot.waitUntil(cropping.canvas.isVisible)
    box = crop_box_on(cropping.canvas)
    assert box is not None
    assert box.isVisible()
    before = view_of(session).box_3d
    pull(cropping, -10.0)
    assert view_of(session).box_3d != before
    cropping.actions_.run("review.undo")
    assert view_of(session).box_3d == before
