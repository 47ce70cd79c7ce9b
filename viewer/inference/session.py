"""ONNX Runtime sessions: made from checked bytes, with settings that suit a program with a window."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any, Protocol, cast

import onnxruntime  # type: ignore[import-untyped]  # it says no types

from viewer.domain.errors import ModelError
from viewer.inference.manifest_reader import LARGEST_MODEL_BYTES
from viewer.inference.manifest_terms import InputRole, Mode
from viewer.inference.onnx_file import check_safe, onnx_facts
from viewer.io.regular_file import regular

if TYPE_CHECKING:
    from pathlib import Path

    from viewer.inference.manifest import InputTensor, Manifest

_OUT_OF_MEMORY = ("bad_alloc", "failed to allocate", "bad allocation", "out of memory", "std::length_error")


class Session(Protocol):
    """What is used of a session of ONNX Runtime."""

    def run(self, outputs: list[str], feeds: dict[str, Any]) -> list[object]:
        """Return the outputs asked for."""

    def get_inputs(self) -> list[Any]:
        """Return the inputs: name, shape, type."""

    def get_outputs(self) -> list[Any]:
        """Return the outputs: name, shape, type."""

    def get_providers(self) -> list[str]:
        """Return what it runs on, the first choice first."""


def thread_count() -> int:
    """Return how many threads a model may use: half of the processors, 2 to 8."""
    return max(2, min(8, (os.cpu_count() or 2) // 2))


def checked_bytes(path: Path, sha256: str | None = None) -> bytes:
    """Return the content of an ONNX file after every check that needs no loading.

    The bytes that are hashed are the bytes that are returned.

    Raises
    ------
    ModelError
        When it cannot be read, is not what its hash says, is damaged, or needs what is not allowed.
    """
    try:
        if regular(path).stat().st_size > LARGEST_MODEL_BYTES:
            raise ModelError(f"{path.name} is larger than {LARGEST_MODEL_BYTES // 2**20} MiB, the most that is loaded.")
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read.", "", str(error)) from error
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path.name} is not the file that its manifest describes.", "Get the model again.")
    check_safe(onnx_facts(content))
    return content


def session_from(content: bytes, name: str, providers: tuple[str, ...] = ("CPUExecutionProvider",)) -> Session:
    """Return a session for checked bytes, on the processor unless told otherwise.

    Raises
    ------
    ModelError
        When the runtime does not take the model.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = thread_count()
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Waiting threads that spin would take the processor from the window.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(content, options, providers=list(providers))
    except Exception as error:  # noqa: BLE001 (the runtime's errors have no common class)
        raise runtime_error(name, "cannot be loaded", error) from error
    return cast("Session", session)


def runtime_error(name: str, what: str, error: Exception) -> ModelError:
    """Return the error to show for whatever the runtime raised."""
    text = str(error)
    if isinstance(error, MemoryError) or any(words in text.lower() for words in _OUT_OF_MEMORY):
        return ModelError(
            f"{name} asks for more memory than it may have here.",
            "A smaller patch in its manifest, or a computer with more memory, may do.",
            text[:2000],
        )
    return ModelError(f"{name} {what}.", "The model may be damaged, or need a newer runtime.", text[:2000])


def check_tensors(manifest: Manifest, session: Session) -> None:
    """Hold the names, the number of axes and the fixed sizes in the manifest against the model's.

    Raises
    ------
    ModelError
        When they differ.
    """
    for side, named, there in (
        ("input", {t.name: t.layout for t in manifest.inputs}, session.get_inputs()),
        ("output", {t.name: t.layout for t in manifest.outputs}, session.get_outputs()),
    ):
        present = {tensor.name: tensor for tensor in there}
        missing = sorted(set(named) - set(present)) or (sorted(set(present) - set(named)) if side == "input" else [])
        if missing:
            raise ModelError(
                f"{manifest.name}: its manifest names the {side} {', '.join(sorted(named))}, "
                f"and the model has {', '.join(sorted(present)) or 'none'}.",
                f"Correct [{side}] in model.toml.",
            )
        for name, layout in named.items():
            shape = present[name].shape
            if shape and len(shape) != len(layout):
                raise ModelError(
                    f"{manifest.name}: {side}.{name}.layout is {layout}, and the tensor has {len(shape)} axes.",
                    f"Correct {side}.{name}.layout in model.toml.",
                )
            if side == "input":
                _check_element(manifest, next(t for t in manifest.inputs if t.name == name), present[name].type)
            if side == "input" and shape:
                _check_sizes(manifest, next(t for t in manifest.inputs if t.name == name), shape)


def _check_element(manifest: Manifest, tensor: InputTensor, there: str) -> None:
    """Hold the element type in the manifest against the model's, in the runtime's words."""
    words = {"float32": "float", "float64": "double"}
    if there != f"tensor({words.get(tensor.dtype, tensor.dtype)})":
        known = {word: name for name, word in words.items()}
        inner = there.removeprefix("tensor(").removesuffix(")")
        at, takes = f"input.{tensor.name}.dtype", known.get(inner, inner)
        raise ModelError(
            f"{manifest.name}: {at} is {tensor.dtype}, and the model takes {takes}.",
            f"Correct {at} in model.toml.",
        )


def _check_sizes(manifest: Manifest, tensor: InputTensor, shape: list[Any]) -> None:
    """Hold the sizes that a model fixes against what it will be fed."""
    how, at = manifest.inference, f"input.{tensor.name}"
    wanted: dict[str, tuple[int, str]] = {}
    if tensor.role is InputRole.IMAGE:
        wanted["C"] = (len(tensor.channels), f"{at}.channels")
    if "D" not in tensor.layout:
        wanted["N"] = (how.slab, "inference.slab")
    if tensor.size is not None:
        wanted |= {letter: (size, f"{at}.size") for letter, size in zip("WHD", tensor.size, strict=True)}
    elif how.mode is Mode.SLIDING:
        wanted |= {letter: (size, "inference.patch") for letter, size in zip("WHD", how.patch, strict=True)}
    for letter, size in zip(tensor.layout, shape, strict=True):
        if not isinstance(size, int):
            continue
        if letter in wanted and wanted[letter][0] != size:
            made, where = wanted[letter]
            raise ModelError(
                f"{manifest.name}: {where} makes {made} along {letter}, and the model takes {size}.",
                f"Correct {where} in model.toml.",
            )
        # Slices as they are may happen to be of the one size.
        if letter in "WHD" and letter not in wanted and not tensor.original:
            raise ModelError(
                f"{manifest.name} takes {size} voxels along {letter} and no other number, so a volume has to fit.",
                'Use inference.mode = "sliding" with a patch of that size, or input.size for a classifier.',
            )


def run_once(manifest: Manifest, session: Session, feeds: dict[str, Any]) -> dict[str, object]:
    """Return the output tensors by name for one set of inputs.

    Raises
    ------
    ModelError
        When the runtime fails.
    """
    names = [tensor.name for tensor in manifest.outputs]
    try:
        return dict(zip(names, session.run(names, feeds), strict=True))
    except Exception as error:  # noqa: BLE001 (the runtime's errors have no common class)
        raise runtime_error(manifest.name, "stopped with an error", error) from error
