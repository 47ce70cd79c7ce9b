"""A stage that is narrower than 16:9, at which cases are rehearsed, shows as much of the anatomy beside the card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from viewer.domain.geometry import PlaneName
from viewer.domain.view_state import Layout, ViewName
from viewer.scene.camera import screen_from_lps
from viewer.services.views import view_of_volume
from viewer.ui.canvas.tiles import CanvasStyle, tiles
from viewer.ui.present.card import RESERVED

if TYPE_CHECKING:
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
