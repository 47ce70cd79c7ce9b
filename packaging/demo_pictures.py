"""The pictures that ship with the bundled cases: how each step looked where the case was made, for the doctor."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from viewer.domain.job import JobContext
from viewer.io.case_document import DOCUMENT, read_case
from viewer.io.step_pictures import FOLDER, picture_name
from viewer.io.story_document import STORY, read_story
from viewer.services.left_behind import left_behind
from viewer.services.loading import load_case
from viewer.ui.leaving.replay import keep_picture, small_picture
from viewer.ui.leaving.stage_frames import StageFrames

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.walkthrough import Case


def told_in(folder: Path) -> tuple[Case, ...]:
    """Return the case of a folder, and the stories beside it that tell it anew."""
    case = read_case(folder)
    documents = sorted(folder.parent.glob(f"*/{STORY}"))
    stories = [
        read_story(document.parent, {case.id: case}) for document in documents if case.id in document.read_text()
    ]
    return (case, *stories)


def keep_pictures(folder: Path) -> int:
    """Draw and keep each step of a case and of its stories in place of what was kept; return how many there are."""
    assert (folder / DOCUMENT).is_file()
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    count = 0
    for case in told_in(folder):
        with StageFrames(left_behind(load_case(case, JobContext()))) as frames:
            for number, step in enumerate(case.steps):
                keep_picture(small_picture(frames.still(number)), folder / FOLDER / picture_name(case, step))
                count += 1
    return count
