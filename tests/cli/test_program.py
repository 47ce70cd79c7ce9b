"""The program as a process of its own: what a shell and other programs see."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pydicom
import pytest

from tests.own_screen import own_screen

COMMAND = (sys.executable, "-m", "viewer")


def test_json_alone_stands_on_standard_output(small_series: Path, repository: Path) -> None:
    done = subprocess.run([*COMMAND, "info", small_series, "--json"], cwd=repository, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["series"][0]["slices"] == 8
    assert done.stderr == b""


def test_a_failure_is_a_sentence_on_standard_error_whatever_the_terminal_can_print(
    tmp_path: Path, repository: Path
) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9\x1b[31m.dcm")).write_bytes(b"junk")
    done = subprocess.run(
        [*COMMAND, "info", tmp_path],
        cwd=repository,
        capture_output=True,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b"casestage: ")
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="pipes that break are told by a signal only there")
def test_a_reader_who_leaves_early_gets_no_complaint(repository: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*COMMAND, "models", "list"], cwd=repository, stdout=writing, stderr=subprocess.PIPE, timeout=60
        )
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device here that is always full")
def test_a_full_disk_under_the_output_is_told(repository: Path) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, "models", "list"], cwd=repository, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr.startswith("casestage: What was found out could not be printed.")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell closes streams like this only there")
def test_closed_streams_do_no_harm(repository: Path, small_series: Path) -> None:
    shell = f"{sys.executable} -m viewer info '{small_series}'"
    without_errors = subprocess.run(["sh", "-c", f"{shell} 2>&-"], cwd=repository, capture_output=True, timeout=60)
    assert without_errors.returncode == 0
    assert b"geometry ok" in without_errors.stdout
    without_output = subprocess.run(["sh", "-c", f"{shell} >&-"], cwd=repository, capture_output=True, timeout=60)
    assert without_output.returncode == 1
    assert without_output.stderr.startswith(b"casestage: What was found out could not be printed.")


def test_libraries_say_nothing_of_a_header_on_their_own(repository: Path) -> None:
    # A header of pydicom's own that makes it log, which may quote what stands there.
    odd = Path(pydicom.__file__).parent / "data" / "test_files" / "meta_missing_tsyntax.dcm"
    done = subprocess.run([*COMMAND, "info", odd], cwd=repository, capture_output=True, text=True, timeout=60)
    lines = done.stderr.splitlines()
    assert all(line.startswith(("casestage: ", "  ")) for line in lines), done.stderr


@pytest.mark.skipif(os.name != "posix", reason="Ctrl+C reaches a group of processes only there")
def test_ctrl_c_while_a_model_runs_stops_all_of_it_and_writes_nothing(
    real_data: Path, repository: Path, tmp_path: Path
) -> None:
    folder = real_data / "a13_abdomen_contrast_CRLM-1004"
    started = subprocess.Popen(
        [*COMMAND, "run", folder, "--model", "anatomy", "--out", tmp_path / "out"],
        cwd=repository,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    children = f"/proc/{started.pid}/task/{started.pid}/children"
    until = time.monotonic() + 30
    # The model's process is there: from now on two processes hear the key.
    while time.monotonic() < until and started.poll() is None and not _read(children):
        time.sleep(0.02)
    time.sleep(0.3)
    os.killpg(started.pid, signal.SIGINT)
    out, err = started.communicate(timeout=30)
    # A shell tells both as 130: Python may also end by the signal itself.
    assert started.returncode in (130, -signal.SIGINT)
    assert out == b""
    assert err.decode().strip() == "casestage: stopped."
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="X servers with a palette are started here only on Linux")
def test_a_screen_with_too_few_colours_is_told_and_not_left_black(repository: Path) -> None:
    done = subprocess.run(
        COMMAND,
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "DISPLAY": own_screen(bits=8), "QT_QPA_PLATFORM": "xcb"},
    )
    assert done.returncode == 1
    assert done.stderr.startswith("casestage: This screen has too few colours to draw on: 8 bits for each pixel.")
    assert "QPainter" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="screens are named in the environment only there")
@pytest.mark.parametrize("display", [":98765", "localhost:59", "nobody"])
def test_a_screen_that_is_gone_is_told_and_keeps_nothing_from_being_drawn(
    display: str, repository: Path, tmp_path: Path
) -> None:
    gone = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "WAYLAND_"))}
    gone["DISPLAY"] = display
    picture = tmp_path / "step.png"
    drawn = subprocess.run(
        [
            *COMMAND,
            "render",
            "head-epidural",
            "--step",
            "4",
            "--plane",
            "coronal",
            "--size",
            "320x200",
            "--out",
            picture,
        ],
        cwd=repository,
        env=gone,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert drawn.returncode == 0, drawn.stderr
    assert picture.is_file()
    shown = subprocess.run(COMMAND, cwd=repository, env=gone, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 1
    assert shown.stderr.startswith("casestage: There is no display to open a window on.")
    assert "qt.qpa" not in shown.stderr


@pytest.mark.skipif(os.name != "posix", reason="Ctrl+C is sent as a signal only there")
def test_ctrl_c_closes_the_window(repository: Path) -> None:
    started = subprocess.Popen(
        COMMAND,
        cwd=repository,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    home = Path(os.environ["CASESTAGE_HOME"])
    until = time.monotonic() + 20
    while time.monotonic() < until and not (home / "data" / "library.sqlite3").exists():
        time.sleep(0.02)
    time.sleep(0.5)
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=20)
    assert (started.returncode, out, err) == (0, b"", b"")


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
