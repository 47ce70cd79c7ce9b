"""Every step of a case drawn as on stage: how long that takes, and whether it looks as it was found right."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from viewer.io.step_pictures import picture_name
from viewer.services.kept_pictures import folder_for, kept_picture
from viewer.services.readiness import SLOW_STEP_S, Looked, State
from viewer.ui.leaving.stacks import pixels_of
from viewer.ui.leaving.stage_frames import STAGE, StageFrames
from viewer.ui.snapshot import save_png

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.domain.job import JobContext
    from viewer.services.left_behind import LeftBehind

KEPT = (480, 270)
# A step looks the same where hardly any part of its picture is clearly lighter or darker; drawing differs by a little
# from one graphics card to the next.
_CLEARLY = 28.0
_FEW = 0.004
_SLOW_HINT = (
    "Close other programs and plug the power in. On stage a coarse picture comes first and turns fine after that."
)


def replayed(left: LeftBehind, ctx: JobContext, *, keep: bool = False) -> list[Looked]:
    """Return how each step of a case fares; `keep` takes what it looks like now for what is right.

    Raises
    ------
    StorageError
        When pictures are to be kept and cannot be written.
    """
    looked = []
    case, steps = left.loaded.case, left.steps
    with StageFrames(left) as frames:
        # What drawing stands on is loaded with the first picture of all, on stage with the library.
        frames.still(0)
        for number, step in enumerate(steps):
            ctx.report(number, len(steps), f"Step {number + 1} of {len(steps)}")
            frames.forget()
            started = time.monotonic()
            image = frames.still(number)
            seconds = time.monotonic() - started
            small = _small(image)
            if keep:
                save_png(small, folder_for(case) / picture_name(case, step))
            kept = kept_picture(case, step)
            looked.append(_looked(number, step.title, seconds, small, QImage(str(kept)) if kept else None))
    return looked


def _looked(number: int, title: str, seconds: float, image: QImage, kept: QImage | None) -> Looked:
    name = f"Step {number + 1}"
    took = f"“{title}” in {seconds:.1f} s"
    if kept is None or kept.isNull():
        same = "no picture was kept to compare it with"
    else:
        share = unlike(pixels_of(image), pixels_of(kept))
        if share > _FEW:
            found = f"{took}; looks different from when it was rehearsed, in {share:.1%} of the picture"
            hint = "Present it once and look. Where it is right, keep it: casestage doctor CASE --keep."
            return Looked(name, found, State.BAD, hint, f"step {number + 1} looks different")
        same = "looks as it was rehearsed"
    slow = seconds > SLOW_STEP_S
    hint = _SLOW_HINT if slow else ""
    short = f"step {number + 1} takes {seconds:.1f} s"
    return Looked(name, f"{took}; {same}", State.SLOW if slow else State.OK, hint, short)


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


def _small(image: QImage) -> QImage:
    assert (image.width(), image.height()) == STAGE
    return image.scaled(*KEPT, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
