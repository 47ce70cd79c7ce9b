"""A kiosk goes round by itself, waits for visitors, and begins anew when they have gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from viewer.domain.geometry import Grid
from viewer.domain.session import Session, Workspace
from viewer.domain.step_acts import Question
from viewer.domain.view_state import overview
from viewer.domain.walkthrough import Case, Provenance, Step
from viewer.services.kiosk import Kiosk
from viewer.services.navigation import Navigation
from viewer.services.player import Player
from viewer.services.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def _case(ident: str, *, asks: bool = False) -> Case:
    view = overview("1.2.3", Grid.from_directions((9, 9, 9), origin_lps_mm=(0, 0, 0), spacing_mm=(1, 1, 1)))
    steps = tuple(
        Step(f"s{n}", "", "", view, duration_s=20.0, question=Question("Where?") if asks and n == 1 else None)
        for n in range(2)
    )
    made = Provenance("Test", "CC0", synthetic=True)
    return Case(ident, ident, "", "head", made, "", "dicom", "1.2.3", "", steps)


class Stand:
    """A kiosk at which time passes when told."""

    def __init__(self, folder: Path, *cases: Case) -> None:
        self.now_s = 0.0
        self.session = Session()
        settings = Settings(folder / "settings.json")
        settings.change(reduce_motion=True)
        self.player = Player(self.session, Navigation(self.session, settings), lambda: self.now_s)
        self.session.workspace = Workspace.PRESENT
        self.opening, self.refused = False, set[str]()
        self.kiosk = Kiosk(
            self.session, self.player, cases, self.open_case, lambda: self.opening, 60.0, lambda: self.now_s
        )
        self.open_case(cases[0])

    def open_case(self, case: Case) -> None:
        if case.id in self.refused:
            self.kiosk.case_failed()
            return
        self.session.case = case
        self.player.start(0)

    def after(self, seconds: float) -> tuple[str, int | None]:
        for _ in range(round(seconds)):
            self.now_s += 1.0
            self.kiosk.tick()
        return self.at

    @property
    def at(self) -> tuple[str, int | None]:
        return (self.session.case.id if self.session.case else "", self.session.step)


def test_steps_and_cases_follow_by_their_durations_and_go_round(tmp_path: Path) -> None:
    stand = Stand(tmp_path, _case("a"), _case("b"))
    assert [stand.after(19), stand.after(3), stand.after(21), stand.after(21), stand.after(21)] == [
        ("a", 0),
        ("a", 1),
        ("b", 0),
        ("b", 1),
        ("a", 0),
    ]


def test_one_case_alone_goes_round_too(tmp_path: Path) -> None:
    stand = Stand(tmp_path, _case("a"))
    stand.after(21)
    assert stand.after(21) == ("a", 0)


def test_a_question_stands_for_half_of_the_time_and_is_then_revealed(tmp_path: Path) -> None:
    stand = Stand(tmp_path, _case("a", asks=True))
    stand.after(21)
    assert stand.player.asking.open
    stand.after(8)
    assert stand.player.asking.open
    stand.after(4)
    assert stand.at == ("a", 1)
    assert not stand.player.asking.open
    assert stand.player.asking.revealed is not None
    stand.after(11)
    assert stand.at == ("a", 0)


def test_a_visitor_has_the_stage_until_nobody_touched_it_for_a_minute(tmp_path: Path) -> None:
    stand = Stand(tmp_path, _case("a"), _case("b"))
    stand.after(45)
    assert stand.at == ("b", 0)
    stand.player.next()
    stand.kiosk.touched()
    assert stand.after(59) == ("b", 1)
    stand.kiosk.touched()
    assert stand.after(59) == ("b", 1)
    assert stand.kiosk.attended
    assert stand.after(2) == ("a", 0)
    assert not stand.kiosk.attended


@pytest.mark.parametrize("how", ["fails", "never comes"])
def test_a_case_that_cannot_be_shown_is_passed_over(tmp_path: Path, how: str) -> None:
    stand = Stand(tmp_path, _case("a"), _case("b"), evolve(_case("c"), title="C"))
    if how == "fails":
        stand.refused = {"b"}
    else:
        opened = stand.open_case

        def never(case: Case) -> None:
            stand.opening = case.id == "b"
            if case.id != "b":
                opened(case)
            else:
                stand.session.case = case

        stand.kiosk._open_case = never
    stand.after(50 if how == "fails" else 41)
    if how == "never comes":
        stand.after(605)
    assert stand.at == ("c", 0)
