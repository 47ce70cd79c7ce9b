"""`story.json`: another story of a case that is there already, told with its pictures and findings.

It lies in a folder beside that case's, and holds nothing but words and steps::

    {"format": "casestage story", "version": 1, "id": "tour", "title": "…", "summary": "…", "case": "head-epidural",
     "steps": […], "thumbnail_path": "thumbnail.png"}
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.domain.errors import CaseDocumentError
from viewer.domain.walkthrough import Step
from viewer.io.case_document import check_case
from viewer.io.strict_json import WrongJsonError, read_json, structure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from viewer.domain.walkthrough import Case

STORY_FORMAT, STORY_VERSION = "casestage story", 1
STORY = "story.json"


@frozen
class _Story:
    format: str
    version: int
    id: str
    title: str
    summary: str
    case: str
    steps: tuple[Step, ...]
    thumbnail_path: str = ""
    not_for_diagnostic_use: bool = True


def read_story(folder: Path, cases: Mapping[str, Case]) -> Case:
    """Return the case that a story tells anew: its own words and steps, the pictures and findings of one of `cases`.

    Raises
    ------
    CaseDocumentError
        When the story cannot be read, or its case is not there.
    """
    name = folder.name
    try:
        stored = read_json(folder / STORY)
        story = structure(stored, _Story)
        if story.format != STORY_FORMAT or story.version != STORY_VERSION:
            raise WrongJsonError(f'it does not say "format": "{STORY_FORMAT}" and "version": {STORY_VERSION}')
        if len(PurePosixPath(story.thumbnail_path).parts) > 1 or "\\" in story.thumbnail_path:
            raise WrongJsonError("“thumbnail_path” leads out of the story's folder")
        told = cases.get(story.case)
        if told is None or told.folder != str(folder.parent / story.case):
            raise WrongJsonError(f"the case “{story.case}” is not beside it")
        made = evolve(told, id=story.id, title=story.title, summary=story.summary, steps=story.steps)
        check_case(made)
    except OSError as error:
        raise CaseDocumentError(f"The story “{name}” cannot be read.", "Check that you may read its folder.") from error
    except WrongJsonError as error:
        raise CaseDocumentError(f"The story “{name}” cannot be read: {error}.", f"Correct {STORY}.") from error
    thumbnail = f"../{name}/{story.thumbnail_path}" if story.thumbnail_path else made.thumbnail_path
    return evolve(made, thumbnail_path=thumbnail)
