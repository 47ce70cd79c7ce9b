"""The stories of the bundled chests: told from what the model really found, missed, and took for something else."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve
from demo_stage import (
    LUNG,
    SOFT,
    VESSELS,
    camera_on,
    from_afar,
    missed_words,
    ml,
    numbers,
    right_and_left,
    side,
    signed,
    threshold_steps,
)

from viewer.domain.finding import MatchState
from viewer.domain.step_acts import CurtainDraw, Question, Sweep
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
            "Let the audience count. The coronal plane passes through the largest one.",
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
                "Say it before they find it. Dotted is the ground truth.",
                55,
            )
        )
        lower = next((s for each in missed for s in threshold_steps(stage, each, LUNG)), None)
        if lower is not None:
            steps.append(lower)
    whole = f"{len(found)} of {len(stage.truth)} found"
    also = f", {len(false)} false alarm{'s' if len(false) != 1 else ''}" if false else ", no false alarm"
    steps.append(
        Step(
            "end",
            whole,
            f"At a threshold of {stage.threshold:.2f}: {whole}{also}. Open Inspect to see what moves it.",
            evolve(camera_on(evolve(first, main=ViewName.THREE_D), (0.3, -0.93, 0.2)), overlay=OverlayMode.OUTLINE),
            "Turn it slowly.",
            40,
        )
    )
    return tuple(steps)


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
            "Two nodules. Does it matter?",
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
            "Drag the line across the nodule yourself. The patient lay 16 mm elsewhere; the two scans are aligned.",
            60,
            curtain=CurtainDraw(1.0, 0.5, 3.0),
        ),
        Step(
            "grown",
            f"{times:.1f} times the volume",
            f"From **{ml(grown_before)}** to **{ml(grown)}**: it doubles every {doubling_days:.0f} days."
            "\n\n*recorded results*",
            evolve(curtain, curtain=0.1),
            "Volume doubling below 400 days is fast. Both volumes are the model's own outlines, recorded.",
            60,
            curtain=CurtainDraw(0.5, 0.1, 3.0),
        ),
        Step(
            "stable",
            "The other one stayed",
            f"**{ml(stable_before)}** then, **{ml(stable)}** now: {signed(change)}\u00a0%.\n\n*recorded results*",
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
    price = f"{len(lost)} real nodule{'s' if len(lost) != 1 else ''} would go too" if lost else "no real nodule is lost"
    steps = [
        Step(
            "start",
            "One of these is wrong",
            f"A synthetic chest CT. The AI reports {len(right) + 1} places, above {stage.threshold:.2f}.",
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
                f"Round in all three planes.\n\n{numbers(round_one)}",
                stage.on(round_one, LUNG, height_mm=110),
                "Show what round means: the same in axial, coronal and sagittal.",
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
            "Ask for hands: nodule or not?",
            45,
        ),
        Step(
            "other",
            title,
            told,
            evolve(
                stage.on(wrong, SOFT if "calcified" in what else LUNG, ViewName.CORONAL, height_mm=80),
                overlay=OverlayMode.OFF,
            ),
            "One more plane, or one more window, is often all it takes.",
            50,
        ),
        Step(
            "threshold",
            "Could a threshold have spared us this?",
            f"Up to {higher:.2f} the false alarm goes. The price: {price}.",
            evolve(stage.on(wrong, LUNG, height_mm=200), threshold=higher, selected_finding=None),
            "Every threshold is a trade. Inspect shows it for a whole set of cases.",
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


def embolus_steps(stage: Stage) -> tuple[Step, ...]:
    """Return the story of clots in the pulmonary arteries; no model ran, what is outlined is the phantom's truth."""
    clots = sorted(stage.findings, key=lambda f: -(f.volume_ml or 0))
    main, small = clots[0], clots[-1]
    total = sum(f.volume_ml or 0.0 for f in clots)
    closer = evolve(stage.on(main, VESSELS, height_mm=110), overlay=OverlayMode.OFF)
    behind = evolve(
        stage.overview(VESSELS, ViewName.THREE_D),
        overlay=OverlayMode.OUTLINE,
        selected_finding=None,
        preset_3d="vessels",
    )
    return (
        Step(
            "start",
            "Short of breath since a flight",
            "A synthetic chest CT, contrast in the pulmonary arteries. The window shows vessels, not lung.",
            stage.overview(VESSELS, ViewName.CORONAL),
            "Where contrast should be white and is grey, something is in the way.",
            35,
        ),
        Step(
            "main",
            main.label,
            f"A grey cast in a white artery: **{ml(main)}**, {(main.long_axis_mm or 0) / 10:.1f} cm long.",
            evolve(from_afar(stage, main, VESSELS), overlay=OverlayMode.OUTLINE, selected_finding=main.id),
            "No model ran here. The outline is the ground truth of the synthetic chest.",
            50,
            question=Question("Where is the clot?", finding=main.id),
        ),
        Step(
            "cast",
            "Blood passes beside it",
            "The same, without the outline: grey in the middle, white blood around it.",
            closer,
            "That rim is the sign: blood still passes around a clot.",
            45,
        ),
        Step(
            "small",
            f"The smallest, {small.long_axis_mm or 0:.0f} mm long",
            f"{small.label}, **{ml(small)}**, on the {side(small, stage.volume)}. This one is argued about.",
            stage.on(small, VESSELS, height_mm=80),
            "Scroll along the vessel: white, grey, white again.",
            50,
        ),
        Step(
            "all",
            f"{len(clots)} clots, {total:.1f} mL",
            "All of them behind the ribs, as they lie.",
            camera_on(behind, (0.2, -0.96, 0.2)),
            "Turn it slowly.",
            40,
        ),
        Step(
            "end",
            "No model was asked",
            "The bundled models know bleeds and nodules, not clots. One that does plugs in by a manifest.",
            evolve(stage.on(main, VESSELS), selected_finding=main.id),
            "Say it openly: this case shows the viewer, not a model.",
            30,
        ),
    )
