"""Names of the values of a label map, where its file says them."""

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
_IN_NRRD = re.compile(r"^Segment(\d+)_(LabelValue|Name):=(.*?)\r?$", re.MULTILINE)


def label_names(path: Path) -> dict[int, str]:
    """Return names by value: of the label table of a NIfTI file (Caret XML), of the segments of an NRRD file.

    Empty where the file names none; never an error, as names are not needed.
    """
    name = path.name.lower()
    try:
        if name.endswith((".nii", ".nii.gz")):
            return _tidy(_of_nifti(path))
        if name.endswith((".nrrd", ".nhdr")):
            return _tidy(_of_nrrd(path))
    except (OSError, EOFError, ValueError, UnreadableFileError):
        return {}
    return {}


def _tidy(names: dict[int, str]) -> dict[int, str]:
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


def _of_nrrd(path: Path) -> dict[int, str]:
    with regular(path).open("rb") as file:
        head = file.read(_LONGEST_HEADER)
    text = re.split(rb"\n\r?\n", head, maxsplit=1)[0].decode("utf-8", "replace")
    values: dict[str, int] = {}
    names: dict[str, str] = {}
    for number, key, words in _IN_NRRD.findall(text):
        if key == "Name":
            names[number] = words
        elif words.strip().isdigit():
            values[number] = int(words)
    return {values[number]: name for number, name in names.items() if number in values}
