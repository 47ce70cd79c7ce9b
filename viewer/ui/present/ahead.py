"""What the next steps will show, made while the one before them is still looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from PySide6.QtCore import QObject

from viewer.domain.session import Workspace
from viewer.domain.view_state import ViewName
from viewer.ui.canvas.painting import tiles_for
from viewer.ui.canvas.shown import shown_in
from viewer.ui.ringing import rings_once

if TYPE_CHECKING:
    from viewer.domain.walkthrough import Step
    from viewer.services.desk import Desk
    from viewer.ui.canvas.canvas import Canvas

STEPS_AHEAD = 2
# What is looked at now comes first: its fine pictures, and 3D at rest.
REST_MS = 700


class StepsAhead(QObject):
    """Looks ahead from the step on stage whenever it has come to rest.

    Series, prior, findings and truth of a case are there once it is open. What else takes its time is made here: fine
    pictures of planes, 3D that is not on stage yet, and the process of a model that a step will run.
    """

    def __init__(self, desk: Desk, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._desk, self._canvas = desk, canvas
        self._rest = rings_once(self, self._look, REST_MS)
        for signal in (desk.session.step_changed, desk.session.volume_changed, desk.navigation.arrived):
            signal.connect(self._moved)

    def _moved(self, *_: object) -> None:
        if self._desk.session.workspace is Workspace.PRESENT:
            self._rest.start()

    def _room(self, step: Step) -> tuple[float, float]:
        """Return what the card of a step takes of the large view, left and right, as the stage will."""
        # Loaded with the stage: no window waits for it.
        from viewer.ui.present.card import RESERVED, card_side, reserves_space

        if not reserves_space(step.view):
            return 0.0, 0.0
        finding = self._desk.session.finding(step.view.selected_finding)
        room = RESERVED * self._canvas.stage_scale
        return (room, 0.0) if card_side(step.view, finding) == "left" else (0.0, room)

    def _look(self) -> None:
        desk, session, player = self._desk, self._desk.session, self._desk.player
        now = shown_in(session)
        if now is None or now.volume.preview or player.index is None or desk.navigation.moving:
            return
        canvas = self._canvas
        coming = player.steps[player.index + 1 : player.index + 1 + STEPS_AHEAD]
        if any(step.live is not None for step in coming):
            desk.finding_run.get_ready()
            if not desk.finding_run.known:
                desk.finding_run.look_for_models()
        if session.workspace is not Workspace.PRESENT or not canvas.isVisible():
            return
        has_3d = canvas.tile(ViewName.THREE_D) is not None
        ratio, size = canvas.devicePixelRatioF(), (float(canvas.width()), float(canvas.height()))
        for step in coming:
            then = evolve(now, view=step.view)
            for tile in tiles_for(then, size, canvas.style_of_canvas, self._room(step)):
                if tile.view.plane is not None:
                    drawn = tile.on_pixels(then.volume, then.view, tile.view.plane, ratio)
                    canvas.planes.make_ahead(then.volume, drawn.state, tile.view.plane, drawn.width_px, drawn.height_px)
                elif not has_3d and not then.view.shows_curved:
                    has_3d = True
                    canvas.view_3d.make_ahead(then, tile, ratio)
