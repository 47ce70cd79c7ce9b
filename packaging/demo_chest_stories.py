"""The stories of the bundled chests: told from what the model really found, missed, and took for something else."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve
from demo_stage import (
    LUNG,
    SOFT,
    answers,
    camera_on,
    in_words,
    missed_words,
    ml,
    numbers,
    right_and_left,
    side,
    signed,
    threshold_steps,
)

from viewer.domain.finding import MatchState
from viewer.domain.step_acts import CurtainDraw, Sweep
from viewer.domain.view_state import Comparison, OverlayMode, ViewName, as_point
from viewer.domain.walkthrough import Step

if TYPE_CHECKING:
    from demo_stage import Stage

    from viewer.domain.finding import Finding


def nodules_steps(stage: Stage) -> tuple[Step, ...]:
    """Return the story of a chest with several nodules and of the miss that is owned up to."""
    found = stage.in_state(MatchState.TRUE_POSITIVE)
    missed = stage.in_state(MatchState.MISSED)
    false = stage.in_state(MatchState.FALSE_POSITIVE)
    largest, smallest = found[0], found[-1]
    first = evolve(stage.overview(LUNG, ViewName.CORONAL), cursor_lps_mm=as_point(largest.centre_lps_mm))
    steps = [
        Step(
            "start",
            "How many nodules?",
            "A synthetic chest CT in the lung window.\n\nCount before the AI does.",
            first,
            "Let the audience count. The coronal plane passes through the largest one."
            + answers(
                (
                    "Is this a real patient?",
                    "No. The program made this chest, so every nodule in it is known. What the model does here says "
                    "nothing about patients.",
                ),
            ),
            40,
        ),
        Step(
            "largest",
            f"The largest, {largest.long_axis_mm or 0:.0f} mm",
            f"On the patient’s {side(largest, stage.volume)}. Three planes meet in it.\n\n{numbers(largest)}",
            stage.on(largest, LUNG),
            "The coloured lines are the other two planes.",
            45,
        ),
    ]
    if smallest is not largest:
        steps.append(
            Step(
                "smallest",
                f"The smallest it found, {smallest.long_axis_mm or 0:.0f} mm",
                f"{_seen_as(stage, smallest)}\n\n{numbers(smallest)}",
                stage.on(smallest, LUNG, height_mm=90),
                "Scroll a few images up and down, then press Enter to come back.",
                50,
            )
        )
    if missed:
        lesion = missed[0]
        steps.append(
            Step(
                "missed",
                "What the model did not say",
                f"A nodule of **{ml(lesion)}**, known because this chest was made. {missed_words(stage, lesion)}",
                evolve(stage.on(lesion, LUNG, height_mm=90), show_truth=True, selected_finding=lesion.id),
                "Say it before they find it. Dotted is the ground truth."
                + answers(
                    (
                        "Why does the model miss it?",
                        "It is small, and the model learned from few. Its card says what share of each size it finds "
                        "on unseen synthetic chests: nearly all that are large, hardly any that are tiny.",
                    ),
                ),
                55,
            )
        )
        lower = next((s for each in missed for s in _lower_down(stage, each, first=lesion)), None)
        if lower is not None:
            steps.append(lower)
    whole = f"{in_words(len(found)).capitalize()} of {in_words(len(stage.truth))} found"
    also = f"{len(false)} false alarm{'s' if len(false) != 1 else ''}" if false else "No false alarm"
    steps.append(
        Step(
            "end",
            whole,
            f"{also} at its threshold of {stage.threshold:.2f}. In Inspect you can move it.\n\n*recorded result*",
            evolve(
                camera_on(evolve(first, main=ViewName.THREE_D), (0.3, -0.93, 0.2)),
                overlay=OverlayMode.OUTLINE,
                show_truth=True,
            ),
            "Turn it slowly."
            + answers(
                (
                    "Would it do as well on real scans?",
                    "Nobody knows. It was trained and tested on synthetic chests alone, to show this program.",
                ),
            ),
            40,
        )
    )
    return tuple(steps)


def _lower_down(stage: Stage, lesion: Finding, first: Finding) -> list[Step]:
    """Return the step at whose threshold a missed nodule is found; `first` is the one that was told of before."""
    told = "Now it is found, outlined" if lesion is first else f"Another one, of {ml(lesion)}, is found: outlined"
    asked = answers(
        (
            "Is the whole nodule outlined?",
            f"No. It was made with {ml(lesion)}, and the model is sure of its middle alone. A volume from such an "
            "outline is not to be trusted.",
        ),
    )
    return threshold_steps(stage, lesion, LUNG, told, asked)


def _seen_as(stage: Stage, finding: Finding) -> str:
    """Return what a nodule looks like, by what was put there."""
    lesion = next((each for each in stage.truth if stage.finding_of(each) is finding), None)
    if lesion is not None and lesion.label_key == "part-solid-nodule":
        return "Part-solid: a firm core in a pale halo."
    return "Easy to take for a vessel: scroll through it and it does not run on."


def growth_steps(stage: Stage) -> tuple[Step, ...]:
    """Return the story of a nodule that grew and one that did not, each shown on the scan of a year before."""
    grown, stable = right_and_left(stage.in_state(MatchState.TRUE_POSITIVE))
    grown_before, stable_before = right_and_left(stage.before)
    first = evolve(stage.overview(LUNG, ViewName.CORONAL), cursor_lps_mm=as_point(grown.centre_lps_mm))
    close = stage.on(grown, LUNG, height_mm=110)
    curtain = evolve(close, comparison=Comparison.CURTAIN, curtain=0.5)
    times = (grown.volume_ml or 0.0) / (grown_before.volume_ml or 1.0)
    doubling_days = 365 * math.log(2) / math.log(times)
    same = evolve(stage.on(stable, LUNG, height_mm=110), comparison=Comparison.CURTAIN, curtain=0.5)
    change = ((stable.volume_ml or 0.0) / (stable_before.volume_ml or 1.0) - 1) * 100
    return (
        Step(
            "today",
            "Two nodules. Do they matter?",
            "A synthetic chest CT in the lung window. One look cannot tell.",
            first,
            "Let them find both first: one in the right upper lobe, one on the left.",
            35,
        ),
        Step(
            "found",
            f"Right lung, {grown.long_axis_mm or 0:.0f} mm",
            f"Spiculated, and outlined by the AI.\n\n{numbers(grown)}",
            close,
            "Spicules make it suspicious; what it did over time says more.",
            45,
        ),
        Step(
            "before",
            "The same place, a year before",
            "The curtain opens: right of the line lies the earlier scan.",
            curtain,
            "Drag the line across the nodule yourself. The patient lay 16 mm elsewhere; the two scans are aligned."
            + answers(
                (
                    "How were the scans lined up?",
                    "By the shift that they were made with. Your own are lined up where they were scanned, or by what "
                    "both show, and the program says which.",
                ),
            ),
            60,
            curtain=CurtainDraw(1.0, 0.5, 3.0),
        ),
        Step(
            "grown",
            f"{times:.1f} times the volume",
            f"From **{ml(grown_before)}** to **{ml(grown)}**: it doubles every {doubling_days:.0f} days."
            "\n\n*recorded results*",
            evolve(curtain, curtain=0.1),
            "Volume doubling below 400 days is fast. Both volumes are the model's own outlines, recorded."
            + answers(
                (
                    "How much change is more than chance?",
                    "A rule of thumb for volumes: above 25 %. This one grew by "
                    f"{(times - 1) * 100:.0f} %; step 5 shows one that stayed.",
                ),
                (
                    "How good are the volumes?",
                    f"The model outlines too wide: today’s nodule was made with {ml(_made(stage, grown))} and is "
                    f"outlined at {ml(grown)}. The same model outlined both scans, so the growth is told better than "
                    "the size.",
                ),
            ),
            60,
            curtain=CurtainDraw(0.5, 0.1, 3.0),
        ),
        Step(
            "stable",
            "The other one stayed",
            f"**{ml(stable_before)}** then, **{ml(stable)}** now: a change of {signed(change)}\u00a0%."
            "\n\n*recorded results*",
            same,
            "Within what outlining the same nodule twice differs by.",
            50,
        ),
        Step(
            "end",
            "One needs a plan, one needs time",
            "Both scans stay open in Review: side by side, or with the curtain.",
            evolve(first, overlay=OverlayMode.OUTLINE, selected_finding=None),
            "Go to Review and press Shift+5.",
            40,
        ),
    )


def _made(stage: Stage, finding: Finding) -> Finding:
    """Return the true lesion that a finding is matched to."""
    return next(each for each in stage.truth if stage.finding_of(each) is finding)


def false_alarm_steps(stage: Stage) -> tuple[Step, ...]:
    """Return the story of a finding that is none: what the model saw, and what it was."""
    wrong = stage.in_state(MatchState.FALSE_POSITIVE)[0]
    right = stage.in_state(MatchState.TRUE_POSITIVE)
    name, away_mm = _nearest_mimic(stage, wrong)
    what = f"a {name}" if away_mm < 12 else "vessels that lie side by side"
    title, told = "Seen from the front", f"It is {what}. This chest was made, and no nodule was put there."
    if "calcified" in what:
        title = "In the soft window: white as bone"
        told = "A calcified granuloma, the scar of an old infection, and harmless. It was put here as a look-alike."
    round_one = next(
        (found for each in stage.truth if (found := stage.finding_of(each)) and each.label_key == "solid-nodule"), None
    )
    score = wrong.score or 0.0
    higher = min(0.95, (int(score * 20) + 1) / 20)
    lost = [f for f in right if (f.score or 0.0) < higher]
    price = f"but so {'is one real nodule' if len(lost) == 1 else f'are {in_words(len(lost))} real nodules'}"
    price = price if lost else "and no real nodule is lost"
    steps = [
        Step(
            "start",
            "One of these is wrong",
            f"A synthetic chest CT. The AI reports {in_words(len(right) + 1)} places, one of them falsely."
            "\n\n*recorded result*",
            evolve(camera_on(stage.overview(LUNG, ViewName.THREE_D), (0.25, -0.94, 0.22)), overlay=OverlayMode.OUTLINE),
            "Do not say yet which.",
            35,
        )
    ]
    if round_one is not None:
        steps.append(
            Step(
                "right",
                "This one is a nodule",
                f"Solid, with a smooth edge in all three planes.\n\n{numbers(round_one)}",
                stage.on(round_one, LUNG, height_mm=110),
                "Show all three planes: a vessel would be long in one of them.",
                40,
            )
        )
    steps += [
        Step(
            "wrong",
            "And this one?",
            f"The AI reports it too{', just above its threshold' if score < stage.threshold + 0.1 else ''}."
            f"\n\n{numbers(wrong)}",
            stage.on(wrong, LUNG, height_mm=110),
            "Ask for hands: nodule or not?"
            + answers(
                (
                    f"Is a score of {score:.2f} a probability?",
                    "Not by itself. How often findings of a score are right was measured on unseen synthetic chests, "
                    "and stands on the model’s card.",
                ),
            ),
            45,
        ),
        Step(
            "other",
            title,
            told,
            # The ribs show how white bone is.
            evolve(
                stage.on(wrong, SOFT, height_mm=130)
                if "calcified" in what
                else stage.on(wrong, LUNG, ViewName.CORONAL, height_mm=80),
                overlay=OverlayMode.OFF,
            ),
            "One more plane, or one more window, is often all it takes."
            + (
                answers(
                    (
                        "Is a calcified nodule always harmless?",
                        "Calcified all through, in the middle, in layers or like popcorn: nearly always. A fleck "
                        "beside the middle proves nothing.",
                    ),
                )
                if "calcified" in what
                else ""
            ),
            50,
        ),
        Step(
            "threshold",
            "Would another threshold help?",
            f"At {higher:.2f} the false alarm is gone, {price}.\n\n*recorded result*",
            evolve(stage.on(wrong, LUNG, height_mm=200), threshold=higher, selected_finding=None, show_truth=True),
            "Every threshold is a trade. Inspect shows it for a whole set of cases."
            + answers(
                (
                    f"Why not leave the threshold at {higher:.2f}?",
                    "On this scan it costs nothing. On others real nodules score no higher, and would be lost. A "
                    "threshold is chosen on many scans.",
                ),
            ),
            50,
            sweep=Sweep(stage.threshold, higher, 6.0),
        ),
        Step(
            "end",
            "It shows, you decide",
            "In Review one key rejects it, and the report says who did.",
            evolve(stage.on(wrong, LUNG), selected_finding=wrong.id),
            "Go to Review and press X on it.",
            35,
        ),
    ]
    return tuple(steps)


def _nearest_mimic(stage: Stage, finding: Finding) -> tuple[str, float]:
    if not stage.mimics:
        return "", math.inf
    away = [float(np.linalg.norm(finding.centre_lps_mm - np.asarray(at))) for _, at in stage.mimics]
    nearest = int(np.argmin(away))
    return stage.mimics[nearest][0], away[nearest]
