"""Corner text: copied from an earlier image it looks as if drawn where it stands; the scale stands clear of it."""

import numpy as np
import pytest
from attrs import evolve
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from viewer.domain.geometry import Grid
from viewer.domain.view_state import SlabMode, overview
from viewer.ui.canvas.facts import Corners, EdgeLetters, Words, slab_words
from viewer.ui.canvas.paint_corners import paint_corners
from viewer.ui.canvas.paint_text import TextLook, paint_letters, paint_scale_bar
from viewer.ui.theme import Theme

pytestmark = pytest.mark.usefixtures("qapp")

WORDS = Corners(
    top_left=(Words("Axial", name=True), Words("DOE, JANE · 4711")),
    top_right=(Words("CT"), Words("Series 3, Thin")),
    bottom_left=(Words("Image 23 of 40", role="disagree"), Words("H 52.5 mm")),
    bottom_right=(Words("W 1500  L −600"), Words("Zoom 1.0×  2.50 mm")),
)
LETTERS = EdgeLetters("R", "L", "A", "P")


def _levels(look: TextLook, words: Corners, ratio: float, at: float = 0.0) -> NDArray[np.int16]:
    """Return the colours of a grey viewport with words on it, [row, column, channel]."""
    picture = QImage(round(480 * ratio), round(300 * ratio), QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(ratio)
    picture.fill(0xFF909090)
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(at, at)
        area = QRectF(0, 0, 480, 300)
        beside = paint_corners(painter, area, words, look)
        paint_letters(painter, area, LETTERS, look, large=True)
        paint_scale_bar(painter, area, 0.3, look, beside)
    flat = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1, 4)
    return flat[..., :3].astype(np.int16)


@pytest.mark.parametrize(("ratio", "at"), [(1.0, 0.0), (2.0, 0.0), (2.0, 0.5), (1.25, 0.0), (1.0, 0.5)])
def test_words_are_the_same_the_first_time_again_and_drawn_in_place(
    request: pytest.FixtureRequest, theme: Theme, ratio: float, at: float
) -> None:
    look = TextLook(theme)
    first, again = _levels(look, WORDS, ratio, at), _levels(look, WORDS, ratio, at)
    assert np.ptp(first) > 100
    assert np.array_equal(first, again)
    request.getfixturevalue("nothing_kept")
    assert np.abs(_levels(look, WORDS, ratio, at) - first).max() <= 4


def test_what_changes_is_drawn_anew_and_the_rest_stays(theme: Theme) -> None:
    look = TextLook(theme)
    before = _levels(look, WORDS, 1.0)
    next_image = Corners(
        WORDS.top_left, WORDS.top_right, (Words("Image 24 of 40", role="disagree"), WORDS.bottom_left[1])
    )
    changed = (_levels(look, next_image, 1.0) != before).any(axis=2)
    assert changed[150:, :240].any()
    assert not changed[:150].any()
    other_role = Corners(WORDS.top_left, WORDS.top_right, (Words("Image 23 of 40"), WORDS.bottom_left[1]))
    assert (_levels(look, other_role, 1.0) != before)[150:, :240].any()


def test_on_a_larger_stage_words_are_larger(theme: Theme) -> None:
    small, large = (_levels(TextLook(theme, stage=True, scale=scale), WORDS, 1.0) for scale in (0.6, 0.8))
    rows = [int((levels != 0x90).any(axis=(1, 2))[:150].sum()) for levels in (small, large)]
    assert rows[1] > rows[0]


def test_the_scale_stands_above_the_text_where_it_would_be_a_dash_beside_it(theme: Theme) -> None:
    look, free, mm_per_px = TextLook(theme), QRectF(0, 3, 500, 487), 0.14
    picture = QImage(500, 490, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        words = Corners(bottom_right=(Words("W 1500  L −600"), Words("Zoom 3.1×  2.50 mm")))
        beside = paint_corners(painter, free, words, look)
        assert beside is not None
        scale = paint_scale_bar(painter, free, mm_per_px, look, beside)
    assert scale.width() >= 20 / mm_per_px
    assert not scale.intersects(beside)


@pytest.mark.parametrize("stage", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.5])
def test_no_scale_is_cut_at_the_edge_of_a_small_view(theme: Theme, stage: bool, scale: float) -> None:
    look = TextLook(theme, stage=stage, scale=scale)
    seen = 0
    for width in range(200, 800, 23):
        picture = QImage(width, 300, QImage.Format.Format_ARGB32_Premultiplied)
        with QPainter(picture) as painter:
            for mm_per_px in (0.05, 0.11, 0.23, 0.5, 1.1, 2.3):
                place = paint_scale_bar(painter, QRectF(0, 0, width, 300), mm_per_px, look)
                assert QRectF(0, 0, width, 300).contains(place) or place.isNull(), (width, mm_per_px)
                seen += not place.isNull()
    assert seen > 50


@pytest.mark.parametrize(("slab_mm", "words"), [(10.0, "Mean 10 mm"), (2.5, "Mean 2.5 mm"), (0.4, "Mean 0.4 mm")])
def test_a_slab_is_said_as_thick_as_it_is(slab_mm: float, words: str) -> None:
    grid = Grid.from_directions((9, 9, 9), origin_lps_mm=(0, 0, 0), spacing_mm=(1, 1, 1))
    assert slab_words(evolve(overview("1.2.3", grid), slab_mm=slab_mm, slab_mode=SlabMode.MEAN)) == words
