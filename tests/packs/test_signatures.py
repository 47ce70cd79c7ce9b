"""Who made a pack is proven, and a pack that was changed after it was signed is refused."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tests.cli.conftest import casestage, write_small_case
from viewer.domain.errors import PackError
from viewer.domain.job import JobContext
from viewer.io.pack import check_pack, signer_of
from viewer.io.pack_signature import SIGNATURE, fingerprint, new_key, public_key, signed, signer
from viewer.services.trusted_keys import TrustedKeys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return a private key."""
    path = tmp_path / "acme.key"
    said = casestage("pack", "key", "new", "--out", path)
    assert said.code == 0, said.err
    return path


@pytest.fixture
def pack(own_home: Path, tmp_path: Path, key: Path) -> Path:
    """Return a signed pack of a small case."""
    write_small_case(own_home / "data" / "cases" / "small-case")
    path = tmp_path / "small.casepack"
    said = casestage("pack", "build", "small-case", "--out", path, "--sign", key)
    assert said.code == 0, said.err
    return path


def rewritten(pack: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Return a copy of a pack with changed members; None leaves one out."""
    copy = pack.with_name("changed.casepack")
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as new:
        for info in old.infolist():
            content = change(info.filename, old.read(info))
            if content is not None:
                new.writestr(info, content)
    return copy


def test_a_key_is_for_its_owner_alone_and_never_written_over(key: Path) -> None:
    assert key.stat().st_mode & 0o077 == 0
    assert "PRIVATE" not in key.with_name("acme.key.pub").read_text()
    said = casestage("pack", "key", "new", "--out", key)
    assert said.code == 1
    assert "there already" in said.err


def test_who_signed_a_pack_is_told_and_whether_they_are_trusted(pack: Path, key: Path) -> None:
    said = casestage("pack", "verify", pack)
    assert said.code == 0
    assert "Signed by a key that is not trusted here: " in said.out
    shown = casestage("pack", "key", "show", f"{key}.pub").out
    mark = shown.removeprefix("Fingerprint: ").strip()
    assert len(mark.replace(" ", "")) == 32
    assert mark in said.out
    refused = casestage("pack", "install", pack, "--replace", "--trusted-only")
    assert refused.code == 1
    assert mark in refused.err
    assert casestage("pack", "key", "trust", f"{key}.pub", "--name", "Acme Imaging").code == 0
    assert f"Signed by Acme Imaging, whom you trust: {mark}" in casestage("pack", "verify", pack).out
    told = casestage("pack", "verify", pack, "--json").json["signature"]
    assert told == {"fingerprint": mark, "trusted": True, "name": "Acme Imaging"}
    assert casestage("pack", "install", pack, "--replace", "--trusted-only").code == 0
    assert "Acme Imaging" in casestage("pack", "key", "list").out
    assert casestage("pack", "key", "forget", "acme imaging").code == 0
    assert "No key is trusted here." in casestage("pack", "key", "list").out


def test_a_private_key_is_not_trusted_in_the_place_of_its_public_half(key: Path) -> None:
    said = casestage("pack", "key", "trust", key, "--name", "Acme")
    assert said.is_sentence()
    assert "private half" in said.err
    assert "acme.key.pub" in said.err
    assert "No key is trusted here." in casestage("pack", "key", "list").out
    # Its fingerprint may be asked for: that gives nothing away.
    assert casestage("pack", "key", "show", key).out == casestage("pack", "key", "show", f"{key}.pub").out


def test_a_pack_that_is_not_signed_says_so(own_home: Path, tmp_path: Path) -> None:
    write_small_case(own_home / "data" / "cases" / "small-case")
    plain = tmp_path / "plain.casepack"
    assert "Not signed" in casestage("pack", "build", "small-case", "--out", plain).out
    assert casestage("pack", "verify", plain, "--json").json["signature"] is None
    said = casestage("pack", "install", plain, "--replace", "--trusted-only")
    assert said.code == 1
    assert "is not signed" in said.err
    # There is no fingerprint to compare, and no key to trust.
    assert "fingerprint" not in said.err
    assert "sha256" in said.err


def test_a_pack_changed_after_it_was_signed_is_refused_with_a_sentence(pack: Path, key: Path) -> None:
    def other_words(name: str, content: bytes) -> bytes:
        if name != "pack.json":
            return content
        told = json.loads(content)
        told["cases"][0]["title"] = "Another title"
        return json.dumps(told).encode()

    def other_signature(name: str, content: bytes) -> bytes:
        return content.replace(b'"signature": "', b'"signature": "AAAA') if name == SIGNATURE else content

    def no_signature_at_all(name: str, content: bytes) -> bytes:
        return b"{}" if name == SIGNATURE else content

    for change in (other_words, other_signature, no_signature_at_all):
        changed = rewritten(pack, change)
        for command in ("verify", "install"):
            said = casestage("pack", command, changed)
            assert said.code == 1
            assert "The pack’s signature is wrong" in said.err
            assert "Do not install it." in said.err
    assert signer_of(rewritten(pack, lambda name, content: None if name == SIGNATURE else content)) is None


def test_a_signature_of_another_list_or_for_another_purpose_is_none(tmp_path: Path) -> None:
    key = tmp_path / "k"
    public = new_key(key)
    made = signed(b"a list", key)
    assert signer(b"a list", made) == public
    for other in (b"another list", b"", b"a list "):
        with pytest.raises(PackError, match="signature is wrong"):
            signer(other, made)
    with pytest.raises(PackError, match="newer CaseStage"):
        signer(b"a list", made.replace(b'"version": 1', b'"version": 2'))


def test_signing_with_what_is_no_key_is_refused_before_any_work(own_home: Path, tmp_path: Path) -> None:
    write_small_case(own_home / "data" / "cases" / "small-case")
    wrong = tmp_path / "wrong.key"
    wrong.write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
    said = casestage("pack", "build", "small-case", "--out", tmp_path / "a.casepack", "--sign", wrong)
    assert said.code == 1
    assert "is no Ed25519 key" in said.err
    assert not (tmp_path / "a.casepack").exists()


def test_signing_twice_gives_the_same_bytes(pack: Path, key: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.casepack"
    casestage("pack", "build", "small-case", "--out", again, "--sign", key)
    assert again.read_bytes() == pack.read_bytes()
    assert check_pack(pack, JobContext()).cases[0].id == "small-case"


def test_a_damaged_list_of_trusted_keys_trusts_nobody(tmp_path: Path) -> None:
    kept = TrustedKeys(tmp_path / "keys.json")
    public = new_key(tmp_path / "k")
    assert kept.trust(public, "Acme\u202e").fingerprint == fingerprint(public)
    assert kept.name_of(public) == "Acme"
    with pytest.raises(PackError, match="Another trusted key"):
        kept.trust(new_key(tmp_path / "k2"), "acme")
    (tmp_path / "keys.json").write_text("[]")
    with pytest.raises(PackError, match="cannot be read"):
        kept.name_of(public)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"algorithm": "ed25519"', b'"algorithm": "none"'),
        (b"casestage signature", b"casestage pack"),
        (b": 1,", b": 0,"),
    ],
)
def test_a_signature_of_another_kind_proves_nothing(tmp_path: Path, before: bytes, after: bytes) -> None:
    new_key(tmp_path / "k")
    made = signed(b"a list", tmp_path / "k")
    assert before in made
    with pytest.raises(PackError, match="signature is wrong"):
        signer(b"a list", made.replace(before, after))


def test_only_a_private_key_of_the_right_kind_signs(tmp_path: Path) -> None:
    new_key(tmp_path / "k")
    foreign = X25519PrivateKey.generate()
    pem = serialization.Encoding.PEM
    shape = serialization.PrivateFormat.PKCS8
    (tmp_path / "foreign").write_bytes(foreign.private_bytes(pem, shape, serialization.NoEncryption()))
    (tmp_path / "foreign.pub").write_bytes(
        foreign.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    locked = Ed25519PrivateKey.generate().private_bytes(pem, shape, serialization.BestAvailableEncryption(b"secret"))
    (tmp_path / "locked").write_bytes(locked)
    (tmp_path / "nonsense.pub").write_text("-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n")
    for name, words in {
        "k.pub": "public half",
        "foreign": "no Ed25519 key",
        "locked": "locked with a password",
        "nowhere": "cannot be read",
    }.items():
        with pytest.raises(PackError, match=words):
            signed(b"a list", tmp_path / name)
    for name, words in {"foreign.pub": "no Ed25519 key", "nonsense.pub": "no Ed25519 key", "k": "private half"}.items():
        with pytest.raises(PackError, match=words):
            public_key(tmp_path / name, of_private=False)


@pytest.mark.parametrize(
    ("before", "after"), [("trusted keys", "other keys"), ('"version": 1', '"version": 2'), ('_key": "', '_key": "é')]
)
def test_a_list_of_trusted_keys_that_cannot_be_meant_trusts_nobody(tmp_path: Path, before: str, after: str) -> None:
    kept = TrustedKeys(tmp_path / "keys.json")
    public = new_key(tmp_path / "k")
    kept.trust(public, "Acme")
    text = (tmp_path / "keys.json").read_text()
    assert before in text
    (tmp_path / "keys.json").write_text(text.replace(before, after))
    with pytest.raises(PackError, match="cannot be read"):
        kept.name_of(public)


def test_a_key_is_trusted_under_a_name_and_forgotten_by_it(tmp_path: Path) -> None:
    kept = TrustedKeys(tmp_path / "keys.json")
    public = new_key(tmp_path / "k")
    for name in ("", " \u202e "):
        with pytest.raises(PackError, match="needs a name"):
            kept.trust(public, name)
    kept.trust(public, "Acme")
    with pytest.raises(PackError, match="No trusted key"):
        kept.forget("Acm")
    kept.forget("ACME")
    assert kept.name_of(public) == ""
