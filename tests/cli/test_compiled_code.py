"""A disk that was full once, when Python kept what it had compiled, does not keep the program from starting later."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no limit for files")

PROGRAM = """
import resource, sys
if sys.argv[1] != "0":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv[1:] = sys.argv[2:]
from viewer.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def start(tmp_path: Path, repository: Path) -> Callable[[int], str]:
    """Return a function that starts the program, which can write so many bytes of a file, and returns what it says."""
    kept = tmp_path / "compiled"

    def act(room: int = 0) -> str:
        around = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(
            [sys.executable, "-P", "-c", PROGRAM, str(room), "models", "list"],
            env={**around, "PYTHONPYCACHEPREFIX": str(kept), "PYTHONPATH": str(repository)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return act


def test_a_disk_that_was_full_at_the_first_start_does_not_stop_the_next(
    start: Callable[[int], str], tmp_path: Path, repository: Path
) -> None:
    said = start(0)
    # Python's own is compiled where that is installed.
    shutil.rmtree(tmp_path / "compiled" / str(repository).lstrip("/"))
    assert start(6000) == said
    assert start(0) == said


def test_compiled_code_that_was_cut_is_made_anew(start: Callable[[int], str], tmp_path: Path) -> None:
    said = start(0)
    kept = [path for path in (tmp_path / "compiled").rglob("*.pyc") if path.stat().st_size > 4096]
    whole = {path: path.stat().st_size for path in kept if "/viewer/" in str(path)}
    assert whole
    for path, size in whole.items():
        os.truncate(path, size // 2)
    assert start(0) == said
    assert start(0) == said
    assert [path for path, size in whole.items() if path.exists() and path.stat().st_size == size // 2] == []
