"""What the commands of looking share, and those of the tools."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.domain.session import Session
from viewer.domain.value_units import unit_name
from viewer.domain.view_state import ViewName
from viewer.scene.acquired import acquired_slices, with_cursor
from viewer.ui.canvas.canvas import Canvas
from viewer.ui.canvas.tiles import Tool
from viewer.ui.commands import VIEWING, Command
from viewer.ui.reasons import NOTHING_OPEN

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume

_NOT_SAID = "and no unit is known here"
NOT_IN_3D = "3D is not on the screen. Shift+4 shows it large."
SHOWN_AS_ACQUIRED = "Only for tilted, oblique, unevenly spaced or missing slices; others are shown as acquired anyway."

_TOOLS = (
    (Tool.WINDOW, "Window", "Drag to change width (across) and level (up and down)", "W", "sun"),
    (Tool.PAN, "Pan", "Drag to move the picture", "H", "move"),
    (Tool.ZOOM, "Zoom", "Drag up to zoom in, down to zoom out", "Z", "zoom-in"),
    (
        Tool.CROSSHAIR,
        "Crosshair",
        "Click to show a place everywhere; drag lines to move planes, dots to turn them",
        "Q",
        "crosshair",
    ),
)


@frozen(eq=False)
class Looking:
    """The canvas that keys act on and its session's view; `home` is the session where no canvas is shown."""

    home: Session
    canvas: Callable[[], Canvas | None]
    before: Callable[[], None]

    @property
    def session(self) -> Session:
        """The session whose view is changed."""
        canvas = self.canvas()
        return self.home if canvas is None else canvas.session

    def ready(self) -> bool:
        """Return whether a volume is there to look at, if only in part."""
        return self.session.view is not None and self.session.volume is not None

    def uses(self, tool: Tool) -> bool:
        """Return whether dragging on the canvas does what a tool does."""
        canvas = self.canvas()
        return canvas is not None and canvas.tool is tool

    def sees_3d(self) -> bool:
        """Return whether 3D is on the screen: not where the layout leaves it out, or a curved picture stands there."""
        canvas, view = self.canvas(), self.session.view
        if canvas is None or view is None or not self.ready():
            return False
        return not view.shows_curved and canvas.lays_out(ViewName.THREE_D)

    def fits_hu(self) -> bool:
        """Return whether what is made for HU shows what it says, of what is open."""
        volume = self.session.volume
        return self.ready() and volume is not None and volume.suits_hu

    def why_no_hu(self, what: str, instead: str) -> str:
        """Return why `what`, such as "This window", does not fit the values that are open, and what does."""
        volume = self.session.volume
        if volume is None:
            return NOTHING_OPEN
        name = unit_name(volume.unit)
        said = f"{what} is made for HU, and values here are {name}." if name else f"{what} is made for HU, {_NOT_SAID}."
        return f"{said} {instead}"

    def change(self, move: Callable[[Volume, ViewState, ViewName], ViewState], *, step: bool = False) -> None:
        """Set the view to what `move` makes of volume, view and active viewport.

        Where that throws away what somebody set by hand it is a `step` that Back takes back.
        """
        self.before()
        volume, view = self.session.volume, self.session.view
        if volume is None or view is None:
            return
        canvas = self.canvas()
        self.session.view = after = move(volume, view, canvas.active if canvas is not None else view.main)
        if step and canvas is not None:
            canvas.moved_by_hand.emit(view, after)

    def switch(self, change: Callable[[ViewState], ViewState], *, step: bool = False) -> Callable[[], None]:
        """Return a handler that changes the view without looking at volume or viewport; `step` as in `change`."""
        return lambda: self.change(lambda _volume, view, _active: change(view), step=step)

    def asks(self, question: Callable[[ViewState], bool]) -> Callable[[], bool]:
        """Return a question about the view as it is when asked; False where there is none."""
        return lambda: self.session.view is not None and question(self.session.view)

    def command(
        self,
        ident: str,
        title: str,
        tooltip: str,
        run: Callable[[], None],
        *,
        shortcuts: tuple[str, ...] = (),
        icon: str = "",
        checked_when: Callable[[], bool] | None = None,
        released: Callable[[], None] | None = None,
        repeats: bool = False,
        in_3d: bool = False,
        for_hu: tuple[str, str] | None = None,
    ) -> Command:
        """Return a command of looking: offered where volumes are looked at, once one is open, or once 3D is seen.

        One that is made `for_hu`, and for values that go by them, says what it is and what there is in its place:
        ("This window", "0 fits the window to the values.").
        """
        there = self.sees_3d if in_3d else self.ready
        absent = NOT_IN_3D if in_3d else NOTHING_OPEN
        return Command(
            f"view.{ident}",
            title,
            tooltip,
            run,
            shortcuts=shortcuts,
            contexts=VIEWING,
            enabled_when=(lambda: there() and self.fits_hu()) if for_hu else there,
            why_disabled=(lambda: absent if not there() else self.why_no_hu(*for_hu)) if for_hu else absent,
            icon=icon,
            checked_when=checked_when,
            released=released,
            repeats=repeats,
        )


def slice_commands(looking: Looking) -> list[Command]:
    """Return the command that shows slices as they were acquired."""

    def differs() -> bool:
        return (
            looking.ready()
            and looking.session.volume is not None
            and not looking.session.volume.loose
            and acquired_slices(looking.session.volume) is not None
        )

    def switch(volume: Volume, view: ViewState, _active: ViewName) -> ViewState:
        return with_cursor(volume, evolve(view.straightened(), acquired=not view.acquired), view.cursor_lps_mm)

    return [
        Command(
            "view.acquired",
            "As acquired",
            "Original slices, each in its own plane, not interpolated",
            lambda: looking.change(switch),
            shortcuts=("O",),
            contexts=VIEWING,
            enabled_when=differs,
            why_disabled=SHOWN_AS_ACQUIRED,
            icon="rows-3",
            checked_when=lambda: differs() and looking.asks(lambda view: view.acquired)(),
        )
    ]


def tool_commands(looking: Looking) -> list[Command]:
    """Return the commands that choose what dragging does."""

    def choose(tool: Tool) -> Callable[[], None]:
        def run() -> None:
            canvas = looking.canvas()
            if canvas is not None:
                canvas.tool = tool

        return run

    return [
        looking.command(
            f"tool_{tool.value}",
            title,
            tooltip,
            choose(tool),
            shortcuts=(key,),
            icon=icon,
            checked_when=partial(looking.uses, tool),
        )
        for tool, title, tooltip, key, icon in _TOOLS
    ]
