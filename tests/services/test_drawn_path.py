"""A drawn path is undone and done again, followed, and refused where places cannot be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve

from tests.open_session import view_of
from tests.services.test_reviewing import volume
from viewer.domain.curved_view import CurvedView
from viewer.domain.geometry import Verdict
from viewer.domain.session import Session, Workspace
from viewer.services.drawn_path import PathEdits, along_path, step_along_mm, why_no_path
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    from viewer.domain.view_state import Point

A: Point = (-5.0, 0.0, 5.0)
B: Point = (0.0, 2.0, 12.0)
C: Point = (5.0, 0.0, 20.0)


@pytest.fixture
def session() -> Session:
    made = Session()
    made.workspace = Workspace.REVIEW
    made.volume = volume()
    made.view = evolve(view_of_volume(made.volume), curved=CurvedView())
    return made


def draw(session: Session, *points: Point) -> None:
    session.view = evolve(view_of(session), path_lps_mm=points)


def test_changes_of_the_path_are_taken_back_one_by_one_and_made_again(session: Session) -> None:
    edits = PathEdits(session)
    draw(session, A)
    draw(session, A, B)
    draw(session, A, C)
    edits.undo()
    assert view_of(session).path_lps_mm == (A, B)
    edits.undo()
    edits.undo()
    assert view_of(session).path_lps_mm == ()
    assert not edits.can_undo
    edits.redo()
    edits.redo()
    edits.redo()
    assert view_of(session).path_lps_mm == (A, C)
    assert not edits.can_redo


def test_undo_of_the_path_keeps_place_and_window(session: Session) -> None:
    edits = PathEdits(session)
    draw(session, A, B)
    session.view = evolve(view_of(session), window_width=77.0, cursor_lps_mm=B)
    edits.undo()
    assert view_of(session).window_width == 77.0
    assert view_of(session).cursor_lps_mm == B


def test_undo_is_for_decisions_again_once_the_path_is_not_shown(session: Session) -> None:
    edits = PathEdits(session)
    draw(session, A, B)
    assert edits.can_undo
    session.view = evolve(view_of(session), curved=None)
    assert not edits.can_undo


def test_steps_of_a_case_are_no_edits(session: Session) -> None:
    edits = PathEdits(session)
    session.workspace = Workspace.PRESENT
    draw(session, A, B)
    session.workspace = Workspace.REVIEW
    assert not edits.can_undo


def test_another_series_begins_without_anything_to_take_back(session: Session) -> None:
    edits = PathEdits(session)
    draw(session, A, B)
    before = session.volume
    assert before is not None
    other = evolve(before, series=evolve(before.series, series_uid="9.9"))
    session.volume = other
    session.view = evolve(view_of_volume(other), curved=CurvedView())
    assert not edits.can_undo


def test_along_the_path_the_crosshair_goes_as_far_as_asked_and_stops_at_its_ends(session: Session) -> None:
    draw(session, A, C)
    shown = session.volume
    assert shown is not None
    state = evolve(view_of(session), cursor_lps_mm=A)
    gone = along_path(shown, state, 6.0)
    assert np.linalg.norm(np.subtract(gone.cursor_lps_mm, A)) == pytest.approx(6.0, abs=1e-3)
    assert along_path(shown, gone, 1000.0).cursor_lps_mm == pytest.approx(C)
    assert along_path(shown, gone, -1000.0).cursor_lps_mm == pytest.approx(A)
    assert step_along_mm(shown) >= 1.0


def test_planes_follow_the_crosshair_out_of_their_sight(session: Session) -> None:
    draw(session, A, C)
    shown = session.volume
    assert shown is not None
    near = view_of(session).looking_at(A, height_mm=6.0)
    gone = along_path(shown, near, 12.0)
    for view in (gone.axial, gone.coronal, gone.sagittal):
        assert np.abs(np.subtract(view.centre_lps_mm, gone.cursor_lps_mm)).max() <= 3.0
    still = along_path(shown, near, 0.5)
    assert still.axial == near.axial


def test_no_path_is_drawn_where_places_are_not_trusted_or_not_there(session: Session) -> None:
    shown = session.volume
    assert shown is not None
    assert why_no_path(shown) == ""
    assert "Nothing is open" in why_no_path(None)
    assert "not trusted" in why_no_path(evolve(shown, verdict=Verdict.UNTRUSTED))
    part = evolve(shown, arrived=np.zeros(shown.stack.count, dtype=bool))
    assert "when all images are in" in why_no_path(part)
