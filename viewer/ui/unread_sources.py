"""Imports that are not slowed down by PySide, which reads the source of every module imported after it.

It looks for modules that switch its features on (`from __feature__ import snake_case`). None here does. In a program
without sources, as frozen ones are, it finds what is said of each module here.
"""

from __future__ import annotations

import sys

import PySide6.QtCore  # noqa: F401 - makes what is sought below


def leave_sources_unread() -> None:
    """Keep PySide from reading sources; does nothing where it is made otherwise."""
    features = sys.modules.get("shibokensupport.feature")
    if hasattr(features, "_mod_uses_pyside"):
        vars(features)["_mod_uses_pyside"] = lambda _module: False
