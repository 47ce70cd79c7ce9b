"""Whether this very computer is ready to present a case: what was looked at, and all of it in one word."""

from __future__ import annotations

import shutil
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import CancelledError, CaseStageError, ModelRefusedError
from viewer.io.case_document import DOCUMENT, missing_paths
from viewer.io.system_memory import free_bytes
from viewer.io.whose_images import named_patients
from viewer.scene.opengl_probe import Capabilities, probed
from viewer.services.cases import can_be_presented, case_state
from viewer.services.places import data_folder, run_records_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from viewer.domain.job import JobContext
    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case
    from viewer.inference.manifest import Manifest
    from viewer.services.loading import LoadedCase

SLOW_OPEN_S = 15.0
SLOW_STEP_S = 2.0
SLOW_MODEL_S = 30.0
LEAST_SCREEN = (1280, 720)
_LEAST_DISK = 1 << 30
_SPARE_MEMORY = 1 << 30


class State(StrEnum):
    """How something fares: fine, worth knowing, slow, or in the way of presenting."""

    OK = "ok"
    NOTE = "note"
    SLOW = "slow"
    BAD = "bad"


@frozen
class Looked:
    """One thing that was looked at: what it is, what was found, and what to do about it.

    `short` is how a verdict names it, such as "step 4 takes 2.1 s"; "" where the name does.
    """

    name: str
    found: str
    state: State = State.OK
    hint: str = ""
    short: str = ""


@frozen
class Readiness:
    """Everything that was looked at for one case or pack."""

    title: str
    looked: tuple[Looked, ...]

    @property
    def state(self) -> State:
        """The worst of all; what is only worth knowing does not count."""
        states = {one.state for one in self.looked}
        return State.BAD if State.BAD in states else State.SLOW if State.SLOW in states else State.OK

    @property
    def words(self) -> str:
        """All of it in a line: "Ready", "Ready but slow (step 4 takes 2.1 s)", "Not ready (…)"."""
        if self.state is State.OK:
            return "Ready"
        named = [one.short or one.name.lower() for one in self.looked if one.state is self.state]
        more = f", and {len(named) - 3} more" if len(named) > 3 else ""
        start = "Not ready" if self.state is State.BAD else "Ready but slow"
        return f"{start} ({', '.join(named[:3])}{more})"


def looked_at_files(case: Case, ctx: JobContext) -> list[Looked]:
    """Return whether a case's files are all there, and that its pictures name nobody."""
    missing = missing_paths(case)
    state = case_state(case)
    if not can_be_presented(state):
        found = f"{state}: {missing[0]}" if missing else state
        return [Looked("Files", found, State.BAD, "Copy the whole case folder again.", state.lower())]
    looked = [Looked("Files", f"{DOCUMENT} is valid, and all that it names is there")]
    folder = Path(case.folder) / case.series_path
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    try:
        named_patients(case.title, files, ctx)
    except CancelledError:
        raise
    except CaseStageError as error:
        looked.append(Looked("Identity", error.sentence, State.BAD, error.hint, "the pictures name a patient"))
    else:
        looked.append(Looked("Identity", "The pictures name no patient"))
    return looked


def looked_at_opening(loaded: LoadedCase, seconds: float) -> list[Looked]:
    """Return how long a case took to open, and whether its values are those that it was made with."""
    kept = bool(loaded.case.series_sha256)
    values = "the values are those that it was made with" if kept else "its document holds no hash of the values"
    words = f"Opened in {seconds:.1f} s; {loaded.note or values}"
    slow = seconds > SLOW_OPEN_S
    hint = "Open it once before the talk: what was read stays at hand." if slow else ""
    state = State.SLOW if slow else State.OK if kept else State.NOTE
    return [Looked("Pictures", words, state, hint, f"opening takes {seconds:.0f} s")]


def looked_at_computer(volumes: Sequence[Volume] = ()) -> list[Looked]:
    """Return how this computer fares: 3D, memory, disk, and where its power comes from."""
    looked = [_graphics()]
    needed = sum(volume.slices.nbytes for volume in volumes) * 2 + _SPARE_MEMORY
    free = free_bytes()
    words = f"{free / 1e9:.1f} GB free, about {needed / 1e9:.1f} GB needed"
    low = free < needed
    looked.append(
        Looked("Memory", words, State.BAD if low else State.OK, "Close other programs." if low else "", "little memory")
    )
    place = next(folder for folder in (data_folder(), *data_folder().parents) if folder.exists())
    disk = shutil.disk_usage(place).free
    full = disk < _LEAST_DISK
    hint = "Free some space: decisions and drafts are kept there." if full else ""
    looked.append(
        Looked("Disk", f"{disk / 1e9:.1f} GB free", State.BAD if full else State.OK, hint, "the disk is full")
    )
    battery = _battery()
    return [*looked, *([battery] if battery is not None else [])]


def looked_at_models(
    loaded: LoadedCase, folders: Iterable[Path], ctx: JobContext, records: Path | None = None
) -> list[Looked]:
    """Return how each model of a case fares when it is run once, and whether it says what was recorded."""
    case = loaded.case
    live = (step.live.model_id for step in case.steps if step.live is not None)
    wanted = list(dict.fromkeys(m for m in (case.model_id, *live, *(r.model_id for r in case.results)) if m))
    if not wanted:
        return []
    # The window knows this module, and starts without what runs models.
    from viewer.inference.installed import installed_models
    from viewer.inference.manifest import Manifest, card

    known = {card(m).id: m for m in installed_models(folders) if isinstance(m, Manifest)}
    looked = []
    for number, model_id in enumerate(wanted):
        part = ctx.part(number / len(wanted), (number + 1) / len(wanted))
        manifest = known.get(model_id)
        if manifest is None:
            found = f"“{model_id}” is not on this computer; the recorded result is shown, and says so"
            looked.append(Looked("Model", found, State.NOTE, "Install the pack that brings it, for a live run."))
            continue
        looked.append(_model(manifest, loaded, part, records or run_records_folder()))
    return looked


def _model(manifest: Manifest, loaded: LoadedCase, ctx: JobContext, records: Path) -> Looked:
    from viewer.inference.manifest import card
    from viewer.inference.recalled import run_or_recall
    from viewer.inference.run_records import RunRecords

    name = "Model"
    started = time.monotonic()
    try:
        result = run_or_recall(manifest, loaded.volume, ctx, RunRecords(records), again=True)
    except CancelledError:
        raise
    except ModelRefusedError as error:
        return Looked(name, error.sentence, State.NOTE, "A live run asks first; the recorded result is shown.")
    except CaseStageError as error:
        found = f"{error.sentence} The recorded result is shown in its place, and says so."
        return Looked(name, found, State.NOTE, error.hint)
    seconds = time.monotonic() - started
    recorded = [f for f in loaded.findings if f.source.model_id == card(manifest).id]
    words = f"{manifest.name} ran in {seconds:.1f} s"
    if recorded or (loaded.case.findings_path and loaded.case.model_id == card(manifest).id):
        here = {(f.label_key, round(f.score or 0.0, 2)) for f in result.findings}
        there = {(f.label_key, round(f.score or 0.0, 2)) for f in recorded}
        same = here == there
        words += "; says what was recorded" if same else "; says something else than what was recorded"
        if not same:
            hint = "Another version of the model, or another processor: tell the recorded result."
            return Looked(name, words, State.NOTE, hint)
    slow = seconds > SLOW_MODEL_S
    hint = "Tell the recorded result; a live run takes this long." if slow else ""
    return Looked(name, words, State.SLOW if slow else State.OK, hint, f"a live run takes {seconds:.0f} s")


def _graphics() -> Looked:
    found = probed()
    if not isinstance(found, Capabilities):
        return Looked("Graphics", found.sentence, State.NOTE, f"{found.hint} Steps in 3D show a sentence.")
    words = f"{found.renderer}{', drawn by the processor' if found.software else ''}"
    return Looked("Graphics", words, State.NOTE if found.software else State.OK)


def _battery() -> Looked | None:
    """Return where the power comes from, on a laptop with Linux."""
    if sys.platform != "linux":
        return None
    supplies = Path("/sys/class/power_supply")
    try:
        for place in sorted(supplies.glob("BAT*")):
            status = (place / "status").read_text(encoding="ascii").strip()
            charge = int((place / "capacity").read_text(encoding="ascii"))
            if status == "Discharging":
                return Looked(
                    "Power", f"Battery, {charge} %", State.NOTE, "Plug it in: many laptops slow down without."
                )
            return Looked("Power", "Plugged in")
    except (OSError, ValueError):
        return None
    return None
