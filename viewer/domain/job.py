"""Progress and cancel, handed to every long function."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from viewer.domain.errors import CancelledError


@frozen
class Progress:
    """How far a piece of work is: `done` of `total` (0 = unknown) and what is counted or done, in words."""

    done: float
    total: float
    what: str

    @property
    def fraction(self) -> float | None:
        """Share done in 0…1, or None where the total is not known."""
        return min(1.0, self.done / self.total) if self.total > 0 else None


def _ignore(progress: Progress) -> None:
    pass


def _never() -> bool:
    return False


@frozen
class JobContext:
    """What a long function gets besides its inputs; both callables may be called from any thread."""

    on_progress: Callable[[Progress], None] = _ignore
    cancelled: Callable[[], bool] = _never

    def report(self, done: float, total: float, what: str) -> None:
        """Tell how far the work is, and stop here if the user asked for it.

        Raises
        ------
        CancelledError
            When the work was cancelled.
        """
        self.stop_if_cancelled()
        self.on_progress(Progress(done, total, what))

    def stop_if_cancelled(self) -> None:
        """Raise CancelledError when the work was cancelled."""
        if self.cancelled():
            raise CancelledError

    def part(self, start: float, end: float) -> JobContext:
        """Return a context whose progress fills `start`…`end` (in 0…1) of this one's."""

        def forward(progress: Progress) -> None:
            fraction = progress.fraction
            if fraction is not None:
                self.on_progress(Progress(start + (end - start) * fraction, 1.0, progress.what))

        return JobContext(forward, self.cancelled)
