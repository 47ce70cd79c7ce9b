"""Drafts of cases on their way to disk: written with every change, and kept and tried again where that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.draft import Draft
    from viewer.domain.volume import Volume


class KeptDrafts:
    """The drafts of a folder, and those that could not be written to it yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # As they were last, by id.
        self._known: dict[str, Draft] = {}
        self._waiting: dict[str, Draft] = {}

    @property
    def unsaved(self) -> int:
        """How many drafts are not on disk as they are."""
        return len(self._waiting)

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
            draft_file.write_draft(self._folder, draft)
            del self._waiting[draft.id]

    def newest_of(self, volume: Volume) -> Draft | None:
        """Return the newest draft about a volume; None where there is none."""
        from viewer.io import draft_file

        for draft in reversed(self._waiting.values()):
            if draft.is_of(volume):
                return draft
        return next(iter(draft_file.drafts_of(self._folder, volume)), None)

    def is_as(self, draft: Draft) -> bool:
        """Return False where a draft was changed since."""
        return self._known.get(draft.id, draft) == draft

    def remove(self, draft_id: str) -> None:
        """Remove a draft that became a case.

        Raises
        ------
        StorageError
            When its file cannot be removed.
        """
        from viewer.io import draft_file

        self._waiting.pop(draft_id, None)
        draft_file.remove_draft(self._folder, draft_id)
