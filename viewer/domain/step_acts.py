"""What a step of a walkthrough may do besides showing a view: ask, sweep the threshold, draw the curtain, run a model.

In `case.json` each is optional, within a step::

    "question": {"text": "Where is the bleed?", "finding": "t1"},
    "sweep": {"start": 0.9, "end": 0.3, "duration_s": 8},
    "curtain": {"start": 0.9, "end": 0.1, "duration_s": 5}
    "live": {"model_id": "head-bleed", "most_s": 6}
"""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen

from viewer.domain.view_state import Point, ViewState

LONGEST_QUESTION = 80
SHORTEST_ACT_S, LONGEST_ACT_S = 0.5, 120.0
SHORTEST_LIVE_S, LONGEST_LIVE_S = 0.1, 120.0


@frozen
class Question:
    """What the audience is asked before a step shows its answer.

    While it is open the step's view is shown without findings, truth and crosshair, and the question stands in the
    place of the narration; a click marks a guess. Next reveals: the step as it is written, each guess held against the
    model and the truth in millimetres. So the step's view has to hold the lesion without saying where it is: a view of
    the whole slice, not one that is centred on it; its title must not tell either (it is not shown while the question
    is open).

    Attributes
    ----------
    text
        One sentence of at most 80 characters, such as "Where is the bleed?".
    finding
        Id of the finding, or of the truth, that is looked for. "" is the view's `selected_finding`; where that is none
        too, the truths of the case, or else the findings that the step shows, whichever is nearest to the guess.
    at_lps_mm
        A place that is looked for where it has no finding; not together with `finding`.
    """

    text: str
    finding: str = ""
    at_lps_mm: Point | None = None


@frozen
class Sweep:
    """The operating point moving from one threshold to another, 0…1, once the step's view is there.

    Findings come and go by their score, and a readout counts them. A touch stops it; Resume lands at the threshold of
    the step's view, which is therefore best that of `end`.
    """

    start: float
    end: float
    duration_s: float = 8.0


@frozen
class CurtainDraw:
    """The curtain drawn from one share of the planes' width, 0…1, to another, once the step's view is there.

    Only where the step's view compares behind a curtain ("comparison": "curtain"). Left of it the case's own scan is
    seen, right of it the prior. A touch stops it; Resume lands at the `curtain` of the step's view.
    """

    start: float
    end: float
    duration_s: float = 4.0


@frozen
class LiveRun:
    """A model that is run on stage once the step's view is there, and what it asks is revealed.

    While it runs, findings are not shown; then those that it found. Where it is not done after `most_s` seconds, fails
    or is not there, the recorded findings of the case are shown and called so. With `on_key` it waits for the key.
    """

    model_id: str
    most_s: float = 10.0
    on_key: bool = False


def acts_from(view: ViewState, sweep: Sweep | None, curtain: CurtainDraw | None) -> ViewState:
    """Return the view from which a step's sweep and curtain begin."""
    return acted(view, sweep, curtain, 0.0)


def acted(view: ViewState, sweep: Sweep | None, curtain: CurtainDraw | None, elapsed_s: float) -> ViewState:
    """Return a step's view some seconds after its sweep and curtain began; both go evenly and then stay."""
    changes: dict[str, Any] = {}
    for name, act in (("threshold", sweep), ("curtain", curtain)):
        if act is not None:
            share = min(1.0, max(0.0, elapsed_s / act.duration_s))
            changes[name] = act.end if share == 1.0 else act.start + (act.end - act.start) * share
    return evolve(view, **changes)
