"""How much care a picture is worth."""

from __future__ import annotations

from enum import StrEnum


class Quality(StrEnum):
    """While something moves, at once when it has come to rest, at rest, and where nothing has happened since."""

    MOVING = "moving"
    SETTLING = "settling"
    STILL = "still"
    FINEST = "finest"
