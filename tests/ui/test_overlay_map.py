"""The map of values on the canvas: switched, read under the pointer, and its bar in the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from tests.ui.conftest import COLUMNS, ORIGIN_MM, ROWS, SLICES, SPACING_MM
from tests.ui.test_overlay_labels import MIDDLE_K, box, labels, looking, painted, pixels
from viewer.domain.geometry import Grid, PlaneName
from viewer.domain.overlay_look import MapLook
from viewer.domain.overlays import PROBABILITY, Overlays, ValueMap
from viewer.domain.view_state import Layout, OverlayMode, ViewName, ViewState, as_point
from viewer.domain.volume import SeriesFacts, Volume
from viewer.ui.canvas import paint_colour_bar, paint_corners, paint_text
from viewer.ui.canvas.paint_frame import Look
from viewer.ui.canvas.paint_map import bar_places, paint_map_bar
from viewer.ui.canvas.paint_plane import PlanePainter
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.shown import shown_from
from viewer.ui.canvas.tiles import tiles
from viewer.ui.status_bar import map_value_words
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from viewer.domain.finding import Finding
    from viewer.domain.session import Session


def probability(volume: Volume) -> ValueMap:
    grid = Grid.from_directions((COLUMNS, ROWS, SLICES), origin_lps_mm=ORIGIN_MM, spacing_mm=SPACING_MM)
    values = np.zeros(grid.shape_kji, np.float32)
    values[:, 30:70, 40:80] = 0.75
    return ValueMap(
        Volume(SeriesFacts("9.9"), values, volume.stack, values, grid, unit="unknown"), PROBABILITY, 0.0, 1.0
    )


def test_peeking_hides_findings_labels_and_map_and_the_map_has_a_switch_of_its_own(
    qapp: QApplication, small_ct_volume: Volume, small_ct_lesion: Finding
) -> None:
    over = evolve(labels(box((50, 69), (40, 59))), value_map=probability(small_ct_volume))
    state = looking(small_ct_volume, mode=OverlayMode.FILL)

    def bright(state: ViewState) -> int:
        shown = shown_from(small_ct_volume, state, findings=(small_ct_lesion,), overlays=over)
        return int(pixels(painted(shown)).sum())

    assert bright(evolve(state, overlay=OverlayMode.OFF)) == 0
    all_of_it = bright(state)
    without_map = bright(evolve(state, map_look=MapLook(shown=False)))
    assert 0 < without_map < all_of_it


def test_the_value_of_the_map_under_the_pointer_is_told_with_its_unit_while_it_is_shown(
    session: Session, small_ct_volume: Volume
) -> None:
    session.overlays = Overlays(value_map=probability(small_ct_volume))
    inside = as_point(small_ct_volume.stack.lps((60, 50, MIDDLE_K)))
    assert map_value_words(session, inside) == "map 0.75 probability"
    assert map_value_words(session, (900.0, 0.0, 0.0)) == "no map here"
    assert session.view is not None
    session.view = evolve(session.view, map_look=MapLook(shown=False))
    assert map_value_words(session, inside) == ""


def test_between_two_images_the_map_is_drawn_where_the_image_lies_that_is_seen_as_the_pointer_tells_it(
    qapp: QApplication, small_ct_volume: Volume
) -> None:
    over = probability(small_ct_volume)
    values = over.volume.voxels.copy()
    # High on the image that is seen, nothing on the next one.
    values[MIDDLE_K + 1 :] = 0
    over = evolve(over, volume=evolve(over.volume, slices=values, voxels=values))
    state = looking(small_ct_volume)
    beside = evolve(state, cursor_lps_mm=as_point(np.add(state.cursor_lps_mm, (0.0, 0.0, 0.4 * SPACING_MM[2]))))
    laid = Overlays(value_map=over)
    drawn = [pixels(painted(shown_from(small_ct_volume, view, overlays=laid))) for view in (state, beside)]
    assert drawn[0].sum() > 0
    assert np.array_equal(*drawn)


def test_the_bar_of_a_map_stands_in_the_plane_and_goes_with_it(qapp: QApplication, small_ct_volume: Volume) -> None:
    over = Overlays(value_map=probability(small_ct_volume))
    tile = tiles(Layout.SINGLE, ViewName.AXIAL, (640.0, 600.0))[0]

    def coloured(state: ViewState) -> int:
        image = QImage(640, 600, QImage.Format.Format_RGB32)
        image.fill(0)
        with QPainter(image) as painter:
            shown = shown_from(small_ct_volume, state, overlays=over)
            PlanePainter().paint(painter, tile, shown, Look(TextLook(Theme(), stage=False)), first=False)
        left = pixels(image)[80:300, :60]
        return int((left.max(axis=2) - left.min(axis=2) > 100).sum())

    state = looking(small_ct_volume, height_mm=400.0)
    assert coloured(state) > 200
    assert coloured(evolve(state, map_look=MapLook(shown=False))) == 0


@pytest.mark.usefixtures("nothing_kept")
@pytest.mark.parametrize(("wide", "high"), [(466, 210), (466, 266), (466, 290), (640, 420), (935, 560)])
def test_the_bar_stands_clear_of_letters_and_corner_text_in_views_of_any_size(
    qapp: QApplication, small_ct_volume: Volume, monkeypatch: pytest.MonkeyPatch, wide: int, high: int
) -> None:
    bars: list[QRectF] = []
    others: list[QRectF] = []
    monkeypatch.setattr(paint_colour_bar, "paint_plates", lambda _painter, areas, _theme: bars.extend(areas))
    monkeypatch.setattr(paint_text, "paint_plate", lambda _painter, area, _theme: others.append(QRectF(area)))
    monkeypatch.setattr(paint_corners, "paint_plates", lambda _painter, rows, _theme: others.extend(rows))
    over = Overlays(value_map=probability(small_ct_volume))
    tile = tiles(Layout.SINGLE, ViewName.AXIAL, (float(wide), float(high)))[0]
    image = QImage(wide, high, QImage.Format.Format_RGB32)
    with QPainter(image) as painter:
        shown = shown_from(small_ct_volume, looking(small_ct_volume, height_mm=400.0), overlays=over)
        PlanePainter().paint(painter, tile, shown, Look(TextLook(Theme(), stage=False)), first=True)
    assert len(bars) == 2
    assert len(others) > 6
    assert all(QRectF(0, 0, wide, high).contains(bar) for bar in bars)
    assert not any(bar.intersects(other) for bar in bars for other in others)


def test_the_word_above_a_bar_dims_no_anatomy_beside_its_numbers(qapp: QApplication, small_ct_volume: Volume) -> None:
    over = Overlays(value_map=probability(small_ct_volume))
    shown = shown_from(small_ct_volume, looking(small_ct_volume, height_mm=400.0), overlays=over)
    look = TextLook(Theme(), stage=False)
    image = QImage(640, 600, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    with QPainter(image) as painter:
        paint_map_bar(painter, QRectF(image.rect()), shown, look)
    (plate,) = bar_places(shown, PlaneName.AXIAL, QRectF(image.rect()), look)
    dark = pixels(image).max(axis=2) < 128
    beside = round(plate.right()) - 6
    assert dark[round(plate.top()) + 4, beside]
    assert not dark[round(plate.top()) + 30 : round(plate.bottom()), beside].any()
    assert dark[round(plate.bottom()) - 4, round(plate.left()) + 40]
