"""The commands of the window: presets, the file's own windows, a region's, invert, colours of what is not HU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.window_presets import PRESETS
from viewer.scene.colour_maps import COLOUR_MAPS
from viewer.services.views import first_window
from viewer.ui.canvas.facts import window_words
from viewer.ui.canvas.region import pick_window
from viewer.ui.commands import VIEWING, Command

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import ViewName, ViewState
    from viewer.domain.volume import Volume, Window
    from viewer.ui.looking import Looking

MOST_OF_FILE = 8
NAME_LENGTH = 18
_OF_FILE = tuple(f"view.file_window_{n + 1}" for n in range(MOST_OF_FILE))
WINDOW_MENU: tuple[str | None, ...] = (
    "view.preset_0",
    *_OF_FILE,
    None,
    *(f"view.preset_{key}" for key, _ in PRESETS),
    None,
    "view.region_window",
    "view.invert",
    None,
    *(f"view.colours_{name}" for name in COLOUR_MAPS),
)
NOT_FOR_HU = "Hounsfield units are shown in grey alone."


def window_commands(looking: Looking) -> list[Command]:
    """Return the commands of the window."""
    return [*_of_file(looking), *_presets(looking), *_region_and_invert(looking), *_colours(looking)]


def with_window(view: ViewState, window: Window) -> ViewState:
    """Return a view with another window."""
    return evolve(view, window_centre=float(window.centre), window_width=float(window.width))


def _shows(view: ViewState, window: Window) -> bool:
    return (view.window_centre, view.window_width) == (window.centre, window.width)


def next_of_file(volume: Volume, view: ViewState) -> Window:
    """Return the file's window after the one in use; its first where none of them is, or it names none."""
    windows = volume.series.windows
    in_use = next((n for n, window in enumerate(windows) if _shows(view, window)), None)
    return first_window(volume) if in_use is None else windows[(in_use + 1) % len(windows)]


def _of_file(looking: Looking) -> list[Command]:
    def windows() -> tuple[Window, ...]:
        volume = looking.session.volume
        return volume.series.windows if volume is not None else ()

    def title() -> str:
        return "Next window of the file" if len(windows()) > 1 else "Window of the file"

    def own(volume: Volume, view: ViewState, _active: ViewName) -> ViewState:
        return with_window(view, next_of_file(volume, view))

    def choose(n: int) -> Callable[[], None]:
        return lambda: looking.change(
            lambda volume, view, _active: (
                with_window(view, volume.series.windows[n]) if n < len(volume.series.windows) else view
            )
        )

    def words(n: int) -> Callable[[], str]:
        def now() -> str:
            if len(windows()) < 2 or n >= len(windows()):
                return ""
            window, view = windows()[n], looking.session.view
            name = window.name or f"Window {n + 1}"
            name = name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"
            return f"File: {name}  {window_words(with_window(view, window))}" if view is not None else ""

        return now

    def is_on(n: int) -> Callable[[], bool]:
        return looking.asks(lambda view: n < len(windows()) and _shows(view, windows()[n]))

    made = [
        Command(
            "view.preset_0",
            "Window of the file",
            "The window that the file names; pressed again the next of several",
            lambda: looking.change(own),
            shortcuts=("0",),
            contexts=VIEWING,
            enabled_when=looking.ready,
            why_disabled="Nothing is open.",
            title_now=title,
        )
    ]
    made += [
        Command(
            ident,
            f"Window {n + 1} of the file",
            "One of the windows that the file names",
            choose(n),
            contexts=VIEWING,
            enabled_when=looking.ready,
            checked_when=is_on(n),
            title_now=words(n),
        )
        for n, ident in enumerate(_OF_FILE)
    ]
    return made


def _presets(looking: Looking) -> list[Command]:
    def preset(window: Window) -> Callable[[], None]:
        return looking.switch(lambda view: with_window(view, window))

    def is_on(window: Window) -> Callable[[], bool]:
        return looking.asks(lambda view: _shows(view, window))

    made = []
    for key, window in PRESETS:
        level = f"{window.centre:g}".replace("-", "−")
        made.append(
            looking.command(
                f"preset_{key}",
                f"{window.name} window",
                f"{window.name} window: width {window.width:g}, level {level}",
                preset(window),
                shortcuts=(key,),
                checked_when=is_on(window),
            )
        )
    return made


def _region_and_invert(looking: Looking) -> list[Command]:
    def region() -> None:
        looking.before()
        canvas = looking.canvas()
        if canvas is not None:
            pick_window(canvas, looking.session)

    return [
        looking.command(
            "region_window",
            "Window from a region",
            "Drag a rectangle on a plane: the window is fitted to the values in it",
            region,
            shortcuts=("Shift+W",),
            icon="scan",
        ),
        looking.command(
            "invert",
            "Invert",
            "Swap black and white",
            looking.switch(lambda view: evolve(view, invert=not view.invert)),
            shortcuts=("I",),
            icon="contrast",
            checked_when=looking.asks(lambda view: view.invert),
        ),
    ]


def _colours(looking: Looking) -> list[Command]:
    def fits() -> bool:
        volume = looking.session.volume
        return looking.ready() and volume is not None and not volume.is_hu

    def choose(name: str) -> Callable[[], None]:
        return looking.switch(lambda view: evolve(view, colours=name))

    def is_on(name: str) -> Callable[[], bool]:
        return lambda: fits() and looking.asks(lambda view: view.colours == name)()

    def title(words: str) -> Callable[[], str]:
        volume_known = looking.session

        def now() -> str:
            volume = volume_known.volume
            return words if volume is not None and not volume.is_hu else ""

        return now

    return [
        Command(
            f"view.colours_{name}",
            f"Colours: {colours.title.lower()}",
            f"Values that are not HU in {colours.title.lower()}, with their unit",
            choose(name),
            contexts=VIEWING,
            enabled_when=fits,
            why_disabled=NOT_FOR_HU,
            checked_when=is_on(name),
            title_now=title(f"Colours: {colours.title.lower()}"),
        )
        for name, colours in COLOUR_MAPS.items()
    ]
