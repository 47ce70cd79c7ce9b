"""The pictures that are kept of a case's steps: what they are called."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.io.pack_names import objection
from viewer.io.strict_json import json_text, unstructure

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case, Step

FOLDER = "rehearsed"


def folder_name(case_id: str) -> str:
    """Return what the folder of a case's pictures is called: its id, or the hash of one that is no plain name."""
    plain = "/" not in case_id and not objection(case_id)
    return case_id if plain else hashlib.sha256(case_id.encode()).hexdigest()[:32]


def picture_name(case: Case, step: Step) -> str:
    """Return the name of a step's picture: of what it shows, so that a step that was changed has none."""
    shown = json_text([case.series_sha256, unstructure(evolve(step, notes="", duration_s=0.0))])
    return hashlib.sha256(shown.encode()).hexdigest()[:24] + ".jpg"
