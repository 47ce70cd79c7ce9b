"""The command line called as people call it, and small series and a case for it to work on."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve

from viewer.cli.main import main
from viewer.domain.finding import Finding, Source, SourceKind
from viewer.domain.identifiers import uid_from
from viewer.domain.job import JobContext
from viewer.domain.labels import Mask
from viewer.domain.view_state import Layout
from viewer.domain.walkthrough import Case, Provenance, Step
from viewer.io.assemble import assemble
from viewer.io.case_document import write_case
from viewer.io.findings_file import write_findings
from viewer.io.scan import scan
from viewer.io.synthetic_dicom import write_ct_series
from viewer.io.volume_hash import volume_sha256
from viewer.services.views import view_of_finding, view_of_volume

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.phantom.phantom import Phantom
    from viewer.phantom.recipe import Recipe

# Stands where a patient's name would; nothing that is printed or logged may hold any part of it.
PATIENT = "Canary^Tweety^Secret"
PATIENT_ID = "ID-90210-SECRET"


@dataclass
class Outcome:
    """What a command returned and printed, and the windows that it opened."""

    code: int
    out: str
    err: str
    windows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def json(self) -> Any:
        """Standard output as one JSON document; fails where there is anything else on it."""
        return json.loads(self.out)

    def is_sentence(self) -> bool:
        """Return True where it failed as it should: a sentence with a hint, and nothing of Python."""
        lines = self.err.splitlines()
        starts = [line for line in lines if line.startswith("casestage: ")]
        said = len(starts) == 1 and starts[0].rstrip().endswith((".", "!", "?"))
        hinted = any(line.startswith("  ") and len(line) > 10 for line in lines)
        return self.code == 1 and said and hinted and "Traceback" not in self.err and "rror:" not in self.err


def casestage(*argv: object) -> Outcome:
    """Run a command in this process; its window is only noted."""
    out, err = io.StringIO(), io.StringIO()
    windows: list[dict[str, Any]] = []

    def open_window(
        *,
        paths: tuple[Path, ...] = (),
        compare: Path | None = None,
        case: str = "",
        step: int = 0,
        kiosk: bool = False,
    ) -> int:
        windows.append({"paths": paths, "compare": compare, "case": case, "step": step, "kiosk": kiosk})
        return 0

    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main([str(a) for a in argv], open_window)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
    return Outcome(code, out.getvalue(), err.getvalue(), windows)


def write_series(
    folder: Path, *, slices: int = 8, number: int = 1, description: str = "Synthetic block", tilt_deg: float = 0.0
) -> Path:
    """Write a small synthetic CT under a patient's name: water in air, with a block of 700 HU in it."""
    voxels = np.full((slices, 40, 48), -1000, np.int16)
    voxels[:, 6:34, 6:42] = 20
    voxels[slices // 2 - 1 : slices // 2 + 2, 18:24, 20:28] = 700
    write_ct_series(
        folder,
        voxels,
        origin_lps_mm=(-48.0, -40.0, 100.0),
        spacing_mm=(2.0, 2.0, 3.0),
        description=description,
        body_part="CHEST",
        series_uid=uid_from(f"cli series {number}"),
        study_uid=uid_from("cli study"),
        frame_uid=uid_from("cli frame"),
        patient_name=PATIENT,
        patient_id=PATIENT_ID,
        series_number=number,
        tilt_deg=tilt_deg,
        syntax="1.2.840.10008.1.2.1",
    )
    return folder


def write_small_case(folder: Path, case_id: str = "small-case") -> Case:
    """Write a case of two steps with one recorded finding, which is also the truth."""
    write_series(folder / "ct")
    entry = scan(folder / "ct", JobContext()).series[0]
    volume = assemble(entry, JobContext())
    mask = Mask.from_full(np.asarray(volume.slices > 600))
    assert mask is not None
    i, j, k = mask.first_ijk
    centre = volume.stack.lps((i + 4, j + 3, k + 1))
    finding = Finding(
        id="block-1",
        tracking_uid=uid_from("cli finding"),
        label_key="block",
        label="Block",
        source=Source(SourceKind.MODEL, "Small model", "1.0.0", "small", "ab" * 32),
        centre_lps_mm=centre,
        bounds_lps_mm=np.stack([centre - 8, centre + 8], axis=1),
        score=0.9,
        mask=mask,
        volume_ml=1.728,
        long_axis_mm=20.0,
    )
    truth = evolve(finding, id="truth-1", score=None, source=Source(SourceKind.TRUTH, "Made"))
    write_findings(folder / "findings", volume, [finding], finding.source, recorded=True)
    write_findings(folder / "truth", volume, [truth], None)
    whole = evolve(view_of_volume(volume), layout=Layout.STAGE)
    case = Case(
        id=case_id,
        title="A small case",
        summary="A block in water.",
        body_part="CHEST",
        provenance=Provenance("Made by a test", "CC0-1.0", synthetic=True),
        folder=str(folder),
        series_path="ct",
        series_uid=volume.series.series_uid,
        series_sha256=volume_sha256(volume) or "",
        steps=(
            Step("whole", "All of it", "Water with a block.", whole),
            Step("block", "The block", "**Here** it is.", view_of_finding(whole, finding, volume)),
        ),
        findings_path="findings",
        truth_path="truth",
        model_id="small",
    )
    write_case(folder, case)
    return case


@pytest.fixture(scope="session")
def small_series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one small synthetic series."""
    return write_series(tmp_path_factory.mktemp("series") / "ct")


@pytest.fixture(scope="session")
def tilted_series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the small series, its slices tilted."""
    return write_series(tmp_path_factory.mktemp("tilted") / "ct", slices=4, number=2, tilt_deg=20.0)


@pytest.fixture
def small_case(own_home: Path) -> Case:
    """Return a case that stands among the user's cases."""
    return write_small_case(own_home / "data" / "cases" / "small-case")


@cache
def _phantom(recipe: Recipe) -> Phantom:
    from viewer.phantom.recipe import made

    return made(recipe, JobContext())


@pytest.fixture
def made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the synthetic CT of a recipe be made once, not for each command."""
    monkeypatch.setattr("viewer.phantom.write.made", lambda recipe, _ctx: _phantom(recipe))


@pytest.fixture
def anatomy(repository: Path) -> Path:
    """Return the folder of the bundled model of rules."""
    return repository / "resources" / "models" / "anatomy"
