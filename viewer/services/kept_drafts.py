"""Drafts of cases on their way to disk: written with every change, and kept and tried again where that fails."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from viewer.domain.draft import Draft
    from viewer.domain.volume import Volume


class KeptDrafts:
    """The drafts of a folder, and those that could not be written to it yet.

    Parameters
    ----------
    tell
        Is told where another program went on with a draft that is open here.
    """

    def __init__(self, folder: Path, tell: Callable[[StorageError], object]) -> None:
        self._folder, self._tell = folder, tell
        # As they were last, by id; None for one that goes on under another id.
        self._known: dict[str, Draft | None] = {}
        # As they were last written or read here.
        self._on_disk: dict[str, bytes] = {}
        self._waiting: dict[str, Draft] = {}

    @property
    def unsaved(self) -> int:
        """How many drafts are not on disk as they are."""
        return len(self._waiting)

    def of_its_own(self, draft: Draft) -> Draft:
        """Return a draft as it is to be kept: under a new id where another program changed it, so that neither is lost.

        Both are about the same series then.
        """
        if not self._is_of_another(draft.id):
            return draft
        from viewer.io import draft_file

        own = evolve(draft, id=uuid.uuid4().hex)
        draft_file.copy_home(self._folder, draft.id, own.id)
        self._waiting.pop(draft.id, None)
        self._known[draft.id] = None
        self._tell(
            StorageError(
                "Another CaseStage has changed this draft; yours goes on as a draft of its own.",
                "The one that was changed last is offered first when the series is opened again.",
            )
        )
        return own

    def _is_of_another(self, draft_id: str) -> bool:
        from viewer.io import draft_file

        there = draft_file.content_of(self._folder, draft_id) if draft_id in self._on_disk else None
        return there is not None and there != self._on_disk[draft_id]

    def keep(self, draft: Draft) -> None:
        """Write a draft, and what waits.

        Raises
        ------
        StorageError
            When it cannot be written; it waits then.
        """
        self._waiting.pop(draft.id, None)
        self._known[draft.id] = self._waiting[draft.id] = draft
        self.retry()

    def retry(self) -> None:
        """Write what waits.

        Raises
        ------
        StorageError
            When one cannot be written.
        """
        from viewer.io import draft_file

        for draft in tuple(self._waiting.values()):
            self._on_disk[draft.id] = draft_file.write_draft(self._folder, draft)
            del self._waiting[draft.id]

    def newest_of(self, volume: Volume) -> Draft | None:
        """Return the newest draft about a volume; None where there is none."""
        from viewer.io import draft_file

        for draft in reversed(self._waiting.values()):
            if draft.is_of(volume):
                return draft
        newest = next(iter(draft_file.drafts_of(self._folder, volume)), None)
        content = draft_file.content_of(self._folder, newest.id) if newest is not None else None
        if newest is not None and content is not None:
            self._on_disk[newest.id] = content
        return newest

    def is_as(self, draft: Draft) -> bool:
        """Return False where a draft was changed since."""
        return self._known.get(draft.id, draft) == draft

    def remove(self, draft_id: str) -> None:
        """Remove a draft that became a case; what another program made of it since stays.

        Raises
        ------
        StorageError
            When its file cannot be removed.
        """
        from viewer.io import draft_file

        self._waiting.pop(draft_id, None)
        if not self._is_of_another(draft_id):
            draft_file.remove_draft(self._folder, draft_id)
