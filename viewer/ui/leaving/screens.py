"""Which screens there are to present on."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication

from viewer.services.readiness import Looked, State
from viewer.ui.snapshot import ensure_application


def looked_at_screens(least: tuple[int, int]) -> list[Looked]:
    """Return the screens of this computer, and whether the largest is large enough."""
    ensure_application()
    sizes = []
    for screen in QGuiApplication.screens():
        size, ratio = screen.size(), screen.devicePixelRatio()
        sizes.append((round(size.width() * ratio), round(size.height() * ratio)))
    words = " and ".join(f"{width}×{height}" for width, height in sizes) or "None"
    enough = any(width >= least[0] and height >= least[1] for width, height in sizes)
    if not enough:
        hint = f"Set it to at least {least[0]}×{least[1]}: smaller ones leave little room for anatomy."
        return [Looked("Screen", words, State.NOTE, hint)]
    return [Looked("Screen" if len(sizes) == 1 else "Screens", words)]
