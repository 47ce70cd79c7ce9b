"""The cases on this machine."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import CaseDocumentError, CaseStageError
from viewer.domain.walkthrough import Case
from viewer.io.case_document import DOCUMENT, read_case
from viewer.io.story_document import STORY, read_story
from viewer.services.first_use import first_use_words, unmade

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    KnownCases = dict[Path, tuple[tuple[int, int, int], Case]]


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


class ShelfReading:
    """Reads every case in the subfolders of some folders, then other stories of them; the first of an id wins.

    It can be done in parts: `shelf` is what was found so far.

    Parameters
    ----------
    known
        Cases that were read before, by the path of their document; one that has not changed since is not read again,
        and what is read is added.
    """

    def __init__(self, folders: Iterable[Path], known: KnownCases | None = None) -> None:
        self._known = {} if known is None else known
        self._cases: dict[str, Case] = {}
        self._stories: dict[str, Case] = {}
        self._problems: list[CaseStageError] = []
        self.done, self.total = 0, 0
        self._reading = self._read(tuple(folders))
        self.going_on = True

    @property
    def shelf(self) -> CaseShelf:
        """What was found so far."""
        others = {name: story for name, story in self._stories.items() if name not in self._cases}
        return CaseShelf((*self._cases.values(), *others.values()), tuple(self._problems))

    def go_on(self, until_s: float = math.inf) -> None:
        """Read on until a time of the monotonic clock has come, or all is read."""
        while self.going_on and time.monotonic() < until_s:
            self.going_on = next(self._reading, False)

    def _read(self, folders: tuple[Path, ...]) -> Iterator[bool]:
        found = [(folder, sorted(folder.glob(f"*/{DOCUMENT}"))) for folder in folders if folder.is_dir()]
        self.total = sum(len(documents) for _, documents in found)
        yield True
        # A story is told of what lies beside it, also where a case of the user's own has the same id.
        beside: dict[Path, dict[str, Case]] = {folder: {} for folder, _ in found}
        for folder, documents in found:
            for document in documents:
                try:
                    case = self._case(document)
                except CaseStageError as error:
                    self._problems.append(error)
                else:
                    self._cases.setdefault(case.id, case)
                    other = beside[folder].setdefault(case.id, case)
                    if other is not case:
                        self._problems.append(_of_the_same_id(case, other))
                self.done += 1
                yield True
        for folder, _ in found:
            for document in sorted(folder.glob(f"*/{STORY}")):
                try:
                    story = read_story(document.parent, beside[folder])
                except CaseStageError as error:
                    self._problems.append(error)
                else:
                    self._stories.setdefault(story.id, story)
                yield True

    def _case(self, document: Path) -> Case:
        try:
            there = document.stat()
        except OSError:
            return read_case(document.parent)
        stamp = (there.st_mtime_ns, there.st_size, there.st_ino)
        before = self._known.get(document)
        if before is None or before[0] != stamp:
            before = self._known[document] = (stamp, read_case(document.parent))
        return before[1]


def _of_the_same_id(case: Case, other: Case) -> CaseDocumentError:
    name, shown = Path(case.folder).name, Path(other.folder).name
    return CaseDocumentError(
        f"The case in “{name}” is not shown: the one in “{shown}” has the same id, “{case.id}”.",
        f"Give one of them another “id” in its {DOCUMENT}.",
    )


def installed_cases(folders: Iterable[Path]) -> CaseShelf:
    """Return every case in the subfolders of some folders, then other stories of them; the first of an id wins."""
    reading = ShelfReading(folders)
    reading.go_on()
    return reading.shelf


def case_of(name: str, folders: Iterable[Path]) -> Case:
    """Return a case by its id or by the path of its folder.

    Raises
    ------
    CaseDocumentError
        When there is none, or it cannot be read.
    """
    folders = tuple(folders)
    found = found_case(name, folders)
    if found is None and _there(Path(name).expanduser()):
        # Says of what is there why it is no case.
        return read_case(Path(name).expanduser())
    return found if found is not None else installed_cases(folders).named(name)


def found_case(name: str, folders: Iterable[Path]) -> Case | None:
    """Return a case by its id, by the path of its folder, or by that folder's name among cases; None for no case.

    Raises
    ------
    CaseDocumentError
        When what is there of the case cannot be read.
    """
    folder, folders = Path(name).expanduser(), tuple(folders)
    if folder.name == DOCUMENT and folder.is_file():
        folder = folder.parent
    if (folder / DOCUMENT).is_file():
        return read_case(folder)
    found = next((case for case in installed_cases(folders).cases if case.id == name), None)
    if found is not None or folder.exists():
        return found
    alike = (below / name for below in folders if name == Path(name).name)
    return next((read_case(place) for place in alike if (place / DOCUMENT).is_file()), None)


def _there(path: Path) -> bool:
    try:
        return path.is_dir() or (path.is_absolute() and path.exists())
    except OSError:
        return False


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
