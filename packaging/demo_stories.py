"""The stories of the bundled heads and of the abdomen: told from what the model really found and missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve
from demo_stage import (
    BONE,
    BRAIN,
    LIVER,
    SUBDURAL,
    answers,
    camera_on,
    from_afar,
    in_words,
    missed_words,
    ml,
    side,
    threshold_steps,
)

from viewer.analysis.matching import match
from viewer.domain.finding import MatchRule, MatchState
from viewer.domain.step_acts import LiveRun, Question, Sweep
from viewer.domain.view_state import OverlayMode, ViewName, ViewState, as_point
from viewer.domain.walkthrough import Step

if TYPE_CHECKING:
    from demo_stage import Stage

    from viewer.domain.finding import Finding


def _asked(stage: Stage, lesion: Finding, window: tuple[float, float]) -> ViewState:
    """Return the whole slice through a lesion, that shows outlines once it is revealed."""
    view = evolve(from_afar(stage, lesion, window), overlay=OverlayMode.OUTLINE)
    mine = stage.finding_of(lesion)
    return evolve(view, selected_finding=None if mine is None else mine.id)


def large_bleed_steps(stage: Stage) -> tuple[Step, ...]:
    """Return the story of a large bleed that everybody sees."""
    lesion = stage.truth[0]
    main = stage.finding_of(lesion) or lesion
    where = side(main, stage.volume)
    towards = (0.78 if where == "left" else -0.78, 0.42, 0.46)
    skull = evolve(stage.overview(BONE, ViewName.THREE_D), cursor_lps_mm=as_point(main.centre_lps_mm))
    missed = [each for each in stage.in_state(MatchState.MISSED) if each is not lesion]
    return (
        Step(
            "fall",
            "Seen at once",
            f"Thirty minutes after a fall: a lens-shaped bleed on the patient’s {where}.",
            _asked(stage, lesion, BRAIN),
            "A synthetic head. Let them point first: everybody finds it, and so does the AI.\n\n"
            "If asked about the score: it was recorded when the case was made, with the model that is on this laptop."
            + answers(
                (
                    "Is this a real patient?",
                    "No. The program made this head, so its bleed is known voxel by voxel. What the model does here "
                    "says nothing about patients.",
                ),
            ),
            45,
            question=Question("After a fall: where is the bleed?", finding=lesion.id),
        ),
        Step(
            "skull",
            "The skull, intact",
            "In the bone window and in 3D: no fracture. The wavy lines are sutures; every skull has them.",
            camera_on(skull, towards),
            "Turn the skull with the mouse if they ask. Resume brings you back."
            + answers(
                (
                    "An epidural bleed without a fracture?",
                    "It happens, in children more often than in adults. Most adults have a fracture, and thick slices "
                    "can hide it. None was put into this skull.",
                ),
            ),
            45,
        ),
        Step(
            "bleed",
            "Blood pressed against the bone",
            "The outer edge follows the skull, the inner one bulges inwards: that is the lens.",
            stage.on(main, BRAIN),
            "Between bone and dura it cannot spread far, so it grows inwards and pushes the brain aside.\n\n"
            "L runs the model here and now. Should it take too long, the recorded result stands.",
            55,
            live=LiveRun("head-bleed", most_s=20.0, on_key=True),
        ),
        Step(
            "extent",
            f"{(main.long_axis_mm or 0) / 10:.1f} cm, end to end",
            "The coronal plane shows how far it reaches along the skull.\n\n*recorded result*",
            stage.on(main, BRAIN, ViewName.CORONAL),
            "The long axis is measured in 3D, between the two voxels that lie furthest apart.",
            50,
        ),
        Step(
            "solid",
            "One solid shape",
            f"Seen from the {where}: the same voxels as a surface, **{ml(main)}** in all.\n\n*recorded result*",
            camera_on(stage.on(main, BRAIN, ViewName.THREE_D), towards),
            "The volume is the sum of the outlined voxels on the original slices."
            + answers(
                (
                    "How good is the volume?",
                    f"It is that of the model’s outline, {ml(main)}. The bleed was made with {ml(lesion)}: the model "
                    "outlines too wide."
                    if (main.volume_ml or 0.0) > 1.1 * (lesion.volume_ml or 0.0)
                    else f"It is that of the model’s outline, {ml(main)}. The bleed was made with {ml(lesion)}.",
                ),
            ),
            45,
        ),
        *_second_bleed(stage, missed),
        Step(
            "end",
            "The easy ones are not the test",
            "Nobody needs an AI for this bleed. The next case is the one that a tired eye misses.",
            evolve(
                stage.overview(BRAIN),
                cursor_lps_mm=as_point(main.centre_lps_mm),
                overlay=OverlayMode.OUTLINE,
                show_truth=True,
                selected_finding=None,
            ),
            "Offer to scroll. Go on to “A small bleed, easily missed”.",
            30,
        ),
    )


def _second_bleed(stage: Stage, missed: list[Finding]) -> list[Step]:
    """Return what is said of another bleed that the model did not find."""
    if not missed:
        return []
    lesion = missed[0]
    view = stage.on(lesion, SUBDURAL if "dural" in lesion.label.lower() else BRAIN, height_mm=110)
    return [
        Step(
            "missed",
            "What the model did not say",
            f"A second bleed of **{ml(lesion)}**, known because this head was made. {missed_words(stage, lesion)}",
            evolve(view, show_truth=True, selected_finding=lesion.id),
            "Say it before they find it. The dotted outline is the ground truth of the synthetic head.",
            60,
        ),
        *threshold_steps(stage, lesion, BRAIN),
    ]


def _why_missed(stage: Stage, score: float | None) -> tuple[str, str]:
    near = "" if score is None else f" Here its score is {score:.2f}, and its threshold {stage.threshold:.2f}."
    how = " Step 5 shows what a lower one does." if score is not None else ""
    return (
        "Why does the model miss it?",
        f"It is small and thin, and lies along a bright fold.{near}{how} The model’s card says how many of each size "
        "it finds on unseen synthetic heads.",
    )


def _nearest_mark(stage: Stage, lesion: Finding, score: float) -> Finding:
    """Return the model's mark of a lesion that has a score, also below the threshold."""
    marks = [each for each in stage.findings if each.score is not None and abs(each.score - score) < 1e-9]
    return min(marks, key=lambda each: float(np.linalg.norm(each.centre_lps_mm - lesion.centre_lps_mm)))


def small_bleed_steps(stage: Stage) -> tuple[Step, ...]:
    """Return the story of a small bleed: where the eye slides over it, and what the model makes of it."""
    lesion = stage.truth[0]
    found = stage.finding_of(lesion)
    marked = found or lesion
    score = stage.matching.best_score_of_truth.get(lesion.id)
    first = stage.overview(BRAIN)
    told = (
        f"The AI marks it, score **{score:.2f}**, at its threshold of **{stage.threshold:.2f}**."
        if found is not None and score is not None
        else missed_words(stage, lesion)
    )
    steps = [
        Step(
            "night",
            "Four in the morning",
            "A synthetic head CT: headache since last night. At a first look, all is well.",
            first,
            "Scroll through it quickly, as one does at four in the morning. Do not stop where the bleed is.",
            35,
        ),
        Step(
            "there",
            f"{ml(lesion)} of blood along the falx",
            told,
            _asked(stage, lesion, BRAIN),
            "Give them ten seconds. In a room of radiologists about half will point at it."
            + ("" if found is not None else answers(_why_missed(stage, score))),
            50,
            question=Question("There is blood on this slice. Where?", finding=lesion.id),
        ),
        Step(
            "close",
            "Plain, once you know it",
            "The same place in three planes: the AI in blue, the truth in white. This head was made."
            if found is not None
            else "The same place in three planes. The dotted line is the truth, known because this head was made.",
            evolve(stage.on(marked, BRAIN, height_mm=90), show_truth=True),
            "Thin, and yet the reason why this patient must not go home on blood thinners."
            + answers(
                (
                    "Could it be a calcified falx?",
                    "Calcium is brighter. Fresh blood measures about 50 to 90 HU, calcium well above 100; in Review "
                    "the value under the pointer stands in the status bar.",
                ),
            ),
            50,
        ),
        Step(
            "wide",
            "A wider window dims it",
            "Window 200 instead of 80: the bleed fades towards the grey around it.",
            evolve(stage.on(marked, SUBDURAL), overlay=OverlayMode.OFF, selected_finding=None),
            "Enter resumes, and the brain window is back with the next step.",
            40,
        ),
    ]
    if score is not None:
        low = max(0.05, min(stage.threshold, int(score * 20) / 20))
        false = match(tuple(stage.findings), tuple(stage.truth), low, MatchRule()).count(MatchState.FALSE_POSITIVE)
        price = f"only {false} false alarm{'s' if false != 1 else ''}" if false else "no false alarm"
        steps.append(
            Step(
                "sweep",
                "Found, from which threshold on?",
                f"From 0.95 downwards, the model finds the bleed at **{score:.2f}**. "
                f"At {low:.2f} there is still {price}.\n\n*recorded result*",
                evolve(stage.on(_nearest_mark(stage, lesion, score), BRAIN), threshold=low, show_truth=True),
                "This is what a threshold means: the same model, the same scan, another answer."
                + answers(
                    (
                        "Why not always a lower threshold?",
                        "This scan has no false alarm there; others do. Where to put a threshold is decided on many "
                        "scans, and by what a miss costs against a false alarm.",
                    ),
                ),
                50,
                sweep=Sweep(0.95, low, 7.0),
            )
        )
    steps.append(
        Step(
            "end",
            "A second pair of eyes",
            "It does not tire. It does not know the patient either."
            if found is not None
            else "It never tires, and yet at its threshold it missed this one too. You know the patient.",
            evolve(_asked(stage, lesion, BRAIN), selected_finding=marked.id),
            "Offer Inspect: the same result with a slider for the threshold.",
            30,
        )
    )
    return tuple(steps)


def liver_steps(stage: Stage) -> tuple[Step, ...]:
    """Return the story of a liver with metastases, a haemangioma, a cyst, and fat that looks like one more.

    No model ran: what is outlined is the truth of the phantom.
    """
    by_kind: dict[str, list[Finding]] = {}
    for each in stage.findings:
        by_kind.setdefault(each.label_key, []).append(each)
    spread, cyst, haemangioma = by_kind["metastasis"], by_kind["cyst"][0], by_kind["haemangioma"][0]
    _, at = stage.mimics[0]
    fat = evolve(stage.overview(LIVER).looking_at(at, height_mm=150), overlay=OverlayMode.OUTLINE)
    hu = {each.id: f"{each.mean or 0:.0f} HU" for each in stage.findings}
    solid = evolve(stage.overview(LIVER, ViewName.THREE_D), cursor_lps_mm=as_point(spread[0].centre_lps_mm))
    return (
        Step(
            "largest",
            f"The largest, {(spread[0].long_axis_mm or 0):.0f} mm",
            f"A metastasis: dark, darker still in its middle, with a soft edge; {hu[spread[0].id]} on average.",
            evolve(from_afar(stage, spread[0], LIVER), overlay=OverlayMode.OUTLINE, selected_finding=spread[0].id),
            "A synthetic abdomen in the portal venous phase. No model ran on it: the outlines are its ground truth.",
            45,
            question=Question("What does not belong in this liver?", finding=spread[0].id),
        ),
        Step(
            "haemangioma",
            "One that can be left alone",
            f"Bright knots at the rim, as bright as the vessels: a haemangioma, **{ml(haemangioma)}**.",
            stage.on(haemangioma, LIVER, height_mm=150),
            "It fills from the rim inwards. One phase shows one moment of that."
            + answers(
                (
                    "Is one phase enough for a haemangioma?",
                    "No. Knots at the rim as bright as the vessels speak for it; later phases or MR show it fill.",
                ),
            ),
            50,
        ),
        Step(
            "cyst",
            f"Close to water: {hu[cyst.id]}",
            f"Dark, and sharp all round: a cyst, **{ml(cyst)}**.",
            stage.on(cyst, LIVER, height_mm=150),
            "Point at it: the value under the pointer stands in the status bar in Review."
            + answers(
                (
                    f"Water is 0 HU. Why has the cyst {hu[cyst.id]}?",
                    "It is the mean of all that is outlined, and at the edge voxels hold some liver too. In the middle "
                    "it is close to water.",
                ),
            ),
            40,
        ),
        Step(
            "fat",
            "And this is no lesion",
            "In the middle: fat beside the falciform ligament. It does not bulge, and it has no rim.",
            fat,
            "It is the commonest look-alike of the liver. It carries no outline, because there is nothing."
            + answers(
                (
                    "How do you tell fat from a metastasis?",
                    "By its place beside the ligament, vessels that run straight through it, and no bulge. Where doubt "
                    "is left, MR decides.",
                ),
            ),
            50,
        ),
        Step(
            "smallest",
            f"{(spread[-1].long_axis_mm or 0):.0f} mm that change the plan",
            f"The smallest metastasis, **{ml(spread[-1])}**, far from the others. Surgery depends on it.",
            stage.on(spread[-1], LIVER, height_mm=110),
            "Scroll: a vessel would run on, this does not.",
            50,
        ),
        Step(
            "end",
            f"{in_words(len(stage.findings)).capitalize()} places, three kinds",
            "All outlines here are the ground truth of a synthetic liver. No model was asked.",
            evolve(solid, overlay=OverlayMode.OUTLINE, selected_finding=None),
            "Any ONNX model can be asked: put it in with a manifest, run it in Review, and hold it against this truth."
            + answers(("Which model found these?", "None. All outlines are what was put into this synthetic liver.")),
            40,
        ),
    )
