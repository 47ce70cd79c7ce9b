"""What can be typed after `casestage phantom`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

EXAMPLE = "phantom head --seed 7 --out ./head7"
KINDS = ("head", "chest", "abdomen")


def add_phantom_options(
    made: argparse.ArgumentParser, seed: Callable[[str], object], length: Callable[[str], object]
) -> None:
    """Add the options; `seed` and `length` read a whole number from 0 and millimetres above 0."""
    made.add_argument("kind", choices=KINDS)
    made.add_argument("--seed", type=seed, required=True, help="the same seed gives the same anatomy")
    made.add_argument("--out", required=True, metavar="DIR", help="folder for dicom, truth, contents.txt, recipe.json")
    made.add_argument("--json", action="store_true", help="for other programs")
    made.add_argument("--thickness", type=length, metavar="MM", help="from slice to slice")
    made.add_argument("--pixel", type=length, metavar="MM", help="from pixel to pixel")
    made.add_argument(
        "--lesions", metavar="none|KIND,…", help="none, or only these kinds; an unknown kind lists those there are"
    )
    made.add_argument("--contrast", metavar="NAME", help="chest: none, arterial, venous; abdomen: portal, none")
    made.add_argument("--dose", metavar="NAME", help="chest: standard, low")
    made.add_argument("--kernel", metavar="NAME", help="head: soft, bone; chest: soft, lung")
    made.add_argument("--tilt", type=float, default=0.0, metavar="DEG", help="head: tilt of the gantry")
