"""When an image was taken, against the others that lie with it at one place."""

from __future__ import annotations

from attrs import frozen


@frozen
class Moment:
    """When an image was taken.

    Attributes
    ----------
    clock
        The time of day as its file says it, such as "12:31:05.25".
    after_s
        Seconds since the first of the images; None where their order in time is not known, as without a date.
    taken
        False where only the making of the image is timed (Content Time), which may be later.
    """

    clock: str
    after_s: float | None
    taken: bool = True

    def words(self, *, masked: bool) -> str:
        """Return it in words, "Acquired 12:31:05  +4.0 s"; without the time of day while identity is hidden."""
        after = "" if self.after_s is None else f"+{self.after_s:.1f} s"
        clock = "" if masked else f"{'Acquired' if self.taken else 'Content time'} {self.clock}"
        return "  ".join(filter(None, (clock, after)))
