"""Names and colours of the values of a label map, where its file says them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from viewer.domain.errors import UnreadableFileError
from viewer.io.regular_file import regular

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_HEADER = 1 << 20
_LONGEST_NAME = 200
_IN_NIFTI = re.compile(r'<Label\s[^>]*?Key="(\d{1,5})"[^>]*>\s*(?:<!\[CDATA\[)?([^<\]]*)')
_IN_NRRD = re.compile(r"^Segment(\d+)_(LabelValue|Layer|Name|Color):=(.*?)\r?$", re.MULTILINE)


def label_names(path: Path, layers: int = 1) -> dict[tuple[int, int], str]:
    """Return names by layer and value: of the label table of a NIfTI file (Caret XML), of the segments of an NRRD file.

    A table names values, or of several label maps the maps, which are of one label each then. Empty where the file
    names none; never an error, as names are not needed.

    Parameters
    ----------
    layers
        How many label maps the file holds; values mean another segment in each.
    """
    name = path.name.lower()
    try:
        if name.endswith((".nii", ".nii.gz")):
            table = _of_nifti(path).items()
            return _tidy({(value - 1, 1) if layers > 1 else (0, value): words for value, words in table})
        if name.endswith((".nrrd", ".nhdr")):
            return _tidy(_of_nrrd(path, layers))
    except (OSError, EOFError, ValueError, UnreadableFileError):
        return {}
    return {}


def _tidy(names: dict[tuple[int, int], str]) -> dict[tuple[int, int], str]:
    made = {}
    for value, name in names.items():
        words = " ".join(name.replace("_", " ").split())
        if len(words) > _LONGEST_NAME:
            words = words[: _LONGEST_NAME - 1] + "…"
        if words:
            made[value] = words[0].upper() + words[1:]
    return made


def _of_nifti(path: Path) -> dict[int, str]:
    import nibabel

    image: Any = nibabel.load(path)
    found: dict[int, str] = {}
    for extension in image.header.extensions:
        content = extension.get_content()
        text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
        found |= {int(value): name for value, name in _IN_NIFTI.findall(text[:_LONGEST_HEADER])}
    return found


def label_colours(path: Path, layers: int = 1) -> dict[tuple[int, int], str]:
    """Return colours "#RRGGBB" by layer and value, of the segments of an NRRD file; empty where a file says none."""
    if not path.name.lower().endswith((".nrrd", ".nhdr")):
        return {}
    try:
        said = _segments_of_nrrd(path, layers).items()
    except (OSError, EOFError, ValueError, UnreadableFileError):
        return {}
    return {place: colour for place, about in said if (colour := _colour(about.get("Color", "")))}


def _colour(shares: str) -> str:
    """Return "#RRGGBB" of three shares of 0 to 1; "" of what is none."""
    try:
        rgb = [float(share) for share in shares.split()]
    except ValueError:
        return ""
    if len(rgb) != 3 or not all(0.0 <= share <= 1.0 for share in rgb):
        return ""
    return "#" + "".join(f"{round(share * 255):02X}" for share in rgb)


def _of_nrrd(path: Path, layers: int) -> dict[tuple[int, int], str]:
    return {place: about["Name"] for place, about in _segments_of_nrrd(path, layers).items() if "Name" in about}


def _segments_of_nrrd(path: Path, layers: int) -> dict[tuple[int, int], dict[str, str]]:
    """Return what an NRRD file says of its segments, by layer and value."""
    with regular(path).open("rb") as file:
        head = file.read(_LONGEST_HEADER)
    text = re.split(rb"\n\r?\n", head, maxsplit=1)[0].decode("utf-8", "replace")
    said: dict[int, dict[str, str]] = {}
    for number, key, words in _IN_NRRD.findall(text):
        said.setdefault(int(number), {})[key] = words
    segments: dict[tuple[int, int], dict[str, str]] = {}
    for number, about in said.items():
        # Slicer up to 4.10 gave each segment a layer of its own and said neither layer nor value.
        layer, value = about.get("Layer", str(number)), about.get("LabelValue", "1" if layers > 1 else "")
        if value.strip().isdigit() and (layers == 1 or layer.strip().isdigit()):
            segments[int(layer) if layers > 1 else 0, int(value)] = about
    return segments
