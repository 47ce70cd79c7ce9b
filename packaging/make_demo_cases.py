#!/usr/bin/env python3
"""Make the bundled demo cases: phantom by seed, CT as DICOM, the model really run, and the story told from its result.

.venv/bin/python packaging/make_demo_cases.py [head-epidural lung-nodules nodule-growth]
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from demo_stories import BRAIN, LUNG, Stage, chest_steps, growth_steps, head_steps

from viewer.analysis.measure import body_bounds
from viewer.domain.geometry import PLANE_AXES
from viewer.domain.job import JobContext
from viewer.domain.view_state import Layout, OverlayMode, ViewName, ViewState, as_point
from viewer.domain.walkthrough import Case, Prior, Provenance, Step
from viewer.inference.manifest import Manifest, card, read_manifest
from viewer.inference.run import run_model
from viewer.io.case_document import read_case, write_case
from viewer.io.findings_file import write_findings
from viewer.io.volume_hash import volume_sha256
from viewer.phantom import Bleed, Nodule, Phantom, make_chest, make_head
from viewer.phantom.write import store
from viewer.services.loading import load_case
from viewer.ui.snapshot import thumbnail

if TYPE_CHECKING:
    from viewer.domain.finding import Finding

CARD_PX = (880, 592)
TOP = Path(__file__).resolve().parents[1]


@frozen
class Earlier:
    """How the earlier scan of a case's patient is made."""

    title: str
    make: Callable[[], Phantom]
    moved_mm: tuple[float, float, float]


@frozen
class Recipe:
    """How one case is made."""

    id: str
    title: str
    summary: str
    body_part: str
    model: str
    make: Callable[[], Phantom]
    steps: Callable[[Stage], tuple[Step, ...]]
    window: tuple[float, float]
    main: ViewName
    earlier: Earlier | None = None


def _head() -> Phantom:
    bleeds = (
        Bleed("epidural", 16.0, (70.0, -8.0, 24.0), seed=4),
        Bleed("intraparenchymal", 0.72, (-34.0, 20.0, 30.0), hu=55.0, seed=9),
    )
    return make_head(2101, bleeds=bleeds, spacing_mm=(0.45, 0.45, 2.0))


def _chest() -> Phantom:
    nodules = (
        Nodule("solid-nodule", 25.0, (-82.0, -20.0, 12.0), hu=42.0, seed=11),
        Nodule("spiculated-nodule", 15.0, (62.0, 22.0, 68.0), hu=38.0, seed=12),
        Nodule("pleural-nodule", 13.0, (-78.0, 56.0, -38.0), hu=35.0, seed=13),
        Nodule("solid-nodule", 9.0, (74.0, -30.0, 20.0), hu=45.0, seed=14),
        Nodule("solid-nodule", 5.0, (-50.0, 30.0, 62.0), hu=30.0, seed=15),
    )
    return make_chest(2204, nodules=nodules, noise_hu=8.0)


def _grown(diameter_mm: float) -> tuple[Nodule, ...]:
    return (
        Nodule("spiculated-nodule", diameter_mm, (-74.0, -18.0, 62.0), hu=38.0, seed=21),
        Nodule("solid-nodule", 14.0, (74.0, -30.0, 20.0), hu=55.0, seed=22),
    )


_MOVED_MM = (5.0, -7.0, 14.0)


def _grown_now() -> Phantom:
    return make_chest(2310, nodules=_grown(17.0), noise_hu=8.0)


def _grown_before() -> Phantom:
    return make_chest(2310, nodules=_grown(11.0), noise_hu=8.0, earlier=1, moved_mm=_MOVED_MM)


RECIPES = (
    Recipe(
        "head-epidural",
        "Epidural bleed, left side",
        "A lens-shaped clot, outlined, then measured.",
        "HEAD",
        "head-bleed",
        _head,
        head_steps,
        BRAIN,
        ViewName.AXIAL,
    ),
    Recipe(
        "lung-nodules",
        "Lung nodules, five at once",
        "Three found, one below the threshold, one missed.",
        "CHEST",
        "lung-nodule",
        _chest,
        chest_steps,
        LUNG,
        ViewName.CORONAL,
    ),
    Recipe(
        "nodule-growth",
        "A nodule, one year apart",
        "Two scans on each other, and a curtain between them.",
        "CHEST",
        "lung-nodule",
        _grown_now,
        growth_steps,
        LUNG,
        ViewName.AXIAL,
        Earlier("A year before", _grown_before, _MOVED_MM),
    ),
)


def card_view(recipe: Recipe, stage: Stage) -> ViewState:
    """Return the view of a case's card: the plane of its first finding, filled by the body, without an outline."""
    view = evolve(stage.overview(recipe.window, recipe.main), layout=Layout.SINGLE, overlay=OverlayMode.OFF)
    if stage.findings:
        view = evolve(view, cursor_lps_mm=as_point(stage.findings[0].centre_lps_mm))
    plane, body = recipe.main.plane, stage.volume.body_lps_mm
    if plane is None or body is None:
        return view
    across, down = (int(np.argmax(np.abs(axis))) for axis in (PLANE_AXES[plane].right, PLANE_AXES[plane].down))
    width_mm, height_mm = (float(body[axis, 1] - body[axis, 0]) for axis in (across, down))
    fitted = max(height_mm, width_mm * CARD_PX[1] / CARD_PX[0])
    return view.with_plane(plane, evolve(view.plane(plane), height_mm=fitted * 1.02))


def make(recipe: Recipe, folder: Path) -> Stage:
    """Write one case and return what its story stands on."""
    context = JobContext()
    if folder.exists():
        shutil.rmtree(folder)
    phantom = recipe.make()
    written = store(phantom, folder, context)
    written = evolve(written, volume=evolve(written.volume, body_lps_mm=body_bounds(written.volume)))
    manifest = read_manifest(TOP / "resources" / "models" / recipe.model)
    model = card(manifest)
    findings = run_model(manifest, written.volume, context)
    before, prior = _made_earlier(recipe.earlier, folder, manifest) if recipe.earlier is not None else ((), None)
    stage = Stage(written.volume, findings, written.truth, threshold=model.default_threshold, before=before)
    write_findings(folder / "findings", written.volume, findings, model.source, recorded=True, compressed=True)
    write_findings(folder / "truth", written.volume, written.truth, None, compressed=True)
    steps = recipe.steps(stage)
    thumbnail(written.volume, card_view(recipe, stage), CARD_PX).save(str(folder / "thumbnail.png"))
    case = Case(
        id=recipe.id,
        title=recipe.title,
        summary=recipe.summary,
        body_part=recipe.body_part,
        provenance=Provenance(
            made_by="CaseStage, packaging/make_demo_cases.py",
            licence="Apache-2.0",
            synthetic=True,
            recipe=phantom.description,
        ),
        folder=str(folder),
        series_path="dicom",
        series_uid=written.volume.series.series_uid,
        series_sha256=volume_sha256(written.volume) or "",
        steps=steps,
        findings_path="findings",
        truth_path="truth",
        model_id=recipe.model,
        thumbnail_path="thumbnail.png",
        prior=prior,
    )
    write_case(folder, case)
    return stage


def _made_earlier(earlier: Earlier, folder: Path, manifest: Manifest) -> tuple[tuple[Finding, ...], Prior]:
    """Write the earlier scan and what the model finds on it; return both."""
    context = JobContext()
    written = store(earlier.make(), folder, context, name="prior")
    findings = run_model(manifest, written.volume, context)
    write_findings(
        folder / "prior_findings", written.volume, findings, card(manifest).source, recorded=True, compressed=True
    )
    prior = Prior(
        series_path="prior",
        series_uid=written.volume.series.series_uid,
        series_sha256=volume_sha256(written.volume) or "",
        title=earlier.title,
        findings_path="prior_findings",
        shift_mm=earlier.moved_mm,
    )
    return findings, prior


def retell(recipe: Recipe, folder: Path) -> Stage:
    """Write a case's steps and card anew from the pictures and findings that are there."""
    loaded = load_case(read_case(folder), JobContext())
    threshold = card(read_manifest(TOP / "resources" / "models" / recipe.model)).default_threshold
    before = loaded.prior.findings if loaded.prior is not None else ()
    stage = Stage(loaded.volume, loaded.findings, loaded.truth, threshold=threshold, before=before)
    thumbnail(stage.volume, card_view(recipe, stage), CARD_PX).save(str(folder / "thumbnail.png"))
    steps = recipe.steps(stage)
    write_case(folder, evolve(loaded.case, title=recipe.title, summary=recipe.summary, steps=steps))
    return stage


def describe(stage: Stage, folder: Path) -> str:
    """Return what came out, in lines for a person."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    lines = [f"{folder.name}: {size / 1e6:.1f} MB, threshold {stage.threshold}"]
    for finding in stage.findings:
        state = stage.matching.of_finding.get(finding.id, "below the threshold")
        lines.append(f"  {finding.label} {finding.volume_ml or 0:.2f} mL score {finding.score or 0:.2f}: {state}")
    for lesion in stage.truth:
        best = stage.matching.best_score_of_truth.get(lesion.id)
        said = "no finding" if best is None else f"best score {best:.2f}"
        lines.append(f"  truth {lesion.label} {lesion.volume_ml or 0:.2f} mL: {said}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the cases named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="; ".join(r.id for r in RECIPES))
    parser.add_argument("--out", type=Path, default=TOP / "demo_cases")
    parser.add_argument(
        "--retell", action="store_true", help="only the steps, from pictures and findings that are there"
    )
    parsed = parser.parse_args(arguments)
    for recipe in RECIPES:
        if not parsed.cases or recipe.id in parsed.cases:
            folder = parsed.out / recipe.id
            stage = retell(recipe, folder) if parsed.retell else make(recipe, folder)
            print(describe(stage, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
