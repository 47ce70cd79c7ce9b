"""What libraries compile anew at every start, kept where Python keeps what it compiled.

attrs writes and compiles the methods of its classes, PySide the Python files that lie in its library, and many their
regular expressions; together a fifth of the wait for the window. The same text gives the same code, so that it is
compiled once.
"""

from __future__ import annotations
import __future__

import builtins
import contextlib
import marshal
import os
import re
import re._compiler as expressions  # type: ignore[import-not-found]  # has no public way in
import sys
import threading
import zlib
from importlib.util import MAGIC_NUMBER
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_compile = builtins.compile
_compile_expression, _engine = expressions.compile, expressions._sre
# A caller's `from __future__` holds in what it compiles.
_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag

# attrs writes a number of this process into what makes hashes; that of an earlier one tells classes apart as well.
_SALT = re.compile(r"(hash\(\(\n\s+)-?\d+,")

_Key = tuple[str | bytes, str, str, int]
# Code, or the tuple that the engine of regular expressions makes one of.
_Kept = Any


class KeptCode:
    """Takes the place of `compile` from `begin` to `end`; a file that is not there or damaged is made anew.

    Parameters
    ----------
    path
        The file. Where it cannot be written, nothing is kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[_Key, _Kept] = {}
        self._used: dict[_Key, _Kept] = {}
        self._given = _Given()
        self.compiled = 0

    def begin(self) -> None:
        """Take code from the file from now on."""
        with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
            held = self._path.read_bytes()
            magic, checked, rest = held[:4], held[4:8], memoryview(held)[8:]
            if magic == MAGIC_NUMBER and checked == zlib.crc32(rest).to_bytes(4, "little"):
                self._known = marshal.loads(rest)
        vars(builtins)["compile"] = self._taken
        vars(expressions).update(compile=self._expression, _sre=self._given)

    def end(self) -> None:
        """Let Python compile again, and write what was new."""
        vars(builtins)["compile"] = _compile
        vars(expressions).update(compile=_compile_expression, _sre=_engine)
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
            if len(more) < 2 and "dont_inherit" not in named:
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

    def _expression(self, pattern: Any, flags: int = 0) -> Any:  # noqa: ANN401 (as re compiles)
        if not isinstance(pattern, str | bytes) or flags & re.DEBUG:
            return _compile_expression(pattern, flags)
        key = (pattern, "<expression>", "", int(flags))
        kept = self._known.get(key)
        if kept is not None:
            self._used[key] = kept
            return _engine.compile(*kept)
        made = _compile_expression(pattern, flags)
        _, meant, code, groups, names, numbers = self._given.last
        # Named numbers are none that can be kept.
        self._used[key] = (pattern, int(meant), [int(word) for word in code], groups, names, numbers)
        self.compiled += 1
        return made


class _Given(threading.local):
    """Stands for the engine of regular expressions; `last` is what this thread gave it to make one."""

    last: tuple[Any, ...] = ()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (as the engine's)
        return getattr(_engine, name)

    def compile(self, *given: Any) -> Any:  # noqa: ANN401 (as the engine's)
        self.last = given
        return _engine.compile(*given)
