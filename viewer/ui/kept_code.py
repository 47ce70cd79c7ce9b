"""What libraries compile anew at every start, kept where Python keeps what it compiled.

attrs writes and compiles the methods of its classes, PySide the Python files that lie in its library; together a sixth
of the wait for the window. The same text gives the same code, so that it is compiled once.
"""

from __future__ import annotations
import __future__

import builtins
import contextlib
import marshal
import os
import re
import sys
import zlib
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType

_compile = builtins.compile
# A caller's `from __future__` holds in what it compiles.
_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag

# attrs writes a number of this process into what makes hashes; that of an earlier one tells classes apart as well.
_SALT = re.compile(r"(hash\(\(\n\s+)-?\d+,")

_Key = tuple[str | bytes, str, str, int]


def beside_compiled() -> Path:
    """Return where the code is kept: as Python's own, one file for each version of Python."""
    return Path(cache_from_source(__file__)).with_suffix(".kept")


class KeptCode:
    """Takes the place of `compile` from `begin` to `end`; a file that is not there or damaged is made anew.

    Parameters
    ----------
    path
        The file. Where it cannot be written, nothing is kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[_Key, CodeType] = {}
        self._used: dict[_Key, CodeType] = {}
        self.compiled = 0

    def begin(self) -> None:
        """Take code from the file from now on."""
        with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
            held = self._path.read_bytes()
            magic, checked, rest = held[:4], held[4:8], memoryview(held)[8:]
            if magic == MAGIC_NUMBER and checked == zlib.crc32(rest).to_bytes(4, "little"):
                self._known = marshal.loads(rest)
        vars(builtins)["compile"] = self._taken

    def end(self) -> None:
        """Let Python compile again, and write what was new."""
        vars(builtins)["compile"] = _compile
        if not self.compiled or sys.dont_write_bytecode:
            return
        kept = {**self._known, **self._used}
        if len(kept) > 2 * len(self._used):
            # Most of it belongs to text that has changed since.
            kept = self._used
        data = marshal.dumps(kept)
        part = self._path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            part.write_bytes(MAGIC_NUMBER + zlib.crc32(data).to_bytes(4, "little") + data)
            part.replace(self._path)

    def _taken(self, source: Any, filename: Any, mode: str, *more: Any, **named: Any) -> Any:  # noqa: ANN401 (as compile)
        flags = sys._getframe(1).f_code.co_flags & _FUTURES
        if more or named or not isinstance(source, str | bytes) or not isinstance(filename, str):
            if len(more) < 2 and "dont_inherit" not in named:  # noqa: PLR2004 (flags, dont_inherit)
                given = more[0] if more else named.pop("flags", 0)
                return _compile(source, filename, mode, given | flags, dont_inherit=True, **named)
            return _compile(source, filename, mode, *more, **named)
        text = _SALT.sub(r"\1", source) if isinstance(source, str) and filename.startswith("<attrs") else source
        key = (text, filename, mode, flags)
        code = self._known.get(key)
        if code is None:
            code = _compile(source, filename, mode, flags, dont_inherit=True)
            self.compiled += 1
        self._used[key] = code
        return code
