"""The cases on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import CaseDocumentError, CaseStageError
from viewer.domain.walkthrough import Case
from viewer.io.case_document import DOCUMENT, read_case
from viewer.io.story_document import STORY, read_story
from viewer.services.first_use import first_use_words, unmade

if TYPE_CHECKING:
    from collections.abc import Iterable


@frozen(eq=False)
class CaseShelf:
    """Cases that can be shown, and what is wrong with those that cannot."""

    cases: tuple[Case, ...]
    problems: tuple[CaseStageError, ...]

    def named(self, case_id: str) -> Case:
        """Return a case by its id.

        Raises
        ------
        CaseDocumentError
            When there is none of that name; the hint lists those there are.
        """
        for case in self.cases:
            if case.id == case_id:
                return case
        known = ", ".join(case.id for case in self.cases) or "none"
        raise CaseDocumentError(f"There is no case called “{case_id}” here.", f"Cases on this machine: {known}.")


def installed_cases(folders: Iterable[Path]) -> CaseShelf:
    """Return every case in the subfolders of some folders, then other stories of them; the first of an id wins."""
    folders = tuple(folders)
    cases: dict[str, Case] = {}
    stories: dict[str, Case] = {}
    problems: list[CaseStageError] = []
    for folder in folders:
        for document in sorted(folder.glob("*/case.json")) if folder.is_dir() else ():
            try:
                case = read_case(document.parent)
            except CaseStageError as error:
                problems.append(error)
            else:
                cases.setdefault(case.id, case)
    for folder in folders:
        for document in sorted(folder.glob(f"*/{STORY}")) if folder.is_dir() else ():
            beside = {case.id: case for case in cases.values() if Path(case.folder).parent == folder}
            try:
                story = read_story(document.parent, beside)
            except CaseStageError as error:
                problems.append(error)
            else:
                stories.setdefault(story.id, story)
    told = {**cases, **{name: story for name, story in stories.items() if name not in cases}}
    return CaseShelf(tuple(told.values()), tuple(problems))


def case_of(name: str, folders: Iterable[Path]) -> Case:
    """Return a case by its id or by the path of its folder.

    Raises
    ------
    CaseDocumentError
        When there is none, or it cannot be read.
    """
    folder = Path(name).expanduser()
    return read_case(folder) if (folder / DOCUMENT).is_file() else installed_cases(folders).named(name)


def case_state(case: Case) -> str:
    """Return whether a case can be presented, in words.

    "Ready", "Ready, recorded results", "Made at first use, about 40 s" (see `can_be_presented`), or what is missing.
    """
    folder = Path(case.folder)
    if not (folder / case.series_path).exists() and not (case.recipe_path and (folder / case.recipe_path).exists()):
        return "Pictures are missing"
    if case.findings_path and not (folder / case.findings_path).exists():
        return "Findings are missing"
    if not case.steps:
        return "No steps yet"
    if unmade(case):
        return first_use_words(case)
    return "Ready, recorded results" if case.findings_path and case.model_id else "Ready"


def can_be_presented(state: str) -> bool:
    """Return whether a state of `case_state` lets a case be presented."""
    return state.startswith(("Ready", "Made at first use"))
