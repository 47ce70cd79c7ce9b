"""The pictures that are kept of a case's steps: what they are called."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.io.strict_json import json_text, unstructure

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case, Step

FOLDER = "rehearsed"


def picture_name(case: Case, step: Step) -> str:
    """Return the name of a step's picture: of what it shows, so that a step that was changed has none."""
    shown = json_text([case.series_sha256, unstructure(evolve(step, notes="", duration_s=0.0))])
    return hashlib.sha256(shown.encode()).hexdigest()[:24] + ".jpg"
