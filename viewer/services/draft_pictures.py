"""The pictures of a case that is being made: beside its draft, until they go into the case with it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from viewer.domain.errors import CaseDocumentError
from viewer.domain.narration_pictures import pictures_named, with_picture, without_picture
from viewer.io.draft_file import home_of, keep_file

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.services.case_making import CaseMaking

MOST_OF_A_STEP = 2
FOLDER = "pictures"


class DraftPictures:
    """Adds pictures to the narration of the step in hand and takes them out; both are undone as any change is.

    The file stays beside the draft, so that undo finds it; it is called by its own hash, which says nothing.

    Parameters
    ----------
    folder
        Where drafts are kept.
    """

    def __init__(self, making: CaseMaking, folder: Path) -> None:
        self._making, self._folder = making, folder

    @property
    def home(self) -> Path | None:
        """The folder that the draft's pictures are named from; None while no case is being made."""
        draft = self._making.draft
        return None if draft is None else home_of(self._folder, draft.id)

    @property
    def named(self) -> tuple[str, ...]:
        """The pictures of the step in hand."""
        step = self._making.in_hand
        return () if step is None else pictures_named(step.narration)

    def add(self, content: bytes, ending: str) -> str:
        """Add a picture to the step in hand and return its name.

        Parameters
        ----------
        content
            A file that holds pixels and nothing else, such as where or by whom it was taken.
        ending
            "png" or "jpg".

        Raises
        ------
        CaseDocumentError
            When no step is in hand, or it has as many as a card takes.
        StorageError
            When it cannot be written.
        """
        draft, step = self._making.draft, self._making.in_hand
        if draft is None or step is None:
            raise CaseDocumentError("The case has no step yet.", "Set the view and press Ctrl+Enter to capture one.")
        if len(self.named) >= MOST_OF_A_STEP:
            raise CaseDocumentError(
                f"A step shows {MOST_OF_A_STEP} pictures at most.", "Take one out, or capture another step."
            )
        name = f"{FOLDER}/{sha256(content).hexdigest()[:16]}.{ending}"
        keep_file(self._folder, draft.id, name, content)
        if name not in self.named:
            self._making.edit(step.id, narration=with_picture(step.narration, name), alone=True)
        return name

    def remove(self, name: str) -> None:
        """Take a picture out of the step in hand."""
        step = self._making.in_hand
        if step is not None:
            self._making.edit(step.id, narration=without_picture(step.narration, name), alone=True)

    def missing(self) -> tuple[str, ...]:
        """Return the pictures that the draft names and that are not beside it, as where it began as an older case."""
        draft, home = self._making.draft, self.home
        if draft is None or home is None:
            return ()
        named = (name for step in draft.steps for name in pictures_named(step.narration))
        return tuple(name for name in dict.fromkeys(named) if not (home / name).is_file())

    def bring(self, name: str, content: bytes) -> None:
        """Put a picture that the draft names beside it."""
        draft = self._making.draft
        if draft is not None and name in self.missing():
            keep_file(self._folder, draft.id, name, content)
