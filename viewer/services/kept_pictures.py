"""Where the pictures of a case's steps are kept, as they looked when somebody found them right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from viewer.io.step_pictures import FOLDER, picture_name
from viewer.services.places import data_folder

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Case, Step


def kept_picture(case: Case, step: Step) -> Path | None:
    """Return where a step's picture is: in the case, or beside the user's decisions; None where there is none."""
    name = picture_name(case, step)
    places = (Path(case.folder) / FOLDER / name, data_folder() / FOLDER / case.id / name)
    return next((place for place in places if place.is_file()), None)


def folder_for(case: Case) -> Path:
    """Return where pictures of a case are put: into the case where that is the user's, else beside the decisions."""
    folder = Path(case.folder)
    own = folder.resolve().is_relative_to((data_folder() / "cases").resolve())
    return folder / FOLDER if own else data_folder() / FOLDER / case.id
