"""The words that a manifest may use, and which outputs belong to which task."""

from __future__ import annotations

from enum import StrEnum


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
    FLOAT64 = "float64"
    UINT8 = "uint8"
    INT8 = "int8"
    UINT16 = "uint16"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
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
    BOX_SCORES = "box-scores"
    BOX_LABELS = "box-labels"
    CLASS_LOGITS = "class-logits"
    CLASS_PROBABILITIES = "class-probabilities"
    ACTIVATION_MAP = "activation-map"


# The outputs that a task needs one of each of, and those that it may have beside them.
MAIN_OUTPUTS: dict[Task, frozenset[OutputKind]] = {
    Task.SEGMENTATION: frozenset({OutputKind.VOXEL_LOGITS, OutputKind.VOXEL_PROBABILITIES, OutputKind.LABEL_MAP}),
    Task.DETECTION: frozenset({OutputKind.BOXES}),
    Task.SLICE_CLASSIFICATION: frozenset({OutputKind.CLASS_LOGITS, OutputKind.CLASS_PROBABILITIES}),
    Task.VOLUME_CLASSIFICATION: frozenset({OutputKind.CLASS_LOGITS, OutputKind.CLASS_PROBABILITIES}),
}
SIDE_OUTPUTS: dict[Task, frozenset[OutputKind]] = {
    Task.DETECTION: frozenset({OutputKind.BOX_SCORES, OutputKind.BOX_LABELS}),
    Task.SLICE_CLASSIFICATION: frozenset({OutputKind.ACTIVATION_MAP}),
}
LOGITS = frozenset({OutputKind.VOXEL_LOGITS, OutputKind.CLASS_LOGITS})


class BoxFormat(StrEnum):
    """What the six numbers of a box are: both corners, or its centre and its size."""

    CORNERS = "corners"
    CENTRE_SIZE = "centre-size"


class BoxFrame(StrEnum):
    """What a box's numbers count: voxels of the tensor that was fed, or mm along its axes."""

    VOXELS = "voxels"
    MM = "mm"


class BoxOrigin(StrEnum):
    """Where a box's coordinate 0 lies.

    `edge`: on the outer face of the first voxel. `centre`: in its centre. `inclusive`: corners are the numbers of the
    first and the last voxel inside, from 0.
    """

    EDGE = "edge"
    CENTRE = "centre"
    INCLUSIVE = "inclusive"


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
