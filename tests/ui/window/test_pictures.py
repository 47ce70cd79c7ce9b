"""Pictures of the views to give away: what stands on screen, without whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from viewer.domain.geometry import PlaneName
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import Comparison, Layout, ViewName
from viewer.domain.volume import PatientIdentity, Volume
from viewer.services.views import view_of_volume
from viewer.ui.canvas import cover, paint_curtain, paint_frame, view3d
from viewer.ui.canvas.cover import COVERED
from viewer.ui.compare.compare_view import GAP
from viewer.ui.desk_picture import NO_FACE, desk_picture, without_names
from viewer.ui.picture_commands import WITHOUT, WITHOUT_IMAGES
from viewer.ui.snapshot import DESK_BAR_PX, picture, thumbnail

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pytestqt.qtbot import QtBot

    from viewer.ui.main_window import MainWindow

NAME, NUMBER, DAY = "DOE^JANE", "4711-X", "20240131"


def of_patient(head: Volume, uid: str) -> Volume:
    """Return a real head whose patient and day are known."""
    identity = PatientIdentity(name=NAME, patient_id=NUMBER, study_date=DAY)
    series = evolve(head.series, series_uid=uid, identity=identity, synthetic=False, frame_of_reference_uid="1.2")
    return Volume(series, head.voxels, head.stack, head.voxels, head.grid)


@pytest.fixture
def desk(opened: MainWindow, head: Volume, qtbot: QtBot) -> MainWindow:
    """Return the window with two series of a patient, identity shown, and what a reader wrote on the first."""
    session, other = opened.desk.session, opened.desk.other.session
    session.case = None
    for each, uid in ((session, "1.2.7"), (other, "1.2.8")):
        each.volume = of_patient(head, uid)
        each.view = view_of_volume(each.volume)
    x, y, z = session.view.cursor_lps_mm if session.view is not None else (0.0, 0.0, 0.0)
    axes = {"right": (1.0, 0.0, 0.0), "down": (0.0, 1.0, 0.0)}
    note = Measurement("t", MeasurementKind.TEXT, ((x, y, z),), PlaneName.AXIAL, **axes, text="Jane Doe")
    arrow = Measurement("a", MeasurementKind.ARROW, ((x, y, z), (x + 9, y, z)), PlaneName.AXIAL, **axes, text="Doe")
    opened.desk.measuring.keep(note)
    opened.desk.measuring.keep(arrow)
    qtbot.wait(30)
    return opened


@pytest.mark.parametrize("mode", [Comparison.BESIDE, Comparison.CURTAIN])
def test_a_picture_names_nobody_though_the_screen_does(
    desk: MainWindow, monkeypatch: pytest.MonkeyPatch, mode: Comparison
) -> None:
    desk.desk.comparing.mode = mode
    said: list[str] = []

    def corners(_painter: object, _free: object, words: object, *_: object, **__: object) -> None:
        said.append(repr(words))

    monkeypatch.setattr(paint_frame, "paint_corners", corners)
    monkeypatch.setattr(
        paint_curtain, "fitting_words", lambda _measures, names, _room: said.append(repr(names)) or names[-1]
    )
    compare = desk.compare
    canvases = (compare.here, compare.there) if mode is Comparison.BESIDE else (compare.here,)
    compare.here.repaint()
    assert any("JANE" in words for words in said)
    said.clear()
    picture = desk_picture(canvases)
    assert picture is not None
    assert said
    for words in said:
        assert "DOE" not in words
        assert "JANE" not in words
        assert NUMBER not in words
        assert "2024" not in words
    assert picture.width() == sum(canvas.width() for canvas in canvases) + GAP * (len(canvases) - 1)
    bar = picture.copy(0, picture.height() - DESK_BAR_PX + 2, 200, DESK_BAR_PX - 4)
    colours = {bar.pixelColor(x, y).name() for x in range(bar.width()) for y in range(bar.height())}
    assert len(colours) > 3, "what it is not for is written on it"


@pytest.mark.parametrize("mode", [Comparison.BESIDE, Comparison.CURTAIN])
@pytest.mark.parametrize("first", [False, True])
def test_where_one_of_two_series_is_synthetic_the_banner_says_so_of_a_part(
    desk: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, mode: Comparison, first: bool
) -> None:
    session, other = desk.desk.session, desk.desk.other.session
    made = session if first else other
    assert made.volume is not None
    made.volume = evolve(made.volume, series=evolve(made.volume.series, synthetic=True))
    desk.desk.comparing.mode = mode
    qtbot.wait(30)
    said: list[str] = []
    monkeypatch.setattr("viewer.ui.desk_picture.paint_bar", lambda _p, _bar, words, *_: said.append(words))
    canvases = (desk.compare.here, desk.compare.there)
    desk_picture(tuple(canvas for canvas in canvases if canvas.isVisible()))
    assert said == ["Synthetic in part · Not for diagnostic use"]
    assert desk.status.banner.words.text() == said[0]
    desk.desk.comparing.close()
    assert desk.status.banner.words.text().startswith("Synthetic ·") is first


def test_what_a_reader_wrote_is_not_in_a_picture_and_what_was_measured_is(desk: MainWindow) -> None:
    shown = desk.canvas.shown
    assert shown is not None
    assert {drawn.measurement.text for drawn in shown.measured} == {"Jane Doe", "Doe"}
    left = without_names(shown).measured
    assert [(drawn.measurement.kind, drawn.measurement.text) for drawn in left] == [(MeasurementKind.ARROW, "")]


def test_a_face_is_left_out_with_the_reason_while_identity_is_shown(
    desk: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas = desk.canvas
    face = QImage(40, 40, QImage.Format.Format_RGB32)
    face.fill(QColor("#204060"))
    canvas.view_3d._image = face
    said: list[str] = []
    monkeypatch.setattr(view3d, "paint_sentence", lambda _painter, _free, words, *_, **__: said.append(words))
    for masked, preset, expected in ((False, "soft", [NO_FACE]), (False, "bone", []), (True, "soft", [])):
        canvas.view_3d._image_masked = masked
        view = desk.desk.session.view
        desk.desk.session.view = evolve(view, preset_3d=preset, comparison=Comparison.CURTAIN, layout=Layout.FOUR)
        said.clear()
        assert desk_picture((canvas,)) is not None
        assert said == expected, (masked, preset)


def test_a_picture_is_copied_and_saved_by_key(
    desk: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(desk, "tell", lambda message: told.append(message.sentence))
    assert desk.actions_.run("picture.copy")
    copied = QGuiApplication.clipboard().image()
    assert not copied.isNull()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "views"), ""))
    assert desk.actions_.run("picture.save")
    saved = QImage(str(tmp_path / "views.png"))
    assert saved.size() == copied.size()
    pixels = np.frombuffer(saved.convertToFormat(QImage.Format.Format_RGB32).constBits(), np.uint8)
    assert pixels.std() > 10, "anatomy is in it"
    assert told == ["The picture was copied.", "The picture was saved."]


def worded(volume: Volume, values: NDArray[np.int16]) -> Volume:
    """Return a volume with other values, into which words may be burned."""
    return evolve(volume, slices=values, voxels=values, worded=True)


def test_images_with_words_burned_in_are_covered_in_it(desk: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(desk, "tell", lambda message: told.append(message.hint))
    assert desk.actions_.run("picture.copy")
    session = desk.desk.session
    volume, view = session.volume, session.view
    pictures, seen = [], []
    for values in (volume.voxels, 90 - volume.voxels):
        session.volume = worded(volume, values)
        session.view = view
        seen.append(desk.canvas.grab().toImage())
        assert desk.actions_.run("picture.copy")
        pictures.append(QGuiApplication.clipboard().image())
    assert seen[0] != seen[1], "the images are on screen"
    assert pictures[0] == pictures[1], "nothing of the images is in it"
    assert told == [WITHOUT, WITHOUT_IMAGES, WITHOUT_IMAGES]


@pytest.mark.parametrize("mode", [Comparison.BESIDE, Comparison.CURTAIN])
def test_images_with_words_burned_in_are_covered_while_identity_is_hidden(
    desk: MainWindow, monkeypatch: pytest.MonkeyPatch, mode: Comparison
) -> None:
    said: list[str] = []
    monkeypatch.setattr(cover, "paint_sentence", lambda _painter, _free, words, *_, **__: said.append(words))
    session, other = desk.desk.session, desk.desk.other.session
    volume, view = session.volume, evolve(session.view, comparison=mode, layout=Layout.FOUR)
    seen: dict[bool, list[QImage]] = {False: [], True: []}
    for values in (volume.voxels, 90 - volume.voxels):
        for each in (session, other):
            each.volume = worded(volume, values)
            each.view = view
        for masked in (False, True):
            session.masked = other.masked = masked
            said.clear()
            seen[masked].append(desk.compare.grab().toImage())
            assert (COVERED in said) is masked
    assert seen[False][0] != seen[False][1]
    assert seen[True][0] == seen[True][1]
    for each in (session, other):
        each.volume = evolve(each.volume, series=evolve(each.volume.series, synthetic=True))
        each.view = view
    said.clear()
    assert desk.compare.grab().toImage() != seen[True][0], "a synthetic patient has no name to hide"
    assert not said


def test_exports_cover_images_with_words_burned_in(head: Volume) -> None:
    one, two = (worded(of_patient(head, "1.2.7"), values) for values in (head.voxels, 90 - head.voxels))
    view = evolve(view_of_volume(one), layout=Layout.SINGLE, main=ViewName.AXIAL)
    for made in (
        lambda volume: picture(volume, view, size=(320, 240)),
        lambda volume: thumbnail(volume, view, (96, 96)),
    ):
        assert made(one) == made(two)
        assert made(evolve(one, worded=False)) != made(evolve(two, worded=False))


def test_without_a_scan_there_is_no_picture(window: MainWindow) -> None:
    assert not window.actions_["picture.copy"].isEnabled()
