"""What a reader said of a finding."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import frozen


class Answer(StrEnum):
    """A reader's answer to a finding."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNSURE = "unsure"


@frozen
class Decision:
    """A reader's answer to one finding; `answer` is None where only a comment was typed."""

    finding_id: str
    answer: Answer | None
    reader: str
    comment: str
    time_utc: datetime
