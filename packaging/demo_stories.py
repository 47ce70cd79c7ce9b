"""The stories of the bundled cases: steps made from what the model really found and missed, so that they stay true."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from viewer.analysis.matching import match
from viewer.domain.finding import MatchRule, MatchState
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.view_state import Camera, Comparison, Layout, OverlayMode, PlaneView, ViewName, ViewState, as_point
from viewer.domain.walkthrough import Step
from viewer.services.views import view_of_finding, view_of_volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.finding import Finding, Matching
    from viewer.domain.volume import Volume

# Width by height of the stage beside the narration card.
_FREE_ASPECT = 0.86

BRAIN = (40.0, 80.0)
SUBDURAL = (75.0, 200.0)
BONE = (480.0, 2500.0)
LUNG = (-600.0, 1500.0)


class Stage:
    """Views of one volume, its findings and truth, for a large picture with three beside it.

    `before` are the findings of an earlier scan.
    """

    def __init__(
        self,
        volume: Volume,
        findings: Sequence[Finding],
        truth: Sequence[Finding],
        *,
        threshold: float,
        before: Sequence[Finding] = (),
    ) -> None:
        self.volume = volume
        self.before = [f for f in before if f.score is None or f.score >= threshold]
        self.findings = sorted(findings, key=lambda f: f.order)
        self.truth = list(truth)
        self.threshold = threshold
        self.matching: Matching = match(tuple(self.findings), tuple(self.truth), threshold, MatchRule())

    def in_state(self, state: MatchState) -> list[Finding]:
        """Return findings or true lesions in a state at the operating point, largest first."""
        side = self.truth if state in (MatchState.MISSED, MatchState.FOUND) else self.findings
        states = self.matching.of_truth if side is self.truth else self.matching.of_finding
        chosen = [f for f in side if states.get(f.id) is state]
        return sorted(chosen, key=lambda f: -(f.volume_ml or 0))

    def overview(self, window: tuple[float, float], main: ViewName = ViewName.AXIAL) -> ViewState:
        """Return the whole volume in a window, without any outline."""
        view = evolve(view_of_volume(self.volume), layout=Layout.STAGE, main=main, threshold=self.threshold)
        if main.plane is not None:
            view = view.with_plane(main.plane, self._beside_the_card(view.plane(main.plane), main.plane))
        return evolve(view, window_centre=window[0], window_width=window[1], overlay=OverlayMode.OFF)

    def _beside_the_card(self, plane: PlaneView, name: PlaneName) -> PlaneView:
        """Return the plane fitted to the part of the stage that the narration leaves free, which is nearly square."""
        bounds = self.volume.body_lps_mm if self.volume.body_lps_mm is not None else self.volume.grid.bounds_lps_mm
        across = int(np.argmax(np.abs(PLANE_AXES[name].right)))
        width_mm = float(bounds[across, 1] - bounds[across, 0])
        return evolve(plane, height_mm=max(plane.height_mm, width_mm / _FREE_ASPECT * 1.06))

    def on(
        self,
        finding: Finding,
        window: tuple[float, float],
        main: ViewName = ViewName.AXIAL,
        *,
        height_mm: float | None = None,
    ) -> ViewState:
        """Return a view centred on a finding and selecting it; the whole cross-section unless a height is given."""
        base = evolve(self.overview(window, main), overlay=OverlayMode.OUTLINE)
        close = view_of_finding(base, finding, self.volume)
        centre = as_point(finding.centre_lps_mm)
        view = evolve(
            close,
            axial=base.axial,
            coronal=base.coronal,
            sagittal=base.sagittal,
            window_centre=window[0],
            window_width=window[1],
        )
        return view if height_mm is None else view.looking_at(centre, height_mm=height_mm)


def numbers(finding: Finding) -> str:
    """Return volume and score in Markdown, said to be recorded."""
    score = f", score **{finding.score:.2f}**" if finding.score is not None else ""
    return f"**{_ml(finding)}**{score}\n\n*recorded result*"


def _ml(finding: Finding) -> str:
    value = finding.volume_ml or 0.0
    return f"{value:.1f} mL" if value >= 1 else f"{value:.2f} mL"


def _side(finding: Finding, volume: Volume) -> str:
    return "left" if finding.centre_lps_mm[0] > volume.grid.centre_lps_mm[0] else "right"


def _missed_words(stage: Stage, lesion: Finding) -> str:
    best = stage.matching.best_score_of_truth.get(lesion.id)
    if best is None:
        return "The model marked nothing there, at any threshold."
    return f"The model’s score there is **{best:.2f}**, below the threshold of **{stage.threshold:.2f}**."


def _threshold_step(stage: Stage, lesion: Finding, window: tuple[float, float]) -> list[Step]:
    """Return a step that lowers the threshold until a missed lesion is found, where some threshold finds it."""
    best = stage.matching.best_score_of_truth.get(lesion.id)
    if best is None:
        return []
    lower = max(0.05, int(best * 20 - 1) / 20)
    others = match(tuple(stage.findings), tuple(stage.truth), lower, MatchRule()).count(MatchState.FALSE_POSITIVE)
    price = "no false alarm here" if not others else f"{others} false alarm{'s' if others > 1 else ''} here"
    marked = min(
        (f for f in stage.findings if f.score is not None and abs(f.score - best) < 1e-9), key=lambda f: f.order
    )
    return [
        Step(
            "threshold",
            f"At a threshold of {lower:.2f}",
            f"Now it is outlined: **{_ml(marked)}**, score **{best:.2f}**. The price: {price}.",
            evolve(stage.on(marked, window, height_mm=110), threshold=lower, show_truth=True),
            "Where to put the threshold is a decision, not a property of the model. Inspect has a slider.",
            50,
        )
    ]


def head_steps(stage: Stage) -> tuple[Step, ...]:
    """Return the story of a head with a bleed that is found and one that is missed."""
    found = stage.in_state(MatchState.TRUE_POSITIVE)
    missed = stage.in_state(MatchState.MISSED)
    main = found[0]
    level = as_point(main.centre_lps_mm)
    side = _side(main, stage.volume)
    first = evolve(stage.overview(BRAIN), cursor_lps_mm=level)
    above = Camera(stage.overview(BRAIN).camera.focal_lps_mm, (0.78, 0.42, 0.46), (0.0, 0.0, 1.0))
    skull = evolve(stage.overview(BONE, ViewName.THREE_D), cursor_lps_mm=level)
    skull = evolve(skull, camera=evolve(above, height_mm=skull.camera.height_mm))
    solid = stage.on(main, BRAIN, ViewName.THREE_D)
    steps = [
        Step(
            "fall",
            "A fall from a ladder",
            "A synthetic head CT, thirty minutes after the fall.\n\nWhere would you look first?",
            first,
            "Wait for an answer before you go on.\n\nThe level is already the right one: let them find it.",
            40,
        ),
        Step(
            "skull",
            "The skull, intact",
            "In the bone window and in 3D there is no fracture line and no step.",
            skull,
            "Turn the skull with the mouse if they ask. Resume brings you back.",
            45,
        ),
        Step(
            "bleed",
            "Blood pressed against the bone",
            f"The AI outlines a lens-shaped bleed on the patient’s {side}.\n\n{numbers(main)}",
            stage.on(main, BRAIN),
            "The outer edge follows the skull, the inner one bulges inwards: that is the lens shape.\n\n"
            "If asked about the score: it was recorded when the case was made, with the model that is on this laptop.",
            60,
        ),
        Step(
            "extent",
            f"{(main.long_axis_mm or 0) / 10:.1f} cm, end to end",
            "The coronal plane shows how far it reaches along the skull.",
            stage.on(main, BRAIN, ViewName.CORONAL),
            "The long axis is measured in 3D, between the two voxels that lie furthest apart.",
            50,
        ),
        Step(
            "solid",
            "One solid shape",
            f"Seen from the {side}: the same voxels as a surface, **{_ml(main)}** in all.",
            solid,
            "The volume is the sum of the outlined voxels on the original slices.",
            45,
        ),
    ]
    if missed:
        lesion = missed[0]
        view = stage.on(lesion, SUBDURAL if "dural" in lesion.label.lower() else BRAIN, height_mm=110)
        steps.append(
            Step(
                "missed",
                "What the model did not say",
                f"A second bleed of **{_ml(lesion)}**, known because this head was made. "
                f"{_missed_words(stage, lesion)}",
                evolve(view, show_truth=True, selected_finding=lesion.id),
                "Say it before they find it. The dotted outline is the ground truth of the synthetic head.",
                65,
            )
        )
        steps += _threshold_step(stage, lesion, BRAIN)
    closing = evolve(
        stage.overview(BRAIN), cursor_lps_mm=level, overlay=OverlayMode.OUTLINE, show_truth=True, selected_finding=None
    )
    total = len(stage.truth)
    steps.append(
        Step(
            "end",
            "A second reader, not the only one",
            f"{len(found)} of {total} bleeds found. What was missed is in the program, next to what was found.",
            closing,
            "Offer to scroll. Inspect shows the same result with a threshold to move.",
            45,
        )
    )
    return tuple(steps)


def chest_steps(stage: Stage) -> tuple[Step, ...]:
    """Return the story of a chest with several nodules, at least one of them missed."""
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
            f"On the patient’s {_side(largest, stage.volume)}. Three planes meet in it.\n\n{numbers(largest)}",
            stage.on(largest, LUNG),
            "The coloured lines are the other two planes.",
            50,
        ),
    ]
    if smallest is not largest:
        steps.append(
            Step(
                "smallest",
                f"The smallest it found, {smallest.long_axis_mm or 0:.0f} mm",
                f"Easy to take for a vessel: scroll through it and it does not run on.\n\n{numbers(smallest)}",
                stage.on(smallest, LUNG, height_mm=90),
                "Scroll a few images up and down, then press Enter to come back.",
                60,
            )
        )
    if false:
        wrong = false[0]
        steps.append(
            Step(
                "false",
                "A false alarm",
                f"Nothing was placed here: vessels that cross look like a nodule.\n\n{numbers(wrong)}",
                stage.on(wrong, LUNG, height_mm=90),
                "In Inspect it carries a triangle and a dashed outline.",
                55,
            )
        )
    if missed:
        lesion = missed[0]
        steps.append(
            Step(
                "missed",
                "What the model did not say",
                f"A nodule of **{_ml(lesion)}**, known because this chest was made. {_missed_words(stage, lesion)}",
                evolve(stage.on(lesion, LUNG, height_mm=90), show_truth=True),
                "Say it before they find it. Dotted is the ground truth.",
                60,
            )
        )
        steps += _threshold_step(stage, lesion, LUNG)
    camera = Camera(first.camera.focal_lps_mm, (0.3, -0.93, 0.2), (0.0, 0.0, 1.0), first.camera.height_mm)
    closing = evolve(first, main=ViewName.THREE_D, overlay=OverlayMode.OUTLINE, camera=camera, selected_finding=None)
    steps.append(
        Step(
            "end",
            f"{len(found)} of {len(stage.truth)} found",
            "The same findings behind the ribs. Open Inspect to move the threshold and see what changes.",
            closing,
            "Turn it slowly.",
            45,
        )
    )
    return tuple(steps)


def growth_steps(stage: Stage) -> tuple[Step, ...]:
    """Return the story of a nodule that grew and one that did not, each shown on the scan of a year before."""
    found = stage.in_state(MatchState.TRUE_POSITIVE)
    grown, stable = found[0], found[-1]
    grown_before, stable_before = _right_and_left(stage.before)
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
            "Let them find both first: one in the right upper lobe, one low on the left.",
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
            "Right of the line lies the earlier scan. **Draw the curtain.**",
            curtain,
            "Drag the line across the nodule. The patient lay 16 mm elsewhere; the two scans are aligned.",
            60,
        ),
        Step(
            "grown",
            f"{times:.1f} times the volume",
            f"From **{_ml(grown_before)}** to **{_ml(grown)}**: it doubles every {doubling_days:.0f} days."
            "\n\n*recorded results*",
            evolve(curtain, curtain=0.1),
            "Volume doubling below 400 days is fast. Both volumes are the model's own outlines, recorded.",
            60,
        ),
        Step(
            "stable",
            "The other one stayed",
            f"**{_ml(stable_before)}** then, **{_ml(stable)}** now: {_signed(change)} %.\n\n*recorded results*",
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


def _right_and_left(findings: Sequence[Finding]) -> tuple[Finding, Finding]:
    """Return the finding in the right lung and the one in the left lung."""
    right = max((f for f in findings if f.centre_lps_mm[0] < 0), key=lambda f: f.volume_ml or 0)
    left = max((f for f in findings if f.centre_lps_mm[0] > 0), key=lambda f: f.volume_ml or 0)
    return right, left


def _signed(percent: float) -> str:
    return f"{percent:+.0f}".replace("-", "−")
