"""A film of a case: each step, the way from one to the next as in Present, the narration as captions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from viewer.domain.step_acts import LONGEST_ACT_S, acted, acts_from
from viewer.domain.view_between import between
from viewer.io.film import RATE, film_at
from viewer.services.asking import without_the_answer
from viewer.services.navigation import Motion, ease
from viewer.ui.leaving.stacks import pixels_of
from viewer.ui.leaving.stage_frames import STAGE, StageFrames, Words
from viewer.ui.present.stage_page import APPEAR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from viewer.domain.job import JobContext
    from viewer.domain.view_state import ViewState
    from viewer.services.left_behind import LeftBehind

MOST_PER_STEP_S = 6.0
_LEAST_PER_STEP_S = 2.0
_QUESTION_S = 4.0
_LONGEST_ACT_S = 8.0
# Pictures are coded so many at a time: each takes 6 MB.
_TOGETHER = 30


def write_film(
    left: LeftBehind, path: Path, ctx: JobContext, size: tuple[int, int] = STAGE, most_s: float = MOST_PER_STEP_S
) -> float:
    """Write a film and return how many seconds it takes; a step stays for its planned time, at most `most_s` seconds.

    Raises
    ------
    StorageError
        As `viewer.io.film.film_at`.
    """
    count, took_s = len(left.steps), 0.0
    with StageFrames(left, size) as frames, film_at(path, size, left.title) as film:
        before: tuple[ViewState, float] | None = None
        for number, step in enumerate(left.steps):
            part = ctx.part(number / count, (number + 1) / count)
            words = f"Step {number + 1} of {count}"
            hold_s = min(max(step.duration_s, _LEAST_PER_STEP_S), most_s)
            for pictures, stays_s in _scenes(frames, number, before, hold_s, part, words):
                film.scene(pictures, stays_s)
                took_s += len(pictures) / RATE + stays_s
            before = (acted(step.view, step.sweep, step.curtain, LONGEST_ACT_S), frames.room(number))
        ctx.report(1, 1, "Written")
    return took_s


def _scenes(
    frames: StageFrames,
    number: int,
    before: tuple[ViewState, float] | None,
    hold_s: float,
    ctx: JobContext,
    words: str,
) -> Iterator[tuple[list[NDArray[np.uint8]], float]]:
    """Give a step's pictures, and how long the last of each lot stays: the way there, a question, what it does."""
    step = frames.left.steps[number]
    asked = step.question is not None
    start = acts_from(step.view, step.sweep, step.curtain)
    told = Words(number, 0.0, -1.0 if asked else frames.room(number), asked=asked)
    goal = without_the_answer(start) if asked else start
    way = _way(frames, before, goal, told, ctx, words)
    if asked:
        yield [*way, *_card_appears(frames, goal, told)], _QUESTION_S
        answer = evolve(told, asked=False, room=frames.room(number))
        way, told = _way(frames, (goal, told.room), start, answer, ctx, words), answer
    told = evolve(told, sweeping=step.sweep is not None)
    shown = [*way, *_card_appears(frames, start, told)]
    acts = max((act.duration_s for act in (step.sweep, step.curtain) if act is not None), default=0.0)
    if not acts:
        ctx.report(0.8, 1.0, words)
        yield shown, hold_s
        return
    yield shown, 1.0
    told = evolve(told, opacity=1.0)
    count = round(min(acts, _LONGEST_ACT_S) * RATE)
    for first in range(0, count, _TOGETHER):
        ctx.report(0.5 + 0.5 * first / count, 1.0, words)
        last = min(first + _TOGETHER, count)
        views = [acted(step.view, step.sweep, step.curtain, acts * (n + 1) / count) for n in range(first, last)]
        pictures = [pixels_of(frames.frame(v, told, moving=n < count)) for n, v in enumerate(views, first + 1)]
        yield pictures, (hold_s if last == count else 1 / RATE)


def _way(
    frames: StageFrames,
    before: tuple[ViewState, float] | None,
    goal: ViewState,
    told: Words,
    ctx: JobContext,
    words: str,
) -> list[NDArray[np.uint8]]:
    """Return the frames from what was shown before to a view; none for the first step."""
    if before is None:
        return []
    start, here = before
    count = round(Motion.STEP.value * RATE)
    made = []
    for n in range(1, count):
        ctx.report(0.8 * n / count, 1.0, words)
        share = ease(Motion.STEP, n / count)
        # Not 0: that has no side.
        room = here + (told.room - here) * share or 1e-6
        made.append(pixels_of(frames.frame(between(start, goal, share), evolve(told, room=room), moving=True)))
    return made


def _card_appears(frames: StageFrames, view: ViewState, told: Words) -> list[NDArray[np.uint8]]:
    count = max(2, round(APPEAR_MS / 1000 * RATE))
    return [pixels_of(frames.frame(view, evolve(told, opacity=(n + 1) / count))) for n in range(count)]
