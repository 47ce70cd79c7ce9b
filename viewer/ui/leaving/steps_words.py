"""What a handout and a page say of a step: its narration, and its findings in a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from viewer.domain.finding import SourceKind
from viewer.domain.view_state import Comparison, Layout
from viewer.scene.acquired import acquired_on
from viewer.ui.canvas.facts import slab_words, window_words
from viewer.ui.finding_words import long_axis_words, score_words, volume_words
from viewer.ui.marks import Mark
from viewer.ui.present.card import narration_html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.domain.model_result import ModelResult
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Step
    from viewer.ui.canvas.shown import Drawn

NOTHING = "–"
_HEADING = re.compile("<h[1-3]>.*?</h[1-3]>", re.DOTALL)


def narration_alone(step: Step) -> str:
    """Return a step's narration as HTML of a few harmless tags, without its heading."""
    return _HEADING.sub("", narration_html(step), count=1).strip()


def asked_words(step: Step) -> str:
    """Return what the audience was asked before the step showed it, or ""."""
    return f"Asked first: {step.question.text}" if step.question is not None else ""


def seen_words(view: ViewState, volume: Volume) -> str:
    """Return how a step's picture is to be read: what is large in it, its window, and its slab."""
    plane = view.main.plane
    shown = "Four views" if view.layout is Layout.FOUR else "3D" if plane is None else view.main.value.title()
    # A slice as it was acquired is one image, however thick the slab of other planes is.
    alone = view.layout is not Layout.FOUR and plane is not None and acquired_on(volume, view, plane) is not None
    parts = (shown, window_words(view, volume, unit=True), "" if alone else slab_words(view))
    return ", ".join(" ".join(part.split()) for part in parts if part)


def models_words(step: Step, results: Sequence[ModelResult]) -> str:
    """Return which of two models is A and which is B where a step compares them, and how each is drawn; else ""."""
    names = {result.model_id: result.name for result in results}
    view = step.view
    if view.models is None or not all(model in names for model in view.models):
        return ""
    drawn = ("solid lines", "dashed lines")
    if view.comparison is not Comparison.DIFFERENCE:
        drawn = ("left of the curtain", "right of it")
    a, b = (names[model] for model in view.models)
    return f"A, {drawn[0]}: {a}. B, {drawn[1]}: {b}."


def cells(row: Drawn, step: Step, *, judged: bool) -> list[str]:
    """Return what a table tells of a finding: name, size, volume, score, state against the truth, and from where.

    `judged` is True where something was held against a truth; a truth alone was found by nobody.
    """
    finding = row.finding
    unjudged = row.mark in (Mark.TO_DECIDE, Mark.ACCEPTED, Mark.REJECTED, Mark.UNSURE)
    against = row.mark.words if judged and not unjudged else ""
    said = {"truth": "Ground truth", "reader": "A reader"}.get(
        finding.source.kind.value, "Recorded" if finding.recorded else "Model"
    )
    if step.view.models is not None and finding.source.kind is SourceKind.MODEL:
        said = f"{'B' if row.second else 'A'}, {said.lower()}"
    name = finding.label or "Finding"
    return [name, long_axis_words(finding), volume_words(finding), score_words(finding.score), against or NOTHING, said]
