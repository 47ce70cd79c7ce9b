"""Each step as it stands on stage, as numbered PNG files in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.io.filled_folder import filling
from viewer.io.pack_names import objection
from viewer.ui.leaving.stage_frames import STAGE, StageFrames
from viewer.ui.snapshot import save_png

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.job import JobContext
    from viewer.services.left_behind import LeftBehind


def write_stills(left: LeftBehind, folder: Path, ctx: JobContext, size: tuple[int, int] = STAGE) -> tuple[Path, ...]:
    """Write a picture of each step and return where they are; all of them are there afterwards, or none is.

    Raises
    ------
    StorageError
        When a picture cannot be written.
    """
    names = [f"{number:02d}{_ending(step.id)}.png" for number, step in enumerate(left.steps, start=1)]
    with filling(folder, "The pictures") as place, StageFrames(left, size) as frames:
        for number, name in enumerate(names):
            ctx.report(number, len(names), f"Step {number + 1} of {len(names)}")
            save_png(frames.still(number, counted=True), place / name)
        ctx.stop_if_cancelled()
    return tuple(folder / name for name in names)


def _ending(step_id: str) -> str:
    """Return what a file is called beyond its number: the step's own id where it is a word that any system takes."""
    word = "".join(c for c in step_id if c.isascii() and (c.isalnum() or c == "-"))[:40]
    return f"-{word}" if word and not objection(word) else ""
