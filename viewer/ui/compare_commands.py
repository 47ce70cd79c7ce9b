"""The commands of comparing two volumes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.domain.session import Workspace
from viewer.domain.view_state import Comparison
from viewer.ui.canvas.canvas import Canvas
from viewer.ui.canvas.tiles import Tool
from viewer.ui.commands import Command, Submenu
from viewer.ui.reasons import NOT_ALL_IN
from viewer.ui.workspace_commands import DESK_WORK

if TYPE_CHECKING:
    from viewer.services.desk import Desk

COMPARE_MENU = (
    "compare.choose",
    "compare.itself",
    None,
    "compare.beside",
    "compare.curtain",
    "compare.difference",
    None,
    "compare.link_place",
    "compare.link_window",
    "compare.line_up",
    "compare.align",
    "compare.align_again",
    None,
    "compare.close",
)
SERIES_MENU = ("scans.compare",)
COMPARE = Submenu("Compare", "columns-2", COMPARE_MENU)
NOT_COMPARING = "Nothing is compared. Ctrl+D chooses a second series."
NO_CURTAIN = "No curtain is drawn. Shift+6 draws one."
UNMOVED = "The second series lies where its file puts it."
NO_TWO_MODELS = "No two models are compared. Ctrl+M chooses two."
CURTAIN_STEP = 0.05
NUDGE_MM = 1.0
NUDGE_RAD = math.radians(1.0)
_NUDGES = (
    ("left", "Shift left", "Ctrl+Shift+Left", (-NUDGE_MM, 0.0, 0.0), "arrow-left"),
    ("right", "Shift right", "Ctrl+Shift+Right", (NUDGE_MM, 0.0, 0.0), "arrow-right"),
    ("up", "Shift up", "Ctrl+Shift+Up", (0.0, -NUDGE_MM, 0.0), "arrow-up"),
    ("down", "Shift down", "Ctrl+Shift+Down", (0.0, NUDGE_MM, 0.0), "arrow-down"),
    ("counter", "Turn counter-clockwise", "Ctrl+Shift+[", (0.0, 0.0, -NUDGE_RAD), "rotate-ccw"),
    ("clock", "Turn clockwise", "Ctrl+Shift+]", (0.0, 0.0, NUDGE_RAD), "rotate-cw"),
)


def _show_difference(desk: Desk) -> None:
    desk.navigation.finish()
    desk.comparing.mode = Comparison.DIFFERENCE
    desk.two_models.show_map(True)


@frozen
class CompareAsks:
    """What comparing asks of the window."""

    choose: Callable[[], None]
    chosen: Callable[[], int | None]
    canvas: Callable[[], Canvas | None]


def compare_commands(desk: Desk, asks: CompareAsks) -> list[Command]:
    """Return the commands of comparing."""
    comparing, aligning, session = desk.comparing, desk.comparing.aligning, desk.session

    def whole() -> bool:
        return session.volume is not None and not session.volume.preview

    def on() -> bool:
        return comparing.mode is not Comparison.OFF

    def show(mode: Comparison) -> Callable[[], None]:
        def run() -> None:
            desk.navigation.finish()
            if comparing.mode is Comparison.DIFFERENCE:
                # The difference goes; maps of each would come in its place.
                desk.two_models.show_map(False)
            if comparing.on:
                comparing.mode = mode
            elif session.volume is not None:
                asks.choose()

        return run

    def is_shown(mode: Comparison) -> Callable[[], bool]:
        return lambda: comparing.mode is mode

    def link(*, place: bool) -> None:
        now = comparing.links
        comparing.links = evolve(now, place=not now.place) if place else evolve(now, window=not now.window)

    def curtain(step: float) -> Callable[[], None]:
        def run() -> None:
            view = session.view
            if view is not None:
                session.view = evolve(view, curtain=min(max(view.curtain + step, 0.02), 0.98))

        return run

    def nudge(right_mm: float, down_mm: float, angle_rad: float) -> Callable[[], None]:
        def run() -> None:
            canvas = asks.canvas()
            plane = canvas.active.plane if canvas is not None else None
            if plane is not None:
                aligning.shift(right_mm, down_mm, plane) if not angle_rad else aligning.turn(angle_rad, plane)

        return run

    def two_models() -> bool:
        return desk.two_models.pair is not None

    def align_on() -> bool:
        canvas = asks.canvas()
        return canvas is not None and canvas.tool is Tool.ALIGN

    def align() -> None:
        canvas = asks.canvas()
        if canvas is not None:
            canvas.tool = Tool.WINDOW if canvas.tool is Tool.ALIGN else Tool.ALIGN

    def compare_chosen() -> None:
        series = asks.chosen()
        if series is not None:
            comparing.open(desk.library.finder(series))

    def once_comparing(why: str) -> Callable[[], str]:
        return lambda: why if on() else NOT_COMPARING

    def made(
        ident: str,
        title: str,
        tooltip: str,
        run: Callable[[], object],
        icon: str,
        *keys: str,
        checked: Callable[[], bool] | None = None,
        enabled: Callable[[], bool] = on,
        repeats: bool = False,
        why: str | Callable[[], str] = "",
    ) -> Command:
        return Command(
            f"compare.{ident}",
            title,
            tooltip,
            run,
            shortcuts=keys,
            contexts=DESK_WORK,
            enabled_when=enabled,
            why_disabled=why or (NOT_ALL_IN if enabled is whole else NOT_COMPARING),
            icon=icon,
            checked_when=checked,
            repeats=repeats,
        )

    return [
        made("choose", "Compare with…", "A second series beside this one", asks.choose, "columns-2", "Ctrl+D",
             enabled=whole),
        made("itself", "Compare with itself", "This series twice: two windows, two planes, two places",
             comparing.show_same, "copy", enabled=whole),
        made("beside", "Side by side", "Two volumes beside each other, at one place", show(Comparison.BESIDE),
             "columns-2", "Shift+5", checked=is_shown(Comparison.BESIDE), enabled=whole),
        made("curtain", "Curtain", "Two volumes on each other, with a curtain to draw between them",
             show(Comparison.CURTAIN), "arrow-left-right", "Shift+6", checked=is_shown(Comparison.CURTAIN),
             enabled=whole),
        made("difference", "Difference", "What two models say on one picture: A solid, B dashed, their maps subtracted",
             partial(_show_difference, desk), "diff", "Shift+7", checked=is_shown(Comparison.DIFFERENCE),
             enabled=two_models, why=NO_TWO_MODELS),
        made("curtain_left", "Curtain to the left", "Uncover more of the right side", curtain(-CURTAIN_STEP),
             "chevron-left", "Ctrl+Left", enabled=is_shown(Comparison.CURTAIN), repeats=True,
             why=once_comparing(NO_CURTAIN)),
        made("curtain_right", "Curtain to the right", "Uncover more of the left side", curtain(CURTAIN_STEP),
             "chevron-right", "Ctrl+Right", enabled=is_shown(Comparison.CURTAIN), repeats=True,
             why=once_comparing(NO_CURTAIN)),
        made("link_place", "Link places", "Scroll, zoom and turn both together", partial(link, place=True), "link",
             "Ctrl+Shift+L", checked=lambda: on() and comparing.links.place),
        made("link_window", "Link windows", "One width and level for both", partial(link, place=False), "contrast",
             "Ctrl+Shift+W", checked=lambda: on() and comparing.links.window),
        made("align", "Align by hand",
             "Drag the second series onto the first; Shift+drag turns it about the crosshair", align, "move",
             "Shift+A", checked=align_on),
        made("line_up", "Line up", "Bring together what both show, without turning; then check it", aligning.line_up,
             "locate-fixed"),
        made("align_again", "Forget alignment", "Put the second series back to where it was at first", aligning.forget,
             "rotate-ccw", enabled=lambda: on() and bool(aligning.words), why=once_comparing(UNMOVED)),
        *(
            made(f"nudge_{ident}", f"Second series: {title[0].lower()}{title[1:]}",
                 "By 1 mm or 1°, in the active plane", nudge(*by), icon, key, repeats=True)
            for ident, title, key, by, icon in _NUDGES
        ),
        made("close", "End comparing", "Close the second series", comparing.close, "x", "Ctrl+Shift+D",
             enabled=lambda: comparing.on or desk.other.opening.running),
        Command(
            "scans.compare",
            "Compare with what is open",
            "Show the marked series beside the open one",
            compare_chosen,
            contexts=frozenset({Workspace.LIBRARY}),
            enabled_when=lambda: whole() and asks.chosen() is not None,
            why_disabled="Open a series first, then mark the one to compare it with.",
            icon="columns-2",
        ),
    ]  # fmt: skip
