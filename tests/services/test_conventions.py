"""The user's own conventions: followed to the letter, or refused with the key that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from viewer.domain.window_presets import PRESETS
from viewer.services.conventions import Conventions, ConventionsError, Dragging, MouseConventions, read_conventions

if TYPE_CHECKING:
    from pathlib import Path

FILE = """
[mouse]
middle = "images"
right = "pan"
wheel_down = "head"
drag_right = "narrower"
drag_up = "darker"

[windows]
3 = ["Pancreas", 250, 60.5]

[keys]
"view.invert" = ["Ctrl+I", "F8"]
"view.reset" = []
"""


def test_without_a_file_they_are_the_usual_ones(tmp_path: Path) -> None:
    assert read_conventions(tmp_path / "conventions.toml") == Conventions()


def test_a_file_that_an_editor_began_with_a_byte_order_mark_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "conventions.toml"
    path.write_bytes(b"\xef\xbb\xbf" + FILE.encode())
    assert read_conventions(path).mouse.middle is Dragging.IMAGES


def test_what_a_file_says_holds_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "conventions.toml"
    path.write_text(FILE)
    found = read_conventions(path)
    assert found.mouse == MouseConventions(Dragging.IMAGES, Dragging.PAN, True, True, True)
    windows = dict(found.windows)
    assert (windows["3"].name, windows["3"].width, windows["3"].centre) == ("Pancreas", 250, 60.5)
    assert [key for key, _ in found.windows] == [key for key, _ in PRESETS]
    assert windows["4"] == dict(PRESETS)["4"]
    assert found.keys == {"view.invert": ("Ctrl+I", "F8"), "view.reset": ()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mouse = 1", "“mouse”"),
        ("[house]", "“house”"),
        ("[mouse]\nleft = 'pan'", "“left” in [mouse]"),
        ("[mouse]\nright = 'fly'", "“right” in [mouse] must be one of zoom"),
        ("[windows]\n9 = ['A', 10, 20]", "“9” in [windows]"),
        ("[windows]\n1 = ['A', 0, 20]", "“1” in [windows]"),
        ("[windows]\n1 = ['A', 10]", "“1” in [windows]"),
        ("[windows]\n1 = [true, 10, 20]", "“1” in [windows]"),
        ("[keys]\n'view.invert' = 'I'", "“view.invert” in [keys]"),
        ("[keys", "not valid TOML"),
    ],
)
def test_a_mistake_is_told_by_its_key(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "conventions.toml"
    path.write_text(text)
    with pytest.raises(ConventionsError) as wrong:
        read_conventions(path)
    assert said in wrong.value.sentence
