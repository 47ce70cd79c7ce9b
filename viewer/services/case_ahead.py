"""The case that will be shown next, read while another one is still shown: then it is there at once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from viewer.domain.errors import TooLargeError
from viewer.io.system_memory import free_bytes
from viewer.services.jobs import Lane

if TYPE_CHECKING:
    from viewer.domain.errors import CaseStageError
    from viewer.domain.job import JobContext
    from viewer.domain.walkthrough import Case
    from viewer.io.decoders import Decoders
    from viewer.services.jobs import Job, JobRunner
    from viewer.services.loading import LoadedCase

_log = logging.getLogger(__name__)

# What is only expected takes less than what is asked for: that much of the memory that is free.
_SHARE_OF_FREE = 0.3


class CaseAhead:
    """Holds at most one case that nobody has asked for yet. Touched by the main thread only.

    A case that would take more than 30 % of the free memory, or whose pictures have still to be made, is not read
    ahead; nor is anything said of one that cannot be read: whoever opens it will say so.
    """

    def __init__(self, runner: JobRunner, decoders: Decoders) -> None:
        self._runner, self._decoders = runner, decoders
        self._wanted: Case | None = None
        self._job: Job | None = None
        self._loaded: LoadedCase | None = None

    @property
    def ready(self) -> Case | None:
        """The case that is there, or None."""
        return self._loaded.case if self._loaded is not None else None

    def want(self, case: Case) -> None:
        """Read a case in the background, in the place of what was wanted before."""
        if case == self._wanted:
            return
        self.forget()
        self._wanted = case
        decoders = self._decoders

        def work(ctx: JobContext) -> LoadedCase:
            from viewer.services.loading import load_case

            _refuse_what_is_too_much(case, ctx)
            return load_case(case, ctx, decoders=decoders)

        def done(loaded: LoadedCase) -> None:
            self._job, self._loaded = None, loaded

        def failed(error: CaseStageError) -> None:
            self._job = None
            _log.debug("not read ahead: %s", error.sentence)

        self._job = self._runner.run(work, done=done, failed=failed, lane=Lane.BACKGROUND)

    def take(self, case: Case) -> LoadedCase | None:
        """Return a case that is there, and hold it no longer; None where it is not, which is not read on then."""
        loaded = self._loaded if self._loaded is not None and self._loaded.case == case else None
        self.forget()
        return loaded

    def forget(self) -> None:
        """Want nothing any more, and hold nothing."""
        if self._job is not None:
            self._job.cancel()
        self._wanted = self._job = self._loaded = None


def _refuse_what_is_too_much(case: Case, ctx: JobContext) -> None:
    from viewer.io.case_document import series_of
    from viewer.io.scan import scan
    from viewer.services.first_use import pictures_of
    from viewer.services.loading import memory_needed

    needed = 0
    for one in series_of(case):
        folder = pictures_of(case, one)
        if folder is None:
            raise TooLargeError("The pictures have still to be made.", "")
        found = scan(folder, ctx)
        needed += sum(memory_needed(entry) for entry in found.series if entry.facts.series_uid == one.series_uid)
    if needed > free_bytes() * _SHARE_OF_FREE:
        raise TooLargeError("There is no memory to read a case ahead.", "")
