"""What two compared volumes are called: in full, and in fewer words where there is little room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.masking import descriptions, part_words

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume

# Of a compared series that says nothing of itself; a letter alone could be taken for a name that was cut.
UNNAMED = "Series without a name"
# A name, and shorter ones, the longest first.
Names = tuple[str, ...]


def side_names(here: Session, there: Session) -> tuple[str, str]:
    """Return what two compared sides are called: volumes as the story says, else as their series do; models by name."""
    first, second = all_side_names(here, there)
    return first[0], second[0]


def brief_side_names(here: Session, there: Session) -> tuple[str, str]:
    """Return the letters of two compared sides, or what the story calls them."""
    first, second = side_names(here, there)
    return first.partition("  ")[0], second.partition("  ")[0]


def all_side_names(here: Session, there: Session, *, unnamed: bool = False) -> tuple[Names, Names]:
    """Return what two compared sides are called, each in full and then shorter.

    Shorter names say no more than what tells the two apart. `unnamed` leaves out whose they are, masked or not.
    """
    prior = here.case.prior if here.case is not None else None
    if here.volume is None or there.volume is None:
        return ("A",), ("B",)
    models = here.view.models if here.view is not None else None
    if models is not None and there.volume is here.volume and all(model in here.results for model in models):
        first, second = (here.results[model].name for model in models)
        return (f"A  {first}",), (f"B  {second}",)
    if prior is not None and prior.series_uid == there.volume.series.series_uid:
        return (prior.own_title,), (prior.title,)
    masked = [side.masked or unnamed for side in (here, there)]
    parts = _parts(here.volume, masked[0]), _parts(there.volume, masked[1])
    names = _names("A", descriptions(here.volume.series, masked=masked[0])[0], *parts)
    return names, _names("B", descriptions(there.volume.series, masked=masked[1])[0], *reversed(parts))


def _parts(volume: Volume, masked: bool) -> tuple[str, str, str, str]:
    """Return day, number, part and description of a series, each "" where it is not known; no day or time if masked."""
    series, date = volume.series, volume.series.identity.study_date
    day = f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 and not masked else ""
    number = f"Series {series.number}" if series.number is not None else ""
    return day, number, part_words(volume, masked=masked), descriptions(series, masked=masked)[1]


def _names(letter: str, study: str, own: tuple[str, ...], others: tuple[str, ...]) -> Names:
    """Return the names of one of two compared volumes, such as "A  2024-03-01, Series 3, Lung", then "A  Series 3"."""
    day, number, part, description = own
    full = ", ".join(word for word in (day, number, description, part) if word)
    apart = [word for word, other in zip(own, others, strict=True) if word and word != other]
    # What is shown last in a name is the longest as a rule, and left out first.
    shorter = [", ".join(apart[:count]) for count in range(len(apart), 0, -1)]
    named = dict.fromkeys((full or study or UNNAMED, *shorter))
    return tuple(f"{letter}  {name}" for name in named)
