"""The commands of cine."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

from viewer.domain.errors import StorageError
from viewer.ui.cine import RATES, Cine, next_image, on_image, plane_to_play
from viewer.ui.commands import VIEWING, Command

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.services.settings import Settings
    from viewer.ui.looking import Looking

_ONE_IMAGE = "There is one image alone, so there is nothing to play."
CINE_MENU = ("view.cine", None, "view.cine_faster", "view.cine_slower", "view.cine_back_and_forth")


def cine_commands(looking: Looking, settings: Settings | None = None) -> list[Command]:
    """Return the commands of cine; `settings` keep its rate and direction between starts."""
    cine = Cine()
    if settings is not None:
        cine.rate = min(RATES, key=lambda rate: abs(rate - settings.now.cine_rate))
        cine.back_and_forth = settings.now.cine_back_and_forth

    def keep() -> None:
        if settings is not None:
            # Where it cannot be written it holds until the program ends, and whatever else is kept says so.
            with suppress(StorageError):
                settings.change(cine_rate=cine.rate, cine_back_and_forth=cine.back_and_forth)

    def several() -> bool:
        volume, view, canvas = looking.session.volume, looking.session.view, looking.canvas()
        plane = plane_to_play(canvas) if canvas is not None else None
        if volume is None or view is None or plane is None:
            return True
        following, _ = next_image(volume, view, plane, 1, back_and_forth=False)
        return math.dist(following.cursor_lps_mm, on_image(volume, view, plane)) > 0

    def play() -> None:
        if cine.playing:
            cine.stop()
            return
        looking.before()
        canvas = looking.canvas()
        plane = plane_to_play(canvas) if canvas is not None else None
        if canvas is not None and plane is not None:
            cine.start(canvas, plane)

    def title() -> str:
        return f"{'Stop cine' if cine.playing else 'Cine'}, {cine.rate} images/s"

    def by(steps: int) -> Callable[[], None]:
        def change() -> None:
            cine.change_rate(steps)
            keep()

        return change

    def turn() -> None:
        cine.back_and_forth = not cine.back_and_forth
        keep()

    return [
        Command(
            "view.cine",
            "Cine",
            "Play through the images of the active plane; a click, the wheel, F6 or Esc stops",
            play,
            shortcuts=("C",),
            contexts=VIEWING,
            enabled_when=lambda: looking.ready() and several(),
            why_disabled=_ONE_IMAGE,
            icon="play",
            checked_when=lambda: cine.playing,
            title_now=title,
        ),
        looking.command(
            "cine_faster",
            "Cine faster",
            f"More images a second, at most {RATES[-1]}",
            by(1),
            shortcuts=("Ctrl+Up",),
            repeats=True,
        ),
        looking.command(
            "cine_slower",
            "Cine slower",
            f"Fewer images a second, at least {RATES[0]}",
            by(-1),
            shortcuts=("Ctrl+Down",),
            repeats=True,
        ),
        looking.command(
            "cine_back_and_forth",
            "Cine back and forth",
            "Turn at both ends, or begin again",
            turn,
            checked_when=lambda: cine.back_and_forth,
        ),
    ]
