"""The commands of what lies over the images: findings and labels, how they are drawn, and maps."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtWidgets import QFileDialog

from viewer.domain.errors import StorageError
from viewer.domain.view_state import OverlayMode, ViewState
from viewer.io.volume_files import VOLUME_FILE_ENDINGS
from viewer.scene.colour_maps import COLOUR_MAPS, GREY
from viewer.scene.map_planes import map_colours, map_least
from viewer.services.overlaying import Overlaying
from viewer.ui.commands import VIEWING, Command, Submenu
from viewer.ui.dialog_place import begin_in, untraced
from viewer.ui.messages import Message
from viewer.ui.reasons import NOT_ALL_IN, NOTHING_OPEN
from viewer.ui.workspace_commands import DESK_WORK

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.overlays import ValueMap
    from viewer.domain.session import Session
    from viewer.ui.commands import MenuEntry
    from viewer.ui.looking import Looking
    from viewer.ui.main_window import MainWindow

HOLD_S = 0.35
THRESHOLD_STEP = 0.05
OPACITY_STEP = 0.1
NO_TRUTH = "No ground truth of this series is known."
NO_MAP = "No map is open over this series."
NO_FILE_COLOURS = "No labels are open whose file recommends colours."
NO_LABELS = "No labels are open over this series."
MAP_COLOURS = tuple(name for name in COLOUR_MAPS if name != GREY)
_ENDINGS = " ".join(f"*{ending}" for ending in VOLUME_FILE_ENDINGS)
LABEL_FILES = f"Segmentations (*.dcm *.seg {_ENDINGS});;All files (*)"
MAP_FILES = f"Maps ({_ENDINGS});;All files (*)"

MAP_MENU: tuple[str | None, ...] = (
    "view.map",
    "view.map_more",
    "view.map_less",
    "view.map_clearer",
    "view.map_fainter",
    None,
    *(f"view.map_colours_{name}" for name in MAP_COLOURS),
)
OVERLAY_MENU: tuple[str | None, ...] = (
    "view.overlay",
    "view.fill",
    "view.fill_alone",
    "view.truth",
    None,
    "view.all_labels",
)
OVERLAY_MENUS: tuple[MenuEntry, ...] = (
    Submenu("Findings and labels", "scan-search", OVERLAY_MENU),
    Submenu("Map", "gauge", MAP_MENU),
)
LAID_OVER_MENU = (
    None,
    Submenu(
        "Over this series",
        "layers",
        (
            "overlay.open_labels",
            "overlay.file_colours",
            "overlay.close_labels",
            None,
            "overlay.open_map",
            "overlay.close_map",
        ),
    ),
)


def overlay_view_commands(looking: Looking) -> list[Command]:
    """Return the commands that say how overlays are drawn; they need only the view."""
    return [*_findings(looking), *_labels(looking), *_map(looking)]


def _findings(looking: Looking) -> list[Command]:
    kept: dict[str, object] = {"mode": OverlayMode.OUTLINE, "pressed_s": 0.0}

    def toggle() -> None:
        kept["pressed_s"] = time.monotonic()

        def change(view: ViewState) -> ViewState:
            if view.overlay is OverlayMode.OFF:
                return evolve(view, overlay=OverlayMode(str(kept["mode"])))
            kept["mode"] = view.overlay
            return evolve(view, overlay=OverlayMode.OFF)

        looking.change(lambda _volume, view, _active: change(view))

    def released() -> None:
        pressed = kept["pressed_s"]
        if isinstance(pressed, float) and time.monotonic() - pressed >= HOLD_S:
            toggle()

    def to(mode: OverlayMode) -> Callable[[], None]:
        return looking.switch(lambda view: evolve(view, overlay=OverlayMode.OUTLINE if view.overlay is mode else mode))

    def is_on(mode: OverlayMode) -> Callable[[], bool]:
        return looking.asks(lambda view: view.overlay is mode)

    return [
        looking.command(
            "overlay",
            "Overlay",
            "Findings, labels and maps on or off; hidden while the key is held",
            toggle,
            shortcuts=("G",),
            icon="scan-search",
            released=released,
            checked_when=looking.asks(lambda view: view.overlay is not OverlayMode.OFF),
        ),
        looking.command(
            "fill",
            "Fill findings",
            "Outlines of findings and labels with or without fill",
            to(OverlayMode.FILL),
            shortcuts=("Shift+G",),
            icon="brush",
            checked_when=is_on(OverlayMode.FILL),
        ),
        looking.command(
            "fill_alone",
            "Fill without outline",
            "Findings and labels as areas alone; the selected finding keeps its outline",
            to(OverlayMode.FILL_ALONE),
            icon="diamond",
            checked_when=is_on(OverlayMode.FILL_ALONE),
        ),
        _truth(looking),
    ]


def _truth(looking: Looking) -> Command:
    made = looking.command(
        "truth",
        "Show ground truth",
        "True lesions on or off, and which findings are false",
        looking.switch(lambda view: evolve(view, show_truth=not view.show_truth)),
        shortcuts=("Shift+T",),
        icon="badge-check",
        checked_when=looking.asks(lambda view: view.show_truth),
    )

    def known() -> bool:
        return looking.ready() and looking.session.truth is not None

    return evolve(made, enabled_when=known, why_disabled=lambda: NO_TRUTH if looking.ready() else NOTHING_OPEN)


def _labels(looking: Looking) -> list[Command]:
    return [
        Command(
            "view.all_labels",
            "Show all labels",
            "Bring back every label that is hidden",
            looking.switch(lambda view: evolve(view, hidden_labels=())),
            shortcuts=("Alt+L",),
            contexts=VIEWING,
            enabled_when=looking.asks(lambda view: bool(view.hidden_labels)),
            why_disabled="No label is hidden.",
            icon="eye",
        )
    ]


def _map(looking: Looking) -> list[Command]:
    def there() -> ValueMap | None:
        return looking.session.overlays.value_map if looking.ready() else None

    def has_map() -> bool:
        return there() is not None

    def threshold(steps: int) -> Callable[[], None]:
        def change(view: ViewState) -> ViewState:
            over = there()
            if over is None:
                return view
            bottom = 0.0 if over.diverging else over.low
            span = over.high - bottom
            least = map_least(over, view.map_look) + steps * THRESHOLD_STEP * span
            rounded = round((least - bottom) / span / THRESHOLD_STEP) * THRESHOLD_STEP
            return evolve(view, map_look=evolve(view.map_look, least=bottom + min(max(rounded, 0.0), 1.0) * span))

        return looking.switch(change)

    def opacity(step: float) -> Callable[[], None]:
        def change(view: ViewState) -> ViewState:
            wanted = round(min(max(view.map_look.opacity + step, OPACITY_STEP), 1.0), 2)
            return evolve(view, map_look=evolve(view.map_look, opacity=wanted))

        return looking.switch(change)

    def colour(name: str) -> Callable[[], None]:
        return looking.switch(lambda view: evolve(view, map_look=evolve(view.map_look, colours=name)))

    def coloured(name: str) -> Callable[[], bool]:
        def on() -> bool:
            over, view = there(), looking.session.view
            return over is not None and view is not None and map_colours(over, view.map_look) == name

        return on

    def command(
        ident: str,
        title: str,
        tooltip: str,
        run: Callable[[], None],
        *,
        icon: str = "",
        shortcuts: tuple[str, ...] = (),
        checked_when: Callable[[], bool] | None = None,
        repeats: bool = False,
    ) -> Command:
        return Command(
            f"view.{ident}",
            title,
            tooltip,
            run,
            shortcuts=shortcuts,
            contexts=VIEWING,
            enabled_when=has_map,
            why_disabled=NO_MAP,
            icon=icon,
            checked_when=checked_when,
            repeats=repeats,
        )

    def switch(view: ViewState) -> ViewState:
        return evolve(view, map_look=evolve(view.map_look, shown=not view.map_look.shown))

    def shown() -> bool:
        return has_map() and looking.asks(lambda view: view.map_look.shown)()

    return [
        command(
            "map",
            "Show map",
            "The map over this series on or off",
            looking.switch(switch),
            icon="eye",
            shortcuts=("Alt+G",),
            checked_when=shown,
        ),
        command(
            "map_more",
            "Show more of the map",
            "Lower the value from which the map is drawn",
            threshold(-1),
            icon="plus",
            shortcuts=("Alt+Down",),
            repeats=True,
        ),
        command(
            "map_less",
            "Show less of the map",
            "Raise the value from which the map is drawn",
            threshold(1),
            icon="minus",
            shortcuts=("Alt+Up",),
            repeats=True,
        ),
        command("map_clearer", "Map more opaque", "Draw the map more opaque", opacity(OPACITY_STEP), repeats=True),
        command("map_fainter", "Map fainter", "Draw the map fainter", opacity(-OPACITY_STEP), repeats=True),
        *(
            command(
                f"map_colours_{name}",
                f"Map in {COLOUR_MAPS[name].title[0].lower()}{COLOUR_MAPS[name].title[1:]}",
                "Colours of the map; the bar at the left names their values and unit",
                colour(name),
                checked_when=coloured(name),
            )
            for name in MAP_COLOURS
        ),
    ]


def overlay_file_commands(window: MainWindow) -> list[Command]:
    """Return the commands that open and close what is laid over the series; the window asks for files."""
    compared = window.compared

    def session() -> Session:
        return window.compare.with_keys.session

    def whole() -> bool:
        volume = session().volume
        return volume is not None and not volume.preview

    def ask(title: str, files: str, then: Callable[[Overlaying, Path], None]) -> Callable[[], None]:
        def run() -> None:
            start = begin_in(window.desk.session, window.desk.library.last_folder)
            with untraced():
                chosen, _ = QFileDialog.getOpenFileName(window, title, start, files)
            if chosen:
                then(compared.overlaying(), Path(chosen))

        return run

    def recommended() -> bool:
        segmentation = session().overlays.segmentation
        return segmentation is not None and segmentation.has_file_colours

    def follow_file() -> None:
        settings = window.desk.settings
        # Where it cannot be written it holds until the program ends, and whatever else is kept says so.
        with suppress(StorageError):
            settings.change(label_colours_of_file=not settings.now.label_colours_of_file)

    return [
        Command(
            "overlay.open_labels",
            "Open labels over this series…",
            "Lay a segmentation over the images: DICOM SEG, or a label map as NIfTI, NRRD or MHA",
            ask("Open labels over this series", LABEL_FILES, Overlaying.open_labels),
            shortcuts=("Ctrl+Shift+G",),
            contexts=DESK_WORK,
            enabled_when=whole,
            why_disabled=NOT_ALL_IN,
            icon="layers",
        ),
        Command(
            "overlay.close_labels",
            "Close labels",
            "Take the segmentation away; its file stays as it is",
            lambda: compared.overlaying().close_labels(),
            contexts=DESK_WORK,
            enabled_when=lambda: session().overlays.segmentation is not None,
            why_disabled=NO_LABELS,
            icon="x",
        ),
        Command(
            "overlay.file_colours",
            "Labels in the colours of their file",
            "Colours that the file recommends, in place of those that colour-blind people tell apart too",
            follow_file,
            contexts=DESK_WORK,
            enabled_when=recommended,
            why_disabled=NO_FILE_COLOURS,
            checked_when=lambda: compared.overlaying().in_file_colours,
        ),
        Command(
            "overlay.open_map",
            "Open a map over this series…",
            "Lay values in colours over the images, such as probabilities: NIfTI, NRRD or MHA",
            ask("Open a map over this series", MAP_FILES, Overlaying.open_map),
            shortcuts=("Ctrl+Shift+M",),
            contexts=DESK_WORK,
            enabled_when=whole,
            why_disabled=NOT_ALL_IN,
            icon="gauge",
        ),
        Command(
            "overlay.close_map",
            "Close map",
            "Take the map away; its file stays as it is",
            lambda: compared.overlaying().close_map(),
            contexts=DESK_WORK,
            enabled_when=lambda: session().overlays.value_map is not None,
            why_disabled=NO_MAP,
            icon="x",
        ),
    ]


def connect_overlays(window: MainWindow) -> None:
    """Let what was refused or assumed be said, and commands follow what is open."""
    desk = window.desk
    for overlaying in (desk.overlaying, desk.other.overlaying):
        overlaying.failed.connect(lambda error: window.tell(Message.of(error)))
        overlaying.told.connect(lambda sentence: window.tell(Message(sentence, calm=True)))
    for session in (desk.session, desk.other.session):
        session.overlays_changed.connect(lambda *_: window.refresh_soon())
