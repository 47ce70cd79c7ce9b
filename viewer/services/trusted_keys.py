"""Whose packs are trusted here: public keys with the names that this computer's user gave them."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from attrs import frozen

from viewer.domain.errors import PackError
from viewer.domain.plain_text import plain_text
from viewer.io.atomic_file import write_atomically
from viewer.io.pack_signature import fingerprint
from viewer.io.strict_json import WrongJsonError, json_text, read_json, structure, unstructure

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "trusted_keys.json"
_FORMAT, _VERSION = "casestage trusted keys", 1
_LONGEST_NAME = 80


@frozen
class TrustedKey:
    """A key that somebody compared with its owner: the name given to it, and the key as base64."""

    name: str
    public_key: str

    @property
    def fingerprint(self) -> str:
        """What people compare."""
        return fingerprint(base64.b64decode(self.public_key))


@frozen
class _Document:
    format: str
    version: int
    keys: tuple[TrustedKey, ...]


class TrustedKeys:
    """The keys of a file, which is written with each change."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> tuple[TrustedKey, ...]:
        """Return the keys.

        Raises
        ------
        PackError
            When the file cannot be read: then nobody is trusted, and that is said rather than guessed.
        """
        try:
            document = structure(read_json(self._path), _Document)
            if (document.format, document.version) != (_FORMAT, _VERSION):
                raise WrongJsonError("it is of another kind")
            for key in document.keys:
                base64.b64decode(key.public_key, validate=True)
        except FileNotFoundError:
            return ()
        except (OSError, WrongJsonError, binascii.Error, ValueError) as error:
            raise PackError(
                "The list of trusted keys cannot be read.", f"Correct or remove {FILE_NAME} in the settings folder."
            ) from error
        return document.keys

    def name_of(self, public_key: bytes) -> str:
        """Return the name of a key that is trusted, "" for another."""
        coded = base64.b64encode(public_key).decode()
        return next((key.name for key in self.all() if key.public_key == coded), "")

    def trust(self, public_key: bytes, name: str) -> TrustedKey:
        """Trust a key under a name; the name of one that is trusted already changes.

        Raises
        ------
        PackError
            When the name is none, or another key's.
        StorageError
            When it cannot be written.
        """
        name = " ".join(plain_text(name).split())[:_LONGEST_NAME]
        if not name:
            raise PackError("A trusted key needs a name.", "Say whose it is with --name.")
        coded = base64.b64encode(public_key).decode()
        others = tuple(key for key in self.all() if key.public_key != coded)
        if any(key.name.casefold() == name.casefold() for key in others):
            raise PackError(
                f"Another trusted key is called “{name}”.", "Forget that one first, or choose another name."
            )
        made = TrustedKey(name, coded)
        self._write((*others, made))
        return made

    def forget(self, name: str) -> None:
        """Trust a key no more.

        Raises
        ------
        PackError
            When there is none of that name.
        """
        kept = tuple(key for key in self.all() if key.name.casefold() != name.casefold())
        if len(kept) == len(self.all()):
            raise PackError(f"No trusted key is called “{name}”.", "casestage pack key list names them.")
        self._write(kept)

    def _write(self, keys: tuple[TrustedKey, ...]) -> None:
        text = json_text(unstructure(_Document(_FORMAT, _VERSION, keys)))
        write_atomically(self._path, text.encode(), "The list of trusted keys")
