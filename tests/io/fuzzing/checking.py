"""What must hold for every mutated file: nothing ends or hangs, every refusal is a sentence, no pixel is made up.

A mutated file lies in a folder with sound ones of its series and is opened as the program opens it. Its images are
either refused and named, with a verdict that says so, or hold what an independent reader finds in the same bytes
(`comparing` says which differences are none). The sound images hold their values in any case.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import unicodedata
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field

from tests.io.fuzzing.comparing import compared_images, compared_volume
from tests.io.fuzzing.other_readers import OtherReaders
from tests.io.fuzzing.seeds import CANARY
from tests.io.fuzzing.stream_mutations import streams
from tests.machine_speed import slowness
from viewer.domain.errors import CaseStageError, NothingToOpenError
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.io.decoders import Decoders
from viewer.io.index_rows import series_values
from viewer.io.scan import scan
from viewer.io.thumbnails import thumbnail
from viewer.services.loading import load_series

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from tests.io.fuzzing.cases import Case
    from viewer.domain.volume import Volume
    from viewer.io.series_entry import SeriesEntry

LONGEST_CPU_S = 5.0
# A decoder may hang twice for its limit, on a computer with much else to do.
LONGEST_WALL_S = 25.0
MOST_BYTES = 300 << 20
_MOST_ENTRIES = 8
_MOST_LEFT_OPEN = 24
_INFO_EVERY = 401
_LEFT_OUT = re.compile("lie at the same place|lie at one place|is there twice|are there twice")
_LONGEST_SENTENCE = 400


class OvertimeError(BaseException):
    """This process works on a file for longer than it may."""


@define
class Outcome:
    """What came of one case: "shown", "partly", "refused" or "unseen", what was said, and what is wrong."""

    number: int
    kind: str
    done: tuple[str, ...]
    state: str = "refused"
    said: list[str] = field(factory=list)
    compared: str = ""
    problems: list[str] = field(factory=list)
    cpu_s: float = 0.0
    wall_s: float = 0.0
    grown_bytes: int = 0


class Checker:
    """Opens cases one after another in a folder of its own."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="casestage-fuzz-"))
        self._temporary = self._home / "tmp"
        self._temporary.mkdir()
        tempfile.tempdir = str(self._temporary)
        os.environ["TMPDIR"] = str(self._temporary)
        self._pool = Decoders(1)
        self._readers = OtherReaders()
        self._logged: list[str] = []
        logging.getLogger().addHandler(_Kept(self._logged))
        self._open = 0
        self._checked = 0

    def close(self) -> list[str]:
        """End all processes and return what was left behind."""
        self._pool.close()
        self._readers.close()
        shutil.rmtree(self._home, ignore_errors=True)
        tempfile.tempdir = None
        del os.environ["TMPDIR"]
        gc.collect()
        return [f"thread {t.name} goes on" for t in threading.enumerate() if t.name.startswith("casestage")]

    def check(self, case: Case) -> Outcome:
        """Return what came of a case."""
        outcome = Outcome(case.number, case.seed.kind, case.done)
        folder = self._home / "case"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, content in case.files.items():
            (folder / name).write_bytes(content)
        self._logged.clear()
        _forget_peak()
        before, cpu, wall = _memory("VmRSS"), time.process_time(), time.monotonic()
        opened: list[tuple[SeriesEntry, Volume | None]] = []
        try:
            with _cpu_limit(4 * LONGEST_CPU_S), warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                opened = self._opened(case, folder, outcome)
            self._logged += [str(w.message) for w in warned if not _known_warning(w)]
        except (Exception, OvertimeError) as error:  # noqa: BLE001 - anything but a sentence is what is looked for
            outcome.problems.append(f"{type(error).__name__}: " + "".join(traceback.format_exception(error)[-8:]))
        outcome.cpu_s, outcome.wall_s = time.process_time() - cpu, time.monotonic() - wall
        outcome.grown_bytes = max(0, _memory("VmHWM") - before)
        long = outcome.cpu_s > LONGEST_CPU_S and outcome.cpu_s > LONGEST_CPU_S * slowness()
        if long or outcome.wall_s > LONGEST_WALL_S:
            outcome.problems.append(f"took {outcome.cpu_s:.1f} s of this process, {outcome.wall_s:.1f} s in all")
        if outcome.grown_bytes > MOST_BYTES:
            outcome.problems.append(f"took {outcome.grown_bytes >> 20} MB of memory")
        outcome.problems += [f"logged: {line}" for line in self._logged]
        self._judge(case, folder, opened, outcome)
        self._left_behind(outcome)
        if case.number % _INFO_EVERY == 0:
            outcome.problems += _told_by_command(folder)
        return outcome

    def _opened(self, case: Case, folder: Path, outcome: Outcome) -> list[tuple[SeriesEntry, Volume | None]]:
        """Scan, load and picture; note what is said."""
        path = folder / case.seed.opened_as if case.seed.opened_as else folder
        try:
            found = scan(path, JobContext())
        except NothingToOpenError as error:
            _note(outcome, error)
            if not case.seed.opened_as:
                outcome.problems.append("the sound files are not found")
            return []
        for skipped in found.skipped:
            outcome.said.append(skipped.why)
            outcome.problems += _sentence_faults(skipped.why)
            outcome.problems += [f"unclean name {skipped.file!r}"] * (not _clean(skipped.file))
        opened: list[tuple[SeriesEntry, Volume | None]] = []
        for entry in found.series[:_MOST_ENTRIES]:
            volume = None
            try:
                volume = load_series(entry, JobContext(), None, self._pool)
            except CaseStageError as error:
                _note(outcome, error)
            with contextlib.suppress(CaseStageError):
                thumbnail(entry, self._pool)
            opened.append((entry, volume))
        return opened

    def _judge(
        self, case: Case, folder: Path, opened: list[tuple[SeriesEntry, Volume | None]], outcome: Outcome
    ) -> None:
        mutated = str(folder / case.mutated)
        inside = case.seed.form == "zip"
        shown = asked = 0
        for entry, volume in opened:
            own = [f for f in entry.files if f == mutated or (inside and f.startswith(mutated + "/"))]
            outcome.problems += _faults_of(entry, volume)
            outcome.problems += _list_faults(entry, volume, folder)
            if volume is None:
                asked += bool(own)
                sound = any(Path(name).name in case.seed.files and name != mutated for name in entry.files)
                if sound and entry.kind == "dicom":
                    outcome.problems.append("a series with sound images is refused")
                continue
            outcome.said += volume.reasons
            for reason in volume.reasons:
                outcome.problems += _sentence_faults(reason)
            outcome.problems += _sound_faults(case, folder, entry, volume)
            if not own:
                continue
            if entry.kind != "dicom":
                asked, shown = asked + 1, shown + 1
                if not inside and entry.index_in_file == 0:
                    faults, outcome.compared = compared_volume(folder / case.mutated, volume, self._readers)
                    outcome.problems += faults
                continue
            frames = [f for f in entry.frames if f.file.name in own]
            there = [k for k, name in enumerate(volume.source_files) if name in own]
            asked, shown = asked + len(frames), shown + len(there)
            said = " ".join(volume.reasons)
            if len(there) < len(frames) and not _LEFT_OUT.search(said):
                named = volume.verdict is Verdict.UNTRUSTED and "could not be read" in said
                outcome.problems += [f"{len(frames) - len(there)} images are missing and nobody says so"] * (not named)
            if there and not inside:
                content = case.files.get(case.mutated)
                file = folder / case.mutated
                if content is None:
                    file = self._home / "mutated"
                    file.write_bytes(_member(case))
                faults, outcome.compared = compared_images(
                    file, volume, there, frames, self._readers, sound_streams=_streams_are_sound(case, file)
                )
                outcome.problems += faults
        outcome.state = "refused" if not shown else "shown" if shown == asked else "partly"

    def _left_behind(self, outcome: Outcome) -> None:
        self._checked += 1
        left = [name for name in os.listdir(self._temporary) if not name.startswith("pymp-")]
        if left:
            outcome.problems.append(f"left behind in the temporary folder: {left}")
            shutil.rmtree(self._temporary)
            self._temporary.mkdir()
        threads = [t.name for t in threading.enumerate() if t.name.startswith("casestage")]
        if threads:
            outcome.problems.append(f"threads go on: {threads}")
        if any(worker.busy for worker in self._pool._all) or len(self._pool._all) > 1:
            outcome.problems.append("a decoder goes on")
        count = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        if self._checked == 20:
            self._open = count
        elif self._checked > 20 and count > self._open + _MOST_LEFT_OPEN:
            outcome.problems.append(f"{count} files are open, {self._open} were")
            self._open = count


class _Kept(logging.Handler):
    """Keeps what is logged, whoever logs it."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.name}: {record.getMessage()}")


def _known_warning(warned: warnings.WarningMessage) -> bool:
    # Python's own word on forks and SWIG types, not on files.
    return "swig" in str(warned.message).lower()


@contextlib.contextmanager
def _cpu_limit(seconds: float) -> Iterator[None]:
    """Stop Python code of this thread that works for longer."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise OvertimeError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _memory(line: str) -> int:
    """Return resident memory, now (VmRSS) or at most (VmHWM), in bytes; 0 where the system does not say."""
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii") as lines:
        for text in lines:
            if text.startswith(line):
                return int(text.split()[1]) << 10
    return 0


def _note(outcome: Outcome, error: CaseStageError) -> None:
    outcome.said.append(error.sentence)
    outcome.problems += _sentence_faults(error.sentence)
    outcome.problems += _sentence_faults(error.hint) if error.hint else []
    outcome.problems += [f"identity in {error.detail!r}"] * (CANARY.lower() in error.detail.lower())
    outcome.problems += [f"traceback in {error.detail!r}"] * ("Traceback" in error.detail)


def _clean(text: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in text)


def _list_faults(entry: SeriesEntry, volume: Volume | None, folder: Path) -> list[str]:
    """Return what is wrong with what the list of scans says: it is never more cautious than opening a series is."""
    row = series_values(entry, str(folder), str(folder), frozenset())
    worst = list(Verdict)
    listed, said = str(row["verdict"]), str(row["reason"])
    faults = _sentence_faults(said) if said else []
    if volume is not None and listed and worst.index(Verdict(listed)) > worst.index(volume.verdict):
        faults.append(f"the list says {listed} and opening says {volume.verdict.value}")
    return faults


def _sentence_faults(text: str) -> list[str]:
    """Return what is wrong with a sentence that a person reads."""
    faults = []
    if not text.endswith(".") or not (text[:1].isupper() or text[:1].isdigit()):
        faults.append("no sentence")
    if "Error" in text or "Traceback" in text or "0x" in text:
        faults.append("a program's words")
    if CANARY.lower() in text.lower():
        faults.append("identity")
    if not _clean(text):
        faults.append("signs that cannot be read")
    if len(text) > _LONGEST_SENTENCE:
        faults.append("too long")
    return [f"{fault}: {text[:500]!r}" for fault in faults]


def _faults_of(entry: SeriesEntry, volume: Volume | None) -> list[str]:
    words = [entry.facts.modality, entry.facts.description, entry.part, entry.facts.series_uid, entry.facts.body_part]
    words += [volume.unit] if volume is not None else []
    faults = [f"unclean words {text!r}" for text in words if not _clean(text)]
    if volume is not None and not np.isfinite(volume.slices).all():
        faults.append("values that are no numbers")
    return faults


def _sound_faults(case: Case, folder: Path, entry: SeriesEntry, volume: Volume) -> list[str]:
    """Return where the sound images of an entry do not hold their values."""
    faults = []
    if entry.kind != "dicom":
        known = case.seed.known.get(Path(entry.files[0]).name)
        if known is not None and not np.array_equal(volume.slices, known):
            faults.append("a sound volume has other values")
        return faults
    said = " ".join(volume.reasons)
    mutated = str(folder / case.mutated)
    for uid in dict.fromkeys(f.sop_uid for f in entry.frames if f.file.name != mutated):
        known = case.seed.known.get(uid)
        if known is None or (known.ndim == 2 and case.seed.form != "zip" and uid in _uids_of(entry, mutated)):
            continue
        if case.seed.form == "zip" and "spliced" in case.done:
            # A whole member may have come from the other archive, with its check sum and under the same UID.
            continue
        at = [k for k, other in enumerate(volume.source_uids) if other == uid and volume.source_files[k] != mutated]
        planes = known if known.ndim == 3 else known[None]
        if len(at) < len(planes):
            if not _LEFT_OUT.search(said) and case.seed.form != "zip":
                faults.append("a sound image is not shown")
            continue
        numbers = [volume.source_frames[k] - 1 if volume.source_frames else 0 for k in at]
        if not all(_same(volume, k, planes[n]) for k, n in zip(at, numbers, strict=True)):
            faults.append("a sound image has other values")
    return faults


def _uids_of(entry: SeriesEntry, name: str) -> set[str]:
    return {f.sop_uid for f in entry.frames if f.file.name == name}


def _same(volume: Volume, k: int, known: Any) -> bool:
    there = np.ones(known.shape, np.bool_)
    if volume.padding is not None:
        there &= volume.slices[k] != volume.padding
        there |= known != known.min()
    return np.array_equal(volume.slices[k][there], known.astype(volume.slices.dtype)[there])


def _streams_are_sound(case: Case, file: Path) -> bool:
    content = file.read_bytes()
    return all(stream in content for stream in streams(case.seed.files[case.seed.name], case.seed.syntax))


def _member(case: Case) -> bytes:
    import io
    import zipfile

    archive, _, name = case.mutated.partition("/")
    with zipfile.ZipFile(io.BytesIO(case.files[archive])) as opened:
        return opened.read(name)


def _told_by_command(folder: Path) -> list[str]:
    """Return what is wrong with what `casestage info --json` says of a folder."""
    command = [sys.executable, "-m", "viewer", "info", "--json", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return ["casestage info takes more than a minute"]
    faults = [f"casestage info ended with {done.returncode}"] * (done.returncode not in (0, 1))
    output, complaint = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    if "Traceback" in complaint or CANARY.lower() in complaint.lower():
        faults.append(f"casestage info says {complaint[-1000:]!r}")
    if output:
        try:
            json.loads(output)
        except ValueError:
            faults.append("casestage info prints no JSON")
    return faults
