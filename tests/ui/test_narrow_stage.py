"""A stage that is narrower than 16:9, at which cases are rehearsed, shows as much of the anatomy beside the card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter

from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import Layout, ViewName
from viewer.scene.camera import screen_from_lps
from viewer.services.views import view_of_volume
from viewer.ui.canvas.paint_frame import Look
from viewer.ui.canvas.paint_plane import PlanePainter
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.shown import shown_from
from viewer.ui.canvas.tiles import CanvasStyle, Density, tiles
from viewer.ui.present.card import RESERVED
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from viewer.domain.volume import Volume
    from viewer.ui.canvas.tiles import Tile

BAR_SHARE = 96 / 1080
WIDE, XGA, SVGA, WXGA = (1920, 1080), (1024, 768), (800, 600), (1280, 800)


def large(screen: tuple[int, int], layout: Layout, main: ViewName = ViewName.AXIAL, side: str = "left") -> Tile:
    width, height = screen
    room = RESERVED * height / 1080
    return tiles(
        layout,
        main,
        (float(width), float(height - round(height * BAR_SHARE))),
        style=CanvasStyle.STAGE,
        reserved=(room, 0.0) if side == "left" else (0.0, room),
    )[0]


@pytest.mark.parametrize("layout", [Layout.STAGE, Layout.SINGLE])
@pytest.mark.parametrize("screen", [XGA, SVGA, WXGA])
def test_what_stands_beside_the_card_at_16_to_9_is_all_seen_on_a_narrower_stage(
    small_ct_volume: Volume, screen: tuple[int, int], layout: Layout
) -> None:
    view = view_of_volume(small_ct_volume)

    def seen_mm(tile: Tile) -> float:
        return tile.free.width() * tile.geometry(small_ct_volume, view, PlaneName.AXIAL).mm_per_px

    wide, narrow = large(WIDE, layout), large(screen, layout)
    assert seen_mm(narrow) == pytest.approx(seen_mm(wide), rel=0.02)
    assert wide.wider == 1.0
    assert narrow.area.width() - narrow.free.width() > RESERVED * screen[1] / 1080 / 3


def test_the_middle_of_the_view_is_in_the_middle_of_what_is_free_in_planes_and_in_3d(small_ct_volume: Volume) -> None:
    view = view_of_volume(small_ct_volume)
    for side in ("left", "right"):
        tile = large(XGA, Layout.STAGE, side=side)
        middle = tile.geometry(small_ct_volume, view, PlaneName.AXIAL).screen_from_lps(view.axial.centre_lps_mm)
        assert middle == pytest.approx((tile.free.center().x(), tile.free.center().y()), abs=0.6)
        solid = large(XGA, Layout.STAGE, ViewName.THREE_D, side)
        camera = solid.shifted(small_ct_volume, view).camera
        assert camera.height_mm == pytest.approx(view.camera.height_mm * solid.wider)
        size = (round(solid.area.width()), round(solid.area.height()))
        place = screen_from_lps(camera, view.camera.focal_lps_mm, *size)
        assert place == pytest.approx((solid.free.center().x(), solid.free.center().y()), abs=0.6)


def test_views_that_no_card_lies_over_stay_as_they_are(small_ct_volume: Volume) -> None:
    size = (1024.0, 700.0)
    for layout, reserved in ((Layout.FOUR, (300.0, 0.0)), (Layout.STAGE, (0.0, 0.0))):
        made = tiles(layout, ViewName.AXIAL, size, style=CanvasStyle.STAGE, reserved=reserved)
        assert all(tile.wider == 1.0 for tile in made)
    assert all(tile.wider == 1.0 for tile in tiles(Layout.STAGE, ViewName.AXIAL, size, reserved=(300.0, 0.0)))


def test_the_letters_at_the_sides_stand_above_the_card_that_may_lie_over_the_lower_half(
    small_ct_volume: Volume, qapp: QApplication
) -> None:
    view = evolve(view_of_volume(small_ct_volume), layout=Layout.STAGE, main=ViewName.AXIAL)
    nowhere = view.looking_at((5000.0, 5000.0, view.cursor_lps_mm[2]))

    def heights(screen: tuple[int, int]) -> tuple[float, float]:
        """Where the letters at the left and right stand, as shares of the height."""
        tile = large(screen, Layout.STAGE)
        image = QImage(tile.area.size().toSize(), QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.black)
        shown = shown_from(small_ct_volume, nowhere)
        with QPainter(image) as painter:
            look = Look(TextLook(Theme(), stage=True), Density.LETTERS)
            PlanePainter().paint(painter, tile, shown, look, first=False)
        middle = round(tile.free.center().x())
        found = []
        for columns in (range(middle - 60), range(middle + 60, image.width())):
            edges = range(image.height() // 8, image.height() * 3 // 4)
            rows = [y for y in edges if any(image.pixelColor(x, y).value() > 150 for x in columns)]
            found.append(sum(rows) / len(rows) / image.height())
        return found[0], found[1]

    assert heights(XGA) == pytest.approx((0.3, 0.3), abs=0.02)
    assert heights(WIDE) == pytest.approx((0.5, 0.5), abs=0.02)
