"""DICOM UIDs made here."""

from __future__ import annotations

import uuid

_NAMESPACE = uuid.UUID("5f3a1c1e-8f0b-5d7c-9a44-2b6d0c7e51aa")


def uid_from(text: str) -> str:
    """Return the UID that belongs to a text, always the same (DICOM PS3.5 B.2: 2.25. and a UUID as a number)."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, text).int}"


def new_uid() -> str:
    """Return a UID that nobody else has."""
    return f"2.25.{uuid.uuid4().int}"
