"""The path that a user draws through the patient: whether one can be drawn, travelling along it, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from psygnal import Signal

from viewer.analysis.path_curve import curve_through
from viewer.domain.geometry import PlaneName, Verdict
from viewer.domain.history import History
from viewer.domain.session import Workspace
from viewer.domain.view_state import Point, as_point
from viewer.scene.acquired import shown_axes, with_cursor

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume

# Farther from the middle than this share of a viewport's height, a place may be hidden at its rim.
SEEN_SHARE = 0.45
LEAST_STEP_MM = 1.0


def why_no_path(volume: Volume | None) -> str:
    """Return the sentence that says why no path is drawn in a volume; "" where one can be."""
    if volume is None:
        return "Nothing is open."
    if volume.verdict is Verdict.UNTRUSTED:
        return "There is no curved picture here: the geometry of this series is not trusted."
    if volume.preview:
        return "A path can be drawn when all images are in."
    if min(volume.grid.size_ijk) < 2:
        return "One image alone cannot be followed along a path."
    return ""


def along_path(volume: Volume, view: ViewState, by_mm: float) -> ViewState:
    """Return the view with the crosshair so much further along the path, from the place nearest to it."""
    curve = curve_through(view.path_lps_mm)
    if curve is None:
        return view
    place, _ = curve.nearest(view.cursor_lps_mm)
    return looking_at(volume, view, curve.point_at(min(max(place + by_mm, 0.0), curve.length_mm)))


def looking_at(volume: Volume, view: ViewState, lps_mm: Point) -> ViewState:
    """Return the view with the crosshair at a point, and planes moved whose viewport would not show it."""
    bounds = volume.grid.bounds_lps_mm
    inside = as_point(np.clip(lps_mm, bounds[:, 0] + 0.01, bounds[:, 1] - 0.01))
    view = with_cursor(volume, view, inside)
    for name in PlaneName:
        shown, axes = view.plane(name), shown_axes(volume, view, name)
        away = np.subtract(inside, shown.centre_lps_mm)
        if max(abs(float(away @ axes.right)), abs(float(away @ axes.down))) > SEEN_SHARE * shown.height_mm:
            view = view.with_plane(name, evolve(shown, centre_lps_mm=inside))
    return view


def step_along_mm(volume: Volume) -> float:
    """Return how far a notch of the wheel goes along a path: as far as voxels lie apart, at least 1 mm."""
    return max(LEAST_STEP_MM, min(volume.grid.spacing_mm))


@frozen
class _Edit:
    before: tuple[Point, ...]
    after: tuple[Point, ...]


class PathEdits:
    """What was done to the path of the open series, to be undone and done again.

    `changed` is emitted when that became possible or not.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self._history: History[_Edit] = History()
        self._stepping = False
        session.view_changed.connect(self._looked)
        session.volume_changed.connect(self._volume_changed)

    @property
    def can_undo(self) -> bool:
        """True where the path is shown and was changed."""
        return self._shown and self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """True where the path is shown and a change of it was undone."""
        return self._shown and self._history.can_redo

    def undo(self) -> None:
        """Take back the newest change of the path."""
        edit = self._history.undo()
        if edit is not None:
            self._show(edit.before)

    def redo(self) -> None:
        """Make again what was taken back last."""
        edit = self._history.redo()
        if edit is not None:
            self._show(edit.after)

    @property
    def _shown(self) -> bool:
        view = self._session.view
        return view is not None and view.curved is not None and self._session.workspace is not Workspace.PRESENT

    def _show(self, path: tuple[Point, ...]) -> None:
        view = self._session.view
        if view is None:
            return
        self._stepping = True
        try:
            self._session.view = evolve(view, path_lps_mm=path)
        finally:
            self._stepping = False
        self.changed.emit()

    def _looked(self, new: ViewState | None, old: ViewState | None) -> None:
        if self._stepping or new is None or old is None or new.series_uid != old.series_uid:
            return
        if new.path_lps_mm != old.path_lps_mm and self._session.workspace is not Workspace.PRESENT:
            self._history.push(_Edit(old.path_lps_mm, new.path_lps_mm))
            self.changed.emit()

    def _volume_changed(self, new: Volume | None, old: Volume | None) -> None:
        if new is None or old is None or new.series.series_uid != old.series.series_uid:
            self._history.clear()
            self.changed.emit()
