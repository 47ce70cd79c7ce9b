"""Measurements are kept with the decisions, come back, are undone in one history, and can be gone to."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve

from tests.services.test_reviewing import Desk, volume
from tests.tilted_series import tilted_volume
from viewer.domain.decision import Answer
from viewer.domain.errors import StorageError
from viewer.domain.geometry import PLANE_AXES, PlaneAxes, PlaneName, Verdict
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import OverlayMode, as_point
from viewer.scene.acquired import shown_axes, viewport_geometry
from viewer.scene.turned_planes import turned_about
from viewer.services.measuring import Measuring, turned_by, why_not_measured
from viewer.services.navigation import Motion
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Bench(Desk):
    """A reader who measures."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.measuring = Measuring(self.session, self.navigation, self.reviewing)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def length(ident: str = "a", z: float = 10.0, far: float = 10.0, part: str = "") -> Measurement:
    axes = PLANE_AXES[PlaneName.AXIAL]
    points = ((0.0, 0.0, z), (far, 0.0, z))
    return Measurement(
        ident, MeasurementKind.LENGTH, points, PlaneName.AXIAL, as_point(axes.right), as_point(axes.down), part
    )


def test_a_measurement_is_there_again_after_a_restart(tmp_path: Path) -> None:
    first = Bench(tmp_path)
    first.measuring.keep(length("a"))
    first.measuring.keep(length("b", z=20.0))
    first.measuring.keep(length("a", far=25.0))
    first.measuring.remove("b")
    first.close()
    second = Bench(tmp_path)
    assert second.session.measurements == (length("a", far=25.0),)
    second.reviewing.undo()
    assert [m.id for m in second.session.measurements] == ["a", "b"]
    second.close()


def test_undo_takes_back_decisions_and_measurements_in_the_order_they_were_made(bench: Bench) -> None:
    bench.measuring.keep(length("a"))
    bench.reviewing.select("f1")
    bench.navigation.finish()
    bench.reviewing.decide(Answer.ACCEPTED)
    bench.measuring.keep(length("a", far=30.0))
    bench.reviewing.undo()
    assert bench.session.measurements == (length("a"),)
    assert bench.answers() == {"f1": Answer.ACCEPTED}
    bench.reviewing.undo()
    assert bench.answers() == {}
    bench.reviewing.undo()
    assert bench.session.measurements == ()
    for _ in range(3):
        bench.reviewing.redo()
    assert bench.session.measurements == (length("a", far=30.0),)
    assert bench.answers() == {"f1": Answer.ACCEPTED}


def test_a_measurement_is_no_finding_and_no_decision(bench: Bench) -> None:
    before = [f.id for f in bench.session.findings]
    bench.measuring.keep(length("a"))
    bench.reviewing.select("f1")
    bench.navigation.finish()
    bench.reviewing.decide(Answer.REJECTED)
    assert [f.id for f in bench.session.findings] == before
    assert bench.answers() == {"f1": Answer.REJECTED}
    assert bench.journal.marks("1.2.3") == ()


def test_what_is_undone_out_of_sight_is_gone_to_and_what_is_in_sight_stays(bench: Bench) -> None:
    bench.measuring.keep(length("a", z=10.0))
    bench.measuring.keep(length("a", z=10.0, far=20.0))
    view = bench.session.view
    assert view is not None
    elsewhere = evolve(view, cursor_lps_mm=(0.0, 0.0, 30.0))
    bench.session.view = elsewhere
    bench.reviewing.undo()
    bench.navigation.finish()
    assert bench.session.view is not None
    assert bench.session.view.cursor_lps_mm[2] == pytest.approx(10.0)
    beside = evolve(bench.session.view, cursor_lps_mm=(-20.0, 11.0, 10.0))
    bench.session.view = beside
    bench.reviewing.redo()
    bench.navigation.finish()
    assert bench.session.view == beside
    assert bench.session.measurement_in_hand == "a"


def test_a_measurement_that_cannot_be_written_is_kept_and_written_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, full = bench.journal.measure, [True]

    def measure(*what: Any, **more: Any) -> object:
        if full:
            raise StorageError("The disk is full.")
        return write(*what, **more)

    monkeypatch.setattr(bench.journal, "measure", measure)
    bench.measuring.keep(length("a"))
    assert bench.session.measurements == (length("a"),)
    assert [error.sentence for error in bench.errors] == ["The disk is full."]
    assert bench.reviewing.unsaved == 1
    # Findings that come meanwhile read the journal again.
    bench.session.findings = bench.session.findings[:1]
    assert bench.session.measurements == (length("a"),)
    full.clear()
    bench.reviewing.retry()
    assert bench.reviewing.unsaved == 0
    assert bench.journal.measurements("1.2.3") == (length("a"),)


def test_going_to_a_measurement_shows_its_image_and_keeps_zoom_and_window(bench: Bench) -> None:
    bench.measuring.keep(length("a", z=8.0))
    view = bench.session.view
    assert view is not None
    bench.session.view = evolve(view, cursor_lps_mm=(20.0, 20.0, 30.0), window_width=80.0)
    bench.measuring.show("a")
    bench.navigation.finish()
    now = bench.session.view
    assert now is not None
    assert now.cursor_lps_mm == (5.0, 0.0, 8.0)
    assert now.axial == view.axial
    assert now.window_width == 80.0
    assert bench.session.measurement_in_hand == "a"


def test_a_measurement_on_a_tilted_slice_is_gone_to_as_acquired(bench: Bench) -> None:
    opened = tilted_volume(size=(60, 60))
    bench.session.volume = opened
    bench.session.view = view_of_volume(opened)
    stack = opened.stack
    ends = tuple(as_point(stack.lps((i, 20, 2))) for i in (10, 30))
    drawn = Measurement(
        "t",
        MeasurementKind.LENGTH,
        ends,
        PlaneName.AXIAL,
        as_point(stack.row_direction),
        as_point(stack.column_direction),
    )
    bench.measuring.keep(drawn)
    bench.measuring.show("t")
    bench.navigation.finish()
    view = bench.session.view
    assert view is not None
    assert view.acquired
    assert stack.nearest_slice(view.cursor_lps_mm) == 2


@pytest.mark.parametrize("about", PlaneName)
def test_a_measurement_on_a_turned_plane_is_gone_to_by_turning_it_again(bench: Bench, about: PlaneName) -> None:
    opened, view = bench.session.volume, bench.session.view
    assert opened is not None
    assert view is not None
    # The last is half a turn where both are about one direction.
    for turn in (0.5, 2.4, -1.1, math.pi - 0.3):
        turned = turned_about(turned_about(view, about, turn), PlaneName.CORONAL, 0.3)
        for plane in PlaneName:
            axes = shown_axes(opened, turned, plane)
            ends = (as_point(np.array([1.0, 2.0, 18.0])), as_point(np.array([1.0, 2.0, 18.0]) + 9 * axes.right))
            drawn = Measurement(
                f"{about}{turn}{plane}", MeasurementKind.LENGTH, ends, plane, as_point(axes.right), as_point(axes.down)
            )
            bench.measuring.keep(drawn)
            bench.session.view = view
            bench.measuring.show(drawn.id)
            bench.navigation.finish()
            assert bench.session.view is not None
            again = shown_axes(opened, bench.session.view, plane)
            for way in ("right", "down", "into"):
                assert getattr(again, way) == pytest.approx(getattr(axes, way), abs=1e-6)
            assert bench.session.view.cursor_lps_mm == pytest.approx(drawn.centre_lps_mm)


KINDS_OF_VOLUME = {
    "even": volume,
    "tilted": partial(tilted_volume, size=(60, 60)),
    "uneven": partial(tilted_volume, tilt_deg=0.0, size=(60, 60)),
}


@pytest.mark.parametrize("acquired", [False, True])
@pytest.mark.parametrize("kind", KINDS_OF_VOLUME)
def test_whatever_a_measurement_was_drawn_on_going_to_it_shows_that_image_and_leaves_what_shows_it_already(
    bench: Bench, kind: str, acquired: bool
) -> None:
    opened = KINDS_OF_VOLUME[kind]()
    bench.session.volume = opened
    view = evolve(view_of_volume(opened), acquired=acquired)
    turned = turned_about(evolve(view, acquired=False), PlaneName.SAGITTAL, 0.3)
    stack, grid = opened.stack, opened.grid
    on_slice = PlaneAxes(stack.row_direction, stack.column_direction, stack.normal)
    middle = grid.lps((np.asarray(grid.size_ijk) // 2).astype(float))
    drawn = {
        "on a slice": (PlaneName.AXIAL, on_slice, stack.lps((30, 30, 2))),
        "straight": (PlaneName.AXIAL, PLANE_AXES[PlaneName.AXIAL], middle),
        "across": (PlaneName.SAGITTAL, PLANE_AXES[PlaneName.SAGITTAL], middle),
        "turned": (PlaneName.CORONAL, shown_axes(opened, turned, PlaneName.CORONAL), middle),
    }
    after = {}
    for name, (plane, axes, start) in drawn.items():
        ends = (as_point(start), as_point(start + 5 * axes.right))
        made = Measurement(name, MeasurementKind.LENGTH, ends, plane, as_point(axes.right), as_point(axes.down))
        bench.measuring.keep(made)
        bench.session.view = view
        bench.measuring.show(name)
        bench.navigation.finish()
        assert bench.session.view is not None
        after[name] = bench.session.view
        shown = viewport_geometry(opened, after[name], plane, 200, 200)
        for lps_mm in ends:
            assert shown.distance_mm(lps_mm) == pytest.approx(0, abs=1e-3)
        assert (turned_by(made, opened) is not None) == (name == "turned")
    # A straight plane of tilted slices is none of them; in all else the user's choice stays.
    assert after["on a slice"].acquired == (acquired or kind == "tilted")
    assert after["across"].acquired == acquired
    assert after["turned"].acquired is False
    assert [plane for plane in PlaneName if after["turned"].plane(plane).turned] == [PlaneName.CORONAL]


@pytest.mark.parametrize(("right", "down"), [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_the_picture_stays_where_it_shows_a_measurement_already_and_is_centred_where_it_lies_at_its_rim(
    bench: Bench, right: int, down: int
) -> None:
    view = bench.session.view
    assert view is not None
    bench.session.view = view = view.with_plane(PlaneName.AXIAL, evolve(view.axial, height_mm=40.0))
    for away, stays in ((18.0, True), (19.5, False)):
        start = np.asarray(view.axial.centre_lps_mm) + away * np.array([right, down, 0.0]) - (5.0, 0.0, 0.0)
        made = evolve(length(f"{away}"), points_lps_mm=(as_point(start), as_point(start + (10.0, 0.0, 0.0))))
        bench.measuring.keep(made)
        bench.session.view = view
        bench.measuring.show(made.id)
        bench.navigation.finish()
        assert bench.session.view is not None
        assert bench.session.view.cursor_lps_mm == pytest.approx(made.centre_lps_mm)
        assert (bench.session.view.axial == view.axial) is stays


@pytest.mark.parametrize(
    ("by_mm", "turned", "stays"),
    [(0.9, 0.0, True), (-0.9, 0.0, True), (1.2, 0.0, False), (-1.2, 0.0, False), (0.0, 0.2, False)],
)
def test_undo_goes_to_a_measurement_that_another_image_hides(
    bench: Bench, by_mm: float, turned: float, stays: bool
) -> None:
    for change in (length(z=10.0), length(z=10.0, far=20.0)):
        bench.measuring.keep(change)
    view = bench.session.view
    assert view is not None
    # Images lie 2 mm apart.
    view = evolve(view, cursor_lps_mm=(5.0, 0.0, 10.0 + by_mm))
    bench.session.view = turned_about(view, PlaneName.CORONAL, turned) if turned else view
    before = bench.session.view
    bench.session.measurement_in_hand = None
    bench.reviewing.undo()
    bench.navigation.finish()
    assert bench.session.view is not None
    assert (bench.session.view == before) is stays
    assert viewport_geometry(volume(), bench.session.view, PlaneName.AXIAL, 9, 9).distance_mm((5, 0, 10)) < 1.0
    assert bench.session.measurement_in_hand == "a"


def test_what_is_taken_out_is_in_hand_no_more_and_all_else_stays_in_hand(bench: Bench) -> None:
    bench.measuring.keep(length("a"))
    bench.measuring.keep(length("b", z=20.0))
    bench.session.measurement_in_hand = "a"
    bench.measuring.remove("b")
    assert bench.session.measurement_in_hand == "a"
    bench.measuring.remove("a")
    assert bench.session.measurement_in_hand is None


def test_a_drag_that_changes_nothing_is_nothing_to_undo(bench: Bench) -> None:
    bench.measuring.keep(length("a"))
    bench.measuring.keep(length("a"))
    bench.reviewing.undo()
    assert bench.session.measurements == ()


def test_going_on_before_a_flight_has_ended_keeps_where_that_went(bench: Bench) -> None:
    bench.measuring.keep(length("a", z=8.0))
    view = bench.session.view
    assert view is not None
    bench.navigation.go(evolve(view, window_width=80.0, cursor_lps_mm=(0.0, 0.0, 30.0)), Motion.FINDING)
    bench.measuring.show("a")
    bench.navigation.finish()
    assert bench.session.view is not None
    assert (bench.session.view.window_width, bench.session.view.cursor_lps_mm[2]) == (80.0, 8.0)


def test_phases_of_one_series_have_measurements_of_their_own(bench: Bench) -> None:
    bench.session.volume = evolve(volume(), part="arterial")
    bench.measuring.keep(length("a", part="arterial"))
    bench.session.volume = evolve(volume(), part="venous")
    assert bench.session.measurements == ()
    bench.session.volume = evolve(volume(), part="arterial")
    assert [m.id for m in bench.session.measurements] == ["a"]


def test_undo_keeps_to_the_phase_that_is_open(bench: Bench) -> None:
    arterial, venous = evolve(volume(), part="arterial"), evolve(volume(), part="venous")
    bench.session.volume = arterial
    bench.measuring.keep(length("a", part="arterial"))
    bench.session.volume = venous
    assert not bench.reviewing.can_undo
    bench.measuring.keep(length("v", part="venous"))
    bench.session.volume = arterial
    bench.reviewing.undo()
    assert bench.session.measurements == ()
    assert not bench.reviewing.can_undo
    bench.session.volume = venous
    assert [m.id for m in bench.session.measurements] == ["v"]
    assert bench.reviewing.can_undo
    assert not bench.reviewing.can_redo


def test_it_is_told_what_was_saved_and_what_was_not(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = bench.reviewing.writes
    bench.measuring.keep(length("a"))
    assert writes.saved_words == "Measurements"
    bench.reviewing.select("f1")
    bench.navigation.finish()
    bench.reviewing.decide(Answer.ACCEPTED)
    assert writes.saved_words == "Decisions and measurements"

    def full(*_what: Any, **_more: Any) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(bench.journal, "measure", full)
    bench.measuring.keep(length("b"))
    bench.measuring.keep(length("c"))
    bench.reviewing.decide(Answer.REJECTED)
    assert writes.waiting_words == "1 decision and 2 measurements"


def test_undo_after_a_restart_is_saved_and_said_too(tmp_path: Path) -> None:
    first = Bench(tmp_path)
    first.measuring.keep(length("a"))
    first.close()
    second = Bench(tmp_path)
    told: list[object] = []
    second.reviewing.saved.connect(told.append)
    assert second.reviewing.writes.saved_words == ""
    second.reviewing.undo()
    assert (len(told), second.reviewing.writes.saved_words) == (1, "Measurements")
    second.close()


def test_nothing_is_measured_where_the_geometry_is_not_trusted(bench: Bench) -> None:
    bench.session.volume = evolve(volume(), verdict=Verdict.UNTRUSTED, reasons=("2 slices are missing.",))
    assert "not trusted" in why_not_measured(bench.session.volume)
    bench.measuring.keep(length("a"))
    assert bench.session.measurements == ()
    whole = volume()
    growing = evolve(whole, arrived=np.ones(whole.stack.count, dtype=np.bool_))
    assert "all images" in why_not_measured(growing)
    assert why_not_measured(whole) == ""


def test_taking_a_finding_in_hand_lets_go_of_a_measurement(bench: Bench) -> None:
    bench.measuring.keep(length("a"))
    assert bench.measuring.in_hand == length("a")
    bench.reviewing.select("f2")
    bench.navigation.finish()
    assert bench.measuring.in_hand is None


def test_what_is_drawn_or_picked_from_the_list_is_seen_where_the_overlay_was_off(bench: Bench) -> None:
    session = bench.session
    made = length()
    for act in (lambda: bench.measuring.keep(made), lambda: bench.measuring.show(made.id)):
        assert session.view is not None
        session.view = evolve(session.view, overlay=OverlayMode.OFF)
        act()
        bench.navigation.finish()
        assert session.view.overlay is OverlayMode.OUTLINE
        assert session.measurement_in_hand == made.id
