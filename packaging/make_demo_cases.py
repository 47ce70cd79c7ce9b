#!/usr/bin/env python3
"""Make the bundled demo cases: phantom by seed, CT as DICOM, the model really run, and the story told from its result.

.venv/bin/python packaging/make_demo_cases.py [head-epidural lung-nodules …]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from demo_pictures import keep_pictures
from demo_recipes import STORIES, Story
from demo_stage import Stage

from viewer.analysis.measure import body_bounds
from viewer.domain.finding import Finding
from viewer.domain.geometry import PLANE_AXES
from viewer.domain.job import JobContext
from viewer.domain.view_state import Layout, OverlayMode, ViewState, as_point
from viewer.domain.volume import Volume
from viewer.domain.walkthrough import Case, Prior, Provenance, Step
from viewer.inference.manifest import card, read_manifest
from viewer.inference.run import run_model
from viewer.io.case_document import read_case, write_case
from viewer.io.findings_file import write_findings
from viewer.phantom.abdomen_lesions import NAMES as LIVER_NAMES
from viewer.phantom.chest_mimics import NAMES as CHEST_MIMICS
from viewer.phantom.phantom import Phantom
from viewer.phantom.recipe import Recipe, made, write_recipe
from viewer.phantom.sameness import block_means, values_sha256
from viewer.phantom.write import store
from viewer.services import first_use
from viewer.services.loading import load_case
from viewer.ui.snapshot import thumbnail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.services.loading import LoadedCase

MIMIC_NAMES = {**CHEST_MIMICS, "focal-fat": LIVER_NAMES["focal-fat"]}
CARD_PX = (880, 592)
TOP = Path(__file__).resolve().parents[1]
MODELS = TOP / "resources" / "models"


def card_view(story: Story, stage: Stage) -> ViewState:
    """Return the view of a case's card: the plane of its first finding, filled by the body, without an outline."""
    view = evolve(stage.overview(story.window, story.main), layout=Layout.SINGLE, overlay=OverlayMode.OFF)
    if stage.findings:
        view = evolve(view, cursor_lps_mm=as_point(stage.findings[0].centre_lps_mm))
    plane, body = story.main.plane, stage.volume.body_lps_mm
    if plane is None or body is None:
        return view
    across, down = (int(np.argmax(np.abs(axis))) for axis in (PLANE_AXES[plane].right, PLANE_AXES[plane].down))
    width_mm, height_mm = (float(body[axis, 1] - body[axis, 0]) for axis in (across, down))
    fitted = max(height_mm, width_mm * CARD_PX[1] / CARD_PX[0])
    return view.with_plane(plane, evolve(view.plane(plane), height_mm=fitted * 1.02))


@frozen(eq=False)
class _Scan:
    """One scan of a case: what was made, where its pictures are, and how long making took."""

    phantom: Phantom
    volume: Volume
    truth: tuple[Finding, ...]
    sha256: str
    seconds: float


def _scanned(recipe: Recipe, folder: Path, name: str, *, at_first_use: bool) -> _Scan:
    """Make a scan: its pictures go into the case's folder, or to where those made at first use are kept."""
    context = JobContext()
    begun = time.process_time()
    phantom = made(recipe, context)
    sha256 = values_sha256(phantom.voxels_hu)
    place = first_use.place_of(sha256) if at_first_use else folder / name
    shutil.rmtree(place, ignore_errors=True)
    written = store(phantom, place.parent, context, name=place.name, named=recipe.name)
    seconds = time.process_time() - begun
    if at_first_use:
        write_recipe(folder / f"{name}.json", recipe, block_means(phantom.voxels_hu))
    volume = evolve(written.volume, body_lps_mm=body_bounds(written.volume))
    return _Scan(phantom, volume, written.truth, sha256, seconds)


def make(story: Story, folder: Path) -> Stage:
    """Write one case and return what its story stands on."""
    if folder.exists():
        shutil.rmtree(folder)
    recipe = story.recipe
    now = _scanned(recipe, folder, "dicom", at_first_use=story.at_first_use)
    findings: tuple[Finding, ...] = now.truth
    before: tuple[Finding, ...] = ()
    prior, seconds = None, now.seconds
    if story.model:
        manifest = read_manifest(MODELS / story.model)
        findings = run_model(manifest, now.volume, JobContext())
        write_findings(folder / "findings", now.volume, findings, card(manifest).source, recorded=True, compressed=True)
        write_findings(folder / "truth", now.volume, now.truth, None, compressed=True)
    else:
        write_findings(folder / "findings", now.volume, findings, None, compressed=True)
    if story.earlier is not None:
        then = _scanned(story.earlier.recipe, folder, "prior", at_first_use=story.at_first_use)
        before = run_model(manifest, then.volume, JobContext())
        write_findings(
            folder / "prior_findings", then.volume, before, card(manifest).source, recorded=True, compressed=True
        )
        seconds += then.seconds
        prior = Prior(
            series_path="prior",
            series_uid=then.volume.series.series_uid,
            series_sha256=then.sha256,
            title=story.earlier.title,
            findings_path="prior_findings",
            shift_mm=story.earlier.recipe.moved_mm,
            recipe_path="prior.json" if story.at_first_use else "",
        )
    case = Case(
        id=story.id,
        title=story.title,
        summary=story.summary,
        body_part=now.volume.series.body_part,
        provenance=Provenance(
            made_by="CaseStage, packaging/make_demo_cases.py",
            licence="Apache-2.0",
            synthetic=True,
            recipe=now.phantom.description,
        ),
        folder=str(folder),
        series_path="dicom",
        series_uid=now.volume.series.series_uid,
        series_sha256=now.sha256,
        steps=(),
        findings_path="findings",
        truth_path="truth" if story.model else "",
        model_id=story.model,
        thumbnail_path="",
        prior=prior,
        recipe_path="dicom.json" if story.at_first_use else "",
        making_s=round(seconds) if story.at_first_use else 0.0,
    )
    write_case(folder, case)
    return _told(story, case, folder, _stage(story, now.volume, findings, now.truth, before))


def rerun(story: Story, folder: Path) -> Stage:
    """Run the model anew on the pictures that are there, and write findings, steps and card of a case."""
    loaded = load_case(read_case(folder), JobContext())
    if story.model:
        manifest = read_manifest(MODELS / story.model)
        scans = [("findings", loaded.volume)]
        scans += [("prior_findings", loaded.prior.volume)] if loaded.prior is not None else []
        for name, volume in scans:
            found = run_model(manifest, volume, JobContext())
            shutil.rmtree(folder / name)
            write_findings(folder / name, volume, found, card(manifest).source, recorded=True, compressed=True)
    return retell(story, folder)


def retell(story: Story, folder: Path) -> Stage:
    """Write a case's steps and card anew from the pictures and findings that are there."""
    loaded = load_case(read_case(folder), JobContext())
    return _told(story, loaded.case, folder, stage_of(story, loaded))


def stage_of(story: Story, loaded: LoadedCase) -> Stage:
    """Return what the story of a case that is there stands on."""
    before = loaded.prior.findings if loaded.prior is not None else ()
    return _stage(story, loaded.volume, loaded.findings, loaded.lesions or loaded.findings, before)


def steps_of(story: Story, stage: Stage) -> tuple[Step, ...]:
    """Return the steps of a case."""
    steps: tuple[Step, ...] = story.steps(stage)
    if story.model:
        return steps
    return tuple(evolve(step, view=evolve(step.view, show_truth=True)) for step in steps)


def _stage(
    story: Story,
    volume: Volume,
    findings: Sequence[Finding],
    truth: Sequence[Finding],
    before: Sequence[Finding],
) -> Stage:
    threshold = card(read_manifest(MODELS / story.model)).default_threshold if story.model else 0.5
    mimics = [
        (MIMIC_NAMES[each.key], each.place_lps_mm) for each in story.recipe.lesions or () if each.key in MIMIC_NAMES
    ]
    return Stage(volume, findings, truth, threshold=threshold, before=before, mimics=mimics)


def _told(story: Story, case: Case, folder: Path, stage: Stage) -> Stage:
    """Write the steps and the card of a case."""
    thumbnail(stage.volume, card_view(story, stage), CARD_PX).save(str(folder / "thumbnail.png"))
    steps = steps_of(story, stage)
    told = evolve(case, title=story.title, summary=story.summary, steps=steps, thumbnail_path="thumbnail.png")
    write_case(folder, told)
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
    parser.add_argument("cases", nargs="*", metavar="CASE", help="; ".join(story.id for story in STORIES))
    parser.add_argument("--out", type=Path, default=TOP / "demo_cases")
    parser.add_argument(
        "--retell", action="store_true", help="only the steps, from pictures and findings that are there"
    )
    parser.add_argument("--rerun", action="store_true", help="models and steps, from pictures that are there")
    parser.add_argument("--pictures", action="store_true", help="only the kept pictures of the steps, for the doctor")
    parsed = parser.parse_args(arguments)
    for story in STORIES:
        if not parsed.cases or story.id in parsed.cases:
            folder = parsed.out / story.id
            if not parsed.pictures:
                work = retell if parsed.retell else rerun if parsed.rerun else make
                print(describe(work(story, folder), folder), flush=True)
            print(f"{folder.name}: {keep_pictures(folder)} pictures of steps kept", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
