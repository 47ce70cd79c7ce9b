"""What the stories of the bundled cases stand on: views of a volume, and what the model really found and missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve
from scipy import ndimage

from viewer.analysis.matching import match
from viewer.domain.finding import MatchRule, MatchState
from viewer.domain.geometry import PLANE_AXES, PlaneName
from viewer.domain.step_acts import Sweep
from viewer.domain.view_state import Camera, Layout, OverlayMode, PlaneView, Point, ViewName, ViewState, as_point
from viewer.domain.walkthrough import Step
from viewer.services.views import view_of_finding, view_of_volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.finding import Finding, Matching
    from viewer.domain.volume import Volume

# Width by height of the stage beside the narration card, and what is left free around the body.
_FREE_ASPECT = 0.86
_AROUND = 1.13
_BODY_HU = -400.0

BRAIN = (40.0, 80.0)
SUBDURAL = (75.0, 200.0)
BONE = (480.0, 2500.0)
LUNG = (-600.0, 1500.0)
VESSELS = (120.0, 600.0)
LIVER = (95.0, 230.0)
SOFT = (60.0, 400.0)


class Stage:
    """Views of one volume, its findings and truth, for a large picture with three beside it.

    `before` are the findings of an earlier scan, `mimics` names and places of what only looks like a lesion.
    """

    def __init__(
        self,
        volume: Volume,
        findings: Sequence[Finding],
        truth: Sequence[Finding],
        *,
        threshold: float,
        before: Sequence[Finding] = (),
        mimics: Sequence[tuple[str, Point]] = (),
    ) -> None:
        self.volume = volume
        self.before = [f for f in before if f.score is None or f.score >= threshold]
        self.findings = sorted(findings, key=lambda f: f.order)
        self.truth = sorted(truth, key=lambda f: -(f.volume_ml or 0))
        self.threshold = threshold
        self.mimics = list(mimics)
        self.matching: Matching = match(tuple(self.findings), tuple(self.truth), threshold, MatchRule())

    def in_state(self, state: MatchState) -> list[Finding]:
        """Return findings or true lesions in a state at the operating point, largest first."""
        side = self.truth if state in (MatchState.MISSED, MatchState.FOUND) else self.findings
        states = self.matching.of_truth if side is self.truth else self.matching.of_finding
        chosen = [f for f in side if states.get(f.id) is state]
        return sorted(chosen, key=lambda f: -(f.volume_ml or 0))

    def finding_of(self, lesion: Finding) -> Finding | None:
        """Return the finding that is matched to a true lesion, None where it was missed."""
        mine = next((finding for finding, true, _ in self.matching.pairs if true == lesion.id), None)
        return next((f for f in self.findings if f.id == mine), None)

    def overview(self, window: tuple[float, float], main: ViewName = ViewName.AXIAL) -> ViewState:
        """Return the whole volume in a window, without any outline."""
        view = evolve(view_of_volume(self.volume), layout=Layout.STAGE, main=main, threshold=self.threshold)
        if main.plane is not None:
            view = view.with_plane(main.plane, self._beside_the_card(view.plane(main.plane), main.plane))
        view = evolve(view, window_centre=window[0], window_width=window[1], overlay=OverlayMode.OFF)
        return self._filled(view)

    def _filled(self, view: ViewState) -> ViewState:
        """Return the view with its axial plane, where that is large, filled by the body as it is on that slice."""
        if view.main is not ViewName.AXIAL:
            return view
        stack = self.volume.stack
        labels, count = ndimage.label(self.volume.slices[stack.nearest_slice(view.cursor_lps_mm)] > _BODY_HU)
        if not count:
            return view
        body = np.argwhere(labels == np.bincount(labels.ravel())[1:].argmax() + 1)
        k = stack.nearest_slice(view.cursor_lps_mm)
        corners = [(i, j, k) for j, i in (body.min(axis=0), body.max(axis=0))]
        low, high = stack.lps(np.array(corners, dtype=np.float64))
        width_mm, height_mm = (abs(float(high[axis] - low[axis])) for axis in (0, 1))
        height_mm = max(height_mm, width_mm / _FREE_ASPECT) * _AROUND
        middle = as_point((low + high) / 2)
        return view.with_plane(PlaneName.AXIAL, PlaneView(middle, height_mm))

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
        base = evolve(self.overview(window, main), cursor_lps_mm=as_point(finding.centre_lps_mm))
        base = self._filled(evolve(base, overlay=OverlayMode.OUTLINE))
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
    """Return volume and score in Markdown, said to be recorded on the line below."""
    score = f", score **{finding.score:.2f}**" if finding.score is not None else ""
    return f"**{ml(finding)}**{score}  \n*recorded result*"


def ml(finding: Finding) -> str:
    """Return a volume in words."""
    value = finding.volume_ml or 0.0
    return f"{value:.1f} mL" if value >= 1 else f"{value:.2f} mL"


def side(finding: Finding, volume: Volume) -> str:
    """Return the patient's side on which a finding lies."""
    return "left" if finding.centre_lps_mm[0] > volume.grid.centre_lps_mm[0] else "right"


def answers(*pairs: tuple[str, str]) -> str:
    """Return the end of a step's notes: questions that may come, and what to say then."""
    return "".join(f"\n\nQ: {question}\nA: {answer}" for question, answer in pairs)


def missed_words(stage: Stage, lesion: Finding) -> str:
    """Return how near the model came to a lesion that it missed."""
    best = stage.matching.best_score_of_truth.get(lesion.id)
    if best is None:
        return "The model marked nothing there, at any threshold."
    return f"The model’s score there is **{best:.2f}**, below the threshold of **{stage.threshold:.2f}**."


def camera_on(view: ViewState, towards: Point) -> ViewState:
    """Return a 3D view looked at from a direction (from the patient to the eye)."""
    return evolve(view, camera=Camera(view.camera.focal_lps_mm, towards, (0.0, 0.0, 1.0), view.camera.height_mm))


def from_afar(
    stage: Stage, finding: Finding, window: tuple[float, float], main: ViewName = ViewName.AXIAL
) -> ViewState:
    """Return the whole cross-section through a finding, centred on the body, without outlines.

    While it is asked for, the stage lets the other planes pass through the middle.
    """
    view = stage.on(finding, window, main)
    # 3D from where the finding lies would point at it.
    camera = stage.overview(window, main).camera
    return evolve(view, camera=camera, overlay=OverlayMode.OFF, selected_finding=None, show_truth=True)


def threshold_steps(
    stage: Stage, lesion: Finding, window: tuple[float, float], told: str = "Now it is found, outlined", asked: str = ""
) -> list[Step]:
    """Return a step in which the threshold sweeps down until a missed lesion is found, where one finds it.

    `told` begins its narration, `asked` ends its notes.
    """
    best = stage.matching.best_score_of_truth.get(lesion.id)
    if best is None:
        return []
    lower = max(0.05, int(best * 20) / 20)
    others = match(tuple(stage.findings), tuple(stage.truth), lower, MatchRule()).count(MatchState.FALSE_POSITIVE)
    price = "No false alarm comes" if not others else f"{others} false alarm{'s come' if others > 1 else ' comes'}"
    marked = min(
        (f for f in stage.findings if f.score is not None and abs(f.score - best) < 1e-9), key=lambda f: f.order
    )
    return [
        Step(
            "threshold",
            f"At a threshold of {lower:.2f}",
            f"{told} at **{ml(marked)}**, score **{best:.2f}**. {price} with it.  \n*recorded result*",
            evolve(stage.on(marked, window, height_mm=110), threshold=lower, show_truth=True),
            "Where to put the threshold is a decision, not a property of the model. Inspect has a slider." + asked,
            50,
            sweep=Sweep(stage.threshold, lower, 5.0),
        )
    ]


def right_and_left(findings: Sequence[Finding]) -> tuple[Finding, Finding]:
    """Return the finding in the right lung and the one in the left lung."""
    right = max((f for f in findings if f.centre_lps_mm[0] < 0), key=lambda f: f.volume_ml or 0)
    left = max((f for f in findings if f.centre_lps_mm[0] > 0), key=lambda f: f.volume_ml or 0)
    return right, left


def in_words(count: int) -> str:
    """Return a small number as a word."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[count] if count < len(words) else str(count)


def signed(percent: float) -> str:
    """Return a share in percent with its sign."""
    return f"{percent:+.0f}".replace("-", "−")
