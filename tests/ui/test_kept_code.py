from __future__ import annotations

import builtins
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from viewer.ui.kept_code import KeptCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SOURCE = "def answer(x: Number) -> int:\n    return 42\n"


@pytest.fixture(autouse=True)
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    before = builtins.compile
    yield
    builtins.compile = before


def _start(path: Path, source: str = _SOURCE) -> tuple[int, dict[str, object]]:
    """Return how much a start had to compile, and what the code made."""
    kept, names = KeptCode(path), {}
    kept.begin()
    try:
        exec(compile(source, "<made>", "exec"), names)
    finally:
        kept.end()
    return kept.compiled, names


def test_the_second_start_compiles_nothing(tmp_path: Path) -> None:
    assert _start(tmp_path / "code.kept")[0] == 1
    compiled, names = _start(tmp_path / "code.kept")
    assert (compiled, names["answer"](0)) == (0, 42)
    assert compile is builtins.compile
    assert [path.name for path in tmp_path.iterdir()] == ["code.kept"]


def test_changed_text_is_compiled_anew(tmp_path: Path) -> None:
    _start(tmp_path / "code.kept")
    compiled, names = _start(tmp_path / "code.kept", _SOURCE.replace("42", "43"))
    assert (compiled, names["answer"](0)) == (1, 43)


_SOUGHT = r"(?P<year>\d{4})-(?P<month>[01]\d)|[^\Wé]+?"


def _sought(path: Path, flags: re.RegexFlag = re.IGNORECASE) -> tuple[int, list[tuple[object, ...]]]:
    """Return how much a start had to compile for a regular expression, and what that finds."""
    kept = KeptCode(path)
    re.purge()
    kept.begin()
    try:
        found = re.compile(_SOUGHT, flags)
    finally:
        kept.end()
    facts = [(m.group(), m.groupdict(), m.lastgroup) for m in found.finditer("2026-11 É aé٣")]
    return kept.compiled, [(found.pattern, found.flags, found.groupindex), *facts]


def test_a_regular_expression_of_an_earlier_start_finds_the_same(tmp_path: Path) -> None:
    first, anew = _sought(tmp_path / "code.kept")
    second, kept = _sought(tmp_path / "code.kept")
    assert (first, second) == (1, 0)
    assert kept == anew
    assert re.compile(_SOUGHT, re.IGNORECASE).flags == anew[0][1]


def test_other_flags_are_another_regular_expression(tmp_path: Path) -> None:
    _, anew = _sought(tmp_path / "code.kept")
    compiled, ascii_only = _sought(tmp_path / "code.kept", re.ASCII)
    assert compiled == 1
    assert ascii_only != anew


def test_a_wrong_regular_expression_is_told_as_ever(tmp_path: Path) -> None:
    kept = KeptCode(tmp_path / "code.kept")
    kept.begin()
    try:
        with pytest.raises(re.error, match="unterminated"):
            re.compile("(a")
    finally:
        kept.end()


def test_annotations_mean_what_they_mean_where_the_text_is_compiled(tmp_path: Path) -> None:
    # This file says `from __future__ import annotations`: what it compiles never looks Number up.
    for _ in range(2):
        assert _start(tmp_path / "code.kept")[1]["answer"].__annotations__["x"] == "Number"
    kept = KeptCode(tmp_path / "other.kept")
    names: dict[str, object] = {"compile_": None}
    kept.begin()
    try:
        plain = _plain_caller()
        with pytest.raises(NameError, match="Number"):
            exec(plain(_SOURCE), names)
    finally:
        kept.end()


def _plain_caller() -> object:
    names: dict[str, object] = {}
    text = "def run(source):\n    return compile(source, '<made>', 'exec')\n"
    exec(compile(text, "<plain>", "exec", 0, True), names)
    return names["run"]


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-5], lambda b: b[:20] + b"x" + b[21:], lambda _: b"", lambda b: b[::-1]]
)
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "code.kept"
    _start(path)
    path.write_bytes(damage(path.read_bytes()))
    assert _start(path)[0] == 1
    assert _start(path)[0] == 0


def test_a_folder_that_cannot_be_written_is_none_of_a_starts_business(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert _start(tmp_path / "file" / "code.kept")[1]["answer"](0) == 42


def test_a_start_makes_the_same_classes_from_kept_code(tmp_path: Path, repository: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from viewer.ui.kept_code import KeptCode\n"
        f"kept = KeptCode(Path({str(tmp_path / 'code.kept')!r})); kept.begin()\n"
        "import viewer.services.desk; from PySide6.QtCore import QSize; kept.end()\n"
        "print(kept.compiled, QSize(1, 2))"
    )
    told = [
        subprocess.run([sys.executable, "-P", "-c", code], cwd=repository, check=True, capture_output=True, text=True)
        for _ in range(2)
    ]
    first, second = (int(done.stdout.split()[0]) for done in told)
    assert first > 100
    assert second == 0
