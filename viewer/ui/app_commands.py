"""The commands of the program and its workspaces; those of looking are in `view_commands`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.decision import Answer
from viewer.domain.finding import SourceKind
from viewer.domain.session import Workspace
from viewer.ui.commands import EVERYWHERE, VIEWING, Command

if TYPE_CHECKING:
    from viewer.services.desk import Desk

OUTSIDE_PRESENT = frozenset(EVERYWHERE - {Workspace.PRESENT})
DESK_WORK = frozenset({Workspace.REVIEW, Workspace.INSPECT})
PRESENT = frozenset({Workspace.PRESENT})
REVIEW = frozenset({Workspace.REVIEW})
INSPECT = frozenset({Workspace.INSPECT})
LIBRARY = frozenset({Workspace.LIBRARY})
THRESHOLD_STEP = 0.05

NO_FINDING = "No finding is selected. Press N for the first."
NO_CASE = "Open a case first: a plain series has no steps."
NO_VOLUME = "Nothing is open."


@frozen
class Asks:
    """What commands ask of the window, each a function without arguments unless its name says more."""

    go: Callable[[Workspace], None]
    present_from: Callable[[int], None]
    leave_present: Callable[[], None]
    open_folder: Callable[[], None]
    open_file: Callable[[], None]
    neighbour_series: Callable[[int], None]
    search: Callable[[], None]
    decide: Callable[[Answer], None]
    mark_missed: Callable[[], None]
    comment: Callable[[], None]
    export: Callable[[], None]
    choose_model: Callable[[], None]
    palette: Callable[[], None]
    keys: Callable[[], None]
    settings: Callable[[], None]
    switch_theme: Callable[[], None]
    full_screen: Callable[[], None]
    is_full_screen: Callable[[], bool]
    why_geometry: Callable[[], None]
    quit: Callable[[], object]


def app_commands(desk: Desk, asks: Asks) -> tuple[Command, ...]:
    """Return the commands of places, files, presenting, findings, review, inspection and the program itself."""
    return (
        *_places(desk, asks),
        *_files(desk, asks),
        *_presenting(desk, asks),
        *_findings(desk),
        *_reviewing(desk, asks),
        *_inspecting(desk),
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
        listed = desk.opening.last_listed
        return listed is not None and len(listed.series) > 1

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
            "Open a NIfTI file, a zip, a DICOMDIR or one DICOM file",
            asks.open_file,
            shortcuts=("Ctrl+Shift+O",),
            contexts=OUTSIDE_PRESENT,
            icon="file-text",
        ),
        Command(
            "file.next_series",
            "Next series",
            "Open the next series of this folder",
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
            "Open the series before this one",
            lambda: asks.neighbour_series(-1),
            shortcuts=("PgUp",),
            contexts=DESK_WORK,
            enabled_when=several,
            why_disabled="There is only this series.",
            icon="skip-back",
        ),
        Command(
            "library.search",
            "Search cases",
            "Search titles and findings",
            asks.search,
            shortcuts=("Ctrl+F",),
            contexts=LIBRARY,
            icon="search",
        ),
    ]


def _presenting(desk: Desk, asks: Asks) -> list[Command]:
    session, player = desk.session, desk.player

    def has_steps() -> bool:
        return bool(player.steps)

    def last() -> None:
        player.jump(len(player.steps) - 1)

    return [
        Command(
            "present.start",
            "Present from the start",
            "Full screen from the first step",
            lambda: asks.present_from(0),
            shortcuts=("F5",),
            enabled_when=has_steps,
            why_disabled=NO_CASE,
            icon="play",
        ),
        Command(
            "present.here",
            "Present from this step",
            "Full screen from the step that was shown last",
            lambda: asks.present_from(session.step or 0),
            shortcuts=("Shift+F5",),
            enabled_when=has_steps,
            why_disabled=NO_CASE,
            icon="step-forward",
        ),
        Command(
            "present.next",
            "Next step",
            "Fly to the next step",
            player.next,
            shortcuts=("Right", "PgDown"),
            contexts=PRESENT,
            icon="chevron-right",
        ),
        Command(
            "present.back",
            "Previous step",
            "Fly to the step before",
            player.back,
            shortcuts=("Left", "PgUp"),
            contexts=PRESENT,
            icon="chevron-left",
        ),
        Command(
            "present.resume",
            "Resume",
            "Fly back to where the step looks",
            player.resume,
            shortcuts=("Return", "Enter"),
            contexts=PRESENT,
            icon="corner-down-left",
        ),
        Command(
            "present.first",
            "First step",
            "Fly to the first step",
            lambda: player.jump(0),
            shortcuts=("Ctrl+Home",),
            contexts=PRESENT,
            icon="skip-back",
        ),
        Command(
            "present.last",
            "Last step",
            "Fly to the last step",
            last,
            shortcuts=("Ctrl+End",),
            contexts=PRESENT,
            icon="skip-forward",
        ),
        Command(
            "present.black",
            "Black screen",
            "Make the stage black, or show it again",
            player.toggle_black,
            shortcuts=("B", "."),
            contexts=PRESENT,
            icon="monitor-off",
            checked_when=lambda: player.black,
        ),
        Command(
            "present.leave",
            "Leave the stage",
            "Back to where you came from",
            asks.leave_present,
            shortcuts=("Escape",),
            contexts=PRESENT,
            icon="log-out",
        ),
    ]


def _findings(desk: Desk) -> list[Command]:
    reviewing, navigation = desk.reviewing, desk.navigation

    def any_finding() -> bool:
        return bool(desk.session.shown_findings)

    return [
        Command(
            "finding.next",
            "Next finding",
            "Fly to the next finding",
            reviewing.next,
            shortcuts=("N",),
            contexts=VIEWING,
            enabled_when=any_finding,
            why_disabled="There is no finding.",
            icon="chevron-right",
        ),
        Command(
            "finding.previous",
            "Previous finding",
            "Fly to the finding before",
            reviewing.previous,
            shortcuts=("P",),
            contexts=VIEWING,
            enabled_when=any_finding,
            why_disabled="There is no finding.",
            icon="chevron-left",
        ),
        Command(
            "go.back",
            "Back",
            "Return to the view before",
            navigation.back,
            shortcuts=("Alt+Left",),
            contexts=VIEWING,
            enabled_when=lambda: navigation.visited.can_undo,
            why_disabled="There is no view before this one.",
            icon="arrow-left",
        ),
        Command(
            "go.forward",
            "Forward",
            "Go again where Back came from",
            navigation.forward,
            shortcuts=("Alt+Right",),
            contexts=VIEWING,
            enabled_when=lambda: navigation.visited.can_redo,
            why_disabled="Back was not used.",
            icon="arrow-right",
        ),
    ]


def _reviewing(desk: Desk, asks: Asks) -> list[Command]:
    session, reviewing = desk.session, desk.reviewing

    def in_hand() -> bool:
        selected = session.selected
        return selected is not None and selected.source.kind is not SourceKind.TRUTH

    def marked() -> bool:
        selected = session.selected
        return selected is not None and selected.source.kind is SourceKind.READER

    def whole() -> bool:
        return session.volume is not None and not session.volume.preview

    def answered(answer: Answer) -> Callable[[], bool]:
        def on() -> bool:
            selected = session.selected
            decision = session.decisions.get(selected.id) if selected else None
            return decision is not None and decision.answer is answer

        return on

    def remove() -> None:
        if session.selected is not None:
            reviewing.remove_mark(session.selected.id)

    answers = [
        Command(
            f"review.{name}",
            title,
            tooltip,
            lambda answer=answer: asks.decide(answer),  # type: ignore[misc]
            shortcuts=(key,),
            contexts=REVIEW,
            enabled_when=in_hand,
            why_disabled=NO_FINDING,
            icon=icon,
            checked_when=answered(answer),
        )
        for name, title, tooltip, key, icon, answer in (
            ("accept", "Accept", "The finding is right; go to the next", "A", "circle-check", Answer.ACCEPTED),
            ("reject", "Reject", "The finding is wrong; go to the next", "X", "square-x", Answer.REJECTED),
            ("unsure", "Unsure", "Leave it open; go to the next", "U", "circle-help", Answer.UNSURE),
        )
    ]
    return [
        *answers,
        Command(
            "review.missed",
            "Missed",
            "Mark the crosshair as a finding that the model missed",
            asks.mark_missed,
            shortcuts=("M",),
            contexts=REVIEW,
            enabled_when=whole,
            why_disabled=NO_VOLUME,
            icon="flag",
        ),
        Command(
            "review.remove_mark",
            "Remove mark",
            "Remove the mark in hand; marks of the model stay",
            remove,
            shortcuts=("Delete",),
            contexts=REVIEW,
            enabled_when=marked,
            why_disabled="Only a mark that a reader made can be removed.",
            icon="trash-2",
        ),
        Command(
            "review.comment",
            "Comment",
            "Write a comment on the finding in hand",
            asks.comment,
            shortcuts=("C",),
            contexts=REVIEW,
            enabled_when=in_hand,
            why_disabled=NO_FINDING,
            icon="message-square",
        ),
        Command(
            "review.undo",
            "Undo",
            "Take back the newest decision",
            reviewing.undo,
            shortcuts=("Ctrl+Z",),
            contexts=REVIEW,
            enabled_when=lambda: reviewing.can_undo,
            why_disabled="There is nothing to take back.",
            icon="undo-2",
        ),
        Command(
            "review.redo",
            "Redo",
            "Make again what was taken back",
            reviewing.redo,
            shortcuts=("Ctrl+Shift+Z", "Ctrl+Y"),
            contexts=REVIEW,
            enabled_when=lambda: reviewing.can_redo,
            why_disabled="Nothing was taken back.",
            icon="redo-2",
        ),
        Command(
            "review.export",
            "Export…",
            "Write findings and decisions as DICOM SEG, SR and JSON into a folder",
            asks.export,
            shortcuts=("Ctrl+E",),
            contexts=DESK_WORK,
            enabled_when=whole,
            why_disabled=NO_VOLUME,
            icon="file-output",
        ),
        Command(
            "model.run",
            "Run a model…",
            "Let a model look at this volume",
            asks.choose_model,
            shortcuts=("Ctrl+R",),
            contexts=DESK_WORK,
            enabled_when=whole,
            why_disabled=NO_VOLUME,
            icon="cpu",
        ),
        Command(
            "model.cancel",
            "Stop the model",
            "Stop the model that runs; the findings stay as they were",
            desk.finding_run.cancel,
            contexts=DESK_WORK,
            enabled_when=lambda: desk.finding_run.running,
            why_disabled="No model runs.",
            icon="x",
        ),
    ]


def _inspecting(desk: Desk) -> list[Command]:
    session, inspecting = desk.session, desk.inspecting

    def by(step: float) -> Callable[[], None]:
        def change() -> None:
            if session.view is not None:
                inspecting.set_threshold(session.view.threshold + step)

        return change

    def has_truth() -> bool:
        return session.matching is not None

    why = "This series has no ground truth."
    return [
        Command(
            "inspect.raise",
            "Raise the threshold",
            "Fewer findings, fewer false positives",
            by(THRESHOLD_STEP),
            shortcuts=(".",),
            contexts=INSPECT,
            enabled_when=has_truth,
            why_disabled=why,
            icon="arrow-up",
            repeats=True,
        ),
        Command(
            "inspect.lower",
            "Lower the threshold",
            "More findings, fewer misses",
            by(-THRESHOLD_STEP),
            shortcuts=(",",),
            contexts=INSPECT,
            enabled_when=has_truth,
            why_disabled=why,
            icon="arrow-down",
            repeats=True,
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
            "app.mask", "Hide identity", "Never draw the patient's name; Present always hides it", switch_mask,
            contexts=DESK_WORK, icon="eye-off", checked_when=lambda: desk.settings.now.masked,
        ),
        Command(
            "app.geometry", "Geometry", "Whether positions and lengths can be trusted, and why", asks.why_geometry,
            contexts=DESK_WORK, enabled_when=lambda: desk.session.volume is not None, why_disabled=NO_VOLUME,
            icon="ruler",
        ),
        Command(
            "app.full_screen", "Full screen", "Fill the whole screen", asks.full_screen, shortcuts=("F11",),
            icon="maximize", checked_when=asks.is_full_screen,
        ),
        Command("app.quit", "Quit", "Close the program", asks.quit, shortcuts=("Ctrl+Q",), icon="x"),
    ]  # fmt: skip
