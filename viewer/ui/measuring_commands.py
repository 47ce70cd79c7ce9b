"""The commands of measuring, and what connects measuring on the canvas with what keeps it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

from viewer.domain.session import Workspace
from viewer.services.measuring import why_not_measured
from viewer.ui.canvas.hands import ELSEWHERE
from viewer.ui.canvas.measuring_hand import WORDS_HIDDEN
from viewer.ui.canvas.tiles import Tool
from viewer.ui.commands import Command, MenuEntry, Submenu
from viewer.ui.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.session import Session
    from viewer.services.measuring import Measuring
    from viewer.ui.canvas.canvas import Canvas
    from viewer.ui.looking import Looking
    from viewer.ui.main_window import MainWindow

AT_THE_DESK = frozenset({Workspace.REVIEW, Workspace.INSPECT})
NOT_TRUSTED = "Only where all images are in and the geometry of the series is trusted."
NO_WORDS = "Only where the geometry of the series is trusted and identity is not hidden: words may name somebody."

_TOOLS = (
    (Tool.LENGTH, "Measure length", "Drag from one end to the other", "L", "ruler"),
    (
        Tool.TWO_AXES,
        "Measure two axes",
        "Drag the long axis; the short one stands upright on it and can be pulled",
        "Shift+L",
        "diameter",
    ),
    (Tool.ELLIPSE, "Measure ellipse", "Drag across a region: mean ± SD and area; Shift draws a circle", "R", "circle"),
    (
        Tool.RECTANGLE,
        "Measure rectangle",
        "Drag across a region: mean ± SD and area; Shift draws a square",
        "Shift+R",
        "square",
    ),
    (
        Tool.FREEHAND,
        "Measure freehand",
        "Draw around a region, or click its corners: mean ± SD and area; a double-click or its first corner closes it. "
        "Drag from its line to draw a stretch of it anew",
        "F",
        "lasso",
    ),
    (
        Tool.ANGLE,
        "Measure angle",
        "Drag the first arm to the corner, then click the end of the other",
        "V",
        "triangle-right",
    ),
    (Tool.COBB, "Measure Cobb angle", "Drag along one end plate, then along the other", "Shift+V", "drafting-compass"),
    (
        Tool.ARROW,
        "Arrow",
        "Drag from what it points at, then type its words; Enter without any leaves it bare",
        "Y",
        "move-up-right",
    ),
    (Tool.TEXT, "Text", "Click, then type; a double-click changes it", "Shift+Y", "type"),
)
MEASURING_TOOLS: tuple[str, ...] = tuple(f"measure.{tool.name.lower()}" for tool, *_ in _TOOLS)
MEASURING_MENU = Submenu("Measure", "ruler", MEASURING_TOOLS)


def measuring_commands(looking: Looking) -> list[Command]:
    """Return the commands that choose a measuring tool, and take it back when asked again."""

    def choose(tool: Tool) -> Callable[[], None]:
        def run() -> None:
            canvas = looking.canvas()
            if canvas is not None:
                canvas.tool = Tool.WINDOW if canvas.tool is tool else tool

        return run

    def can_use(tool: Tool) -> Callable[[], bool]:
        def can() -> bool:
            hidden = tool is Tool.TEXT and looking.session.masked
            return looking.ready() and not hidden and not why_not_measured(looking.session.volume)

        return can

    def bears_words() -> bool:
        wanted = looking.session.measured_in_hand
        return wanted is not None and wanted.kind.bears_words and not looking.session.masked

    def write() -> None:
        canvas = looking.canvas()
        if canvas is not None:
            canvas.write_words()

    def can_set_a_point() -> bool:
        canvas = looking.canvas()
        drawing = canvas is not None and canvas.hands.measuring.drawing
        return canvas is not None and canvas.tool.measures and (drawing or canvas.active.plane is not None)

    def set_a_point() -> None:
        canvas = looking.canvas()
        if canvas is not None:
            canvas.set_point()

    point = Command(
        "measure.point",
        "Measure at the crosshair",
        "Set the next point of what is measured at the crosshair; arrows move that in the active view, F6 goes on",
        set_a_point,
        shortcuts=("Return", "Enter"),
        contexts=AT_THE_DESK,
        enabled_when=can_set_a_point,
        why_disabled="Choose what to measure first, and a plane to measure on.",
        icon="locate-fixed",
    )
    words = Command(
        "measure.words",
        "Change the words",
        "Type the words of the text or arrow in hand; so does a double-click on it",
        write,
        shortcuts=("F2",),
        contexts=AT_THE_DESK,
        enabled_when=bears_words,
        why_disabled="Take a text or an arrow in hand first; none while identity is hidden.",
        icon="pencil",
    )
    tools = [
        Command(
            f"measure.{tool.name.lower()}",
            title,
            tooltip,
            choose(tool),
            shortcuts=(key,),
            contexts=AT_THE_DESK,
            enabled_when=can_use(tool),
            why_disabled=NO_WORDS if tool is Tool.TEXT else NOT_TRUSTED,
            icon=icon,
            checked_when=partial(looking.uses, tool),
        )
        for tool, title, tooltip, key, icon in _TOOLS
    ]
    return [*tools, point, words]


def menu_in_hand(session: Session) -> tuple[MenuEntry, ...]:
    """Return what a right click offers of the measurement in hand, where it is drawn and where it is listed."""
    measurement = session.measured_in_hand
    if measurement is None:
        return ()
    words = ("measure.words",) if measurement.kind.bears_words else ()
    spread = ("measure.histogram",) if measurement.kind.is_region else ()
    return (*words, "measure.copy", *spread, "review.remove", None)


class MeasuringKeys(QObject):
    """Esc gives up what is being drawn, or ends measuring, wherever the focus is; then it is for others."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        """Take Esc where nobody nearer to the focus did."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        at_the_desk = self._window.desk.session.workspace in AT_THE_DESK
        if event.key() != Qt.Key.Key_Escape or not at_the_desk or not self._window.compare.with_keys.stop_measuring():
            return False
        self._window.actions_.refresh()
        return True


def connect_measuring(window: MainWindow) -> None:
    """Let what is drawn on the window's canvas be kept, and its refusals be said."""
    connect_canvas(window, window.canvas, window.desk.session, window.desk.measuring)
    MeasuringKeys(window)


def connect_canvas(window: MainWindow, canvas: Canvas, session: Session, measuring: Measuring) -> None:
    """Let what is drawn on one canvas be kept with its volume."""
    canvas.measured.connect(measuring.keep)
    canvas.measured.connect(lambda _: _found_the_place(window))
    canvas.measuring_refused.connect(partial(_say, window, canvas))
    for signal in (session.measurements_changed, session.measurement_in_hand_changed):
        signal.connect(window.refresh_soon)


def _say(window: MainWindow, canvas: Canvas, why: str) -> None:
    elsewhere = why in ELSEWHERE
    if not elsewhere:
        canvas.tool = Tool.WINDOW
    hint = "The badge at the top says why." if "trusted" in why else ""
    window.tell(Message(why, "Ctrl+Shift+H shows it." if why == WORDS_HIDDEN else hint, calm=elsewhere))


def _found_the_place(window: MainWindow) -> None:
    """Take away where to measure, once something was measured."""
    message = window.messages.message
    if message is not None and message.sentence in ELSEWHERE:
        window.messages.clear()
