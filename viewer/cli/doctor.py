"""`casestage doctor`: what this computer has of what the program needs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.cli.terminal import say, say_json
from viewer.domain.errors import CaseStageError
from viewer.inference.installed import installed_models
from viewer.inference.manifest import Manifest
from viewer.inference.providers import provider_words, usable_providers
from viewer.inference.session import thread_count
from viewer.io.journal_chain import check_chain
from viewer.io.program import program_version
from viewer.io.system_memory import free_bytes
from viewer.scene.opengl_probe import Capabilities, probed
from viewer.services.chain_words import HINT, chain_words, entries
from viewer.services.places import config_folder, data_folder, decisions_file, model_folders, run_records_folder

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

_LIBRARIES = ("pyside6-essentials", "vtk", "pydicom", "numpy", "onnxruntime")
_LEAST_MEMORY = 3 * 1024**3
_LEAST_DISK = 1024**3
_MOST_NAMED = 5


@frozen
class Check:
    """One thing that was looked at, what was found, and whether the program can work with it."""

    name: str
    found: str
    ok: bool = True
    hint: str = ""


def doctor(arguments: argparse.Namespace) -> int:
    """Print what was found; 1 where something is missing that the program, or the case that was named, needs."""
    if arguments.what:
        from viewer.cli.readiness import ready

        return ready(arguments)
    asked = [flag for flag in ("--keep", "--steps", "--no-models") if getattr(arguments, flag[2:].replace("-", "_"))]
    if asked:
        raise CaseStageError(f"{asked[0]} is about the steps of a case.", "Name one: casestage doctor head-epidural")
    checks = [*_program(), _opengl(), _providers(), _models(), *_folders(), _decisions(), _memory()]
    if arguments.json:
        say_json({"checks": [{"name": c.name, "found": c.found, "ok": c.ok, "hint": c.hint} for c in checks]})
    else:
        for check in checks:
            say(f"{'ok  ' if check.ok else 'NOT '} {check.name}: {check.found}")
            if check.hint:
                say(f"       {check.hint}")
    return 0 if all(check.ok for check in checks) else 1


def _program() -> list[Check]:
    checks = [
        Check("CaseStage", program_version()),
        Check("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
    ]
    for name in _LIBRARIES:
        try:
            checks.append(Check(name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            # A wheel for a graphics card has another name and the same module.
            known = name == "onnxruntime" and "onnxruntime" in sys.modules
            checks.append(Check(name, "another build" if known else "not installed", known))
    screen = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    if sys.platform == "linux" and not screen:
        checks.append(Check("Screen", "none", hint="Commands without a window work; the window needs a screen."))
    return checks


def _opengl() -> Check:
    found = probed()
    if isinstance(found, Capabilities):
        slow = "Drawn by the processor: 3D is slower." if found.software else ""
        return Check("OpenGL", found.renderer, hint=slow)
    return Check("OpenGL", found.sentence, hint=found.hint)


def _providers() -> Check:
    names = ", ".join(provider_words(name) for name in usable_providers())
    return Check("Models run on", f"{names} ({thread_count()} threads on the processor)")


def _models() -> Check:
    found = installed_models(model_folders())
    good = [m for m in found if isinstance(m, Manifest)]
    broken = len(found) - len(good)
    hint = "casestage models list names what is wrong." if broken else ""
    return Check("Models", f"{len(good)} installed" + (f", {broken} with mistakes" if broken else ""), not broken, hint)


def _folders() -> list[Check]:
    checks = []
    for name, folder in (
        ("Data folder", data_folder()),
        ("Settings folder", config_folder()),
        ("Recorded results", run_records_folder()),
    ):
        there = next(place for place in (folder, *folder.parents) if place.exists())
        free = shutil.disk_usage(there).free
        writable = _writable(there)
        hint = "" if writable else "Choose another with CASESTAGE_HOME."
        if writable and free < _LEAST_DISK:
            hint = "Free some space on that disk."
        words = f"{folder}, {free / 1e9:.1f} GB free" + ("" if writable else ", cannot be written")
        checks.append(Check(name, words, writable and free >= _LEAST_DISK, hint))
    return checks


def _decisions() -> Check:
    name = "Decisions"
    try:
        chain = check_chain(decisions_file())
    except CaseStageError as error:
        return Check(name, error.sentence, ok=False, hint=error.hint)
    if not chain.whole:
        words = [chain_words(chain)]
        if chain.changed:
            numbers = [str(one.sequence) for one in chain.changed[:_MOST_NAMED]]
            words.append(f"number {', '.join(numbers)}{' and more' if len(chain.changed) > _MOST_NAMED else ''}")
        return Check(name, f"not as they were written: {'; '.join(words)}", ok=False, hint=HINT)
    return Check(name, f"{entries(chain.events)} on disk, as written" if chain.events else "none yet")


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryDirectory(prefix=".casestage-", dir=folder):
            return True
    except OSError:
        return False


def _memory() -> Check:
    free = free_bytes()
    return Check(
        "Memory",
        f"{free / 1e9:.1f} GB available",
        free >= _LEAST_MEMORY,
        "" if free >= _LEAST_MEMORY else "Close other programs: large series and models need about 3 GB.",
    )
