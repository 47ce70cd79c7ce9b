"""How the user last chose to look at scans: kept between starts, and what scans open with."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.domain.errors import StorageError
from viewer.domain.session import Workspace
from viewer.domain.view_state import Comparison, Interpolation, Layout, ViewName
from viewer.scene.colour_maps import COLOUR_MAPS, GREY

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume
    from viewer.services.opening import Opening
    from viewer.services.settings import Settings

_log = logging.getLogger(__name__)


@frozen
class UsualLook:
    """What was chosen last; `colours` are those of values that are not HU."""

    interpolation: Interpolation = Interpolation.LINEAR
    layout: Layout = Layout.FOUR
    main: ViewName = ViewName.AXIAL
    colours: str = GREY

    def on(self, volume: Volume, view: ViewState) -> ViewState:
        """Return the first view of a volume with it; rules may say otherwise, and what is no volume has no layout."""
        view = evolve(view, interpolation=self.interpolation)
        if not volume.on_hu_scale:
            view = evolve(view, colours=self.colours)
        return view if volume.one_by_one else evolve(view, layout=self.layout, main=self.main)


def keep_looks(session: Session, settings: Settings, opening: Opening) -> None:
    """Let scans open as was chosen last; steps of a case show their own."""
    opening.usual = _usual(settings)

    def looked(new: ViewState | None, old: ViewState | None) -> None:
        if new is None or old is None or new.series_uid != old.series_uid:
            session.layout_passes = False
        if new is None or old is None or new.series_uid != old.series_uid or session.workspace is Workspace.PRESENT:
            return
        volume, usual = session.volume, opening.usual
        if new.interpolation is not old.interpolation:
            usual = evolve(usual, interpolation=new.interpolation)
        if volume is not None and not volume.on_hu_scale and new.colours != old.colours:
            usual = evolve(usual, colours=new.colours)
        if (new.layout, new.main) != (old.layout, old.main) and not session.layout_passes and _free(session, new, old):
            usual = evolve(usual, layout=new.layout, main=new.main)
        if usual == opening.usual:
            return
        opening.usual = usual
        try:
            settings.change(
                interpolation=usual.interpolation.value,
                layout=usual.layout.value,
                main_view=usual.main.value,
                colours=usual.colours,
            )
        except StorageError:
            # It holds until the program ends.
            _log.warning("how scans are looked at could not be kept")

    session.view_changed.connect(looked)


def _free(session: Session, new: ViewState, old: ViewState) -> bool:
    """Return whether a layout was chosen for its own sake: not by a case, a comparison, or for want of more slices."""
    alone = new.comparison is old.comparison is Comparison.OFF
    return session.case is None and alone and session.volume is not None and not session.volume.one_by_one


def _usual(settings: Settings) -> UsualLook:
    now, usual = settings.now, UsualLook()
    if now.interpolation in tuple(Interpolation):
        usual = evolve(usual, interpolation=Interpolation(now.interpolation))
    if now.layout in tuple(Layout) and now.main_view in tuple(ViewName):
        usual = evolve(usual, layout=Layout(now.layout), main=ViewName(now.main_view))
    return evolve(usual, colours=now.colours) if now.colours in COLOUR_MAPS else usual
