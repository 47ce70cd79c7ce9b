"""What the presenter reads, without a patient's name: titles, notes, and narration as plain text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from viewer.domain.masking import identity_words, masked_sentences
from viewer.services.step_search import finding_names

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.walkthrough import Step

_MARKS = re.compile(r"(\*\*|__|`|^#+\s*|^\s*[-*]\s+|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w))", re.MULTILINE)


def masked(session: Session, text: str) -> str:
    """Return a text; lines that name the patient of real CT read "Masked"."""
    volume = session.volume
    if volume is None or volume.series.synthetic:
        return text
    naming = identity_words(volume.series.identity)
    return "\n".join(masked_sentences(line, naming) for line in text.split("\n")) if naming else text


def names_here(session: Session) -> dict[str, str]:
    """Return what the findings that are open may be called in a search, by their ids."""
    return finding_names(session.findings, session.lesions, session.matching)


def plain_narration(step: Step) -> str:
    """Return what a step tells on one line, without marks; what it asks first stands in front."""
    told = " ".join(_MARKS.sub("", step.narration).split())
    return told if step.question is None else f"Asks first: {step.question.text} {told}".strip()


def case_title(session: Session) -> str:
    """Return the title of the case that is open."""
    return masked(session, session.case.title) if session.case is not None else ""
