"""A model's manifest, `model.toml`: what the model is, takes, gives, and how its output becomes findings.

Rules of reading, the same for every key: three numbers that belong to axes are in the order i, j, k (columns, rows,
slices; the tensor's W, H, D); every window is [centre, width]; values are in the volume's unit (HU).
`viewer.inference.manifest_example` is a whole manifest with a comment for every key.
"""

from __future__ import annotations

from pathlib import Path

from attrs import field, frozen

from viewer.domain.finding import Code
from viewer.domain.model_card import ModelCard
from viewer.domain.volume import Window
from viewer.inference.calibration import Calibration
from viewer.inference.manifest_terms import (
    MAIN_OUTPUTS,
    Activation,
    Blending,
    BoxFormat,
    BoxFrame,
    BoxOrigin,
    CaseScore,
    Connectivity,
    Dtype,
    FindingScore,
    InputRole,
    Mode,
    Normalise,
    OutputKind,
    Resampling,
    Task,
)

MANIFEST_NAME = "model.toml"
MANIFEST_VERSION = 1


@frozen
class Metric:
    """One number of a model card, and the data that it was measured on."""

    name: str
    value: float
    measured_on: str
    interval: tuple[float, float] | None = None

    @property
    def words(self) -> str:
        """The number, its 95 % interval where there is one, and what it was measured on."""
        between = f" ({self.interval[0]:g} to {self.interval[1]:g})" if self.interval else ""
        return f"{self.value:g}{between}, {self.measured_on}"


@frozen
class Accept:
    """What the model was made for; checked before a run."""

    synthetic_only: bool
    modality: tuple[str, ...] = ("CT",)
    unit: str = "HU"
    body_part: tuple[str, ...] = ()
    contrast: str = "any"
    largest_slice_spacing_mm: float | None = None
    orientation: str = "any"


@frozen
class Channel:
    """One channel: clip to `low`…`high`, then `(x − shift) / scale`; no clip where the bounds are None."""

    low: float | None
    high: float | None
    shift: float
    scale: float
    words: str


@frozen
class InputTensor:
    """How one input tensor is made.

    Attributes
    ----------
    layout
        Letters N, C, D, H, W in the tensor's order; without D the slices are the batch N.
    orientation
        Towards which the axes W, H, D grow, such as "LPS", or "original" for the slices as they are.
    spacing_mm
        Along i, j, k; None for the original slices without resampling, or where the size is fitted.
    size
        Voxels along i, j, k that the model takes, no other number: the middle of the grid is cut out or filled up to
        it, or with `fit` all of it is stretched onto it. Without D in the layout k is 1 and stands for every slice.
    beyond
        What stands in the tensor beyond the volume's end, where a patch or multiple is larger; None for `outside_hu`.
    """

    name: str
    role: InputRole
    dtype: Dtype
    layout: str
    orientation: str
    spacing_mm: tuple[float, float, float] | None
    channels: tuple[Channel, ...]
    size_multiple: tuple[int, int, int] = (1, 1, 1)
    resampling: Resampling = Resampling.LINEAR
    normalise: Normalise = Normalise.AFTER_RESAMPLING
    outside_hu: float = -1024.0
    size: tuple[int, int, int] | None = None
    fit: bool = False
    # Results that were recorded before it was there are found by what the others print.
    beyond: float | None = field(default=None, repr=False)

    @property
    def original(self) -> bool:
        """True where the model sees the slices as they lie, not a grid over them."""
        return self.orientation == "original"


@frozen
class Inference:
    """How a volume goes through the model; `patch` in voxels along i, j, k, `slab` in slices."""

    mode: Mode = Mode.WHOLE
    patch: tuple[int, int, int] = (96, 96, 96)
    overlap: float = 0.25
    blending: Blending = Blending.GAUSSIAN
    batch: int = 1
    slab: int = 16
    flips: tuple[str, ...] = ()
    whole_up_to_voxels: int = 20_000_000


@frozen
class BoxForm:
    """How boxes are written: `order` names the axis of each of three coordinates, i along W, j along H, k along D."""

    format: BoxFormat
    frame: BoxFrame
    origin: BoxOrigin
    order: str


@frozen
class OutputTensor:
    """What one output tensor is; `temperature` divides logits (calibration), and how it was obtained.

    The layout of voxels and maps has letters of N, C, D, H, W; of boxes and what belongs to them N, B (boxes),
    C (classes of scores) and 6 (the numbers of a box); of classes N and C.
    """

    name: str
    kind: OutputKind
    layout: str
    activation: Activation = Activation.NONE
    temperature: float = 1.0
    calibration: str = ""
    box: BoxForm | None = None


@frozen
class Post:
    """How output becomes findings; which of these a task has says `viewer.inference.manifest_post`.

    Attributes
    ----------
    least_score
        Boxes, slices and classes below it make no finding.
    nms_iou
        Of boxes of one label that overlap more than this, the one with the best score is kept.
    bridge_slices
        Findings on slices of one label that lie so many slices apart, or fewer, are one.
    map_threshold
        Share of a map's largest value from which on it marks the place of a finding.
    occlusion_runs
        Slices that may be run once more with parts of them covered, to find out where the model looked, in all.
    """

    mask_threshold: float = 0.5
    smallest_ml: float = 0.0
    connectivity: Connectivity = Connectivity.CORNERS
    merge_distance_mm: float = 0.0
    finding_score: FindingScore = FindingScore.MAX
    case_score: CaseScore = CaseScore.MAX
    least_score: float = 0.0
    nms_iou: float = 0.3
    most_findings: int = 200
    bridge_slices: int = 0
    map_threshold: float = 0.5
    occlusion_runs: int = 500
    calibration: Calibration | None = None


@frozen
class Label:
    """One structure that the model marks; `index` is the output's channel, or the value in a label map."""

    index: int
    key: str
    name: str
    colour: str = ""
    window: Window | None = None
    category: Code | None = None
    type: Code | None = None
    region: Code | None = None
    laterality: str = ""


@frozen
class OperatingPoint:
    """A named threshold on a finding's score."""

    key: str
    name: str
    threshold: float
    default: bool = False


@frozen
class Manifest:
    """All that `model.toml` says, and the folder that it stands in."""

    folder: Path
    id: str
    name: str
    version: str
    task: Task
    licence: str
    rules: bool
    onnx_name: str
    sha256: str
    intended_use: str
    regulatory_status: str
    trained_on: str
    trained_on_synthetic: bool
    limitations: tuple[str, ...]
    metrics: tuple[Metric, ...]
    accept: Accept
    inputs: tuple[InputTensor, ...]
    inference: Inference
    outputs: tuple[OutputTensor, ...]
    post: Post
    labels: tuple[Label, ...]
    operating_points: tuple[OperatingPoint, ...]

    @property
    def onnx_path(self) -> Path:
        """Where the ONNX file is."""
        return self.folder / self.onnx_name

    @property
    def image(self) -> InputTensor:
        """The input that takes the image."""
        return next(tensor for tensor in self.inputs if tensor.role is InputRole.IMAGE)

    @property
    def output(self) -> OutputTensor:
        """The output that makes findings: voxels, boxes or classes."""
        return next(tensor for tensor in self.outputs if tensor.kind in MAIN_OUTPUTS[self.task])

    def output_of(self, kind: OutputKind) -> OutputTensor | None:
        """Return the output of a kind, or None."""
        return next((tensor for tensor in self.outputs if tensor.kind is kind), None)

    @property
    def default_threshold(self) -> float:
        """The score from which findings are shown at first."""
        return next((p.threshold for p in self.operating_points if p.default), self._cut)

    @property
    def _cut(self) -> float:
        segments = self.task is Task.SEGMENTATION
        return self.post.mask_threshold if segments else max(self.post.least_score, 0.5)

    def label_of(self, key: str) -> Label | None:
        """Return the label with a key, or None."""
        return next((label for label in self.labels if label.key == key), None)


def card(manifest: Manifest) -> ModelCard:
    """Return the facts that a person reads."""
    return ModelCard(
        id=manifest.id,
        name=manifest.name,
        version=manifest.version,
        task=str(manifest.task),
        licence=manifest.licence,
        intended_use=manifest.intended_use,
        trained_on=manifest.trained_on,
        limitations=" ".join(manifest.limitations),
        synthetic_only=manifest.accept.synthetic_only,
        rules=manifest.rules,
        sha256=manifest.sha256,
        metrics=tuple((m.name, m.words) for m in manifest.metrics),
        operating_points=tuple((p.name, p.threshold) for p in manifest.operating_points),
        default_threshold=manifest.default_threshold,
        folder=str(manifest.folder),
    )


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a model folder, its ONNX file checked against the hash.

    Raises
    ------
    ManifestError
        With the path of the key that is unknown, missing or wrong.
    """
    # Here, not at the top: the reader builds the classes above.
    from viewer.inference.manifest_reader import read

    return read(Path(folder).absolute())
