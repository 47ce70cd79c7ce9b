"""Packs taken apart, changed and put together again, as nobody honest would."""

from __future__ import annotations

import hashlib
import json
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from viewer.domain.errors import PackError
from viewer.domain.job import JobContext
from viewer.io.pack import check_pack
from viewer.services.packing import install_pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


Members = list[tuple[zipfile.ZipInfo, bytes]]


def members_of(pack: Path) -> Members:
    with zipfile.ZipFile(pack) as archive:
        return [(info, archive.read(info)) for info in archive.infolist()]


def named(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o100644 << 16
    return info


def written(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in members:
            with warnings.catch_warnings():
                # Python warns of a second file of the same name.
                warnings.simplefilter("ignore")
                archive.writestr(info, content)
    return path


def with_list(members: Members, change: Callable[[dict[str, Any]], None]) -> None:
    stored = json.loads(members[0][1])
    change(stored)
    members[0] = (named("pack.json"), json.dumps(stored).encode())


def with_file(members: Members, name: str, content: bytes = b"evil") -> None:
    """Add a file that the list of files names too, so that nothing but its name speaks against it."""
    entry = {"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    with_list(members, lambda stored: stored["files"].append(entry))
    members.append((named(name), content))


def refused(pack: Path, data: Path, words: str) -> None:
    """Check that a pack is refused in words, when checked and when installed, and nothing of it is there."""
    for attempt in (lambda: check_pack(pack, JobContext()), lambda: install_pack(pack, data, JobContext())):
        with pytest.raises(PackError, match=words) as refusal:
            attempt()
        assert refusal.value.sentence.endswith(".")
        assert refusal.value.hint
    assert [path for path in data.rglob("*") if path.is_file()] == []
    assert {path.name for path in data.parent.iterdir()} == {"data", "evil.casepack"}
