"""Every step of a case drawn as on stage: how long that takes, and whether it looks as it was found right."""

from __future__ import annotations

import time
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from viewer.domain.count_words import count_words
from viewer.domain.walkthrough import Step
from viewer.io.step_pictures import picture_name
from viewer.scene.opengl_probe import Capabilities, probed
from viewer.services.kept_pictures import KeptPicture, folder_for, kept_picture
from viewer.services.readiness import SLOW_STEP_S, Looked, State
from viewer.ui.leaving.stacks import pixels_of
from viewer.ui.leaving.stage_frames import STAGE, StageFrames
from viewer.ui.snapshot import save_picture

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from viewer.domain.job import JobContext
    from viewer.domain.walkthrough import Case
    from viewer.services.left_behind import LeftBehind

KEPT = (480, 270)
_QUALITY = 65
# A step looks the same where hardly any part of its picture is clearly lighter or darker; drawing differs by a little
# from one graphics card to the next.
_CLEARLY = 28.0
_FEW = 0.004
_SLOW_HINT = (
    "Close other programs and plug the power in. On stage a coarse picture comes first and turns fine after that."
)


class Keeping(StrEnum):
    """Which pictures are kept: none, those of steps that have none yet, or all in place of those there are."""

    NONE = "none"
    NEW = "new"
    ALL = "all"


@frozen
class _Drawn:
    """A step as it was drawn here, and the picture that it is held against."""

    number: int
    step: Step
    seconds: float
    image: QImage
    kept: KeptPicture | None


def replayed(
    left: LeftBehind, told: Case, ctx: JobContext, *, keeping: Keeping = Keeping.NONE, only: Collection[int] = ()
) -> list[Looked]:
    """Return how each step of a case fares, and what it was held against.

    Parameters
    ----------
    left
        The case as it is drawn.
    told
        The case as its document tells it, whose steps name the pictures.
    keeping
        `NEW` keeps nothing while a step looks different from its picture, or where there is no 3D to draw.
    only
        The numbers of steps from 0; empty for all.

    Raises
    ------
    StorageError
        When pictures are to be kept and cannot be written.
    """
    drawn = []
    numbers = sorted(only) if only else range(len(told.steps))
    with StageFrames(left) as frames:
        # What drawing stands on is loaded with the first picture of all, on stage with the library.
        frames.still(0)
        for done, number in enumerate(numbers):
            ctx.report(done, len(numbers), f"Step {number + 1} of {len(told.steps)}")
            frames.forget()
            started = time.monotonic()
            image = frames.still(number)
            seconds = time.monotonic() - started
            step = told.steps[number]
            kept = kept_picture(told, step) if keeping is not Keeping.ALL else None
            drawn.append(_Drawn(number, step, seconds, small_picture(image), kept))
    looked = [_looked(each, keeping) for each in drawn]
    right = keeping is Keeping.ALL or (
        keeping is Keeping.NEW
        and isinstance(probed(), Capabilities)
        and not any(each.state is State.BAD for each in looked)
    )
    new = [each for each in drawn if right and each.kept is None]
    for each in new:
        keep_picture(each.image, folder_for(told) / picture_name(told, each.step))
    return [*looked, _held_against(drawn, new, keeping)]


def _looked(drawn: _Drawn, keeping: Keeping) -> Looked:
    name = f"Step {drawn.number + 1}"
    took = f"“{drawn.step.title}” in {drawn.seconds:.1f} s"
    kept = QImage(str(drawn.kept.path)) if drawn.kept is not None else QImage()
    if drawn.kept is None or kept.isNull():
        same = "its picture is kept" if keeping is Keeping.ALL else "no picture to compare it with"
    else:
        share = unlike(pixels_of(drawn.image), pixels_of(kept))
        if share > _FEW:
            found = f"{took}; looks different from the picture {drawn.kept.which}, in {share:.1%} of it"
            hint = "Present it and look. Where it is right, rehearse it, or keep it: casestage doctor CASE --keep."
            return Looked(name, found, State.BAD, hint, f"step {drawn.number + 1} looks different")
        same = f"looks like the picture {drawn.kept.which}"
    slow = drawn.seconds > SLOW_STEP_S
    hint = _SLOW_HINT if slow else ""
    short = f"step {drawn.number + 1} takes {drawn.seconds:.1f} s"
    return Looked(name, f"{took}; {same}", State.SLOW if slow else State.OK, hint, short)


def _held_against(drawn: Sequence[_Drawn], new: Sequence[_Drawn], keeping: Keeping) -> Looked:
    """Return in one line what the steps were held against, and what was kept of them."""
    name = "Compared with"
    if keeping is Keeping.ALL:
        return Looked(name, f"Nothing: {count_words(len(new), 'picture')} kept now, to compare with from now on")
    counted = Counter(each.kept.which for each in drawn if each.kept is not None)
    parts = [f"{count_words(count, 'picture')} {which}" for which, count in counted.items()]
    without = sum(each.kept is None for each in drawn)
    if not without:
        return Looked(name, ", ".join(parts))
    if new:
        parts.append(f"{'nothing yet' if not counted else 'none yet'} for {count_words(without, 'step')}, kept now")
        hint = "Present it once and look: from now on it is compared with how it looks now."
    else:
        parts.append(f"nothing for {count_words(without, 'step')}: no picture was kept")
        hint = "Rehearse the case: that keeps them."
    words = ", ".join(parts)
    return Looked(name, words[0].upper() + words[1:], State.NOTE, hint)


def small_picture(image: QImage) -> QImage:
    """Return the stage as it is kept and compared, 480 × 270."""
    assert (image.width(), image.height()) == STAGE
    return image.scaled(*KEPT, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)


def keep_picture(small: QImage, path: Path) -> None:
    """Write a small picture.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    save_picture(small, path, "jpg", _QUALITY)


def unlike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the share of a picture, shape (h, w, 3), that is clearly lighter or darker in another one; 1 at most."""
    if one.shape != other.shape:
        return 1.0
    # Over 3 × 3 pixels: an edge that lies half a pixel further on is no difference.
    difference = np.abs(_blurred(one) - _blurred(other))
    return float((difference > _CLEARLY).mean())


def _blurred(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = pixels.mean(axis=2, dtype=np.float32)
    padded = np.pad(grey, 1, mode="edge")
    height, width = grey.shape
    parts = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return np.asarray(np.mean(parts, axis=0), dtype=np.float32)
