"""What has to come, what came, and how that is told while it comes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from viewer.domain.count_words import count_words
from viewer.io.archive import failures
from viewer.io.archive.rows import InstanceRow

if TYPE_CHECKING:
    from viewer.domain.job import JobContext
    from viewer.io.archive.description import Archive
    from viewer.io.archive.landing import Landing
    from viewer.io.archive.stopping import Stop

QUIET_FOR_S = 120.0


@frozen
class Retrieved:
    """What a retrieve brought.

    Attributes
    ----------
    folder
        Where the images lie; to be opened.
    images
        How many of them are there now.
    missing
        How many the archive has and did not send.
    new_bytes, seconds
        What came over the network this time, and how long it took.
    problems
        Why images are missing, in sentences.
    withdrawn
        How many lie in the folder from an earlier retrieve that the archive lists no longer.
    """

    folder: Path
    images: int
    missing: int = 0
    new_bytes: int = 0
    seconds: float = 0.0
    problems: tuple[str, ...] = ()
    withdrawn: int = 0


@define
class Plan:
    """The objects that an archive lists by series, and those of them that are not here yet."""

    listed: dict[str, tuple[InstanceRow, ...]] = field(factory=dict)
    missing: dict[str, tuple[InstanceRow, ...]] = field(factory=dict)

    @property
    def total(self) -> int:
        """Number of objects that are listed."""
        return sum(map(len, self.listed.values()))

    @property
    def known(self) -> bool:
        """True where the archive lists the objects of every series."""
        return all(self.listed.values())


def planned(listed: dict[str, tuple[InstanceRow, ...]], landing: Landing) -> Plan:
    """Return what has to come: of what is listed, what does not lie there yet, whole."""
    plan = Plan(listed)
    for series_uid, instances in listed.items():
        here = [instance for instance in instances if landing.holds(instance)]
        landing.already_here(here)
        kept = set(here)
        plan.missing[series_uid] = tuple(instance for instance in instances if instance not in kept)
    return plan


class Telling:
    """Tells the progress of a retrieve, and gives up on an archive that has gone quiet."""

    def __init__(self, archive: Archive, landing: Landing, ctx: JobContext) -> None:
        self._archive, self._landing, self._ctx = archive, landing, ctx
        self._started_s = time.monotonic()
        self.total = 0

    @property
    def seconds(self) -> float:
        """Seconds since the retrieve began."""
        return time.monotonic() - self._started_s

    def look(self, _stop: Stop | None = None) -> None:
        """Report how far it is.

        Raises
        ------
        StorageError
            When nothing more can be kept.
        ArchiveError
            When nothing has come for two minutes.
        """
        landing = self._landing
        if landing.full is not None:
            raise landing.full
        if landing.quiet_s > QUIET_FOR_S:
            raise failures.silent(self._archive)
        self._ctx.report(landing.count, self.total, progress_words(landing.count, self.total, self.rate))

    @property
    def rate(self) -> float:
        """Megabytes a second, on average."""
        return self._landing.received_bytes / 1e6 / max(self.seconds, 0.05)


def progress_words(count: int, total: int, megabytes_per_s: float) -> str:
    """Return how far a retrieve is: "12 of 400 images · 23.4 MB/s"."""
    what = f"{count} of {total} images" if total else count_words(count, "image")
    return f"{what} · {megabytes_per_s:.1f} MB/s" if megabytes_per_s else what


def _missing(landing: Landing, telling: Telling, plan: Plan) -> int:
    """Return how many objects did not come: of those that are listed, else of as many as the archive spoke of."""
    if not plan.known:
        return max(0, telling.total - landing.count)
    listed = {instance.sop_uid for instances in plan.listed.values() for instance in instances}
    return len(listed - landing.taken)


def result(archive: Archive, landing: Landing, telling: Telling, plan: Plan) -> Retrieved:
    """Return what came.

    Raises
    ------
    ArchiveError
        When nothing did.
    """
    if not landing.count:
        raise failures.nothing_came(archive, landing.refused)
    return Retrieved(
        landing.folder,
        landing.count,
        _missing(landing, telling, plan),
        landing.received_bytes,
        telling.seconds,
        landing.refused,
        landing.unlisted(one for listed in plan.listed.values() for one in listed) if plan.known else 0,
    )
