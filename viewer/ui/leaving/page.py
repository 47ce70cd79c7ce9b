"""One page for any browser, offline: each step with a stack of images to scroll through, and its words beside it."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from string import Template
from typing import TYPE_CHECKING, Any

from viewer.domain.errors import StorageError
from viewer.domain.narration_pictures import DESCRIPTION
from viewer.io.atomic_file import remove_left, write_atomically
from viewer.io.shipped import shipped
from viewer.ui.leaving.stacks import FINENESS, Fineness, bytes_of, stack_of
from viewer.ui.leaving.stage_frames import StageFrames
from viewer.ui.leaving.steps_words import asked_words, cells, models_words, narration_alone
from viewer.ui.making.chosen_picture import pixels_alone
from viewer.ui.present.case_pictures import pictures_told
from viewer.ui.theme import COLOURS, Theme

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.domain.job import JobContext
    from viewer.domain.walkthrough import Step
    from viewer.services.left_behind import LeftBehind
    from viewer.ui.canvas.shown import Drawn

# A mail takes 25 MB, and makes a third more of what is attached to it.
MOST_MB = 18.0
_OF_WHOLE = 4 / 3


def write_page(left: LeftBehind, path: Path, ctx: JobContext, most_mb: float = MOST_MB) -> int:
    """Write the page and return how many bytes it has; it loads nothing from anywhere.

    Where it would be larger than `most_mb`, its steps get fewer and smaller images.

    Raises
    ------
    StorageError
        When it cannot be written, or even the smallest would be larger.
    """
    with StageFrames(left) as frames:
        for how in FINENESS:
            ctx.report(0, 1, "Trying how large it would be")
            if sum(bytes_of(frames, step, how) for step in left.steps) * _OF_WHOLE > most_mb * 1e6:
                continue
            page = _page(left, _steps(frames, how, ctx)).encode()
            if len(page) <= most_mb * 1e6:
                write_atomically(path, page, "The page")
                remove_left(path.parent, path.name)
                return len(page)
    raise StorageError(
        f"The page would be larger than {most_mb:g} MB.", "Allow more with --most-mb, or leave steps out of the case."
    )


def _steps(frames: StageFrames, how: Fineness, ctx: JobContext) -> list[dict[str, Any]]:
    """Return what the page tells of each step."""
    steps = frames.left.steps
    told = []
    for number, step in enumerate(steps):
        words = f"Step {number + 1} of {len(steps)}"
        part = ctx.part(number / len(steps), (number + 1) / len(steps))
        stack = stack_of(frames, step, how, part, words)
        words_of = narration_alone(step) + _pictures(step, frames.left.loaded.case.folder)
        told.append(
            {
                "title": step.title,
                "words": f"<p><em>{escape(asked)}</em></p>{words_of}" if (asked := asked_words(step)) else words_of,
                "found": _table(frames.left, step, frames.listed(number)),
                "images": [base64.b64encode(image).decode() for image in stack.images],
                "places": stack.places,
                "start": stack.start,
                "turns": stack.turns,
            }
        )
    return told


def _pictures(step: Step, folder: str) -> str:
    """Return the pictures that a step's narration shows, as they stand in the page itself."""
    told = []
    for image in pictures_told(step.narration, folder):
        kind, mime = ("png", "png") if image.hasAlphaChannel() else ("jpg", "jpeg")
        coded = base64.b64encode(pixels_alone(image, kind)).decode()
        told.append(f'<p><img src="data:image/{mime};base64,{coded}" alt="{DESCRIPTION}"></p>')
    return "".join(told)


def _page(left: LeftBehind, steps: list[dict[str, Any]]) -> str:
    folder = shipped("resources/leave_behind")
    script = (folder / "page.js").read_text(encoding="utf-8")
    theme = Theme()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Template((folder / "page.html").read_text(encoding="utf-8")).substitute(
        {role: theme.hex(role) for role in COLOURS},
        title=escape(left.title),
        banner=escape(left.banner),
        origin=escape(left.origin),
        about=_about(left),
        # "<" would end the element that holds it.
        steps=json.dumps(steps).replace("<", "\\u003c"),
        script=script,
        script_sha256=digest,
    )


def _table(left: LeftBehind, step: Step, drawn: tuple[Drawn, ...]) -> str:
    if not drawn:
        return ""
    rows, judged = [], left.loaded.judged
    for row in drawn[:12]:
        name, size, volume, score, against, said = map(escape, cells(row, step, judged=judged))
        told = ' class="told"' if row.selected else ""
        quiet = " · ".join(part for part in (against, said) if part != "–")
        rows.append(
            f"<tr{told}><td>{name}<small>{quiet}</small></td><td>{volume}<small>{size}</small></td><td>{score}</td></tr>"
        )
    head = "<tr><th>Finding</th><th>Volume, size</th><th>Score</th></tr>"
    notes = [said] if (said := models_words(step, left.loaded.results)) else []
    notes += [f"And {len(drawn) - 12} more."] if len(drawn) > 12 else []
    if any(row.finding.recorded for row in drawn):
        notes.append("Recorded: computed when the case was made.")
    if left.banner.startswith("Synthetic"):
        notes.append("Synthetic: of CT made by a program, of no patient.")
    return f"<table>{head}{''.join(rows)}</table><small>{escape(' '.join(notes))}</small>"


def _about(left: LeftBehind) -> str:
    parts = [f"<h1>{escape(left.title)}</h1>", "<h2>Where this comes from</h2>", _facts(left.facts)]
    if left.model_facts:
        parts += ["<h2>About the model</h2>", _facts(left.model_facts)]
    words = "For demonstration and research. Not for diagnostic use: nothing here may guide the care of a patient."
    return "".join([*parts, f"<p><strong>{words}</strong></p>"])


def _facts(facts: tuple[tuple[str, str], ...]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in facts) + "</dl>"
