"""Small DICOM series for services, made as those of the io tests are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.io.conftest import MadeCt

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def made_ct(tmp_path: Path) -> MadeCt:
    """Return a writer of small CT series into a folder of its own."""
    folder = tmp_path / "ct"
    folder.mkdir()
    return MadeCt(folder)
