"""The words that are never off: what the pictures are, and what they are not for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from viewer.domain.geometry import Verdict
from viewer.domain.masking import identity_words, masked_description, masked_sentences
from viewer.io.program import NAME

if TYPE_CHECKING:
    from viewer.domain.session import Session
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case

NOT_FOR_DIAGNOSIS = "Not for diagnostic use"


def synthetic(volume: Volume | None, case: Case | None) -> bool:
    """Return whether the pictures were made by a program; either source may say so."""
    return bool((volume is not None and volume.series.synthetic) or (case is not None and case.provenance.synthetic))


def banner_words(volume: Volume | None, case: Case | None, second: Volume | None = None) -> str:
    """Return the banner, such as "Synthetic · Not for diagnostic use"; `second` is what a volume is compared with."""
    made = [synthetic(one, case) for one in ((volume,) if second is None else (volume, second))]
    if not any(made):
        return NOT_FOR_DIAGNOSIS
    return f"Synthetic{'' if all(made) else ' in part'} · {NOT_FOR_DIAGNOSIS}"


def title_words(session: Session) -> str:
    """Return what is open: the case's title, or what the series says of itself unless that names a masked patient."""
    if session.case is not None:
        return session.case.title
    return _series_words(session.volume, masked=session.masked) if session.volume is not None else ""


def window_title(session: Session) -> str:
    """Return the title of the window, which never names the patient: screens are shared, and systems log titles."""
    what = _series_words(session.volume, masked=True) if session.volume is not None else ""
    if session.case is not None:
        naming = identity_words(session.volume.series.identity) if _shows_somebody(session.volume) else ()
        what = masked_sentences(session.case.title, naming)
    # Qt adds the program's name to titles that do not end with it.
    return f"{what} – {NAME}" if what else NAME


def hidden_words(session: Session) -> frozenset[str]:
    """Return the words that are not to be read of what is open: none while identity is shown."""
    volume = session.volume
    return identity_words(volume.series.identity) if session.masked and _shows_somebody(volume) else frozenset()


def _shows_somebody(volume: Volume | None) -> TypeGuard[Volume]:
    return volume is not None and not volume.series.synthetic


def _series_words(volume: Volume, *, masked: bool) -> str:
    series = volume.series
    what = masked_description(series) if masked else series.description
    what = what or " ".join(part for part in (series.modality, series.body_part.lower()) if part)
    return what or (f"Series {series.number}" if series.number is not None else "CT series")


def verdict_words(verdict: Verdict) -> tuple[str, str, str]:
    """Return the geometry badge: its words, icon and the icon's colour role."""
    return {
        Verdict.OK: ("Geometry ok", "circle-check", "agree"),
        Verdict.RESAMPLED: ("Resampled", "circle-dashed", "text2"),
        Verdict.UNTRUSTED: ("Not trusted", "triangle-alert", "disagree"),
    }[verdict]
