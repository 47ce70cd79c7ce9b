"""Pictures that take long are made beside the main thread: the latest one, and none that is not wanted any more."""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.open_session import view_of
from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import Interpolation, Layout, ViewName
from viewer.scene.planes import PlaneRenderer
from viewer.scene.turned_planes import turned_about
from viewer.ui.canvas import Canvas
from viewer.ui.canvas.fine_pictures import FinePictures
from viewer.ui.canvas.paint_plane import PlanePainter, image_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.ui.theme import Theme


@pytest.fixture
def fine(qtbot: QtBot) -> Iterator[FinePictures]:
    made = FinePictures()
    yield made
    made.close()


def test_it_makes_pictures_in_another_thread_and_brings_them_to_this_one(qtbot: QtBot, fine: FinePictures) -> None:
    came: list[tuple[object, object]] = []
    fine.arrived.connect(lambda _view, _key, made: came.append((made, threading.current_thread())))
    fine.ask("a", 1, lambda _between: threading.current_thread())
    qtbot.waitUntil(lambda: bool(came))
    made_in, brought_to = came[0]
    assert brought_to is threading.current_thread()
    assert made_in is not threading.current_thread()
    assert not fine.busy


def test_of_many_wishes_only_the_latest_arrives_and_the_others_are_not_made_to_the_end(
    qtbot: QtBot, fine: FinePictures
) -> None:
    came: list[object] = []
    finished: list[int] = []
    begun = threading.Event()
    fine.arrived.connect(lambda _view, key, _made: came.append(key))

    def slow(number: int) -> Callable[[Callable[[], None]], object]:
        def work(between: Callable[[], None]) -> object:
            begun.set()
            for _ in range(200 if number < 9 else 1):
                between()
                time.sleep(0.005)
            finished.append(number)
            return number

        return work

    fine.ask("a", 0, slow(0))
    assert begun.wait(5)
    for number in range(1, 10):
        fine.ask("a", number, slow(number))
    qtbot.waitUntil(lambda: bool(came))
    qtbot.wait(50)
    assert came == [9]
    assert finished == [9]


def test_what_was_dropped_does_not_arrive_late(qtbot: QtBot, fine: FinePictures) -> None:
    came: list[object] = []
    go_on = threading.Event()
    fine.arrived.connect(lambda _view, key, _made: came.append(key))
    fine.ask("a", 1, lambda _between: go_on.wait(5))
    fine.drop()
    go_on.set()
    fine.ask("b", 2, lambda _between: None)
    qtbot.waitUntil(lambda: bool(came))
    assert came == [2]


def test_a_picture_that_fails_is_told_as_nothing_and_the_next_one_comes(
    qtbot: QtBot, fine: FinePictures, caplog: pytest.LogCaptureFixture
) -> None:
    came: list[tuple[object, object]] = []
    fine.arrived.connect(lambda _view, key, made: came.append((key, made)))

    def broken(_between: object) -> object:
        raise MemoryError

    fine.ask("a", 1, broken)
    qtbot.waitUntil(lambda: len(came) == 1)
    fine.ask("a", 2, lambda _between: "whole")
    qtbot.waitUntil(lambda: len(came) == 2)
    assert came == [(1, None), (2, "whole")]
    assert "could not be made" in caplog.text


def test_nothing_of_a_dropped_or_finished_work_is_held_on_to(qtbot: QtBot, fine: FinePictures) -> None:
    class Large:
        pass

    for drops in (True, False):
        held = Large()
        gone = weakref.ref(held)
        begun = threading.Event()

        def work(between: Callable[[], None], large: Large = held, begun: threading.Event = begun) -> object:
            begun.set()
            for _ in range(20):
                between()
                time.sleep(0.005)
            return type(large).__name__

        fine.ask("a", drops, work)
        assert begun.wait(5)
        if drops:
            fine.drop()
        del work, held
        qtbot.waitUntil(lambda gone=gone: gone() is None)


def test_closing_ends_the_thread_also_in_the_middle_of_a_picture(qtbot: QtBot) -> None:
    made = FinePictures()
    begun = threading.Event()

    def long(between: Callable[[], None]) -> object:
        begun.set()
        while True:
            between()
            time.sleep(0.001)

    made.ask("a", 1, long)
    assert begun.wait(5)
    made.close()
    assert all(thread.name != "fine pictures" for thread in threading.enumerate())


def turned(view: ViewState) -> ViewState:
    for plane, angle in ((PlaneName.AXIAL, 0.5), (PlaneName.SAGITTAL, 0.3)):
        view = turned_about(view, plane, angle)
    return view


@pytest.fixture
def padded(small_ct_volume: Volume) -> Volume:
    voxels = small_ct_volume.voxels.copy()
    voxels[:, :, :20] = -2000
    return evolve(small_ct_volume, slices=voxels, voxels=voxels, padding=-2000.0)


def test_a_turned_slab_over_padding_is_coarse_until_the_fine_one_comes_and_then_the_same_as_made_here(
    qtbot: QtBot, fine: FinePictures, session: Session, padded: Volume
) -> None:
    view = evolve(turned(view_of(session)), slab_mm=12.0)
    painter = PlanePainter(fine)
    _, px = painter.picture(padded, view, PlaneName.AXIAL, 700, 500)
    assert px > 1
    with qtbot.waitSignal(fine.arrived, timeout=10_000):
        pass
    image, px = painter.picture(padded, view, PlaneName.AXIAL, 700, 500)
    made = PlaneRenderer().render(padded, view, PlaneName.AXIAL, 700, 500)
    assert px == made.px_per_pixel
    assert image == image_of(made.pixels)
    # It stays while the next motion begins.
    assert painter.picture(padded, view, PlaneName.AXIAL, 700, 500, moving=True)[0] == image


def test_images_that_go_by_are_each_what_they_would_be_alone(session: Session, small_ct_volume: Volume) -> None:
    view, painter = view_of(session), PlanePainter()
    x, y, z = view.cursor_lps_mm
    # Memory is used again from image to image, also where the size changes and changes back.
    for n, (width, height) in enumerate(((300, 200),) * 5 + ((260, 240),) * 3 + ((300, 200),) * 4):
        on = evolve(view, cursor_lps_mm=(x + n, y + n, z + 2.5 * (n % 7)))
        for plane in PlaneName:
            shown = painter.picture(small_ct_volume, on, plane, width, height)[0]
            alone = PlaneRenderer().render(small_ct_volume, on, plane, width, height)
            assert shown == image_of(alone.pixels), (n, plane)
            assert painter.picture(small_ct_volume, on, plane, width, height)[0] == shown


def test_a_fine_picture_of_another_place_is_not_shown(
    qtbot: QtBot, fine: FinePictures, session: Session, padded: Volume
) -> None:
    view = evolve(turned(view_of(session)), slab_mm=12.0)
    painter = PlanePainter(fine)
    painter.picture(padded, view, PlaneName.AXIAL, 500, 400)
    x, y, z = view.cursor_lps_mm
    gone = evolve(view, cursor_lps_mm=(x, y, z + 9))
    coarse, _ = painter.picture(padded, gone, PlaneName.AXIAL, 500, 400, moving=True)
    qtbot.waitUntil(lambda: not fine.busy, timeout=10_000)
    assert painter.picture(padded, gone, PlaneName.AXIAL, 500, 400, moving=True)[0] == coarse


def test_cubic_is_linear_at_once_and_cubic_when_it_has_come(
    qtbot: QtBot, fine: FinePictures, session: Session, small_ct_volume: Volume
) -> None:
    view = evolve(view_of(session), interpolation=Interpolation.CUBIC)
    linear = PlaneRenderer().render(
        small_ct_volume, evolve(view, interpolation=Interpolation.LINEAR), PlaneName.AXIAL, 500, 400
    )
    painter = PlanePainter(fine)
    assert painter.picture(small_ct_volume, view, PlaneName.AXIAL, 500, 400)[0] == image_of(linear.pixels)
    with qtbot.waitSignal(fine.arrived, timeout=10_000):
        pass
    cubic = PlaneRenderer().render(small_ct_volume, view, PlaneName.AXIAL, 500, 400)
    assert painter.picture(small_ct_volume, view, PlaneName.AXIAL, 500, 400)[0] == image_of(cubic.pixels)
    assert not np.array_equal(cubic.pixels, linear.pixels)


@pytest.mark.parametrize("kind", [Interpolation.CUBIC, Interpolation.LINEAR])
def test_what_is_whole_now_is_shown_whole_also_where_its_picture_takes_long(
    qtbot: QtBot, fine: FinePictures, session: Session, small_ct_volume: Volume, kind: Interpolation
) -> None:
    # Turned planes are slow at any interpolation once they are large.
    view = evolve(turned(view_of(session)), interpolation=kind)
    voxels = np.full_like(small_ct_volume.voxels, -1000)
    arrived = np.zeros(small_ct_volume.stack.count, dtype=bool)
    preview = evolve(small_ct_volume, slices=voxels[:], voxels=voxels[:], arrived=arrived)
    painter = PlanePainter(fine)
    painter.turn = PlaneName.AXIAL
    early, _ = painter.picture(preview, view, PlaneName.AXIAL, 700, 500)
    voxels[:] = small_ct_volume.voxels
    whole = evolve(small_ct_volume, slices=voxels[:], voxels=voxels[:])
    coarse, _ = painter.picture(whole, view, PlaneName.AXIAL, 700, 500)
    assert coarse != early
    with qtbot.waitSignal(fine.arrived, timeout=10_000):
        pass
    made = PlaneRenderer().render(whole, view, PlaneName.AXIAL, 700, 500)
    assert painter.picture(whole, view, PlaneName.AXIAL, 700, 500)[0] == image_of(made.pixels)


def test_an_image_that_was_read_early_is_cubic_too_once_all_are_read(
    qtbot: QtBot, fine: FinePictures, session: Session, small_ct_volume: Volume
) -> None:
    view = evolve(view_of(session), interpolation=Interpolation.CUBIC)
    slices = small_ct_volume.slices
    arrived = np.ones(small_ct_volume.stack.count, dtype=bool)
    arrived[0] = False
    painter = PlanePainter(fine)
    early = evolve(small_ct_volume, slices=slices[:], voxels=slices[:], arrived=arrived)
    painter.picture(early, view, PlaneName.AXIAL, 500, 400)
    whole = evolve(small_ct_volume, slices=slices[:], voxels=slices[:])
    painter.picture(whole, view, PlaneName.AXIAL, 500, 400)
    qtbot.waitUntil(lambda: not fine.busy, timeout=10_000)
    cubic = PlaneRenderer().render(whole, view, PlaneName.AXIAL, 500, 400)
    assert painter.picture(whole, view, PlaneName.AXIAL, 500, 400)[0] == image_of(cubic.pixels)


def test_on_the_canvas_the_fine_picture_replaces_the_coarse_one_by_itself(
    qtbot: QtBot, session: Session, theme: Theme, padded: Volume
) -> None:
    session.volume = padded
    view = evolve(turned(view_of(session)), slab_mm=12.0, layout=Layout.SINGLE, main=ViewName.AXIAL)
    session.view = view
    canvas = Canvas(session, theme, None)
    qtbot.addWidget(canvas, before_close_func=lambda widget: widget.close_scene())
    canvas.resize(900, 700)
    with qtbot.waitExposed(canvas):
        canvas.show()

    def fine_one() -> bool:
        held = canvas._planes._pictures.get(PlaneName.AXIAL)
        return held is not None and not held.coarse

    qtbot.waitUntil(fine_one, timeout=10_000)


def test_letting_go_of_the_volume_lets_go_of_it_beside_the_main_thread_too(
    qtbot: QtBot, fine: FinePictures, session: Session, padded: Volume
) -> None:
    painter = PlanePainter(fine)
    view = evolve(turned(view_of(session)), slab_mm=12.0)
    painter.picture(padded, view, PlaneName.AXIAL, 500, 400)
    with qtbot.waitSignal(fine.arrived, timeout=10_000):
        pass
    painter.clear()
    assert painter._fine_renderer._volume is None


def test_a_fine_picture_of_one_volume_is_never_shown_for_another_that_is_looked_at_alike(
    qtbot: QtBot, fine: FinePictures, session: Session, padded: Volume
) -> None:
    view = evolve(turned(view_of(session)), slab_mm=12.0)
    brighter = padded.voxels + 300
    other = evolve(padded, slices=brighter, voxels=brighter, padding=-1700.0)
    painter = PlanePainter(fine)
    painter.picture(padded, view, PlaneName.AXIAL, 700, 500)
    painter.picture(other, view, PlaneName.AXIAL, 700, 500)
    qtbot.waitUntil(lambda: painter.picture(other, view, PlaneName.AXIAL, 700, 500)[1] == 1, timeout=10_000)
    shown, _ = painter.picture(other, view, PlaneName.AXIAL, 700, 500)
    assert shown == PlanePainter().picture(other, view, PlaneName.AXIAL, 700, 500)[0]
