"""A first draft of a case, told from the findings: overview, each finding, what was missed, 3D, end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from viewer.analysis.body_part import BodyPart, body_part
from viewer.analysis.matching import match
from viewer.domain.count_words import count_words
from viewer.domain.finding import MatchState, SourceKind, lesions_of
from viewer.domain.geometry import PlaneName
from viewer.domain.going_on import going_on
from viewer.domain.view_state import Comparison, Layout, OverlayMode, ViewName
from viewer.domain.walkthrough import BEFORE, NOW, Step
from viewer.scene.presets_3d import allowed_preset
from viewer.services.step_titles import finding_title
from viewer.services.views import fitted_height_mm, view_of_finding, view_of_volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.finding import Finding, Matching, Truth
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume

MOST_FINDINGS = 8
MOST_MISSED = 3
FREE_ASPECT = 0.86
"""Width over height of what the stage's large view has beside the card."""


def first_draft(
    volume: Volume,
    findings: Sequence[Finding],
    truth: Truth | None,
    view: ViewState,
    *,
    said: bool = True,
    beside: tuple[str, str] | None = None,
) -> tuple[Step, ...]:
    """Return the steps of a story told from what was found, in the window and at the threshold of a view.

    Where that view is one of a finding, all of the body is shown in the window that the volume opens with.

    Parameters
    ----------
    findings
        Those below the view's threshold are left out, and so are all beyond the eight with the highest scores.
    truth
        Where it is known, what was missed is told too.
    said
        False where no model has run and nobody has marked anything: then what is known to be true is told.
    beside
        What this scan and one that is compared with it are called; None where there is none.
    """
    if not said and not findings:
        findings = lesions_of(truth)
    shown = sorted((f for f in findings if f.score is None or f.score >= view.threshold), key=lambda f: f.order)
    # All of them: what lies below the threshold says by how much a lesion was missed.
    matching = match(tuple(findings), truth.lesions, view.threshold) if truth is not None and said else None
    whole = evolve(view_of_volume(volume), layout=Layout.STAGE, threshold=view.threshold)
    if view.selected_finding is None:
        # A finding in hand has brought a window of its own.
        whole = evolve(whole, window_centre=view.window_centre, window_width=view.window_width)
    # Beside the narration the stage is nearly square; a body is wider than high.
    height_mm = fitted_height_mm(volume, PlaneName.AXIAL, FREE_ASPECT)
    whole = whole.with_plane(PlaneName.AXIAL, evolve(whole.axial, height_mm=height_mm))
    told = shown[:MOST_FINDINGS]
    steps = [_overview(volume, evolve(whole, overlay=OverlayMode.OFF))]
    steps += [_on(f, volume, whole, n, matching) for n, f in enumerate(told, start=1)]
    if told and beside is not None:
        steps.append(_beside(told[0], volume, whole, beside))
    steps += _missed(volume, whole, lesions_of(truth), matching)
    # Voxels that are no HU have no 3D look that is sure to leave the skin out.
    look = allowed_preset(volume, whole.preset_3d, masked=True)
    if look is not None and volume.stack.count > 1:
        solid = evolve(whole, main=ViewName.THREE_D, preset_3d=look.name)
        steps.append(Step("solid", "In 3D", _solid_words(told), solid, "Turn it slowly.", 45.0))
    steps.append(_end(whole, shown, truth, matching))
    return tuple(steps)


def _overview(volume: Volume, view: ViewState) -> Step:
    part = body_part(volume)
    what = "A synthetic CT" if volume.series.synthetic else "A CT"
    what += "" if part is BodyPart.OTHER else f" of the {part.value}"
    words = f"{what}, before anything is pointed out."
    return Step("overview", "Where would you look?", words, view, "Let the audience look first.", 40.0)


def _on(finding: Finding, volume: Volume, whole: ViewState, number: int, matching: Matching | None) -> Step:
    view = evolve(_at(finding, whole, volume), overlay=OverlayMode.OUTLINE)
    wrong = matching is not None and matching.of_finding.get(finding.id) is MatchState.FALSE_POSITIVE
    said = "A false alarm: nothing is known to be here." if wrong else _found_by(finding)
    return Step(
        f"finding-{number}",
        finding_title(finding, volume),
        f"{said}\n\n{_numbers(finding, volume)}".strip(),
        evolve(view, show_truth=wrong),
        "Scroll a few images up and down, then press Enter to come back.",
        50.0,
    )


def _at(finding: Finding, whole: ViewState, volume: Volume) -> ViewState:
    return view_of_finding(whole, finding, volume, main_aspect=FREE_ASPECT)


def _found_by(finding: Finding) -> str:
    by = {SourceKind.MODEL: "Outlined by the model.", SourceKind.READER: "Marked by a reader."}
    return by.get(finding.source.kind, "Known to be here.")


def _numbers(finding: Finding, volume: Volume) -> str:
    """Return volume and score in Markdown, said to be recorded where a model gave them."""
    said = []
    if finding.volume_ml is not None and volume.measurable:
        said.append(f"**{finding.volume_ml:.{1 if finding.volume_ml >= 1 else 2}f} mL**")
    if finding.score is not None:
        said.append(f"score **{finding.score:.2f}**")
    recorded = "\n\n*recorded result*" if said and finding.source.kind is SourceKind.MODEL else ""
    return ", ".join(said) + recorded


def _beside(finding: Finding, volume: Volume, whole: ViewState, called: tuple[str, str]) -> Step:
    view = evolve(_at(finding, whole, volume), comparison=Comparison.CURTAIN, overlay=OverlayMode.OUTLINE)
    older = {(NOW, BEFORE): "earlier", (BEFORE, NOW): "later"}.get(called)
    if older is not None:
        title, words = f"{called[1]}: the same place", f"Right of the line lies the {older} scan."
    else:
        title = "The same place in two scans"
        words = f"Left of the line lies “{called[0]}”, right of it “{called[1]}”."
    return Step("before", title, f"{words} **Draw the curtain.**", view, "Drag the line across.", 60.0)


def _missed(volume: Volume, whole: ViewState, lesions: Sequence[Finding], matching: Matching | None) -> list[Step]:
    if matching is None:
        return []
    missed = [lesion for lesion in lesions if matching.of_truth.get(lesion.id) is MatchState.MISSED]
    steps = []
    for number, lesion in enumerate(sorted(missed, key=lambda f: -(f.volume_ml or 0))[:MOST_MISSED], start=1):
        best = matching.best_score_of_truth.get(lesion.id)
        why = (
            "The model marked nothing here." if best is None else f"Its score, **{best:.2f}**, is below the threshold."
        )
        view = evolve(_at(lesion, whole, volume), show_truth=True, overlay=OverlayMode.OUTLINE)
        title = f"Missed: {going_on(finding_title(lesion, volume))}"
        notes = "Say it before they find it. The dotted outline is the ground truth."
        steps.append(Step(f"missed-{number}", title, why, view, notes, 60.0))
    return steps


def _solid_words(told: Sequence[Finding]) -> str:
    return "The same outlines as surfaces." if told else "The same voxels, as a picture in 3D."


def _end(whole: ViewState, shown: Sequence[Finding], truth: Truth | None, matching: Matching | None) -> Step:
    lesions = lesions_of(truth)
    if truth is not None and not lesions:
        false = matching.count(MatchState.FALSE_POSITIVE) if matching is not None else 0
        found = count_words(false, "false alarm") if false else "nothing found"
        title = "Nothing to find here" if matching is None else f"Nothing to find, {found}"
    elif matching is not None:
        title = f"{matching.count(MatchState.FOUND)} of {len(lesions)} found"
    else:
        title = count_words(len(shown), "finding") if shown else "Nothing was found"
    words = "Not for diagnostic use. What would you like to see again?"
    view = evolve(whole, overlay=OverlayMode.OUTLINE, show_truth=truth is not None, selected_finding=None)
    return Step("end", title, words, view, "Offer to scroll.", 40.0)
