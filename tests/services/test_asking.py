"""A step asks first: the answer stays hidden, guesses are measured, and what moves by itself can be touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve

from tests.services.clock import Clock
from viewer.domain.finding import Finding, Localisation, Source, SourceKind, Truth
from viewer.domain.geometry import SliceStack
from viewer.domain.labels import Mask
from viewer.domain.session import Session, Workspace
from viewer.domain.step_acts import CurtainDraw, Question, Sweep
from viewer.domain.view_state import Comparison, ViewName, as_point, overview
from viewer.domain.volume import SeriesFacts, Volume
from viewer.domain.walkthrough import Case, Provenance, Step
from viewer.services.acting import LONGEST_FRAME_S
from viewer.services.inspecting import Inspecting
from viewer.services.navigation import Navigation
from viewer.services.player import Player
from viewer.services.settings import Settings
from viewer.ui.present.answer_words import told_now

if TYPE_CHECKING:
    from pathlib import Path

SERIES = "1.2.3"


def _volume() -> Volume:
    stack = SliceStack((40, 40), (1.0, 1.0), (1, 0, 0), (0, 1, 0), [(-20.0, -20.0, 3.0 * k) for k in range(20)])
    values = np.zeros(stack.shape_kji, dtype=np.int16)
    return Volume(SeriesFacts(SERIES, modality="CT"), values, stack, values, stack.as_grid())


def _finding(volume: Volume, ident: str, ijk: tuple[int, int, int], score: float | None) -> Finding:
    centre = volume.stack.lps([ijk[0] + 2, ijk[1] + 2, ijk[2] + 1])
    kind = SourceKind.TRUTH if score is None else SourceKind.MODEL
    return Finding(
        id=ident,
        tracking_uid=f"2.25.{len(ident)}",
        label_key="bleed",
        label="Bleed",
        source=Source(kind, "Test"),
        centre_lps_mm=centre,
        bounds_lps_mm=np.stack([centre - 2, centre + 2], axis=1),
        score=score,
        mask=Mask(ijk, np.ones((3, 5, 5), dtype=bool)),
    )


class Stage:
    """A session on stage with one lesion found, one missed, and a false alarm."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.session = Session()
        settings = Settings(folder / "settings.json")
        settings.change(reduce_motion=True)
        self.navigation = Navigation(self.session, settings, self.clock)
        self.player = Player(self.session, self.navigation, self.clock)
        self.matching = Inspecting(self.session)
        self.volume = _volume()
        self.session.volume = self.volume
        self.found = _finding(self.volume, "found", (28, 18, 8), 0.9)
        self.wrong = _finding(self.volume, "wrong", (4, 4, 2), 0.6)
        self.true = _finding(self.volume, "true", (28, 18, 8), None)
        self.missed = _finding(self.volume, "missed", (6, 30, 14), None)

    def tell(self, *acts: dict[str, Any]) -> None:
        view = evolve(overview(SERIES, self.volume.grid), threshold=0.5, comparison=Comparison.CURTAIN)
        steps = tuple(Step(f"s{n}", f"Step {n}", "Words.", view, **given) for n, given in enumerate(acts))
        made = Provenance("Test", "CC0", synthetic=True)
        self.session.case = Case("one", "One", "", "head", made, "", "dicom", SERIES, "", steps)
        self.session.findings = (self.found, self.wrong)
        self.session.truth = Truth((self.true, self.missed))
        self.session.workspace = Workspace.PRESENT
        self.player.start(0)

    def after(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.1)):
            self.clock.now_s += 0.1
            self.player.acting.tick()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_nothing_is_shown_until_next_reveals_it_and_next_again_goes_on(stage: Stage) -> None:
    stage.tell({"question": Question("Where is it?", finding="true")}, {})

    assert stage.player.asking.open
    assert stage.session.veiled
    assert stage.session.shown_findings == ()
    stage.player.next()
    assert stage.session.step == 0
    assert not stage.session.veiled
    assert stage.session.shown_findings == (stage.found, stage.wrong)
    stage.player.next()
    assert stage.session.step == 1
    assert stage.player.asking.question is None


def test_a_guess_inside_is_inside_and_one_beside_is_measured_to_the_nearest_voxel(stage: Stage) -> None:
    stage.tell({"question": Question("Where is it?", finding="true")})
    inside = as_point(stage.true.centre_lps_mm)
    right_of_it = as_point(stage.volume.stack.lps([18, 20, 9]))

    stage.player.asking.guess(right_of_it)
    stage.player.asking.guess(inside)
    stage.player.reveal()

    answer = stage.player.asking.revealed
    assert answer is not None
    first, second = (guess.near for guess in answer.guesses)
    assert first is not None
    assert second is not None
    assert not first.inside
    assert first.distance_mm == pytest.approx(10.0)
    assert second.inside
    assert second.distance_mm == 0
    assert answer.best is answer.guesses[1]
    assert answer.model is stage.found


@pytest.mark.parametrize(
    ("ijk", "mm", "inside"),
    [
        ((30, 20, 14), 12.0, False),
        ((30, 20, 4), 12.0, False),
        ((30, 28, 9), 6.0, False),
        ((36, 22, 10), 4.0, False),
        ((32, 22, 10), 0.0, True),
        ((32, 22, 11), 3.0, False),
    ],
)
def test_how_far_a_guess_is_counts_along_all_directions(
    stage: Stage, ijk: tuple[int, int, int], mm: float, inside: bool
) -> None:
    # The lesion has 5 × 5 × 3 voxels of 1 × 1 × 3 mm, from (28, 18, 8) on.
    stage.tell({"question": Question("Where is it?", finding="true")})
    stage.player.asking.guess(as_point(stage.volume.stack.lps(ijk)))
    stage.player.reveal()
    answer = stage.player.asking.revealed
    assert answer is not None
    assert answer.best is not None
    assert answer.best.near is not None
    assert (answer.best.near.distance_mm, answer.best.near.inside) == (pytest.approx(mm), inside)


@pytest.mark.parametrize("named", [True, False])
def test_a_guess_is_held_against_a_point_too_which_nothing_is_inside_of(stage: Stage, named: bool) -> None:
    place = as_point(stage.missed.centre_lps_mm)
    stage.missed = evolve(stage.missed, mask=None)
    question = Question("Where?", finding="missed") if named else Question("Where?", at_lps_mm=place)
    stage.tell({"question": question})
    for away in (3.0, 0.0):
        stage.player.asking.guess(as_point(np.add(place, (0.0, away, 0.0))))
    stage.player.reveal()
    answer = stage.player.asking.revealed
    assert answer is not None
    near = [guess.near for guess in answer.guesses]
    assert [one and (one.distance_mm, one.inside) for one in near] == [(pytest.approx(3.0), False), (0.0, False)]


@pytest.mark.parametrize("how", [Localisation.SERIES, Localisation.SLICES])
def test_no_guess_is_so_far_from_what_is_said_without_a_place(stage: Stage, how: Localisation) -> None:
    stage.found = evolve(stage.found, localisation=how, mask=None)
    stage.tell({"question": Question("Is there a bleed?", finding="found")})
    stage.player.asking.guess(as_point(stage.volume.stack.lps([18, 20, 9])))
    stage.player.reveal()

    answer = stage.player.asking.revealed
    assert answer is not None
    assert answer.guesses[0].near is None
    # What the model said is told, and nothing of what is true at a place.
    assert answer.sought is stage.found
    step = stage.player.step
    assert step is not None
    said = told_now(step, stage.player.asking).narration
    assert "reported it, score 0.90" in said
    assert "Truth" not in said
    assert "mm" not in said


def test_a_model_that_names_no_place_has_not_missed_the_lesion(stage: Stage) -> None:
    stage.found = evolve(stage.found, localisation=Localisation.SERIES, mask=None)
    stage.tell({"question": Question("Where is the bleed?", finding="missed")})
    stage.player.reveal()
    step, view = stage.player.step, stage.session.view
    assert step is not None
    assert view is not None
    assert "**Model** names no place" in told_now(step, stage.player.asking).narration
    stage.session.view = evolve(view, threshold=0.95)
    assert "**Model** missed it" in told_now(step, stage.player.asking).narration


def test_a_guess_between_two_thick_slices_is_inside_the_voxel_that_it_lies_in(stage: Stage) -> None:
    stage.tell({"question": Question("Where is it?", finding="true")})
    stage.player.asking.guess(as_point(stage.volume.stack.lps([30.4, 20.4, 9.4])))
    stage.player.reveal()

    answer = stage.player.asking.revealed
    assert answer is not None
    assert answer.best is not None
    assert answer.best.near is not None
    assert answer.best.near.inside


def test_what_the_model_missed_is_said_to_be_missed(stage: Stage) -> None:
    stage.tell({"question": Question("Where is the other one?", finding="missed")})
    stage.player.reveal()

    answer = stage.player.asking.revealed
    assert answer is not None
    assert (answer.sought, answer.model, answer.truth_known) == (stage.missed, None, True)


def test_what_the_model_says_follows_a_live_run_and_the_threshold(stage: Stage) -> None:
    stage.tell({"question": Question("Where?", finding="true")})
    stage.session.awaited = True
    stage.player.reveal()
    asking = stage.player.asking
    assert asking.revealed is not None
    assert asking.revealed.awaited

    stage.session.findings = (stage.wrong,)
    stage.session.awaited = False
    assert (asking.revealed.awaited, asking.revealed.model) == (False, None)
    stage.session.findings = (stage.found, stage.wrong)
    assert asking.revealed.model is stage.found
    assert stage.session.view is not None
    stage.session.view = evolve(stage.session.view, threshold=0.95)
    assert asking.revealed.model is None


def test_a_finding_that_is_true_is_measured_by_the_truth(stage: Stage) -> None:
    stage.tell({"question": Question("Where?", finding="found")})
    stage.player.asking.guess((0.0, 0.0, 0.0))
    stage.player.reveal()

    answer = stage.player.asking.revealed
    assert answer is not None
    assert answer.sought is stage.true
    assert answer.model is stage.found


def test_what_the_model_reports_where_nothing_is_is_no_truth(stage: Stage) -> None:
    stage.tell({"question": Question("What is this?", finding="wrong")})
    stage.player.reveal()
    step = stage.player.step
    assert step is not None
    words = told_now(step, stage.player.asking).narration
    assert "**Model** reported it, score 0.60" in words
    assert "**Truth** nothing is there" in words


def test_without_a_name_the_nearest_of_all_true_lesions_counts(stage: Stage) -> None:
    stage.tell({"question": Question("Where?")})
    stage.player.asking.guess(as_point(stage.missed.centre_lps_mm))
    stage.player.reveal()

    answer = stage.player.asking.revealed
    assert answer is not None
    assert answer.sought is stage.missed


def test_a_bare_place_is_measured_to_itself_and_an_unknown_name_to_nothing(stage: Stage) -> None:
    stage.tell({"question": Question("Where?", at_lps_mm=(3.0, 0.0, 4.0))}, {"question": Question("?", finding="gone")})
    stage.player.asking.guess((0.0, 0.0, 0.0))
    stage.player.reveal()
    assert stage.player.asking.revealed is not None
    assert stage.player.asking.revealed.guesses[0].near is not None
    assert stage.player.asking.revealed.guesses[0].near.distance_mm == pytest.approx(5.0)

    stage.player.next()
    stage.player.asking.guess((0.0, 0.0, 0.0))
    stage.player.reveal()
    assert stage.player.asking.revealed.guesses[0].near is None


def test_next_at_the_last_step_leads_back_onto_it(stage: Stage) -> None:
    stage.tell({}, {})
    stage.player.next()
    told = stage.session.view
    assert told is not None
    stage.session.view = evolve(told, slab_mm=20.0)
    stage.player.next()
    assert stage.session.step == 1
    assert stage.session.view == told


def test_back_asks_again_and_a_question_can_be_passed_over(stage: Stage) -> None:
    stage.tell({"question": Question("Where?")}, {})
    stage.player.asking.guess((0.0, 0.0, 0.0))
    stage.player.skip()
    assert stage.session.step == 1
    assert not stage.session.veiled

    stage.player.back()
    assert stage.player.asking.open
    assert stage.player.asking.guesses == ()


def test_guesses_can_be_taken_back_and_survive_black_and_wandering(stage: Stage) -> None:
    stage.tell({"question": Question("Where?")})
    for x in (1.0, 2.0):
        stage.player.asking.guess((x, 0.0, 0.0))
    stage.player.asking.take_back()
    stage.player.toggle_black()
    stage.player.toggle_black()
    assert stage.session.view is not None
    stage.session.view = stage.session.view.windowed(10, 20)
    assert stage.player.exploring
    stage.player.resume()

    assert stage.player.asking.open
    assert stage.player.asking.guesses == ((1.0, 0.0, 0.0),)
    assert not stage.player.exploring


def test_at_the_desk_nothing_stays_hidden(stage: Stage) -> None:
    stage.tell({"question": Question("Where?")})
    stage.session.workspace = Workspace.REVIEW
    assert not stage.session.veiled
    assert stage.session.shown_findings


def test_the_threshold_sweeps_evenly_and_findings_come_by_their_score(stage: Stage) -> None:
    stage.tell({"sweep": Sweep(1.0, 0.5, 5.0)})
    assert stage.session.shown_findings == ()
    stage.after(2.0)
    assert stage.session.view is not None
    assert stage.session.view.threshold == pytest.approx(0.8)
    assert stage.session.shown_findings == (stage.found,)
    assert not stage.player.exploring
    stage.after(4.0)
    assert stage.session.view.threshold == 0.5
    assert stage.session.shown_findings == (stage.found, stage.wrong)
    assert not stage.player.acting.running


def test_a_touch_stops_the_sweep_and_resume_lands_at_the_threshold_of_the_step(stage: Stage) -> None:
    stage.tell({"sweep": Sweep(1.0, 0.0, 10.0)})
    stage.after(2.0)
    assert stage.session.view is not None
    stage.session.view = stage.session.view.looking_at((1.0, 0.0, 0.0))
    stage.after(2.0)
    assert stage.session.view.threshold == pytest.approx(0.8)
    assert stage.player.exploring

    stage.player.resume()
    assert stage.session.view == stage.player.steps[0].view
    stage.after(2.0)
    assert stage.session.view.threshold == 0.5
    assert not stage.player.exploring


def test_a_sweep_waits_until_the_question_is_revealed(stage: Stage) -> None:
    stage.tell({"question": Question("How many?"), "sweep": Sweep(1.0, 0.5, 2.0)})
    stage.after(3.0)
    assert not stage.player.acting.running
    stage.player.reveal()
    assert stage.player.acting.running


def test_the_curtain_is_drawn_and_then_rests(stage: Stage) -> None:
    stage.tell({"curtain": CurtainDraw(0.9, 0.1, 4.0)})
    assert stage.session.view is not None
    assert stage.session.view.curtain == 0.9
    assert stage.player.acting.sweeping is None
    stage.after(2.0)
    assert stage.session.view.curtain == pytest.approx(0.5)
    stage.after(3.0)
    assert stage.session.view.curtain == 0.1
    assert not stage.player.exploring


def test_a_step_that_sweeps_and_draws_the_curtain_is_done_with_the_longer_one_and_the_next_begins_at_its_own_start(
    stage: Stage,
) -> None:
    stage.tell({"sweep": Sweep(1.0, 0.5, 2.0), "curtain": CurtainDraw(0.9, 0.1, 4.0)}, {"sweep": Sweep(0.9, 0.3, 6.0)})
    said: list[bool] = []
    stage.player.changed.connect(lambda: said.append(stage.player.acting.running))
    stage.after(3.0)
    assert now(stage) == pytest.approx((0.5, 0.3))
    stage.after(2.0)
    assert now(stage) == (0.5, 0.1)
    assert said[-1] is False
    stage.player.next()
    assert now(stage)[0] == 0.9
    stage.after(1.0)
    assert now(stage)[0] == pytest.approx(0.8)
    stage.player.back()
    assert now(stage) == (1.0, 0.9)


def test_a_sweep_waits_while_the_stage_is_black_or_the_laptop_sleeps_and_ends_where_the_stage_is_left(
    stage: Stage,
) -> None:
    stage.tell({"sweep": Sweep(1.0, 0.0, 10.0)})
    stage.after(2.0)
    for _ in range(20):
        stage.clock.now_s += 0.1
        assert stage.player.acting.tick(held=True)
    assert now(stage)[0] == pytest.approx(0.8)
    stage.clock.now_s += 3600.0
    assert stage.player.acting.tick()
    assert now(stage)[0] == pytest.approx(0.8 - LONGEST_FRAME_S / 10)
    before = stage.session.view
    stage.session.workspace = Workspace.REVIEW
    stage.after(2.0)
    assert stage.session.view == before
    assert not stage.player.acting.tick()
    assert not stage.player.acting.running


def test_resume_after_a_sweep_lands_at_the_threshold_of_the_step(stage: Stage) -> None:
    stage.tell({"sweep": Sweep(1.0, 0.0, 2.0)})
    stage.after(3.0)
    assert now(stage)[0] == 0.0
    stage.player.resume()
    assert now(stage)[0] == 0.5


def now(stage: Stage) -> tuple[float, float]:
    """Return the threshold and the curtain that are shown."""
    assert stage.session.view is not None
    return stage.session.view.threshold, stage.session.view.curtain


def test_while_it_asks_the_other_planes_do_not_pass_through_the_answer(stage: Stage) -> None:
    stage.tell({"question": Question("Where is it?", finding="true")})
    case = stage.session.case
    assert case is not None
    there = as_point(stage.true.centre_lps_mm)
    step = evolve(case.steps[0], view=evolve(case.steps[0].view, cursor_lps_mm=there, main=ViewName.AXIAL))
    stage.session.case = evolve(case, steps=(step,))
    stage.player.start(0)

    assert stage.session.view is not None
    x, y, z = stage.session.view.cursor_lps_mm
    assert (x, y) == pytest.approx(stage.volume.grid.centre_lps_mm[:2])
    assert z == pytest.approx(there[2])
    assert not stage.player.exploring
    stage.player.reveal()
    assert stage.session.view.cursor_lps_mm == there
    assert not stage.player.exploring
