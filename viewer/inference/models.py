"""What an ONNX file without a manifest says of itself, and what its tensors are held against."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import ModelError
from viewer.domain.job import JobContext
from viewer.inference.onnx_file import OnnxFacts, TensorFacts, check_safe, onnx_facts
from viewer.inference.process import ModelProcess
from viewer.inference.session import checked_bytes
from viewer.inference.worker import Request
from viewer.io.regular_file import regular

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.inference.manifest import Manifest

NOT_KNOWN = "not known: "


@frozen
class OnnxDescription:
    """A model file by its tensors.

    `problem` says why it cannot be run here, "" where it loads; `questions` is what the file does not tell and a
    manifest has to.
    """

    name: str
    size_bytes: int
    sha256: str
    facts: OnnxFacts
    problem: str
    questions: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The description, a line each."""
        opsets = ", ".join(f"{domain or 'ai.onnx'} {version}" for domain, version in sorted(self.facts.opsets.items()))
        return (
            f"{self.name}: {self.size_bytes / 1000:.0f} kB, opset {opsets}, {self.facts.nodes} operators, "
            f"made by {self.facts.producer or 'a tool that gives no name'}",
            *(f"input {tensor.words}" for tensor in self.facts.inputs),
            *(f"output {tensor.words}" for tensor in self.facts.outputs),
            *([f"cannot be run here: {self.problem}"] if self.problem else ["loads"]),
            *(f"{NOT_KNOWN}{question}" for question in self.questions),
        )


def describe_onnx(path: Path, ctx: JobContext | None = None) -> OnnxDescription:
    """Return what a model file says of itself, and what must be asked for; nothing is guessed.

    It is loaded once in a process of its own, to see that it can be.

    Raises
    ------
    ModelError
        When the file is not a readable ONNX model.
    """
    content = _content(path)
    facts = onnx_facts(content)
    problem = ""
    try:
        check_safe(facts)
        checked_bytes(path)
        ModelProcess().ask(Request(path=path), ctx or JobContext(), name=path.name, silence_s=60.0)
    except ModelError as error:
        problem = error.sentence
    return OnnxDescription(
        name=path.name,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        facts=facts,
        problem=problem,
        questions=_questions(facts),
    )


def facts_of(path: Path) -> OnnxFacts:
    """Return what a model file says of its tensors; it is not loaded.

    Raises
    ------
    ModelError
        When the file is not a readable ONNX model.
    """
    return onnx_facts(_content(path))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes() if regular(path).stat().st_size < 2**31 else b""
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read.", "", str(error)) from error


def check_tensors_of(manifest: Manifest, ctx: JobContext) -> None:
    """Hold a manifest's tensors against its model's, which is loaded in a process of its own.

    Raises
    ------
    ModelError
        When they differ, or the model cannot be loaded.
    """
    ModelProcess().ask(Request(manifest=manifest), ctx, name=manifest.name, silence_s=60.0)


def _questions(facts: OnnxFacts) -> tuple[str, ...]:
    questions = ["what it was made for: modality, body part, real or synthetic data"]
    for tensor in facts.inputs:
        questions += [
            f"what {tensor.name} takes: the unit (HU or other), and the window, clip or mean and SD of each channel",
            f"the voxel spacing and orientation of {tensor.name}, and which axis is which",
        ]
    for tensor in facts.outputs:
        channels = _channels(tensor)
        each = f"each of the {channels} channels" if channels and channels > 1 else "its values"
        questions.append(f"what {each} of {tensor.name} mean, whether logits or probabilities, and the threshold")
    return tuple(questions)


def _channels(tensor: TensorFacts) -> int | None:
    if len(tensor.shape) < 2:
        return None
    second = tensor.shape[1]
    return second if isinstance(second, int) else None
