"""A case while it is being made: its words and steps, and what can be done to them. Every change gives a new draft."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from viewer.domain.view_state import OverlayMode
from viewer.domain.walkthrough import Step

if TYPE_CHECKING:
    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import Volume


@frozen
class Draft:
    """A story about the open series that is not a case yet; `id` names it on disk and says nothing.

    `hidden_until` is the id of the step at which findings are shown first; "" where they never hide. `image` is one of
    the images that it tells of, as in `Volume.images`: a series may hold several phases; "" where that was not kept.
    """

    id: str
    series_uid: str
    title: str = ""
    summary: str = ""
    steps: tuple[Step, ...] = ()
    hidden_until: str = ""
    image: str = ""

    @classmethod
    def of(cls, volume: Volume, **told: Any) -> Draft:
        """Return a new draft about a volume."""
        image = volume.images[len(volume.images) // 2]
        return cls(uuid.uuid4().hex, volume.series.series_uid, image=image, **told)

    def is_of(self, volume: Volume) -> bool:
        """Return whether it is the images of a volume that it tells of."""
        return self.series_uid == volume.series.series_uid and (not self.image or self.image in volume.image_set)

    def index(self, step_id: str) -> int:
        """Return the place of a step, from 0.

        Raises
        ------
        KeyError
            When there is none of that id.
        """
        for number, step in enumerate(self.steps):
            if step.id == step_id:
                return number
        raise KeyError(step_id)

    def free_id(self) -> str:
        """Return an id that no step has."""
        known = {step.id for step in self.steps}
        number = len(self.steps) + 1
        while f"step-{number}" in known:
            number += 1
        return f"step-{number}"

    def with_step(self, step: Step, place: int) -> Draft:
        """Return a draft with one more step, at a place."""
        place = max(0, min(place, len(self.steps)))
        return evolve(self, steps=(*self.steps[:place], step, *self.steps[place:]))

    def with_changed(self, step: Step) -> Draft:
        """Return a draft in which the step of that id is this one."""
        place = self.index(step.id)
        return evolve(self, steps=(*self.steps[:place], step, *self.steps[place + 1 :]))

    def with_moved(self, step_id: str, place: int) -> Draft:
        """Return a draft in which a step is at another place, counted without it."""
        step = self.steps[self.index(step_id)]
        rest = tuple(other for other in self.steps if other.id != step_id)
        place = max(0, min(place, len(rest)))
        return evolve(self, steps=(*rest[:place], step, *rest[place:]))

    def without(self, step_id: str) -> Draft:
        """Return a draft without a step; findings that it showed first are shown by the one after it."""
        place = self.index(step_id)
        rest = (*self.steps[:place], *self.steps[place + 1 :])
        until = self.hidden_until
        if until == step_id:
            until = rest[place].id if place < len(rest) else ""
        return evolve(self, steps=rest, hidden_until=until)

    def with_twin(self, step_id: str) -> Draft:
        """Return a draft in which a step is followed by its copy."""
        place = self.index(step_id)
        return self.with_step(evolve(self.steps[place], id=self.free_id()), place + 1)

    def shown(self, step: Step) -> ViewState:
        """Return the view of a step as the audience gets it: without findings before they are to be seen."""
        if not self.hidden_until or self.index(step.id) >= self.index(self.hidden_until):
            return step.view
        return evolve(step.view, overlay=OverlayMode.OFF, selected_finding=None, show_truth=False)

    @property
    def told(self) -> tuple[Step, ...]:
        """The steps as the audience gets them."""
        return tuple(evolve(step, view=self.shown(step)) for step in self.steps)
