"""The program's way in: the command line, which may open the window."""

from __future__ import annotations

import gc
import logging
import os
import sys
import warnings
from typing import TYPE_CHECKING

from viewer.io.compiled_code import beside_compiled, keep_whole

if TYPE_CHECKING:
    from pathlib import Path

# Also in the processes that this one starts, which import it again.
keep_whole()


def _open_window(
    *, paths: tuple[Path, ...] = (), compare: Path | None = None, case: str = "", step: int = 0, kiosk: bool = False
) -> int:
    # What a start makes stays; looking through it for what may go costs a tenth of the wait for the window.
    gc.disable()
    # Nothing here multiplies large matrices; idle, its threads take turns on the cores that wait for the window.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from viewer.io import kept_modules

    modules = kept_modules.KeptModules(beside_compiled(kept_modules.__file__))
    modules.begin()
    # Commands without a window need no Qt.
    from viewer.ui import kept_code

    code = kept_code.KeptCode(beside_compiled(kept_code.__file__))
    code.begin()
    from viewer.ui.quick_imports import leave_imports_to_python, leave_version_unasked

    leave_imports_to_python()
    leave_version_unasked()
    if paths or case:
        from viewer.scene.opengl_probe import probe_ahead

        probe_ahead()
    from viewer.app import run_window

    ends = [modules.end, code.end]

    def built() -> None:
        while ends:
            ends.pop()()

    try:
        return run_window(open_paths=paths, compare=compare, case=case, step=step, kiosk=kiosk, built=built)
    finally:
        # Also of a window that was closed before; the next start is as quick then.
        built()


def main() -> int:
    """Run the program and return its exit code."""
    if not sys.warnoptions:
        # What libraries warn of may quote a file's header, and says nothing to a user.
        warnings.simplefilter("ignore")
        for name in ("pydicom", "highdicom", "nibabel.global"):
            logging.getLogger(name).disabled = True
    gc.disable()
    from viewer.cli.ending import hear_the_end

    told_to_end = hear_the_end()
    try:
        from viewer.cli.main import main as command_line
        from viewer.io.screen import forget_lost_screens

        forget_lost_screens()
    except KeyboardInterrupt:
        return 130
    gc.freeze()
    gc.enable()
    return command_line(None, _open_window, told_to_end)


if __name__ == "__main__":
    sys.exit(main())
