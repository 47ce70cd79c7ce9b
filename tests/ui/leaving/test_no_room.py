"""A disk that takes the beginning of a file and no more: it is said, and nothing is left that looks whole."""

from __future__ import annotations

import resource
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QImage

from viewer.domain.errors import StorageError
from viewer.domain.job import JobContext
from viewer.services.left_behind import left_behind
from viewer.ui.leaving.handout import write_handout
from viewer.ui.snapshot import save_picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from viewer.services.loading import LoadedCase


@contextmanager
def room_for(count: int) -> Iterator[None]:
    """Let files grow to so many bytes; what is written beyond is refused."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_half_a_handout_is_none(qapp: QApplication, loaded: LoadedCase, tmp_path: Path) -> None:
    out = tmp_path / "out" / "hand.pdf"
    with room_for(20_000), pytest.raises(StorageError, match=r"^The handout could not be saved"):
        write_handout(left_behind(loaded), out, JobContext())
    assert not list(out.parent.iterdir())


def test_half_a_picture_is_none_and_the_system_s_reason_is_told(
    qapp: QApplication, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    image = QImage.fromData(b"P6 64 64 255\n" + bytes(range(256)) * 48)
    out = tmp_path / "out" / "one.png"
    with room_for(100), pytest.raises(StorageError, match=r"^The picture could not be saved") as refused:
        save_picture(image, out, "png")
    assert refused.value.detail == "File too large"
    assert not list(out.parent.iterdir())
    assert capfd.readouterr().err == ""
