#!/usr/bin/env python3
"""Hold CaseStage against other viewers on the same folder and screen, measured from outside on the screen's pixels.

.venv/bin/python packaging/compare_viewers.py FOLDER [--rounds 3] [--rate 60] [VIEWER...]

Needs Xvfb, openbox and xdotool, and those of the viewers that are to be compared: aeskulap, amide, invesalius3, mricron
(Debian packages), napari (with napari-itk-io; NAPARI names the command). Those that are not there are left out. Viewers
take turns, so that a busy machine is busy for all of them; medians are told, and ratios to ours.

first_image_s   from the start of the process until something with the texture of CT is on the screen
planes_s        until the last change in the planes: all files are read by then, and all planes painted as they stay.
                Of CaseStage a view that renders the volume in 3D and the panel beside the images count for whole_s
                alone: it makes them once the planes are there. No other viewer has them, and of others all counts.
whole_s         until the last change anywhere
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

SCREEN = (1600, 1000)
# So many blocks of 16×16 pixels with the texture of CT make an image; icons and text have none.
_BLOCKS = 250
_QUIET_S, _LIMIT_S, _SCROLL_S, _DRAIN_S = 3.0, 150.0, 4.0, 1.0
# Pictures of the screen that wait to be judged: that takes a core from the viewer, and is done once it rests.
_MOST_WAITING = 60
_POLL_S = 0.01
_ONE_PICTURE_S = 0.004
# Every so many pixels tell a change; so much of them is one.
_EVERY_PX, _CHANGED_SHARE = 8, 0.002
# Where planes lie on this screen, each as left, top, right, bottom.
_PLANES = {"casestage": ((0, 104, 584, 535), (584, 104, 1168, 535), (0, 537, 584, 966))}
_CROP_PX = 48
# So many notches one way, so that no viewer comes to the end of a series, where nothing changes.
_ONE_WAY = 100
ROOT = Path(__file__).resolve().parent.parent


class Screen:
    """A screen of its own whose pixels are a file, so that looking at them costs the viewer nothing."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="casestage-screen-")
        number = 100 + os.getpid() % 800
        self.environment = {
            **os.environ,
            "DISPLAY": f":{number}",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "QT_QPA_PLATFORM": "xcb",
            "NO_AT_BRIDGE": "1",
        }
        self.environment.pop("WAYLAND_DISPLAY", None)
        size = f"{SCREEN[0]}x{SCREEN[1]}x24"
        server = ["Xvfb", f":{number}", "-screen", "0", size, "-fbdir", self._folder, "+extension", "GLX"]
        self._started = [_quietly(server)]
        file = Path(self._folder) / "Xvfb_screen0"
        while not file.is_file() or file.stat().st_size < SCREEN[0] * SCREEN[1] * 4:
            time.sleep(0.05)
        with file.open("rb") as stream:
            held = mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ)
        # The X window dump format: a header, a colour map, then rows of blue, green, red and a spare byte.
        header = struct.unpack(">25I", held[:100])
        row = header[12]
        pixels = np.frombuffer(held, np.uint8, row * SCREEN[1], header[0] + header[19] * 12)
        self.pixels = pixels.reshape(SCREEN[1], row // 4, 4)[:, : SCREEN[0], :3]
        rules = Path(self._folder) / "rc.xml"
        rules.write_text(
            '<openbox_config xmlns="http://openbox.org/3.4/rc"><applications><application type="normal">'
            "<decor>no</decor><maximized>yes</maximized></application></applications></openbox_config>"
        )
        self._started.append(_quietly(["openbox", "--config-file", str(rules)], self.environment))
        time.sleep(0.7)

    def close(self) -> None:
        """End the screen."""
        for process in reversed(self._started):
            process.terminate()
            process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def texture(self, pixels: np.ndarray[Any, Any] | None = None) -> np.ndarray[Any, Any]:
        """Return which blocks of 16×16 pixels look like CT: grey, neither flat nor black and white."""
        height, width = SCREEN[1] // 16 * 16, SCREEN[0] // 16 * 16
        part = (self.pixels if pixels is None else pixels)[:height, :width]
        grey = part[..., 1].astype(np.float32).reshape(height // 16, 16, width // 16, 16).swapaxes(1, 2)
        grey = grey.reshape(height // 16, width // 16, 256)
        coloured = np.abs(part[..., 0].astype(np.int16) - part[..., 2])
        coloured = coloured.reshape(height // 16, 16, width // 16, 16).max(axis=(1, 3))
        spread, mean = grey.std(-1), grey.mean(-1)
        found: np.ndarray[Any, Any] = (spread > 3) & (spread < 60) & (coloured <= 6) & (mean > 15) & (mean < 250)
        return found

    def most_textured(self) -> tuple[int, int]:
        """Return the middle of the largest image."""
        blocks = np.pad(self.texture().astype(np.float32), 3)
        summed = np.lib.stride_tricks.sliding_window_view(blocks, (7, 7)).sum((2, 3))
        row, column = np.unravel_index(int(summed.argmax()), summed.shape)
        return int(column) * 16 + 8, int(row) * 16 + 8

    def do(self, *words: object) -> None:
        """Let xdotool do something."""
        subprocess.run(["xdotool", *map(str, words)], env=self.environment, check=False, capture_output=True)


def _quietly(command: list[str], environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)


def viewers(folder: Path) -> dict[str, list[str]]:
    """Return the command of each viewer that is here."""
    files = sorted(str(file) for file in folder.iterdir())
    ours = os.environ.get("CASESTAGE") or str(ROOT / ".venv" / "bin" / "casestage")
    napari = os.environ.get("NAPARI", "napari")
    known = {
        "casestage": [ours, "open", str(folder)],
        "aeskulap": ["aeskulap", *files],
        "amide": ["amide", files[0]],
        "invesalius": ["invesalius3", f"--import-all={folder}"],
        "mricron": ["mricron", files[0]],
        "napari": [napari, "--plugin", "napari-itk-io", str(folder)],
    }
    return {name: command for name, command in known.items() if shutil.which(command[0])}


def measured(name: str, command: list[str], rate: int) -> dict[str, float]:
    """Return times in seconds from the start, frames a second while scrolling, and memory in MB."""
    screen = Screen()
    home = tempfile.mkdtemp(prefix="casestage-compare-")
    # Settings of an earlier round, such as a window's place, are not to help anybody.
    environment = {**screen.environment, "CASESTAGE_HOME": home}
    start = time.monotonic()
    process = _quietly(command, environment)
    found: dict[str, float] = {}
    clicked = False
    try:
        seen, planes = screen.pixels[::_EVERY_PX, ::_EVERY_PX], _planes(name)
        last, last_planes = seen.copy(), seen[planes]
        waiting: deque[tuple[float, np.ndarray[Any, Any]]] = deque()
        changed = planes_changed = start
        while time.monotonic() - start < _LIMIT_S and process.poll() is None:
            now, new = time.monotonic(), False
            if (seen != last).mean() > _CHANGED_SHARE:
                last, changed, new = seen.copy(), now, True
            if (seen[planes] != last_planes).mean() > _CHANGED_SHARE:
                last_planes, planes_changed = seen[planes], now
            if name == "amide" and not clicked and screen.pixels[252:270, 76:94].std() > 40:
                # A data set is shown once its box is ticked.
                screen.do("mousemove", 65, 261, "click", 1)
                clicked = True
            if new and "first_image_s" not in found:
                waiting.append((now, screen.pixels.copy()))
            while waiting and (len(waiting) > _MOST_WAITING or now - changed > _QUIET_S):
                at, pixels = waiting.popleft()
                if "first_image_s" not in found and screen.texture(pixels).sum() >= _BLOCKS:
                    found["first_image_s"] = at - start
            if "first_image_s" in found and now - changed > _QUIET_S:
                found["planes_s"] = planes_changed - start
                found["whole_s"] = changed - start
                break
            time.sleep(_POLL_S)
        if "whole_s" in found:
            if name == "casestage":
                # One view, as the others have it; with four the same wheel paints four.
                found["frames_four_per_s"] = _scrolled(screen, name, rate)
                screen.do("key", "shift+3")
                time.sleep(1.0)
            found["frames_per_s"] = _scrolled(screen, name, rate)
            found["memory_mb"] = _memory_mb(process.pid)
    finally:
        _end(process)
        screen.close()
        shutil.rmtree(home, ignore_errors=True)
    return found


def _planes(name: str) -> np.ndarray[Any, Any]:
    """Return which of the pixels that are looked at belong to planes; all of them where nothing else is known."""
    inside = np.full((SCREEN[1], SCREEN[0]), name not in _PLANES)
    for left, top, right, bottom in _PLANES.get(name, ()):
        inside[top:bottom, left:right] = True
    found: np.ndarray[Any, Any] = inside[::_EVERY_PX, ::_EVERY_PX]
    return found


def _scrolled(screen: Screen, name: str, rate: int) -> float:
    """Return how many distinct pictures a second are painted while the wheel turns forth and back."""
    x, y = screen.most_textured()
    screen.do("mousemove", x, y)
    time.sleep(0.4)
    crop = screen.pixels[y - _CROP_PX : y + _CROP_PX, x - _CROP_PX : x + _CROP_PX]
    painted: list[float] = []
    over = threading.Event()

    def watch() -> None:
        last = crop.tobytes()
        while not over.is_set():
            now = crop.tobytes()
            if now != last:
                painted.append(time.monotonic())
                last = now
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.monotonic()
    ways = (("key", "Right"), ("key", "Left")) if name == "napari" else (("click", "5"), ("click", "4"))
    for turn in range(2 * max(1, round(rate * _SCROLL_S / 2 / _ONE_WAY))):
        action, which = ways[turn % 2]
        screen.do(action, "--repeat", _ONE_WAY, "--delay", round(1000 / rate), which)
    spent = time.monotonic() - start
    over.set()
    watcher.join()
    # Parts of one picture that arrive within 4 ms count once; the next picture may come as soon after the last part.
    whole, counted = 0, -1.0
    for at in painted:
        if at - counted > _ONE_PICTURE_S:
            whole, counted = whole + 1, at
    return whole / spent


def _memory_mb(pid: int) -> float:
    """Return the proportional memory of a process and those that it started."""
    total, waiting = 0, [pid]
    while waiting:
        each = waiting.pop()
        try:
            for line in Path(f"/proc/{each}/smaps_rollup").read_text("ascii").splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
            waiting += [int(child) for child in Path(f"/proc/{each}/task/{each}/children").read_text("ascii").split()]
        except OSError:
            continue
    return total / 1024


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(3)
        except (OSError, subprocess.TimeoutExpired):
            continue


def main() -> None:
    """Measure in turns and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("viewers", nargs="*")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=int, default=60, help="wheel events a second")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_intermixed_args()
    here = viewers(arguments.folder)
    chosen = {name: here[name] for name in arguments.viewers or here if name in here}
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
    for _ in range(arguments.rounds):
        for name, command in chosen.items():
            rounds[name].append(measured(name, command, arguments.rate))
            print(name, {key: round(value, 2) for key, value in rounds[name][-1].items()}, file=sys.stderr, flush=True)
    medians = {
        name: {
            key: statistics.median(each[key] for each in told if key in each) for key in {k for e in told for k in e}
        }
        for name, told in rounds.items()
    }
    if arguments.json:
        print(json.dumps(medians))
        return
    ours = medians.get("casestage", {})
    columns = ("first_image_s", "planes_s", "whole_s", "frames_per_s", "memory_mb")
    print(f"load {os.getloadavg()[0]:.1f}; " + " | ".join(("viewer", *columns)))
    for name, found in medians.items():
        cells = []
        for key in columns:
            value = found.get(key)
            ratio = f" ({value / ours[key]:.1f}×)" if value and name != "casestage" and ours.get(key) else ""
            cells.append("–" if value is None else f"{value:.2f}{ratio}")
        print(" | ".join((name, *cells)))


if __name__ == "__main__":
    main()
