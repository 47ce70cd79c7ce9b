"""When each of some images was taken, by what their headers say."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from viewer.domain.moment import Moment
from viewer.io.telling import ATTRIBUTES, CLOCKS_OF_DAY, time_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.io.slice_header import Frame

_CLOCKS = tuple(attribute for attribute in ATTRIBUTES if attribute.name in CLOCKS_OF_DAY)
_CONTENT = "content time"
_DAY_S = 86400.0


def moments_of(frames: Sequence[Frame]) -> tuple[Moment, ...]:
    """Return when each image was taken, by the first clock of their headers that runs; () where none does."""
    for clock in _CLOCKS:
        said = [clock.value(frame) for frame in frames]
        if None not in said and len(set(said)) > 1:
            days = [_day(day) for day, _ in said]
            known = None not in days or len({day for day, _ in said}) == 1
            seconds = [(day or 0) * _DAY_S + s for day, (_, s) in zip(days, said, strict=True)]
            first = min(seconds)
            return tuple(
                Moment(time_words(one), s - first if known else None, clock.name != _CONTENT)
                for one, s in zip(said, seconds, strict=True)
            )
    return ()


def in_time(frames: Sequence[Frame]) -> list[Frame] | None:
    """Return images in the order in which they were taken; None where no clock tells each from the others."""
    moments = moments_of(frames)
    after = [moment.after_s for moment in moments if moment.after_s is not None]
    if len(set(after)) < len(frames):
        return None
    return [frame for _, frame in sorted(zip(after, frames, strict=True), key=lambda one: one[0])]


def _day(said: str) -> int | None:
    try:
        return date.fromisoformat(said).toordinal()
    except ValueError:
        return None
