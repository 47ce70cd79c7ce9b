"""Imports that libraries do not slow down: a window should be there at once.

PySide reads the source of every module imported after it, and psygnal asks for its own version, for which the readers
of mail and of tables are loaded.
"""

from __future__ import annotations

import sys
from types import ModuleType

import PySide6.QtCore  # noqa: F401 - makes what is sought below

_VERSIONS = "importlib.metadata"


def leave_sources_unread() -> None:
    """Keep PySide from reading sources; does nothing where it is made otherwise.

    It looks for modules that switch its features on (`from __feature__ import snake_case`). None here does. In a
    program without sources, as frozen ones are, it finds what is said of each module here.
    """
    features = sys.modules.get("shibokensupport.feature")
    if hasattr(features, "_mod_uses_pyside"):
        vars(features)["_mod_uses_pyside"] = lambda _module: False


def leave_version_unasked() -> None:
    """Load psygnal as it is where its version cannot be found; does nothing where versions are at hand."""
    if _VERSIONS in sys.modules:
        return

    def unknown(_name: str) -> str:
        raise ModuleNotFoundError

    stand_in = ModuleType(_VERSIONS)
    vars(stand_in).update(PackageNotFoundError=ModuleNotFoundError, version=unknown)
    sys.modules[_VERSIONS] = stand_in
    try:
        import psygnal  # noqa: F401 - loaded for whoever imports it next
    finally:
        del sys.modules[_VERSIONS]
