"""How the user last chose to interpolate: kept between starts, and what scans open with."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from viewer.domain.errors import StorageError
from viewer.domain.session import Workspace
from viewer.domain.view_state import Interpolation

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.services.opening import Opening
    from viewer.services.settings import Settings

_log = logging.getLogger(__name__)


def keep_interpolation(session: Session, settings: Settings, opening: Opening) -> None:
    """Let scans open with the interpolation that was chosen last; steps of a case show their own."""
    if settings.now.interpolation in tuple(Interpolation):
        opening.interpolation = Interpolation(settings.now.interpolation)

    def looked(new: ViewState | None, old: ViewState | None) -> None:
        if new is None or old is None or new.series_uid != old.series_uid:
            return
        if new.interpolation is old.interpolation or session.workspace is Workspace.PRESENT:
            return
        opening.interpolation = new.interpolation
        try:
            settings.change(interpolation=new.interpolation.value)
        except StorageError:
            # It holds until the program ends.
            _log.warning("the interpolation could not be kept")

    session.view_changed.connect(looked)
