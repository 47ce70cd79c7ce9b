"""What a command tells: lines for a person, or one JSON document for another program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from viewer.cli.terminal import say, say_json

if TYPE_CHECKING:
    import argparse


class Report:
    """Says lines as they come; with `--json` it says nothing until `finish`, and then a document with the notes in it.

    Parameters
    ----------
    arguments
        Of the command, with its `json`.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.as_json: bool = arguments.json
        self._notes: list[str] = []

    def say(self, line: str) -> None:
        """Say a line for a person; what it tells stands in the document's own fields."""
        if not self.as_json:
            say(line)

    def note(self, line: str) -> None:
        """Say what has no field of its own: what was left out or assumed, and why."""
        if self.as_json:
            self._notes.append(line)
        else:
            say(line)

    def finish(self, **fields: Any) -> None:
        """Hand over the document."""
        if self.as_json:
            say_json({**fields, "notes": self._notes})
