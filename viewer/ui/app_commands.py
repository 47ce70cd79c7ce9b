"""The commands of the program: places, files, settings. All but those of looking are in `app_commands(...)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.decision import Answer
from viewer.domain.session import Workspace
from viewer.services.measuring import Measuring
from viewer.services.reviewing import Reviewing
from viewer.services.spreads import Spreads
from viewer.ui.commands import EVERYWHERE, Command
from viewer.ui.compare_commands import CompareAsks, compare_commands
from viewer.ui.library_commands import LibraryAsks, library_commands
from viewer.ui.present_commands import NO_CASE
from viewer.ui.reasons import NOTHING_OPEN
from viewer.ui.status_bar import CANCEL_KEY
from viewer.ui.workspace_commands import DESK_WORK, workspace_commands

if TYPE_CHECKING:
    from viewer.services.desk import Desk

OUTSIDE_PRESENT = frozenset(EVERYWHERE - {Workspace.PRESENT})


@frozen
class Asks:
    """What commands ask of the window, each a function without arguments unless its name says more."""

    go: Callable[[Workspace], None]
    present_from: Callable[[int], None]
    leave_present: Callable[[], None]
    open_folder: Callable[[], None]
    open_file: Callable[[], None]
    archive: Callable[[], None]
    neighbour_series: Callable[[int], None]
    library: LibraryAsks
    reviewing: Callable[[], Reviewing]
    measuring: Callable[[], Measuring]
    spreads: Callable[[], Spreads]
    compare: CompareAsks
    decide: Callable[[Answer], None]
    mark_missed: Callable[[], None]
    edit_finding: Callable[[], None]
    move_mark: Callable[[], None]
    export: Callable[[], None]
    histogram: Callable[[], None]
    choose_model: Callable[[], None]
    palette: Callable[[], None]
    keys: Callable[[], None]
    settings: Callable[[], None]
    switch_theme: Callable[[], None]
    hang_again: Callable[[], None]
    hanging_rules: Callable[[], None]
    conventions: Callable[[], None]
    switch_panels: Callable[[], None]
    panels_shown: Callable[[], bool]
    full_screen: Callable[[], None]
    is_full_screen: Callable[[], bool]
    why_geometry: Callable[[], None]
    cancel: Callable[[], None]
    is_busy: Callable[[], bool]
    quit: Callable[[], object]


def app_commands(desk: Desk, asks: Asks) -> tuple[Command, ...]:
    """Return the commands of places, files, presenting, findings, review, inspection and the program itself."""
    return (
        *_places(desk, asks),
        *_files(desk, asks),
        *library_commands(desk, asks.library),
        *workspace_commands(desk, asks),
        *compare_commands(desk, asks.compare),
        *_program(desk, asks),
    )


def _places(desk: Desk, asks: Asks) -> list[Command]:
    session = desk.session

    def go(place: Workspace) -> Callable[[], None]:
        return lambda: asks.go(place)

    def here(place: Workspace) -> Callable[[], bool]:
        return lambda: session.workspace is place

    def has_steps() -> bool:
        return session.case is not None and bool(session.case.steps)

    words = (
        (Workspace.LIBRARY, "Library", "Cases on this computer, and what you open", "layout-grid", "Ctrl+1"),
        (Workspace.PRESENT, "Present", "This case, full screen, step by step", "presentation", "Ctrl+2"),
        (Workspace.REVIEW, "Review", "Decide the findings one by one", "scan-search", "Ctrl+3"),
        (Workspace.INSPECT, "Inspect", "Findings held against the ground truth", "chart-line", "Ctrl+4"),
    )
    return [
        Command(
            f"place.{place.value}",
            title,
            tooltip,
            go(place),
            shortcuts=(key,),
            icon=icon,
            checked_when=here(place),
            enabled_when=has_steps if place is Workspace.PRESENT else lambda: True,
            why_disabled=NO_CASE,
        )
        for place, title, tooltip, icon, key in words
    ]


def _files(desk: Desk, asks: Asks) -> list[Command]:
    def several() -> bool:
        return desk.library.has_neighbours

    return [
        Command(
            "file.open_folder",
            "Open folder…",
            "Open a folder of CT images",
            asks.open_folder,
            shortcuts=("Ctrl+O",),
            contexts=OUTSIDE_PRESENT,
            icon="folder-open",
        ),
        Command(
            "file.open_file",
            "Open file…",
            "Open a zip, DICOMDIR, NIfTI, NRRD, MHA or one DICOM file",
            asks.open_file,
            shortcuts=("Ctrl+Shift+O",),
            contexts=OUTSIDE_PRESENT,
            icon="file-text",
        ),
        Command(
            "file.archive",
            "Archive…",
            "Search a PACS and bring its images here",
            asks.archive,
            shortcuts=("Ctrl+Shift+A",),
            contexts=OUTSIDE_PRESENT,
            icon="database",
        ),
        Command(
            "file.stop",
            "Stop opening",
            "Stop reading what is being opened",
            desk.opening.cancel,
            shortcuts=("Escape",),
            contexts=DESK_WORK,
            enabled_when=lambda: desk.opening.running,
            why_disabled="Nothing is being opened.",
            icon="x",
        ),
        Command(
            "file.next_series",
            "Next series",
            "Open the next series of the list",
            lambda: asks.neighbour_series(1),
            shortcuts=("PgDown",),
            contexts=DESK_WORK,
            enabled_when=several,
            why_disabled="There is only this series.",
            icon="skip-forward",
        ),
        Command(
            "file.previous_series",
            "Previous series",
            "Open the series before this one in the list",
            lambda: asks.neighbour_series(-1),
            shortcuts=("PgUp",),
            contexts=DESK_WORK,
            enabled_when=several,
            why_disabled="There is only this series.",
            icon="skip-back",
        ),
    ]


def _program(desk: Desk, asks: Asks) -> list[Command]:
    def switch_mask() -> None:
        desk.session.masked = not desk.settings.now.masked
        desk.settings.change(masked=not desk.settings.now.masked)

    return [
        Command("app.palette", "Commands", "Find any command", asks.palette, shortcuts=("Ctrl+K",), icon="command"),
        Command(
            "app.keys", "All keys", "Show every key that works here", asks.keys, shortcuts=("?", "F1"),
            icon="keyboard",
        ),
        Command(
            "app.settings", "Settings", "Reader, theme, size, motion", asks.settings, shortcuts=("Ctrl+,",),
            icon="settings",
        ),
        Command(
            "app.theme", "Light or dark", "Switch between the dark and the light theme", asks.switch_theme,
            shortcuts=("Ctrl+L",), icon="sun",
        ),
        Command(
            "app.mask", "Hide identity", "Never show the patient's name; Present always hides it", switch_mask,
            shortcuts=("Ctrl+Shift+H",), contexts=OUTSIDE_PRESENT, icon="eye-off",
            checked_when=lambda: desk.settings.now.masked,
        ),
        Command(
            "app.geometry", "Geometry", "Whether positions and lengths can be trusted, and why", asks.why_geometry,
            contexts=DESK_WORK, enabled_when=lambda: desk.session.volume is not None, why_disabled=NOTHING_OPEN,
            icon="ruler",
        ),
        Command(
            "view.hang", "Hang again", "Layout, window and 3D as when this scan opens",
            asks.hang_again, shortcuts=("Shift+Space",), contexts=DESK_WORK,
            enabled_when=lambda: desk.session.view is not None, why_disabled=NOTHING_OPEN, icon="rotate-ccw",
        ),
        Command(
            "app.hanging", "Hanging rules…", "Hanging protocols: edit the file of how scans are shown when they open",
            asks.hanging_rules, icon="layout-grid", contexts=OUTSIDE_PRESENT,
        ),
        Command(
            "app.conventions", "Keys, mouse and windows…", "Have them your way: edit the file in which they all stand",
            asks.conventions, icon="keyboard", contexts=OUTSIDE_PRESENT,
        ),
        Command(
            "app.panels", "Side panels", "Show or hide the panels beside the views", asks.switch_panels,
            shortcuts=("Ctrl+B",), contexts=DESK_WORK, icon="columns-2", checked_when=asks.panels_shown,
        ),
        Command(
            "app.full_screen", "Full screen", "Fill the whole screen", asks.full_screen, shortcuts=("F11",),
            icon="maximize", checked_when=asks.is_full_screen,
        ),
        Command(
            "app.cancel", "Cancel", "Stop what is running", asks.cancel, shortcuts=(CANCEL_KEY,),
            contexts=OUTSIDE_PRESENT, icon="square-x", enabled_when=asks.is_busy, why_disabled="Nothing is running.",
        ),
        Command("app.quit", "Quit", "Close the program", asks.quit, shortcuts=("Ctrl+Q",), icon="x"),
    ]  # fmt: skip
