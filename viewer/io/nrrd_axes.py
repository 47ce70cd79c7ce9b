"""Which axes of an NRRD file are space and which tell volumes apart, from its kinds and space directions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from attrs import define
from numpy.typing import NDArray

from viewer.domain.errors import UnreadableFileError
from viewer.io.header_words import numbers_of, whole_numbers_of
from viewer.io.stored_volume import COLOURS, refuse_sizes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_AXES = 16
_VECTOR = re.compile(r"none|\([^()]*\)", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"]*)"')
_SPATIAL = ("domain", "space")
_WORDS = {"list": "volume", "time": "time point"}
_UNSAID = ("", "none", "???")


@define(frozen=True, eq=False)
class Axes:
    """The axes of a file, counted from 0, fastest first.

    Attributes
    ----------
    spatial
        Those of i, j and k.
    part, part_word
        The one that tells volumes apart, if any, and what it counts.
    space
        The name of the space in small letters without hyphens and "time"; "" where there is none.
    directions, origin
        Steps of i, j, k (rows) and the first voxel's centre, in that space; None where the file does not say.
    leans_on_time
        True where a spatial step also goes in time.
    space_units
        The units of that space's axes.
    named_otherwise
        True where an axis has a step in space, and a kind that is none of space.
    """

    spatial: tuple[int, int, int]
    part: int | None
    part_word: str
    space: str
    directions: NDArray[np.float64] | None
    origin: NDArray[np.float64] | None
    leans_on_time: bool
    space_units: tuple[str, ...]
    named_otherwise: bool

    @property
    def kept(self) -> tuple[int, ...]:
        """Spatial axes and that of parts, in their order."""
        return tuple(sorted(self.spatial if self.part is None else (*self.spatial, self.part)))


def axes_of(sizes: Sequence[int], fields: Mapping[str, str]) -> Axes:
    """Return which axis is what.

    Raises
    ------
    UnreadableFileError
        Where there are no three axes of space, or the values are colours or complex numbers.
    ValueError
        Where fields do not fit the number of axes.
    """
    count = len(sizes)
    if not 0 < count <= _MOST_AXES:
        raise ValueError("too many axes")
    kinds = fields.get("kinds", "").lower().split() or [""] * count
    space, space_axes = _space(fields)
    vectors = _vectors(fields["spacedirections"]) if "spacedirections" in fields else None
    if len(kinds) != count or (vectors is not None and len(vectors) != count):
        raise ValueError("not as many kinds or directions as axes")
    if any("color" in kind for kind in kinds):
        raise UnreadableFileError(COLOURS)
    if "complex" in kinds:
        raise UnreadableFileError("The file holds complex numbers, not measured values.")
    time = _time_axes(vectors, space_axes)
    spatial = _spatial(sizes, kinds, vectors, time)
    others = [axis for axis in range(count) if axis not in spatial and sizes[axis] != 1]
    if len(others) > 1:
        refuse_sizes("NRRD", sizes)
    part = others[0] if others else None
    directions, leans = None, False
    if vectors is not None and all(vectors[axis] is not None for axis in spatial):
        found = np.asarray([vectors[axis] for axis in spatial], dtype=np.float64)
        directions, leans = found[:, :3], bool(np.any(found[:, 3:] != 0))
    origin = _vectors(fields.get("spaceorigin", ""))
    first = np.asarray(origin[0][:3]) if len(origin) == 1 and origin[0] is not None and len(origin[0]) >= 3 else None
    return Axes(
        spatial,
        part,
        "volume" if part is None else _part_word(kinds[part], part, time, count),
        space,
        directions,
        first,
        leans,
        quoted(fields.get("spaceunits", "")),
        directions is not None and any(kinds[axis] not in (*_SPATIAL, *_UNSAID) for axis in spatial),
    )


def quoted(text: str) -> tuple[str, ...]:
    """Return the words of a field that stand between quotation marks."""
    return tuple(_QUOTED.findall(text))


def _space(fields: Mapping[str, str]) -> tuple[str, int]:
    """Return the space's name without "time", and how many axes it has; one without a name may just count them."""
    if "spacedimension" in fields and "space" not in fields:
        (count,) = whole_numbers_of(fields["spacedimension"])
        if count not in (3, 4):
            refuse_sizes("NRRD", [1] * count if 0 < count <= _MOST_AXES else [])
        return "", count
    name = "".join(fields.get("space", "").lower().replace("-", "").split())
    if name.endswith("time"):
        return name.removesuffix("time"), 4
    if name in ("rast", "last", "lpst"):
        return name[:-1], 4
    return name, 3


def _vectors(text: str) -> list[tuple[float, ...] | None]:
    if _VECTOR.sub("", text).strip():
        raise ValueError("not a list of vectors")
    return [None if found.lower() == "none" else numbers_of(found.strip("()")) for found in _VECTOR.findall(text)]


def _time_axes(vectors: Sequence[tuple[float, ...] | None] | None, space_axes: int) -> set[int]:
    """Return the axes whose step goes in time alone, after proving that all steps lie in the space."""
    found = set()
    for axis, vector in enumerate(vectors or ()):
        if vector is None:
            continue
        if len(vector) != space_axes:
            raise ValueError("a direction that does not fit its space")
        if space_axes == 4 and vector[3] != 0 and not any(vector[:3]):
            found.add(axis)
    return found


def _spatial(
    sizes: Sequence[int],
    kinds: Sequence[str],
    vectors: Sequence[tuple[float, ...] | None] | None,
    time: set[int],
) -> tuple[int, int, int]:
    placed = [axis for axis, vector in enumerate(vectors or ()) if vector is not None and axis not in time]
    named = [axis for axis, kind in enumerate(kinds) if kind in _SPATIAL]
    unsaid = all(kind in _UNSAID for kind in kinds)
    for found in (placed, named, list(range(min(3, len(sizes)))) if unsaid and not placed else []):
        if len(found) == 3:
            return (found[0], found[1], found[2])
    if unsaid is False and not placed and len(named) > 3:
        return (named[0], named[1], named[2])
    refuse_sizes("NRRD", [sizes[axis] for axis in (placed or named)])
    raise UnreadableFileError("The file does not have three axes of space, so it is no volume.")


def _part_word(kind: str, part: int, time: set[int], count: int) -> str:
    if part in time:
        return "time point"
    if kind in _WORDS:
        return _WORDS[kind]
    last = part == count - 1
    return "volume" if (kind in _UNSAID or kind in _SPATIAL) and last else "channel"
