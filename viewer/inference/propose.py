"""A manifest proposed for an ONNX file: what its tensors tell is filled in, all else is a “?” with the question.

Nothing is guessed: what only looks likely stands in a comment, and a manifest is refused until each “?” is answered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import ModelError
from viewer.inference.manifest_terms import Dtype, Task
from viewer.inference.strict_table import TO_FILL_IN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.inference.onnx_file import OnnxFacts, TensorFacts

_Q = f'"{TO_FILL_IN}"'
_MOST_LABELS = 200
_MOST_CHANNELS = 32


@frozen
class Proposal:
    """The text of a manifest, and how many answers it still needs."""

    text: str
    open: int


def likely_tasks(facts: OnnxFacts) -> tuple[Task, ...]:
    """Return the kinds that the number of axes of a model's tensors allows, in no order."""
    axes_in = {len(t.shape) for t in facts.inputs}
    axes_out = {len(t.shape) for t in facts.outputs}
    found = []
    if axes_in & axes_out & {4, 5}:
        found.append(Task.SEGMENTATION)
    # A label map often comes without an axis for its one channel.
    elif any(len(t.shape) in (3, 4) and len(t.shape) + 1 in axes_in and "int" in t.element for t in facts.outputs):
        found.append(Task.SEGMENTATION)
    boxes = any(t.shape and t.shape[-1] == 6 and len(t.shape) in (2, 3) for t in facts.outputs)
    if 5 in axes_in and boxes and len(facts.outputs) > 1:
        found.append(Task.DETECTION)
    if 4 in axes_in and axes_out & {1, 2}:
        found.append(Task.SLICE_CLASSIFICATION)
    if 5 in axes_in and axes_out & {1, 2} and not boxes:
        found.append(Task.VOLUME_CLASSIFICATION)
    if 5 in axes_in and not boxes and len(facts.outputs) > 1 and axes_out <= {1, 2, 3}:
        found.append(Task.DETECTION)
    return tuple(found)


def propose(facts: OnnxFacts, *, file: str, sha256: str, task: Task | None = None) -> Proposal:
    """Return a manifest with a question wherever the file does not tell.

    Parameters
    ----------
    task
        What kind of model it is; None where its tensors allow one kind alone.

    Raises
    ------
    ModelError
        When the kind has to be said, or does not go with the tensors.
    """
    likely = likely_tasks(facts)
    if task is None:
        if len(likely) != 1:
            tensors = "; ".join(t.words for t in (*facts.inputs, *facts.outputs))
            raise ModelError(
                "The tensors do not tell what kind of model it is.",
                "Say it: --task segmentation, detection, slice-classification or volume-classification.",
                tensors,
            )
        task = likely[0]
    if not facts.inputs:
        raise ModelError("The model takes no input.")
    return from_answers(facts, file=file, sha256=sha256, task=task, answers={})


def from_answers(
    facts: OnnxFacts, *, file: str, sha256: str, task: Task, answers: dict[str, str], notes: Sequence[str] = ()
) -> Proposal:
    """Return a manifest in which some questions are answered.

    Parameters
    ----------
    answers
        TOML values by key path with the tensors' names left out, such as "input.spacing_mm"; "labels" holds whole
        [[label]] tables.
    notes
        Sentences to stand at the top, as comments.
    """
    lines = [f"# {_plain(note)}" for note in notes]
    lines += ["", *_Writer(answers).manifest(facts, file, sha256, task)]
    text = "\n".join(lines).strip() + "\n"
    return Proposal(text, len(re.findall(r'^[^#\n]*"\?"', text, flags=re.MULTILINE)))


def quoted(text: str) -> str:
    """Return a text as a TOML value."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def _plain(text: str) -> str:
    """Return a text that stays within its comment."""
    return "".join(c if c.isprintable() else " " for c in text)


class _Writer:
    """Writes lines; `answers` come first, then what the file tells, then a question."""

    def __init__(self, answers: dict[str, str]) -> None:
        self._answers = answers

    def _line(self, path: str, value: str = _Q, comment: str = "") -> str:
        known = self._answers.get(path, value)
        text = f"{path.rsplit('.', 1)[-1]} = {known}"
        return f"{text:<36}  # {_plain(comment)}" if comment else text

    def manifest(self, facts: OnnxFacts, file: str, sha256: str, task: Task) -> list[str]:
        line = self._line
        lines = [
            "manifest = 1",
            "",
            "[model]",
            line("model.id", comment="a-z, 0-9 and -"),
            line("model.name"),
            line("model.version"),
            line("model.task", quoted(task), "by its tensors, or as told"),
            line("model.licence", comment="may it be used and passed on?"),
            line("model.file", quoted(file)),
            "",
            "[model.files]",
            f"{quoted(file)} = {quoted(sha256)}",
            "",
            "[model.card]",
            line("model.card.intended_use"),
            line("model.card.regulatory_status"),
            line("model.card.trained_on"),
            line("model.card.synthetic", comment="true where it was trained on synthetic data alone, else false"),
            line("model.card.limitations", comment='a list of sentences, such as ["Misses small lesions."]'),
            "",
            "[accept]",
            line("accept.synthetic_only", comment="true: refuses real CT unless told otherwise"),
            line("accept.body_part", comment='such as ["HEAD"]; [] for any'),
        ]
        for tensor in facts.inputs:
            lines += self._input(tensor, alone=len(facts.inputs) == 1, task=task)
        lines += self._inference(facts, task)
        for output in facts.outputs:
            lines += self._output(output, task, max((len(t.shape) for t in facts.inputs), default=0))
        lines += self._post(task, label_map=_label_map(facts, task))
        return [*lines, *self._labels(facts, task)]

    def _input(self, tensor: TensorFacts, *, alone: bool, task: Task) -> list[str]:
        line = self._line
        axes = f"{len(tensor.shape)} axes [{', '.join(str(n) for n in tensor.shape)}]"
        usual = _usual(tensor)
        dtype = quoted(tensor.element) if tensor.element in set(Dtype) else _Q
        wrong = (
            ""
            if tensor.element in set(Dtype)
            else f"the tensor is {tensor.element}, which cannot be fed yet: export it with float32"
        )
        channels = _channels(tensor)
        each = f"{channels} of them" if channels else "as many as there are"
        lines = ["", f"[input.{_key(tensor.name)}]"]
        if not alone:
            lines.append(line("input.role", comment="image, or padding: 1 where there is no pixel; one is the image"))
        lines += [
            line("input.dtype", dtype, wrong),
            line("input.layout", comment=axes + (f", often {usual}" if usual else "")),
            line("input.orientation", comment='"LPS": W grows left, H back, D to the head; or "RAS" …; or "original"'),
            line("input.spacing_mm", comment='[along W, H, D]; "original"; or "fit" with size'),
            line(
                "input.channels", comment=f"{each}: [{{ window = [centre, width] }}], or clip and range, or mean, std"
            ),
        ]
        if "input.size" in self._answers or task in (Task.SLICE_CLASSIFICATION, Task.VOLUME_CLASSIFICATION):
            fixed = [n for n in tensor.shape[2:] if isinstance(n, int)]
            if len(fixed) == len(tensor.shape[2:]) and fixed:
                lines.append(line("input.size", comment=f"its last axes are {fixed}; in the order W, H, D"))
        for key in ("input.size_multiple", "input.normalise", "input.outside_hu", "input.beyond", "input.resampling"):
            if key in self._answers:
                lines.append(line(key))
        return lines

    def _inference(self, facts: OnnxFacts, task: Task) -> list[str]:
        line = self._line
        modes = {Task.SLICE_CLASSIFICATION: quoted("slices"), Task.VOLUME_CLASSIFICATION: quoted("whole")}
        lines = [
            "",
            "[inference]",
            line("inference.mode", modes.get(task, _Q), "whole, sliding, whole_or_sliding, slices"),
        ]
        if task in (Task.SEGMENTATION, Task.DETECTION):
            fixed = [n for n in facts.inputs[0].shape[2:] if isinstance(n, int)]
            seen = f", its last axes are {fixed}" if len(fixed) == 3 else ""
            lines.append(line("inference.patch", comment=f"[along W, H, D]{seen}; delete it for whole or slices"))
        for key in ("inference.overlap", "inference.blending", "inference.batch"):
            if key in self._answers:
                lines.append(line(key))
        return lines

    def _output(self, tensor: TensorFacts, task: Task, axes_in: int) -> list[str]:
        line = self._line
        kinds = {
            Task.SEGMENTATION: "voxel-logits, voxel-probabilities, label-map",
            Task.DETECTION: "boxes, box-scores, box-labels",
            Task.SLICE_CLASSIFICATION: "class-logits, class-probabilities, activation-map",
            Task.VOLUME_CLASSIFICATION: "class-logits, class-probabilities",
        }
        axes = f"{tensor.element}, {len(tensor.shape)} axes [{', '.join(str(n) for n in tensor.shape)}]"
        usual = _usual(tensor) or {3: "NB6", 2: "NC or NB", 1: "B"}.get(len(tensor.shape))
        if task is Task.SEGMENTATION and len(tensor.shape) == axes_in - 1:
            usual = {4: "NDHW", 3: "NHW"}.get(len(tensor.shape), usual)
        numbers = task is Task.SEGMENTATION and "int" in tensor.element
        kind, activation = (quoted("label-map"), quoted("none")) if numbers else (_Q, _Q)
        lines = [
            "",
            f"[output.{_key(tensor.name)}]",
            line("output.kind", kind, f"{kinds[task]}; delete the table where it is none of these"),
            line("output.layout", comment=axes + (f", often {usual}" if usual else "")),
            line("output.activation", activation, "sigmoid or softmax for logits, else none"),
        ]
        if task is Task.DETECTION and tensor.shape and tensor.shape[-1] == 6:
            lines += [
                line("output.format", comment="corners, or centre-size"),
                line("output.frame", comment="voxels of what was fed, or mm along its axes"),
                line("output.origin", comment="where 0 is: edge or centre of the first voxel; or inclusive"),
                line("output.order", comment='the axes of three numbers: "ijk" along W, H, D, or "kji"'),
            ]
        return lines

    def _post(self, task: Task, *, label_map: bool) -> list[str]:
        if label_map:
            none = quoted("none")
            scores = [self._line(f"post.{key}", none) for key in ("finding_score", "case_score")]
            return ["", "[post]  # a label map has no probabilities", *scores]
        key, words = {
            Task.SEGMENTATION: ("mask_threshold", "probability from which a voxel is marked"),
            Task.DETECTION: ("least_score", "score from which a box counts"),
            Task.SLICE_CLASSIFICATION: ("least_score", "probability from which a slice makes a finding"),
            Task.VOLUME_CLASSIFICATION: ("least_score", "probability from which a class is listed; 0 for all"),
        }[task]
        lines = ["", "[post]", self._line(f"post.{key}", comment=words)]
        if "post.finding_score" in self._answers:
            lines.append(self._line("post.finding_score"))
        return lines

    def _labels(self, facts: OnnxFacts, task: Task) -> list[str]:
        if "labels" in self._answers:
            return ["", *self._answers["labels"].splitlines()]
        count, first = 1, 1 if _label_map(facts, task) else 0
        if task is not Task.DETECTION:
            axes = 1 if task is not Task.SEGMENTATION else None
            sizes = [_channels(t) for t in facts.outputs if len(t.shape) > 1 and (axes is None or len(t.shape) == 2)]
            count = next((n for n in sizes if n is not None and 0 < n <= _MOST_LABELS), 1)
        lines = []
        for n in range(count):
            lines += [
                "",
                "[[label]]",
                f"{f'index = {n + first}':<36}  # channel, or value of a label map; delete the table of background",
                self._line("label.key", comment="a-z, 0-9 and -"),
                self._line("label.name"),
            ]
        return lines


def _label_map(facts: OnnxFacts, task: Task) -> bool:
    """Return whether voxels come out as whole numbers, so that nothing but a label map is meant."""
    return task is Task.SEGMENTATION and all("int" in t.element for t in facts.outputs)


def _usual(tensor: TensorFacts) -> str:
    """Return the layout that so many axes often have, "" where that is none of voxels."""
    usual = {5: "NCDHW", 4: "NCHW"}.get(len(tensor.shape), "")
    last = tensor.shape[-1] if usual else None
    if isinstance(last, int) and last <= _MOST_CHANNELS and not _few(tensor.shape[1]):
        usual = usual.replace("C", "") + "C"
    return usual


def _few(size: int | str) -> bool:
    return isinstance(size, int) and size <= _MOST_CHANNELS


def _channels(tensor: TensorFacts) -> int | None:
    """Return how many channels a tensor seems to have, None where that is open."""
    if len(tensor.shape) < 2:
        return None
    size = tensor.shape[-1 if _usual(tensor).endswith("C") else 1]
    return size if isinstance(size, int) else None


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else quoted(name)
