"""What is asked of the index's tables and written into them, as functions of a connection."""

from __future__ import annotations

import json
import os
import zlib
from typing import TYPE_CHECKING, Any, cast

import attrs
import numpy as np
from attrs import frozen

from viewer.domain.geometry import Verdict
from viewer.domain.masking import folded, identity_words
from viewer.io.header_pack import unpack
from viewer.io.index_rows import Place, SeriesRow, StudyRow, homes, series_values, storable
from viewer.io.series_entry import Skipped

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from viewer.io.header_pack import Packed
    from viewer.io.series_entry import ScanResult, SeriesEntry

# From one name to the last that begins with it.
Span = tuple[bytes, bytes]

_SERIES_COLUMNS = ", ".join(f"s.{field.name}" for field in attrs.fields(SeriesRow))
# What the list says of a series, beside how many images it has.
_TOLD = ("part", "description", "modality", "body_part", "columns", "rows", "unit", "verdict", "reason", "lossy")
_STUDY_COLUMNS = ", ".join(field.name for field in attrs.fields(StudyRow))
# Newest studies first, then by number; of the parts of a series the largest first.
_SORT = """
    UPDATE series SET sort = (
        SELECT printf('%08d', 99999999 - CAST(t.date AS INTEGER)) || char(1) || t.patient || char(1) || t.id
        FROM study t WHERE t.id = series.study
    ) || printf('|%014d|', ifnull(number, 9999999999)) || description || printf('|%09d|%d', 999999999 - images, id)
    WHERE study IN (SELECT study FROM series WHERE place = ?)
"""
# Copies of a series: the same part of the same study in another place. Volumes in files of their own name no study.
_COPIES = """
    o.uid = {s}.uid AND o.uid != '' AND o.which = {s}.which AND o.part = {s}.part AND o.kind = {s}.kind
    AND o.place != {s}.place
    AND (o.study = {s}.study OR o.kind != 'dicom') AND may_share_images(o.images_mark, {s}.images_mark)
"""
# The same files in a place and in one around it, or a copy of which as much is known.
_TWIN_OF = f"""
    o.id < {{s}}.id AND o.uid = {{s}}.uid AND (
        (o.first = {{s}}.first AND o.which = {{s}}.which)
        OR ({_COPIES} AND o.images = {{s}}.images AND o.columns = {{s}}.columns AND o.rows = {{s}}.rows
            AND o.verdict = {{s}}.verdict)
    )
"""
# A series that lies in several places is listed once where all are: in the place that was opened first.
_TWINS = f"""
    UPDATE series SET twin = NOT twin
    WHERE twin != EXISTS (SELECT 1 FROM series o WHERE {_TWIN_OF.format(s="series")})
"""
# What files said of a study that lies here alone; those that are there now say it again, or do not.
_UNSAID = """
    UPDATE study SET date = '', description = '', accession = '', birth_date = ''
    WHERE id IN (SELECT study FROM series WHERE place = ?)
    AND NOT EXISTS (SELECT 1 FROM series s WHERE s.study = study.id AND s.place != ?)
"""
_PLACES = """
    SELECT p.id, p.path, p.kind, p.opened, p.watched, (SELECT count(*) FROM series s WHERE s.place = p.id)
    FROM place p
"""


@frozen
class Kept:
    """What changed in the index when a place was looked at: its id, and the ids of series.

    `grown` are those that have more images than before, `replaced` those that have fewer, or say something else.
    `rewritten` say the same of files that were written anew, so that pictures of them are out of date.
    `skipped` tells whether other files are passed over than before, or for other reasons.
    """

    place: int
    new: tuple[int, ...] = ()
    grown: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    replaced: tuple[int, ...] = ()
    rewritten: tuple[int, ...] = ()
    skipped: bool = False

    @property
    def in_series(self) -> bool:
        """True where any series is different."""
        return bool(self.new or self.grown or self.gone or self.replaced or self.rewritten)


def places(db: sqlite3.Connection, where: str = "ORDER BY p.opened DESC", values: Sequence[object] = ()) -> list[Place]:
    """Return the places, that opened last first."""
    return [
        Place(ident, os.fsdecode(path), kind, opened, bool(watched), series)
        for ident, path, kind, opened, watched, series in db.execute(_PLACES + where, values)
    ]


def place_at(db: sqlite3.Connection, path: str) -> Place | None:
    """Return the place of a path, or None where it was not opened yet."""
    return next(iter(places(db, "WHERE p.path = ?", (os.fsencode(path),))), None)


def last_opened(db: sqlite3.Connection) -> float:
    """Return when the place that was opened last was opened, in seconds since 1970; 0 where there is none."""
    (opened,) = db.execute("SELECT max(opened) FROM place").fetchone()
    return float(opened or 0.0)


def touch_place(db: sqlite3.Connection, path: str, kind: str, opened: float) -> None:
    """Add a place, or remember when it was opened."""
    db.execute(
        "INSERT INTO place (path, kind, opened) VALUES (?, ?, ?)"
        " ON CONFLICT (path) DO UPDATE SET kind = excluded.kind, opened = max(opened, excluded.opened)",
        (os.fsencode(path), kind, opened),
    )


def skipped_files(db: sqlite3.Connection, place: int) -> tuple[Skipped, ...]:
    """Return what was skipped when a place was looked at last."""
    row = db.execute("SELECT skipped FROM place WHERE id = ?", (place,)).fetchone()
    return tuple(Skipped(file, why) for file, why in json.loads(row[0])) if row else ()


def keep_result(
    db: sqlite3.Connection,
    place: Place,
    found: Sequence[tuple[SeriesEntry, Mapping[str, object]]],
    skipped: Sequence[Skipped],
    new_files: Collection[str],
    now: float,
) -> Kept:
    """Write what a place holds in the stead of what it held, and return what is different.

    Parameters
    ----------
    found
        Each entry with its `series_values`.
    new_files
        Names of files whose content is new, so that pictures of it are out of date.
    """
    before: dict[tuple[str, bytes, str], tuple[int, int, list[object]]] = {}
    for ident, uid, first, which, images, *said in db.execute(
        f"SELECT id, uid, first, which, images, {', '.join(_TOLD)} FROM series WHERE place = ?", (place.id,)
    ):
        before[uid, first, which] = (ident, images, said)
    new, grown, replaced, rewritten, seen = [], [], [], [], set()
    db.execute(_UNSAID, (place.id, place.id))
    for entry, values in found:
        row = {**values, "place": place.id, "study": _study(db, entry, place)}
        known = before.get((str(row["uid"]), cast("bytes", row["first"]), str(row["which"])))
        ident = _write_series(db, row)
        seen.add(ident)
        if known is None:
            new.append((ident, str(row["uid"]), entry.count))
            continue
        if entry.count > known[1]:
            grown.append(ident)
        elif entry.count < known[1] or [row[name] for name in _TOLD] != known[2]:
            replaced.append(ident)
        if entry.count != known[1] or any(file in new_files for file in entry.files):
            db.execute("DELETE FROM picture WHERE series = ?", (ident,))
            rewritten.append(ident)
    gone = [ident for ident, _, _ in before.values() if ident not in seen]
    # The same series, only that it begins in another file now.
    counts = {uid: images for (uid, _, _), (ident, images, _) in before.items() if ident not in seen}
    for ident, uid, images in new:
        if uid in counts:
            (grown if images > counts[uid] else replaced).append(ident)
    arrived = tuple(ident for ident, uid, _ in new if uid not in counts)
    db.executemany("DELETE FROM series WHERE id = ?", [(ident,) for ident in gone])
    said = json.dumps([(item.file, item.words) for item in skipped])
    (said_before,) = db.execute("SELECT skipped FROM place WHERE id = ?", (place.id,)).fetchone()
    db.execute("UPDATE place SET checked = ?, skipped = ? WHERE id = ?", (now, said, place.id))
    _drop_orphans(db)
    db.execute(_SORT, (place.id,))
    db.execute(_TWINS)
    return Kept(place.id, arrived, tuple(grown), tuple(gone), tuple(replaced), tuple(rewritten), said != said_before)


def described(place: Place, result: ScanResult) -> list[tuple[SeriesEntry, dict[str, object]]]:
    """Return the series of a scan with what the index says about them."""
    home = homes(place.path, place.kind, result.series)
    patients = identity_words(*(e.facts.identity for e in result.series if not e.facts.synthetic))
    return [(e, series_values(e, home[e.facts.series_uid], place.path, patients)) for e in result.series]


def _write_series(db: sqlite3.Connection, row: Mapping[str, object]) -> int:
    names = ", ".join(row)
    changed = ", ".join(f"{name} = excluded.{name}" for name in row)
    statement = (
        f"INSERT INTO series ({names}) VALUES ({', '.join('?' * len(row))})"
        f" ON CONFLICT (place, uid, first, which) DO UPDATE SET {changed} RETURNING id"
    )
    return int(db.execute(statement, tuple(row.values())).fetchone()[0])


def _study(db: sqlite3.Connection, entry: SeriesEntry, place: Place) -> int:
    """Return the id of the study that a series belongs to; what names none makes one of its place."""
    facts = entry.facts
    who = facts.identity
    key = (facts.study_uid or f"in {place.path}", who.name, who.patient_id)
    said = (who.study_date, facts.study_description, who.accession, who.birth_date)
    # Series of one study need not say the same about it, or anything.
    statement = """
        INSERT INTO study (uid, patient, patient_id, date, description, accession, birth_date)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (uid, patient, patient_id) DO UPDATE SET
            date = iif(excluded.date = '', date, excluded.date),
            description = iif(excluded.description = '', description, excluded.description),
            accession = iif(excluded.accession = '', accession, excluded.accession),
            birth_date = iif(excluded.birth_date = '', birth_date, excluded.birth_date)
        RETURNING id
    """
    return int(db.execute(statement, tuple(map(storable, (*key, *said)))).fetchone()[0])


def _drop_orphans(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM study WHERE NOT EXISTS (SELECT 1 FROM series s WHERE s.study = study.id)")


def forget(db: sqlite3.Connection, place: int, spans: Iterable[Span], others: Sequence[Span]) -> None:
    """Remove a place, its series and what is remembered of its files, but for files of other places."""
    db.execute("DELETE FROM place WHERE id = ?", (place,))
    _drop_orphans(db)
    db.execute(_TWINS)
    for low, high in spans:
        for (folder,) in db.execute(
            "SELECT folder FROM header WHERE folder >= ? AND folder < ?", (low, high)
        ).fetchall():
            if not any(first <= folder < last for first, last in others):
                db.execute("DELETE FROM header WHERE folder = ?", (folder,))


def headers(db: sqlite3.Connection, spans: Iterable[Span], made_by: str) -> dict[str, list[Packed]]:
    """Return what is remembered of the files in spans of folders; what cannot be understood is left out."""
    found: dict[str, list[Packed]] = {}
    for span in spans:
        rows = db.execute(
            "SELECT folder, files FROM header WHERE folder >= ? AND folder < ? AND made_by = ?", (*span, made_by)
        )
        for folder, files in rows:
            try:
                found[os.fsdecode(folder)] = unpack(files)
            except (ValueError, LookupError, TypeError, AttributeError):
                continue
    return found


def keep_headers(db: sqlite3.Connection, changes: Mapping[str, bytes], made_by: str) -> None:
    """Write what is to be remembered of folders; b"" for nothing any more."""
    for folder, files in changes.items():
        if files:
            row = (os.fsencode(folder), made_by, files)
            db.execute("INSERT OR REPLACE INTO header (folder, made_by, files) VALUES (?, ?, ?)", row)
        else:
            db.execute("DELETE FROM header WHERE folder = ?", (os.fsencode(folder),))


def find(db: sqlite3.Connection, words: str, places: Collection[int] | None, *, masked: bool) -> list[tuple[int, int]]:
    """Return the ids of series and their studies in which every word occurs: newest study first, then by number.

    Parameters
    ----------
    places
        Only series of these places; None for all, each series once, also where it lies in several of them.
    masked
        True where patients' names and the like must not be found.
    """
    where, values = [], []
    for word in folded(words).split():
        where.append("instr(s.words, ?)" if masked else "(instr(s.words, ?) OR instr(s.who, ?))")
        values += [word] if masked else [word, word]
    if places is None and where:
        # One that is found by its folder's name alone stands for its twins, which lie elsewhere.
        there = " AND ".join(where).replace("s.w", "o.w")
        where.append(f"NOT (s.twin AND EXISTS (SELECT 1 FROM series o WHERE {_TWIN_OF.format(s='s')} AND {there}))")
        values += values
    elif places is None:
        where.append("NOT s.twin")
    else:
        where.append(f"s.place IN ({', '.join(str(int(place)) for place in places)})")
    statement = f"SELECT s.id, s.study FROM series s WHERE {' AND '.join(where)} ORDER BY s.sort"
    return db.execute(statement, values).fetchall()


def series(db: sqlite3.Connection, ids: Iterable[int]) -> dict[int, SeriesRow]:
    """Return series by their ids; those that are gone are left out."""
    wanted = ", ".join(str(int(ident)) for ident in ids)
    rows = db.execute(f"SELECT {_SERIES_COLUMNS} FROM series s WHERE s.id IN ({wanted})")
    return {row[0]: _series_row(row) for row in rows}


def copies(db: sqlite3.Connection, ids: Iterable[int]) -> dict[int, list[SeriesRow]]:
    """Return for each of some series the copies that lie in other places, each of them once; most have none."""
    wanted = ", ".join(str(int(ident)) for ident in ids)
    columns = _SERIES_COLUMNS.replace("s.", "o.")
    found: dict[int, dict[str, SeriesRow]] = {}
    # Of places around one another the innermost names it best.
    for ident, *row in db.execute(
        f"SELECT s.id, {columns} FROM series s JOIN series o ON {_COPIES.format(s='s')} AND o.first != s.first"
        f" JOIN place p ON p.id = o.place WHERE s.id IN ({wanted}) ORDER BY length(p.path) DESC, o.id"
    ):
        copy = _series_row(tuple(row))
        found.setdefault(ident, {}).setdefault(copy.first, copy)
    return {ident: list(by_first.values()) for ident, by_first in found.items()}


def series_of(db: sqlite3.Connection, uid: str) -> list[SeriesRow]:
    """Return the series of a UID, in whatever places and parts, those of the place that was opened last first."""
    rows = db.execute(
        f"SELECT {_SERIES_COLUMNS} FROM series s JOIN place p ON p.id = s.place WHERE s.uid = ? ORDER BY p.opened DESC",
        (uid,),
    )
    return [_series_row(row) for row in rows]


def _series_row(row: tuple[Any, ...]) -> SeriesRow:
    said = dict(zip((field.name for field in attrs.fields(SeriesRow)), row, strict=True))
    said["first"], said["home"] = os.fsdecode(said["first"]), os.fsdecode(said["home"])
    said["verdict"] = Verdict(said["verdict"]) if said["verdict"] else None
    said["synthetic"], said["lossy"] = bool(said["synthetic"]), bool(said["lossy"])
    return SeriesRow(**said)


def studies(db: sqlite3.Connection, ids: Iterable[int]) -> dict[int, StudyRow]:
    """Return studies by their ids."""
    wanted = ", ".join(str(int(ident)) for ident in ids)
    return {row[0]: StudyRow(*row) for row in db.execute(f"SELECT {_STUDY_COLUMNS} FROM study WHERE id IN ({wanted})")}


def identities(db: sqlite3.Connection, place: int) -> list[StudyRow]:
    """Return the studies of a place; none of synthetic series, which show nobody."""
    columns = ", ".join(f"t.{field.name}" for field in attrs.fields(StudyRow))
    rows = db.execute(
        f"SELECT DISTINCT {columns} FROM study t JOIN series s ON s.study = t.id WHERE s.place = ? AND NOT s.synthetic",
        (place,),
    )
    return [StudyRow(*row) for row in rows]


def picture(db: sqlite3.Connection, ident: int) -> NDArray[np.uint8] | None:
    """Return a series' picture, shape (h, w) grey; (0, 0) where none can be made, None where none was made yet."""
    row = db.execute("SELECT height, width, pixels FROM picture WHERE series = ?", (ident,)).fetchone()
    if row is None:
        return None
    height, width, packed = row
    pixels = np.frombuffer(zlib.decompress(packed), np.uint8)
    return pixels.reshape(height, width) if pixels.size == height * width else None


def keep_picture(db: sqlite3.Connection, ident: int, pixels: NDArray[np.uint8]) -> None:
    """Keep a series' picture; nothing is kept for a series that is gone."""
    packed = zlib.compress(np.ascontiguousarray(pixels).tobytes(), 1)
    db.execute(
        "INSERT OR REPLACE INTO picture (series, height, width, pixels) SELECT id, ?, ?, ? FROM series WHERE id = ?",
        (*pixels.shape, packed, ident),
    )
