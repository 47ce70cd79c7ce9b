"""A case as it is told: data, findings, and steps."""

from __future__ import annotations

from attrs import frozen

from viewer.domain.plane_turn import Turn
from viewer.domain.step_acts import CurtainDraw, LiveRun, Question, Sweep
from viewer.domain.view_state import Point, ViewState


@frozen
class Step:
    """One stop of a walkthrough: a view, what is said about it, and for how long.

    `narration` is Markdown shown to the audience (at most a title and 25 words); `notes` are the presenter's. A step
    may ask before it shows, let the threshold sweep, and draw the curtain: see `step_acts`.
    """

    id: str
    title: str
    narration: str
    view: ViewState
    notes: str = ""
    duration_s: float = 45.0
    question: Question | None = None
    sweep: Sweep | None = None
    curtain: CurtainDraw | None = None
    live: LiveRun | None = None


@frozen
class Provenance:
    """Where a case's pictures come from."""

    made_by: str
    licence: str
    synthetic: bool
    recipe: str = ""


NOW, BEFORE = "Now", "Before"


@frozen
class Prior:
    """Another scan of the same patient, as a rule an earlier one, that steps of a case show behind a curtain.

    Attributes
    ----------
    title, own_title
        What the audience reads right of the curtain, such as "A year before", and left of it, of the case's own scan.
    series_path, series_sha256, findings_path, recipe_path
        As those of the case.
    shift_mm, turned
        Bring places of the case's series onto those of this one: turned about the origin first, then shifted.
    """

    series_path: str
    series_uid: str
    series_sha256: str
    title: str = BEFORE
    findings_path: str = ""
    shift_mm: Point = (0.0, 0.0, 0.0)
    turned: Turn | None = None
    recipe_path: str = ""
    own_title: str = NOW


@frozen
class RecordedResult:
    """What a model said of a case's series, kept beside it for steps that compare two models.

    `findings_path` is relative to the case's folder; `threshold` is the one that the model is used at.
    """

    model_id: str
    name: str
    findings_path: str
    threshold: float = 0.5


@frozen
class Case:
    """A curated case.

    Attributes
    ----------
    folder
        Where the case document was read from; paths below are relative to it.
    series_path, series_sha256
        Folder or file of the CT, and the hash of its values (int16, little-endian, k j i).
    findings_path, truth_path
        Recorded findings and ground truth, or "".
    model_id
        The model that made the recorded findings.
    prior
        The scan that this one is compared with, None for none.
    recipe_path, making_s
        What synthetic pictures are made from on this computer where `series_path` is not there, or "", and about how
        many seconds that takes, with those of the prior.
    results
        What models said of it, for steps that compare two of them.
    """

    id: str
    title: str
    summary: str
    body_part: str
    provenance: Provenance
    folder: str
    series_path: str
    series_uid: str
    series_sha256: str
    steps: tuple[Step, ...]
    findings_path: str = ""
    truth_path: str = ""
    model_id: str = ""
    thumbnail_path: str = ""
    prior: Prior | None = None
    recipe_path: str = ""
    making_s: float = 0.0
    results: tuple[RecordedResult, ...] = ()

    @property
    def duration_s(self) -> float:
        """Planned time of all steps."""
        return sum(step.duration_s for step in self.steps)
