from __future__ import annotations

import re

import pytest

from tests.cli.conftest import casestage

COMMANDS = (
    ("demo",),
    ("open",),
    ("info",),
    ("models",),
    ("models", "list"),
    ("models", "check"),
    ("run",),
    ("render",),
    ("archive",),
    *(("archive", kind) for kind in ("list", "query", "retrieve", "test", "add", "remove")),
    ("cohort",),
    *(("cohort", kind) for kind in ("run", "evaluate", "report")),
    ("phantom",),
    ("bench",),
)


@pytest.mark.parametrize("command", [(), *COMMANDS], ids=" ".join)
def test_help_says_what_a_command_does_and_gives_an_example(command: tuple[str, ...]) -> None:
    said = casestage(*command, "--help")
    assert said.code == 0
    assert re.search(r"Example:\s+casestage\s+\S", said.out)


@pytest.mark.parametrize("command", [c for c in COMMANDS if len(c) == 1], ids=" ".join)
def test_the_list_of_commands_names_it(command: tuple[str]) -> None:
    assert re.search(rf"^\s+{command[0]}\b", casestage("--help").out, re.MULTILINE)


def test_without_a_command_the_window_opens_on_the_library() -> None:
    assert casestage().windows == [{"paths": (), "case": "", "step": 0, "kiosk": False, "compare": None}]


def test_the_version_is_told() -> None:
    said = casestage("--version")
    assert said.code == 0
    assert re.fullmatch(r"casestage \S+\n", said.out)


@pytest.mark.parametrize(
    "wrong",
    [
        ("dance",),
        ("info",),
        ("run", "x", "--out", "y"),
        ("info", "x", "--at", "1,2"),
        ("info", "x", "--at=nan,0,0"),
        ("info", "x", "--at=1e999,0,0"),
        ("render", "x", "--out", "y.png", "--window", "400"),
        ("render", "x", "--out", "y.png", "--window", "0/40"),
        ("render", "x", "--out", "y.png", "--window", "nan/40"),
        ("render", "x", "--out", "y.png", "--size", "10x10"),
        ("render", "x", "--out", "y.png", "--size", "99999x99999"),
        ("render", "x", "--out", "y.png", "--plane", "diagonal"),
        ("render", "x", "--out", "y.png", "--height-mm=-3"),
        ("render", "x", "--out", "y.png", "--height-mm=nan"),
        ("render", "x", "--out", "y.png", "--step", "two"),
        ("phantom", "foot", "--seed", "1", "--out", "x"),
        ("phantom", "head", "--seed=-1", "--out", "x"),
        ("archive", "dance"),
        ("archive", "query"),
        ("archive", "query", "x", "--from", "yesterday"),
        ("archive", "retrieve", "x"),
        ("archive", "add", "x"),
        ("archive", "add", "x", "--url", "http://x", "--dimse", "X@y:1"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_refused_with_the_usage(wrong: tuple[str, ...]) -> None:
    said = casestage(*wrong)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("usage: casestage")
    assert "Traceback" not in said.err
