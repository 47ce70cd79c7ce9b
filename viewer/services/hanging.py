"""Hanging rules: how a scan is shown when it opens, by its body part and descriptions, from a file that users edit."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, NoReturn

from attrs import evolve, frozen

from viewer.domain.errors import CaseStageError, StorageError
from viewer.domain.view_state import Layout, SlabMode, ViewName
from viewer.domain.volume import Window
from viewer.domain.window_presets import PRESETS
from viewer.io.atomic_file import write_atomically
from viewer.io.shipped import shipped
from viewer.scene.presets_3d import PRESETS_3D
from viewer.services.users_file import users_toml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from viewer.domain.view_state import ViewState
    from viewer.domain.volume import SeriesFacts, Volume

FILE_NAME = "hanging.toml"
_LAYOUTS = {"2x2": Layout.FOUR, "1+3": Layout.STAGE, "1x1": Layout.SINGLE, "one": Layout.SINGLE}
_SLABS = {"mip": SlabMode.MAX, "minip": SlabMode.MIN, "mean": SlabMode.MEAN}
_WINDOWS = {window.name.casefold(): window for _, window in PRESETS}
_MOST_SLAB_MM = 200.0


class HangingRulesError(CaseStageError):
    """The rules cannot be followed; those that come with the program are."""

    usual_hint = "The rules that come with CaseStage are used. Correct the file, then hang again (Shift+Space)."


@frozen
class HangingRule:
    """What is shown of scans that any of `words` fits (none: all); None leaves a thing as usual.

    Each of `words` is what is said in a row, folded, the last as the beginning of a word; by `study` the study too.
    """

    words: tuple[tuple[str, ...], ...] = ()
    study: bool = False
    window: Window | None = None
    over_file: bool = False
    layout: Layout | None = None
    large: ViewName | None = None
    preset_3d: str | None = None
    slab: SlabMode | None = None
    slab_mm: float | None = None

    def fits(self, series: SeriesFacts) -> bool:
        """Return whether the rule is for a series, by what it says of itself."""
        said = f"{series.body_part} {series.description}"
        return self._is_said(f"{said} {series.study_description}" if self.study else said)

    def fits_study(self, series: SeriesFacts) -> bool:
        """Return whether the rule is for what the study of a series is called."""
        return self._is_said(series.study_description)

    def _is_said(self, text: str) -> bool:
        spoken = _folded(text)
        return any(_begins(spoken[at:], wanted) for at in range(len(spoken)) for wanted in self.words)

    def shown(self, volume: Volume, view: ViewState) -> ViewState:
        """Return the first view of a volume as the rule has it.

        Windows are for HU alone, looks for values that go by them, and what is no volume keeps the plane it lies in.
        """
        of_file = volume.series.windows or volume.luts
        if self.window is not None and volume.on_hu_scale and (self.over_file or not of_file):
            view = view.windowed(self.window.centre, self.window.width)
        if self.preset_3d is not None and volume.suits_hu:
            view = evolve(view, preset_3d=self.preset_3d)
        if volume.one_by_one:
            return view
        if self.slab is not None or self.slab_mm is not None:
            slab_mm = view.slab_mm if self.slab_mm is None else self.slab_mm
            view = evolve(view, slab_mode=self.slab or view.slab_mode, slab_mm=slab_mm)
        layout = self.layout or view.layout
        return evolve(view, layout=layout, main=self.large or view.main)


def _folded(text: str) -> tuple[str, ...]:
    """Return the words of a text without capitals and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return tuple(re.findall(r"[^\W_]+", "".join(sign for sign in plain if not unicodedata.combining(sign))))


def _begins(spoken: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Return whether what is said begins with some words, of the last of which the beginning is enough."""
    *whole, last = wanted
    there = len(whole)
    return len(spoken) > there and spoken[:there] == tuple(whole) and spoken[there].startswith(last)


class HangingRules:
    """The rules in force: the user's file where there is one, else those that come with the program.

    The file is read again when it has changed; `wrong` is what is the matter with it, None where it is sound.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._rules: tuple[HangingRule, ...] | None = None
        self.wrong: HangingRulesError | None = None

    def shown(self, volume: Volume, view: ViewState) -> tuple[ViewState, HangingRulesError | None]:
        """Return the first view of a volume by the rule that fits, and what is wrong with the file, told once."""
        rules, problem = self._now()
        rule = _rule_for(volume.series, rules)
        return (view if rule is None else rule.shown(volume, view)), problem

    def _now(self) -> tuple[tuple[HangingRule, ...], HangingRulesError | None]:
        try:
            stamp = self._path.stat()
            read_at = (stamp.st_mtime_ns, stamp.st_size)
        except OSError:
            read_at = (0, 0)
        if self._rules is not None and read_at == self._read_at:
            return self._rules, None
        self._read_at, problem = read_at, None
        if read_at != (0, 0):
            try:
                self._rules = rules_from(self._path)
            except HangingRulesError as error:
                problem = error
        if read_at == (0, 0) or problem is not None:
            self._rules = built_in_rules()
        self.wrong = problem
        return self._rules or (), problem


def _rule_for(series: SeriesFacts, rules: tuple[HangingRule, ...]) -> HangingRule | None:
    """Return the first rule that fits a series, else the first that fits its study, else one that has no words.

    A study holds several parts of the body, of which a series may be any.
    """
    for_all = next((n for n, rule in enumerate(rules) if not rule.words), len(rules))
    worded = rules[:for_all]
    fitting = [rule for rule in worded if rule.fits(series)] or [rule for rule in worded if rule.fits_study(series)]
    return next(iter((*fitting, *rules[for_all:])), None)


def built_in_rules() -> tuple[HangingRule, ...]:
    """Return the rules that come with the program."""
    return rules_from(shipped(f"resources/{FILE_NAME}"))


def rules_from(path: Path) -> tuple[HangingRule, ...]:
    """Return the rules of a file.

    Raises
    ------
    HangingRulesError
        Where it cannot be read, is no TOML, or says something that is not understood; names the rule and the key.
    """
    try:
        document, text = users_toml(path)
    except OSError as error:
        raise HangingRulesError(f"The hanging rules in {path.name} cannot be read.", detail=str(error)) from error
    except ValueError as error:
        raise HangingRulesError(f"The hanging rules in {path.name} are not valid TOML: {error}.") from error
    if unknown := sorted(set(document) - {"rule"}):
        _wrong(path, f"“{unknown[0]}” is not understood; rules begin with [[rule]]")
    rules = document.get("rule", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        _wrong(path, "rules begin with [[rule]]")
    return tuple(_rule(path, text, n, table) for n, table in enumerate(rules, start=1))


def own_rules_file(path: Path) -> Path:
    """Return the user's file of rules, made from those that come with the program where there is none yet.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    if not path.exists():
        text = shipped(f"resources/{FILE_NAME}").read_bytes()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                "The hanging rules cannot be written.", "Check that your user folder can be written.", str(error)
            ) from error
        write_atomically(path, text, "The file of hanging rules")
    return path


def _wrong(path: Path, why: str) -> NoReturn:
    raise HangingRulesError(f"The hanging rules in {path.name} are not followed: {why}.")


def _line_of(text: str, number: int, key: str) -> int | None:
    """Return the line, from 1, in which a rule sets a key; None where it is written in another way."""
    rules = 0
    for n, line in enumerate(text.splitlines(), start=1):
        if re.match(r"\s*\[\[\s*rule\s*\]\]", line):
            rules += 1
        elif rules == number and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return n
    return None


def _rule(path: Path, text: str, number: int, table: dict[str, Any]) -> HangingRule:
    def wrong(key: str, why: str) -> NoReturn:
        line = _line_of(text, number, key)
        where = f"in rule {number}" if line is None else f"in line {line}, rule {number},"
        _wrong(path, f"{where} “{key}” {why}")

    def one_of(key: str, choices: Iterable[str]) -> str | None:
        value = table.get(key)
        names = list(choices)
        if value is None or (isinstance(value, str) and value.casefold() in names):
            return None if value is None else value.casefold()
        wrong(key, f"must be one of {', '.join(names)}")

    fields = ("words", "study", "window", "over_file", "layout", "large", "preset_3d", "slab", "slab_mm")
    for key in table:
        if key not in fields:
            wrong(key, "is not understood")
    words = table.get("words", [])
    if not isinstance(words, list) or not all(isinstance(word, str) and _folded(word) for word in words):
        wrong("words", "must be a list of words")
    for key in ("study", "over_file"):
        if not isinstance(table.get(key, False), bool):
            wrong(key, "must be true or false")
    slab_mm = table.get("slab_mm")
    if slab_mm is not None and (not _is_number(slab_mm) or not 0 <= slab_mm <= _MOST_SLAB_MM):
        wrong("slab_mm", f"must be a number from 0 to {_MOST_SLAB_MM:g}")
    if "slab" in table and slab_mm is None:
        wrong("slab", "shows nothing without “slab_mm”, which says how thick it is")
    layout, large, slab = one_of("layout", _LAYOUTS), one_of("large", ViewName), one_of("slab", _SLABS)
    return HangingRule(
        words=tuple(_folded(word) for word in words),
        study=table.get("study", False),
        window=_window(table.get("window"), wrong),
        over_file=table.get("over_file", False),
        layout=_LAYOUTS[layout] if layout else None,
        large=ViewName(large) if large else None,
        preset_3d=one_of("preset_3d", PRESETS_3D),
        slab=_SLABS[slab] if slab else None,
        slab_mm=None if slab_mm is None else float(slab_mm),
    )


def _window(value: Any, wrong: Any) -> Window | None:
    if value is None:
        return None
    if isinstance(value, str) and value.casefold() in _WINDOWS:
        return _WINDOWS[value.casefold()]
    if isinstance(value, list) and len(value) == 2 and all(_is_number(part) for part in value) and value[1] >= 1:
        return Window(float(value[0]), float(value[1]))
    wrong("window", f"must be [level, width] or one of {', '.join(window.name for _, window in PRESETS)}")
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
