"""The words that are never off: what the pictures are, and what they are not for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.geometry import Verdict

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case

NOT_FOR_DIAGNOSIS = "Not for diagnostic use"


def synthetic(volume: Volume | None, case: Case | None) -> bool:
    """Return whether the pictures were made by a program; either source may say so."""
    return bool((volume is not None and volume.series.synthetic) or (case is not None and case.provenance.synthetic))


def banner_words(volume: Volume | None, case: Case | None) -> str:
    """Return the banner, such as "Synthetic · Not for diagnostic use"."""
    return f"Synthetic · {NOT_FOR_DIAGNOSIS}" if synthetic(volume, case) else NOT_FOR_DIAGNOSIS


def title_words(session: Session) -> str:
    """Return what is open, without identity: the case's title, or what the series says of itself."""
    if session.case is not None:
        return session.case.title
    if session.volume is None:
        return ""
    series = session.volume.series
    what = series.description or " ".join(part for part in (series.modality, series.body_part.lower()) if part)
    if session.masked or not what:
        return f"Series {series.number}" if series.number is not None else "CT series"
    return what


def verdict_words(verdict: Verdict) -> tuple[str, str, str]:
    """Return the geometry badge: its words, icon and the icon's colour role."""
    return {
        Verdict.OK: ("Geometry ok", "circle-check", "agree"),
        Verdict.RESAMPLED: ("Resampled", "circle-dashed", "text2"),
        Verdict.UNTRUSTED: ("Not trusted", "triangle-alert", "disagree"),
    }[verdict]
