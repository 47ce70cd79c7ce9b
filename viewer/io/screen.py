"""Whether the screen that the environment names is there: Qt ends the program where it is not."""

from __future__ import annotations

import os
import re
import socket
import sys

_FIRST_PORT = 6000
_WAITS_S = 5.0


def forget_lost_screens() -> None:
    """Take screens that cannot be reached out of the environment, as a session that was left leaves them behind.

    What is drawn is then drawn without a screen, and a window says that there is none.
    """
    if sys.platform != "linux":
        return
    if os.environ.get("DISPLAY") and not _x_answers(os.environ["DISPLAY"]):
        del os.environ["DISPLAY"]
    name = os.environ.get("WAYLAND_DISPLAY")
    if name and not os.path.exists(os.path.join(os.environ.get("XDG_RUNTIME_DIR", ""), name)):
        del os.environ["WAYLAND_DISPLAY"]


def _x_answers(display: str) -> bool:
    """Return True where something listens at an X display, such as ":0", "unix:0" or "localhost:10.0"."""
    named = re.fullmatch(r"(?:\w+/)?(.*):(\d+)(?:\.\d+)?", display)
    if named is None:
        return False
    host, number = named[1].strip("[]"), int(named[2])
    if host.startswith("/"):
        # XQuartz names a socket as a path; the library alone knows what is behind it.
        return True
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"  # noqa: S108  # where every X server listens
        return any(_listens(place) for place in (f"\0{path}", path)) or (not host and _answers("localhost", number))
    return _answers(host, number)


def _listens(path: str) -> bool:
    if sys.platform == "win32":
        return False
    with socket.socket(socket.AF_UNIX) as local:
        try:
            local.connect(path)
        except OSError:
            return False
    return True


def _answers(host: str, number: int) -> bool:
    try:
        with socket.create_connection((host, _FIRST_PORT + number), _WAITS_S):
            return True
    except (OSError, OverflowError):
        return False
