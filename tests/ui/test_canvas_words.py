"""What stands on the canvas beside the picture: letters, corners, scale, whose images these are, and what was lost."""

import math

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from tests.open_session import view_of
from viewer.analysis.regrid import regridded
from viewer.domain.geometry import PlaneName, Verdict, position_words
from viewer.domain.job import JobContext
from viewer.domain.moment import Moment
from viewer.domain.plane_turn import about
from viewer.domain.session import Session, Workspace
from viewer.domain.view_state import ViewName, as_point
from viewer.domain.volume import Volume
from viewer.services.views import fitted_height_mm
from viewer.ui.canvas import Canvas, CanvasStyle, Density, shown_in
from viewer.ui.canvas.facts import corners, edge_letters, scale_bar
from viewer.ui.canvas.paint_corners import fitting
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.side_names import side_names
from viewer.ui.theme import Theme


@pytest.mark.parametrize(
    ("view", "letters"),
    [
        (ViewName.AXIAL, ("R", "L", "A", "P")),
        (ViewName.CORONAL, ("R", "L", "H", "F")),
        (ViewName.SAGITTAL, ("A", "P", "H", "F")),
        (ViewName.THREE_D, ("R", "L", "H", "F")),
    ],
)
def test_letters_stand_where_radiologists_expect_them(
    session: Session, view: ViewName, letters: tuple[str, str, str, str]
) -> None:
    shown = shown_in(session)
    assert shown is not None
    found = edge_letters(shown, view)
    assert (found.left, found.right, found.top, found.bottom) == letters


@pytest.mark.parametrize("masked", [False, True])
def test_an_image_of_one_place_says_when_it_was_taken(session: Session, small_ct_volume: Volume, masked: bool) -> None:
    moments = tuple(Moment(f"10:12:{k:02}", float(k)) for k in range(small_ct_volume.stack.count))
    session.volume = evolve(small_ct_volume, loose=True, placed=False, moments=moments)
    session.masked = masked
    shown = shown_in(session)
    assert shown is not None
    k = small_ct_volume.stack.nearest_slice(view_of(session).cursor_lps_mm)
    words = f"+{k:.1f} s" if masked else f"Acquired 10:12:{k:02}  +{k:.1f} s"
    for density in (Density.FULL, Density.SHORT):
        said = corners(shown, ViewName.AXIAL, density, first=True)
        assert [w.text for w in said.bottom_left] == ["Image 23 of 40", words]


def test_corner_text_says_image_position_window_zoom_and_thickness(session: Session) -> None:
    shown = shown_in(session)
    assert shown is not None
    said = corners(shown, ViewName.AXIAL, Density.FULL, first=True)
    assert [w.text for w in said.top_left] == ["Axial", "DOE, JANE · 4711"]
    assert [w.text for w in said.top_right] == ["CT", "Series 3, Thin"]
    assert [w.text for w in said.bottom_left] == ["Image 23 of 40", "H 52.5 mm"]
    assert [w.text for w in said.bottom_right] == ["W 400  L 40", "Zoom 1.0×  2.50 mm"]
    session.view = evolve(view_of(session), window_centre=-600.0, window_width=1500.0, slab_mm=10.0)
    shown = shown_in(session)
    assert shown is not None
    said = corners(shown, ViewName.AXIAL, Density.FULL, first=False)
    assert [w.text for w in said.bottom_right] == ["W 1500  L −600", "Zoom 1.0×  MIP 10 mm"]
    assert [w.text for w in said.top_left] == ["Axial"]
    assert corners(shown, ViewName.AXIAL, Density.LETTERS, first=True).top_left == ()


@pytest.mark.parametrize("away_mm", [-1.1, 0.6, 1.2])
def test_the_place_that_is_said_is_that_of_the_image_where_the_crosshair_lies_between_two(
    session: Session, away_mm: float
) -> None:
    before = view_of(session)
    session.view = evolve(before, cursor_lps_mm=as_point(np.add(before.cursor_lps_mm, (0.3, 0.3, away_mm))))
    for slab_mm, place in ((0.0, 52.5), (10.0, 52.5 + away_mm)):
        session.view = evolve(view_of(session), slab_mm=slab_mm)
        shown = shown_in(session)
        assert shown is not None
        said = corners(shown, ViewName.AXIAL, Density.FULL, first=True).bottom_left
        # Of a slab it is the middle, which lies where the crosshair is.
        assert [w.text for w in said] == ["Image 23 of 40", f"H {place:.1f} mm"]
    session.view = evolve(view_of(session), slab_mm=0.0)
    shown = shown_in(session)
    assert shown is not None
    for view, axis in ((ViewName.SAGITTAL, 0), (ViewName.CORONAL, 1)):
        said = corners(shown, view, Density.SHORT, first=False).bottom_left
        assert said[0].text == position_words(axis, before.cursor_lps_mm[axis])


def test_images_between_the_original_slices_are_called_interpolated(session: Session, small_ct_volume: Volume) -> None:
    heights = small_ct_volume.stack.positions_lps_mm.copy()
    heights[5, 2] += 1.2
    uneven = evolve(
        small_ct_volume, stack=evolve(small_ct_volume.stack, positions_lps_mm=heights), verdict=Verdict.RESAMPLED
    )
    session.volume = regridded(uneven, JobContext())
    shown = shown_in(session)
    assert shown is not None
    said = corners(shown, ViewName.AXIAL, Density.FULL, first=True).bottom_left
    assert said[0].text.startswith("Interpolated image ")


def test_images_through_slices_that_lie_aslant_are_called_interpolated(
    session: Session, small_ct_volume: Volume
) -> None:
    turn = np.radians(20)
    row, column = (np.cos(turn), np.sin(turn), 0.0), (-np.sin(turn), np.cos(turn), 0.0)
    stack = evolve(small_ct_volume.stack, row_direction=row, column_direction=column)
    session.volume = evolve(small_ct_volume, stack=stack, grid=stack.as_grid())
    shown = shown_in(session)
    assert shown is not None
    for view in (ViewName.AXIAL, ViewName.CORONAL, ViewName.SAGITTAL):
        said = corners(shown, view, Density.FULL, first=True).bottom_left
        assert said[0].text.startswith("Interpolated image ")


def test_of_images_at_one_place_a_slab_says_of_how_many_it_is(session: Session) -> None:
    assert session.volume is not None
    session.volume = evolve(session.volume, loose=True)
    session.view = evolve(view_of(session), slab_mm=10.0)
    shown = shown_in(session)
    assert shown is not None
    said = corners(shown, ViewName.AXIAL, Density.FULL, first=True).bottom_right[1].text
    # 2.5 mm from one to the next is made up.
    assert said.endswith("MIP of 5 images")


def test_lossy_images_say_so_in_red(session: Session, small_ct_volume: Volume) -> None:
    lossy = evolve(small_ct_volume, series=evolve(small_ct_volume.series, lossy=True))
    session.volume = lossy
    shown = shown_in(session)
    assert shown is not None
    for density in (Density.FULL, Density.SHORT):
        lines = corners(shown, ViewName.CORONAL, density, first=False).top_left
        assert ("Lossy compressed", "failed") in [(w.text, w.role) for w in lines]


def test_whose_images_these_are_is_said_in_small_views_too(session: Session) -> None:
    named = session.volume
    assert named is not None
    for masked in (False, True):
        session.masked = masked
        shown = shown_in(session)
        assert shown is not None
        said = [w.text for w in corners(shown, ViewName.AXIAL, Density.SHORT, first=True).top_left]
        assert (shown.patient in said[1:]) is (not masked)
        beside = [w.text for w in corners(shown, ViewName.CORONAL, Density.SHORT, first=False).top_left]
        assert len(beside) == 1


def test_descriptions_that_name_the_patient_are_hidden_with_the_name(session: Session, small_ct_volume: Volume) -> None:
    facts = evolve(small_ct_volume.series, description="Doe, thin", study_description="CT of Jane Doe")
    session.volume = evolve(small_ct_volume, series=facts)
    other = Session(second=True)
    other.volume = session.volume

    def said() -> str:
        shown = shown_in(session)
        assert shown is not None
        told = corners(shown, ViewName.AXIAL, Density.FULL, first=True)
        other.masked = session.masked
        return " ".join([*(words.text for words in told.top_right), *side_names(session, other)])

    assert "Jane Doe" in said()
    assert "Doe, thin" in said()
    session.masked = True
    assert "Doe" not in said()
    assert "Series 3, Masked" in said()


@pytest.mark.parametrize("when", ["12:31:05", "2024-03-01 12:31:05.25"])
def test_of_a_phase_no_time_of_day_is_said_while_identity_is_hidden(
    session: Session, small_ct_volume: Volume, when: str
) -> None:
    other = Session(second=True)
    session.volume = evolve(small_ct_volume, part=f"phase 1 of 2, {when}")
    other.volume = evolve(small_ct_volume, part="phase 2 of 2, 30 %, 12:31:10")

    def said() -> str:
        shown = shown_in(session)
        assert shown is not None
        told = corners(shown, ViewName.AXIAL, Density.FULL, first=True)
        other.masked = session.masked
        return "\n".join([*(words.text for words in told.top_right), *side_names(session, other)])

    assert f"Phase 1 of 2, {when}" in said()
    assert "12:31:10" in said()
    session.masked = True
    assert "Phase 1 of 2\n" in said()
    assert "phase 2 of 2, 30 %" in said()
    assert "12:31" not in said()
    assert "2024" not in said()


def test_in_present_the_patient_s_name_leaves_no_trace(qtbot: QtBot, session: Session, theme: Theme) -> None:
    def pixels(style: CanvasStyle) -> QImage:
        canvas = Canvas(session, theme, None, style=style)
        qtbot.addWidget(canvas, before_close_func=lambda widget: widget.close_scene())
        canvas.resize(1000, 700)
        return canvas.grab().toImage()

    named = session.volume
    assert named is not None
    unnamed = evolve(named, series=evolve(named.series, identity=type(named.series.identity)()))
    for style in CanvasStyle:
        session.workspace = Workspace.PRESENT
        session.volume = named
        with_name = pixels(style)
        session.volume = unnamed
        assert pixels(style) == with_name
    session.workspace = Workspace.REVIEW
    session.volume = named
    in_review = pixels(CanvasStyle.REVIEW)
    session.volume = unnamed
    assert pixels(CanvasStyle.REVIEW) != in_review
    session.volume = named
    session.masked = True
    masked = pixels(CanvasStyle.REVIEW)
    session.volume = unnamed
    assert pixels(CanvasStyle.REVIEW) == masked


@pytest.mark.parametrize(("mm_per_px", "words"), [(1.0, "10 cm"), (0.4, "5 cm"), (0.05, "5 mm")])
def test_the_scale_bar_is_a_round_length_drawn_at_its_size(mm_per_px: float, words: str) -> None:
    length_px, said = scale_bar(mm_per_px, 130)
    assert said == words
    number, unit = said.split()
    assert length_px * mm_per_px == pytest.approx(float(number) * (10 if unit == "cm" else 1))


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(("room_px", "said"), [(140, "Sagittal, turned 20°"), (90, "Sagittal, 20°"), (56, "Sag, 20°")])
def test_in_a_narrow_view_its_name_is_said_shorter_not_cut(
    session: Session, theme: Theme, room_px: int, said: str
) -> None:
    view = session.view
    assert view is not None
    turn = about((0, 0, 1), math.radians(20))
    session.view = view.with_plane(PlaneName.SAGITTAL, evolve(view.sagittal, turned=turn))
    shown = shown_in(session)
    assert shown is not None
    (name,) = corners(shown, ViewName.SAGITTAL, Density.SHORT, first=False).top_left
    measures = TextLook(theme).metrics(TextLook(theme).caption_type(name=True))
    assert fitting(name, measures, room_px) == said


@pytest.mark.usefixtures("qapp")
def test_the_names_of_the_planes_have_room_in_the_smallest_views(session: Session, theme: Theme) -> None:
    shown = shown_in(session)
    assert shown is not None
    measures = TextLook(theme).metrics(TextLook(theme).caption_type(name=True))
    said = [fitting(corners(shown, name, Density.SHORT, first=False).top_left[0], measures, 30) for name in ViewName]
    assert said == ["Ax", "Cor", "Sag", "3D"]


def test_what_is_fitted_to_a_narrow_viewport_is_at_zoom_one(session: Session, small_ct_volume: Volume) -> None:
    view, shown = session.view, shown_in(session)
    assert view is not None
    height_mm = fitted_height_mm(small_ct_volume, PlaneName.CORONAL, 0.5)
    assert height_mm > view.coronal.height_mm
    session.view = evolve(view, coronal=evolve(view.coronal, height_mm=height_mm))
    shown = shown_in(session)
    assert shown is not None
    said = corners(shown, ViewName.CORONAL, Density.FULL, first=False, aspect=0.5).bottom_right[1].text
    assert said.startswith("Zoom 1.0×")


def test_of_images_that_make_no_volume_no_place_is_said_but_which_it_is(session: Session) -> None:
    assert session.volume is not None
    session.volume = evolve(session.volume, loose=True)
    shown = shown_in(session)
    assert shown is not None
    (said,) = corners(shown, ViewName.AXIAL, Density.FULL, first=True).bottom_left
    assert said.text.startswith("Image ")
    assert corners(shown, ViewName.AXIAL, Density.SHORT, first=True).bottom_left[0] == said
    zoom = corners(shown, ViewName.AXIAL, Density.FULL, first=True).bottom_right[1].text
    assert "mm" not in zoom


def test_images_that_do_not_say_which_way_they_look_get_no_letters_and_no_name_of_a_plane(session: Session) -> None:
    assert session.volume is not None
    session.volume = evolve(session.volume, oriented=False)
    shown = shown_in(session)
    assert shown is not None
    letters = edge_letters(shown, ViewName.AXIAL)
    assert (letters.left, letters.right, letters.top, letters.bottom) == ("", "", "", "")
    assert corners(shown, ViewName.AXIAL, Density.FULL, first=True).top_left[0].text == "Image"
