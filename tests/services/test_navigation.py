"""Walking through a case: motion, wandering off, and coming back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.services.clock import Clock
from viewer.domain.geometry import Grid
from viewer.domain.session import Session
from viewer.domain.view_state import ViewState, overview
from viewer.domain.walkthrough import Case, Provenance, Step
from viewer.services.navigation import Motion, Navigation
from viewer.services.player import Player
from viewer.services.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.json")


@pytest.fixture
def navigation(session: Session, settings: Settings, clock: Clock) -> Navigation:
    return Navigation(session, settings, clock)


@pytest.fixture
def player(session: Session, navigation: Navigation) -> Player:
    return Player(session, navigation)


def view_at(x: float, y: float, z: float) -> ViewState:
    grid = Grid.from_directions((100, 100, 50), origin_lps_mm=(-50, -50, 0), spacing_mm=(1, 1, 3))
    return overview("1.2.3", grid).looking_at((x, y, z))


def case_of(*views: ViewState) -> Case:
    steps = tuple(Step(f"s{n}", f"Step {n + 1}", "Text.", view) for n, view in enumerate(views))
    provenance = Provenance("tests", "CC0", synthetic=True)
    return Case("c", "A case", "", "HEAD", provenance, "", "dicom", "1.2.3", "", steps)


def fly(navigation: Navigation, clock: Clock, seconds: float) -> None:
    clock.now_s += seconds
    navigation.tick()


def test_a_step_is_reached_after_its_motion_and_not_before(
    session: Session, player: Player, navigation: Navigation, clock: Clock
) -> None:
    session.case = case_of(view_at(0, 0, 0), view_at(10, 20, 30))
    player.start()
    player.next()
    fly(navigation, clock, 0.3)
    assert session.view is not None
    assert session.view.cursor_lps_mm == pytest.approx((5, 10, 15))
    assert navigation.moving
    fly(navigation, clock, 0.31)
    assert session.view == session.case.steps[1].view
    assert not navigation.moving


def test_any_key_ends_a_motion_at_its_goal(session: Session, player: Player, navigation: Navigation) -> None:
    session.case = case_of(view_at(0, 0, 0), view_at(10, 20, 30))
    player.start()
    player.next()
    navigation.finish()
    assert session.view == session.case.steps[1].view


def test_wander_off_and_resume(session: Session, player: Player, navigation: Navigation) -> None:
    session.case = case_of(view_at(0, 0, 0), view_at(10, 20, 30))
    player.start(1)
    assert not player.exploring
    assert session.view is not None
    session.view = evolve(session.view, cursor_lps_mm=(10.0, 20.0, 35.0))
    assert player.exploring_words == "5.0 mm towards the head"
    player.resume()
    navigation.finish()
    assert not player.exploring
    assert player.index == 1


def test_next_goes_on_from_wherever_the_presenter_wandered(
    session: Session, player: Player, navigation: Navigation
) -> None:
    session.case = case_of(view_at(0, 0, 0), view_at(10, 20, 30), view_at(1, 2, 3))
    player.start(0)
    session.view = view_at(-30, -30, 90)
    player.next()
    navigation.finish()
    assert session.view == session.case.steps[1].view


def test_the_story_ends_at_the_last_step(session: Session, player: Player, navigation: Navigation) -> None:
    session.case = case_of(view_at(0, 0, 0), view_at(10, 20, 30))
    player.start(1)
    player.next()
    navigation.finish()
    assert player.index == 1
    player.back()
    player.back()
    assert player.index == 0


def test_a_new_step_lights_a_black_stage(session: Session, player: Player) -> None:
    session.case = case_of(view_at(0, 0, 0), view_at(10, 20, 30))
    player.start()
    player.toggle_black()
    assert player.black
    player.next()
    assert not player.black


def test_back_and_forward_go_through_what_was_looked_at(session: Session, navigation: Navigation) -> None:
    first, second = view_at(0, 0, 0), view_at(10, 20, 30)
    session.view = first
    navigation.go(second, Motion.FINDING)
    navigation.finish()
    navigation.back()
    navigation.finish()
    assert session.view == first
    navigation.forward()
    navigation.finish()
    assert session.view == second


def test_reduced_motion_shows_the_goal_at_once(session: Session, navigation: Navigation, settings: Settings) -> None:
    settings.change(reduce_motion=True)
    session.view = view_at(0, 0, 0)
    navigation.go(view_at(10, 20, 30), Motion.STEP)
    assert not navigation.moving
    assert session.view is not None
    assert np.allclose(session.view.cursor_lps_mm, (10, 20, 30))


def test_choices_are_there_after_a_restart_and_a_damaged_file_gives_defaults(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    Settings(path).change(reader="Dr Example", interface_scale=1.5)
    assert Settings(path).now.reader == "Dr Example"
    assert Settings(path).now.interface_scale == 1.5
    path.write_text("{ not json", encoding="utf-8")
    assert Settings(path).now.reader == ""


def test_back_leads_to_no_view_of_another_series(session: Session, navigation: Navigation) -> None:
    session.view = view_at(0, 0, 0)
    navigation.go(view_at(5, 5, 5))
    another = evolve(view_at(9, 9, 9), series_uid="7.8.9")
    session.view = another
    assert not navigation.visited.can_undo
    navigation.back()
    assert session.view == another
    session.view = view_at(5, 5, 5)
    navigation.back()
    navigation.finish()
    assert session.view == view_at(0, 0, 0)


def test_forward_leads_to_where_one_was_when_one_went_back(session: Session, navigation: Navigation) -> None:
    session.view = view_at(0, 0, 0)
    navigation.go(view_at(5, 5, 5))
    scrolled = session.view = view_at(5, 5, 8)
    navigation.back()
    navigation.forward()
    navigation.finish()
    assert session.view == scrolled
