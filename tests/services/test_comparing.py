"""Two volumes looked at together: the same place in both, whatever their coordinates are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.alignment import Alignment
from viewer.domain.curved_view import CurvedView
from viewer.domain.geometry import PLANE_AXES, PlaneName, SliceStack
from viewer.domain.job import JobContext
from viewer.domain.plane_turn import turned_axes
from viewer.domain.session import Session, Workspace
from viewer.domain.view_between import between
from viewer.domain.view_state import Comparison, Cut3D, Layout, ViewState
from viewer.domain.volume import PatientIdentity, SeriesFacts, Volume
from viewer.scene.plane_slices import beyond_images
from viewer.services.aligning import How
from viewer.services.comparing import Comparing
from viewer.services.jobs import Job
from viewer.services.kept_alignments import KeptAlignments
from viewer.services.linked_views import Links
from viewer.services.loading import LoadedPrior
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from pathlib import Path


class Opened:
    """What the second volume's opening would do, without files."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.running = False

    def bring(self, volume: Volume) -> None:
        self.close()
        self.session.volume = volume
        self.session.view = view_of_volume(volume)

    def close(self) -> None:
        self.session.view = None
        self.session.volume = None


class AtOnce:
    """Runs background work when it is told to, on the spot."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Job, Any, Any]] = []

    def run(self, work: Any, *, done: Any, failed: Any) -> Job:
        del failed
        job = Job()
        self.waiting.append((job, work, done))
        return job

    def go(self) -> None:
        while self.waiting:
            job, work, done = self.waiting.pop(0)
            if not job.cancelled:
                done(work(JobContext()))


class Two:
    """Two sessions that are compared."""

    def __init__(self, kept: KeptAlignments | None = None) -> None:
        self.here, self.there = Session(), Session()
        self.opening = Opened(self.there)
        self.runner = AtOnce()
        self.comparing = Comparing(self.here, self.there, self.opening, self.runner, kept)

    def open(self, volume: Volume) -> None:
        self.here.view = None
        self.here.volume = volume
        self.here.view = view_of_volume(volume)

    @property
    def views(self) -> tuple[ViewState, ViewState]:
        assert self.here.view is not None
        assert self.there.view is not None
        return self.here.view, self.there.view

    def look(self, **changes: object) -> None:
        self.here.view = evolve(self.views[0], **changes)

    def look_there(self, **changes: object) -> None:
        self.there.view = evolve(self.views[1], **changes)


def a_volume(
    uid: str,
    *,
    at_mm: tuple[float, float, float] = (0, 0, 0),
    frame: str = "",
    patient: str = "P1",
    study: str = "",
    part: str = "",
) -> Volume:
    stack = SliceStack(
        (20, 20), (2.0, 2.0), (1, 0, 0), (0, 1, 0), [(at_mm[0], at_mm[1], at_mm[2] + 3.0 * k) for k in range(12)]
    )
    values = np.full(stack.shape_kji, 40, dtype=np.int16)
    series = SeriesFacts(uid, study, frame, identity=PatientIdentity(patient_id=patient))
    return Volume(series, values, stack, values, stack.as_grid(), part=part)


@pytest.fixture
def two() -> Two:
    made = Two()
    made.open(a_volume("1.1", frame="f"))
    made.opening.bring(a_volume("1.2", frame="f"))
    return made


def test_a_second_volume_stands_beside_the_first_and_looks_where_it_looks(two: Two) -> None:
    here, there = two.views
    assert here.comparison is Comparison.BESIDE
    assert here.layout is Layout.SINGLE
    assert there.cursor_lps_mm == here.cursor_lps_mm
    two.look(cursor_lps_mm=(4.0, 6.0, 9.0), slab_mm=8.0)
    assert two.views[1].cursor_lps_mm == (4.0, 6.0, 9.0)
    assert two.views[1].slab_mm == 8.0
    two.look_there(cursor_lps_mm=(8.0, 6.0, 12.0))
    assert two.views[0].cursor_lps_mm == (8.0, 6.0, 12.0)


def test_one_window_serves_both_until_it_is_let_go(two: Two) -> None:
    two.look(window_centre=-600.0, window_width=1500.0)
    assert two.views[1].window_width == 1500.0
    two.comparing.links = Links(window=False)
    two.look_there(window_centre=480.0, window_width=2500.0)
    assert two.views[0].window_width == 1500.0
    two.look(cursor_lps_mm=(2.0, 2.0, 3.0))
    assert two.views[1].cursor_lps_mm == (2.0, 2.0, 3.0)
    assert two.views[1].window_width == 2500.0


@pytest.mark.parametrize(
    ("units", "one_window"),
    [
        (("HU", "HU"), True),
        (("HU", "HU_MOD"), True),
        (("MGML", "MGML"), True),
        (("HU", "MGML"), False),
        (("MGML", "BQML"), False),
    ],
)
def test_one_window_serves_both_only_where_their_values_mean_the_same(
    units: tuple[str, str], one_window: bool, two: Two
) -> None:
    here, there = two.here.volume, two.there.volume
    assert here is not None
    assert there is not None
    assert Links.of(evolve(here, unit=units[0]), evolve(there, unit=units[1])) == Links(window=one_window)


def test_3d_of_both_shows_the_same_look_planes_cuts_and_box(two: Two) -> None:
    cut, box = Cut3D(PlaneName.SAGITTAL, 1), ((2.0, 4.0, 6.0), (12.0, 14.0, 16.0))
    two.comparing.aligning.alignment = Alignment(None, (5.0, 0.0, -3.0))
    two.look(preset_3d="lung", planes_3d=True, labels_3d=True, table_3d=True, cuts_3d=(cut,), box_3d=box)
    there = two.views[1]
    assert there.preset_3d == "lung"
    assert there.planes_3d
    assert there.labels_3d
    assert there.table_3d
    assert there.cuts_3d == (cut,)
    assert there.box_3d == ((7.0, 4.0, 3.0), (17.0, 14.0, 13.0))
    two.look_there(box_3d=None, cuts_3d=(), planes_3d=False)
    assert two.views[0].box_3d is None
    assert two.views[0].cuts_3d == ()
    assert not two.views[0].planes_3d


def test_a_path_and_its_curved_picture_go_along_where_they_lie_in_the_other_series(two: Two) -> None:
    two.comparing.aligning.alignment = Alignment(None, (5.0, 0.0, -3.0))
    two.look(path_lps_mm=((2.0, 4.0, 6.0), (8.0, 4.0, 9.0)), curved=CurvedView(turned_deg=15.0))
    there = two.views[1]
    assert there.path_lps_mm == ((7.0, 4.0, 3.0), (13.0, 4.0, 6.0))
    assert there.curved == CurvedView(turned_deg=15.0)
    two.look_there(curved=None)
    assert two.views[0].curved is None
    assert two.views[0].path_lps_mm == ((2.0, 4.0, 6.0), (8.0, 4.0, 9.0))


def test_the_look_of_3d_goes_with_the_window_and_what_is_cut_with_the_place(two: Two) -> None:
    two.comparing.links = Links(place=False, window=False)
    before = two.views[1]
    two.look(preset_3d="lung", cuts_3d=(Cut3D(PlaneName.AXIAL, 1),), box_3d=((0.0, 0.0, 0.0), (9.0, 9.0, 9.0)))
    assert two.views[1] == before


def test_volumes_of_other_frames_meet_in_their_middles() -> None:
    two = Two()
    two.open(a_volume("1.1", frame="f"))
    two.opening.bring(a_volume("1.2", at_mm=(100.0, -50.0, 300.0), frame="g"))
    here, there = two.views
    assert np.subtract(there.cursor_lps_mm, here.cursor_lps_mm) == pytest.approx((100.0, -50.0, 300.0))
    assert not two.comparing.same_frame
    assert "100.0 mm towards the right" in two.comparing.aligning.words


def test_volumes_that_name_no_frame_of_reference_share_none_but_with_themselves() -> None:
    two = Two()
    two.open(a_volume("1.1"))
    two.opening.bring(a_volume("1.2", at_mm=(100.0, -50.0, 300.0)))
    assert not two.comparing.same_frame
    assert two.comparing.aligning.how is How.MIDDLES
    assert two.here.volume is not None
    two.opening.bring(two.here.volume)
    assert two.comparing.same_frame
    assert two.comparing.aligning.words == ""


@pytest.mark.parametrize("loose_first", [False, True])
def test_images_that_make_no_volume_are_not_linked_by_places_made_up_for_them(loose_first: bool) -> None:
    two = Two()
    volume = a_volume("1.1", frame="f")
    images = evolve(a_volume("1.2", at_mm=(0.0, 0.0, 300.0), frame="f"), placed=False, loose=True)
    first, second = (images, volume) if loose_first else (volume, images)
    two.open(first)
    two.opening.bring(second)
    assert not two.comparing.same_frame
    assert two.comparing.aligning.how is How.MIDDLES
    for session in (two.here, two.there):
        assert session.volume is not None
        assert session.view is not None
        assert not beyond_images(session.volume, PlaneName.AXIAL, session.view.cursor_lps_mm)


def blobs(uid: str, *, at_mm: tuple[float, float, float], of: slice = slice(None)) -> Volume:
    """Return a body with a spine and an organ, whose origin is elsewhere, of which some slices are there."""
    stack = SliceStack(
        (60, 50), (4.0, 4.0), (1, 0, 0), (0, 1, 0), [np.add(at_mm, (0, 0, 5.0 * k)) for k in range(40)[of]]
    )
    k, j, i = np.indices((40, 50, 60))
    values = np.where(((i - 30) / 26) ** 2 + ((j - 25) / 20) ** 2 < 1, 30, -1000)
    values[((i - 30) / 4) ** 2 + ((j - 36) / 4) ** 2 < 1] = 500
    values[((i - 18) / 8) ** 2 + ((j - 24) / 9) ** 2 + ((k - 22) / 7) ** 2 < 1] = 180
    values[((i - 44) / 5) ** 2 + ((j - 28) / 5) ** 2 + ((k - 8) / 5) ** 2 < 1] = -100
    kept = np.ascontiguousarray(values[of], dtype=np.int16)
    series = SeriesFacts(uid, frame_of_reference_uid=uid, identity=PatientIdentity(patient_id="P1"))
    return Volume(series, kept, stack, kept, stack.as_grid())


def test_what_both_show_is_brought_together_though_one_shows_only_a_part() -> None:
    two = Two()
    two.open(blobs("1.1", at_mm=(0.0, 0.0, 0.0)))
    two.opening.bring(blobs("1.2", at_mm=(37.0, -21.0, 400.0), of=slice(12, 36)))
    assert two.comparing.aligning.how is How.MIDDLES
    said: list[bool] = []
    two.comparing.aligning.changed.connect(lambda: said.append(two.comparing.aligning.lining_up))
    two.comparing.aligning.line_up()
    two.runner.go()
    # What is told is that it begins, and that it is done.
    assert said == [True, False]
    assert two.comparing.aligning.how is How.CONTENT
    assert two.comparing.aligning.alignment.shift_mm == pytest.approx((37.0, -21.0, 400.0), abs=2.5)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    "changes",
    [{"unit": "GML"}, {"placed": False}, {"arrived": np.ones(40, bool)}],
    ids=["no CT", "no place", "comes in"],
)
def test_what_cannot_be_held_against_each_other_is_not_brought_together(first: bool, changes: dict[str, Any]) -> None:
    one, other = blobs("1.1", at_mm=(0.0, 0.0, 0.0)), blobs("1.2", at_mm=(37.0, -21.0, 400.0))
    two = Two()
    two.open(evolve(one, **changes) if first else one)
    two.opening.bring(other if first else evolve(other, **changes))
    assert not two.comparing.aligning.lining_up
    assert two.runner.waiting == []
    assert two.comparing.aligning.how is How.MIDDLES


def test_what_is_not_alike_is_said_to_be_so() -> None:
    two = Two()
    two.open(blobs("1.1", at_mm=(0.0, 0.0, 0.0)))
    noise = a_volume("1.2", frame="g")
    values = np.random.default_rng(3).integers(-1000, 1000, noise.voxels.shape).astype(np.int16)
    two.opening.bring(Volume(noise.series, values, noise.stack, values, noise.grid))
    said: list[How] = []
    two.comparing.aligning.changed.connect(lambda: said.append(two.comparing.aligning.how))
    two.runner.go()
    assert said == [How.NOT]


def test_what_was_aligned_by_hand_is_not_lined_up_again_behind_ones_back() -> None:
    two = Two()
    two.open(blobs("1.1", at_mm=(0.0, 0.0, 0.0)))
    two.opening.bring(blobs("1.2", at_mm=(37.0, -21.0, 400.0)))
    two.comparing.aligning.shift(5.0, 0.0, PlaneName.AXIAL)
    by_hand = two.comparing.aligning.alignment
    two.runner.go()
    assert two.comparing.aligning.alignment == by_hand
    assert two.comparing.aligning.how is How.HAND


def test_let_go_move_and_link_again_keeps_what_was_brought_together(two: Two) -> None:
    two.look(cursor_lps_mm=(10.0, 10.0, 9.0))
    two.comparing.links = Links(place=False)
    two.look_there(cursor_lps_mm=(10.0, 10.0, 21.0))
    assert two.views[0].cursor_lps_mm == (10.0, 10.0, 9.0)
    two.comparing.links = Links()
    # What lies 12 mm further up in B is shown so far below there.
    assert two.comparing.aligning.words == "12.0 mm towards the feet"
    two.look(cursor_lps_mm=(10.0, 10.0, 12.0))
    assert two.views[1].cursor_lps_mm == pytest.approx((10.0, 10.0, 24.0))


def test_a_picture_that_is_dragged_to_the_right_shows_what_lay_at_the_left(two: Two) -> None:
    before = two.views[1].axial.centre_lps_mm
    two.comparing.aligning.shift(5.0, 2.0, PlaneName.AXIAL)
    after = two.views[1].axial.centre_lps_mm
    # In axial the screen's right is the patient's left (+x) and down is the back (+y).
    assert np.subtract(after, before) == pytest.approx((-5.0, -2.0, 0.0))
    assert two.views[0].axial.centre_lps_mm == before
    assert two.comparing.aligning.words == "5.0 mm towards the left, 2.0 mm towards the back"
    two.comparing.aligning.forget()
    assert two.comparing.aligning.words == ""


def test_a_picture_turned_clockwise_turns_about_the_crosshair(two: Two) -> None:
    two.look(cursor_lps_mm=(10.0, 12.0, 9.0))
    two.comparing.aligning.turn(math.radians(30), PlaneName.AXIAL)
    here, there = two.views
    assert there.cursor_lps_mm == pytest.approx(here.cursor_lps_mm)
    axes = turned_axes(PLANE_AXES[PlaneName.AXIAL], there.axial.turned)
    # What lies straight to the left of the patient, to the right on the screen, has moved down by 30 degrees.
    x, y = axes.right @ (1.0, 0.0, 0.0), axes.down @ (1.0, 0.0, 0.0)
    assert math.degrees(math.atan2(y, x)) == pytest.approx(30.0)


def test_an_alignment_by_hand_is_remembered_for_the_pair(two: Two) -> None:
    two.comparing.aligning.shift(5.0, 0.0, PlaneName.AXIAL)
    two.opening.bring(a_volume("1.3", frame="f"))
    assert two.comparing.aligning.words == ""
    two.opening.bring(a_volume("1.2", frame="f"))
    assert two.comparing.aligning.words == "5.0 mm towards the left"


def opened_again(folder: Path, here: str = "1.1", there: str = "1.2") -> Two:
    """Two series compared by a program that was started anew."""
    made = Two(KeptAlignments(folder))
    made.open(a_volume(here, frame="f"))
    made.opening.bring(a_volume(there, frame="f"))
    return made


@pytest.mark.parametrize("other", [{"patient": "P2"}, {"study": "S2"}, {"part": "phase 2"}])
def test_an_alignment_by_hand_is_not_laid_on_another_volume_whose_images_carry_the_same_uid(
    tmp_path: Path, other: dict[str, str]
) -> None:
    two = opened_again(tmp_path)
    two.comparing.aligning.shift(5.0, 0.0, PlaneName.AXIAL)
    two.opening.bring(a_volume("1.2", frame="f", **other))
    assert two.comparing.aligning.words == ""
    assert two.comparing.aligning.how is How.FRAME
    again = Two(KeptAlignments(tmp_path))
    again.open(a_volume("1.1", frame="f"))
    again.opening.bring(a_volume("1.2", frame="f", **other))
    assert again.comparing.aligning.how is How.FRAME
    again.opening.bring(a_volume("1.2", frame="f"))
    assert again.comparing.aligning.words == "5.0 mm towards the left"


def test_another_patients_volume_under_the_uid_of_the_one_before_is_not_laid_where_that_one_lay() -> None:
    two = Two()
    two.open(a_volume("1.1", frame="f"))
    two.opening.bring(a_volume("1.2", frame="f"))
    assert two.comparing.aligning.how is How.FRAME
    two.opening.bring(a_volume("1.2", at_mm=(90, 0, 0), frame="g", patient="P2"))
    assert two.comparing.aligning.how is not How.FRAME
    here, there = two.views
    assert there.cursor_lps_mm[0] == pytest.approx(here.cursor_lps_mm[0] + 90)


def test_an_alignment_by_hand_of_two_phases_of_a_series_is_turned_round_where_they_change_places() -> None:
    two = Two()
    first, second = (a_volume("1.1", frame="f", part=f"phase {n}") for n in (1, 2))
    two.open(first)
    two.opening.bring(second)
    two.comparing.aligning.shift(5.0, 0.0, PlaneName.AXIAL)
    to_the_second = two.comparing.aligning.alignment
    two.opening.close()
    two.open(second)
    two.opening.bring(first)
    assert two.comparing.aligning.alignment == to_the_second.back


def test_an_alignment_by_hand_is_taken_back_and_made_again_drag_by_drag(tmp_path: Path) -> None:
    kept = KeptAlignments(tmp_path)
    two = Two(kept)
    two.open(a_volume("A"))
    two.opening.bring(a_volume("B", at_mm=(40, 0, 0)))
    two.runner.go()
    aligning = two.comparing.aligning
    at_first, how = aligning.alignment, aligning.how
    assert not aligning.can_undo
    drag = object()
    for _ in range(3):
        aligning.shift(1.0, 0.0, PlaneName.AXIAL, drag=drag)
    dragged = aligning.alignment
    aligning.turn(0.1, PlaneName.AXIAL)
    turned = aligning.alignment
    assert not aligning.can_redo
    aligning.undo()
    assert aligning.alignment == dragged
    aligning.undo()
    assert (aligning.alignment, aligning.how) == (at_first, how)
    pair = aligning.pair
    assert pair is not None
    assert kept.of(pair) is None
    assert not aligning.can_undo
    aligning.redo()
    aligning.redo()
    assert (aligning.alignment, aligning.how) == (turned, How.HAND)
    assert kept.of(pair) == turned
    aligning.forget()
    aligning.undo()
    assert (aligning.alignment, aligning.how) == (turned, How.HAND)
    two.opening.bring(a_volume("C"))
    assert not aligning.can_undo
    assert not aligning.can_redo


def test_an_alignment_by_hand_is_there_when_the_program_is_started_again(tmp_path: Path) -> None:
    first = opened_again(tmp_path)
    first.comparing.aligning.shift(5.0, 0.0, PlaneName.AXIAL)
    first.comparing.aligning.turn(math.radians(20), PlaneName.CORONAL)
    done = first.comparing.aligning.alignment
    again = opened_again(tmp_path)
    assert again.comparing.aligning.how is How.HAND
    place = (3.0, -4.0, 11.0)
    assert again.comparing.aligning.alignment.of(place) == pytest.approx(done.of(place))
    # Whichever of the two is opened first.
    other = opened_again(tmp_path, "1.2", "1.1").comparing.aligning.alignment
    assert other.of(done.of(place)) == pytest.approx(place)
    assert opened_again(tmp_path, "1.1", "1.3").comparing.aligning.how is How.FRAME
    # Nothing on disk leads to the patient.
    assert all("1.1" not in path.name + path.read_text() for path in tmp_path.iterdir())
    again.comparing.aligning.forget()
    assert opened_again(tmp_path).comparing.aligning.how is How.FRAME


def test_what_cannot_be_read_of_an_alignment_is_as_if_there_were_none(tmp_path: Path) -> None:
    opened_again(tmp_path).comparing.aligning.shift(5.0, 0.0, PlaneName.AXIAL)
    (path,) = tmp_path.iterdir()
    for text in (
        "",
        "[]",
        '{"x": 1}',
        '{"x": NaN, "y": 0, "z": 0}',
        '{"x": 1, "y": 0, "z": 0, "turned": [2, 0, 0, 0]}',
    ):
        path.write_text(text)
        assert opened_again(tmp_path).comparing.aligning.how is How.FRAME


def test_a_volume_moved_against_itself_is_where_it_lies_when_it_is_opened_again(tmp_path: Path) -> None:
    two = opened_again(tmp_path)
    two.comparing.show_same()
    two.comparing.aligning.shift(5.0, 0.0, PlaneName.AXIAL)
    assert not list(tmp_path.iterdir())


def test_behind_a_curtain_both_lie_on_each_other(two: Two) -> None:
    two.comparing.links = Links(place=False)
    two.comparing.mode = Comparison.CURTAIN
    assert two.comparing.links.place
    two.comparing.links = Links(place=False)
    assert two.comparing.mode is Comparison.BESIDE


def test_layout_returns_when_the_comparison_ends(two: Two) -> None:
    two.comparing.close()
    assert two.here.view is not None
    assert two.here.view.comparison is Comparison.OFF
    assert two.here.view.layout is Layout.FOUR
    assert two.there.volume is None


def test_the_next_series_of_the_patient_is_compared_too_another_patient_is_not(two: Two) -> None:
    two.open(a_volume("1.4", frame="f"))
    assert two.comparing.mode is Comparison.BESIDE
    two.open(a_volume("2.1", patient="P2"))
    assert two.comparing.mode is Comparison.OFF
    assert two.there.volume is None


def test_two_patients_are_said_to_be_two() -> None:
    two = Two()
    two.open(a_volume("1.1"))
    two.opening.bring(a_volume("2.1", patient="P2"))
    assert two.comparing.same_patient is False


def test_a_volume_beside_itself_says_the_same_on_both_sides(two: Two) -> None:
    two.comparing.show_same()
    assert two.there.volume is two.here.volume
    two.comparing.links = Links(place=False, window=False)
    two.look_there(window_width=77.0)
    assert two.views[0].window_width != 77.0


def test_identity_is_hidden_on_both_sides(two: Two) -> None:
    two.here.masked = True
    assert two.there.masked
    two.here.masked = False
    two.here.workspace = Workspace.PRESENT
    assert two.there.masked


def test_what_a_case_brings_along_is_shown_by_its_steps_alone_and_goes_with_it() -> None:
    two = Two()
    two.open(a_volume("1.1", frame="f"))
    two.comparing.bring(LoadedPrior(a_volume("1.2", frame="g"), (), Alignment(shift_mm=(3.0, 0.0, 0.0))))
    assert two.comparing.on
    assert two.comparing.mode is Comparison.OFF
    two.look(comparison=Comparison.CURTAIN, curtain=0.3)
    assert two.comparing.mode is Comparison.CURTAIN
    assert np.subtract(two.views[1].cursor_lps_mm, two.views[0].cursor_lps_mm) == pytest.approx((3.0, 0.0, 0.0))
    two.open(a_volume("1.9", frame="f"))
    assert not two.comparing.on


def test_a_curtain_is_drawn_in_from_the_right_and_out_there(two: Two) -> None:
    without = evolve(two.views[0], comparison=Comparison.OFF)
    with_it = evolve(without, comparison=Comparison.CURTAIN, curtain=0.4)
    assert between(without, with_it, 0.5).curtain == pytest.approx(0.7)
    assert between(without, with_it, 0.5).comparison is Comparison.CURTAIN
    assert between(with_it, without, 0.5).curtain == pytest.approx(0.7)
    assert between(with_it, without, 1.0).comparison is Comparison.OFF
    # Where no curtain is asked for none comes in between, and from planes beside it, it stands at once.
    assert between(without, without.looking_at((1.0, 2.0, 3.0)), 0.5).comparison is Comparison.OFF
    beside = evolve(without, comparison=Comparison.BESIDE, curtain=0.4)
    assert between(with_it, beside, 0.5).comparison is Comparison.BESIDE
    assert between(beside, with_it, 0.5).curtain == pytest.approx(0.4)
