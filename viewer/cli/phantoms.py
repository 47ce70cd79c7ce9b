"""`casestage phantom`: synthetic CT with its ground truth, without a window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.report import Report
from viewer.cli.terminal import progress_context
from viewer.services.exporting import check_folder

if TYPE_CHECKING:
    import argparse

    from viewer.phantom.recipe import Recipe


def phantom(arguments: argparse.Namespace) -> int:
    """Make a synthetic CT with its ground truth."""
    from viewer.phantom.write import write_phantom  # scipy is loaded only where it is used

    recipe, out = _recipe(arguments), Path(arguments.out)
    check_folder(out)
    lines = write_phantom(recipe, out, progress_context())
    told = Report(arguments)
    for line in lines:
        told.say(line)
    told.finish(folder=arguments.out, kind=arguments.kind, seed=arguments.seed, contents=lines[:-1], synthetic=True)
    return 0


def _recipe(arguments: argparse.Namespace) -> Recipe:
    from viewer.phantom.recipe import USUAL_MM, Recipe, check

    usual = USUAL_MM[arguments.kind]
    spacing = None
    if arguments.thickness is not None or arguments.pixel is not None:
        pixel = arguments.pixel or usual[0]
        spacing = (pixel, pixel, arguments.thickness or usual[2])
    said = arguments.lesions
    only = None if said is None else tuple(key for key in said.split(",") if key and key != "none")
    recipe = Recipe(
        arguments.kind,
        arguments.seed,
        spacing_mm=spacing,
        only=only,
        contrast=arguments.contrast or "",
        dose=arguments.dose or "",
        kernel=arguments.kernel or "",
        tilt_deg=arguments.tilt,
    )
    check(recipe)
    return recipe
