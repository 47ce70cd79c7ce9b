"""Where the pictures of a case's steps are kept, as they looked when the case was made, rehearsed, or found ready."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.io.step_pictures import FOLDER, folder_name, picture_name
from viewer.services.places import data_folder, own_cases_folder

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case, Step

CAME, WITH_CASE, HERE = "that came with the case", "kept with the case", "kept on this computer"


@frozen
class KeptPicture:
    """A picture of a step, and which one that is: `CAME`, `WITH_CASE` or `HERE`."""

    path: Path
    which: str


def kept_picture(case: Case, step: Step) -> KeptPicture | None:
    """Return a step's picture, None where there is none; what was kept here counts for more than what came along."""
    name = picture_name(case, step)
    places = (
        KeptPicture(data_folder() / FOLDER / folder_name(case.id) / name, HERE),
        KeptPicture(Path(case.folder) / FOLDER / name, WITH_CASE if _own(case) else CAME),
    )
    return next((place for place in places if place.path.is_file()), None)


def folder_for(case: Case) -> Path:
    """Return where pictures of a case are put: into the case where that is the user's, else beside the decisions."""
    return Path(case.folder) / FOLDER if _own(case) else data_folder() / FOLDER / folder_name(case.id)


def _own(case: Case) -> bool:
    return Path(case.folder).resolve().is_relative_to(own_cases_folder().resolve())
