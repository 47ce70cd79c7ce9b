"""Whether 3D can be drawn here: tried in a child process, because a broken driver ends the process that asks."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from types import ModuleType

LONGEST_S = 5.0
# A computer that starts many things at once may need so long; it is waited for in the background.
PATIENT_S = 60.0
# A first start from a cold disk, with a virus scanner reading along.
_START_S = 30.0
_STARTED = "started"
_probing, _waiting = threading.Lock(), threading.Lock()
_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "gdi generic", "software", "microsoft basic render")


@frozen
class Capabilities:
    """OpenGL that works: its renderer's name, and whether a processor does the work of a graphics card."""

    renderer: str
    software: bool


@frozen
class Unavailable3D:
    """Why there is no 3D, in a sentence for the user; planes do not need it. `slow` where it may still come."""

    sentence: str
    hint: str = "The planes do not need it. Updating the graphics driver may bring 3D back."
    detail: str = ""
    slow: bool = False


def choose_window_kind() -> None:
    """Tell VTK to draw without a screen where there is none; has to be called before its first window."""
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")


def _draw() -> dict[str, str]:
    """Return the renderer's name after drawing and reading back a picture of one colour."""
    from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
    from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

    window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(8, 8)
    renderer = vtkRenderer()
    renderer.SetBackground(1.0, 0.5, 0.0)
    window.AddRenderer(renderer)
    window.Render()
    pixels = vtkUnsignedCharArray()
    window.GetPixelData(0, 0, 7, 7, 0, pixels, 0)
    seen = [pixels.GetValue(n) for n in range(3)]
    named = [
        line.split(":", 1)[1].strip() for line in window.ReportCapabilities().splitlines() if "renderer string" in line
    ]
    window.Finalize()
    drawn = abs(seen[0] - 255) < 3 and abs(seen[1] - 128) < 3 and seen[2] < 3
    return {"renderer": named[0] if named else "unknown", "drawn": "yes" if drawn else f"wrong colour {seen}"}


def _talk(say: Callable[[str], None]) -> None:
    """Say that the libraries are there, then what drawing gave."""
    if hasattr(os, "nice"):
        # The images that are read meanwhile are waited for, 3D comes after them.
        os.nice(10)
    choose_window_kind()
    if hasattr(signal, "alarm"):
        # Whoever waits may be gone before a driver that hangs.
        signal.alarm(round(_START_S + PATIENT_S))
    # VTK dresses its arrays for numpy where that is there; loading it is a fifth of the wait for an answer.
    sys.modules.setdefault("numpy", cast("ModuleType", None))
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401

    say(_STARTED)
    say(json.dumps(_draw()))


def child_command() -> list[str]:
    """Return the command that tries OpenGL in another process."""
    return [sys.executable, "-m", "viewer.scene.opengl_probe"]


def _from_child(longest_s: float) -> str:
    """Return what a child interpreter says within so many seconds of its start.

    Raises
    ------
    TimeoutError
        When it took too long.
    OSError, EOFError
        When it could not be started, or ended without an answer.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "PYTHONUTF8": "1"}
    child = subprocess.Popen(
        child_command(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=environment,
    )
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in child.stdout or ():
            lines.put(line.strip())
        lines.put(None)

    reader = threading.Thread(target=read, name="3D probe", daemon=True)
    reader.start()
    try:
        return _answer_in(lines, longest_s)
    finally:
        child.kill()
        child.wait()
        reader.join()
        if child.stdout is not None:
            child.stdout.close()


def _answer_in(lines: queue.SimpleQueue[str | None], longest_s: float) -> str:
    """Return the line that holds the answer; drivers may say other things around it."""
    others: list[str] = []
    until = time.monotonic() + _START_S
    while True:
        try:
            line = lines.get(timeout=max(until - time.monotonic(), 0.0))
        except queue.Empty:
            raise TimeoutError from None
        if line is None:
            raise EOFError("\n".join(others[-8:]))
        if line == _STARTED:
            until = time.monotonic() + longest_s
        elif line.startswith("{"):
            return line
        else:
            others.append(line)


def _from_frozen_child(longest_s: float) -> str:
    """Return what a child of a frozen program says; it has no interpreter to start a module with."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_talk_through, args=(there,), daemon=True)
    child.start()
    there.close()
    try:
        for limit_s in (_START_S, longest_s):
            if not here.poll(limit_s):
                raise TimeoutError
            said = str(here.recv())
        return said
    finally:
        child.kill()
        child.join()


def _talk_through(connection: Connection) -> None:
    _talk(connection.send)


def tried(longest_s: float | None = None) -> Capabilities | Unavailable3D:
    """Return what OpenGL there is, or why 3D cannot be drawn; up to 5 s, or as told, after the libraries are loaded."""
    limit_s = LONGEST_S if longest_s is None else longest_s
    try:
        said = json.loads(_from_frozen_child(limit_s) if getattr(sys, "frozen", False) else _from_child(limit_s))
    except TimeoutError:
        late = f"3D is off: the graphics driver did not answer within {limit_s:.0f} seconds."
        if longest_s is not None:
            return Unavailable3D(late)
        return Unavailable3D(late, "It comes as soon as the driver answers. The planes do not need it.", slow=True)
    except (OSError, EOFError, ValueError, IndexError) as error:
        return Unavailable3D("3D is off: the graphics driver cannot draw it.", detail=str(error))
    if said["drawn"] != "yes":
        return Unavailable3D("3D is off: the graphics driver draws wrong pictures.", detail=str(said))
    name = str(said["renderer"])
    return Capabilities(name, software=any(word in name.lower() for word in _SOFTWARE))


@lru_cache(maxsize=1)
def _tried_once() -> Capabilities | Unavailable3D:
    return tried()


@lru_cache(maxsize=1)
def _tried_patiently() -> Capabilities | Unavailable3D:
    return tried(PATIENT_S)


def probed() -> Capabilities | Unavailable3D:
    """Return what `tried` returns; remembered, and who asks meanwhile waits for the same answer."""
    with _probing:
        found = _tried_once()
    late = isinstance(found, Unavailable3D) and found.slow and _tried_patiently.cache_info().currsize
    return _tried_patiently() if late else found


def waited_for() -> Capabilities | Unavailable3D:
    """Return what a driver says that was slow, once it answers; up to a minute, remembered too."""
    with _waiting:
        return _tried_patiently()


def probe_ahead() -> None:
    """Have OpenGL tried while the program loads, where a core is idle meanwhile."""
    if (os.cpu_count() or 1) > 1:
        threading.Thread(target=probed, name="3D probe ahead", daemon=True).start()


if __name__ == "__main__":
    _talk(lambda line: print(line, flush=True))  # noqa: T201
