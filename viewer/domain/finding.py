"""A finding: something said about a place, and by whom."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from attrs import define, field
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
        Sum of voxel area × half the distance to both neighbouring slices; None without a mask.
    long_axis_mm, long_axis_lps_mm
        Longest distance inside the finding in 3D, and its two ends, shape (2, 3).
    bounds_lps_mm
        Smallest and largest x, y, z, shape (3, 2).
    mean, sd
        Of the values inside, in the volume's unit.
    window
        The window that the model's author wants it seen in, if any.
    recorded
        True where it was computed earlier and is shown from a file.
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

    @property
    def order(self) -> tuple[float, float]:
        """Sort key: highest score first; without scores the largest first."""
        return (
            -(self.score if self.score is not None else -1.0),
            -(self.volume_ml or 0.0),
        )


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
    """

    threshold: float
    of_finding: dict[str, MatchState]
    of_truth: dict[str, MatchState]
    pairs: tuple[tuple[str, str, float], ...]
    best_score_of_truth: dict[str, float]
    rule: MatchRule

    def count(self, state: MatchState) -> int:
        """Return how many findings or true lesions are in a state."""
        side = self.of_truth if state in (MatchState.MISSED, MatchState.FOUND) else self.of_finding
        return sum(1 for s in side.values() if s is state)
