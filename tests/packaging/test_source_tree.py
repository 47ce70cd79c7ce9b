"""What is committed: the top level, the sizes, and nothing that points at somebody's machine."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ALLOWED = {"pyproject.toml", "README.md", "LICENSE", "requirements.lock"}
ALLOWED_FOLDERS = {"viewer", "resources", "demo_cases", "tests", "packaging", "docs"}
LARGEST_BYTES = 20 * 1024 * 1024
# Put together so that this file does not find itself.
MACHINE_PATH = re.compile(rb"(?<![\w.:~})*-])/(?:" + b"|".join([b"work", b"root", b"home", b"Users", b"tmp"]) + rb")/")
# The X server's sockets lie there on every Linux machine.
KNOWN = re.compile(rb"@?/t" + rb"mp/\.X11-unix/")


@pytest.fixture(scope="module")
def committed(repository: Path) -> list[Path]:
    """Return every file that git tracks, or skip where this is not a checkout."""
    if shutil.which("git") is None or not (repository / ".git").exists():
        pytest.skip("git is not installed, or this is no checkout")
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={repository}", "ls-files", "-z"], cwd=repository, capture_output=True, check=True
    )
    paths = [repository / name for name in listing.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_the_top_level_holds_only_what_was_agreed(committed: list[Path], repository: Path) -> None:
    files = {p.name for p in committed if p.parent == repository and not p.name.startswith(".")}
    folders = {p.relative_to(repository).parts[0] for p in committed if p.parent != repository}
    folders = {name for name in folders if not name.startswith(".")}
    assert files == ALLOWED
    assert folders == ALLOWED_FOLDERS


def test_no_committed_file_is_large(committed: list[Path], repository: Path) -> None:
    large = [str(p.relative_to(repository)) for p in committed if p.stat().st_size > LARGEST_BYTES]
    assert large == []


def test_no_committed_file_names_a_place_on_somebodys_machine(committed: list[Path], repository: Path) -> None:
    found = []
    for path in committed:
        text = KNOWN.sub(b"", path.read_bytes())
        for match in MACHINE_PATH.finditer(text):
            around = text[max(0, match.start() - 30) : match.end() + 30]
            found.append(f"{path.relative_to(repository)}: {around!r}")
    assert found == []


def test_the_folder_packaging_does_not_hide_the_library_of_that_name(repository: Path) -> None:
    import packaging.version

    assert not (repository / "packaging" / "__init__.py").exists()
    assert "site-packages" in Path(packaging.version.__file__).parts


def test_fonts_and_icons_come_with_their_licences(repository: Path) -> None:
    fonts = {p.name for p in (repository / "resources" / "fonts").iterdir()}
    assert {"Inter-Regular.ttf", "Inter-Medium.ttf", "Inter-SemiBold.ttf", "LICENSE-Inter.txt"} <= fonts
    assert "SIL OPEN FONT LICENSE" in (repository / "resources/fonts/LICENSE-Inter.txt").read_text("utf-8")
    assert "ISC License" in (repository / "resources/icons/LICENSE-Lucide.txt").read_text("utf-8")


def test_icons_can_be_coloured_and_have_one_stroke_width(repository: Path) -> None:
    icons = sorted((repository / "resources" / "icons").glob("*.svg"))
    assert len(icons) >= 50
    for icon in icons:
        text = icon.read_text("utf-8")
        assert 'stroke="currentColor"' in text, icon.name
        assert 'stroke-width="1.75"' in text, icon.name
        assert "<script" not in text, icon.name
        assert "href" not in text, icon.name


def test_every_icon_is_drawn_somewhere(repository: Path) -> None:
    code = "".join(path.read_text("utf-8") for path in (repository / "viewer").rglob("*.py"))
    icons = {path.stem for path in (repository / "resources" / "icons").glob("*.svg")}
    assert sorted(name for name in icons if f'"{name}"' not in code) == []


def test_what_the_type_checker_is_told_to_pass_over_says_why_and_tests_which_it_does_not_read_hold_none_of_it(
    repository: Path,
) -> None:
    told = re.compile(r"# type: ignore\[[a-z-]+\](?!  # \w)")
    for path in (repository / "viewer").rglob("*.py"):
        assert not told.search(path.read_text(encoding="utf-8")), path.name
    for path in (repository / "tests").rglob("*.py"):
        said = path != Path(__file__) and "# type: ignore" in path.read_text(encoding="utf-8")
        assert not said, path.name
