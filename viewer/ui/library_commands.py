"""The commands of the library: its pages, and what can be done with a place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.session import Workspace
from viewer.io.index_rows import FOLDER, Place
from viewer.ui.commands import Command

if TYPE_CHECKING:
    from viewer.services.desk import Desk

LIBRARY = frozenset({Workspace.LIBRARY})
PLACE_MENU = ("scans.check", "scans.watch", "scans.reveal", None, "scans.forget")
NO_PLACE = "Choose a place at the left first."
NO_FOLDER = "Only a folder can be watched."


@frozen
class LibraryAsks:
    """What the library's commands ask of the window."""

    show_cases: Callable[[], None]
    show_scans: Callable[[], None]
    on_scans: Callable[[], bool]
    search: Callable[[], None]
    place: Callable[[], Place | None]
    check: Callable[[], None]
    watch: Callable[[], None]
    reveal: Callable[[], None]
    forget: Callable[[], None]


def library_commands(desk: Desk, asks: LibraryAsks) -> list[Command]:
    """Return the commands of the library."""

    def chosen() -> bool:
        return asks.place() is not None

    def folder() -> bool:
        place = asks.place()
        return place is not None and place.kind == FOLDER

    def watched() -> bool:
        place = asks.place()
        return place is not None and place.watched

    return [
        Command(
            "library.cases", "Cases", "Cases to present", asks.show_cases, shortcuts=("Alt+1",), contexts=LIBRARY,
            icon="layout-grid", checked_when=lambda: not asks.on_scans(),
        ),
        Command(
            "library.scans", "Scans", "Scans that were opened on this computer", asks.show_scans,
            shortcuts=("Alt+2",), contexts=LIBRARY, icon="layers", checked_when=asks.on_scans,
        ),
        Command(
            "library.search", "Search", "Search cases or scans by any word", asks.search, shortcuts=("Ctrl+F",),
            contexts=LIBRARY, icon="search",
        ),
        Command(
            "scans.check", "Look again", "Look whether this place holds something else by now", asks.check,
            shortcuts=("Ctrl+Shift+R",), contexts=LIBRARY, enabled_when=chosen, why_disabled=NO_PLACE,
            icon="refresh-cw",
        ),
        Command(
            "scans.watch", "Watch", "List what arrives in this folder, also after the next start", asks.watch,
            contexts=LIBRARY, enabled_when=folder, why_disabled=NO_FOLDER, icon="eye", checked_when=watched,
        ),
        Command(
            "scans.reveal", "Show in file manager", "Show where this place is", asks.reveal, contexts=LIBRARY,
            enabled_when=chosen, why_disabled=NO_PLACE, icon="external-link",
        ),
        Command(
            "scans.forget", "Forget", "Take this place out of the list; its files stay", asks.forget,
            contexts=LIBRARY, enabled_when=chosen, why_disabled=NO_PLACE, icon="trash-2",
        ),
    ]  # fmt: skip
