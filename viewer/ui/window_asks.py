"""What commands ask of the window, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.ui.app_commands import Asks
from viewer.ui.hanging_file import edit_hanging_rules
from viewer.ui.own_keys import edit_conventions

if TYPE_CHECKING:
    from viewer.ui.main_window import MainWindow


def asks_of(window: MainWindow) -> Asks:
    """Return what commands ask of a window that is being built: nothing is asked before it is."""
    asking, compared = window.asking, window.compared

    def edit_finding() -> None:
        window.panels.reveal()
        window.review.panel.edit_finding()

    def hang_again() -> None:
        go, fitted = window.desk.navigation.go, window.canvas.fitted
        window.desk.opening.hang_again(lambda view: go(fitted(view)))

    def is_busy() -> bool:
        # Commands are there before the bar is.
        return hasattr(window, "status") and window.status.is_busy

    return Asks(
        go=window.go,
        present_from=window.present_from,
        leave_present=window.leave_present,
        open_folder=asking.open_folder,
        open_file=asking.open_file,
        archive=asking.archive,
        neighbour_series=window.desk.library.open_neighbour,
        library=window.opened_places.asks(),
        reviewing=compared.reviewing,
        measuring=compared.measuring,
        spreads=compared.spreads,
        compare=compared.asks(),
        decide=asking.decide,
        mark_missed=asking.mark_missed,
        edit_finding=edit_finding,
        move_mark=asking.move_mark,
        export=asking.export,
        histogram=asking.histogram,
        choose_model=window.choose_model,
        palette=asking.palette,
        keys=asking.keys,
        settings=asking.settings,
        switch_theme=window.switch_theme,
        hang_again=lambda: window.desk.opening.hang_again(
            lambda view: window.desk.navigation.go(window.canvas.fitted(view))
        ),
        hanging_rules=lambda: edit_hanging_rules(window.tell),
        conventions=lambda: edit_conventions(window.actions_.table, window.tell),
        switch_panels=window.panels.switch,
        panels_shown=lambda: window.panels.shown,
        full_screen=window.full_screen.toggle,
        is_full_screen=lambda: window.full_screen.on,
        why_geometry=asking.why_geometry,
        cancel=lambda: window.status.cancel(),
        is_busy=is_busy,
        quit=window.close,
    )
