"""Under which name the journal keeps what is said of a finding.

A model may find something at the very same place in two phases of one series, as it does where it says something of
the series as a whole, and the finding's id is then the same in both. So a few of the images that were open stand in the
name beside the id. Of a reader's mark, which notes its own image, the id alone is the name; so it was of every finding
once, and what was said then holds in all phases in which nothing newer was said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

from viewer.domain.finding import SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from viewer.domain.drawn_on import InSight
    from viewer.domain.finding import Finding

Said = TypeVar("Said")
# Separators of records and of units: an id from a file that anybody may have written has a tab rather than these.
_IMAGES, _NEXT = "\x1e", "\x1f"
# What was said is found as long as one of them is there: some files may be gone when the series is opened again.
_MOST_IMAGES = 5


@frozen
class SpokenOf:
    """A finding's id, and a few of the images among which it was decided; none where these were not kept."""

    finding_id: str
    images: tuple[str, ...] = ()

    @classmethod
    def read(cls, name: str) -> SpokenOf:
        """Return what a name in the journal stands for."""
        finding_id, among, images = name.rpartition(_IMAGES)
        return cls(finding_id, tuple(images.split(_NEXT))) if among else cls(name)

    @property
    def name(self) -> str:
        """The name in the journal."""
        return f"{self.finding_id}{_IMAGES}{_NEXT.join(self.images)}" if self.images else self.finding_id

    def is_in(self, here: InSight) -> bool:
        """Return whether it is of what is open; where nothing names its images, that is not known, and it is."""
        return not self.images or not here.images or not here.images.isdisjoint(self.images)


def spoken_of(finding: Finding, here: InSight) -> SpokenOf:
    """Return what is decided where a finding is decided among the images that are open."""
    images = sorted(here.images) if finding.source.kind is not SourceKind.READER else []
    if len(images) > _MOST_IMAGES:
        images = [images[n * (len(images) - 1) // (_MOST_IMAGES - 1)] for n in range(_MOST_IMAGES)]
    return SpokenOf(finding.id, tuple(images))


def name_here(finding: Finding, here: InSight, known: Iterable[str]) -> str:
    """Return the name under which a finding is decided here: one of those that are `known`, oldest first, or a new one.

    Files may have come or gone since, and a new name would have others in it.
    """
    wanted = spoken_of(finding, here)
    if not wanted.images:
        return wanted.name
    of_it = [name for name in known if (one := SpokenOf.read(name)).finding_id == finding.id and one.images]
    return next((name for name in reversed(of_it) if SpokenOf.read(name).is_in(here)), wanted.name)


def by_finding(named: Sequence[tuple[str, Said]], here: InSight) -> dict[str, Said]:
    """Return what is kept under names, oldest first, by the ids of findings that are open.

    What names its images comes before what names none.
    """
    told = [(SpokenOf.read(name), said) for name, said in named]
    told = [(one, said) for one, said in told if one.is_in(here)]
    return {one.finding_id: said for one, said in sorted(told, key=lambda each: bool(each[0].images))}
