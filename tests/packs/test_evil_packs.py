"""A pack that is not what it should be is refused with a sentence, and nothing of it is left behind."""

from __future__ import annotations

import hashlib
import random
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.packs.evil import Members, members_of, named, refused, with_file, with_list, written
from viewer.domain.errors import PackError
from viewer.domain.job import JobContext
from viewer.io import pack as pack_module
from viewer.io.pack import check_pack
from viewer.services.packing import install_pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


NAMES = {
    "../out": "leads out of its folder",
    "cases/small-case/../../../out": "leads out of its folder",
    "cases/small-case/./x": "leads out of its folder",
    "/etc/passwd": "root of the disk",
    "cases/small-case//x": "root of the disk",
    "C:/windows/x": "must not hold",
    "cases/small-case/a:b": "must not hold",
    "cases/small-case/a\\..\\..\\x": "must not hold|two names",
    "cases/small-case/a\x07b": "must not hold",
    "cases/small-case/a\u202eb": "must not hold",
    "cases/small-case/CON": "name of a device",
    "cases/small-case/nul.txt": "name of a device",
    "cases/small-case/LPT1.dcm": "name of a device",
    "cases/small-case/x.": "space or a dot",
    "cases/small-case/x ": "space or a dot",
    "cases/small-case/" + "a/" * 9 + "x": "too deep",
    "cases/small-case/" + "a" * 300: "too long",
    "cases/small-case/CASE.JSON": "two files of one name",
    "cases/small-case/case.json/x": "two files of one name",
    "cases/Small-Case/case.json": "two files of one name|belongs to no case",
    "cases/other/x": "belongs to no case",
    "startup.sh": "belongs to no case",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_with_an_evil_name_is_refused(whole_pack: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "data").mkdir()
    members = members_of(whole_pack)
    with_file(members, name)
    refused(written(tmp_path / "evil.casepack", members), tmp_path / "data", NAMES[name])


def _nul(pack: Path) -> None:
    content = pack.read_bytes()
    assert b"cases/small-case/evil" in content
    pack.write_bytes(content.replace(b"cases/small-case/evil", b"cases/small-case/\0vil"))


def test_a_name_with_a_nul_in_it_is_refused(whole_pack: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    members = members_of(whole_pack)
    with_file(members, "cases/small-case/evil")
    pack = written(tmp_path / "evil.casepack", members)
    _nul(pack)
    refused(pack, tmp_path / "data", "must not hold")


def _link(members: Members) -> None:
    with_file(members, "cases/small-case/link", b"/etc/passwd")
    members[-1][0].external_attr = 0o120777 << 16


def _folder(members: Members) -> None:
    with_file(members, "cases/small-case/x", b"")
    members[-1][0].external_attr = 0o040755 << 16


def _bomb(members: Members) -> None:
    with_file(members, "cases/small-case/zeros", bytes(50_000_000))
    members[-1][0].compress_type = zipfile.ZIP_DEFLATED


def _twice(members: Members) -> None:
    members.append((named("cases/small-case/case.json"), b"{}"))


def _unlisted(members: Members) -> None:
    members.append((named("cases/small-case/more"), b"x"))


def _changed(members: Members) -> None:
    place = next(n for n, (info, _) in enumerate(members) if info.filename.endswith("0003.dcm"))
    info, content = members[place]
    members[place] = (info, content[:-1] + bytes([content[-1] ^ 1]))


def _shorter(members: Members) -> None:
    info, content = members[-1]
    members[-1] = (info, content[:-1])


def _missing(members: Members) -> None:
    del members[-1]


def _no_manifest(members: Members) -> None:
    del members[0]


def _newer(members: Members) -> None:
    with_list(members, lambda stored: stored.update(version=2))


def _broken_manifest(members: Members) -> None:
    members[0] = (named("pack.json"), b'{"format": "casestage pack", "version": 1, "version": 1}')


def _evil_id(members: Members) -> None:
    with_list(members, lambda stored: stored["cases"][0].update(id="..", folder="cases/.."))


def _elsewhere(members: Members) -> None:
    with_list(members, lambda stored: stored["cases"][0].update(folder="models/small-case"))


def _another_case(members: Members) -> None:
    place = next(n for n, (info, _) in enumerate(members) if info.filename.endswith("case.json"))
    content = members[place][1].replace(b'"small-case"', b'"other-case"')
    members[place] = (members[place][0], content)
    digest = hashlib.sha256(content).hexdigest()
    with_list(members, lambda stored: stored["files"][place - 1].update(sha256=digest, size=len(content)))


CHANGES: dict[str, tuple[Callable[[Members], None], str]] = {
    "a link": (_link, "link or a device"),
    "a folder": (_folder, "link or a device|a folder"),
    "a bomb": (_bomb, "more than it is long|compressed"),
    "a file twice": (_twice, "two files of one name"),
    "a file that is not listed": (_unlisted, "does not name"),
    "a file that was changed": (_changed, "not the one that was packed"),
    "a file that was cut": (_shorter, "not the one that was packed"),
    "a file that is missing": (_missing, "missing"),
    "no list of files": (_no_manifest, "holds no pack.json"),
    "a newer version": (_newer, "newer CaseStage"),
    "a list that says a thing twice": (_broken_manifest, "twice"),
    "an id that leads out": (_evil_id, "id that is none"),
    "a folder of another kind": (_elsewhere, "id that is none"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_pack_is_refused_that_holds(whole_pack: Path, tmp_path: Path, what: str) -> None:
    (tmp_path / "data").mkdir()
    change, words = CHANGES[what]
    members = members_of(whole_pack)
    change(members)
    refused(written(tmp_path / "evil.casepack", members), tmp_path / "data", words)


def test_a_case_that_is_not_the_one_the_list_names_is_not_installed(whole_pack: Path, tmp_path: Path) -> None:
    members = members_of(whole_pack)
    _another_case(members)
    pack = written(tmp_path / "evil.casepack", members)
    with pytest.raises(PackError, match="not whole"):
        install_pack(pack, tmp_path / "data", JobContext())
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


def test_members_that_lie_on_each_other_are_refused(whole_pack: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    members = members_of(whole_pack)
    for n in range(3):
        with_file(members, f"cases/small-case/{n}", b"x" * 100)
    pack = written(tmp_path / "evil.casepack", members)
    content = bytearray(pack.read_bytes())
    # The last entry of the directory points to where the one before it lies.
    last = content.rfind(b"PK\1\2")
    before = content.rfind(b"PK\1\2", 0, last)
    content[last + 42 : last + 46] = content[before + 42 : before + 46]
    pack.write_bytes(content)
    refused(pack, tmp_path / "data", "lie on each other")


def test_a_directory_that_claims_millions_of_files_is_refused_unread(whole_pack: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    content = bytearray(whole_pack.read_bytes())
    end = content.rfind(b"PK\5\6")
    struct.pack_into("<HHL", content, end + 8, 0xFFFE, 0xFFFE, 0xF0000000)
    (tmp_path / "evil.casepack").write_bytes(content)
    refused(tmp_path / "evil.casepack", tmp_path / "data", "which no pack does")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\3\4" + bytes(100), b"PK\5\6" + bytes(18)])
def test_what_is_no_pack_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "evil.casepack").write_bytes(content)
    refused(tmp_path / "evil.casepack", tmp_path / "data", "no pack")


def test_a_pack_cut_anywhere_is_refused(whole_pack: Path, tmp_path: Path) -> None:
    content = whole_pack.read_bytes()
    pack = tmp_path / "evil.casepack"
    for share in range(1, 40):
        pack.write_bytes(content[: len(content) * share // 40])
        with pytest.raises(PackError):
            check_pack(pack, JobContext())


def test_a_pack_with_any_byte_changed_is_refused_or_holds_the_same(whole_pack: Path, tmp_path: Path) -> None:
    content = whole_pack.read_bytes()
    good = check_pack(whole_pack, JobContext())
    pack, chance, rejected = tmp_path / "evil.casepack", random.Random(6), 0
    for _ in range(400):
        changed = bytearray(content)
        for _ in range(chance.choice((1, 1, 4))):
            # Where names, lengths and places stand as often as in the pictures.
            place = chance.choice((chance.randrange(len(content)), len(content) - chance.randrange(1, 2000)))
            changed[place] = chance.randrange(256)
        pack.write_bytes(changed)
        try:
            assert check_pack(pack, JobContext()).files == good.files
        except PackError:
            rejected += 1
    assert rejected > 200


def test_a_pack_of_an_older_version_is_brought_up_to_this_one(
    whole_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = members_of(whole_pack)

    def older(stored: dict[str, Any]) -> None:
        stored["stories"] = stored.pop("cases")

    with_list(members, older)
    pack = written(tmp_path / "old.casepack", members)
    monkeypatch.setattr(pack_module, "PACK_VERSION", 3)
    steps = {
        1: lambda stored: {("cases" if key == "stories" else key): value for key, value in stored.items()},
        2: lambda stored: {**stored, "made_with": stored["made_with"].upper()},
    }
    monkeypatch.setattr(pack_module, "MIGRATIONS", steps)
    found = check_pack(pack, JobContext())
    assert [item.id for item in found.cases] == ["small-case"]
    assert found.made_with.startswith("CASESTAGE")
    monkeypatch.setattr(pack_module, "MIGRATIONS", {1: steps[1]})
    with pytest.raises(PackError, match="no way from version 2 to 3"):
        check_pack(pack, JobContext())
