"""What a program that was killed, or found the disk full, leaves: what was there before, whole, and nothing half."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import casestage, write_small_case
from tests.full_disk import room_for
from viewer.cli import case_making
from viewer.domain.errors import StorageError
from viewer.domain.job import JobContext
from viewer.io.atomic_file import write_atomically
from viewer.io.filled_folder import filling
from viewer.io.pack_writing import write_pack
from viewer.io.staging import staging
from viewer.services import packing
from viewer.services.cut_off import put_back_what_was_cut_off

_ROOT = Path(__file__).resolve().parents[2]
_KILLED = """
import os, sys
count = int(sys.argv.pop(1))
real = os.replace
def replace(a, b):
    global count
    count -= 1
    if count < 0:
        os._exit(9)
    real(a, b)
from viewer.services import model_adding, packing
model_adding.os.replace = packing.os.replace = replace
from viewer.cli.main import main
sys.exit(main(sys.argv[1:], None))
"""
_KILLED_BESIDE = """
import os, sys
from viewer.cli import case_making
from viewer.services import packing
case_making.write_case = packing.write_pack = lambda *_: os._exit(9)
from viewer.cli.main import main
sys.exit(main(sys.argv[1:], None))
"""
_KILLED_MOVING = """
import os, sys
from pathlib import Path
from viewer.io.filled_folder import filling
count, real = int(sys.argv[1]), os.replace
def replace(a, b):
    global count
    count -= 1
    if count < 0:
        os._exit(9)
    real(a, b)
with filling(Path(sys.argv[2]), "It") as place:
    for name in ("findings.json", "seg.dcm"):
        (place / name).write_text("after")
    os.replace = replace
"""
_MADE_AT_LENGTH = """
import os, sys
from pathlib import Path
import numpy as np
from viewer.domain.job import JobContext
from viewer.io import pack_writing
from viewer.io.case_document import read_case
from viewer.io.film import film_at
from viewer.services.packing import build_pack
out, case, killed = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
if out.suffix == ".webm":
    with film_at(out, (64, 36), "x") as film:
        film.scene([np.zeros((36, 64, 3), np.uint8)] * 2, 1.0)
        if killed:
            os._exit(9)
else:
    if killed:
        pack_writing._copy = lambda *_: os._exit(9)
    build_pack(out, [read_case(case)], [], JobContext())
"""
_STOPPED_EARLY = """
import os, signal, sys, time
from argparse import Namespace
from viewer import __main__ as program
from viewer.cli import main as cli
def interrupted(*_, **__):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(30)
def hidden(_arguments):
    try:
        interrupted()
    except KeyboardInterrupt:
        pass
    raise ImportError("numpy.core.multiarray failed to import")
def loading(_arguments):
    import shiboken6
    time.sleep(30)
class Parser:
    parse_args = lambda self, _argv: Namespace(run=loading if "Qt" in sys.argv[1] else hidden)
cli.build_parser = interrupted if "options" in sys.argv[1] else lambda *_, **__: Parser()
sys.exit(program.main())
"""
_FRAGILE = """
import os, signal, time
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.2)
except BaseException:
    os.abort()
"""


def killed(move: int, *argv: object) -> None:
    """Run a command that is killed when it moves its next file after so many."""
    run = [sys.executable, "-c", _KILLED, str(move), *map(str, argv)]
    assert subprocess.run(run, env={**os.environ, "PYTHONPATH": str(_ROOT)}, check=False).returncode == 9


def of_version(model: Path, version: str) -> None:
    """Let a model's manifest say another id than a model that came with the program, and a version."""
    text = (model / "model.toml").read_text("utf-8").replace('id = "anatomy"', 'id = "mine"')
    lines = [f'version = "{version}"' if line.startswith("version = ") else line for line in text.splitlines()]
    (model / "model.toml").write_text("\n".join(lines), "utf-8")


def listed() -> list[tuple[str, str]]:
    said = casestage("models", "list", "--json")
    assert said.code == 0, said.err
    return [(m["id"], m["version"]) for m in said.json["models"] if m["id"] == "mine"]


@pytest.mark.parametrize("move", [0, 1])
def test_a_model_that_was_to_be_replaced_is_there_after_a_kill(
    anatomy: Path, own_home: Path, tmp_path: Path, move: int
) -> None:
    model = Path(shutil.copytree(anatomy, tmp_path / "mine"))
    of_version(model, "1.0.0")
    assert casestage("models", "add", model).code == 0
    of_version(model, "2.0.0")
    killed(move, "models", "add", model, "--replace")
    assert listed() == [("mine", "1.0.0")]
    assert casestage("models", "add", model, "--replace").code == 0
    assert listed() == [("mine", "2.0.0")]
    assert sorted(path.name for path in (own_home / "data").iterdir()) == ["models"]
    assert [path.name for path in (own_home / "data" / "models").iterdir()] == ["mine"]


def test_what_an_earlier_version_left_beside_a_model_does_not_take_its_place(
    anatomy: Path, own_home: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(anatomy, tmp_path / "mine"))
    of_version(model, "2.0.0")
    assert casestage("models", "add", model).code == 0
    of_version(model, "1.0.0")
    shutil.copytree(model, own_home / "data" / "models" / ".before-0123456789ab")
    assert listed() == [("mine", "2.0.0")]


def test_a_case_that_was_to_be_replaced_is_listed_at_the_next_start_after_a_kill(
    own_home: Path, tmp_path: Path
) -> None:
    write_small_case(tmp_path / "one", "one")
    pack = tmp_path / "x.casepack"
    write_pack(pack, [tmp_path / "one"], [], JobContext())
    assert casestage("pack", "install", pack).code == 0
    killed(1, "pack", "install", pack, "--replace")
    assert "one" in {case["id"] for case in casestage("demo", "--list", "--json").json["cases"]}
    assert sorted(path.name for path in (own_home / "data").iterdir()) == ["cases"]


@pytest.mark.parametrize("making", ["making", "making_pictures"])
def test_images_that_a_killed_program_had_copied_for_a_case_are_gone_at_the_next_start(
    own_home: Path, making: str
) -> None:
    half = own_home / "data" / making / "0123456789ab" / "dicom" / "0001.dcm"
    with staging(own_home / "data" / making) as others:
        half.parent.mkdir(parents=True)
        half.write_bytes(b"half of it")
        assert casestage("demo", "--list").code == 0
        assert list((own_home / "data" / making).glob("*/")) == [others]
    assert not (own_home / "data" / making).exists()


def test_what_another_program_is_installing_just_now_is_left_alone(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_small_case(tmp_path / "one", "one")
    pack = tmp_path / "x.casepack"
    write_pack(pack, [tmp_path / "one"], [], JobContext())
    real = packing.unpack

    def unpack(path: Path, folder: Path, ctx: JobContext) -> object:
        put_back_what_was_cut_off(own_home / "data")
        return real(path, folder, ctx)

    monkeypatch.setattr(packing, "unpack", unpack)
    assert casestage("pack", "install", pack).code == 0
    assert (own_home / "data" / "cases" / "one" / "case.json").is_file()


def test_an_export_that_finds_the_disk_full_leaves_the_earlier_one_whole(
    small_series: Path, anatomy: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert casestage("run", small_series, "--model", anatomy, "--out", out).code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert set(before) == {"findings.json", "seg.dcm", "sr.dcm"}
    # The others are smaller than that, the report is not.
    room = max(len(before["findings.json"]), len(before["seg.dcm"])) + 100
    assert room < len(before["sr.dcm"])
    with room_for(room):
        said = casestage("run", small_series, "--model", anatomy, "--out", out, "--recorded")
    assert said.is_sentence(), said.err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def _left(path: Path, hours_ago: float) -> Path:
    """Leave a file, or a folder with an image in it, as a program does that was killed so long ago."""
    inside = path if path.name.count(".") > 2 else path / "new" / "seg.dcm"
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.write_bytes(b"half of it")
    then = time.time() - 3600 * hours_ago
    for each in (inside, inside.parent, path):
        if each.is_relative_to(path):
            os.utime(each, (then, then))
    return path


def test_what_a_killed_export_left_is_gone_once_it_is_done_again_and_what_another_just_writes_is_not(
    small_series: Path, anatomy: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    _left(out / ".0badc0de.part", 2)
    now = _left(out / ".00c0ffee.part", 0)
    own = out / ".mine.part"
    own.write_text("nothing of the program's")
    assert casestage("run", small_series, "--model", anatomy, "--out", out).code == 0
    assert {path.name for path in out.iterdir()} == {now.name, own.name, "findings.json", "seg.dcm", "sr.dcm"}


def test_half_a_pack_that_a_killed_program_left_is_gone_once_the_pack_is_built_again(tmp_path: Path) -> None:
    write_small_case(tmp_path / "one", "one")
    out = tmp_path / "out"
    out.mkdir()
    _left(out / ".x.casepack.0badc0de.part", 2)
    now = _left(out / ".x.casepack.00c0ffee.part", 0)
    another = _left(out / ".y.casepack.0badc0de.part", 2)
    write_pack(out / "x.casepack", [tmp_path / "one"], [], JobContext())
    assert {path.name for path in out.iterdir()} == {now.name, another.name, "x.casepack"}


@pytest.mark.parametrize("command", ["pack build", "case new"])
def test_what_was_made_beside_it_by_a_program_that_was_killed_is_gone_once_it_is_done_again(
    small_series: Path, anatomy: Path, tmp_path: Path, command: str
) -> None:
    write_small_case(tmp_path / "one", "one")
    out = tmp_path / "out"
    out.mkdir()
    asked: tuple[object, ...] = ("pack", "build", tmp_path / "one", "--out", out / "x.casepack")
    if command == "case new":
        asked = ("case", "new", small_series, "--model", anatomy, "--out", out / "mine")
    run = [sys.executable, "-c", _KILLED_BESIDE, *map(str, asked)]
    assert subprocess.run(run, env={**os.environ, "PYTHONPATH": str(_ROOT)}, check=False).returncode == 9
    assert list(out.iterdir())
    said = casestage(*asked)
    assert said.code == 0, said.err
    assert [path.name for path in out.iterdir()] == [Path(str(asked[-1])).name]


def test_a_story_for_whose_pack_the_disk_has_no_room_says_what_the_system_said(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with room_for(20_000):
        said = casestage("pack", "build", "tour", "--out", out / "x.casepack")
    assert said.is_sentence(), said.err
    assert "The pack could not be saved" in said.err
    assert "File too large" in said.err
    assert list(out.iterdir()) == []


def test_a_case_that_another_program_made_there_meanwhile_stays(
    small_series: Path, anatomy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "mine"
    real = case_making.save_case

    def meanwhile(*what: Any, **how: Any) -> object:
        write_small_case(out, "theirs")
        return real(*what, **how)

    monkeypatch.setattr(case_making, "save_case", meanwhile)
    said = casestage("case", "new", small_series, "--model", anatomy, "--out", out)
    assert said.is_sentence()
    assert "mine is there already" in said.err
    assert '"theirs"' in (out / "case.json").read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".", "mine"))] == ["mine"]


def test_a_folder_that_cannot_be_filled_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / "there" / name).mkdir(parents=True)
        (tmp_path / "there" / name / "before").touch()
    real = os.replace

    def refused(source: Path, target: Path) -> None:
        if source.parent.name == "new" and source.name == "b":
            raise PermissionError(13, "Permission denied")
        real(source, target)

    def fill() -> None:
        with filling(tmp_path / "there", "It") as place:
            (place / "a").mkdir()
            (place / "b").mkdir()

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(StorageError, match="could not be saved"):
        fill()
    there = tmp_path / "there"
    assert sorted(path.parent.name for path in there.rglob("before")) == ["a", "b"]
    assert sorted(path.name for path in there.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("what", ["x.casepack", "x.webm"])
def test_half_of_what_takes_long_that_a_killed_program_left_is_gone_once_it_is_done_again(
    tmp_path: Path, what: str
) -> None:
    write_small_case(tmp_path / "one", "one")
    out = tmp_path / "out"
    out.mkdir()
    for killed_first in ("killed", ""):
        run = [sys.executable, "-c", _MADE_AT_LENGTH, str(out / what), str(tmp_path / "one"), killed_first]
        assert subprocess.run(run, env={**os.environ, "PYTHONPATH": str(_ROOT)}, check=False).returncode in {0, 9}
        assert list(out.iterdir())
    assert [path.name for path in out.iterdir()] == [what]


@pytest.mark.parametrize("move", range(4))
def test_every_file_is_there_whenever_a_program_is_killed_that_puts_others_in_their_place(
    tmp_path: Path, move: int
) -> None:
    there = tmp_path / "out"
    there.mkdir()
    for name in ("findings.json", "seg.dcm"):
        (there / name).write_text("before")
    run = [sys.executable, "-c", _KILLED_MOVING, str(move), str(there)]
    assert subprocess.run(run, env={**os.environ, "PYTHONPATH": str(_ROOT)}, check=False).returncode in {0, 9}
    assert {path.name for path in there.iterdir() if path.is_file()} == {"findings.json", "seg.dcm"}


def test_a_folder_that_went_away_half_way_is_not_said_to_hold_all_of_it(tmp_path: Path) -> None:
    there = tmp_path / "stick" / "pictures"

    def fill() -> None:
        with filling(there, "The pictures") as place:
            write_atomically(place / "1.png", b"first", "The picture")
            shutil.rmtree(there.parent)
            write_atomically(place / "2.png", b"second", "The picture")

    with pytest.raises(StorageError, match="could not be saved"):
        fill()
    assert not list(tmp_path.rglob("*.png"))


def test_a_model_folder_that_could_not_be_written_is_not_in_the_way_once_there_is_room(
    anatomy: Path, tmp_path: Path
) -> None:
    asked = ("models", "propose", anatomy / "model.onnx", "--task", "segmentation", "--out", tmp_path / "new")
    with room_for((anatomy / "model.onnx").stat().st_size):
        assert casestage(*asked).is_sentence()
    assert not (tmp_path / "new").exists()
    assert casestage(*asked).code == 0


@pytest.mark.skipif(os.name != "posix", reason="Windows ends processes without asking them")
def test_a_command_that_the_system_asks_to_end_takes_away_what_it_had_begun(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = [sys.executable, "-m", "viewer", "phantom", "chest", "--seed", "1", "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "CASESTAGE_HOME": str(tmp_path / "home")}
    process = subprocess.Popen(run, env=environment, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not list(out.glob(".*.part")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.endswith("casestage: stopped.\n")
    assert not out.exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows ends processes without asking them")
@pytest.mark.parametrize("when", ["while options are read", "while a library is loaded that hides it"])
def test_ctrl_c_just_after_the_start_is_told_in_one_sentence(when: str) -> None:
    run = [sys.executable, "-c", _STOPPED_EARLY, when]
    ended = subprocess.run(
        run, env={**os.environ, "PYTHONPATH": str(_ROOT)}, check=False, capture_output=True, text=True
    )
    assert ended.stderr.strip() == "casestage: stopped."
    assert ended.returncode == 130


@pytest.mark.skipif(os.name != "posix", reason="Windows ends processes without asking them")
def test_ctrl_c_while_qt_is_loaded_waits_until_it_is(tmp_path: Path) -> None:
    # Qt's own way to load ends the whole program where an exception comes.
    qt = tmp_path / "shiboken6" / "__init__.py"
    qt.parent.mkdir()
    qt.write_text(_FRAGILE)
    run = [sys.executable, "-c", _STOPPED_EARLY, "while Qt is loaded"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(_ROOT)])}
    ended = subprocess.run(run, env=environment, check=False, capture_output=True, text=True)
    assert ended.stderr.strip() == "casestage: stopped."
    assert ended.returncode == 130
