"""Mutated files by number: the same number gives the same bytes, on every computer."""

from __future__ import annotations

import contextlib
import random
import zipfile
from collections.abc import Mapping

from attrs import frozen

from tests.io.fuzzing.archive_mutations import archive_damage
from tests.io.fuzzing.dicom_mutations import deflate_bomb, element_damage
from tests.io.fuzzing.header_mutations import gzip_damage, in_gzip, nifti_field, text_header
from tests.io.fuzzing.raw_mutations import RAW, spliced
from tests.io.fuzzing.seeds import DEFLATED, KINDS, REAL, VARIANTS, Seed, real_seed, seed, zipped
from tests.io.fuzzing.stream_mutations import stream_damage

_ZIPPED_SHARE = 0.06
_BOMB_SHARE = 0.03


@frozen(eq=False)
class Case:
    """A mutated file and what lies beside it.

    Attributes
    ----------
    number
        By which it is made again.
    seed
        What it was before.
    files
        By name, the mutated one among them.
    mutated
        The name by which the program knows the mutated file; it may run through an archive.
    done
        What was done to it, one word each.
    """

    number: int
    seed: Seed
    files: Mapping[str, bytes]
    mutated: str
    done: tuple[str, ...]


def case(number: int) -> Case | None:
    """Return a case by its number, None for one of a real file where there are none."""
    rng = random.Random(f"casestage {number}")
    kind = KINDS[number % len(KINDS)]
    variant = rng.randrange(VARIANTS)
    start = real_seed(rng.randrange(1 << 30)) if kind == REAL else seed(kind, variant)
    if start is None:
        return None
    name = start.name
    names = list(start.files)
    if start.form in ("nrrd", "meta") and len(names) > 2 and rng.random() < 0.25:
        name = names[1]
    content, done = start.files[name], []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        content, what = _damaged(rng, content, start, name)
        done.append(what)
    if start.form == "dicom" and rng.random() < _ZIPPED_SHARE:
        packing = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
        beside = {other: held for other, held in start.files.items() if other != name}
        files = {**beside, "held.zip": zipped({"in/mutated": content}, packing)}
        return Case(number, start, files, "held.zip/in/mutated", (*done, "zipped"))
    return Case(number, start, {**start.files, name: content}, name, tuple(done))


def _damaged(rng: random.Random, content: bytes, start: Seed, name: str) -> tuple[bytes, str]:
    """Return content with one more damage, and what it is."""
    chance = rng.random()
    if start.form in ("dicom", "dicomdir"):
        if start.syntax == DEFLATED and chance < _BOMB_SHARE:
            return deflate_bomb(rng, content, start.syntax), "deflate_bomb"
        if chance < 0.55:
            found, what = stream_damage(rng, content, start.syntax) if rng.random() < 0.5 else (content, "")
            if not what:
                found, what = element_damage(rng, content, start.syntax)
            if what:
                return found, what
    elif start.form == "zip":
        if chance < 0.6:
            # What was damaged before is perhaps no archive any more.
            with contextlib.suppress(Exception):
                return archive_damage(rng, content)
    elif chance < 0.75 and not name.endswith(".raw"):
        return _damaged_header(rng, content, start, name)
    if chance > 0.97:
        kind = rng.choice([k for k in KINDS if k != REAL])
        other = seed(kind, rng.randrange(VARIANTS))
        return spliced(rng, content, other.files[other.name]), "spliced"
    damage = rng.choices(list(RAW), list(RAW.values()))[0]
    return damage(rng, content) if content else content, damage.__name__


def _damaged_header(rng: random.Random, content: bytes, start: Seed, name: str) -> tuple[bytes, str]:
    if start.form == "nifti":
        if not name.endswith(".gz"):
            return nifti_field(rng, content), "nifti_field"
        if rng.random() < 0.3:
            return gzip_damage(rng, content), "gzip_damage"
        return in_gzip(nifti_field, rng, content), "nifti_field"
    return text_header(rng, content, start.form), "text_header"
