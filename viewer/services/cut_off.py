"""What a program that was killed while it installed something had put aside, put back before anybody looks for it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKS, MODELS = "installing", "adding"


def put_back_what_was_cut_off(data: Path) -> None:
    """Put cases and models back into the data folder where nothing took their place, and remove what lies beside them.

    What other programs are installing just now stays.
    """
    # Nearly always neither is there, and nobody waits for what installs.
    if (data / PACKS).is_dir():
        from viewer.services.packing import put_back

        _tidied(data / PACKS, put_back)
    if (data / MODELS).is_dir():
        from viewer.services.model_adding import put_back as put_model_back

        _tidied(data / MODELS, put_model_back)


def _tidied(folder: Path, put_back: Callable[[Path], None]) -> None:
    from viewer.io.staging import remove_left

    # The next install tries again, and says why it cannot.
    with suppress(OSError):
        remove_left(folder, put_back)
        folder.rmdir()
