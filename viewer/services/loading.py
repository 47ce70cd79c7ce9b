"""A series or a case read from disk: scan, volume, regular grid, findings and truth."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from viewer.analysis.measure import body_bounds
from viewer.analysis.regrid import Regridding, regridded, spare_value
from viewer.analysis.whole_stack import needs_regular_grid, regular_grid, whole_stack
from viewer.domain.alignment import Alignment
from viewer.domain.errors import CaseDocumentError, NothingToOpenError, WrongStepError
from viewer.domain.finding import Finding, Truth, lesions_of
from viewer.domain.geometry import Verdict
from viewer.domain.job import JobContext
from viewer.domain.model_result import ModelResult, anything_said
from viewer.domain.volume import Volume
from viewer.domain.walkthrough import BEFORE, NOW, Case, Prior
from viewer.io.assemble import assemble
from viewer.io.case_document import to_be_made
from viewer.io.dicom_geometry import arranged
from viewer.io.memory import refuse_or_offer_smaller
from viewer.io.scan import scan
from viewer.io.volume_hash import volume_sha256
from viewer.io.watcher import Watcher
from viewer.services.first_use import ALIKE_WORDS, made_series

if TYPE_CHECKING:
    from collections.abc import Iterable

    from viewer.domain.geometry import SliceStack
    from viewer.io.decoders import Decoders
    from viewer.io.reading_order import ReadingOrder
    from viewer.io.series_entry import SeriesEntry

# Lower than air, and what is hardly ever a value of CT: padding chosen before all values are known.
_EXPECTED_SPARE_HU = -1025.0


class _OnTheGrid(Watcher):
    """Puts a volume on its regular grid plane by plane while it is being read, and passes it on."""

    def __init__(self, watcher: Watcher, ctx: JobContext) -> None:
        self._watcher = watcher
        self._quiet = JobContext(cancelled=ctx.cancelled)
        self._made: Regridding | None = None

    def first_slice(self, stack: SliceStack) -> int:
        return self._watcher.first_slice(stack)

    def begun(self, volume: Volume, order: ReadingOrder) -> None:
        if needs_regular_grid(volume):
            padding = volume.padding if volume.padding is not None else _EXPECTED_SPARE_HU
            self._made = Regridding(volume, padding)
            self._made.fill(self._quiet)
            volume = self._made.shown(volume)
        if volume.on_hu_scale:
            volume = evolve(volume, body_lps_mm=body_bounds(volume))
        self._watcher.begun(volume, order)

    def grown(self) -> None:
        if self._made is not None:
            self._made.fill(self._quiet)
        self._watcher.grown()

    def finished(self, volume: Volume, ctx: JobContext) -> Volume:
        """Return the whole volume on its regular grid."""
        made = self._made
        if made is None or not made.fits(volume) or made.padding != spare_value(volume):
            return regridded(volume, ctx)
        made.fill(ctx)
        return made.shown(volume)


@frozen(eq=False)
class LoadedPrior:
    """The scan that a case compares its own with, and where places of the case's series lie in it."""

    volume: Volume
    findings: tuple[Finding, ...]
    alignment: Alignment
    title: str = BEFORE
    own_title: str = NOW


@frozen(eq=False)
class LoadedCase:
    """A case with everything that its story needs; `note` is what has to be said of its pictures, mostly ""."""

    case: Case
    volume: Volume
    findings: tuple[Finding, ...]
    truth: Truth | None
    prior: LoadedPrior | None = None
    note: str = ""
    results: tuple[ModelResult, ...] = ()

    @property
    def lesions(self) -> tuple[Finding, ...]:
        """The true lesions that are known; none where there is nothing to find, and where nothing is known."""
        return lesions_of(self.truth)

    @property
    def judged(self) -> bool:
        """True where the truth is known and something has been said to be held against it."""
        return self.truth is not None and self.anything_said

    @property
    def anything_said(self) -> bool:
        """True where a model or a reader has said what is there, be it nothing."""
        return anything_said(self.findings, self.results, self.case)


def memory_needed(entry: SeriesEntry, shrink: int = 1) -> int:
    """Return how many bytes the volume of a series will take, estimated before anything is decoded.

    The slices, and the regular grid beside them where they need one. 0 where it cannot be told (volumes in files of
    their own, which look for themselves).
    """
    frames = entry.frames
    if not frames:
        return 0
    whole_numbers = all(f.slope == int(f.slope) and f.intercept == int(f.intercept) for f in frames)
    bytes_per_value = 2 if whole_numbers else 4
    arrangement = arranged(frames)
    stack = arrangement.stack.shrunk(shrink)
    voxels = stack.count * stack.size_ij[0] * stack.size_ij[1]
    if arrangement.placed and arrangement.verdict is not Verdict.OK and stack.count > 1:
        ni, nj, nk = regular_grid(whole_stack(stack).stack).size_ijk
        voxels += ni * nj * nk
    return voxels * bytes_per_value


def refuse_what_does_not_fit(entry: SeriesEntry, shrink: int) -> None:
    """Raise TooLargeError where a series would take more memory than it may, saying how much smaller it would fit."""
    refuse_or_offer_smaller(lambda by: memory_needed(entry, by), shrink, entry.size_ij)


def load_series(
    entry: SeriesEntry,
    ctx: JobContext,
    watcher: Watcher | None = None,
    decoders: Decoders | None = None,
    *,
    shrink: int = 1,
) -> Volume:
    """Return the volume of a series, on a regular grid where slices are tilted, unevenly spaced or not all there.

    The other parameters are those of `viewer.io.assemble.assemble`.

    Raises
    ------
    TooLargeError
        Where it would not fit into memory; nothing has been decoded then.
    CaseStageError
        When nothing of the series can be read.
    """
    refuse_what_does_not_fit(entry, shrink)
    on_the_grid = _OnTheGrid(watcher, ctx) if watcher is not None else None
    volume = assemble(entry, ctx.part(0.0, 0.9), on_the_grid, decoders, shrink=shrink)
    if needs_regular_grid(volume):
        rest = ctx.part(0.9, 1.0)
        volume = on_the_grid.finished(volume, rest) if on_the_grid is not None else regridded(volume, rest)
    return evolve(volume, body_lps_mm=body_bounds(volume)) if volume.on_hu_scale else volume


def load_case(
    case: Case, ctx: JobContext, watcher: Watcher | None = None, decoders: Decoders | None = None
) -> LoadedCase:
    """Return a case with its volume, recorded findings and ground truth.

    `watcher` and `decoders` are those of `viewer.io.assemble.assemble`.

    Raises
    ------
    CaseDocumentError
        When the pictures are not those that the case was made with.
    WrongStepError
        When a step asks for a finding that the case does not have.
    """
    # Only cases have findings beside their pictures.
    from viewer.analysis.matching import match
    from viewer.io.findings_file import read_findings

    folder, whole = Path(case.folder), 0.9 if case.prior is None else 0.5
    volume, note = _pictures(case, case, ctx.part(0.0, whole), watcher, decoders)
    findings = read_findings(folder / case.findings_path, volume) if case.findings_path else ()
    truth = Truth(read_findings(folder / case.truth_path, volume)) if case.truth_path else None
    if truth is not None:
        # What matching stands on takes a second to load; here that holds up no window.
        match(findings, truth.lesions, threshold=0.5)
    results = tuple(
        ModelResult(r.model_id, r.name, read_findings(folder / r.findings_path, volume), r.threshold, recorded=True)
        for r in case.results
    )
    _refuse_unknown_answers(case, (*findings, *lesions_of(truth), *(f for result in results for f in result.findings)))
    if case.prior is None:
        return LoadedCase(case, volume, findings, truth, note=note, results=results)
    earlier, earlier_note = _pictures(case, case.prior, ctx.part(whole, 1.0), None, decoders)
    known = read_findings(folder / case.prior.findings_path, earlier) if case.prior.findings_path else ()
    alignment = Alignment(case.prior.turned, case.prior.shift_mm)
    prior = LoadedPrior(earlier, known, alignment, case.prior.title, case.prior.own_title)
    return LoadedCase(case, volume, findings, truth, prior, note or earlier_note, results)


def _refuse_unknown_answers(case: Case, findings: Iterable[Finding]) -> None:
    """Raise WrongStepError where a question asks for a finding by an id that none has."""
    known = sorted({finding.id for finding in findings})
    for number, step in enumerate(case.steps):
        wanted = step.question.finding if step.question is not None else ""
        if wanted and wanted not in known:
            raise WrongStepError(
                f"The case “{case.title}” cannot be told: "
                f"steps[{number}].question.finding: the case has no finding “{wanted}”.",
                f"It has {', '.join(known[:8])}{' and more' if len(known) > 8 else ''}." if known else "It has none.",
            )


def _pictures(
    case: Case, named: Case | Prior, ctx: JobContext, watcher: Watcher | None, decoders: Decoders | None
) -> tuple[Volume, str]:
    """Return the volume of a case or of its prior, and what has to be said of it.

    It has to be the one that the case was made with; where it comes from a recipe, it is made first.
    """
    folder, alike = Path(case.folder) / named.series_path, False
    if to_be_made(case, named):
        made = made_series(case, named, ctx.part(0.0, 0.8))
        folder, alike, ctx = made.folder, made.alike, ctx.part(0.8, 1.0)
    try:
        found = scan(folder, ctx.part(0.0, 0.1))
    except NothingToOpenError as error:
        raise _without_pictures(case, folder, error) from error
    entry = next((s for s in found.series if s.facts.series_uid == named.series_uid), None)
    if entry is None:
        raise CaseDocumentError(
            f"The case “{case.title}” holds other pictures than its document names.",
            "Copy the whole case folder again.",
        )
    volume = load_series(entry, ctx.part(0.1, 1.0), watcher, decoders)
    if named.series_sha256 and not alike and volume_sha256(volume) != named.series_sha256:
        raise CaseDocumentError(
            f"The pictures of the case “{case.title}” have changed since it was made.",
            "Its findings may no longer fit them. Copy the case again, or make it anew.",
        )
    return volume, ALIKE_WORDS if alike else ""


def _without_pictures(case: Case, folder: Path, error: NothingToOpenError) -> CaseDocumentError:
    """Return that the pictures of a case are not there, or that none of them can be read and why."""
    hint = "Copy the whole case folder again."
    if not _holds_anything(folder):
        return CaseDocumentError(f"The pictures of the case “{case.title}” are not there.", hint, error.sentence)
    _, _, obstacle = error.hint.partition("files: ")
    said = f" {obstacle}" if obstacle else ""
    detail = f"{error.sentence}\n{error.detail}".strip()
    return CaseDocumentError(f"None of the pictures of the case “{case.title}” can be read.{said}", hint, detail)


def _holds_anything(folder: Path) -> bool:
    try:
        return bool(os.listdir(folder))
    except FileNotFoundError:
        return False
    except OSError:
        # Something lies there, which may not be read.
        return True
