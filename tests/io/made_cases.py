"""A case of two steps, and the same changed by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import evolve

from viewer.domain.geometry import Grid
from viewer.domain.view_state import Camera, Layout, OverlayMode, ViewName, ViewState, overview
from viewer.domain.walkthrough import Case, Provenance, Step
from viewer.io.case_document import write_case

if TYPE_CHECKING:
    from pathlib import Path

SERIES = "1.2.826.0.1.3680043.8.498.1"


def whole_view() -> ViewState:
    """Return a view in which nothing is as usual."""
    grid = Grid.from_directions((64, 48, 20), origin_lps_mm=(-30.0, -20.0, 5.0), spacing_mm=(1.0, 1.0, 2.5))
    return evolve(
        overview(SERIES, grid, window_centre=-600.0, window_width=1500.0),
        camera=Camera((1.25, 2.5, 3.75), (0.6, -0.8, 0.0), (0.0, 0.0, 1.0), 210.5),
        invert=True,
        slab_mm=5.0,
        preset_3d="lung",
        overlay=OverlayMode.FILL,
        fill_opacity=0.4,
        threshold=0.35,
        hidden_labels=("bone", "air"),
        show_truth=True,
        selected_finding="nodule-3",
        layout=Layout.STAGE,
        main=ViewName.THREE_D,
    )


def two_steps(folder: Path) -> Case:
    """Return a case in a folder."""
    view = whole_view()
    return Case(
        id="chest-nodules",
        title="Four nodules, one missed",
        summary="A synthetic chest.",
        body_part="chest",
        provenance=Provenance("CaseStage phantom", "Apache-2.0", synthetic=True, recipe="chest --seed 7"),
        folder=str(folder),
        series_path="ct",
        series_uid=SERIES,
        series_sha256="ab" * 32,
        steps=(
            Step("overview", "The chest", "# A chest\n\nLook at [1, 2] and “ü”.", view, "Say hello.", 30.0),
            Step("nodule", "A nodule", "8 mm", view.looking_at((10.25, -3.5, 12.0), height_mm=60.0)),
        ),
        findings_path="findings",
        truth_path="truth",
        model_id="nodules",
        thumbnail_path="thumbnail.png",
    )


def edited(folder: Path, edit: Any) -> Path:
    """Return the folder of the case, its document changed."""
    folder.mkdir(exist_ok=True)
    write_case(folder, two_steps(folder))
    document = json.loads((folder / "case.json").read_text("utf-8"))
    edit(document)
    (folder / "case.json").write_text(json.dumps(document), "utf-8")
    return folder
