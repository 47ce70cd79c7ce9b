"""A finding: something said about a place, and by whom."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from attrs import define, evolve, field
from numpy.typing import NDArray

from viewer.domain.labels import Mask
from viewer.domain.volume import Window


class SourceKind(StrEnum):
    """Who says it."""

    MODEL = "model"
    READER = "reader"
    TRUTH = "truth"


@define(frozen=True)
class Source:
    """Who found it: a model with its version and hash, a reader by name, or the ground truth."""

    kind: SourceKind
    name: str
    version: str = ""
    model_id: str = ""
    model_sha256: str = ""
    rules: bool = False


@define(frozen=True)
class Code:
    """A coded concept, such as SNOMED CT's (49755003, SCT, "Morphologically abnormal structure")."""

    value: str
    scheme: str
    meaning: str


class Localisation(StrEnum):
    """How well a finding's place is known, and so what its mask means.

    `outline`: the mask is the finding (without one it is a point). `box`: the mask is what lies in a box around it.
    `map`: the mask is where a map says that the model looked. `slices`: known are its slices alone. `series`: it is
    said of the series as a whole, and has no place; its centre is that of the series.
    """

    OUTLINE = "outline"
    BOX = "box"
    MAP = "map"
    SLICES = "slices"
    SERIES = "series"


def _floats(value: object) -> NDArray[np.float64]:
    array = np.array(value, dtype=np.float64)
    array.setflags(write=False)
    return array


@define(frozen=True, eq=False)
class Finding:
    """Something said about a place in the patient.

    Attributes
    ----------
    id
        Unique in its series; stays the same when the model is run again on the same voxels.
    tracking_uid
        DICOM UID shared by SEG and SR.
    label_key, label
        Key of the label in the model's manifest, and its name for people.
    score
        0…1, or None where rules or a reader found it.
    mask
        Voxels of the original slices, or None for a point (a reader's mark).
    centre_lps_mm
        A point inside the finding (the marked voxel nearest to its centre of mass).
    volume_ml
        Sum of voxel area × half the distance to both neighbouring slices; None without an outline.
    long_axis_mm, long_axis_lps_mm
        Longest distance inside the finding in 3D, and its two ends, shape (2, 3); of a box its longest edge.
    short_axis_mm, short_axis_lps_mm
        Longest distance across the long axis, at a right angle to it, and its ends; of a box its second edge.
    bounds_lps_mm
        Smallest and largest x, y, z, shape (3, 2).
    mean, sd
        Of the values inside, in the volume's unit.
    window
        The window that the model's author wants it seen in, if any.
    recorded
        True where it was computed earlier and is shown from a file.
    localisation
        What is known of its place, and so what its mask means.
    corners_lps_mm
        Corners of a box, shape (8, 3); the first and the last are opposite, and the second, third and fifth are the
        neighbours of the first. None where it was not found as a box.
    slices_k
        First and last original slice (0-based) that it is on; None where it has no place.
    probability, calibration
        What the score means as a probability, and how that was obtained; None and "" where it was not calibrated.
    laterality
        "left" or "right" where the model's author or the place in the body tells, else "".
    region
        The anatomical region that the model's author names, or "".
    category, kind
        What it is, as the model's author codes it: a category, and the kind itself; None where he does not.
    operating_point
        Key of the strictest operating point of its model that it passes; "" where it passes none.
    image
        The image that a reader's mark was set on, as in `Volume.images`; "" where that has no UID or was not kept.
    """

    id: str
    tracking_uid: str
    label_key: str
    label: str
    source: Source
    centre_lps_mm: NDArray[np.float64] = field(converter=_floats)
    bounds_lps_mm: NDArray[np.float64] = field(converter=_floats)
    score: float | None = None
    mask: Mask | None = None
    volume_ml: float | None = None
    long_axis_mm: float | None = None
    long_axis_lps_mm: NDArray[np.float64] | None = None
    mean: float | None = None
    sd: float | None = None
    place: str = ""
    colour: str = ""
    window: Window | None = None
    recorded: bool = False
    localisation: Localisation = Localisation.OUTLINE
    short_axis_mm: float | None = None
    short_axis_lps_mm: NDArray[np.float64] | None = None
    corners_lps_mm: NDArray[np.float64] | None = None
    slices_k: tuple[int, int] | None = None
    probability: float | None = None
    calibration: str = ""
    laterality: str = ""
    region: str = ""
    operating_point: str = ""
    category: Code | None = None
    kind: Code | None = None
    image: str = ""

    @property
    def placed(self) -> bool:
        """True where it lies somewhere within its slices, and not only on some of them or in the series."""
        return self.localisation not in (Localisation.SLICES, Localisation.SERIES)

    @property
    def order(self) -> tuple[float, float]:
        """Sort key: highest score first; without scores the largest first."""
        return (
            -(self.score if self.score is not None else -1.0),
            -(self.volume_ml or 0.0),
        )


@define(frozen=True)
class CaseScored:
    """The score of a whole case for one label, and what it means as a probability where that was measured."""

    label_key: str
    label: str
    score: float
    probability: float | None = None
    calibration: str = ""


@define(frozen=True)
class Truth:
    """What is known to be there: every true lesion of a scan.

    Without lesions it says that there is nothing to find. Where nothing is known there is no Truth, but None.
    """

    lesions: tuple[Finding, ...] = ()


def lesions_of(truth: Truth | None) -> tuple[Finding, ...]:
    """Return the true lesions that are known, to draw them or look one up; whether any are known it does not say."""
    return () if truth is None else truth.lesions


class MatchState(StrEnum):
    """How a finding or a true lesion fares against the other side at the operating point."""

    TRUE_POSITIVE = "true positive"
    FALSE_POSITIVE = "false positive"
    MISSED = "missed"
    FOUND = "found"


@define(frozen=True)
class MatchRule:
    """When a finding counts as having found a true lesion."""

    least_iou: float = 0.1
    least_truth_ml: float = 0.0

    @property
    def words(self) -> str:
        """The rule in a sentence."""
        ignored = f" Truth under {self.least_truth_ml:g} mL is ignored." if self.least_truth_ml else ""
        return f"One to one, overlap (IoU) at least {self.least_iou:g}.{ignored}"


@define(frozen=True)
class Matching:
    """Findings held against truth at one threshold.

    Attributes
    ----------
    threshold
        Findings below this score are left out.
    of_finding, of_truth
        State by finding id (only those at or above the threshold) and by truth id.
    pairs
        (finding id, truth id, IoU) of each match.
    best_score_of_truth
        Highest score of any finding that would match a truth, by truth id; absent where none would.
    marks
        Ids of a reader's own marks beside what a model found. Their states and pairs are there, last; they count for
        nothing, and a lesion that they alone found is one that the model missed.
    unplaced
        How many findings at or above the threshold are held against no lesion, because they have no place.
    """

    threshold: float
    of_finding: dict[str, MatchState]
    of_truth: dict[str, MatchState]
    pairs: tuple[tuple[str, str, float], ...]
    best_score_of_truth: dict[str, float]
    rule: MatchRule
    marks: frozenset[str] = frozenset()
    unplaced: int = 0

    @property
    def nothing_to_find(self) -> bool:
        """True where no true lesion counts: there is none, or none as large as the rule asks for."""
        return not self.of_truth

    def beside(self, marks: Matching) -> Matching:
        """Return it with a reader's marks held against the same truth, for themselves."""
        return evolve(
            self,
            of_finding={**self.of_finding, **marks.of_finding},
            pairs=(*self.pairs, *marks.pairs),
            marks=frozenset(marks.of_finding),
        )

    def count(self, state: MatchState) -> int:
        """Return how many findings or true lesions are in a state."""
        side = self.of_truth if state in (MatchState.MISSED, MatchState.FOUND) else self.of_finding
        return sum(1 for one, s in side.items() if s is state and one not in self.marks)
