"""Keys, mouse and windows as a user wants them, from a file; without one they are those that radiologists expect."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

from attrs import evolve, field, frozen

from viewer.domain.errors import CaseStageError
from viewer.domain.volume import Window
from viewer.domain.window_presets import PRESETS
from viewer.services.users_file import users_toml

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "conventions.toml"
_SECTIONS = ("mouse", "windows", "keys")
_MOUSE = ("middle", "right", "wheel_down", "drag_right", "drag_up")
_MOST = 1e6
_LONGEST_NAME = 24


class ConventionsError(CaseStageError):
    """The file cannot be followed; the usual conventions hold."""

    usual_hint = "The usual ones hold. Correct the file; it is read again at the next start."


class Dragging(StrEnum):
    """What dragging with a button does on a plane."""

    WINDOW = "window"
    PAN = "pan"
    ZOOM = "zoom"
    IMAGES = "images"


@frozen
class MouseConventions:
    """What the buttons and the wheel do; the left button does what the tool in use says.

    `towards_head` turns the wheel and dragging through images round; `narrower` and `darker` say what dragging the
    window to the right and upwards does in the place of wider and brighter.
    """

    middle: Dragging = Dragging.PAN
    right: Dragging = Dragging.ZOOM
    towards_head: bool = False
    narrower: bool = False
    darker: bool = False


@frozen
class Conventions:
    """What is the same for all scans.

    Attributes
    ----------
    windows
        The window presets by their keys, in their order.
    keys
        Shortcuts of commands by the commands' ids, in the place of their usual ones.
    """

    mouse: MouseConventions = MouseConventions()
    windows: tuple[tuple[str, Window], ...] = PRESETS
    keys: Mapping[str, tuple[str, ...]] = field(factory=dict)


def read_conventions(path: Path) -> Conventions:
    """Return the conventions of a file, the usual ones where there is none.

    Raises
    ------
    ConventionsError
        Where it cannot be read, is no TOML, or says something that is not understood; names the section and the key.
    """
    try:
        document, _ = users_toml(path)
    except FileNotFoundError:
        return Conventions()
    except OSError as error:
        raise ConventionsError(f"{FILE_NAME} cannot be read.", detail=str(error)) from error
    except ValueError as error:
        raise ConventionsError(f"{FILE_NAME} is not valid TOML: {error}.") from error
    for section, said in document.items():
        if section not in _SECTIONS or not isinstance(said, dict):
            _wrong(section, "", f"is not understood; there are [{'], ['.join(_SECTIONS)}]")
    return Conventions(
        _mouse(document.get("mouse", {})), _windows(document.get("windows", {})), _keys(document.get("keys", {}))
    )


def _wrong(section: str, key: str, why: str) -> NoReturn:
    where = f"“{key}” in [{section}]" if key else f"“{section}”"
    raise ConventionsError(f"{FILE_NAME} is not followed: {where} {why}.")


def _mouse(said: dict[str, Any]) -> MouseConventions:
    for key in said:
        if key not in _MOUSE:
            _wrong("mouse", key, f"is not understood; there are {', '.join(_MOUSE)}")

    def chosen(key: str, choices: tuple[str, ...]) -> str:
        value = said.get(key, choices[0])
        if not isinstance(value, str) or value not in choices:
            _wrong("mouse", key, f"must be one of {', '.join(choices)}")
        return value

    buttons = tuple(Dragging)
    return MouseConventions(
        Dragging(chosen("middle", (Dragging.PAN, *buttons))),
        Dragging(chosen("right", (Dragging.ZOOM, *buttons))),
        chosen("wheel_down", ("feet", "head")) == "head",
        chosen("drag_right", ("wider", "narrower")) == "narrower",
        chosen("drag_up", ("brighter", "darker")) == "darker",
    )


def _windows(said: dict[str, Any]) -> tuple[tuple[str, Window], ...]:
    usual = dict(PRESETS)
    for key, value in said.items():
        if key not in usual:
            _wrong("windows", key, f"is no key of a window; these are {', '.join(usual)}")
        name, width, level = value if isinstance(value, list) and len(value) == 3 else ("", 0, 0)
        named = isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isprintable()
        if not named or not _is_number(width) or not _is_number(level) or width < 1:
            _wrong("windows", key, 'must be ["name", width, level] with a width of at least 1')
        usual[key] = evolve(usual[key], name=name, centre=float(level), width=float(width))
    return tuple(usual.items())


def _keys(said: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    for command, keys in said.items():
        if not isinstance(keys, list) or not all(isinstance(key, str) and key for key in keys):
            _wrong("keys", command, 'must be a list of keys, such as ["Ctrl+K"], or [] for none')
    return {command: tuple(keys) for command, keys in said.items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MOST
