"""What a case document may say of a step: its words, its places, its question, sweep and curtain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from viewer.domain.geometry import PlaneName
from viewer.domain.step_acts import (
    LONGEST_ACT_S,
    LONGEST_LIVE_S,
    LONGEST_QUESTION,
    SHORTEST_ACT_S,
    SHORTEST_LIVE_S,
)
from viewer.domain.view_state import Comparison
from viewer.io.strict_json import WrongJsonError

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.walkthrough import Step


# What is longer is nobody's words, and lays itself out for seconds.
LONGEST_TEXTS = {"title": 500, "narration": 10_000, "notes": 50_000}
LONGEST_SUMMARY = 2_000
# Nothing of a patient lies farther away.
_FARTHEST_MM = 1e6


def check_words(step: Step, path: str) -> None:
    """Refuse texts that nobody reads.

    Raises
    ------
    WrongJsonError
        Naming the key below `path`.
    """
    for key, most in LONGEST_TEXTS.items():
        if len(getattr(step, key)) > most:
            raise WrongJsonError(f"{path}.{key}: it has more than {most} characters")


def check_places(view: ViewState, path: str) -> None:
    """Refuse places and lengths that lie outside of any patient, with which nothing can be drawn.

    Raises
    ------
    WrongJsonError
        Naming the key below `path`.
    """
    planes = {name: view.plane(name) for name in PlaneName}
    places: dict[str, tuple[float, ...]] = {
        "cursor_lps_mm": view.cursor_lps_mm,
        "camera": (*view.camera.focal_lps_mm, view.camera.height_mm),
        "slab_mm": (view.slab_mm,),
        **{name.value: (*plane.centre_lps_mm, plane.height_mm) for name, plane in planes.items()},
        "box_3d": tuple(value for corner in view.box_3d or () for value in corner),
        "path_lps_mm": tuple(value for point in view.path_lps_mm for value in point),
    }
    looking = math.hypot(*np.cross(view.camera.to_eye, view.camera.up))
    if not 1e-6 < looking < _FARTHEST_MM:
        raise WrongJsonError(f"{path}.camera: “to_eye” and “up” must be two directions")
    for key, values in places.items():
        if any(abs(value) > _FARTHEST_MM for value in values):
            raise WrongJsonError(f"{path}.{key}: it lies {_FARTHEST_MM / 1e6:g} km or more away")


def check_acts(step: Step, path: str) -> None:
    """Refuse a question that asks nothing, and acts that cannot be seen.

    Raises
    ------
    WrongJsonError
        Naming the key below `path`, such as "steps[2]".
    """
    question = step.question
    if question is not None:
        if not question.text.strip():
            raise WrongJsonError(f"{path}.question.text: it must ask something")
        if len(question.text) > LONGEST_QUESTION:
            raise WrongJsonError(f"{path}.question.text: it has more than {LONGEST_QUESTION} characters")
        if question.finding and question.at_lps_mm is not None:
            raise WrongJsonError(f"{path}.question: it has “finding” and “at_lps_mm”, and one alone can be the answer")
    for key, act in (("sweep", step.sweep), ("curtain", step.curtain)):
        if act is None:
            continue
        if not (0 <= act.start <= 1 and 0 <= act.end <= 1):
            raise WrongJsonError(f"{path}.{key}: “start” and “end” must lie between 0 and 1")
        if act.start == act.end:
            raise WrongJsonError(f"{path}.{key}: “start” and “end” must differ")
        if not SHORTEST_ACT_S <= act.duration_s <= LONGEST_ACT_S:
            raise WrongJsonError(
                f"{path}.{key}.duration_s: it must lie between {SHORTEST_ACT_S:g} and {LONGEST_ACT_S:g}"
            )
    if step.live is not None:
        if not step.live.model_id.strip():
            raise WrongJsonError(f"{path}.live.model_id: it must name a model")
        if not SHORTEST_LIVE_S <= step.live.most_s <= LONGEST_LIVE_S:
            raise WrongJsonError(f"{path}.live.most_s: it must lie between {SHORTEST_LIVE_S:g} and {LONGEST_LIVE_S:g}")
        if step.view.models is not None:
            raise WrongJsonError(f"{path}.live: the step's view compares two models, and shows what both said")
    if step.curtain is not None and step.view.comparison is not Comparison.CURTAIN:
        raise WrongJsonError(f"{path}.curtain: the step's view does not compare behind a curtain")
