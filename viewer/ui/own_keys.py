"""Shortcuts of a user's own in the place of the usual ones, and the file in which they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence

from viewer.domain.errors import StorageError
from viewer.domain.window_presets import PRESETS
from viewer.io.atomic_file import write_atomically
from viewer.services.conventions import FILE_NAME
from viewer.services.places import config_folder
from viewer.ui.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from viewer.domain.session import Workspace
    from viewer.ui.commands import Command, CommandTable

# Files of users name commands as they were called when these were written.
_CALLED_NOW = {"review.comment": "review.edit"}
_HEAD = """# Keys, mouse and windows of your own. Take away the # where you change something.
# What is not said stays as usual. It is read at the start of the program.

[mouse]
# Dragging with the middle and the right button: "pan", "zoom", "window" or "images". The left one follows the tool.
# middle = "pan"
# right = "zoom"
# wheel_down = "feet"        # or "head"
# drag_right = "wider"       # the window; or "narrower"
# drag_up = "brighter"       # the window; or "darker"

[windows]
# By key: name, width, level in HU.
"""


def with_own_keys(
    commands: Iterable[Command], own: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[Command, ...], list[str]]:
    """Return commands with a user's shortcuts, and what of them is not followed, in sentences.

    One that is no key, is for no command, or is another command's in the same workspace, is left out.
    """
    known = {command.id: command for command in commands}
    own = {_CALLED_NOW.get(name, name): keys for name, keys in own.items()}
    problems = [f"There is no command “{name}”." for name in own if name not in known]
    changed: dict[str, tuple[str, ...]] = {}
    for name, keys in own.items():
        if name not in known:
            continue
        wrong = [key for key in keys if not _normal(key)]
        problems += [f"“{key}” for {known[name].title} is no key." for key in wrong]
        if not wrong:
            changed[name] = keys
    while True:
        made = {ident: evolve(c, shortcuts=changed.get(ident, c.shortcuts)) for ident, c in known.items()}
        clash = _clash(made.values(), changed)
        if clash is None:
            return tuple(made.values()), problems
        mine, other, key = clash
        del changed[mine.id]
        problems.append(f"{key} for {mine.title} is taken by {other.title}.")


def _normal(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def _clash(commands: Iterable[Command], changed: Mapping[str, object]) -> tuple[Command, Command, str] | None:
    """Return a command whose own key another one has too, the other one, and the key; None where all are apart."""
    taken: dict[tuple[Workspace, str], Command] = {}
    for command in commands:
        for key in map(_normal, command.shortcuts):
            for context in command.contexts:
                other = taken.setdefault((context, key), command)
                if other is not command:
                    mine, other = (command, other) if command.id in changed else (other, command)
                    return mine, other, key
    return None


def file_text(table: CommandTable) -> str:
    """Return a file that says everything as it is usually, each line to be changed; from the table of commands."""
    lines = [f'# {key} = ["{w.name}", {w.width:g}, {w.centre:g}]' for key, w in PRESETS]
    lines += ["", "[keys]", "# Several keys of a command stand beside each other; [] takes its keys away."]
    for command in table:
        keys = ", ".join(f'"{key}"' for key in command.shortcuts)
        lines.append(f'# "{command.id}" = [{keys}]'.ljust(52) + f"  # {command.title}")
    return _HEAD + "\n".join(lines) + "\n"


def edit_conventions(table: CommandTable, tell: Callable[[Message], None]) -> None:
    """Open the user's file, made where there is none yet; say what came of it."""
    path = config_folder() / FILE_NAME
    try:
        _make(path, table)
    except StorageError as error:
        tell(Message.of(error))
        return
    opened = QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
    words = f"{FILE_NAME} opens in your editor." if opened else f"No program opens {FILE_NAME} here: {path}"
    tell(Message(words, "Every key is in it; it is read again at the next start.", calm=opened))


def _make(path: Path, table: CommandTable) -> None:
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            "The file cannot be written.", "Check that your user folder can be written.", str(error)
        ) from error
    write_atomically(path, file_text(table).encode(), "The file of keys, mouse and windows")
