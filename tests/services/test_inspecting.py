"""Findings held against the truth while the threshold moves."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from viewer.domain.finding import Finding, MatchState, Source, SourceKind, Truth
from viewer.domain.geometry import Grid
from viewer.domain.labels import Mask
from viewer.domain.model_result import ModelResult
from viewer.domain.session import Session
from viewer.domain.view_state import overview
from viewer.services.inspecting import Inspecting


def lesion(name: str, kind: SourceKind, at: tuple[int, int, int], score: float | None = None) -> Finding:
    centre = np.array(at, dtype=float)
    return Finding(
        id=name,
        tracking_uid=f"2.25.{len(name)}",
        label_key="nodule",
        label="Nodule",
        source=Source(kind, "Test"),
        centre_lps_mm=centre,
        bounds_lps_mm=np.stack([centre - 2, centre + 2], axis=1),
        score=score,
        mask=Mask(at, np.ones((4, 4, 4), dtype=bool)),
        volume_ml=1.0,
    )


@pytest.fixture
def session() -> Session:
    session = Session()
    grid = Grid.from_directions((100, 100, 50), origin_lps_mm=(0, 0, 0), spacing_mm=(1, 1, 1))
    session.view = overview("1.2.3", grid)
    return session


@pytest.fixture
def inspecting(session: Session) -> Inspecting:
    inspecting = Inspecting(session)
    session.truth = Truth(
        (
            lesion("large", SourceKind.TRUTH, (10, 10, 10)),
            lesion("faint", SourceKind.TRUTH, (40, 10, 10)),
            lesion("unseen", SourceKind.TRUTH, (70, 10, 10)),
        )
    )
    session.findings = (
        lesion("sure", SourceKind.MODEL, (10, 10, 10), 0.9),
        lesion("hardly", SourceKind.MODEL, (41, 10, 10), 0.4),
        lesion("wrong", SourceKind.MODEL, (10, 60, 10), 0.3),
    )
    return inspecting


def states(inspecting: Inspecting) -> dict[str, MatchState]:
    return {row.finding.id: row.state for row in inspecting.rows()}


def test_moving_the_threshold_decides_everything_anew(session: Session, inspecting: Inspecting) -> None:
    inspecting.set_threshold(0.5)
    assert states(inspecting) == {
        "faint": MatchState.MISSED,
        "unseen": MatchState.MISSED,
        "sure": MatchState.TRUE_POSITIVE,
    }
    inspecting.set_threshold(0.2)
    assert states(inspecting) == {
        "unseen": MatchState.MISSED,
        "wrong": MatchState.FALSE_POSITIVE,
        "sure": MatchState.TRUE_POSITIVE,
        "hardly": MatchState.TRUE_POSITIVE,
    }


def test_a_missed_lesion_says_what_the_model_thought_of_it(inspecting: Inspecting) -> None:
    inspecting.set_threshold(0.5)
    rows = {row.finding.id: row for row in inspecting.rows()}
    assert rows["faint"].score == 0.4
    assert "its highest score is 0.40" in rows["faint"].why
    assert rows["unseen"].score is None
    assert rows["unseen"].why == "No finding overlaps it at any threshold."


def test_a_lesion_missed_by_a_hair_does_not_seem_to_reach_the_threshold(
    session: Session, inspecting: Inspecting
) -> None:
    session.findings = tuple(evolve(f, score=0.6188) if f.score == 0.4 else f for f in session.findings)
    for threshold, words in (
        (0.62, "at 0.62; its highest score is 0.618."),
        (0.619, "at 0.619; its highest score is 0.618."),
    ):
        inspecting.set_threshold(threshold)
        rows = {row.finding.id: row for row in inspecting.rows()}
        assert words in rows["faint"].why


def test_a_mark_without_an_outline_says_how_far_it_is_from_the_lesion_not_how_it_overlaps(
    session: Session, inspecting: Inspecting
) -> None:
    inspecting.set_threshold(0.5)
    large = evolve(session.lesions[0], long_axis_mm=12.0)
    session.truth = Truth((large, *session.lesions[1:]))
    near, far = (
        evolve(lesion(name, SourceKind.READER, at), mask=None, volume_ml=None)
        for name, at in (("near", (13, 10, 10)), ("far", (10, 80, 10)))
    )
    session.findings = (near, far)
    rows = {row.finding.id: row for row in inspecting.rows()}
    assert rows["near"].why == "Its middle is 3.0 mm from that of a true lesion; it has no outline to overlap."
    assert rows["far"].state is MatchState.FALSE_POSITIVE
    assert "IoU" not in rows["far"].why


def test_errors_come_first(inspecting: Inspecting) -> None:
    inspecting.set_threshold(0.2)
    order = [row.state for row in inspecting.rows()]
    assert order == [MatchState.MISSED, MatchState.FALSE_POSITIVE, MatchState.TRUE_POSITIVE, MatchState.TRUE_POSITIVE]


def test_the_curve_tells_what_each_threshold_would_give(inspecting: Inspecting) -> None:
    assert inspecting.curve() == ((1.0, 0, 0), (0.9, 1, 0), (0.4, 2, 0), (0.3, 2, 1))


def test_without_truth_nothing_is_right_or_wrong(session: Session, inspecting: Inspecting) -> None:
    session.truth = None
    assert session.matching is None
    assert inspecting.rows() == ()


def test_a_readers_own_mark_is_not_counted_as_found_by_the_model(session: Session, inspecting: Inspecting) -> None:
    inspecting.set_threshold(0.5)
    curve = inspecting.curve()
    session.findings = (
        *session.findings,
        lesion("mine", SourceKind.READER, (70, 10, 10)),
        lesion("mistaken", SourceKind.READER, (70, 60, 10)),
    )
    assert inspecting.curve() == curve
    matching = session.matching
    assert matching is not None
    counts = [matching.count(state) for state in MatchState]
    assert counts == [1, 0, 2, 1]
    # What the reader saw and the model did not stays missed; the mark itself is told to be right.
    said = states(inspecting)
    assert said["unseen"] is MatchState.MISSED
    assert (said["mine"], said["mistaken"]) == (MatchState.TRUE_POSITIVE, MatchState.FALSE_POSITIVE)
    rows = {row.finding.id: row.why for row in inspecting.rows()}
    assert rows["mine"] == "A reader’s own mark, which does not count. Overlaps a true lesion (IoU 1.00)."


def test_beside_a_model_that_found_nothing_marks_do_not_count_and_alone_they_do(
    session: Session, inspecting: Inspecting
) -> None:
    session.findings = (lesion("mine", SourceKind.READER, (70, 10, 10)),)
    assert session.matching is not None
    assert session.matching.count(MatchState.FOUND) == 1
    session.results = {"finder": ModelResult("finder", "Finder", (), 0.5)}
    session.findings = (lesion("mine", SourceKind.READER, (70, 10, 10)),)
    assert session.matching.count(MatchState.FOUND) == 0
    assert session.matching.count(MatchState.MISSED) == 3
