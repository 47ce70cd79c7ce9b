"""A model's manifest, `model.toml`: what the model is, takes, gives, and how its output becomes findings.

Rules of reading, the same for every key: three numbers that belong to axes are in the order i, j, k (columns, rows,
slices; the tensor's W, H, D); every window is [centre, width]; values are in the volume's unit (HU).
`viewer.inference.manifest_example` is a whole manifest with a comment for every key.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from attrs import frozen

from viewer.domain.model_card import ModelCard
from viewer.domain.volume import Window

MANIFEST_NAME = "model.toml"
MANIFEST_VERSION = 1


class Task(StrEnum):
    """What kind of model it is."""

    SEGMENTATION = "segmentation"
    DETECTION = "detection"
    SLICE_CLASSIFICATION = "slice-classification"
    VOLUME_CLASSIFICATION = "volume-classification"


class InputRole(StrEnum):
    """What a tensor is fed with: the image, or true (1) where there is no pixel (padding, outside the slices)."""

    IMAGE = "image"
    PADDING = "padding"


class Dtype(StrEnum):
    """Element type of an input tensor."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT16 = "int16"
    INT32 = "int32"
    BOOL = "bool"


class Mode(StrEnum):
    """How a volume goes through the model: at once, in overlapping patches, or in slabs of whole slices."""

    WHOLE = "whole"
    SLIDING = "sliding"
    WHOLE_OR_SLIDING = "whole_or_sliding"
    SLICES = "slices"


class Blending(StrEnum):
    """Weight of a patch's voxels where patches overlap."""

    GAUSSIAN = "gaussian"
    CONSTANT = "constant"


class OutputKind(StrEnum):
    """What an output tensor holds."""

    VOXEL_LOGITS = "voxel-logits"
    VOXEL_PROBABILITIES = "voxel-probabilities"
    LABEL_MAP = "label-map"
    BOXES = "boxes"
    CLASS_LOGITS = "class-logits"
    ACTIVATION_MAP = "activation-map"


class Activation(StrEnum):
    """What turns logits into probabilities: each channel alone, or one of all channels (0 is background)."""

    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"
    NONE = "none"


class Resampling(StrEnum):
    """How values between voxels come about."""

    LINEAR = "linear"
    NEAREST = "nearest"


class Normalise(StrEnum):
    """Whether channels are made after or before resampling (nnU-Net: before)."""

    AFTER_RESAMPLING = "after-resampling"
    BEFORE_RESAMPLING = "before-resampling"


class Connectivity(StrEnum):
    """Which marked voxels make one finding: neighbours by faces, by edges, by corners, or all of a label."""

    FACES = "6"
    EDGES = "18"
    CORNERS = "26"
    LABEL = "label"


class FindingScore(StrEnum):
    """How a finding's score comes from the probabilities of its voxels; `none` for rules."""

    MAX = "max"
    MEAN = "mean"
    P95 = "p95"
    NONE = "none"


class CaseScore(StrEnum):
    """How the case's score comes about."""

    MAX = "max"
    NONE = "none"


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
        Along i, j, k, or None for the original slices without resampling.
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

    @property
    def original(self) -> bool:
        """True where the model sees the original slices, not resampled."""
        return self.spacing_mm is None


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
class OutputTensor:
    """What one output tensor is; `temperature` divides logits (calibration), and how it was obtained."""

    name: str
    kind: OutputKind
    layout: str
    activation: Activation = Activation.NONE
    temperature: float = 1.0
    calibration: str = ""


@frozen
class Post:
    """How output becomes findings."""

    mask_threshold: float = 0.5
    smallest_ml: float = 0.0
    connectivity: Connectivity = Connectivity.CORNERS
    merge_distance_mm: float = 0.0
    finding_score: FindingScore = FindingScore.MAX
    case_score: CaseScore = CaseScore.MAX


@frozen
class Code:
    """A coded concept, such as SNOMED CT's (49755003, SCT, "Morphologically abnormal structure")."""

    value: str
    scheme: str
    meaning: str


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
    output: OutputTensor
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
    def default_threshold(self) -> float:
        """The score from which findings are shown at first."""
        return next((p.threshold for p in self.operating_points if p.default), self.post.mask_threshold)

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
