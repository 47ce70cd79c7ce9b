"""What Python keeps of compiled code, kept whole: on a full disk it keeps a part, and can import that no more.

And where the program keeps more of the kind.
"""

from __future__ import annotations

import contextlib
import os
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

# Has no public way in.
_loading: Any = import_module("importlib._bootstrap_external")
_write, _compiled = getattr(_loading, "_write_atomic", None), getattr(_loading, "_compile_bytecode", None)


def keep_whole() -> None:
    """Let what could be written in part alone be removed, and what is damaged be compiled anew from its source.

    Python before 3.12.8 takes no notice of how much the disk took (https://github.com/python/cpython/issues/126606);
    the program would not start again, also once there is room.
    """
    if _write is not None and _compiled is not None:
        _loading._write_atomic, _loading._compile_bytecode = _write_whole, _compiled_anyway


def _write_whole(path: str, content: bytes, mode: int = 0o666) -> None:
    assert _write is not None
    _write(path, content, mode)
    if os.path.getsize(path) != len(content):
        os.unlink(path)


def _compiled_anyway(
    held: memoryview, name: str | None = None, bytecode_path: str | None = None, source_path: str | None = None
) -> Any:  # noqa: ANN401 (code, of which there is no more to say)
    assert _compiled is not None
    try:
        return _compiled(held, name, bytecode_path, source_path)
    except (EOFError, ValueError, TypeError):
        if source_path is None:
            raise
        if bytecode_path is not None:
            with contextlib.suppress(OSError):
                os.unlink(bytecode_path)
        with open(source_path, "rb") as source:
            return compile(source.read(), source_path, "exec", dont_inherit=True)


def beside_compiled(source: str) -> Path:
    """Return where something is kept for the next start: beside what Python compiled of a source, and named as that."""
    return Path(cache_from_source(source)).with_suffix(".kept")
