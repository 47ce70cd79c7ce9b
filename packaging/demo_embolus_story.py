"""The story of the bundled chest with clots in its pulmonary arteries; no model ran on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from demo_stage import VESSELS, answers, camera_on, from_afar, in_words, ml, side

from viewer.domain.step_acts import Question
from viewer.domain.view_state import OverlayMode, ViewName
from viewer.domain.walkthrough import Step

if TYPE_CHECKING:
    from demo_stage import Stage


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
            f"A grey cast in a white artery, {(main.long_axis_mm or 0) / 10:.1f} cm long.",
            evolve(from_afar(stage, main, VESSELS), overlay=OverlayMode.OUTLINE, selected_finding=main.id),
            "No model ran here. The outline is the ground truth of the synthetic chest."
            + answers(
                (
                    "Why is there no model?",
                    "None of the bundled ones has learned clots, and one that has not would only guess. Step 6 says "
                    "so to everybody.",
                ),
            ),
            50,
            question=Question("Where is the clot?", finding=main.id),
        ),
        Step(
            "cast",
            "Blood passes beside it",
            "The same, without the outline: grey in the middle, white blood around it.",
            closer,
            "That rim is the sign: blood still passes around a clot."
            + answers(
                (
                    "Could it be badly mixed contrast?",
                    "That has soft edges, and fades along the vessel. This is sharp in all planes, with contrast "
                    "around it; and it was put there.",
                ),
            ),
            45,
        ),
        Step(
            "small",
            f"The smallest, {small.long_axis_mm or 0:.0f} mm long",
            f"{small.label}, **{ml(small)}**, on the {side(small, stage.volume)}. "
            "Whether one so small needs treatment is argued about.",
            stage.on(small, VESSELS, height_mm=80),
            "Scroll along the vessel: white, grey, white again."
            + answers(
                (
                    "Does so small a clot need treatment?",
                    "A single one, with none in the legs and little risk of more, may be watched; that is argued "
                    f"about. Here it is one of {len(clots)}.",
                ),
            ),
            50,
        ),
        Step(
            "all",
            f"{in_words(len(clots)).capitalize()} clots, {total:.1f} mL",
            "All of them at once, seen through bone and blood, as they lie.",
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
