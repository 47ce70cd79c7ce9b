from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from viewer.analysis.regrid import regridded
from viewer.domain.decision import Answer, Decision
from viewer.domain.finding import Finding, Matching, MatchRule, MatchState, Source, SourceKind
from viewer.domain.geometry import PlaneName, Verdict
from viewer.domain.job import JobContext
from viewer.domain.labels import Mask
from viewer.domain.session import Session, Workspace
from viewer.domain.view_state import Layout, OverlayMode, ViewName, ViewState, as_point, overview
from viewer.domain.volume import Volume
from viewer.io.assemble import assemble
from viewer.io.scan import scan
from viewer.services.reader_marks import mark_at
from viewer.ui.canvas import CanvasStyle, shown_from
from viewer.ui.canvas.frame_places import frame_places
from viewer.ui.canvas.paint_overlay import label_place, paint_long_axis
from viewer.ui.canvas.paint_text import TextLook
from viewer.ui.canvas.shown import shown_in
from viewer.ui.canvas.tiles import tiles
from viewer.ui.marks import Mark
from viewer.ui.snapshot import DESK_BAR_PX, picture
from viewer.ui.theme import Theme

SIZE = (640, 480 + DESK_BAR_PX)
RULE = MatchRule()


def close_to(image: QImage, colour: QColor, tolerance: int = 40) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Where the picture has a colour, [row, column]."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(bytes(image.constBits()), np.uint8).reshape(image.height(), image.width(), 4)
    wanted = np.array([colour.blue(), colour.green(), colour.red()])
    return np.asarray(np.abs(pixels[..., :3].astype(int) - wanted).max(axis=2) <= tolerance)


def alone(view: ViewState, plane: PlaneName, height_mm: float = 60.0) -> ViewState:
    state = view.looking_at(view.cursor_lps_mm, height_mm=height_mm)
    return evolve(state, layout=Layout.SINGLE, main=ViewName(plane.value))


def drawn(volume: Volume, view: ViewState, finding: Finding, **more: object) -> QImage:
    return picture(volume, view, (finding,), SIZE, style=CanvasStyle.REVIEW, **more)


def voxels_under(
    volume: Volume, view: ViewState, plane: PlaneName, mask: Mask
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which screen pixels lie over marked voxels, [row, column]: worked out voxel by voxel, not by the program."""
    width, height = SIZE[0], SIZE[1] - DESK_BAR_PX
    tile = tiles(Layout.SINGLE, ViewName(plane.value), (width, height))[0]
    geometry = tile.geometry(volume, view, plane)
    full = mask.full(volume.stack.shape_kji)
    corner, across, down = (np.array(geometry.lps_from_screen(*at)) for at in ((0.5, 0.5), (1.5, 0.5), (0.5, 1.5)))
    rows, columns = np.indices((height, width))[..., None]
    points = corner + columns * (across - corner) + rows * (down - corner)
    stack = volume.stack
    k = np.argmin(np.abs((points @ stack.normal)[..., None] - stack.heights_mm), axis=-1)
    offset = points - stack.positions_lps_mm[k]
    i = np.floor(offset @ stack.row_direction / stack.pixel_spacing_mm[0] + 0.5).astype(int)
    j = np.floor(offset @ stack.column_direction / stack.pixel_spacing_mm[1] + 0.5).astype(int)
    inside = (i >= 0) & (j >= 0) & (i < stack.size_ij[0]) & (j < stack.size_ij[1])
    under = np.zeros((height, width), dtype=bool)
    under[inside] = full[k[inside], j[inside], i[inside]]
    return under


def rim(
    under: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], reach: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Pixels within `reach` of the border between inside and outside."""
    grown, shrunk = under.copy(), under.copy()
    for _ in range(reach):
        padded_out, padded_in = np.pad(grown, 1), np.pad(shrunk, 1)
        grown = padded_out[1:-1, 1:-1] | padded_out[:-2, 1:-1] | padded_out[2:, 1:-1]
        grown |= padded_out[1:-1, :-2] | padded_out[1:-1, 2:]
        shrunk = padded_in[1:-1, 1:-1] & padded_in[:-2, 1:-1] & padded_in[2:, 1:-1]
        shrunk &= padded_in[1:-1, :-2] & padded_in[1:-1, 2:]
    return grown & ~shrunk


@pytest.mark.parametrize("plane", list(PlaneName))
def test_the_outline_lies_where_the_mask_ends(
    qapp: QApplication, session: Session, small_ct_lesion: Finding, plane: PlaneName
) -> None:
    volume, view = session.volume, session.view
    assert volume is not None
    assert view is not None
    assert small_ct_lesion.mask is not None
    state = evolve(alone(view, plane), selected_finding="lesion", cursor_lps_mm=view.cursor_lps_mm)
    point = evolve(small_ct_lesion, long_axis_lps_mm=None)
    line = close_to(drawn(volume, state, point), Theme().on_anatomy("accent"))[: SIZE[1] - DESK_BAR_PX]
    under = voxels_under(volume, state, plane, small_ct_lesion.mask)
    # Contours run half-way between voxel centres: within half a voxel's diagonal of the voxels' faces.
    voxel_px = max(volume.grid.spacing_mm) / (60 / (SIZE[1] - DESK_BAR_PX))
    near = rim(under, round(voxel_px * 0.71) + 4)
    assert line.sum() > 200
    assert (line & near).sum() / line.sum() > 0.99
    # and goes all the way round: seen from the middle, every direction meets it.
    rows, columns = np.nonzero(line)
    middle = np.argwhere(under).mean(axis=0)
    angles = np.degrees(np.arctan2(rows - middle[0], columns - middle[1])) % 360
    assert len(set((angles // 15).astype(int))) == 24


def test_overlay_off_draws_nothing_and_fill_tints_at_most_a_third(
    qapp: QApplication, session: Session, small_ct_lesion: Finding
) -> None:
    volume, view = session.volume, session.view
    assert volume is not None
    assert view is not None
    state = evolve(alone(view, PlaneName.AXIAL), selected_finding="lesion", window_centre=300.0, window_width=1200.0)
    off = drawn(volume, evolve(state, overlay=OverlayMode.OFF), small_ct_lesion)
    without = picture(volume, state, (), SIZE, style=CanvasStyle.REVIEW)
    assert off == without
    filled = drawn(volume, evolve(state, overlay=OverlayMode.FILL, fill_opacity=0.9), small_ct_lesion)
    middle = (SIZE[0] // 2 + 40, (SIZE[1] - DESK_BAR_PX) // 2 + 30)
    before, after = off.pixelColor(*middle), filled.pixelColor(*middle)
    accent = Theme().on_anatomy("accent")
    share = (after.red() - before.red()) / (accent.red() - before.red())
    assert 0.2 < share <= 0.32  # 30 % in steps of 1/255


def test_a_missed_lesion_is_dotted_about_a_millimetre_outside(
    qapp: QApplication, session: Session, small_ct_lesion: Finding
) -> None:
    volume, view = session.volume, session.view
    assert volume is not None
    assert view is not None
    truth = evolve(small_ct_lesion, id="true", source=Source(SourceKind.TRUTH, "truth"))
    matching = Matching(0.5, {}, {"true": MatchState.MISSED}, (), {}, RULE)
    state = alone(view, PlaneName.AXIAL)
    image = picture(
        volume, state, (), SIZE, style=CanvasStyle.REVIEW, truth=(truth,), matching=matching, inspecting=True
    )
    dots = close_to(image, Theme().on_anatomy("open"), 20)[: SIZE[1] - DESK_BAR_PX]
    assert truth.mask is not None
    under = voxels_under(volume, state, PlaneName.AXIAL, truth.mask)
    rows, columns = np.nonzero(dots)
    assert len(rows) > 100
    assert (dots & ~under).sum() / dots.sum() > 0.95
    px_per_mm = (SIZE[1] - DESK_BAR_PX) / 60
    distance_px = np.hypot(rows - np.argwhere(under).mean(0)[0], columns - np.argwhere(under).mean(0)[1])
    assert np.median(distance_px) / px_per_mm == pytest.approx(9.0 + 1.0, abs=0.6)


def test_a_reader_s_mark_stays_on_the_picture_while_another_finding_is_in_hand_and_a_missed_lesion_does_not(
    qapp: QApplication, session: Session, small_ct_lesion: Finding
) -> None:
    volume, view = session.volume, session.view
    assert volume is not None
    assert view is not None
    place = as_point(small_ct_lesion.centre_lps_mm + (15.0, 10.0, 0.0))
    mark = mark_at(place, "Dr Example", missed=True)
    truth = evolve(small_ct_lesion, id="true", source=Source(SourceKind.TRUTH, "truth"))
    matching = Matching(0.5, {mark.id: MatchState.FALSE_POSITIVE}, {"true": MatchState.MISSED}, (), {}, RULE)
    state = evolve(alone(view, PlaneName.AXIAL), selected_finding="lesion", show_truth=False)

    def with_findings(*findings: Finding, **more: object) -> QImage:
        of = {"truth": (truth,), "matching": matching, "style": CanvasStyle.REVIEW}
        return picture(volume, evolve(state, **more), findings, SIZE, **of)

    without = with_findings(small_ct_lesion)
    assert without == picture(volume, state, (small_ct_lesion,), SIZE, style=CanvasStyle.REVIEW)
    assert close_to(with_findings(small_ct_lesion, mark), Theme().on_anatomy("open"), 20).sum() > 50
    off = {"overlay": OverlayMode.OFF}
    assert with_findings(small_ct_lesion, mark, **off) == with_findings(small_ct_lesion, **off)


def test_a_story_is_told_with_the_marks_that_its_case_carries_and_not_with_those_that_were_set_here(
    session: Session, small_ct_lesion: Finding
) -> None:
    place = as_point(small_ct_lesion.centre_lps_mm + (15.0, 10.0, 0.0))
    carried, own = mark_at(place, "Dr Story", missed=True), mark_at(place, "Dr Here", missed=True)
    session.carried, session.findings = (carried,), (small_ct_lesion, carried, own)

    def drawn() -> set[str]:
        shown = shown_in(session)
        assert shown is not None
        return {each.finding.id for each in shown.drawn}

    assert drawn() == {"lesion", carried.id, own.id}
    session.workspace = Workspace.PRESENT
    assert drawn() == {"lesion", carried.id}
    assert session.view is not None
    session.view = evolve(session.view, selected_finding=own.id)
    assert drawn() == {"lesion", carried.id, own.id}


def test_decisions_and_matches_choose_the_state(session: Session, small_ct_lesion: Finding) -> None:
    volume, view = session.volume, session.view
    assert volume is not None
    assert view is not None

    def state(**more: object) -> Mark:
        return shown_from(volume, view, findings=(small_ct_lesion,), **more).drawn[0].mark

    now = datetime(2026, 1, 1, tzinfo=UTC)
    decisions = {"lesion": Decision("lesion", Answer.REJECTED, "A", "", now)}
    matching = Matching(0.5, {"lesion": MatchState.TRUE_POSITIVE}, {}, (), {}, RULE)
    assert state() is Mark.TO_DECIDE
    assert state(decisions=decisions) is Mark.REJECTED
    assert state(decisions=decisions, matching=matching) is Mark.REJECTED
    assert state(decisions=decisions, matching=matching, inspecting=True) is Mark.TRUE_POSITIVE


def test_truth_that_was_found_is_drawn_on_demand_only(session: Session, small_ct_lesion: Finding) -> None:
    volume, view = session.volume, session.view
    assert volume is not None
    assert view is not None
    truth = evolve(small_ct_lesion, id="true", source=Source(SourceKind.TRUTH, "truth"))
    matching = Matching(0.5, {}, {"true": MatchState.FOUND}, (), {}, RULE)
    hidden = shown_from(volume, view, truth=(truth,), matching=matching, inspecting=True)
    assert hidden.drawn == ()
    asked = shown_from(volume, evolve(view, show_truth=True), truth=(truth,), matching=matching)
    assert [d.mark for d in asked.drawn] == [Mark.TRUTH]


def test_a_label_lies_beside_its_finding_inside_the_view_and_over_no_other() -> None:
    finding = QRectF(100, 200, 40, 40)
    size, viewport = QSizeF(80, 24), QRectF(0, 0, 500, 500)
    free = label_place(finding, size, viewport, [finding])
    assert not free.intersects(finding)
    other = QRectF(QPointF(free.x() - 5, free.y() - 5), QSizeF(60, 60))
    elsewhere = label_place(finding, size, viewport, [finding, other])
    assert not elsewhere.intersects(other)
    assert not elsewhere.intersects(finding)
    at_edge = label_place(QRectF(440, 60, 40, 40), size, viewport, [])
    assert QRectF(0, 0, 500, 500).contains(at_edge)


@pytest.mark.parametrize("viewport", [(230, 420), (600, 300)])
def test_the_length_of_what_fills_a_view_is_still_read_whole(viewport: tuple[int, int]) -> None:
    finding = QRectF(-40, -20, viewport[0] + 80, viewport[1] + 40)
    seen = QRectF(0, 0, *viewport)
    assert seen.contains(label_place(finding, QSizeF(96, 24), seen, [finding]))
    tall = QRectF(20, -20, viewport[0] - 40, viewport[1] + 40)
    assert seen.contains(label_place(tall, QSizeF(96, 24), seen, [tall]))


def test_outlines_and_pointer_agree_on_a_tilted_head_scan(qapp: QApplication, real_data: Path) -> None:
    found = scan(real_data / "a01_head_ge_tilt_uneven", JobContext())
    volume = assemble(max(found.series, key=lambda entry: entry.count), JobContext())
    assert volume.verdict is Verdict.RESAMPLED
    volume = regridded(volume, JobContext())
    bone = np.zeros(volume.stack.shape_kji, dtype=bool)
    middle = volume.stack.count // 2
    bone[middle - 2 : middle + 3] = volume.slices[middle - 2 : middle + 3] > 300
    mask = Mask.from_full(bone)
    assert mask is not None
    centre = volume.stack.lps((volume.stack.size_ij[0] / 2, volume.stack.size_ij[1] / 2, middle))
    view = overview(volume.series.series_uid, volume.grid, window_centre=480, window_width=2500)
    state = evolve(view, cursor_lps_mm=as_point(centre), selected_finding="b", layout=Layout.SINGLE)
    finding = Finding(
        id="b",
        tracking_uid="",
        label_key="bone",
        label="Bone",
        source=Source(SourceKind.MODEL, "rules", rules=True),
        centre_lps_mm=centre,
        bounds_lps_mm=volume.grid.bounds_lps_mm,
        mask=mask,
    )
    line = close_to(drawn(volume, state, finding), Theme().on_anatomy("accent"))[: SIZE[1] - DESK_BAR_PX]
    under = voxels_under(volume, state, PlaneName.AXIAL, mask)
    assert under.any()
    assert line.sum() > 500
    assert (line & rim(under, 6)).sum() / line.sum() > 0.9


def test_a_label_stays_inside_a_viewport_too_narrow_for_it_beside_the_finding() -> None:
    viewport = QRectF(0, 0, 180, 200)
    place = label_place(QRectF(60, 60, 70, 70), QSizeF(110, 24), viewport, [])
    assert viewport.contains(place)


@pytest.mark.parametrize("viewport", [(240, 190), (270, 180), (467, 290), (935, 560)])
def test_a_length_stands_on_no_letter(theme: Theme, viewport: tuple[int, int]) -> None:
    seen = QRectF(0, 0, *viewport)
    letters = frame_places(*viewport, TextLook(theme))[1:3]
    for x in range(0, viewport[0] - 40, 17):
        for y in range(0, viewport[1] - 40, 17):
            place = label_place(QRectF(x, y, 40, 40), QSizeF(66, 24), seen, [QRectF(x, y, 40, 40)])
            assert not any(place.intersects(letter) for letter in letters), (x, y)


@pytest.mark.parametrize(("viewport", "told"), [((183, 100), False), ((232, 185), True), ((600, 500), True)])
def test_a_length_that_would_hide_its_finding_is_left_out(
    small_ct_volume: Volume, small_ct_lesion: Finding, session: Session, viewport: tuple[int, int], told: bool
) -> None:
    assert session.view is not None
    state = alone(session.view, PlaneName.AXIAL, height_mm=viewport[1] * 0.6)
    geometry = tiles(Layout.SINGLE, ViewName.AXIAL, viewport)[0].geometry(small_ct_volume, state, PlaneName.AXIAL)
    middle = QPointF(*geometry.screen_from_lps(small_ct_lesion.centre_lps_mm))
    bounds = QRectF(middle.x() - 16, middle.y() - 16, 32, 32)
    image = QImage(*viewport, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    shown = shown_from(small_ct_volume, state, findings=(small_ct_lesion,))
    with QPainter(image) as painter:
        paint_long_axis(painter, small_ct_lesion, shown, geometry, bounds, TextLook(Theme()), [bounds])
    dark = close_to(image, QColor("black"), 100)
    box = bounds.toRect()
    over = dark[box.top() : box.bottom(), box.left() : box.right()].sum()
    assert over < 0.15 * box.width() * box.height()
    assert bool(dark.sum() - over > 600) is told
