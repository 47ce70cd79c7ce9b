"""`casestage render`: pictures without a window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from viewer.analysis.matching import match
from viewer.cli.report import Report
from viewer.cli.series import chosen_series
from viewer.cli.terminal import progress_context
from viewer.domain.errors import (
    CaseDocumentError,
    CaseStageError,
    NothingToOpenError,
    StorageError,
    UnreadableFileError,
)
from viewer.domain.finding import Finding, MatchRule
from viewer.domain.geometry import PlaneName
from viewer.domain.overlays import Overlays, Segmentation, ValueMap
from viewer.domain.view_state import Layout, OverlayMode, ViewName, ViewState
from viewer.io.assemble import BURNED_IN
from viewer.io.kind_at import kind_at
from viewer.scene.acquired import acquired_in
from viewer.services.cases import found_case, installed_cases
from viewer.services.exporting import check_folder
from viewer.services.loading import load_case, load_series
from viewer.services.overlay_files import read_labels, read_map
from viewer.services.places import case_folders
from viewer.services.views import view_of_volume

if TYPE_CHECKING:
    import argparse

    from viewer.domain.volume import Volume
    from viewer.domain.walkthrough import Case, Step
    from viewer.services.loading import LoadedPrior


def render(arguments: argparse.Namespace) -> int:
    """Write a picture of a step, or of a series in a chosen view."""
    # Qt is loaded only where a picture is made.
    from viewer.ui.canvas.tiles import CanvasStyle
    from viewer.ui.snapshot import picture, save_png

    out = Path(arguments.out)
    check_picture(out)
    case = found_case(arguments.path, case_folders())
    findings: tuple[Finding, ...] = ()
    truth: tuple[Finding, ...] = ()
    judged = False
    title = ""
    step: Step | None = None
    prior: LoadedPrior | None = None
    if case is not None:
        loaded = load_case(case, progress_context())
        volume, findings, truth, prior = loaded.volume, loaded.findings, loaded.lesions, loaded.prior
        judged = loaded.judged
        number = 1 if arguments.step is None else arguments.step
        if not 1 <= number <= len(case.steps):
            raise CaseDocumentError(
                f"The case “{case.title}” has no step {number}.", f"It has steps 1 to {len(case.steps)}."
            )
        step = case.steps[number - 1]
        view, title = step.view, f"{case.title} · {step.title}"
    else:
        known = ", ".join(c.id for c in installed_cases(case_folders()).cases) or "none"
        if arguments.step is not None:
            raise CaseDocumentError(f"“{arguments.path}” is not a case.", f"Cases on this machine: {known}.")
        try:
            kind_at(Path(arguments.path))
        except NothingToOpenError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            raise NothingToOpenError(
                "There is no file or folder at this place, and no case of this name.",
                f"Cases on this machine: {known}.",
            ) from error
        entries, _ = chosen_series(Path(arguments.path), arguments.series)
        entry = max(entries, key=lambda e: e.count)
        volume = load_series(entry, progress_context())
        view = view_of_volume(volume)
    if arguments.at is not None and volume.grid.nearest_ijk(arguments.at) is None:
        ends = ", ".join(
            f"{axis} {low:.0f} to {high:.0f}"
            for axis, (low, high) in zip("xyz", volume.grid.bounds_lps_mm, strict=True)
        )
        raise CaseStageError("That point lies outside of the volume.", f"The volume reaches over {ends} mm (LPS).")
    view = _changed_view(view, arguments)
    _check_acquired(volume, view)
    matching = match(findings, truth, view.threshold, MatchRule()) if judged else None
    style = CanvasStyle.STAGE if case is not None else CanvasStyle.REVIEW
    told = Report(arguments)
    overlays = _laid_over(volume, arguments, told)
    image = picture(
        volume,
        view,
        findings,
        arguments.size,
        overlays=overlays,
        title=title,
        style=style,
        matching=matching,
        truth=truth if view.show_truth else (),
        step=step if arguments.plane is None else None,
        prior=prior,
        results=loaded.results if case is not None else (),
    )
    save_png(image, out)
    if volume.may_name:
        told.note(BURNED_IN)
    told.say(f"Written: {out}")
    width, height = arguments.size
    told.finish(file=str(out), width=width, height=height, not_for_diagnostic_use=True)
    return 0


def check_picture(out: Path) -> None:
    """Make sure that a picture can be written before work is done for it.

    Raises
    ------
    StorageError
        With the reason.
    """
    if out.suffix.lower() != ".png":
        raise StorageError("Pictures are written as PNG.", "End the name of --out in .png.")
    if not out.parent.is_dir():
        raise StorageError(f"The folder for {out.name} does not exist.", "Make it first, or choose another.")
    if out.is_dir():
        raise StorageError(f"{out.name} is a folder.", "Choose another name.")
    check_folder(out.parent)


def _laid_over(volume: Volume, arguments: argparse.Namespace, told: Report) -> Overlays:
    """Return what is to lie over a series, and say what was assumed of it."""
    segmentation: Segmentation | None = None
    value_map: ValueMap | None = None
    for name, read in ((arguments.labels, read_labels), (arguments.map, read_map)):
        if name is None:
            continue
        path = Path(name).expanduser()
        if not path.is_file():
            raise UnreadableFileError(f"{path.name} is not a file.", "Check the path.")
        laid = read(path, volume, progress_context())
        if isinstance(laid.what, Segmentation):
            segmentation = laid.what
        else:
            value_map = laid.what
        if laid.note:
            told.note(laid.note)
    return Overlays(segmentation, value_map)


def _check_acquired(volume: Volume, view: ViewState) -> None:
    """Refuse to call a picture one of acquired slices that shows none: only one plane faces them."""
    acquired = acquired_in(volume, view)
    if acquired is not None and view.layout is Layout.SINGLE and view.main.plane is not acquired.plane:
        raise CaseStageError(
            f"The {view.main.value} view does not show the slices of this series as they were acquired.",
            f"Only the {acquired.plane.value} view faces them.",
        )


def _changed_view(view: ViewState, arguments: argparse.Namespace) -> ViewState:
    if arguments.at is not None:
        view = view.looking_at(arguments.at)
    if arguments.window is not None:
        view = view.windowed(arguments.window[0], arguments.window[1])
    if arguments.plane is not None:
        view = evolve(view, layout=Layout.SINGLE, main=ViewName(arguments.plane))
    if arguments.acquired:
        view = evolve(view, acquired=True)
    if arguments.fill:
        view = evolve(view, overlay=OverlayMode.FILL)
    elif (arguments.labels or arguments.map) and view.overlay is OverlayMode.OFF:
        view = evolve(view, overlay=OverlayMode.OUTLINE)
    if arguments.labels and arguments.plane == ViewName.THREE_D.value:
        view = evolve(view, labels_3d=True)
    if arguments.height_mm is not None:
        for name in PlaneName:
            view = view.with_plane(name, evolve(view.plane(name), height_mm=arguments.height_mm))
    return view


def list_cases(arguments: argparse.Namespace) -> tuple[list[Case], list[CaseStageError]]:
    """Return the cases on this machine and what is wrong with others."""
    shelf = installed_cases(case_folders())
    return list(shelf.cases), list(shelf.problems)
