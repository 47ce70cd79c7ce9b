from collections.abc import Callable

import numpy as np
import pytest
from attrs import evolve, frozen
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.domain.finding import Finding
from viewer.domain.session import Session
from viewer.domain.view_state import Camera, Layout, OverlayMode, ViewName, as_point
from viewer.domain.volume import Volume
from viewer.scene.camera import screen_from_lps
from viewer.scene.opengl_probe import Unavailable3D
from viewer.scene.quality import Quality
from viewer.scene.volume_scene import Picture3D, VolumeScene
from viewer.services.reader_marks import mark_at
from viewer.services.views import view_of_volume
from viewer.ui.canvas import Canvas, paint_frame, view3d
from viewer.ui.canvas.view3d import SILENT
from viewer.ui.marks import Mark
from viewer.ui.theme import Theme


class Drawing:
    """Stands for the 3D thread: writes down what is asked, answers when told."""

    def __init__(self, on_picture, on_unavailable) -> None:
        self.on_picture, self.on_unavailable = on_picture, on_unavailable
        self.asked: list[tuple[VolumeScene, Quality]] = []
        self.aside: list[tuple[VolumeScene, Callable[[Picture3D | None], None]]] = []
        self.closed = False
        self.unavailable: Unavailable3D | None = None

    def request(self, scene: VolumeScene, quality: Quality = Quality.STILL) -> int:
        self.asked.append((scene, quality))
        return len(self.asked)

    def draw_aside(self, scene: VolumeScene, then: Callable[[Picture3D | None], None]) -> None:
        self.aside.append((scene, then))

    def close(self) -> None:
        self.closed = True

    def answer(self, value: int, *, finer: bool = False, seconds: float = 0.01) -> None:
        pixels = np.full((60, 80), 0xFF000000 | value, np.uint32)
        scene, quality = self.asked[-1]
        about = {"masked": scene.masked, "camera": scene.camera, "volume": scene.volume, "finer": finer}
        self.on_picture(Picture3D(pixels, len(self.asked), quality, seconds, **about))

    def come_to_rest(self, qtbot: QtBot) -> None:
        qtbot.waitUntil(lambda: self.asked[-1][1] is Quality.SETTLING)
        self.answer(0x101010)
        qtbot.waitUntil(lambda: self.asked[-1][1] is Quality.STILL)


@frozen(eq=False)
class Opened:
    canvas: Canvas
    drawing: list[Drawing]


def opened(qtbot: QtBot, session: Session) -> Opened:
    made: list[Drawing] = []

    def factory(on_picture, on_unavailable):
        made.append(Drawing(on_picture, on_unavailable))
        return made[-1]

    canvas = Canvas(session, Theme(), factory)
    qtbot.addWidget(canvas, before_close_func=lambda widget: widget.close_scene())
    canvas.resize(800, 600)
    with qtbot.waitExposed(canvas):
        canvas.show()
    qtbot.waitUntil(lambda: bool(made and made[0].asked))
    return Opened(canvas, made)


def test_while_turning_the_coarse_picture_is_asked_for_and_at_rest_the_fine_one_in_two_goes(
    qtbot: QtBot, session: Session
) -> None:
    shown = opened(qtbot, session)
    drawing = shown.drawing[0]
    drawing.come_to_rest(qtbot)
    drawing.asked.clear()
    assert session.view is not None
    session.view = evolve(session.view, camera=evolve(session.view.camera, to_eye=(1.0, 0.0, 0.0)))
    qtbot.waitUntil(lambda: bool(drawing.asked))
    assert drawing.asked[0][1] is Quality.MOVING
    assert drawing.asked[0][0].camera.to_eye == (1.0, 0.0, 0.0)
    drawing.come_to_rest(qtbot)
    assert [quality for _, quality in drawing.asked] == [Quality.MOVING, Quality.SETTLING, Quality.STILL]
    assert drawing.asked[-1][0].camera.to_eye == (1.0, 0.0, 0.0)
    # The fine one is the last.
    drawing.answer(0x202020)
    qtbot.wait(150)
    assert len(drawing.asked) == 3


def test_where_a_finer_picture_shows_more_it_comes_once_nothing_has_happened_for_a_while(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view3d, "FINEST_AFTER_MS", 20)
    shown = opened(qtbot, session)
    drawing = shown.drawing[0]
    drawing.come_to_rest(qtbot)
    drawing.answer(0x202020, finer=True)
    qtbot.waitUntil(lambda: drawing.asked[-1][1] is Quality.FINEST)
    assert shown.canvas.view_3d.working
    drawing.answer(0x303030)
    qtbot.waitUntil(lambda: red_of(shown) == 0x30)
    assert not shown.canvas.view_3d.working
    qtbot.wait(60)
    assert drawing.asked[-1][1] is Quality.FINEST, "it is the last"


def test_a_finer_picture_is_not_made_where_something_moves_again_or_it_would_take_long(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view3d, "FINEST_AFTER_MS", 20)
    shown = opened(qtbot, session)
    drawing = shown.drawing[0]
    drawing.come_to_rest(qtbot)
    drawing.answer(0x202020, finer=True, seconds=5.0)
    qtbot.wait(60)
    assert session.view is not None
    session.view = evolve(session.view, camera=evolve(session.view.camera, to_eye=(1.0, 0.0, 0.0)))
    drawing.come_to_rest(qtbot)
    shown.canvas._view_3d._finest.setInterval(60_000)
    drawing.answer(0x202020, finer=True)
    qtbot.waitUntil(shown.canvas._view_3d._finest.isActive)
    session.view = evolve(session.view, camera=evolve(session.view.camera, to_eye=(0.0, 1.0, 0.0)))
    shown.canvas.repaint()
    assert not shown.canvas._view_3d._finest.isActive()
    assert Quality.FINEST not in [quality for _, quality in drawing.asked]


def red_of(shown: Opened) -> int:
    image = shown.canvas.view_3d.picture.image
    return -1 if image is None else image.pixelColor(5, 5).red()


def test_a_first_picture_that_comes_soon_is_not_announced(qtbot: QtBot, session: Session) -> None:
    shown = opened(qtbot, session)
    view = shown.canvas.view_3d
    assert view.awaited
    assert view.picture.sentence == ""
    qtbot.waitUntil(lambda: view.picture.sentence == "Preparing 3D", timeout=3000)
    shown.drawing[0].answer(0x202020)
    qtbot.waitUntil(lambda: not view.awaited)
    assert view.picture.sentence == ""


def test_the_fine_picture_is_not_asked_for_while_something_moves_again(qtbot: QtBot, session: Session) -> None:
    shown = opened(qtbot, session)
    drawing = shown.drawing[0]
    qtbot.waitUntil(lambda: drawing.asked[-1][1] is Quality.SETTLING)
    assert session.view is not None
    session.view = evolve(session.view, camera=evolve(session.view.camera, to_eye=(1.0, 0.0, 0.0)))
    # Painted at once: on a busy machine it could be at rest again before Qt comes to it.
    shown.canvas.repaint()
    qtbot.waitUntil(lambda: drawing.asked[-1][1] is Quality.MOVING)
    late = Picture3D(np.zeros((60, 80), np.uint32), 2, Quality.SETTLING, 0.01)
    drawing.on_picture(late)
    QApplication.processEvents()
    assert Quality.STILL not in [quality for _, quality in drawing.asked]


def test_labels_appear_one_after_the_other_before_the_fine_picture(qtbot: QtBot, session: Session) -> None:
    shown = opened(qtbot, session)
    drawing = shown.drawing[0]
    qtbot.waitUntil(lambda: drawing.asked[-1][1] is Quality.SETTLING)
    for whole, then in ((False, Quality.SETTLING), (True, Quality.STILL)):
        before = len(drawing.asked)
        drawing.on_picture(Picture3D(np.zeros((60, 80), np.uint32), before, Quality.SETTLING, 0.01, whole=whole))
        qtbot.waitUntil(lambda before=before: len(drawing.asked) > before)
        assert drawing.asked[-1][1] is then


def test_scrolling_the_planes_asks_for_no_3d_picture(qtbot: QtBot, session: Session) -> None:
    shown = opened(qtbot, session)
    drawing = shown.drawing[0]
    drawing.come_to_rest(qtbot)
    drawing.asked.clear()
    assert session.view is not None
    session.view = evolve(session.view, cursor_lps_mm=(0.0, 0.0, 40.0), window_width=80.0)
    qtbot.wait(250)
    assert drawing.asked == []


def test_the_picture_that_arrives_is_shown_in_the_3d_view(qtbot: QtBot, session: Session) -> None:
    shown = opened(qtbot, session)
    shown.drawing[0].answer(0x204060)
    tile = shown.canvas.tile(ViewName.THREE_D)
    assert tile is not None
    middle = tile.area.center().toPoint()

    def colour() -> str:
        return shown.canvas.grab().toImage().pixelColor(middle).name()

    qtbot.waitUntil(lambda: colour() == "#204060")


def test_findings_are_surfaces_unless_the_overlay_is_off(qtbot: QtBot, session: Session) -> None:
    shown = opened(qtbot, session)
    drawing = shown.drawing[0]
    assert len(drawing.asked[-1][0].surfaces) == 1
    assert session.view is not None
    session.view = evolve(session.view, overlay=OverlayMode.OFF)
    qtbot.waitUntil(lambda: drawing.asked[-1][0].surfaces == ())


def test_where_there_is_no_3d_the_view_says_why(qtbot: QtBot, session: Session) -> None:
    shown = opened(qtbot, session)
    shown.drawing[0].on_unavailable(Unavailable3D("This computer cannot draw 3D.", hint="Planes go on."))
    qtbot.waitUntil(lambda: "cannot draw 3D" in shown.canvas._view_3d.picture.sentence)


def test_a_driver_that_hangs_is_said_in_five_seconds_in_place_of_a_picture_of_before(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert view3d.SILENT_AFTER_MS < 5000
    monkeypatch.setattr(view3d, "SILENT_AFTER_MS", 150)
    shown = opened(qtbot, session)
    view, drawing = shown.canvas.view_3d, shown.drawing[0]
    drawing.come_to_rest(qtbot)
    drawing.answer(0x202020)
    qtbot.wait(300)
    assert view.picture.sentence == ""
    assert session.view is not None
    session.view = evolve(session.view, camera=evolve(session.view.camera, to_eye=(1.0, 0.0, 0.0)))
    qtbot.waitUntil(lambda: view.picture.sentence == SILENT)
    assert view.picture.image is None
    # It was only slow.
    drawing.answer(0x303030)
    qtbot.waitUntil(lambda: view.picture.image is not None)
    assert view.picture.sentence == ""


def test_a_finding_whose_surface_is_still_to_be_made_may_take_longer_than_a_driver_that_hangs(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, session.findings = session.findings, ()
    shown = opened(qtbot, session)
    view, drawing = shown.canvas.view_3d, shown.drawing[0]
    drawing.come_to_rest(qtbot)
    drawing.answer(0x202020)
    monkeypatch.setattr(view3d, "SILENT_AFTER_MS", 150)
    session.findings = found
    qtbot.waitUntil(lambda: bool(drawing.asked[-1][0].surfaces))
    qtbot.wait(300)
    assert view.picture.sentence == ""


def test_no_letters_stand_in_the_sentence_that_says_why_there_is_no_3d(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    lettered: list[QRectF] = []
    monkeypatch.setattr(paint_frame, "paint_letters", lambda _painter, free, *_, **__: lettered.append(free))
    shown = opened(qtbot, session)
    tile = shown.canvas.tile(ViewName.THREE_D)
    assert tile is not None
    shown.drawing[0].on_unavailable(Unavailable3D("This computer cannot draw 3D.", hint="Planes go on."))
    qtbot.waitUntil(lambda: "cannot draw 3D" in shown.canvas._view_3d.picture.sentence)
    lettered.clear()
    shown.canvas.grab()
    assert lettered
    assert not any(free.intersects(tile.area) for free in lettered)


def test_one_image_alone_says_why_3d_shows_nothing(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(paint_frame, "paint_sentence", lambda _painter, _free, text, *_, **__: said.append(text))
    shown = opened(qtbot, session)
    shown.canvas.grab()
    assert said == []
    many = session.volume
    assert many is not None
    stack = evolve(many.stack, positions_lps_mm=many.stack.positions_lps_mm[:1])
    one = Volume(many.series, many.slices[:1], stack, many.slices[:1], stack.as_grid())
    session.findings, session.truth = (), None
    session.volume, session.view = one, evolve(view_of_volume(one), layout=Layout.FOUR)
    shown.canvas.grab()
    assert said[-1] == "One image alone is not shown in 3D."
    session.volume = evolve(many, loose=True)
    session.view = evolve(view_of_volume(session.volume), layout=Layout.FOUR)
    shown.canvas.grab()
    assert said[-1] == "Images that make no volume are not shown in 3D."
    said.clear()
    session.volume, session.masked = evolve(one, worded=True), True
    session.view = evolve(view_of_volume(one), layout=Layout.FOUR)
    shown.canvas.grab()
    assert said == [], "why it is covered stands there alone"


def test_closing_ends_the_thread_and_a_late_picture_does_no_harm(
    qtbot: QtBot, session: Session, qapp: QApplication
) -> None:
    shown = opened(qtbot, session)
    shown.canvas.close_scene()
    assert shown.drawing[0].closed
    shown.drawing[0].answer(1)
    qapp.processEvents()
    assert session.view is not None
    session.view = evolve(session.view, camera=Camera((0.0, 0.0, 0.0)))
    qtbot.wait(200)
    assert len(shown.drawing) == 1


def test_a_hidden_canvas_gives_its_3d_memory_back_and_starts_again_when_shown(qtbot: QtBot, session: Session) -> None:
    shown = opened(qtbot, session)
    shown.canvas._resting.setInterval(20)
    shown.canvas.hide()
    qtbot.waitUntil(lambda: shown.drawing[0].closed)
    shown.canvas.show()
    qtbot.waitUntil(lambda: len(shown.drawing) == 2)


def test_a_picture_that_may_show_a_face_is_gone_at_once_when_identity_is_hidden(qtbot: QtBot, session: Session) -> None:
    session.masked = False
    shown = opened(qtbot, session)
    drawing = shown.drawing[0]
    qtbot.waitUntil(lambda: not drawing.asked[-1][0].masked)
    drawing.answer(0x204060)
    qtbot.waitUntil(lambda: shown.canvas._view_3d.picture.image is not None)
    late = len(drawing.asked)
    session.masked = True
    qtbot.waitUntil(lambda: len(drawing.asked) > late and drawing.asked[-1][0].masked)
    assert shown.canvas._view_3d.picture.image is None
    # A picture that was under way when identity was hidden is not shown either.
    pixels = np.full((60, 80), 0xFF204060, np.uint32)
    drawing.on_picture(Picture3D(pixels, late, Quality.STILL, 0.01, masked=False))
    qtbot.wait(50)
    assert shown.canvas._view_3d.picture.image is None
    drawing.answer(0x102030)
    qtbot.waitUntil(lambda: shown.canvas._view_3d.picture.image is not None)


def test_a_picture_from_before_a_rest_is_not_shown_where_identity_is_hidden_since(
    qtbot: QtBot, session: Session
) -> None:
    session.masked = False
    shown = opened(qtbot, session)
    qtbot.waitUntil(lambda: not shown.drawing[0].asked[-1][0].masked)
    shown.drawing[0].answer(0x204060)
    qtbot.waitUntil(lambda: shown.canvas._view_3d.picture.image is not None)
    shown.canvas._resting.setInterval(20)
    shown.canvas.hide()
    qtbot.waitUntil(lambda: shown.drawing[0].closed)
    session.masked = True
    shown.canvas.show()
    qtbot.waitUntil(lambda: len(shown.drawing) == 2)
    assert shown.canvas._view_3d.picture.image is None


def test_letters_are_those_of_the_picture_that_is_shown_also_while_a_newer_one_is_awaited(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = opened(qtbot, session)
    drawing, view = shown.drawing[0], session.view
    assert view is not None
    drawn: list[str] = []
    monkeypatch.setattr(
        "viewer.ui.canvas.paint_frame.paint_letters",
        lambda _painter, free, letters, *_, **__: drawn.append(letters.left) if free == area() else None,
    )

    def area() -> QRectF:
        tile = shown.canvas.tile(ViewName.THREE_D)
        assert tile is not None
        return tile.area.adjusted(0, 3, 0, 0)

    session.view = evolve(view, camera=evolve(view.camera, to_eye=(0.0, -1.0, 0.0)))
    qtbot.waitUntil(lambda: drawing.asked[-1][0].camera.to_eye == (0.0, -1.0, 0.0))
    drawing.answer(0x204060)
    qtbot.waitUntil(lambda: bool(drawn) and drawn[-1] == "R")
    # From behind: the other side lies on the left, once the picture shows it.
    session.view = evolve(view, camera=evolve(view.camera, to_eye=(0.0, 1.0, 0.0)))
    qtbot.waitUntil(lambda: drawing.asked[-1][0].camera.to_eye == (0.0, 1.0, 0.0))
    qtbot.wait(20)
    assert drawn[-1] == "R"
    drawing.answer(0x204060)
    qtbot.waitUntil(lambda: drawn[-1] == "L")


def another_case(session: Session) -> None:
    """Open another patient in the place of the one that is open."""
    assert session.volume is not None
    series = evolve(session.volume.series, series_uid="9.9.9", description="Another patient")
    session.volume = evolve(session.volume, series=series)
    session.view = view_of_volume(session.volume)


def test_a_picture_of_the_case_before_is_not_shown_once_another_is_open(qtbot: QtBot, session: Session) -> None:
    shown = opened(qtbot, session)
    drawing, before = shown.drawing[0], session.volume
    scene, quality = drawing.asked[-1]
    another_case(session)
    qtbot.waitUntil(lambda: drawing.asked[-1][0].volume is session.volume)
    pixels = np.full((60, 80), 0xFF204060, np.uint32)
    # It was being drawn when the case went, and comes late.
    drawing.on_picture(Picture3D(pixels, 1, quality, 0.01, camera=scene.camera, volume=before))
    qtbot.wait(50)
    assert shown.canvas._view_3d.picture.image is None
    drawing.answer(0x102030)
    qtbot.waitUntil(lambda: shown.canvas._view_3d.picture.image is not None)


def test_what_was_seen_in_3d_before_a_rest_is_not_shown_for_another_case(qtbot: QtBot, session: Session) -> None:
    shown = opened(qtbot, session)
    shown.drawing[0].answer(0x204060)
    qtbot.waitUntil(lambda: shown.canvas._view_3d.picture.image is not None)
    shown.canvas._resting.setInterval(20)
    shown.canvas.hide()
    qtbot.waitUntil(lambda: shown.drawing[0].closed)
    another_case(session)
    shown.canvas.show()
    qtbot.waitUntil(lambda: len(shown.drawing) == 2)
    assert shown.canvas._view_3d.picture.image is None


def rings(canvas: Canvas) -> tuple[tuple[int, int], ...]:
    """Return where in the 3D view the colour of what was missed is drawn, away from the edges."""
    missed = Theme().on_anatomy(Mark.MISSED.role)
    tile = canvas.tile(ViewName.THREE_D)
    assert tile is not None
    image = canvas.grab(tile.area.toRect()).toImage()
    assert not image.isNull()
    inside = range(40, image.width() - 40), range(40, image.height() - 40)
    return tuple((x, y) for x in inside[0] for y in inside[1] if image.pixelColor(x, y) == missed)


def with_mark(qtbot: QtBot, session: Session) -> tuple[Opened, Finding]:
    """Return a canvas whose only finding is a reader's mark, beside what 3D looks at, with a grey picture."""
    assert session.volume is not None
    assert session.view is not None
    focal = np.asarray(session.view.camera.focal_lps_mm)
    mark = mark_at(as_point(focal + (6.0, 0.0, 0.0)), "Dr Example", missed=True)
    session.findings = (mark,)
    shown = opened(qtbot, session)
    shown.drawing[0].answer(0x202020)
    qtbot.waitUntil(lambda: shown.canvas.view_3d.picture.image is not None)
    return shown, mark


def test_what_a_reader_marked_is_a_ring_in_3d_where_it_lies(qtbot: QtBot, session: Session) -> None:
    shown, mark = with_mark(qtbot, session)
    places = np.array(rings(shown.canvas))
    tile, camera = shown.canvas.tile(ViewName.THREE_D), shown.drawing[0].asked[-1][0].camera
    assert tile is not None
    expected = screen_from_lps(camera, mark.centre_lps_mm, round(tile.area.width()), round(tile.area.height()))
    # Dotted, as in the planes: around the place and not on it.
    assert np.allclose((places.min(axis=0) + places.max(axis=0)) / 2, expected, atol=2.5)
    assert np.hypot(*(places - expected).T).min() > 5


def test_a_mark_in_3d_goes_with_the_picture_when_it_is_turned_and_not_before(qtbot: QtBot, session: Session) -> None:
    shown, _ = with_mark(qtbot, session)
    before = rings(shown.canvas)
    assert session.view is not None
    to_eye = session.view.camera.to_eye
    session.view = evolve(session.view, camera=evolve(session.view.camera, to_eye=(-to_eye[0], -to_eye[1], to_eye[2])))
    assert rings(shown.canvas) == before
    qtbot.waitUntil(lambda: shown.drawing[0].asked[-1][0].camera.to_eye != to_eye)
    shown.drawing[0].answer(0x202020)
    qtbot.waitUntil(lambda: rings(shown.canvas) != before)
    left = [np.mean(places, axis=0)[0] for places in (before, rings(shown.canvas))]
    tile = shown.canvas.tile(ViewName.THREE_D)
    assert tile is not None
    assert np.isclose(sum(left), tile.area.width(), atol=4)


def test_a_mark_in_3d_is_hidden_with_the_findings_and_while_there_is_no_picture(qtbot: QtBot, session: Session) -> None:
    shown, _ = with_mark(qtbot, session)
    assert rings(shown.canvas)
    assert session.view is not None
    seen = session.view
    session.view = evolve(seen, overlay=OverlayMode.OFF)
    assert not rings(shown.canvas)
    session.view = seen
    assert rings(shown.canvas)
    shown.drawing[0].on_unavailable(Unavailable3D("This computer cannot draw 3D.", hint="Planes go on."))
    qtbot.waitUntil(lambda: shown.canvas.view_3d.picture.image is None)
    assert not rings(shown.canvas)
