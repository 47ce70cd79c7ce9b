"""The program's way in: the command line, which may open the window."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from viewer.cli.main import main as command_line

if TYPE_CHECKING:
    from pathlib import Path


def _open_window(*, paths: tuple[Path, ...] = (), case: str = "", step: int = 0, kiosk: bool = False) -> int:
    # Imported here so that commands without a window need no Qt.
    from viewer.app import run_window

    return run_window(open_paths=paths, case=case, step=step, kiosk=kiosk)


def main() -> int:
    """Run the program and return its exit code."""
    return command_line(None, _open_window)


if __name__ == "__main__":
    sys.exit(main())
