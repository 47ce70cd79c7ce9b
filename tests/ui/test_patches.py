"""While a model runs one sees where it looks, and what it is through with; afterwards nothing of it is left."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QRectF

from tests.ui.looking import shown_canvas
from viewer.domain.patches import Patches
from viewer.domain.view_state import Camera, Layout, OverlayMode, ViewName
from viewer.scene.patch_boxes import cut_by_plane, edges_seen, hull
from viewer.ui.canvas.paint_patches import MOST_BOXES, paint_patches_in_3d
from viewer.ui.canvas.paint_text import TextLook

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QImage
    from pytestqt.qtbot import QtBot

    from viewer.domain.session import Session
    from viewer.ui.canvas import Canvas
    from viewer.ui.theme import Theme


def box(low: tuple[float, float, float], high: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return corners as those of a finding: x varies fastest."""
    return np.array([[(high if bits[2 - a] else low)[a] for a in range(3)] for bits in product((0, 1), repeat=3)])


# Side by side in the small CT: to the right and to the left of the lesion's middle.
TWO = Patches(np.array([box((-40, -30, 20), (0, 30, 90)), box((0, -30, 20), (40, 30, 90))]))


@pytest.fixture
def canvas(qtbot: QtBot, session: Session, theme: Theme) -> Canvas:
    assert session.view is not None
    session.view = evolve(session.view, layout=Layout.SINGLE, main=ViewName.AXIAL, overlay=OverlayMode.OUTLINE)
    return shown_canvas(qtbot, session, theme, size=(600, 500))


def picture(canvas: Canvas) -> NDArray[np.int16]:
    image = canvas.grab().toImage().convertToFormat(canvas.grab().toImage().Format.Format_RGB32)
    return grey(image)


def grey(image: QImage) -> NDArray[np.int16]:
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return rows[:, : image.width(), 1].astype(np.int16)


def changed(one: NDArray[np.int16], other: NDArray[np.int16]) -> NDArray[np.bool_]:
    return np.abs(one - other) > 6


def test_each_part_is_framed_and_is_brighter_once_it_is_done(canvas: Canvas) -> None:
    session = canvas.session
    bare = picture(canvas)
    session.patches = TWO
    waiting = picture(canvas)
    assert changed(bare, waiting).any()
    session.patches = TWO.with_one_more()
    first = picture(canvas)
    half = canvas.width() // 2
    brighter = first - waiting
    assert brighter[:, : half - 20].max() > 20
    assert brighter[:, half + 20 :].max() < 10
    session.patches = TWO.with_one_more().with_one_more()
    both = picture(canvas)
    assert (both - waiting)[:, half + 20 :].max() > 20


def test_nothing_is_left_when_the_model_has_ended(canvas: Canvas) -> None:
    bare = picture(canvas)
    canvas.session.patches = TWO.with_one_more()
    assert changed(bare, picture(canvas)).any()
    canvas.session.patches = None
    assert not changed(bare, picture(canvas)).any()


def test_they_are_hidden_with_the_findings_and_no_slice_is_rendered_for_them(canvas: Canvas) -> None:
    session = canvas.session
    assert session.view is not None
    session.view = evolve(session.view, overlay=OverlayMode.OFF)
    bare = picture(canvas)
    canvas._planes.rendered.clear()
    session.patches = TWO.with_one_more()
    assert not changed(bare, picture(canvas)).any()
    session.view = evolve(session.view, overlay=OverlayMode.OUTLINE)
    picture(canvas)
    assert canvas._planes.rendered == []


def test_in_3d_a_box_has_nine_edges_at_the_front_seen_from_a_corner_and_four_seen_straight() -> None:
    boxes = TWO.boxes_lps_mm[:1]
    _, seen = edges_seen(boxes, (0.5, -0.6, 0.4))
    assert seen.sum() == 9
    _, straight = edges_seen(boxes, (0.0, -1.0, 0.0))
    assert straight.sum() == 4
    ends, _ = edges_seen(boxes, (0.0, -1.0, 0.0))
    assert np.allclose(ends[straight][:, :, 1], -30)
    # Counted through the other way round the same faces look at the eye.
    mirrored = boxes[:, [1, 0, 3, 2, 5, 4, 7, 6]]
    assert edges_seen(mirrored, (0.5, -0.6, 0.4))[1].sum() == 9


def test_a_plane_cuts_only_the_boxes_that_it_goes_through() -> None:
    cuts = cut_by_plane(TWO.boxes_lps_mm, (10.0, 0.0, 50.0), (1.0, 0.0, 0.0))
    assert [number for number, _ in cuts] == [1]
    corners = cuts[0][1]
    assert corners.shape == (4, 3)
    assert np.allclose(corners[:, 0], 10.0)
    # In order around the frame: neighbours share an edge, and the length is that of all four sides.
    around = np.linalg.norm(np.diff(corners, axis=0, append=corners[:1]), axis=1).sum()
    assert around == pytest.approx(2 * (60 + 70))


def test_many_parts_are_shown_as_one_box_that_grows(theme: Theme) -> None:
    slices = np.array([box((-40, -30, float(k)), (40, 30, k + 1.0)) for k in range(MOST_BOXES + 20)])
    grown = hull(slices[:30])
    assert np.allclose(grown[0].min(axis=0), (-40, -30, 0))
    assert np.allclose(grown[0].max(axis=0), (40, 30, 30))
    # The order of corners stays: from it edges are told.
    assert edges_seen(grown, (0.5, -0.6, 0.4))[1].sum() == 9
    lines: list[int] = []

    class Counting:
        """Stands for a painter: counts the lines that it is given."""

        def __getattr__(self, name: str) -> object:
            return lambda *given: lines.append(len(given[0])) if name == "drawLines" else None

    look = TextLook(theme, stage=False, scale=1.0)
    camera = Camera((0.0, 0.0, 50.0))
    paint_patches_in_3d(Counting(), Patches(slices, 30), camera, QRectF(0, 0, 300, 300), look)
    assert sum(lines) <= 3 * 12
