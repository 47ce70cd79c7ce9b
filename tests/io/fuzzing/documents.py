"""Reads mutated documents by number: `python -m tests.io.fuzzing.documents COUNT` prints what is wrong."""

from __future__ import annotations

import hashlib
import io
import json
import math
import random
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cli.conftest import write_small_case
from tests.inference.conftest import MANIFEST, above_100
from tests.io.fuzzing.document_mutations import mutated
from tests.io.made_cases import two_steps
from viewer.domain.errors import CaseStageError
from viewer.domain.job import JobContext
from viewer.domain.plain_text import plain_text
from viewer.inference.manifest import card, read_manifest
from viewer.inference.rehearsal import recipe_lines
from viewer.io.case_document import missing_paths, read_case, write_case
from viewer.io.findings_file import read_findings
from viewer.io.pack import check_pack
from viewer.io.pack_writing import write_pack
from viewer.services.cases import case_state, installed_cases
from viewer.services.loading import load_case

if TYPE_CHECKING:
    from collections.abc import Callable

    from viewer.domain.volume import Volume

_LONGEST_SENTENCE = 400
_TOLD = 20


class Documents:
    """Documents of every kind in a folder, to be read again and again with something changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        case = write_small_case(folder / "small")
        self._volume: Volume = load_case(case, JobContext()).volume
        write_pack(folder / "x.casepack", [folder / "small"], [], JobContext())
        with zipfile.ZipFile(folder / "x.casepack") as pack:
            self._members = {info.filename: pack.read(info) for info in pack.infolist()}
        self._cases = folder / "cases"
        (self._cases / "one").mkdir(parents=True)
        write_case(self._cases / "one", two_steps(self._cases / "one"))
        self._model = folder / "model"
        self._model.mkdir()
        content = above_100().SerializeToString()
        (self._model / "model.onnx").write_bytes(content)
        manifest = MANIFEST.format(sha256=hashlib.sha256(content).hexdigest())
        self.kinds: dict[str, tuple[Any, Callable[[Any], None]]] = {
            "case": (self._parsed(self._cases / "one" / "case.json"), self._read_case),
            "findings": (self._parsed(folder / "small" / case.findings_path / "findings.json"), self._read_findings),
            "model": (tomllib.loads(manifest), self._read_model),
            "pack": (json.loads(self._members["pack.json"]), self._read_pack),
        }
        self._findings = folder / "small" / case.findings_path

    @staticmethod
    def _parsed(path: Path) -> Any:
        return json.loads(path.read_text("utf-8"))

    def problem(self, kind: str, number: int) -> str:
        """Return what is wrong with how a mutated document is read, "" where nothing is."""
        rng = random.Random(f"{kind} {number}")
        whole, read = self.kinds[kind]
        document, done = mutated(rng, whole)
        try:
            read(document)
        except CaseStageError as error:
            wrong = [
                words
                for words, is_so in (
                    ("is not printable", not error.sentence.isprintable()),
                    ("is too long", len(error.sentence) > _LONGEST_SENTENCE),
                    ("has no hint", not error.hint),
                )
                if is_so
            ]
            return f"{done}: {error.sentence!r} {' and '.join(wrong)}" if wrong else ""
        except Exception as error:  # noqa: BLE001 (any of them is what is looked for)
            return f"{done}: {error!r}"
        return ""

    def _read_case(self, document: Any) -> None:
        folder = self._cases / "one"
        (folder / "case.json").write_text(json.dumps(document), "utf-8")
        shelf = installed_cases([self._cases])
        assert len(shelf.cases) + len(shelf.problems) == 1
        case = read_case(folder)
        case_state(case), missing_paths(case)
        again = self._folder / "again"
        again.mkdir(exist_ok=True)
        write_case(again, case)
        written = (again / "case.json").read_bytes()
        write_case(again, read_case(again))
        assert (again / "case.json").read_bytes() == written

    def _read_findings(self, document: Any) -> None:
        (self._findings / "findings.json").write_text(json.dumps(document), "utf-8")
        found = read_findings(self._findings, self._volume)
        assert len({finding.id for finding in found}) == len(found)
        assert all(finding.score is None or 0 <= finding.score <= 1 for finding in found)

    def _read_model(self, document: Any) -> None:
        text = "\n".join(f"{_quoted(key)} = {toml(value)}" for key, value in document.items())
        (self._model / "model.toml").write_text(text, "utf-8", errors="replace")
        manifest = read_manifest(self._model)
        name = card(manifest).name
        assert plain_text(name) == name
        assert "\n" not in name
        recipe_lines(manifest)

    def _read_pack(self, document: Any) -> None:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as pack:
            for name, member in {**self._members, "pack.json": json.dumps(document).encode()}.items():
                pack.writestr(zipfile.ZipInfo(name), member)
        path = self._folder / "changed.casepack"
        path.write_bytes(content.getvalue())
        check_pack(path, JobContext())


def toml(value: Any) -> str:
    """Return a value as TOML, nothing as a text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "inf"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)} = {toml(part)}" for key, part in value.items()) + "}"
    return str(value) if isinstance(value, int) else _quoted(str(value))


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in plain) + '"'


def main() -> int:
    """Run the command line; returns 0 where nothing is wrong."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        documents = Documents(Path(folder))
        for kind in documents.kinds:
            found = [(n, problem) for n in range(count) if (problem := documents.problem(kind, n))]
            wrong += len(found)
            sys.stdout.write(f"{kind}: something is wrong with {len(found)} of {count}\n")
            for number, problem in found[:_TOLD]:
                sys.stdout.write(f"  {number} {ascii(problem)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
