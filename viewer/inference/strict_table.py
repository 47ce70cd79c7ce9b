"""Reads TOML tables strictly: every key known, every type right, every error named by the key's path."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from viewer.domain.errors import ManifestError
from viewer.domain.plain_text import plain_text

Choice = TypeVar("Choice", bound=StrEnum)

# Stands for what a proposed manifest does not know.
TO_FILL_IN = "?"
_LONGEST_TEXT = 20_000


class Table:
    """One table of the file, its place in it, and the keys that it may have.

    Unknown keys are refused at once, so that a misspelt key is named itself and not the key that is missing.

    Raises
    ------
    ManifestError
        From here and from every reader below.
    """

    def __init__(self, raw: object, path: str, known: tuple[str, ...]) -> None:
        self.path = path
        if not isinstance(raw, Mapping):
            raise ManifestError(f"{path or 'The manifest'} must be a table, not {_kind(raw)}.")
        self._raw = raw
        for key in raw:
            if key not in known:
                raise ManifestError(self._unknown(str(key), known), "Correct the key in model.toml, or remove it.")

    def _unknown(self, key: str, known: tuple[str, ...]) -> str:
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
        asked = f"; did you mean {self.at(near[0])}?" if near else f"; known here: {', '.join(known)}."
        return f"{self.at(key)} is not known{asked}"

    def at(self, key: str) -> str:
        """Return the path of a key in this table."""
        # A mark that is not seen would leave a key that looks like the right one.
        shown = key if key.isprintable() else ascii(key)[1:-1]
        return f"{self.path}.{shown}" if self.path else shown

    def has(self, key: str) -> bool:
        """Return True where the key is there."""
        return key in self._raw

    def raw(self, key: str) -> object:
        """Return a value as it stands; it must be there."""
        if key not in self._raw:
            raise ManifestError(f"{self.at(key)} is missing.", "Add the key to model.toml.")
        return self._raw[key]

    def wrong(self, key: str, wanted: str) -> ManifestError:
        """Return the error for a value of the wrong type or range."""
        return ManifestError(f"{self.at(key)} must be {wanted}, not {_kind(self._raw.get(key))}.")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; not empty where there is no default."""
        if default is not None and not self.has(key):
            return default
        value = self.raw(key)
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT or (default is None and not value.strip()):
            raise self.wrong(key, "a text")
        said = plain_text(value).strip()
        if default is None and not said:
            raise self.wrong(key, "a text")
        return said

    def line(self, key: str, default: str | None = None) -> str:
        """Return a text that stands in one line, as names do."""
        return " ".join(self.text(key, default).split())

    def truth(self, key: str, default: bool | None = None) -> bool:
        """Return true or false."""
        if default is not None and not self.has(key):
            return default
        value = self.raw(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def number(
        self,
        key: str,
        default: float | None = None,
        *,
        least: float = -math.inf,
        most: float = math.inf,
    ) -> float:
        """Return a finite number within a range."""
        if default is not None and not self.has(key):
            return default
        value = _finite(self.raw(key))
        if value is None or not least <= value <= most:
            raise self.wrong(key, f"a number{_range_words(least, most)}")
        return value

    def whole(self, key: str, default: int | None = None, *, least: int = 0, most: int = 1_000_000) -> int:
        """Return a whole number within a range."""
        if default is not None and not self.has(key):
            return default
        value = self.raw(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(key, f"a whole number{_range_words(least, most)}")
        return value

    def choice(self, key: str, of: type[Choice], default: Choice | None = None) -> Choice:
        """Return one of an enumeration's values."""
        if default is not None and not self.has(key):
            return default
        value = self.raw(key)
        names = [str(member) for member in of]
        if not isinstance(value, str) or value not in names:
            near = difflib.get_close_matches(value, names, n=1) if isinstance(value, str) else []
            asked = f" Did you mean {near[0]!r}?" if near else ""
            raise ManifestError(f"{self.at(key)} must be one of {', '.join(names)}, not {_kind(value)}.{asked}")
        return of(value)

    def numbers(
        self,
        key: str,
        count: int,
        default: tuple[float, ...] | None = None,
        *,
        least: float = -math.inf,
        most: float = math.inf,
    ) -> tuple[float, ...]:
        """Return a list of so many finite numbers within a range."""
        if default is not None and not self.has(key):
            return default
        value = self.raw(key)
        items = [_finite(v) for v in value] if isinstance(value, list) else []
        good = tuple(v for v in items if v is not None and least <= v <= most)
        if len(items) != count or len(good) != count:
            raise self.wrong(key, f"a list of {count} numbers{_range_words(least, most)}")
        return good

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of texts."""
        if default is not None and not self.has(key):
            return default
        value = self.raw(key)
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value) or len(value) > 1000:
            raise self.wrong(key, "a list of texts")
        return tuple(str(v) for v in value)

    def table(self, key: str, known: tuple[str, ...]) -> Table:
        """Return a table inside this one."""
        return Table(self.raw(key), self.at(key), known)

    def tables(self, key: str, known: tuple[str, ...]) -> tuple[Table, ...]:
        """Return a list of tables ([[key]]); empty where the key is absent."""
        value = self._raw.get(key, [])
        if not isinstance(value, list) or len(value) > 1000:
            raise self.wrong(key, "a list of tables ([[…]])")
        return tuple(Table(item, f"{self.at(key)}[{n}]", known) for n, item in enumerate(value))

    def named(self, key: str) -> Mapping[str, object]:
        """Return a table whose keys are names (tensors, files); at least one."""
        value = self.raw(key)
        if not isinstance(value, Mapping) or not value:
            raise self.wrong(key, "a table with at least one entry")
        return value


def open_keys(value: object, path: str = "") -> list[str]:
    """Return the paths of the values that are still to be filled in."""
    if value == TO_FILL_IN:
        return [path]
    if isinstance(value, Mapping):
        parts = [open_keys(inner, f"{path}.{key}" if path else str(key)) for key, inner in value.items()]
    elif isinstance(value, list):
        parts = [open_keys(inner, f"{path}[{n}]") for n, inner in enumerate(value)]
    else:
        parts = []
    return [key for part in parts for key in part]


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _range_words(least: float, most: float) -> str:
    if math.isfinite(least) and math.isfinite(most):
        return f" from {least:g} to {most:g}"
    if math.isfinite(least):
        return f" of at least {least:g}"
    return f" of at most {most:g}" if math.isfinite(most) else ""


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        words = str(value)
        return words if len(words) <= 40 else "a very large number"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:59] + "…")
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"a {type(value).__name__}"
