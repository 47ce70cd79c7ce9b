"""The commands of the window: presets, the file's own windows, a region's, invert, colours of what is not HU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.window_presets import PRESETS
from viewer.scene.colour_maps import COLOUR_MAPS
from viewer.services.views import first_window, with_lut
from viewer.ui.canvas.facts import short_name, window_words
from viewer.ui.canvas.region import pick_window
from viewer.ui.commands import VIEWING, Command
from viewer.ui.reasons import NOTHING_OPEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.view_state import ViewName, ViewState
    from viewer.domain.voi_lut import VoiLut
    from viewer.domain.volume import Volume, Window
    from viewer.ui.looking import Looking

MOST_OF_FILE = 8
_OF_FILE = tuple(f"view.file_window_{n + 1}" for n in range(MOST_OF_FILE))
_LUTS_OF_FILE = tuple(f"view.file_lut_{n + 1}" for n in range(MOST_OF_FILE))
WINDOW_MENU: tuple[str | None, ...] = (
    "view.preset_0",
    *_OF_FILE,
    *_LUTS_OF_FILE,
    None,
    *(f"view.preset_{key}" for key, _ in PRESETS),
    None,
    "view.region_window",
    "view.invert",
    None,
    *(f"view.colours_{name}" for name in COLOUR_MAPS),
)
INSTEAD_OF_PRESETS = "0 fits the window to the file or to all values, Shift+W to a region."
NOT_FOR_HU = "Hounsfield units are shown in grey alone."


def window_commands(looking: Looking, windows: tuple[tuple[str, Window], ...] = PRESETS) -> list[Command]:
    """Return the commands of the window."""
    return [
        *_of_file(looking),
        *_luts_of_file(looking),
        *_presets(looking, windows),
        *_region_and_invert(looking),
        *_colours(looking),
    ]


def with_window(view: ViewState, window: Window) -> ViewState:
    """Return a view with another window."""
    return view.windowed(window.centre, window.width)


def _shows(view: ViewState, window: Window) -> bool:
    return not view.lut and (view.window_centre, view.window_width) == (window.centre, window.width)


def next_of_file(volume: Volume, view: ViewState) -> ViewState:
    """Return the view in the file's window or lookup table after the one in use; its first where none of them is."""
    windows, luts = volume.series.windows, volume.luts
    choices = (
        *(with_window(view, window) for window in windows),
        *(with_lut(volume, view, lut) for lut in luts),
    )
    if not choices:
        return with_window(view, first_window(volume))
    in_use = [not view.lut and choice == view for choice in choices[: len(windows)]]
    in_use += [view.lut == lut.name for lut in luts]
    return choices[(in_use.index(True) + 1) % len(choices)] if True in in_use else choices[0]


def _of_file(looking: Looking) -> list[Command]:
    def windows() -> tuple[Window, ...]:
        volume = looking.session.volume
        return volume.series.windows if volume is not None else ()

    def title() -> str:
        if len(windows()) + len(luts()) > 1:
            return "Next window of the file"
        if not windows() and not luts() and looking.ready() and not looking.fits_hu():
            return "Window that fits the values"
        name = windows()[0].name if windows() else ""
        return f"Window of the file: {short_name(name)}" if name else "Window of the file"

    def luts() -> tuple[VoiLut, ...]:
        volume = looking.session.volume
        return volume.luts if volume is not None else ()

    def own(volume: Volume, view: ViewState, _active: ViewName) -> ViewState:
        return next_of_file(volume, view)

    def choose(n: int) -> Callable[[], None]:
        return lambda: looking.change(
            lambda volume, view, _active: (
                with_window(view, volume.series.windows[n]) if n < len(volume.series.windows) else view
            )
        )

    def words(n: int) -> Callable[[], str]:
        def now() -> str:
            if len(windows()) + len(luts()) < 2 or n >= len(windows()):
                return ""
            window, view = windows()[n], looking.session.view
            name = window.name or f"Window {n + 1}"
            return f"File: {short_name(name)}  {window_words(with_window(view, window))}" if view is not None else ""

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
            why_disabled=NOTHING_OPEN,
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


def _luts_of_file(looking: Looking) -> list[Command]:
    def luts() -> tuple[VoiLut, ...]:
        volume = looking.session.volume
        return volume.luts if volume is not None else ()

    def choose(n: int) -> Callable[[], None]:
        return lambda: looking.change(
            lambda volume, view, _active: with_lut(volume, view, volume.luts[n]) if n < len(volume.luts) else view
        )

    def words(n: int) -> Callable[[], str]:
        return lambda: f"File: {short_name(luts()[n].name)}, lookup table" if n < len(luts()) else ""

    def is_on(n: int) -> Callable[[], bool]:
        return looking.asks(lambda view: n < len(luts()) and view.lut == luts()[n].name)

    return [
        Command(
            ident,
            f"Lookup table {n + 1} of the file",
            "Greys by a table that the file brings (VOI LUT); dragging the window leaves it",
            choose(n),
            contexts=VIEWING,
            enabled_when=looking.ready,
            why_disabled=NOTHING_OPEN,
            checked_when=is_on(n),
            title_now=words(n),
        )
        for n, ident in enumerate(_LUTS_OF_FILE)
    ]


def _presets(looking: Looking, windows: tuple[tuple[str, Window], ...]) -> list[Command]:
    def preset(window: Window) -> Callable[[], None]:
        return looking.switch(lambda view: with_window(view, window))

    def is_on(window: Window) -> Callable[[], bool]:
        return lambda: looking.fits_hu() and looking.asks(lambda view: _shows(view, window))()

    made = []
    for key, window in windows:
        level = f"{window.centre:g}".replace("-", "−")
        made.append(
            looking.command(
                f"preset_{key}",
                f"{window.name} window",
                f"{window.name} window: width {window.width:g}, level {level}",
                preset(window),
                shortcuts=(key,),
                checked_when=is_on(window),
                for_hu=("This window", INSTEAD_OF_PRESETS),
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
        return looking.ready() and volume is not None and not volume.on_hu_scale

    def choose(name: str) -> Callable[[], None]:
        return looking.switch(lambda view: evolve(view, colours=name))

    def is_on(name: str) -> Callable[[], bool]:
        return lambda: fits() and looking.asks(lambda view: view.colours == name)()

    def title(words: str) -> Callable[[], str]:
        volume_known = looking.session

        def now() -> str:
            volume = volume_known.volume
            return words if volume is not None and not volume.on_hu_scale else ""

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
