from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve

from viewer.analysis import matching as matching_module
from viewer.analysis.froc import froc, sensitivity_at
from viewer.analysis.matching import Overlaps, iou, match
from viewer.domain.finding import Finding, Localisation, MatchRule, MatchState, Source, SourceKind
from viewer.domain.labels import Mask

MODEL, TRUTH = Source(SourceKind.MODEL, "model"), Source(SourceKind.TRUTH, "truth")


def bar(name: str, start: int, length: int, score: float | None = None, volume_ml: float = 1.0) -> Finding:
    """A finding of `length` voxels in a row."""
    return Finding(
        id=name,
        tracking_uid="2.25.1",
        label_key="x",
        label="X",
        source=MODEL if score is not None else TRUTH,
        centre_lps_mm=[start + length / 2, 0, 0],
        bounds_lps_mm=[[start, start + length], [0, 1], [0, 1]],
        score=score,
        mask=Mask((start, 0, 0), np.ones((1, 1, length), dtype=bool)),
        volume_ml=volume_ml,
        long_axis_mm=float(length - 1),
    )


def test_overlap_is_counted_in_voxels() -> None:
    assert iou(bar("a", 0, 10), bar("b", 5, 10)) == pytest.approx(5 / 15)
    assert iou(bar("a", 0, 10), bar("b", 10, 10)) == 0


def test_each_lesion_is_found_once_and_the_split_half_is_a_false_positive() -> None:
    truth = [bar("t", 0, 10)]
    matching = match([bar("left", 0, 4, 0.9), bar("right", 4, 6, 0.6)], truth, 0.5)
    assert matching.of_finding == {"left": MatchState.FALSE_POSITIVE, "right": MatchState.TRUE_POSITIVE}
    assert matching.of_truth == {"t": MatchState.FOUND}
    ((finding, lesion, overlap),) = matching.pairs
    assert (finding, lesion) == ("right", "t")
    assert overlap == pytest.approx(0.6)
    assert matching.best_score_of_truth == {"t": 0.9}


def test_a_merged_finding_counts_for_one_lesion_alone() -> None:
    matching = match([bar("both", 0, 20, 0.8)], [bar("a", 0, 8), bar("b", 10, 10)], 0.5)
    assert matching.of_truth == {"a": MatchState.MISSED, "b": MatchState.FOUND}


def test_beside_lesions_that_lie_apart_one_is_still_found_once_and_a_merged_finding_counts_once() -> None:
    findings = [bar("left", 0, 4, 0.9), bar("right", 4, 6, 0.6), bar("apart", 40, 10, 0.9), bar("false", 70, 5, 0.9)]
    split = match(findings, [bar("t", 0, 10), bar("u", 40, 10), bar("v", 90, 10)], 0.5)
    assert {(f, t) for f, t, _ in split.pairs} == {("right", "t"), ("apart", "u")}
    assert [split.count(state) for state in MatchState] == [2, 2, 1, 2]
    merged = match(
        [bar("both", 0, 20, 0.8), bar("apart", 40, 10, 0.9), bar("false", 70, 5, 0.9)],
        [bar("a", 0, 8), bar("b", 10, 10), bar("u", 40, 10)],
        0.5,
    )
    assert {(f, t) for f, t, _ in merged.pairs} == {("both", "b"), ("apart", "u")}
    assert [merged.count(state) for state in MatchState] == [2, 1, 1, 2]


def test_the_pairing_is_the_best_of_all_and_not_the_first_come() -> None:
    findings = [bar("f1", 0, 10, 0.9), bar("f2", 8, 4, 0.8)]
    truth = [bar("t1", 4, 8), bar("t2", 0, 3)]
    matching = match(findings, truth, 0.5)
    assert {(f, t) for f, t, _ in matching.pairs} == {("f1", "t2"), ("f2", "t1")}


def test_the_threshold_filters_findings_and_turns_found_into_missed() -> None:
    findings, truth = [bar("f", 0, 10, 0.4), bar("g", 50, 5, 0.7)], [bar("t", 0, 10)]
    high = match(findings, truth, 0.5)
    assert high.of_finding == {"g": MatchState.FALSE_POSITIVE}
    assert high.of_truth == {"t": MatchState.MISSED}
    assert high.best_score_of_truth == {"t": 0.4}
    low = match(findings, truth, 0.4)
    assert low.of_truth == {"t": MatchState.FOUND}


def test_the_rule_is_a_choice_that_changes_the_outcome() -> None:
    findings, truth = [bar("f", 0, 2, 0.9)], [bar("t", 0, 10)]
    assert match(findings, truth, 0.5, MatchRule(0.1)).of_truth == {"t": MatchState.FOUND}
    assert match(findings, truth, 0.5, MatchRule(0.3)).of_truth == {"t": MatchState.MISSED}
    assert MatchRule(0.3).words == "One to one, overlap (IoU) at least 0.3."
    assert MatchRule(0.3, 0.05).words.endswith("at least 0.3. Truth under 0.05 mL is ignored.")


@pytest.mark.parametrize(("voxels", "state"), [(10, MatchState.FOUND), (9, MatchState.MISSED)])
def test_unless_told_otherwise_a_tenth_of_overlap_finds_a_lesion(voxels: int, state: MatchState) -> None:
    assert match([bar("f", 0, voxels, 0.9)], [bar("t", 0, 100)], 0.5).of_truth == {"t": state}


def test_small_truth_is_ignored_and_not_held_against_the_finding_on_it() -> None:
    findings = [bar("f", 0, 10, 0.9), bar("g", 30, 5, 0.9)]
    truth = [bar("tiny", 0, 9, volume_ml=0.01), bar("t", 60, 5)]
    matching = match(findings, truth, 0.5, MatchRule(least_truth_ml=0.05))
    assert matching.of_finding == {"g": MatchState.FALSE_POSITIVE}
    assert matching.of_truth == {"t": MatchState.MISSED}
    # Where it lies on one that counts too, it has found that.
    beside = match(findings, [*truth, bar("u", 6, 6)], 0.5, MatchRule(least_truth_ml=0.05))
    assert beside.of_finding == {"f": MatchState.TRUE_POSITIVE, "g": MatchState.FALSE_POSITIVE}
    assert Overlaps(findings, [*truth, bar("u", 6, 6)], MatchRule(least_truth_ml=0.05)).counted(0.5) == (1, 1)


def test_a_readers_point_finds_the_lesion_that_it_lies_on() -> None:
    point = Finding(
        id="m",
        tracking_uid="2.25.2",
        label_key="",
        label="Missed",
        source=Source(SourceKind.READER, "Reader"),
        centre_lps_mm=[4.0, 0, 0],
        bounds_lps_mm=[[4, 4], [0, 0], [0, 0]],
    )
    assert match([point], [bar("t", 0, 10)], 0.9).of_finding == {"m": MatchState.TRUE_POSITIVE}
    assert match([point], [bar("t", 20, 10)], 0.9).of_finding == {"m": MatchState.FALSE_POSITIVE}


@pytest.mark.parametrize("how", [Localisation.SERIES, Localisation.SLICES])
def test_what_is_said_without_a_place_finds_no_lesion_and_misses_none_but_is_false_where_there_is_nothing(
    how: Localisation,
) -> None:
    # Its centre is that of the series, where a lesion may happen to lie.
    said = evolve(bar("said", 0, 20, 0.8), localisation=how, mask=None, long_axis_mm=None)
    lesions = [bar("in the middle", 4, 12), bar("elsewhere", 40, 10)]
    matching = match([said, bar("f", 40, 10, 0.7)], lesions, 0.5)
    assert matching.of_finding == {"f": MatchState.TRUE_POSITIVE}
    assert matching.of_truth == {"in the middle": MatchState.MISSED, "elsewhere": MatchState.FOUND}
    assert matching.best_score_of_truth == {"elsewhere": 0.7}
    assert [match([said], lesions, threshold).unplaced for threshold in (0.5, 0.8, 0.9)] == [1, 1, 0]
    assert Overlaps([said], lesions).counted(0.5) == (0, 0)
    assert match([said], [], 0.5).of_finding == {"said": MatchState.FALSE_POSITIVE}


def test_truth_exactly_as_large_as_the_least_counts() -> None:
    truth = [bar("t", 0, 10, volume_ml=0.05)]
    assert match([], truth, 0.5, MatchRule(least_truth_ml=0.05)).of_truth == {"t": MatchState.MISSED}


def test_a_gate_of_nothing_still_wants_a_voxel_in_common() -> None:
    matching = match([bar("f", 20, 5, 0.9)], [bar("t", 0, 10)], 0.5, MatchRule(0.0))
    assert matching.of_truth == {"t": MatchState.MISSED}


@pytest.mark.parametrize(("x_mm", "found"), [(9.4, True), (9.6, False)])
def test_a_point_finds_a_lesion_from_within_half_its_long_axis_and_no_farther(x_mm: float, found: bool) -> None:
    # The lesion's middle is at 5 mm, its long axis 9 mm.
    point = evolve(bar("m", 0, 1, 0.9), mask=None, long_axis_mm=None, centre_lps_mm=[x_mm, 0, 0])
    expected = MatchState.FOUND if found else MatchState.MISSED
    assert match([point], [bar("t", 0, 10)], 0.5).of_truth == {"t": expected}


def test_two_points_without_extent_are_not_the_same_lesion() -> None:
    mark, lesion = (evolve(bar(name, 0, 1, 0.9), mask=None, long_axis_mm=None) for name in ("m", "t"))
    assert match([mark], [evolve(lesion, centre_lps_mm=[0.9, 0, 0])], 0.5).pairs == ()


def test_scans_without_lesions_have_no_sensitivity() -> None:
    points = froc([([bar("f", 0, 5, 0.9)], [])])
    assert [(p.sensitivity, p.false_positives) for p in points] == [(None, 1)]
    assert sensitivity_at(points, 4.0) == sensitivity_at((), 4.0) == 0.0


def test_nothing_on_either_side_is_no_trouble() -> None:
    assert match([], [], 0.5).pairs == ()
    assert match([], [bar("t", 0, 3)], 0.5).of_truth == {"t": MatchState.MISSED}
    assert match([bar("f", 0, 3, 0.6)], [], 0.5).of_finding == {"f": MatchState.FALSE_POSITIVE}


def test_froc_of_two_scans_with_known_answers() -> None:
    first = ([bar("a", 0, 10, 0.9), bar("b", 40, 5, 0.7)], [bar("t1", 0, 10), bar("t2", 80, 4)])
    second = ([bar("c", 10, 6, 0.5)], [bar("t3", 10, 6)])
    points = froc([first, second])
    assert [(p.threshold, p.found, p.false_positives) for p in points] == [(0.9, 1, 0), (0.7, 1, 1), (0.5, 2, 1)]
    assert points[-1].sensitivity == pytest.approx(2 / 3)
    assert points[-1].false_positives_per_scan == 0.5
    assert sensitivity_at(points, 0.125) == pytest.approx(1 / 3)
    assert sensitivity_at(points, 0.5) == pytest.approx(2 / 3)
    assert froc([]) == ()


def test_lesions_that_lie_apart_are_matched_without_waiting_for_a_library() -> None:
    lesions = [bar("first", 0, 10), bar("second", 20, 10), bar("third", 40, 10)]
    marks = [bar("b", 21, 10, 0.9), bar("a", 1, 8, 0.8), bar("stray", 60, 5, 0.7)]
    matching = match(marks, lesions, 0.5)
    assert [(mark, lesion) for mark, lesion, _ in matching.pairs] == [("b", "second"), ("a", "first")]
    assert matching.of_finding["stray"] is MatchState.FALSE_POSITIVE
    assert matching.of_truth["third"] is MatchState.MISSED


def test_a_story_with_plain_matches_is_on_stage_without_the_optimiser() -> None:
    code = """
import sys
from pathlib import Path
from viewer.domain.job import JobContext
from viewer.io.case_document import read_case
from viewer.services.loading import load_case
loaded = load_case(read_case(Path(sys.argv[1])), JobContext())
assert loaded.findings and loaded.lesions
sys.exit("scipy.optimize" in sys.modules)
"""
    case = Path(__file__).parents[2] / "demo_cases" / "head-epidural"
    assert subprocess.run([sys.executable, "-c", code, str(case)], check=False).returncode == 0


def test_findings_that_lie_on_no_lesion_cost_no_time_at_each_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[tuple[str, str]] = []
    monkeypatch.setattr(matching_module, "iou", lambda a, b: looked.append((a.id, b.id)) or iou(a, b))
    findings = [bar(f"f{n}", 20 * n, 10, (n + 1) / 500) for n in range(500)]
    truth = [bar(f"t{n}", 2000 * n + 2, 8) for n in range(5)]
    points = froc([(findings, truth)])
    assert sorted(looked) == [(f"f{100 * n}", f"t{n}") for n in range(5)]
    assert [(p.found, p.false_positives) for p in (points[0], points[-1])] == [(0, 1), (5, 495)]
    assert [p.found + p.false_positives for p in points] == list(range(1, 501))


def test_what_is_counted_is_what_is_matched() -> None:
    draw = np.random.default_rng(3)
    findings = [
        bar(f"f{n}", int(draw.integers(0, 120)), int(draw.integers(2, 20)), float(draw.random())) for n in range(60)
    ]
    findings[5] = evolve(findings[5], mask=None)
    truth = [
        bar(f"t{n}", int(draw.integers(0, 120)), int(draw.integers(2, 20)), volume_ml=float(draw.random()))
        for n in range(12)
    ]
    overlaps = Overlaps(findings, truth, MatchRule(0.1, least_truth_ml=0.2))
    for threshold in np.linspace(0, 1, 21):
        held = overlaps.matching(float(threshold))
        assert overlaps.counted(float(threshold)) == (
            held.count(MatchState.FOUND),
            held.count(MatchState.FALSE_POSITIVE),
        )
