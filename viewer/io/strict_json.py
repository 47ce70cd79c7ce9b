"""JSON that holds exactly what is expected: no unknown keys, no guessing between types, errors with the key's path."""

from __future__ import annotations

import json
import math
import re
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

from attrs import has

from viewer.io.regular_file import regular

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cattrs import Converter

Value = TypeVar("Value")

LARGEST_BYTES = 16 * 1024 * 1024
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_MOST_KEYS, _LONGEST_KEY = 4, 60


class WrongJsonError(Exception):
    """What is wrong with a document, in words such as "steps[2].view: it lacks “camera”"."""


def _text(value: Any, kind: type[str]) -> Any:
    # A StrEnum comes here too, being a kind of str.
    if issubclass(kind, Enum):
        return _choice(value, kind)
    if not isinstance(value, str):
        raise TypeError("it must be text")
    return value


def _whole_number(value: Any, _: type) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("it must be a whole number")
    return value


def _number(value: Any, _: type) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("it must be a number")
    if not math.isfinite(value):
        raise ValueError("it must be a finite number")
    return float(value)


def _yes_or_no(value: Any, _: type) -> bool:
    if not isinstance(value, bool):
        raise TypeError("it must be true or false")
    return value


def _choice(value: Any, kind: type[Enum]) -> Any:
    try:
        return kind(value)
    except ValueError as error:
        raise ValueError("it must be one of " + ", ".join(str(member.value) for member in kind)) from error


def _read_lists(converter: Converter) -> None:
    """Let nothing but a list be one: a text was taken apart into its letters, an object into its keys."""
    as_tuple = converter.get_structure_hook(tuple[str, ...])

    def read(value: Any, kind: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise TypeError("it must be a list, in [ ]")
        wanted = get_args(kind)
        if wanted[-1] is not Ellipsis and len(value) != len(wanted):
            raise ValueError(f"it must be a list of {len(wanted)}, not of {len(value)}")
        return as_tuple(value, kind)

    def is_list(kind: Any) -> bool:
        origin: Any = get_origin(kind)
        return origin is tuple

    converter.register_structure_hook_func(is_list, read)


def _read_objects(converter: Converter) -> None:
    def reader(kind: type) -> Callable[[Any, type], Any]:
        from_keys: Callable[[Any, type], Any] = converter.gen_structure_attrs_fromdict(kind)

        def read(value: Any, kind: type) -> Any:
            if not isinstance(value, dict):
                raise TypeError("it must be keys with values, in { }")
            return from_keys(value, kind)

        return read

    converter.register_structure_hook_factory(has, reader)


@cache
def _strict_converter() -> Converter:
    # Slow to load, and the window is there before any document is read.
    from cattrs import Converter

    converter = Converter(forbid_extra_keys=True)
    _read_lists(converter)
    _read_objects(converter)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(int, _whole_number)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(bool, _yes_or_no)
    return converter


def _shown(key: str) -> str:
    """Return a key of a document as a sentence may name it: short, and what is not seen or steers as code."""
    short = key if len(key) <= _LONGEST_KEY else key[: _LONGEST_KEY - 1] + "…"
    return short if short.isprintable() else ascii(short)[1:-1]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise WrongJsonError(f"“{_shown(key)}” stands there twice")
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise WrongJsonError(f"{name} is not a number that a document may hold")


def read_json(path: Path) -> Any:
    """Return what a JSON file holds, as Python values.

    Raises
    ------
    WrongJsonError
        When it is not UTF-8 JSON, names a key twice, holds NaN, or is larger than 16 MiB.
    OSError
        When it cannot be read.
    """
    with regular(path).open("rb") as file:
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise WrongJsonError(f"it is larger than {LARGEST_BYTES // 1024**2} MiB")
    return parse_json(content)


def parse_json(content: str | bytes) -> Any:
    """Return JSON text as Python values; see `read_json` for what is refused."""
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        if _SURROGATE.search(text):
            # Half of a pair can be neither shown nor written, and names no file.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except json.JSONDecodeError as error:
        raise WrongJsonError(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise WrongJsonError("it is not text in UTF-8") from error
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):04x}"
        raise WrongJsonError(f"{half} stands there without its other half, which is no character") from error
    except (RecursionError, ValueError) as error:
        raise WrongJsonError("it is not JSON that can be read") from error


def structure(value: Any, kind: type[Value]) -> Value:
    """Return Python values from JSON as an instance of an attrs class.

    Raises
    ------
    WrongJsonError
        Naming the path of the first key that is unknown, missing, or of the wrong type.
    """
    from cattrs import BaseValidationError

    try:
        return _strict_converter().structure(value, kind)
    except BaseValidationError as error:
        raise WrongJsonError(_first_fault(error, "")) from error
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise WrongJsonError(_words(error)) from error


def unstructure(value: Any) -> Any:
    """Return an attrs instance as what JSON can hold."""
    return _strict_converter().unstructure(value)


def _first_fault(error: BaseException, path: str) -> str:
    from cattrs import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

    if isinstance(error, ClassValidationError):
        with_notes, without = error.group_exceptions()
        # An unknown key says more than the missing one that it was meant to be.
        for fault in without:
            if isinstance(fault, ForbiddenExtraKeysError):
                keys = sorted(map(str, fault.extra_fields))
                names = ", ".join(f"“{_shown(key)}”" for key in keys[:_MOST_KEYS])
                more = f" and {len(keys) - _MOST_KEYS} more" if len(keys) > _MOST_KEYS else ""
                return f"{path.lstrip('.') or 'the document'}: {names}{more} is not known there"
        for fault, note in with_notes:
            return _first_fault(fault, f"{path}.{note.name}")
        return _first_fault(without[0], path) if without else path
    if isinstance(error, IterableValidationError):
        indexed, others = error.group_exceptions()
        for fault, place in indexed:
            return _first_fault(fault, f"{path}[{place.index}]")
        return _first_fault(others[0], path) if others else path
    if isinstance(error, KeyError):
        parent, _, name = path.rpartition(".")
        return f"{parent.lstrip('.') or 'the document'}: it lacks “{name or error.args[0]}”"
    return f"{path.lstrip('.') or 'the document'}: {_words(error)}"


def _words(error: BaseException) -> str:
    words = str(error)
    return words if words.startswith("it must") else f"it is not what stands there usually ({words})"


_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
# Only real line breaks: within a string they are always escaped, so no text is touched.
_SHORT_LIST = re.compile(rf"\[\n\s*({_NUMBER}(?:,\n\s*{_NUMBER})*)\n\s*\]")


def json_text(value: Any) -> str:
    """Return readable JSON: two spaces of indent, a list of numbers on one line, a line break at the end."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return _SHORT_LIST.sub(lambda found: "[" + re.sub(r",\s+", ", ", found.group(1)) + "]", text) + "\n"
