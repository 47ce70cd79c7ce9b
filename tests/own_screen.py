"""A screen for one of several test processes: windows on one screen would take the keys from each other."""

from __future__ import annotations

import atexit
import os
import subprocess


def own_screen(bits: int = 24) -> str:
    """Return the name of a new X display of 1920 × 1080, which is there until this process ends."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"1920x1080x{bits}", "-nolisten", "tcp"],
        pass_fds=(write,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(server.kill)
    os.close(write)
    with os.fdopen(read) as told:
        return f":{int(told.readline())}"
