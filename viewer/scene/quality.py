"""How much care a picture is worth."""

from __future__ import annotations

from enum import StrEnum


class Quality(StrEnum):
    """While something moves, at once when it has come to rest, and at rest."""

    MOVING = "moving"
    SETTLING = "settling"
    STILL = "still"
