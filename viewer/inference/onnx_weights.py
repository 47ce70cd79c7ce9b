"""Weights that an ONNX file keeps in other files, put into it.

The runtime is never let near such files: they are read here, from beside the model alone, and what it is given is one
file with everything in it. External data is described in the ONNX project's `docs/ExternalData.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

from attrs import define, field

from viewer.domain.errors import ModelError
from viewer.inference.manifest_reader import LARGEST_MODEL_BYTES
from viewer.inference.onnx_file import fields_of, onnx_facts, text_of
from viewer.io.regular_file import regular

_Buffer = bytes | memoryview
_Change = Callable[[int, memoryview], "_Pieces | None"]
_DEEPEST = 24


@define
class _Pieces:
    """Buffers that follow each other, and their length: large weights are copied once, at the end."""

    buffers: list[_Buffer] = field(factory=list)
    length: int = 0

    def add(self, buffer: _Buffer) -> None:
        self.buffers.append(buffer)
        self.length += len(buffer)

    def add_field(self, number: int, content: _Pieces) -> None:
        self.add(_varint(number << 3 | 2))
        self.add(_varint(content.length))
        self.buffers += content.buffers
        self.length += content.length


@define
class _Beside:
    """The files beside a model that its tensors name, and how much may still be taken from them."""

    folder: Path
    left: int
    contents: dict[str, memoryview] = field(factory=dict)

    def bytes_of(self, told: dict[str, str]) -> memoryview:
        """Return what external data of this location, offset and length is."""
        name = told.get("location", "")
        whole = self.contents.get(name)
        if whole is None:
            whole = self.contents[name] = memoryview(self._read(name))
        offset = _whole_number(told.get("offset", "0"))
        length = _whole_number(told["length"]) if "length" in told else len(whole) - offset
        if length < 0 or offset + length > len(whole):
            raise ModelError(f"The model takes weights from beyond the end of {name}.", "Get the model again, whole.")
        self.left -= length
        if self.left < 0:
            raise _too_large()
        return whole[offset : offset + length]

    def _read(self, name: str) -> bytes:
        inside = PurePosixPath(name)
        foreign = "\\" in name or "\0" in name or PureWindowsPath(name).drive or inside.is_absolute()
        if not inside.parts or foreign or ".." in inside.parts:
            raise ModelError(
                f"The model takes weights from {name!r}, which is no file beside it.", "Put all files into one folder."
            )
        path, at = self.folder.joinpath(*inside.parts), self.folder
        for part in inside.parts:
            at = at / part
            if at.is_symlink():
                raise ModelError(f"{name} is a link; the file itself must stand beside the model.", "Copy it there.")
        try:
            facts = regular(path).stat()
            if facts.st_nlink > 1:
                raise ModelError(f"{name} is a link; the file itself must stand beside the model.", "Copy it there.")
            if facts.st_size > LARGEST_MODEL_BYTES:
                raise _too_large()
            return path.read_bytes()
        except OSError as error:
            raise ModelError(
                f"The model keeps weights in {name}, which is not beside it or cannot be read.",
                "An export with external data is several files; all of them are needed.",
                str(error),
            ) from error


def with_own_weights(path: Path) -> bytes | None:
    """Return an ONNX file with the weights that lie in files beside it put into it; None where all are in it already.

    Raises
    ------
    ModelError
        When it or one of them cannot be read, lies elsewhere, is a link, is cut short, or all are too large together.
    """
    try:
        if regular(path).stat().st_size > LARGEST_MODEL_BYTES:
            raise _too_large()
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read.", "", str(error)) from error
    if not onnx_facts(content).external:
        return None
    beside = _Beside(path.parent, LARGEST_MODEL_BYTES - len(content))
    try:
        made = b"".join(_changed(memoryview(content), _in_model(beside)).buffers)
    except (ValueError, IndexError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError("The file is not a readable ONNX model.", "It may be damaged or cut short.") from error
    if onnx_facts(made).external:
        raise ModelError("The model keeps weights in other files in a way that is not known here.")
    return made


def _too_large() -> ModelError:
    return ModelError(
        f"The model is larger than {LARGEST_MODEL_BYTES // 2**20} MiB with its weights, the most that is loaded."
    )


def _whole_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ModelError(f"The model takes weights from {text[:40]!r}, which is no place in a file.")
    return int(text)


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*made, value))


def _changed(view: memoryview, change: _Change) -> _Pieces:
    """Return a message in which fields are exchanged for what `change` says; None leaves one as it is."""
    made = _Pieces()
    for number, content, start, end in fields_of(view):
        new = change(number, content) if isinstance(content, memoryview) else None
        if new is None:
            made.add(view[start:end])
        else:
            made.add_field(number, new)
    return made


def _in_model(beside: _Beside) -> _Change:
    def tensor(view: memoryview) -> _Pieces | None:
        told, external = {}, False
        for number, content, _, _ in fields_of(view):
            if number == 14 and content == 1:
                external = True
            if number == 13 and isinstance(content, memoryview):
                external = True
                entry = {n: text_of(value) for n, value, _, _ in fields_of(content)}
                told[entry.get(1, "")] = entry.get(2, "")
        if not external:
            return None
        made = _Pieces()
        for number, _, start, end in fields_of(view):
            if number not in (9, 13, 14):
                made.add(view[start:end])
        own = _Pieces()
        own.add(beside.bytes_of(told))
        made.add_field(9, own)
        return made

    def sparse(view: memoryview) -> _Pieces:
        return _changed(view, lambda number, content: tensor(content) if number in (1, 2) else None)

    def attribute(view: memoryview, depth: int) -> _Pieces:
        def of(number: int, content: memoryview) -> _Pieces | None:
            if number in (5, 10):
                return tensor(content)
            if number in (22, 23):
                return sparse(content)
            return graph(content, depth + 1) if number in (6, 11) else None

        return _changed(view, of)

    def node(view: memoryview, depth: int) -> _Pieces:
        return _changed(view, lambda number, content: attribute(content, depth) if number == 5 else None)

    def graph(view: memoryview, depth: int) -> _Pieces:
        if depth > _DEEPEST:
            raise ValueError("graphs are nested too deeply")

        def of(number: int, content: memoryview) -> _Pieces | None:
            if number == 1:
                return node(content, depth)
            if number == 5:
                return tensor(content)
            return sparse(content) if number == 15 else None

        return _changed(view, of)

    def function(view: memoryview) -> _Pieces:
        return _changed(view, lambda number, content: node(content, 1) if number == 7 else None)

    def model(number: int, content: memoryview) -> _Pieces | None:
        if number == 7:
            return graph(content, 0)
        return function(content) if number == 25 else None

    return model
