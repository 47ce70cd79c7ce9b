"""What goes wrong is said in a sentence with a hint, and never quotes who the patient is."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import dcmread

from tests.cli.conftest import PATIENT, PATIENT_ID, Outcome, casestage, write_series
from viewer.domain.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.walkthrough import Case


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for command in (
        ("info",),
        ("run", "--model", "anatomy", "--out", tmp_path / "o"),
        ("render", "--out", tmp_path / "x.png"),
    ):
        said = casestage(command[0], tmp_path / "empty", *command[1:])
        assert said.is_sentence()
        assert "no files" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("info",),
        ("render", "--out=x.png"),
        ("run", "--model=anatomy", "--out=o"),
        ("models", "check"),
        ("models", "add"),
        ("models", "propose"),
        ("models", "import-monai", "--out=o"),
        ("models", "import-nnunet", "--out=o"),
        ("case", "check"),
        ("pack", "verify"),
        ("cohort", "run", "--model=anatomy", "--out=o"),
    ],
)
def test_a_path_longer_than_any_can_be_is_said_in_a_sentence(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert casestage(*words, "long" * 200).is_sentence()


def test_a_folder_of_junk_names_what_was_looked_at(tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.mkdir()
    (junk / "letter.txt").write_text("Dear colleague")
    (junk / "picture.dcm").write_bytes(np.random.default_rng(1).bytes(5000))
    (junk / "nothing.dcm").write_bytes(b"")
    said = casestage("info", junk)
    assert said.is_sentence()
    assert "3 files" in said.err
    assert "letter.txt" in said.err


def test_a_file_that_may_not_be_read_is_not_called_damaged(
    small_series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked.dcm"
    shutil.copy(sorted(small_series.iterdir())[0], locked)
    real = os.open

    def opened(path: Any, *rest: Any, **more: Any) -> int:
        if str(path) == str(locked):
            raise PermissionError(errno.EACCES, "Permission denied")
        return int(real(path, *rest, **more))

    monkeypatch.setattr(os, "open", opened)
    said = casestage("info", locked)
    assert said.is_sentence()
    assert "Check that you may read it." in said.err
    assert "Copy the file again" not in said.err


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    for command in (
        ("info",),
        ("run", "--model", "anatomy", "--out", tmp_path / "o"),
        ("render", "--out", tmp_path / "x.png"),
    ):
        assert casestage(command[0], tmp_path / "nowhere", *command[1:]).is_sentence()


def test_a_truncated_slice_among_good_ones_is_told_and_not_trusted(small_series: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cut"
    shutil.copytree(small_series, folder)
    last = sorted(folder.iterdir())[3]
    last.write_bytes(last.read_bytes()[:-1000])
    said = casestage("info", folder, "--json")
    (series,) = said.json["series"]
    assert series["verdict"] == "untrusted"
    assert any("ends early" in reason for reason in series["reasons"])
    declined = casestage("run", folder, "--model", "anatomy", "--out", tmp_path / "out")
    assert declined.is_sentence()


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_truncated_file_alone_is_no_success(share: float, small_series: Path, tmp_path: Path) -> None:
    whole = sorted(small_series.iterdir())[0].read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[: int(len(whole) * share)])
    for command in (("info",), ("render", "--out", tmp_path / "x.png")):
        said = casestage(command[0], tmp_path / "cut.dcm", *command[1:])
        assert said.code == 1
        assert "Traceback" not in said.err
        assert "early" in said.out + said.err or "image" in said.err
    assert not (tmp_path / "x.png").exists()


def test_two_different_slices_at_one_place_are_not_trusted(small_series: Path, tmp_path: Path) -> None:
    folder = tmp_path / "twice"
    shutil.copytree(small_series, folder)
    files = sorted(folder.iterdir())
    first, second = dcmread(files[3]), dcmread(files[4])
    second.ImagePositionPatient = first.ImagePositionPatient
    second.PixelData = bytes(len(second.PixelData))
    second.save_as(files[4])
    (series,) = casestage("info", folder, "--json").json["series"]
    assert series["verdict"] == "untrusted"
    assert series["reasons"]
    assert casestage("run", folder, "--model", "anatomy", "--out", tmp_path / "out").is_sentence()


def refused(*_: Any, **__: Any) -> Any:
    raise OSError(errno.EROFS, "Read-only file system")


def opened_for_reading(path: Any, flags: int, *rest: Any, real: Any = os.open, **more: Any) -> int:
    if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        refused()
    return int(real(path, flags, *rest, **more))


@pytest.fixture
def read_only_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def make() -> None:
        monkeypatch.setattr(os, "mkdir", refused)
        monkeypatch.setattr(os, "open", opened_for_reading)
        monkeypatch.setattr("tempfile.mkdtemp", refused)

    return make


def test_a_read_only_disk_is_told_before_any_work(
    read_only_disk: Callable[[], None], small_series: Path, tmp_path: Path
) -> None:
    read_only_disk()
    for command in (
        ("run", small_series, "--model", "anatomy", "--out", tmp_path / "out"),
        ("render", small_series, "--out", tmp_path / "x.png"),
    ):
        said = casestage(*command)
        assert said.is_sentence()
        assert "cannot be written to" in said.err


def test_a_disk_that_turns_read_only_while_a_phantom_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_only_disk: Callable[[], None]
) -> None:
    from tests.cli.test_demo_open_phantom import small_phantom

    monkeypatch.setattr("viewer.phantom.write.made", small_phantom)
    read_only_disk()
    assert casestage("phantom", "head", "--seed", 1, "--out", tmp_path / "p").is_sentence()


def test_a_file_where_the_folder_should_be(small_series: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for out in (tmp_path / "file", tmp_path / "file" / "deeper"):
        assert casestage("run", small_series, "--model", "anatomy", "--out", out).is_sentence()
    assert (tmp_path / "file").read_text() == "not a folder"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no folder here that even root cannot write to")
def test_a_folder_that_nobody_can_write_to(small_series: Path) -> None:
    assert casestage("run", small_series, "--model", "anatomy", "--out", "/proc/casestage").is_sentence()
    assert casestage("render", small_series, "--out", "/proc/x.png").is_sentence()


@pytest.mark.timeout(20)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(small_case: Case, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert casestage("info", pipe).is_sentence()
    assert casestage("models", "check", pipe).is_sentence()
    model = tmp_path / "model"
    model.mkdir()
    os.mkfifo(model / "model.toml")
    assert casestage("models", "check", model).is_sentence()
    case = Path(small_case.folder).with_name("piped")
    case.mkdir()
    os.mkfifo(case / "case.json")
    said = casestage("demo", "--list")
    assert said.is_sentence()
    assert "small-case" in said.out


def test_an_interrupted_command_says_stopped(small_series: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (KeyboardInterrupt(), CancelledError()):

        def interrupted(*_: Any, error: BaseException = error) -> Any:
            raise error

        monkeypatch.setattr("viewer.cli.series.scan", interrupted)
        said = casestage("info", small_series)
        assert said.code == 130
        assert said.err.strip() == "casestage: stopped."


def test_a_bug_is_a_sentence_that_says_where_but_not_what_it_read(
    small_series: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"could not parse {PATIENT}")

    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("viewer.cli.series.report", broken)
    said = casestage("info", small_series)
    assert said.code == 70
    assert said.err.startswith("casestage: Something went wrong inside the program.\n")
    assert "RuntimeError in " in said.err
    assert "series.py line" in said.err
    assert "Traceback" not in said.err
    assert "Canary" not in said.err + said.out


def secrets(said: Outcome) -> list[str]:
    shown = said.out + said.err
    return [word for word in (*PATIENT.split("^"), PATIENT_ID) if word.lower() in shown.lower()]


def test_no_identity_in_anything_printed_or_logged(
    small_case: Case, anatomy: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    series = Path(small_case.folder) / "ct"
    broken = tmp_path / "broken"
    shutil.copytree(series, broken)
    for number, path in enumerate(sorted(broken.iterdir())):
        path.write_bytes(path.read_bytes()[: -1 - 700 * number])
    out = tmp_path / "out"
    for command in (
        ("info", series, "--json", "--hash", "--at=0,0,110"),
        ("info", series),
        ("info", broken),
        ("info", broken, "--json"),
        ("run", series, "--model", anatomy, "--out", out),
        ("run", broken, "--model", anatomy, "--out", out / "b"),
        ("render", series, "--out", tmp_path / "x.png", "--size", "320x200"),
        ("render", small_case.id, "--out", tmp_path / "y.png", "--size", "320x200"),
    ):
        said = casestage(*command)
        assert secrets(said) == [], command
    assert secrets(Outcome(0, caplog.text, "")) == []
    assert PATIENT.split("^")[0] not in (out / "findings.json").read_text(encoding="utf-8")
    assert not [path for path in tmp_path.rglob("*") if "canary" in path.name.lower()]


def test_what_a_file_says_cannot_steer_the_terminal(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", description="Synthetic \x1b[2Jgone\x07")
    said = casestage("info", tmp_path / "ct")
    assert said.code == 0
    assert "gone" in said.out
    assert "\x1b" not in said.out
    assert "\x07" not in said.out
