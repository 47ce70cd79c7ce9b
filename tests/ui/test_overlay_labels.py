"""Labels and maps over the images: in place to half a pixel, told apart, hidden, peeked under, kept as pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColor, QImage, QPainter

from viewer.domain.geometry import PlaneName
from viewer.domain.label_palette import LineStyle
from viewer.domain.labels import Mask
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.overlay_look import LabelLook
from viewer.domain.overlays import Label, LabelFacts, Overlays, Segmentation
from viewer.domain.view_state import Layout, OverlayMode, ViewName, ViewState, as_point, overview
from viewer.scene.acquired import scrolled_cursor, viewport_geometry
from viewer.ui.canvas.paint_frame import Look
from viewer.ui.canvas.paint_plane import PlanePainter
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.shown import DrawnMeasurement, Shown, shown_from, shown_in
from viewer.ui.canvas.tiles import Density, tiles
from viewer.ui.label_menu import LabelEntry, is_alone, label_entries, toggle_alone, toggle_hidden
from viewer.ui.review.label_list import facts_of, size_of
from viewer.ui.theme import Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from viewer.domain.finding import Finding
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume

WIDTH, HEIGHT = 420, 360
AXIAL = PlaneName.AXIAL
MIDDLE_K = 20


def box(i: tuple[int, int], j: tuple[int, int], k: tuple[int, int] = (15, 25)) -> Mask:
    """A box of voxels, both ends included."""
    return Mask((i[0], j[0], k[0]), np.ones((k[1] - k[0] + 1, j[1] - j[0] + 1, i[1] - i[0] + 1), dtype=bool))


def labels(*masks: Mask) -> Overlays:
    made = tuple(Label(f"label {n + 1}", f"Label {n + 1}", n, mask) for n, mask in enumerate(masks))
    return Overlays(Segmentation(made))


def looking(volume: Volume, *, height_mm: float = 80.0, mode: OverlayMode = OverlayMode.OUTLINE) -> ViewState:
    cursor = as_point(volume.stack.lps((59.37, 49.81, MIDDLE_K)))
    state = overview("1.2.3", volume.grid).looking_at(cursor, height_mm=height_mm)
    # Black all over: what is seen is drawn.
    return evolve(state, layout=Layout.SINGLE, main=ViewName.AXIAL, overlay=mode, window_centre=9000.0)


def painted(shown: Shown, planes: PlanePainter | None = None, ratio: float = 1.0) -> QImage:
    """A plane alone, without words."""
    image = QImage(round(WIDTH * ratio), round(HEIGHT * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    tile = tiles(Layout.SINGLE, shown.view.main, (float(WIDTH), float(HEIGHT)))[0]
    look = Look(TextLook(Theme(), stage=False), Density.LETTERS, decorated=False)
    with QPainter(image) as painter:
        (planes or PlanePainter()).paint(painter, tile, shown, look, first=False)
    return image


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(bytes(image.constBits()), np.uint8).reshape(image.height(), image.width(), 4)
    return flat[..., 2::-1].astype(int)


def edges_px(profile: np.ndarray) -> tuple[float, float]:
    """Where a row of brightness rises over and falls below half of its top, between pixel centres."""
    half = profile.max() / 2
    above = np.flatnonzero(profile >= half)
    first, last = int(above[0]), int(above[-1])
    rise = first - (profile[first] - half) / (profile[first] - profile[first - 1]) + 0.5
    fall = last + (profile[last] - half) / (profile[last] - profile[last + 1]) + 0.5
    return float(rise), float(fall)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("height_mm", [83.0, 47.3, 21.7])
def test_the_edge_of_a_filled_label_lies_within_half_a_pixel_of_its_voxels_faces(
    qapp: QApplication, small_ct_volume: Volume, height_mm: float, ratio: float
) -> None:
    volume = small_ct_volume
    state = looking(volume, height_mm=height_mm, mode=OverlayMode.FILL_ALONE)
    image = pixels(painted(shown_from(volume, state, overlays=labels(box((55, 64), (46, 53)))), ratio=ratio))
    geometry = viewport_geometry(volume, state, AXIAL, round(WIDTH * ratio), round(HEIGHT * ratio))
    left, top = geometry.screen_from_lps(volume.stack.lps((54.5, 45.5, MIDDLE_K)))
    right, bottom = geometry.screen_from_lps(volume.stack.lps((64.5, 53.5, MIDDLE_K)))
    bright = image.sum(axis=2)
    across = edges_px(bright[round((top + bottom) / 2)])
    down = edges_px(bright[:, round((left + right) / 2)])
    assert across == pytest.approx((left, right), abs=0.5)
    assert down == pytest.approx((top, bottom), abs=0.5)


@pytest.mark.parametrize("ratio", [1.0, 1.5])
@pytest.mark.parametrize("height_mm", [83.0, 47.3, 21.7])
def test_the_middle_of_an_outline_lies_within_half_a_pixel_of_the_voxels_faces(
    qapp: QApplication, small_ct_volume: Volume, height_mm: float, ratio: float
) -> None:
    volume = small_ct_volume
    state = looking(volume, height_mm=height_mm)
    image = pixels(painted(shown_from(volume, state, overlays=labels(box((55, 64), (46, 53)))), ratio=ratio))
    geometry = viewport_geometry(volume, state, AXIAL, round(WIDTH * ratio), round(HEIGHT * ratio))
    row = image[round(geometry.screen_from_lps(volume.stack.lps((60, 49.5, MIDDLE_K)))[1])].sum(axis=1)
    for i in (54.5, 64.5):
        x = geometry.screen_from_lps(volume.stack.lps((i, 49.5, MIDDLE_K)))[0]
        near = np.arange(max(0, int(x) - 6), min(len(row), int(x) + 8))
        assert row[near].sum() > 0
        assert float((row[near] * (near + 0.5)).sum() / row[near].sum()) == pytest.approx(x, abs=0.5)


@pytest.mark.parametrize("mode", [OverlayMode.OUTLINE, OverlayMode.FILL])
def test_labels_that_overlap_are_both_seen(qapp: QApplication, small_ct_volume: Volume, mode: OverlayMode) -> None:
    both = labels(box((45, 64), (40, 59)), box((55, 74), (45, 54)))
    state = looking(small_ct_volume, mode=mode)
    image = pixels(painted(shown_from(small_ct_volume, state, overlays=both)))
    geometry = viewport_geometry(small_ct_volume, state, AXIAL, WIDTH, HEIGHT)

    def at(i: float, j: float) -> np.ndarray:
        x, y = geometry.screen_from_lps(small_ct_volume.stack.lps((i, j, MIDDLE_K)))
        return np.asarray(image[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2].max(axis=(0, 1)))

    for label, place in zip(both.labels, ((64.5, 50.0), (54.5, 50.0)), strict=True):
        colour = QColor(label.colour)
        # Each line in the midst of the other label keeps its colour.
        assert np.abs(at(*place) - (colour.red(), colour.green(), colour.blue())).max() < 60
    if mode is OverlayMode.FILL:
        alone, mixed = at(50.0, 50.0), at(60.0, 50.0)
        assert alone.sum() > 0
        assert np.abs(mixed - alone).max() > 20


def test_outline_fill_and_both_differ(qapp: QApplication, small_ct_volume: Volume) -> None:
    over = labels(box((50, 69), (40, 59)))
    middle, rim = {}, {}
    for mode in (OverlayMode.OUTLINE, OverlayMode.FILL, OverlayMode.FILL_ALONE):
        state = looking(small_ct_volume, mode=mode)
        image = pixels(painted(shown_from(small_ct_volume, state, overlays=over)))
        geometry = viewport_geometry(small_ct_volume, state, AXIAL, WIDTH, HEIGHT)
        x, y = (round(v) for v in geometry.screen_from_lps(small_ct_volume.stack.lps((59.5, 49.5, MIDDLE_K))))
        left = round(geometry.screen_from_lps(small_ct_volume.stack.lps((49.5, 49.5, MIDDLE_K)))[0])
        middle[mode], rim[mode] = image[y, x].sum(), image[y, left - 3 : left + 3].sum(axis=1).max()
    assert middle[OverlayMode.OUTLINE] == 0
    assert middle[OverlayMode.FILL] == middle[OverlayMode.FILL_ALONE] > 0
    assert rim[OverlayMode.OUTLINE] > 2 * rim[OverlayMode.FILL_ALONE]


def test_255_labels_are_all_drawn(qapp: QApplication, small_ct_volume: Volume) -> None:
    masks = [box((2 + 7 * (n % 16), 5 + 7 * (n % 16)), (1 + 6 * (n // 16), 4 + 6 * (n // 16))) for n in range(255)]
    over = labels(*masks)
    state = looking(small_ct_volume, height_mm=110.0, mode=OverlayMode.FILL_ALONE)
    image = pixels(painted(shown_from(small_ct_volume, state, overlays=over)))
    geometry = viewport_geometry(small_ct_volume, state, AXIAL, WIDTH, HEIGHT)
    seen = 0
    for mask, label in zip(masks, over.labels, strict=True):
        centre = np.array(mask.first_ijk[:2]) + 1.5
        x, y = (int(v) for v in geometry.screen_from_lps(small_ct_volume.stack.lps((*centre, MIDDLE_K))))
        if 0 <= x < WIDTH and 0 <= y < HEIGHT:
            colour = QColor(label.colour)
            wanted = np.array((colour.red(), colour.green(), colour.blue())) * 0.3
            assert image[y, x] == pytest.approx(wanted, abs=3)
            seen += 1
    assert seen == 255


def test_a_label_takes_the_colour_and_opacity_that_were_chosen(qapp: QApplication, small_ct_volume: Volume) -> None:
    over = labels(box((50, 69), (40, 59)))
    state = looking(small_ct_volume, mode=OverlayMode.FILL_ALONE)
    state = evolve(state, label_looks=(LabelLook("label 1", "#B4F000", 0.6),))
    image = pixels(painted(shown_from(small_ct_volume, state, overlays=over)))
    assert image[HEIGHT // 2, WIDTH // 2] == pytest.approx(np.array((0xB4, 0xF0, 0x00)) * 0.6, abs=3)


def test_findings_take_the_colour_of_their_label_but_the_selected_one_stays_the_selection(
    qapp: QApplication, small_ct_volume: Volume, small_ct_lesion: Finding
) -> None:
    state = looking(small_ct_volume).looking_at(as_point(small_ct_lesion.centre_lps_mm))
    state = evolve(state, label_looks=(LabelLook("nodule", "#B4F000"),))

    def count(colour: QColor, state: ViewState) -> int:
        image = pixels(painted(shown_from(small_ct_volume, state, findings=(small_ct_lesion,))))
        wanted = (colour.red(), colour.green(), colour.blue())
        return int((np.abs(image - wanted).max(axis=2) < 40).sum())

    accent, lime = Theme().on_anatomy("accent"), QColor("#B4F000")
    assert count(lime, state) > 50 > count(accent, state)
    selected = evolve(state, selected_finding="lesion")
    assert count(accent, selected) > 50 > count(lime, selected)


def with_labels(session: Session, *masks: Mask) -> None:
    session.overlays = labels(*masks)


def test_a_label_is_hidden_shown_alone_and_brought_back(session: Session) -> None:
    with_labels(session, box((10, 20), (10, 20)), box((30, 40), (10, 20)), box((50, 60), (10, 20)))

    def seen() -> list[str]:
        shown = shown_in(session)
        assert shown is not None
        return sorted(label.name for label in shown.labels)

    toggle_hidden(session, "label 2")
    assert seen() == ["Label 1", "Label 3"]
    toggle_alone(session, "label 2")
    assert seen() == ["Label 2"]
    assert is_alone(session, "label 2")
    # Nothing that was found is out of sight for it.
    assert [finding.id for finding in session.shown_findings] == ["lesion"]
    toggle_alone(session, "label 2")
    assert seen() == ["Label 1", "Label 2", "Label 3"]


def test_labels_of_findings_are_listed_once_there_are_several(session: Session, small_ct_lesion: Finding) -> None:
    assert label_entries(session, "#DCE1E6") == ()
    session.findings = (small_ct_lesion, evolve(small_ct_lesion, id="other", label_key="cyst", label="Cyst"))
    assert [entry.name for entry in label_entries(session, "#DCE1E6")] == ["Nodule", "Cyst"]


def scattered() -> tuple[Mask, ...]:
    rng = np.random.default_rng(4)
    made = []
    for _ in range(6):
        i, j = int(rng.integers(35, 70)), int(rng.integers(30, 60))
        k, jj, ii = np.indices((9, 17, 17))
        mask = Mask.from_full(((ii - 8) / 8) ** 2 + ((jj - 8) / 7) ** 2 + ((k - 4) / 5) ** 2 < 1)
        assert mask is not None
        made.append(Mask((i + mask.first_ijk[0], j + mask.first_ijk[1], 16 + mask.first_ijk[2]), mask.voxels))
    return tuple(made)


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_a_picture_that_was_made_ahead_is_the_one_that_would_have_been_drawn(
    qapp: QApplication, small_ct_volume: Volume, small_ct_lesion: Finding, ratio: float
) -> None:
    volume, over = small_ct_volume, labels(*scattered())
    planes = PlanePainter(works_ahead=True)
    state = looking(volume, mode=OverlayMode.FILL)
    for _ in range(4):
        painted(shown_from(volume, state, findings=(small_ct_lesion,), overlays=over), planes, ratio)
        for _ in range(400):
            if not planes.working_ahead:
                break
            QCoreApplication.processEvents()
        assert not planes.working_ahead
        state = evolve(state, cursor_lps_mm=scrolled_cursor(volume, state, AXIAL, 1))
        shown = shown_from(volume, state, findings=(small_ct_lesion,), overlays=over)
        kept, fresh = pixels(painted(shown, planes, ratio)), pixels(painted(shown, ratio=ratio))
        assert np.abs(kept - fresh).max() <= 3
        assert fresh.sum() > 0
    planes.clear()


def test_what_is_chosen_anew_is_drawn_anew(qapp: QApplication, small_ct_volume: Volume) -> None:
    over, planes = labels(*scattered()), PlanePainter()
    state = looking(small_ct_volume, mode=OverlayMode.FILL)
    for _ in range(3):
        first = pixels(painted(shown_from(small_ct_volume, state, overlays=over), planes))
    changes: tuple[dict[str, object], ...] = (
        {"label_looks": (LabelLook("label 1", "#B4F000", 0.6),)},
        {"hidden_labels": ("label 2",)},
        {"overlay": OverlayMode.OUTLINE},
    )
    for changed in changes:
        state = evolve(state, **changed)
        shown = shown_from(small_ct_volume, state, overlays=over)
        again = pixels(painted(shown, planes))
        assert np.abs(again - pixels(painted(shown))).max() <= 3
        assert np.abs(again - first).max() > 20
        first = again


def test_measurements_that_are_kept_as_a_picture_look_as_when_they_were_drawn(
    qapp: QApplication, small_ct_volume: Volume
) -> None:
    state = looking(small_ct_volume)
    stack = small_ct_volume.stack
    measured = tuple(
        DrawnMeasurement(
            Measurement(
                id=f"m{n}",
                kind=MeasurementKind.LENGTH,
                points_lps_mm=(
                    as_point(stack.lps((40 + 3 * n, 35 + 4 * n, MIDDLE_K))),
                    as_point(stack.lps((60 + 3 * n, 38 + 4 * n, MIDDLE_K))),
                ),
                plane=AXIAL,
                right=(1.0, 0.0, 0.0),
                down=(0.0, 1.0, 0.0),
            ),
            in_hand=n == 1,
        )
        for n in range(4)
    )
    planes = PlanePainter()
    shown = evolve(shown_from(small_ct_volume, state), measured=measured)
    fresh = pixels(painted(shown, planes))
    for _ in range(2):
        assert np.abs(pixels(painted(shown, planes)) - fresh).max() <= 3
    assert fresh.sum() > 0
    moved = evolve(shown, measured=measured[:3])
    assert np.abs(pixels(painted(moved, planes)) - pixels(painted(moved))).max() <= 3


@pytest.mark.parametrize("kind", [MeasurementKind.LENGTH, MeasurementKind.RECTANGLE, MeasurementKind.ARROW])
def test_what_lies_below_the_end_of_a_measurement_in_hand_is_seen(
    qapp: QApplication, small_ct_volume: Volume, kind: MeasurementKind
) -> None:
    state, stack = looking(small_ct_volume), small_ct_volume.stack
    ends = (as_point(stack.lps((40, 35, MIDDLE_K))), as_point(stack.lps((66, 52, MIDDLE_K))))
    measured = Measurement("m", kind, ends, AXIAL, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    shown = shown_from(small_ct_volume, state)
    bare = pixels(painted(shown))
    held = pixels(painted(evolve(shown, measured=(DrawnMeasurement(measured, in_hand=True),))))
    inked = np.abs(held - bare).sum(axis=2) > 0
    geometry = viewport_geometry(small_ct_volume, state, AXIAL, WIDTH, HEIGHT)
    for x, y in geometry.screen_points(ends).tolist():
        rows, columns = np.indices(inked.shape)
        away = np.hypot(columns + 0.5 - x, rows + 0.5 - y)
        assert not inked[away < 1.5].any()
        assert inked[(away > 3) & (away < 5)].mean() > 0.5


def test_a_turned_plane_shows_labels_where_it_cuts_them(qapp: QApplication, small_ct_volume: Volume) -> None:
    from viewer.scene.turned_planes import turned_about

    volume, mask = small_ct_volume, box((45, 74), (35, 64), (5, 35))
    state = looking(volume, mode=OverlayMode.FILL_ALONE, height_mm=70.0)
    state = turned_about(state, PlaneName.SAGITTAL, math.radians(30))
    image = pixels(painted(shown_from(volume, state, overlays=labels(mask)))).sum(axis=2) > 0
    geometry = viewport_geometry(volume, state, AXIAL, WIDTH, HEIGHT)
    corner, right, down = (np.array(geometry.lps_from_screen(*at)) for at in ((0.5, 0.5), (1.5, 0.5), (0.5, 1.5)))
    rows, columns = np.indices(image.shape)
    ijk = volume.grid.ijk(corner + columns[..., None] * (right - corner) + rows[..., None] * (down - corner))
    low, high = np.array((44.5, 34.5, 4.5)), np.array((74.5, 64.5, 35.5))
    apart = np.minimum(ijk - low, high - ijk).min(axis=-1)
    # Along slices 2.5 mm apart, the surface is known to half of that; within the voxels' plane far better.
    assert image[apart > 0.5].all()
    assert not image[apart < -0.5].any()


def test_a_label_on_one_image_alone_says_that_it_has_no_volume() -> None:
    alone = Label("1", "Liver", 0, Mask((0, 0, 0), np.ones((1, 2, 2), dtype=bool)), LabelFacts(None, 60.0, 9.0, 31, 88))
    entry = LabelEntry("1", "Liver", "#ffffff", LineStyle.SOLID, alone)
    assert size_of(entry) == ""
    assert facts_of(entry, "HU") == ("No volume: one image alone", "Mean 60 ± 9 HU, 31 to 88")
