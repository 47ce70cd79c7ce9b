"""What Python compiled of modules in packages, kept in one file more: a start opens that instead of six hundred.

To find, open and read each on its own takes a tenth of the wait for the window.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
import threading
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, spec_from_file_location
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType, ModuleType

# Of which Python the code is, and of which form the file.
_MARK = MAGIC_NUMBER + b"CS2\n"
_WORD = 8
_HEAD = len(_MARK) + 2 * _WORD
# Ahead of the code in Python's own files: its number, flags (none where the source's time is what counts), time, size.
_OWN_HEAD = 16
_ORDER: Literal["little"] = "little"
_WHAT = "What starts the program"

# When a source was written, how long it is, and when it came to be where it is: packages may bear the time of the last
# version. Then where its code is, after the index, and how long that is.
_Stamp = tuple[int, int, int]
_Kept = tuple[str, _Stamp, int, int]


class KeptModules:
    """Finds modules of packages from `begin` to `end`, as long as their sources are what they were.

    A package itself is sought as ever, so that its modules are those of the one that was found. A file that is not
    there, damaged or of before a change is made anew, from what Python keeps beside the sources.

    Parameters
    ----------
    path
        The file. Where it cannot be written, nothing is kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, _Kept] = {}
        self._file: FileIO | None = None
        self._first = 0
        self._reading = threading.Lock()
        self.found = 0

    def begin(self) -> None:
        """Find modules in the file from now on."""
        with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
            self._file = FileIO(self._path)
            head = self._file.read(_HEAD)
            length, of_index = (int.from_bytes(head[at : at + _WORD], _ORDER) for at in (8, 8 + _WORD))
            # It is written whole or not at all, so that no more need be looked at.
            if head.startswith(_MARK) and length == os.fstat(self._file.fileno()).st_size:
                self._kept = marshal.loads(self._file.read(of_index))
                self._first = _HEAD + of_index
        # Who else finds modules, as tests and debuggers do, was before this.
        where = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else len(sys.meta_path)
        sys.meta_path.insert(where, self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module of a package is; None leaves that to Python."""
        kept = self._kept.get(name)
        if kept is None or path is None:
            return None
        source, stamp, _, _ = kept
        if not _is_in(source, name, path) or _stamp(source) != stamp:
            self._kept.pop(name, None)
            return None
        self.found += 1
        return spec_from_file_location(
            name,
            source,
            loader=_Loader(name, source, self._code),
            submodule_search_locations=[os.path.dirname(source)] if _is_package(source) else None,
        )

    def end(self) -> threading.Thread | None:
        """Leave all modules to Python again, and write what was new; return who writes, if anyone."""
        # Another list: who is in the middle of this one, in another thread, would miss one of the others.
        sys.meta_path = [finder for finder in sys.meta_path if finder is not self]
        sources = {name: kept[0] for name, kept in self._kept.items()}
        self._kept = {}
        if self._file is not None:
            # A file that is open cannot be replaced on Windows.
            self._file.close()
        if sys.dont_write_bytecode:
            return None
        writer = threading.Thread(target=self._write, args=(sources, list(sys.modules.values())), name="kept modules")
        writer.start()
        return writer

    def _code(self, name: str) -> CodeType | None:
        """Return a module's code; None where it is not there."""
        kept = self._kept.get(name)
        if self._file is None or kept is None:
            return None
        _, _, at, length = kept
        try:
            with self._reading:
                self._file.seek(self._first + at)
                held = self._file.read(length)
            code: CodeType = marshal.loads(held)
        except (OSError, ValueError, EOFError, TypeError):
            return None
        return code

    def _write(self, before: dict[str, str], loaded: list[ModuleType]) -> None:
        loaded_now = {spec.name: spec.origin for spec in map(_own_spec, loaded) if spec is not None and spec.origin}
        if loaded_now.keys() <= before.keys():
            return
        codes = {
            name: (source, *of_it) for name, source in (before | loaded_now).items() if (of_it := _compiled(source))
        }
        if codes.keys() <= before.keys():
            # What is new is kept nowhere, as where Python cannot write.
            return
        from viewer.domain.errors import StorageError
        from viewer.io.atomic_file import remove_left, write_atomically

        with contextlib.suppress(StorageError):
            write_atomically(self._path, _in_one(codes), _WHAT)
            remove_left(self._path.parent, self._path.name)


class _Loader(SourceFileLoader):
    """Python's own, which has the code from elsewhere."""

    def __init__(self, name: str, source: str, code: Callable[[str], CodeType | None]) -> None:
        super().__init__(name, source)
        self._code = code

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the module's code, compiled from its source where it is kept nowhere."""
        return self._code(fullname) or super().get_code(fullname)


def _is_package(source: str) -> bool:
    return source.endswith(f"{os.sep}__init__.py")


def _is_in(source: str, name: str, path: Sequence[str]) -> bool:
    """Return whether Python would look for a module of a package in that source, and nowhere before."""
    folders = list(path)
    sought = f"{folders[0]}{os.sep}{name.rpartition('.')[2]}" if len(folders) == 1 else ""
    return source in (f"{sought}.py", f"{sought}{os.sep}__init__.py")


def _stamp(source: str) -> _Stamp | None:
    """Return what tells a source from what it was; None where there is none."""
    try:
        said = os.stat(source)
    except OSError:
        return None
    return said.st_mtime_ns, said.st_size, said.st_ctime_ns


def _own_spec(module: ModuleType) -> ModuleSpec | None:
    """Return what a module of a package was loaded by, where that was its source; None otherwise."""
    spec = getattr(module, "__spec__", None)
    ours = isinstance(spec, ModuleSpec) and isinstance(spec.loader, SourceFileLoader) and "." in spec.name
    return spec if ours else None


def _compiled(source: str) -> tuple[_Stamp, bytes] | None:
    """Return what Python keeps of a source, without its head; None where that is not of the source as it is."""
    stamp = _stamp(source)
    try:
        held = Path(cache_from_source(source)).read_bytes()
    except (OSError, NotImplementedError):
        return None
    if stamp is None or len(held) <= _OWN_HEAD:
        return None
    of_it = (0, stamp[0] // 10**9 & 0xFFFFFFFF, stamp[1] & 0xFFFFFFFF)
    told = tuple(int.from_bytes(held[at : at + 4], _ORDER) for at in (4, 8, 12))
    return (stamp, held[_OWN_HEAD:]) if held[:4] == MAGIC_NUMBER and told == of_it else None


def _in_one(codes: dict[str, tuple[str, _Stamp, bytes]]) -> bytes:
    """Return the content of the file that keeps the code of some modules, by name: source, stamp and code."""
    kept: dict[str, _Kept] = {}
    at = 0
    for name, (source, stamp, code) in codes.items():
        kept[name] = (source, stamp, at, len(code))
        at += len(code)
    index = marshal.dumps(kept)
    head = b"".join(n.to_bytes(_WORD, _ORDER) for n in (_HEAD + len(index) + at, len(index)))
    return b"".join((_MARK, head, index, *(code for _, _, code in codes.values())))
