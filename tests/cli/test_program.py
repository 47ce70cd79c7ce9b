"""The program as a process of its own: what a shell and other programs see."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

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


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
