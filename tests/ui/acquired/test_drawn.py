"""What is drawn on and of acquired slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtGui import QColor, QImage

from tests.open_session import view_of
from tests.tilted_series import PIXEL_MM
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.labels import Mask
from viewer.domain.session import Session, Workspace
from viewer.domain.view_state import Layout, OverlayMode, ViewName, as_point, overview
from viewer.scene.acquired import viewport_geometry
from viewer.ui.canvas import CanvasStyle, shown_from
from viewer.ui.canvas.facts import view_words
from viewer.ui.canvas.paint_overlay import OutlinePaths
from viewer.ui.canvas.paint_plane import PlanePainter
from viewer.ui.snapshot import DESK_BAR_PX, picture

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from viewer.domain.finding import Finding
    from viewer.domain.volume import Volume
    from viewer.ui.theme import Theme

AXIAL = PlaneName.AXIAL


def has_colour(image: QImage, colour: QColor, tolerance: int = 30) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(bytes(image.constBits()), np.uint8).reshape(image.height(), image.width(), 4)
    wanted = np.array([colour.blue(), colour.green(), colour.red()])
    return np.asarray(np.abs(pixels[..., :3].astype(int) - wanted).max(axis=2) <= tolerance)


def reddish(image: QImage) -> np.ndarray:
    """Where the axial plane's colour is, also where it is mixed with black."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(bytes(image.constBits()), np.uint8).reshape(image.height(), image.width(), 4).astype(int)
    return np.asarray((pixels[..., 2] - pixels[..., 1] > 60) & (pixels[..., 2] - pixels[..., 0] > 60))


def test_the_axial_line_in_the_sagittal_view_is_drawn_where_the_slice_cuts_it(
    qapp: QApplication, looking: Session
) -> None:
    volume = looking.volume
    assert volume is not None
    state = evolve(view_of(looking), layout=Layout.SINGLE, main=ViewName.SAGITTAL, window_centre=3000.0)
    image = picture(volume, state, (), (640, 480 + DESK_BAR_PX), style=CanvasStyle.REVIEW)
    rows, columns = np.nonzero(reddish(image)[20:480])
    rows = rows + 20
    assert np.ptp(columns) > 600
    # Every pixel of the line lies on the slice's plane, worked out from the picture's scale alone.
    mm = state.sagittal.height_mm / 480
    centre = np.asarray(state.sagittal.centre_lps_mm)
    screen = PLANE_AXES[PlaneName.SAGITTAL]
    points = (
        centre + ((columns + 0.5 - 320) * mm)[:, None] * screen.right + ((rows + 0.5 - 240) * mm)[:, None] * screen.down
    )
    points[:, 0] = state.cursor_lps_mm[0]
    beside = points @ volume.stack.normal - volume.stack.heights_mm[7]
    assert np.abs(beside).max() < 1.5 * mm


def test_an_outline_lies_round_the_marked_pixels_of_the_slice_and_of_no_other(
    qapp: QApplication, looking: Session, small_ct_lesion: Finding, theme: Theme
) -> None:
    volume = looking.volume
    assert volume is not None
    full = np.zeros(volume.stack.shape_kji, dtype=bool)
    full[7, 50:80, 60:100] = True
    full[6, 55:60, 65:70] = True
    finding = evolve(
        small_ct_lesion, mask=Mask.from_full(full), long_axis_lps_mm=None, centre_lps_mm=volume.stack.lps((80, 65, 7))
    )
    state = view_of(looking).looking_at(as_point(volume.stack.lps((80, 65, 7))), height_mm=60.0)
    state = evolve(state, layout=Layout.SINGLE, main=ViewName.AXIAL, window_centre=3000.0, selected_finding=finding.id)
    size = (640, 480 + DESK_BAR_PX)

    def outline(at: int) -> np.ndarray:
        cursor = as_point(volume.stack.lps((80, 65, at)))
        image = picture(volume, evolve(state, cursor_lps_mm=cursor), (finding,), size, style=CanvasStyle.REVIEW)
        return has_colour(image, theme.on_anatomy("accent"), 20)[:480]

    rows, columns = np.nonzero(outline(7))
    px = 480 / 60.0
    wide, high = 40 * PIXEL_MM * px, 30 * PIXEL_MM * px
    assert np.ptp(columns) == pytest.approx(wide, abs=5)
    assert np.ptp(rows) == pytest.approx(high, abs=5)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(320 - 0.5 * PIXEL_MM * px, abs=3)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(240 - 0.5 * PIXEL_MM * px, abs=3)
    rows, columns = np.nonzero(outline(6))
    assert np.ptp(columns) == pytest.approx(5 * PIXEL_MM * px, abs=6)
    assert not outline(5).any()


def test_paging_brings_each_slice_its_own_outline(looking: Session) -> None:
    volume = looking.volume
    assert volume is not None
    full = np.zeros(volume.stack.shape_kji, dtype=bool)
    full[7, 50:80, 60:100] = True
    full[6, 55:60, 65:70] = True
    mask = Mask.from_full(full)
    assert mask is not None
    paths = OutlinePaths()
    widths = {}
    for k in (7, 6, 5, 7):
        state = evolve(view_of(looking), cursor_lps_mm=as_point(volume.stack.lps((80, 65, k))))
        path = paths.of(mask, volume, viewport_geometry(volume, state, AXIAL, 400, 300))
        widths[k] = path.boundingRect().width()
    assert widths == pytest.approx({7: 40 * PIXEL_MM, 6: 5 * PIXEL_MM, 5: 0})
    level = evolve(view_of(looking), acquired=False)
    cut = paths.of(mask, volume, viewport_geometry(volume, level, AXIAL, 400, 300)).boundingRect()
    # A level cut goes through the tilted slice in a strip, not through all 30 rows.
    assert 0 < cut.height() < 27 * PIXEL_MM


def test_a_step_is_drawn_as_acquired_on_stage(qapp: QApplication, looking: Session) -> None:
    volume = looking.volume
    assert volume is not None
    looking.workspace = Workspace.PRESENT
    state = evolve(view_of(looking), layout=Layout.STAGE, overlay=OverlayMode.OFF)
    state = evolve(state, main=ViewName.SAGITTAL)
    shown = shown_from(volume, state)
    assert view_words(shown, ViewName.AXIAL) == "Axial, as acquired"
    assert view_words(shown, ViewName.SAGITTAL) == "Sagittal"
    assert picture(volume, state, (), (1280, 720)) != picture(volume, evolve(state, acquired=False), (), (1280, 720))


def test_pictures_of_a_regridded_volume_are_made_anew_when_its_grid_is_whole(tilted: Volume) -> None:
    # The last slice can be in before the images between the slices are made.
    empty = np.full_like(tilted.voxels, tilted.padding)
    arrived = np.ones(tilted.stack.count, dtype=bool)
    preview = evolve(tilted, voxels=empty[:], arrived=arrived)
    state = overview("1.2.3", tilted.grid, window_width=4000.0)
    painter = PlanePainter()
    painter.turn = AXIAL
    first, _ = painter.picture(preview, state, AXIAL, 200, 200)
    assert not has_grey(first)
    empty[:] = tilted.voxels
    whole = evolve(tilted, voxels=empty[:])
    image, _ = painter.picture(whole, state, AXIAL, 200, 200)
    assert has_grey(image)


def has_grey(image: QImage) -> bool:
    return any(image.pixelColor(100, y).value() > 20 for y in range(0, 200, 5))
