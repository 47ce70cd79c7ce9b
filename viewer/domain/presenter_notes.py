"""What a presenter's notes say: what to tell, and answers that were prepared for questions.

From the first line that begins with ``Q:`` on, notes are questions and answers. A line ``Q:`` begins a question, ``A:``
its answer, which goes on to the next ``Q:``. Where an answer says "step 4", one press goes there.
"""

from __future__ import annotations

import re

from attrs import frozen

_QUESTION = re.compile(r"\s*Q:\s*(.*)", re.IGNORECASE)
_ANSWER = re.compile(r"\s*A:\s*(.*)", re.IGNORECASE)
_STEP = re.compile(r"\bstep\s+(\d{1,3})\b", re.IGNORECASE)


@frozen
class PreparedAnswer:
    """A question that may come, and what to say then; `step` is the number from 0 of a step it names, or None."""

    question: str
    answer: str
    step: int | None = None


@frozen
class PresenterNotes:
    """Notes, taken apart."""

    told: str
    answers: tuple[PreparedAnswer, ...] = ()


def parse_notes(notes: str) -> PresenterNotes:
    """Return notes with the prepared answers apart; an answer without a question stays in the notes."""
    told: list[str] = []
    pairs: list[tuple[list[str], list[str]]] = []
    answering = False
    for line in notes.strip().splitlines():
        question, answer = _QUESTION.match(line), _ANSWER.match(line)
        if question is not None:
            pairs.append(([question[1]], []))
            answering = False
        elif not pairs:
            told.append(line)
        elif answer is not None and not answering:
            pairs[-1][1].append(answer[1])
            answering = True
        else:
            pairs[-1][1 if answering else 0].append(line.strip())
    answers = (_prepared(" ".join(question).strip(), "\n".join(answer).strip()) for question, answer in pairs)
    return PresenterNotes("\n".join(told).strip(), tuple(each for each in answers if each.question))


def _prepared(question: str, answer: str) -> PreparedAnswer:
    named = _STEP.search(answer)
    return PreparedAnswer(question, answer, int(named[1]) - 1 if named and int(named[1]) > 0 else None)
