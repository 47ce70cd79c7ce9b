"""A film of a case: each step, the way from one to the next as in Present, the narration as captions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.view_state import between
from viewer.io.film import RATE, film_at
from viewer.services.navigation import Motion, ease
from viewer.ui.leaving.stacks import pixels_of
from viewer.ui.leaving.stage_frames import STAGE, StageFrames, Words
from viewer.ui.present.stage_page import APPEAR_MS

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from viewer.domain.job import JobContext
    from viewer.services.left_behind import LeftBehind

MOST_PER_STEP_S = 6.0
_LEAST_PER_STEP_S = 2.0


def write_film(
    left: LeftBehind, path: Path, ctx: JobContext, size: tuple[int, int] = STAGE, most_s: float = MOST_PER_STEP_S
) -> float:
    """Write a film and return how many seconds it takes; a step stays for its planned time, at most `most_s` seconds.

    Raises
    ------
    StorageError
        As `viewer.io.film.film_at`.
    """
    shown, took_s = range(len(left.steps)), 0.0
    with StageFrames(left, size) as frames, film_at(path, size, left.title) as film:
        for number in shown:
            words = f"Step {number + 1} of {len(shown)}"
            part = ctx.part(number / len(shown), (number + 1) / len(shown))
            pictures = [*_way(frames, number, part, words), *_card_appears(frames, number)]
            part.report(0.8, 1.0, words)
            hold_s = min(max(left.steps[number].duration_s, _LEAST_PER_STEP_S), most_s)
            film.scene(pictures, hold_s)
            took_s += len(pictures) / RATE + hold_s
        ctx.report(1, 1, "Written")
    return took_s


def _way(frames: StageFrames, number: int, ctx: JobContext, words: str) -> list[NDArray[np.uint8]]:
    """Return the frames from the step before to this one; none for the first."""
    if number == 0:
        return []
    steps = frames.left.steps
    start, goal = steps[number - 1].view, steps[number].view
    here, there = frames.room(number - 1), frames.room(number)
    count = round(Motion.STEP.value * RATE)
    made = []
    for n in range(1, count):
        ctx.report(0.8 * n / count, 1.0, words)
        share = ease(Motion.STEP, n / count)
        room = here + (there - here) * share
        made.append(pixels_of(frames.frame(between(start, goal, share), Words(number, 0.0, room or 1e-6))))
    return made


def _card_appears(frames: StageFrames, number: int) -> list[NDArray[np.uint8]]:
    view, room = frames.left.steps[number].view, frames.room(number)
    count = 1 if number == 0 else max(2, round(APPEAR_MS / 1000 * RATE))
    return [pixels_of(frames.frame(view, Words(number, (n + 1) / count, room))) for n in range(count)]
