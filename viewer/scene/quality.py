"""How much care a picture is worth."""

from __future__ import annotations

from enum import StrEnum


class Quality(StrEnum):
    """While something moves, or at rest."""

    MOVING = "moving"
    STILL = "still"
