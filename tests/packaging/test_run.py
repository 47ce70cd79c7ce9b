"""packaging/run as a stranger meets it: no screen, missing libraries, odd folders, JSON on standard output."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the set-up of system libraries is Linux's")

PYTHON = """#!/bin/sh
case "$*" in
    *"-m pip"*) echo "$*" >> "$(dirname "$0")/pip-calls"; exit ${PIP_FAILS:-0} ;;
    -c*) exit 0 ;;
esac
echo "started: $*"
"""


@dataclass(frozen=True)
class Checkout:
    """A checkout whose Python only says how it was started, and a folder of commands that come first."""

    root: Path
    commands: Path

    def run(self, *arguments: str, start: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        """Return what packaging/run printed, in an environment that holds nothing else."""
        environment = {"PATH": f"{self.commands}:/usr/local/bin:/usr/bin:/bin", **variables}
        return subprocess.run(
            [str(start or self.root / "packaging" / "run"), *arguments],
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def command(self, name: str, script: str) -> None:
        """Put a command of this name before the system's."""
        path = self.commands / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def without_library(self, file_name: str) -> None:
        """Pretend that this library is not installed, and that all others are."""
        listed = (self.root / "packaging" / "system-packages").read_text("utf-8").splitlines()
        names = [line.split()[0] for line in listed if line.strip() and not line.startswith("#")]
        lines = "\n".join(f"\t{name} (libc6,x86-64) => /usr/lib/{name}" for name in names if name != file_name)
        self.command("ldconfig", f"cat <<'END'\n{lines}\nEND")

    def pip_calls(self) -> str:
        """Return how pip was called, one line a call."""
        calls = self.root / ".venv" / "bin" / "pip-calls"
        return calls.read_text("utf-8") if calls.exists() else ""


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Checkout:
    """Return a checkout in which everything is installed and no library is missing."""
    root = tmp_path / "a folder with spaces"
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / "packaging").mkdir()
    commands = tmp_path / "commands"
    commands.mkdir()
    for name in ("run", "setup.sh", "system-packages"):
        shutil.copy(repository / "packaging" / name, root / "packaging")
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(repository / name, root)
    python = root / ".venv" / "bin" / "python"
    python.write_text(PYTHON, encoding="utf-8")
    python.chmod(0o755)
    made = Checkout(root, commands)
    made.without_library("")
    first = made.run("info")
    assert first.returncode == 0, first.stderr
    (root / ".venv" / "bin" / "pip-calls").unlink()
    return made


def test_arguments_reach_the_program_and_standard_output_is_its_own(checkout: Checkout) -> None:
    result = checkout.run("info", "a path", "--json")
    assert (result.returncode, result.stdout, result.stderr) == (0, "started: -P -m viewer info a path --json\n", "")


def test_nothing_is_installed_twice(checkout: Checkout) -> None:
    checkout.run("info")
    assert checkout.pip_calls() == ""


def test_a_changed_lock_is_installed_on_the_next_start(checkout: Checkout) -> None:
    with (checkout.root / "requirements.lock").open("a") as lock:
        lock.write("one-more==1.0\n")
    result = checkout.run("info")
    assert result.returncode == 0
    assert f"--constraint {checkout.root}/requirements.lock --editable {checkout.root}\n" in checkout.pip_calls()
    assert result.stdout == "started: -P -m viewer info\n"


def test_a_failed_installation_says_so_and_is_tried_again(checkout: Checkout) -> None:
    with (checkout.root / "requirements.lock").open("a") as lock:
        lock.write("one-more==1.0\n")
    failed = checkout.run("info", PIP_FAILS="1")
    assert failed.returncode == 1
    assert "could not be installed" in failed.stderr
    assert failed.stdout == ""
    assert checkout.run("info").returncode == 0
    assert checkout.pip_calls().count("-m pip install") == 2


@pytest.mark.parametrize("arguments", [(), ("demo",), ("demo", "head", "--step", "2"), ("open", "a path")])
def test_without_a_screen_it_says_how_to_make_a_picture(checkout: Checkout, arguments: tuple[str, ...]) -> None:
    result = checkout.run(*arguments)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "no screen" in result.stderr
    assert "packaging/run render head-epidural --step 1 --out step.png" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [("demo", "--list", "--json"), ("--help",), ("demo", "--help"), ("--version",), ("render", "x"), ("bench",)],
)
def test_what_needs_no_window_starts_without_a_screen(checkout: Checkout, arguments: tuple[str, ...]) -> None:
    result = checkout.run(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"started: -P -m viewer {' '.join(arguments)}\n"


def test_a_display_that_nobody_serves_is_no_screen(checkout: Checkout) -> None:
    assert "no screen" in checkout.run("demo", DISPLAY=":60123").stderr


@pytest.mark.parametrize("variables", [{"QT_QPA_PLATFORM": "offscreen"}, {"DISPLAY": "far.example:0"}])
def test_with_a_screen_the_window_is_started(checkout: Checkout, variables: dict[str, str]) -> None:
    result = checkout.run("demo", **variables)
    assert (result.returncode, result.stdout) == (0, "started: -P -m viewer demo\n")


def test_it_starts_through_a_link_from_elsewhere(checkout: Checkout, tmp_path: Path) -> None:
    link = tmp_path / "casestage"
    os.symlink(checkout.root / "packaging" / "run", link)
    assert checkout.run("info", start=link).stdout == "started: -P -m viewer info\n"


def test_a_user_gets_the_line_that_installs_what_is_missing(checkout: Checkout) -> None:
    checkout.without_library("libEGL.so.1")
    checkout.command("id", "echo 1000")
    checkout.command("apt-get", "echo apt-get must not be called >&2; exit 1")
    window = checkout.run("demo", QT_QPA_PLATFORM="xcb")
    assert window.returncode == 1
    assert "    sudo apt-get install libegl1\n" in window.stderr
    assert window.stdout == ""
    headless = checkout.run("info", "--json")
    assert headless.returncode == 0
    assert "sudo apt-get install libegl1" in headless.stderr
    assert headless.stdout == "started: -P -m viewer info --json\n"


def test_root_gets_what_is_missing_after_the_lists_are_fetched(checkout: Checkout, tmp_path: Path) -> None:
    checkout.without_library("libxcb-cursor.so.0")
    checkout.command("id", "echo 0")
    calls = tmp_path / "apt-calls"
    checkout.command("apt-get", f'echo "$*" >> "{calls}"; [ "$1" = update ] || [ $(wc -l < "{calls}") -gt 1 ]')
    result = checkout.run("info", "--json")
    assert result.returncode == 0
    assert result.stdout == "started: -P -m viewer info --json\n"
    install = "install -y -q --no-install-recommends libxcb-cursor0"
    assert calls.read_text("utf-8").splitlines() == [install, "update -q", install]


def test_wayland_libraries_are_asked_for_in_a_wayland_session_only(checkout: Checkout) -> None:
    checkout.without_library("libwayland-cursor.so.0")
    checkout.command("id", "echo 1000")
    checkout.command("apt-get", "exit 1")
    assert checkout.run("demo", DISPLAY="far.example:0").returncode == 0
    result = checkout.run("demo", WAYLAND_DISPLAY="wayland-0")
    assert result.returncode == 1
    assert "sudo apt-get install libwayland-cursor0" in result.stderr
