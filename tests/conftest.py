"""What every test stands on: folders of its own, and the real CT where it is there."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.own_screen import own_screen
from viewer.io import read_slices
from viewer.io.decoders import Decoders
from viewer.ui.theme import IN_FUSION
from viewer.ui.tidying import due

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[1]

# These are set before any test module is imported, because Qt and the program read them once.
_FOLDERS = tempfile.TemporaryDirectory(prefix="casestage-tests-", ignore_cleanup_errors=True)
_HOME = Path(_FOLDERS.name)
for _variable, _name in {
    "CASESTAGE_HOME": "home",
    "XDG_DATA_HOME": "data",
    "XDG_CONFIG_HOME": "config",
    "XDG_CACHE_HOME": "cache",
    "XDG_RUNTIME_DIR": "runtime",
}.items():
    (_HOME / _name).mkdir(mode=0o700)
    os.environ[_variable] = str(_HOME / _name)
if os.environ.get("PYTEST_XDIST_WORKER") and os.environ.get("DISPLAY"):
    os.environ["DISPLAY"] = own_screen()
if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the bundled cases that are made at first use be told too."""
    parser.addoption("--every-case", action="store_true", help="tell all bundled cases, also those made at first use")


def pytest_collection_finish() -> None:
    """Let searches for what may go pass over what stays till the end: all modules of all tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def tidied() -> Iterator[None]:
    """Search for what may go in the main thread alone, as the program does."""
    gc.disable()
    yield
    deep = due()
    if deep is not None:
        gc.collect(deep)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that the program takes for the user's, new for each test."""
    home = tmp_path / "casestage-home"
    monkeypatch.setenv("CASESTAGE_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real public CT beside the checkout; skip where it is absent."""
    named = os.environ.get("CASESTAGE_REAL_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not (folder / "MANIFEST.md").is_file():
        pytest.skip(f"real CT is not here: {folder} (CASESTAGE_REAL_DATA names another place)")
    return folder


@pytest.fixture(autouse=True, scope="session")
def shared_decoders() -> Iterator[Decoders]:
    """Decode in the same processes in all tests that name none: starting them takes longer than most tests."""
    pool = Decoders()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read_slices, "Decoders", lambda _count=None: contextlib.nullcontext(pool))
        yield pool
    pool.close()


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Return what Qt is started with, as by the program."""
    return ["casestage", *IN_FUSION]


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the top of the source tree."""
    return REPOSITORY
