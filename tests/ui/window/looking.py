"""What the window looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.ui.main_window import MainWindow


def view_of(window: MainWindow) -> ViewState:
    view = window.desk.session.view
    assert view is not None
    return view
