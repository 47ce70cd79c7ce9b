"""Packs whose list of files, or the archive's own directory, claims what is not so: refused before anything is read."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import pytest

from tests.packs.evil import Members, members_of, named, refused, with_file, with_list, written
from viewer.domain.errors import PackError
from viewer.domain.job import JobContext
from viewer.io import pack as pack_module
from viewer.io.pack import check_pack
from viewer.io.pack_names import DEEPEST, LONGEST, objection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENTRY, END, END_64, LOCATOR = b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7"


def _twice(members: Members) -> None:
    with_list(members, lambda stored: stored["files"].append(stored["files"][0]))


def _nothing(members: Members) -> None:
    with_list(members, lambda stored: stored.update(cases=[], models=[], files=[]))
    del members[1:]


def _of_something_else(members: Members) -> None:
    with_list(members, lambda stored: stored.update(format="casestage case"))


def _no_object(members: Members) -> None:
    members[0] = (named("pack.json"), b"[1, 2]")


def _long_signature(members: Members) -> None:
    members.append((named("pack.sig"), bytes(pack_module.LARGEST_SIGNATURE + 1)))


LISTS: dict[str, tuple[Callable[[Members], None], str]] = {
    "a file twice": (_twice, "names a file twice"),
    "no case": (_nothing, "names no case"),
    "another kind of document": (_of_something_else, "does not say"),
    "no document": (_no_object, "does not say"),
    "a signature without end": (_long_signature, "signature is too long"),
}


@pytest.mark.parametrize("what", LISTS)
def test_a_list_is_refused_that_names(whole_pack: Path, tmp_path: Path, what: str) -> None:
    (tmp_path / "data").mkdir()
    change, words = LISTS[what]
    members = members_of(whole_pack)
    change(members)
    refused(written(tmp_path / "evil.casepack", members), tmp_path / "data", words)


def test_a_list_without_end_is_not_read(whole_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    length = len(members_of(whole_pack)[0][1])
    pack = written(tmp_path / "evil.casepack", members_of(whole_pack))
    monkeypatch.setattr(pack_module, "LARGEST_BYTES", length)
    assert check_pack(pack, JobContext()).cases
    monkeypatch.setattr(pack_module, "LARGEST_BYTES", length - 1)
    refused(pack, tmp_path / "data", "list of files is too long")


def test_a_directory_that_holds_more_files_than_it_says_is_refused(
    whole_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    content = bytearray(whole_pack.read_bytes())
    count = len(members_of(whole_pack))
    pack = tmp_path / "evil.casepack"
    end = content.rfind(END)
    struct.pack_into("<HH", content, end + 8, 2, 2)
    pack.write_bytes(content)
    monkeypatch.setattr(pack_module, "MOST_FILES", count - 2)
    refused(pack, tmp_path / "data", "files, which no pack does")


def test_members_that_claim_to_be_longer_than_the_pack_are_refused_unread(whole_pack: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    content = bytearray(whole_pack.read_bytes())
    struct.pack_into("<LL", content, content.rfind(ENTRY) + 20, 0x7FFFFFFF, 0x7FFFFFFF)
    (tmp_path / "evil.casepack").write_bytes(content)
    refused(tmp_path / "evil.casepack", tmp_path / "data", "more than it is long")


def test_a_member_of_two_lengths_is_refused(whole_pack: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    content = bytearray(whole_pack.read_bytes())
    last = content.rfind(ENTRY)
    (length,) = struct.unpack_from("<L", content, last + 20)
    struct.pack_into("<L", content, last + 20, length - 1)
    (tmp_path / "evil.casepack").write_bytes(content)
    refused(tmp_path / "evil.casepack", tmp_path / "data", "is compressed")


@pytest.mark.parametrize(("found", "words"), [(True, "which no pack does"), (False, "no pack, or it is damaged")])
def test_a_64_bit_directory_that_claims_billions_of_files_is_refused_unread(
    whole_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: bool, words: str
) -> None:
    (tmp_path / "data").mkdir()
    content = whole_pack.read_bytes()
    end = content.rfind(END)
    place = end if found else 0
    record = struct.pack("<4sQHHLLQQQQ", END_64, 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 1 << 46, 0)
    last = bytearray(content[end:])
    struct.pack_into("<HHL", last, 8, 0xFFFF, 0xFFFF, 0xFFFFFFFF)
    pack = tmp_path / "evil.casepack"
    pack.write_bytes(content[:end] + record + struct.pack("<4sLQL", LOCATOR, 0, place, 1) + last)
    # The archive's own reader would make an object of each.
    monkeypatch.setattr(pack_module.zipfile, "ZipFile", lambda *_: pytest.fail("the directory was read"))
    refused(pack, tmp_path / "data", words)


@pytest.mark.parametrize("there", [False, True])
def test_where_no_pack_is_a_sentence_says_so(tmp_path: Path, there: bool) -> None:
    place = tmp_path / "folder"
    if there:
        place.mkdir()
    with pytest.raises(PackError) as refusal:
        check_pack(place, JobContext())
    assert refusal.value.sentence in ("There is no pack at this place.", "The pack cannot be read.")
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a" * LONGEST, ""),
        ("a" * (LONGEST + 1), "too long"),
        ("/".join("a" * DEEPEST), ""),
        ("/".join("a" * (DEEPEST + 1)), "too deep"),
        ("com3.txt", "device"),
        ("Lpt9", "device"),
        ("aux", "device"),
        ("e\N{COMBINING ACUTE ACCENT}.txt", "not written as names are"),
        (" x", "space or a dot"),
        ("x" * 5, ""),
    ],
)
def test_a_name_is_one_on_every_system_or_refused(name: str, words: str) -> None:
    assert words in objection(name)
    assert bool(objection(name)) is bool(words)


def test_a_story_of_two_cases_under_one_name_is_refused(whole_pack: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    members = members_of(whole_pack)
    case = json.loads(members[0][1])["cases"][0]
    other = {**case, "id": case["id"].upper(), "folder": f"cases/{case['id'].upper()}"}
    with_list(members, lambda stored: stored["cases"].append(other))
    with_file(members, f"{other['folder']}/x.json")
    refused(written(tmp_path / "evil.casepack", members), tmp_path / "data", "names one twice|two files of one name")
