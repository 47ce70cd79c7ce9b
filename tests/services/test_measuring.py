"""Measurements are kept with the decisions, come back, are undone in one history, and can be gone to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve

from tests.services.test_reviewing import Desk, volume
from tests.tilted_series import tilted_volume
from viewer.domain.decision import Answer
from viewer.domain.errors import StorageError
from viewer.domain.geometry import PLANE_AXES, PlaneName, Verdict
from viewer.domain.measurement import Measurement, MeasurementKind
from viewer.domain.view_state import OverlayMode, as_point
from viewer.scene.acquired import shown_axes
from viewer.scene.turned_planes import turned_about
from viewer.services.measuring import Measuring, why_not_measured
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
    for turn in (0.5, 2.4, -1.1):
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


def test_going_to_another_plane_leaves_slices_as_acquired(bench: Bench) -> None:
    opened = tilted_volume(size=(60, 60))
    bench.session.volume = opened
    bench.session.view = evolve(view_of_volume(opened), acquired=True)
    axes = PLANE_AXES[PlaneName.SAGITTAL]
    start = np.asarray(opened.grid.centre_lps_mm)
    ends = (as_point(start), as_point(start + 5 * axes.down))
    bench.measuring.keep(
        Measurement("s", MeasurementKind.LENGTH, ends, PlaneName.SAGITTAL, as_point(axes.right), as_point(axes.down))
    )
    bench.measuring.show("s")
    bench.navigation.finish()
    assert bench.session.view is not None
    assert bench.session.view.acquired


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
