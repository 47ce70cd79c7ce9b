"""What people and programs do to documents of keys and values: another kind, missing, more, twice, without end."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

Place = tuple[Any, ...]

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, 1e308, -1e308, 1e-320, 10**30, 65536, 2**32, [], {}, [None], [1, 2, 3], {"a": 1},
    [[[]]], "", " ", "x", "1", "true", "NaN", "\u202eabc", "a\0b", "\ud800", "bell\a", "line\nend", "t\u200b", "<b>",
    "%s%n", "{0}", "../..", "/etc/passwd", "C:\\x", "ü" * 300, "a" * 5000, "\U0001fac1" * 50,
)  # fmt: skip
_KEYS = ("{}s", "{}\u200b", "", "__class__", "\ud800")


def places_in(value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield where everything of a document stands, the whole itself first."""
    yield place
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places_in(part, (*place, key))


def at(document: Any, place: Place) -> Any:
    """Return what stands at a place."""
    for key in place:
        document = document[key]
    return document


def mutated(rng: random.Random, document: Any) -> tuple[Any, list[str]]:
    """Return a changed copy of a document, and what was done to it."""
    made = copy.deepcopy(document)
    done = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        deepest = rng.randrange(1, 8)
        every = [place for place in places_in(made) if place]
        if not every:
            break
        place = rng.choice([p for p in every if len(p) <= deepest] or every)
        what = rng.choice(["odd", "odd", "lost", "twice", "renamed", "more", "number", "exchanged", "text", "within"])
        _change(rng, made, place, what, every)
        done.append(f"{what} {'.'.join(map(str, place))}")
    return made, done


def _change(rng: random.Random, document: Any, place: Place, what: str, every: list[Place]) -> None:
    above, key = at(document, place[:-1]), place[-1]
    old = above[key]
    if what == "odd":
        above[key] = rng.choice(ODD)
    elif what == "lost":
        del above[key]
    elif what == "twice" and isinstance(above, list):
        above.insert(rng.randrange(len(above) + 1), copy.deepcopy(old))
    elif what == "renamed" and isinstance(above, dict):
        above[rng.choice(_KEYS).format(key)] = above.pop(key)
    elif what == "more" and isinstance(old, dict):
        old[rng.choice(["more", "_x", "format", "id"])] = rng.choice(ODD)
    elif what == "number" and isinstance(old, int | float) and not isinstance(old, bool):
        above[key] = rng.choice([-old, old * 1e6, old + 1e9, old * 1e-9, old * 1e30, old + 0.5, str(old)])
    elif what == "exchanged":
        other = rng.choice(every)
        above[key] = copy.deepcopy(at(document, other)) if place[: len(other)] != other else old
    elif what == "text" and isinstance(old, str):
        above[key] = rng.choice([f"{old}\u202e", f"{old}\0", old * 200, f"\n{old}", f"{old}\ud83d", f"{old}/../x"])
    elif what == "within":
        above[key] = rng.choice([[old], {"value": old}])
