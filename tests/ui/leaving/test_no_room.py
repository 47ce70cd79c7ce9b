"""A disk that takes the beginning of a file and no more: it is said, and nothing is left that looks whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QImage

from tests.full_disk import room_for
from viewer.domain.errors import StorageError
from viewer.domain.job import JobContext
from viewer.services.left_behind import left_behind
from viewer.ui.leaving.handout import write_handout
from viewer.ui.snapshot import save_picture

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from viewer.services.loading import LoadedCase


def test_half_a_handout_is_none(qapp: QApplication, loaded: LoadedCase, tmp_path: Path) -> None:
    out = tmp_path / "out" / "hand.pdf"
    with room_for(20_000), pytest.raises(StorageError, match=r"^The handout could not be saved"):
        write_handout(left_behind(loaded), out, JobContext())
    # The folder was made for it, and goes with it.
    assert not out.parent.exists()


def test_half_a_picture_is_none_and_the_system_s_reason_is_told(
    qapp: QApplication, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    image = QImage.fromData(b"P6 64 64 255\n" + bytes(range(256)) * 48)
    out = tmp_path / "out" / "one.png"
    with room_for(100), pytest.raises(StorageError, match=r"^The picture could not be saved") as refused:
        save_picture(image, out, "png")
    assert refused.value.detail == "File too large"
    assert not out.parent.exists()
    assert capfd.readouterr().err == ""


def test_a_name_as_long_as_the_system_takes_is_written_as_well(
    qapp: QApplication, loaded: LoadedCase, tmp_path: Path
) -> None:
    # 250 bytes of the 255 that a name may have.
    out = tmp_path / f"{'手' * 82}.pdf"
    out.write_bytes(b"of before")
    write_handout(left_behind(loaded), out, JobContext())
    assert out.read_bytes().startswith(b"%PDF")
    assert list(tmp_path.iterdir()) == [out]
