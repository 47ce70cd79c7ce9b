"""ONNX Runtime sessions: made from checked bytes, with settings that suit a program with a window."""

from __future__ import annotations

import hashlib
import os
import re
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

_NEWER = {
    r"Opset (\d+) is under development[\s\S]*till opset (\d+)": "opset",
    r"Unsupported model IR version: (\d+), max supported IR version: (\d+)": "ONNX IR version",
}
_NUMBERS = frozenset(
    f"tensor({kind})"
    for kind in (
        *("float", "double", "float16", "bool"),
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    )
)
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
    for pattern, needs in _NEWER.items():
        found = re.search(pattern, text)
        if found:
            return ModelError(
                f"{name} needs {needs} {found[1]}, and the runtime here knows those up to {found[2]}.",
                f"Export it with {needs} {found[2]} or lower, or install a newer onnxruntime.",
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
            if side == "output" and present[name].type not in _NUMBERS:
                raise ModelError(
                    f"{manifest.name}: output.{name} is {present[name].type}, and a tensor of numbers is meant.",
                    "Export it with an output of float32.",
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
    slabs = how.mode is Mode.SLICES
    if "D" in tensor.layout:
        batch = 1 if how.mode is Mode.WHOLE else how.batch
        wanted |= {"N": (batch, "inference.batch")} | ({"D": (how.slab, "inference.slab")} if slabs else {})
    elif slabs or how.mode is Mode.SLIDING:
        wanted["N"] = (how.slab, "inference.slab") if slabs else (how.patch[2], "inference.patch")
    if tensor.size is not None:
        wanted |= {letter: (size, f"{at}.size") for letter, size in zip("WHD", tensor.size, strict=True)}
    elif how.mode is Mode.SLIDING:
        wanted |= {letter: (size, "inference.patch") for letter, size in zip("WHD", how.patch, strict=True)}
    for letter, size in zip(tensor.layout, shape, strict=True):
        if not isinstance(size, int):
            continue
        if letter == "N" and letter not in wanted:
            raise ModelError(
                f"{manifest.name} takes {size} {'slice' if size == 1 else 'slices'} at once and no other number.",
                f'Use inference.mode = "slices" with slab = {size}.',
            )
        if letter == "N" and "D" in tensor.layout and size > 1:
            raise ModelError(
                f"{manifest.name} takes {size} volumes or patches at once and no other number.",
                "Export it with an open batch, or with one of 1.",
            )
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


def whole_slabs(manifest: Manifest, session: Session) -> bool:
    """Return True where a model that goes through slabs takes no thinner one, as the last mostly is."""
    image = manifest.image
    letter = "D" if "D" in image.layout else "N"
    shapes = [tensor.shape for tensor in session.get_inputs() if tensor.name == image.name]
    return (
        manifest.inference.mode is Mode.SLICES
        and letter in image.layout
        and any(
            len(shape) == len(image.layout) and isinstance(shape[image.layout.index(letter)], int) for shape in shapes
        )
    )


def _check_fed(manifest: Manifest, session: Session, feeds: dict[str, Any]) -> None:
    """Hold sizes that a model fixes against what it is fed, which a volume may decide."""
    for there in session.get_inputs():
        fed = feeds.get(there.name)
        layout = next((tensor.layout for tensor in manifest.inputs if tensor.name == there.name), "")
        if fed is None or len(there.shape) != len(fed.shape) or len(layout) != len(fed.shape):
            continue
        for letter, takes, given in zip(layout, there.shape, fed.shape, strict=True):
            if isinstance(takes, int) and takes != given:
                raise ModelError(
                    f"{manifest.name} takes {takes} along {letter} and no other number, and this volume makes {given}.",
                    'Use inference.mode = "sliding" with a patch of that size, or slabs of so many slices.',
                )


def run_once(manifest: Manifest, session: Session, feeds: dict[str, Any]) -> dict[str, object]:
    """Return the output tensors by name for one set of inputs.

    Raises
    ------
    ModelError
        When the runtime fails.
    """
    names = [tensor.name for tensor in manifest.outputs]
    _check_fed(manifest, session, feeds)
    try:
        return dict(zip(names, session.run(names, feeds), strict=True))
    except Exception as error:  # noqa: BLE001 (the runtime's errors have no common class)
        raise runtime_error(manifest.name, "stopped with an error", error) from error
