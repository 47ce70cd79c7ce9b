"""How a title or sentence goes on behind a colon or comma."""

from __future__ import annotations


def going_on(text: str) -> str:
    """Return a text with its first letter small; abbreviations and single letters stay as they are."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
