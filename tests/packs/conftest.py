"""A pack that is as it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import write_small_case
from viewer.domain.job import JobContext
from viewer.io.pack_writing import write_pack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def whole_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    write_small_case(folder / "case")
    write_pack(folder / "small.casepack", [folder / "case"], [], JobContext())
    return folder / "small.casepack"
