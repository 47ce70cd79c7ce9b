"""What the list of scans says about a study, a series and a place; without identity where that is masked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from viewer.domain.count_words import count_words
from viewer.domain.masking import MASKED, identity_words, masked_path, masked_text, names_patient, undated
from viewer.domain.reading_direction import isolated
from viewer.domain.value_units import HU, UNKNOWN, unit_words
from viewer.io.index_rows import ARCHIVE, FOLDER
from viewer.io.series_entry import readable_name
from viewer.services.place_state import PlaceState
from viewer.services.places import received_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from viewer.io.index_rows import Place, SeriesRow, StudyRow

IMAGE_KINDS = {"dicom": "", "nifti": "NIfTI", "nrrd": "NRRD", "mha": "MetaImage"}
FROM_ARCHIVE = "From an archive"
_MOST_COPIES = 3
_LEFT_OUT_FIRST = ("number", "size", "body part", "modality")
NOBODY = "No patient named"


def person_words(study: StudyRow, *, masked: bool) -> str:
    """Return whose study it is: "DOE, JANE · 4711"."""
    if masked and (study.patient or study.patient_id):
        return MASKED
    name = ", ".join(part.strip() for part in study.patient.partition("=")[0].split("^") if part.strip())
    return " · ".join(isolated(part) for part in (name, study.patient_id) if part) or NOBODY


def study_words(study: StudyRow, series: int, *, masked: bool) -> str:
    """Return date, description and number of series of a study."""
    description = masked_text(study.description, identity_words(study.identity)) if masked else study.description
    return " · ".join(part for part in (study.iso_date, isolated(description), count_words(series, "series")) if part)


def series_title(row: SeriesRow, study: StudyRow | None, *, masked: bool) -> str:
    """Return what a series is called."""
    description = row.description
    if masked and study is not None and not row.synthetic:
        description = masked_text(description, identity_words(study.identity))
    return description or (f"Series {row.number}" if row.number is not None else "Series without a name")


def part_title(row: SeriesRow, study: StudyRow | None) -> str:
    """Return which part of its series is meant, without who and when; "" where it is all of it."""
    part = undated(row.part)
    named = study is not None and not row.synthetic and names_patient(part, identity_words(study.identity))
    return "" if named else part


def series_facts(row: SeriesRow, fits: Callable[[str], bool] | None = None) -> str:
    """Return modality, body part, count, size and what else there is to know before opening a series.

    Of what does not all fit the least telling is left out: half a size would be another one.
    """
    said = {
        "modality": row.modality or IMAGE_KINDS.get(row.kind, row.kind.upper()),
        "body part": row.body_part.capitalize(),
        "count": count_words(row.images, "image"),
        "size": f"{row.columns} × {row.rows}",
        "number": f"series {row.number}" if row.number is not None and row.description else "",
        "part": row.part,
        "synthetic": "synthetic" if row.synthetic else "",
        "lossy": "lossy compressed" if row.lossy else "",
        "unit": _unit_words(row),
    }
    words = " · ".join(filter(None, said.values()))
    for least in _LEFT_OUT_FIRST:
        if fits is None or fits(words):
            break
        del said[least]
        words = " · ".join(filter(None, said.values()))
    return words


def _unit_words(row: SeriesRow) -> str:
    """Return what values are in, where whoever looks at CT would take them for HU and they are not."""
    if row.unit == UNKNOWN:
        return "no HU" if row.modality == "CT" else ""
    return f"values in {unit_words(row.unit)}" if row.unit not in ("", HU) else ""


def copies_words(lying: Sequence[tuple[str, int, str]], here: str = "") -> str:
    """Return where copies of a series lie, such as "Also in CD 1." or "In Part, 3 images fewer than in A (not there)".

    Parameters
    ----------
    lying
        Of each copy the name of its place, how many images more it has, and why none of it can be opened, if so.
    here
        The name of the place of the series itself, where nothing else says it.
    """
    names: dict[int, list[str]] = {}
    for name, more, away in lying:
        names.setdefault(more, []).append(f"{name} ({away})" if away else name)
    said = []
    for more, there in names.items():
        count = count_words(abs(more), "image")
        what = f"{count} {'fewer' if more > 0 else 'more'} than in" if more else "also in"
        said.append(f"{what} {_listed(there)}")
    if not said:
        return ""
    words = f"{'; '.join(said)}."
    return f"In {here}, {words}" if here else words[0].upper() + words[1:]


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST_COPIES:
        names = [*names[: _MOST_COPIES - 1], count_words(len(names) - _MOST_COPIES + 1, "more place")]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def place_name(place: Place, among: Iterable[Place], naming: Iterable[str], *, masked: bool) -> str:
    """Return a place's own name; a folder of what came from an archive is called by a hash.

    Discs call their folders alike: a name that others `among` bear has the folders before it that tell them apart.
    """
    if Path(place.path).is_relative_to(received_folder()):
        return FROM_ARCHIVE
    alike = [_upwards(other) for other in among if other.id != place.id and _alike(other.name, place.name)]
    own, told = _upwards(place), 1
    while told + 1 < len(own) and own[:told] in [other[:told] for other in alike]:
        told += 1
    name = readable_name("/".join((*Path(place.path).parts[-told:-1], place.name)))
    return masked_path(name, naming) if masked else name


def _alike(a: str, b: str) -> bool:
    return len(a) == len(b) and a.casefold() == b.casefold()


def _upwards(place: Place) -> list[str]:
    """Return a place's name and those of the folders above, in small letters."""
    return [part.casefold() for part in reversed(Path(place.path).parts)]


def place_path(place: Place, naming: Iterable[str], *, masked: bool) -> str:
    """Return where a place is."""
    path = readable_name(place.path)
    return masked_path(path, naming) if masked else path


def state_words(state: PlaceState, *, watched: bool) -> str:
    """Return how a place is, "" where there is nothing to say."""
    if state is PlaceState.GONE:
        return "Not there"
    if state is PlaceState.CLOSED:
        return "Cannot be read"
    if state is PlaceState.CHECKING:
        return "Checking…"
    return "Watching" if watched else ""


def away_words(state: PlaceState) -> str:
    """Return why nothing of a place can be opened now, within a sentence; "" where it can."""
    return state_words(state, watched=False).lower() if state.away else ""


def place_icon(place: Place, state: PlaceState) -> str:
    """Return the icon of a place."""
    if state.away:
        return "unlink"
    if place.watched:
        return "eye"
    return {FOLDER: "folder", ARCHIVE: "package"}.get(place.kind, "file-text")
