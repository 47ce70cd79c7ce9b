"""What a killed program left of what it installed or made, put back before anybody looks for it, or removed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKS, MODELS = "installing", "adding"
CASES, PICTURES = "making", "making_pictures"


def put_back_what_was_cut_off(data: Path) -> None:
    """Put cases and models back into the data folder where nothing took their place, and remove what lies beside them.

    What other programs are installing or making just now stays.
    """
    # Nearly always none is there, and nobody waits for what installs.
    if (data / PACKS).is_dir():
        from viewer.services.packing import put_back

        _tidied(data / PACKS, put_back)
    if (data / MODELS).is_dir():
        from viewer.services.model_adding import put_back as put_model_back

        _tidied(data / MODELS, put_model_back)
    for name in (CASES, PICTURES):
        if (data / name).is_dir():
            _tidied(data / name)


def _tidied(folder: Path, put_back: Callable[[Path], object] = lambda _folder: None) -> None:
    from viewer.io.staging import remove_left

    # The next one tries again, and says why it cannot.
    with suppress(OSError):
        remove_left(folder, put_back)
        folder.rmdir()
