"""What the importers of other formats share: files read as data, values that are plain, and names made keys."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from viewer.domain.errors import ManifestError
from viewer.inference.propose import quoted
from viewer.io.strict_json import WrongJsonError, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from viewer.inference.onnx_file import OnnxFacts


_LARGEST_PATCH = 4096


class ImportRefusedError(ManifestError):
    """Something cannot be translated; the sentence names it."""

    usual_hint = "Write the manifest by hand: casestage models propose makes a start."


def json_table(path: Path) -> dict[str, Any]:
    """Return what a JSON file holds, which must be a table.

    Raises
    ------
    ImportRefusedError
        When it cannot be read or holds something else.
    """
    try:
        value = read_json(path)
    except OSError as error:
        raise ImportRefusedError(f"{path.name} is not there, or cannot be read.", "", error.strerror or "") from error
    except WrongJsonError as error:
        raise ImportRefusedError(f"{path.name} cannot be read as JSON: {error}.") from error
    if not isinstance(value, dict):
        raise ImportRefusedError(f"{path.name} holds no table.")
    return value


def numbers(value: Any, count: int, where: str) -> list[float]:
    """Return a list of so many numbers.

    Raises
    ------
    ImportRefusedError
        When it is something else.
    """
    good = isinstance(value, list) and len(value) == count
    if not good or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in value):
        raise ImportRefusedError(f"{where} must be {count} numbers.")
    return [float(v) for v in value]


def whole_numbers(value: Any, count: int, where: str) -> tuple[int, ...]:
    """Return a list of so many whole numbers of voxels; see `numbers`."""
    found = numbers(value, count, where)
    if not all(n.is_integer() and 1 <= n <= _LARGEST_PATCH for n in found):
        raise ImportRefusedError(f"{where} must be {count} whole numbers from 1 to {_LARGEST_PATCH}.")
    return tuple(int(n) for n in found)


def number(value: Any, where: str) -> float:
    """Return a number; see `numbers`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ImportRefusedError(f"{where} must be a number.")
    return float(value)


def key_of(name: str, taken: Iterable[str] = ()) -> str:
    """Return a name as a key of a-z, 0-9 and -, other than those taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "unnamed"
    others = set(taken)
    if key not in others:
        return key
    return next(f"{key}-{n}" for n in range(2, len(others) + 3) if f"{key}-{n}" not in others)


def label_tables(named: dict[int, str]) -> str:
    """Return [[label]] tables by channel."""
    keys: list[str] = []
    lines = []
    for index, name in sorted(named.items()):
        keys.append(key_of(name, keys))
        lines += ["[[label]]", f"index = {index}", f"key = {quoted(keys[-1])}", f"name = {quoted(name)}", ""]
    if not lines:
        raise ImportRefusedError("No label is named but the background.")
    return "\n".join(lines).rstrip()


def toml_numbers(values: Iterable[float]) -> str:
    """Return a list of numbers as a TOML value."""
    return "[" + ", ".join(f"{value:.10g}" for value in values) + "]"


def check_volume_model(facts: OnnxFacts, *, labels: int, patch_ijk: tuple[int, ...], layout: str) -> None:
    """Hold an exported segmentation model against what its own files say.

    Parameters
    ----------
    labels
        The highest channel that is named.
    patch_ijk
        Voxels along i, j, k of a patch; empty where the whole volume goes in.
    layout
        Of its input, such as "NCDHW".

    Raises
    ------
    ImportRefusedError
        When it takes or gives something else.
    """
    if len(facts.inputs) != 1 or len(facts.outputs) != 1:
        raise ImportRefusedError(
            f"The ONNX file has {len(facts.inputs)} inputs and {len(facts.outputs)} outputs, and one of each is meant.",
            "Export the network alone, without deep supervision.",
        )
    (image,), (output,) = facts.inputs, facts.outputs
    if len(image.shape) != 5 or len(output.shape) != 5:
        raise ImportRefusedError(f"The ONNX file is no volume segmentation: {image.words}, {output.words}.")
    channels = output.shape[1]
    if isinstance(channels, int) and channels <= labels:
        raise ImportRefusedError(f"The ONNX file gives {channels} channels, and label {labels} is named.")
    for letter, size in zip("WHD", patch_ijk, strict=False):
        there = image.shape[layout.index(letter)]
        if isinstance(there, int) and there != size:
            raise ImportRefusedError(
                f"The ONNX file takes {there} voxels along one axis, and the patch has {size} there.",
                "Export it with open axes, or with the patch's size.",
            )
