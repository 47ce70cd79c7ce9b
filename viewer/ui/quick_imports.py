"""Imports that libraries do not slow down: a window should be there at once.

PySide looks into every import after its own, and reads the source of what is new; psygnal asks for its own version, for
which the readers of mail and of tables are loaded.
"""

from __future__ import annotations

import builtins
import sys
from types import ModuleType

import PySide6.QtCore  # noqa: F401 - makes what is sought below

_VERSIONS = "importlib.metadata"


def leave_imports_to_python() -> None:
    """Keep PySide from looking into imports; does nothing where it does not, or somebody else does too.

    It looks for `from __feature__ import snake_case`, by which a module has Qt under other names. None here does.
    """
    now, before = (getattr(builtins, name, None) for name in ("__feature_import__", "__orig_import__"))
    if before is not None and builtins.__import__ is now:
        builtins.__import__ = before


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
