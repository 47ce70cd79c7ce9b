"""The commands of the workspaces: findings, review, inspection, and those of presenting."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from viewer.domain.decision import Answer
from viewer.domain.finding import SourceKind
from viewer.domain.session import Workspace
from viewer.services.spreads import WHY_NOT
from viewer.ui.commands import VIEWING, Command
from viewer.ui.present_commands import presenting_commands
from viewer.ui.reasons import NOT_ALL_IN
from viewer.ui.undoing import Undoing

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.services.desk import Desk
    from viewer.ui.app_commands import Asks

REVIEW = frozenset({Workspace.REVIEW})
INSPECT = frozenset({Workspace.INSPECT})
DESK_WORK = REVIEW | INSPECT
THRESHOLD_STEP = 0.05

NO_FINDING = "There is no finding yet. Run a model, or mark one with M."
TRUTH_IN_HAND = "What is selected belongs to the ground truth; nobody decides on that."
NONE_IN_HAND = "No finding is selected. Press N for the first."
MODEL_STAYS = "What a model found stays where it is. X rejects it, and M marks the right place."
CASE_STAYS = "This mark belongs to the case, whose story may point to it. X rejects it, and M marks the right place."
NO_PANEL = "While a case is made or two models are compared, their panel stands in the place of the findings."


def workspace_commands(desk: Desk, asks: Asks) -> tuple[Command, ...]:
    """Return the commands of presenting, findings, review and inspection."""
    return (*presenting_commands(desk, asks), *_findings(desk), *_reviewing(desk, asks), *_inspecting(desk))


def _findings(desk: Desk) -> list[Command]:
    reviewing, navigation = desk.reviewing, desk.navigation

    def listed() -> list[str]:
        """Return what Inspect and Review list, in their order; elsewhere findings go by their score."""
        if desk.session.workspace is Workspace.INSPECT:
            return [row.finding.id for row in desk.inspecting.rows()]
        return [f.id for f in reviewing.listing.findings] if desk.session.workspace is Workspace.REVIEW else []

    def any_finding() -> bool:
        return bool(desk.session.shown_findings or listed())

    return [
        Command(
            "finding.next",
            "Next finding",
            "Fly to the next finding; in Inspect errors come first",
            lambda: reviewing.next(listed()),
            shortcuts=("N",),
            contexts=VIEWING,
            enabled_when=any_finding,
            why_disabled="There is no finding.",
            icon="chevron-right",
        ),
        Command(
            "finding.previous",
            "Previous finding",
            "Fly to the finding before; in Inspect errors come first",
            lambda: reviewing.previous(listed()),
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

    undoing = Undoing(desk, asks.reviewing)

    def in_hand() -> bool:
        selected = session.selected
        return selected is not None and selected.source.kind is not SourceKind.TRUTH

    def why_none_in_hand() -> str:
        if session.selected is not None:
            return TRUTH_IN_HAND
        return NONE_IN_HAND if session.shown_findings else NO_FINDING

    def marked() -> bool:
        return session.selected is not None and reviewing.own_mark(session.selected.id) is not None

    def of_the_case() -> bool:
        return session.selected is not None and any(mark.id == session.selected.id for mark in session.carried)

    def why_not_moved() -> str:
        if marked():
            return NOT_ALL_IN
        if of_the_case():
            return CASE_STAYS
        return MODEL_STAYS if in_hand() else why_none_in_hand()

    def whole() -> bool:
        return session.volume is not None and not session.volume.preview

    def panel_free() -> bool:
        return desk.case_making.draft is None and desk.two_models.pair is None

    def why_not_again() -> str:
        if not whole():
            return NOT_ALL_IN
        return NO_PANEL if not panel_free() else "No model has run yet. Ctrl+R chooses one."

    def answered(answer: Answer) -> Callable[[], bool]:
        def on() -> bool:
            selected = session.selected
            decision = session.decisions.get(selected.id) if selected else None
            return decision is not None and decision.answer is answer

        return on

    def remove_mark() -> None:
        if session.selected is not None:
            reviewing.remove_mark(session.selected.id)

    def remove() -> None:
        measured = asks.measuring().in_hand
        if measured is not None:
            asks.measuring().remove(measured.id)
        else:
            remove_mark()

    answers = [
        Command(
            f"review.{name}",
            title,
            tooltip,
            partial(asks.decide, answer),
            shortcuts=(key,),
            contexts=REVIEW,
            enabled_when=in_hand,
            why_disabled=why_none_in_hand,
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
            why_disabled=NOT_ALL_IN,
            icon="flag",
        ),
        Command(
            "review.remove",
            "Remove",
            "Remove the measurement in hand, else the mark; marks of the model stay",
            remove,
            shortcuts=("Delete",),
            contexts=DESK_WORK,
            enabled_when=lambda: asks.measuring().in_hand is not None or marked(),
            why_disabled=lambda: (
                CASE_STAYS if of_the_case() else "Only a measurement, or a reader’s mark, can be removed."
            ),
            icon="trash-2",
        ),
        Command(
            "review.edit",
            "Edit finding",
            "Write a comment on the finding in hand; Tab goes on to what moves or removes a mark",
            asks.edit_finding,
            shortcuts=("E", "Shift+C"),
            contexts=REVIEW,
            enabled_when=lambda: in_hand() and panel_free(),
            why_disabled=lambda: NO_PANEL if in_hand() else why_none_in_hand(),
            icon="pencil",
        ),
        Command(
            "review.move_mark",
            "Move mark here",
            "Put the mark in hand where the crosshair is; what was said of it stays",
            asks.move_mark,
            shortcuts=("Shift+M",),
            contexts=REVIEW,
            enabled_when=lambda: marked() and whole(),
            why_disabled=why_not_moved,
            icon="locate-fixed",
        ),
        Command(
            "review.remove_mark",
            "Remove mark",
            "Remove the mark in hand, also while a measurement is in hand",
            remove_mark,
            contexts=REVIEW,
            enabled_when=marked,
            why_disabled=lambda: CASE_STAYS if of_the_case() else "Only a mark that a reader made can be removed.",
            icon="trash-2",
        ),
        Command(
            "review.undo",
            "Undo",
            "Take back the newest decision, measurement, alignment, change of a path, or pull of the crop box",
            undoing.undo,
            shortcuts=("Ctrl+Z",),
            contexts=DESK_WORK,
            enabled_when=lambda: undoing.can_undo,
            why_disabled="There is nothing to take back.",
            icon="undo-2",
        ),
        Command(
            "review.redo",
            "Redo",
            "Make again what was taken back",
            undoing.redo,
            shortcuts=("Ctrl+Shift+Z", "Ctrl+Y"),
            contexts=DESK_WORK,
            enabled_when=lambda: undoing.can_redo,
            why_disabled="Nothing was taken back.",
            icon="redo-2",
        ),
        Command(
            "review.export",
            "Export…",
            "Write findings, decisions and measurements as DICOM SEG, SR, JSON and CSV into a folder",
            asks.export,
            shortcuts=("Ctrl+E",),
            contexts=DESK_WORK,
            enabled_when=whole,
            why_disabled=NOT_ALL_IN,
            icon="file-output",
        ),
        Command(
            "measure.histogram",
            "Histogram",
            "How the values of the area or finding in hand are spread",
            asks.histogram,
            shortcuts=("Shift+H",),
            contexts=DESK_WORK,
            enabled_when=lambda: asks.spreads().subject is not None,
            why_disabled=WHY_NOT,
            icon="chart-column",
        ),
        Command(
            "model.run",
            "Run a model…",
            "Let a model look at this volume",
            asks.choose_model,
            shortcuts=("Ctrl+R",),
            contexts=DESK_WORK,
            enabled_when=lambda: whole() and panel_free(),
            why_disabled=lambda: NO_PANEL if whole() else NOT_ALL_IN,
            icon="cpu",
        ),
        Command(
            "model.last",
            "Run the last model",
            "Let the model that ran last look at this volume too, or once more",
            desk.finding_run.start_last,
            shortcuts=("Ctrl+Shift+R",),
            contexts=DESK_WORK,
            enabled_when=lambda: whole() and panel_free() and desk.finding_run.last is not None,
            why_disabled=why_not_again,
            icon="play",
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

    why = "Nothing is held against a ground truth here."
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
