from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[..., dict[str, object]]

_START = """
import json, sys, traceback
from pathlib import Path
from viewer.io.kept_modules import KeptModules
kept = KeptModules(Path({kept!r}))
kept.begin()
{code}
writer = kept.end()
if writer is not None:
    writer.join()
told["found"] = kept.found
print(json.dumps(told))
"""
_CODE = """
import tools.rulers.long as long, tools.short
told = dict(long=long.LENGTH, short=tools.short.LENGTH, file=long.__file__, package=tools.rulers.__path__)
"""


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A folder with modules in packages: `tools`, `tools.rulers`, `tools.rulers.long`, `tools.short`."""
    return _with_modules(tmp_path / "library", long=300, short=15)


def _with_modules(folder: Path, **lengths: int) -> Path:
    inner = folder / "tools" / "rulers"
    inner.mkdir(parents=True)
    for package in (inner.parent, inner):
        (package / "__init__.py").write_text('"""Tools."""\n')
    (inner / "long.py").write_text(f"LENGTH = {lengths['long']}\n\n\ndef broken():\n    return 1 / (LENGTH - LENGTH)\n")
    (inner.parent / "short.py").write_text(f"LENGTH = {lengths['short']}\n")
    return folder


@pytest.fixture
def start(tmp_path: Path, repository: Path) -> Start:
    """Starts Python with folders to import from, and returns what came of the code and how many modules were kept."""

    def run(*folders: Path, code: str = _CODE, kept: Path = tmp_path / "modules.kept") -> dict[str, object]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*folders, repository)))}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        done = subprocess.run(
            [sys.executable, "-c", _START.format(kept=str(kept), code=code)],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stderr == ""
        told: dict[str, object] = json.loads(done.stdout)
        return told

    return run


def test_the_second_start_has_modules_of_packages_from_one_file(modules: Path, start: Start, tmp_path: Path) -> None:
    first, second = start(modules), start(modules)
    assert (first.pop("found"), second.pop("found")) == (0, 3)
    assert first == second
    assert (second["long"], second["file"]) == (300, str(modules / "tools" / "rulers" / "long.py"))
    assert [path.name for path in tmp_path.iterdir() if path != modules] == ["modules.kept"]


def test_a_module_that_was_changed_is_the_changed_one_at_once(modules: Path, start: Start) -> None:
    start(modules)
    (modules / "tools" / "short.py").write_text("LENGTH = 150\n")
    changed = start(modules)
    assert (changed["short"], changed["found"]) == (150, 2)
    assert start(modules)["found"] == 3


def test_a_newer_version_is_taken_though_it_is_as_long_and_bears_the_same_time(modules: Path, start: Start) -> None:
    start(modules)
    short = modules / "tools" / "short.py"
    was = short.stat()
    short.with_name("new").write_text(short.read_text().replace("15", "16"))
    os.utime(short.with_name("new"), ns=(was.st_atime_ns, was.st_mtime_ns))
    short.with_name("new").replace(short)
    for compiled in (short.parent / "__pycache__").glob("short.*"):
        compiled.unlink()
    assert start(modules)["short"] == 16


def test_what_is_needed_first_now_is_kept_beside_the_rest(modules: Path, start: Start) -> None:
    start(modules)
    (modules / "tools" / "new.py").write_text("LENGTH = 1\n")
    assert start(modules, code="import tools.new\ntold = {}")["found"] == 0
    assert start(modules, code=_CODE + "import tools.new")["found"] == 4


def test_a_module_that_is_gone_is_not_found(modules: Path, start: Start) -> None:
    start(modules)
    (modules / "tools" / "short.py").unlink()
    code = "try:\n    import tools.short\nexcept ModuleNotFoundError as error:\n    told = {'why': str(error)}"
    assert start(modules, code=code)["why"] == "No module named 'tools.short'"


def test_modules_are_those_of_the_package_that_python_finds(modules: Path, start: Start, tmp_path: Path) -> None:
    start(modules)
    other = _with_modules(tmp_path / "other", long=1000, short=20)
    of_other = start(other, modules)
    assert (of_other["long"], of_other["short"], of_other["found"]) == (1000, 20, 0)
    assert str(other) in str(of_other["file"])


def test_an_error_shows_its_line(modules: Path, start: Start) -> None:
    code = (
        "import tools.rulers.long as long\n"
        "try:\n    long.broken()\nexcept ZeroDivisionError:\n    told = {'why': traceback.format_exc()}"
    )
    start(modules, code=code)
    told = start(modules, code=code)
    assert told["found"] == 2
    assert f'{modules / "tools" / "rulers" / "long.py"}", line 5' in str(told["why"])
    assert "return 1 / (LENGTH - LENGTH)" in str(told["why"])


# Python's number, the file's form, the length of the whole and that of the index.
_HEAD = 24


@pytest.mark.parametrize(
    "damage",
    [
        lambda held: b"",
        lambda held: held[:-5],
        lambda held: held + b"more",
        lambda held: bytes(len(held)),
        lambda held: held[:_HEAD] + bytes(len(held) - _HEAD),
        lambda held: b"\x00\x00\x00\x00" + held[4:],
        lambda held: held[:4] + b"CS1\n" + held[8:],
    ],
    ids=["empty", "cut", "longer", "all nought", "nought but for its head", "of another Python", "of another form"],
)
def test_a_damaged_file_is_made_anew(
    modules: Path, start: Start, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    start(modules)
    kept = tmp_path / "modules.kept"
    kept.write_bytes(damage(kept.read_bytes()))
    after = start(modules)
    assert (after["long"], after["short"], after["found"]) == (300, 15, 0)
    assert start(modules)["found"] == 3


def test_code_that_is_damaged_is_left_for_what_python_keeps(modules: Path, start: Start, tmp_path: Path) -> None:
    start(modules)
    kept = tmp_path / "modules.kept"
    held = kept.read_bytes()
    codes = _HEAD + int.from_bytes(held[_HEAD - 8 : _HEAD], "little")
    kept.write_bytes(held[:codes] + bytes(len(held) - codes))
    after = start(modules)
    assert (after["long"], after["short"], after["found"]) == (300, 15, 3)


def test_a_folder_that_cannot_be_written_is_none_of_a_starts_business(
    modules: Path, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert start(modules, kept=tmp_path / "file" / "modules.kept")["long"] == 300


def test_the_program_has_its_window_from_there(start: Start) -> None:
    code = "import viewer.app, numpy\ntold = {'file': viewer.app.MainWindow.show_page.__code__.co_filename}"
    first, second = start(code=code), start(code=code)
    assert first["file"] == second["file"]
    assert int(str(second["found"])) > 300


def test_a_window_that_was_closed_at_once_leaves_the_next_start_as_quick(start: Start, tmp_path: Path) -> None:
    code = (
        "import types; from viewer import __main__ as way_in\n"
        "sys.modules['viewer.app'] = types.SimpleNamespace(run_window=lambda **_: 0)\n"
        f"way_in.beside_compiled = lambda source: Path({str(tmp_path)!r}) / (Path(source).stem + '.kept')\n"
        "way_in._open_window(); told = {}"
    )
    start(code=code)
    assert (tmp_path / "kept_modules.kept").is_file()
    assert (
        int(str(start(kept=tmp_path / "kept_modules.kept", code="import viewer.ui.quick_imports\ntold = {}")["found"]))
        > 3
    )
