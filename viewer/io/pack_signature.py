"""Who made a pack: an Ed25519 signature (RFC 8032) over its list of files, which holds the hash of each.

The signature stands in a member of its own, `pack.sig`, beside `pack.json`. Keys are read and written in the usual
forms (PKCS #8 and SubjectPublicKeyInfo as PEM), so that other programs can make and keep them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import PackError, StorageError
from viewer.io.atomic_file import storage_error
from viewer.io.regular_file import regular
from viewer.io.strict_json import WrongJsonError, json_text, parse_json, structure, unstructure

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNATURE = "pack.sig"
SIGNATURE_FORMAT, SIGNATURE_VERSION = "casestage signature", 1
LARGEST_SIGNATURE = 4096
# What is signed begins with what it is, so that nothing else that the key signed can stand for it.
_CONTEXT = b"casestage pack signature 1\0"
_LARGEST_KEY = 16_384
_WRONG = "The pack’s signature is wrong: the pack, or the signature, was changed after it was signed."
_HINT = "Do not install it. Ask whoever made it for another copy."


@frozen
class _Stored:
    format: str
    version: int
    algorithm: str
    public_key: str
    signature: str


def fingerprint(public_key: bytes) -> str:
    """Return what people compare of a key: 32 digits of its SHA-256, in groups of four."""
    digits = hashlib.sha256(public_key).hexdigest()[:32]
    return " ".join(digits[n : n + 4] for n in range(0, 32, 4))


def signed(manifest: bytes, key: Path) -> bytes:
    """Return the signature file of a pack's list of files.

    Raises
    ------
    PackError
        When the key cannot be read.
    """
    private = _private_key(key)
    stored = _Stored(
        SIGNATURE_FORMAT,
        SIGNATURE_VERSION,
        "ed25519",
        base64.b64encode(private.public_key().public_bytes_raw()).decode(),
        base64.b64encode(private.sign(_CONTEXT + manifest)).decode(),
    )
    return json_text(unstructure(stored)).encode()


def signer(manifest: bytes, signature: bytes) -> bytes:
    """Return the public key that signed a list of files.

    Raises
    ------
    PackError
        When the signature is not of these bytes, or is none.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        parsed = parse_json(signature)
        if isinstance(parsed, dict) and isinstance(parsed.get("version"), int) and parsed["version"] > 1:
            raise PackError("The pack was signed by a newer CaseStage.", "Install the newest CaseStage to open it.")
        stored = structure(parsed, _Stored)
        if (stored.format, stored.version, stored.algorithm) != (SIGNATURE_FORMAT, SIGNATURE_VERSION, "ed25519"):
            raise WrongJsonError("it is no signature")
        public = base64.b64decode(stored.public_key, validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(
            base64.b64decode(stored.signature, validate=True), _CONTEXT + manifest
        )
    except (WrongJsonError, binascii.Error, ValueError, InvalidSignature) as error:
        raise PackError(_WRONG, _HINT, type(error).__name__) from error
    return public


def new_key(path: Path) -> bytes:
    """Write a new private key, for its owner alone to read, and its public half beside it as `.pub`; return that half.

    Raises
    ------
    StorageError
        When a file of that name is there, or it cannot be written.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    try:
        for place, content, mode in ((path, secret, 0o600), (public_place(path), public, 0o644)):
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
    except FileExistsError as error:
        raise StorageError("A key of that name is there already.", "Choose another name; keep the old one.") from error
    except OSError as error:
        raise storage_error("The key", error) from error
    return private.public_key().public_bytes_raw()


def public_place(path: Path) -> Path:
    """Return where the public half of a key lies."""
    return path.with_name(path.name + ".pub")


def public_key(path: Path, *, of_private: bool = True) -> bytes:
    """Return the public key of a file that holds it, or the private one.

    Parameters
    ----------
    of_private
        False refuses a private key: who is given one can sign as its owner does.

    Raises
    ------
    PackError
        When it holds neither, or what is refused.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    content = _read(path)
    if b"PRIVATE KEY" in content:
        if not of_private:
            raise PackError(
                "This is the private half of a key, which its owner keeps to themselves.",
                f"Name the public half, usually {public_place(path).name}. If somebody gave you this file, ask them "
                "for a new key: whoever has it can sign as they do.",
            )
        return _private_key(path).public_key().public_bytes_raw()
    try:
        key = serialization.load_pem_public_key(content)
    except ValueError as error:
        raise _no_key() from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key()
    return key.public_bytes_raw()


def _private_key(path: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    content = _read(path)
    if b"PUBLIC KEY" in content:
        raise PackError(
            "This is the public half of a key, which signs nothing.",
            f"Name the private half, usually {path.name.removesuffix('.pub')}.",
        )
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except TypeError as error:
        raise PackError("The key is locked with a password.", "Unlock it, or make one without.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key() from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key()
    return key


def _read(path: Path) -> bytes:
    try:
        with regular(path).open("rb") as file:
            return file.read(_LARGEST_KEY)
    except OSError as error:
        raise PackError("The key cannot be read.", "Check the path.", error.strerror or "") from error


def _no_key() -> PackError:
    return PackError("This file is no Ed25519 key.", "Make one with: casestage pack key new --out my.key")
