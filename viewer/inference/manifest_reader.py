"""Reads `model.toml` into a `Manifest`, strictly: no key is guessed at, and every error names the key's path."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path, PurePosixPath, PureWindowsPath

from viewer.domain.errors import ManifestError
from viewer.domain.finding import Code
from viewer.domain.volume import Window
from viewer.inference import manifest as m
from viewer.inference import manifest_terms as terms
from viewer.inference.manifest_outputs import read_outputs
from viewer.inference.manifest_post import check_task, read_post
from viewer.inference.manifest_tensors import read_inputs
from viewer.inference.strict_table import Table, open_keys
from viewer.io.regular_file import regular

_LARGEST_MANIFEST_BYTES = 256 * 1024
LARGEST_MODEL_BYTES = 1024 * 1024 * 1024

_TOP = (
    "manifest",
    "model",
    "accept",
    "input",
    "inference",
    "output",
    "post",
    "label",
    "operating_point",
)


def read(folder: Path) -> m.Manifest:
    """Return the manifest of a folder.

    Raises
    ------
    ManifestError
        When a key is unknown, missing or wrong, or a file is not what the manifest says.
    """
    parsed = _parsed(folder)
    _check_filled_in(parsed)
    top = Table(parsed, "", _TOP)
    _check_version(top)
    model = top.table("model", ("id", "name", "version", "task", "licence", "rules", "file", "files", "card"))
    task = model.choice("task", terms.Task)
    onnx_name, sha256 = _files(model, folder)
    card = model.table(
        "card", ("intended_use", "regulatory_status", "trained_on", "synthetic", "limitations", "metric")
    )
    rules = model.truth("rules", False)
    outputs = read_outputs(top, task)
    output = next(o for o in outputs if o.kind in terms.MAIN_OUTPUTS[task])
    inputs = read_inputs(top)
    inference = _inference(top, inputs)
    labels = _labels(top, output)
    manifest = m.Manifest(
        folder=folder,
        id=_identifier(model, "id"),
        name=model.line("name"),
        version=model.line("version"),
        task=task,
        licence=model.text("licence"),
        rules=rules,
        onnx_name=onnx_name,
        sha256=sha256,
        intended_use=card.text("intended_use"),
        regulatory_status=card.text("regulatory_status"),
        trained_on=card.text("trained_on"),
        trained_on_synthetic=card.truth("synthetic"),
        limitations=card.texts("limitations"),
        metrics=tuple(
            m.Metric(t.text("name"), t.number("value"), t.text("measured_on"), _interval(t))
            for t in card.tables("metric", ("name", "value", "measured_on", "interval"))
        ),
        accept=_accept(top),
        inputs=inputs,
        inference=inference,
        outputs=outputs,
        post=read_post(top, task, rules=rules, kind=output.kind),
        labels=labels,
        operating_points=_operating_points(top),
    )
    check_task(task, manifest.image, inference, outputs, len(labels))
    _check_hash(manifest)
    return manifest


def _parsed(folder: Path) -> dict[str, object]:
    path = folder / m.MANIFEST_NAME
    try:
        if regular(path).stat().st_size > _LARGEST_MANIFEST_BYTES:
            raise ManifestError(f"{m.MANIFEST_NAME} in {folder.name} is too large to be a manifest.")
        content = path.read_bytes()
    except OSError as error:
        hint = "A model folder holds model.toml and the ONNX file that it names."
        raise ManifestError(f"{folder.name} holds no readable {m.MANIFEST_NAME}.", hint, str(error)) from error
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ManifestError(f"{m.MANIFEST_NAME} in {folder.name} is not valid TOML: {error}.") from error


def _check_filled_in(parsed: dict[str, object]) -> None:
    still_open = open_keys(parsed)
    if still_open:
        named = ", ".join(still_open[:6]) + (f" and {len(still_open) - 6} more" if len(still_open) > 6 else "")
        what = "1 open question" if len(still_open) == 1 else f"{len(still_open)} open questions"
        raise ManifestError(
            f"{m.MANIFEST_NAME} still has {what}: {named}.",
            "Put the answer in the place of each “?”, as the comment beside it says.",
        )


def _check_version(top: Table) -> None:
    version = top.whole("manifest", least=1)
    if version > m.MANIFEST_VERSION:
        raise ManifestError(
            f"The manifest is of version {version}; this program reads version {m.MANIFEST_VERSION}.",
            "Update CaseStage to use this model.",
        )


def _identifier(table: Table, key: str) -> str:
    text = table.text(key)
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", text):
        raise table.wrong(key, "a short name of a-z, 0-9, - and _")
    return text


def _files(model: Table, folder: Path) -> tuple[str, str]:
    files = model.named("files")
    for name, digest in files.items():
        where = f"{model.at('files')}.{name!r}"
        inside = PurePosixPath(name)
        if len(inside.parts) != 1 or name in {".", ".."} or len(PureWindowsPath(name).parts) != 1 or ":" in name:
            raise ManifestError(f"{where} must be a file beside model.toml, without a folder.")
        if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
            raise ManifestError(f"{where} must be the file's SHA-256: 64 hexadecimal digits.")
        if (folder / name).is_symlink():
            raise ManifestError(f"{where} is a link; the file itself must stand beside model.toml.")
    name = model.text("file")
    if name not in files:
        raise ManifestError(f"{model.at('file')} is not listed with its SHA-256 in {model.at('files')}.")
    if len(files) > 1:
        raise ManifestError(
            f"{model.at('files')} names several files; this version runs models of one ONNX file.",
            "casestage models propose FILE --out FOLDER puts weights of other files into it.",
        )
    return name, str(files[name]).lower()


def _check_hash(manifest: m.Manifest) -> None:
    where = f"model.files.{manifest.onnx_name!r}"
    try:
        if manifest.onnx_path.stat().st_size > LARGEST_MODEL_BYTES:
            raise ManifestError(f"{where} is larger than {LARGEST_MODEL_BYTES // 2**20} MiB.")
        with manifest.onnx_path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ManifestError(f"{where} is not beside model.toml, or cannot be read.", "", str(error)) from error
    if digest != manifest.sha256:
        raise ManifestError(
            f"{where} is not the file that the manifest describes: its SHA-256 differs.",
            "The file is damaged or was exchanged; get the model again.",
            f"in the manifest {manifest.sha256}\nof the file    {digest}",
        )


def _accept(top: Table) -> m.Accept:
    known = (
        "synthetic_only",
        "modality",
        "unit",
        "body_part",
        "contrast",
        "largest_slice_spacing_mm",
        "orientation",
    )
    table = top.table("accept", known)
    spacing = None
    if table.has("largest_slice_spacing_mm"):
        spacing = table.number("largest_slice_spacing_mm", least=0.01, most=1000)
    return m.Accept(
        synthetic_only=table.truth("synthetic_only"),
        modality=table.texts("modality", ("CT",)),
        unit=_one_of(table, "unit", ("HU", "any"), "HU"),
        body_part=tuple(part.upper() for part in table.texts("body_part", ())),
        contrast=_one_of(table, "contrast", ("any", "none", "required"), "any"),
        largest_slice_spacing_mm=spacing,
        orientation=_one_of(table, "orientation", ("any", "axial", "coronal", "sagittal"), "any"),
    )


def _one_of(table: Table, key: str, allowed: tuple[str, ...], default: str) -> str:
    text = table.text(key, default)
    if text not in allowed:
        raise table.wrong(key, "one of " + ", ".join(allowed))
    return text


def _inference(top: Table, inputs: tuple[m.InputTensor, ...]) -> m.Inference:
    known = ("mode", "patch", "overlap", "blending", "batch", "slab", "flips", "whole_up_to_voxels")
    table = top.table("inference", known)
    mode = table.choice("mode", terms.Mode)
    plain = m.Inference()
    patch = plain.patch
    if mode in (terms.Mode.SLIDING, terms.Mode.WHOLE_OR_SLIDING):
        i, j, k = table.numbers("patch", 3, least=1, most=4096)
        if not (i.is_integer() and j.is_integer() and k.is_integer()):
            raise table.wrong("patch", "a list of 3 whole numbers")
        patch = (int(i), int(j), int(k))
        multiple = next(t.size_multiple for t in inputs if t.role is terms.InputRole.IMAGE)
        if any(p % q for p, q in zip(patch, multiple, strict=True)):
            raise ManifestError(f"{table.at('patch')} is not a multiple of size_multiple {list(multiple)}.")
    flips = table.texts("flips", ())
    if not set(flips) <= set("ijk") or len(set(flips)) < len(flips):
        raise table.wrong("flips", 'a list of "i", "j", "k", each at most once')
    return m.Inference(
        mode=mode,
        patch=patch,
        overlap=table.number("overlap", plain.overlap, least=0, most=0.9),
        blending=table.choice("blending", terms.Blending, plain.blending),
        batch=table.whole("batch", plain.batch, least=1, most=256),
        slab=table.whole("slab", plain.slab, least=1, most=4096),
        flips=flips,
        whole_up_to_voxels=table.whole("whole_up_to_voxels", plain.whole_up_to_voxels, least=1, most=10**10),
    )


def _interval(table: Table) -> tuple[float, float] | None:
    if not table.has("interval"):
        return None
    low, high = table.numbers("interval", 2)
    return (low, high)


def _labels(top: Table, output: m.OutputTensor) -> tuple[m.Label, ...]:
    known = (
        "index",
        "key",
        "name",
        "colour",
        "window",
        "snomed_category",
        "snomed_type",
        "snomed_region",
        "laterality",
    )
    background = output.kind is terms.OutputKind.LABEL_MAP or (
        output.kind is terms.OutputKind.VOXEL_LOGITS and output.activation is terms.Activation.SOFTMAX
    )
    labels = []
    for table in top.tables("label", known):
        window = None
        if table.has("window"):
            centre, width = table.numbers("window", 2)
            window = Window(centre, width, table.line("name"))
            if not window.usable:
                raise table.wrong("window", "[centre, width] with a width above 0")
        colour = table.text("colour", "")
        if colour and not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            raise table.wrong("colour", 'a colour such as "#e5484d"')
        labels.append(
            m.Label(
                index=table.whole("index", least=1 if background else 0, most=65535),
                key=_identifier(table, "key"),
                name=table.line("name"),
                colour=colour,
                window=window,
                category=_code(table, "snomed_category"),
                type=_code(table, "snomed_type"),
                region=_code(table, "snomed_region"),
                laterality=_one_of(table, "laterality", ("", "left", "right"), ""),
            )
        )
    if not labels:
        raise ManifestError("label is missing.", "Add a [[label]] for each structure that the model marks.")
    for what in ("index", "key"):
        values = [getattr(label, what) for label in labels]
        for n, value in enumerate(values):
            if value in values[:n]:
                raise ManifestError(f"label[{n}].{what} {value!r} stands there twice.")
    return tuple(labels)


def _code(table: Table, key: str) -> Code | None:
    if not table.has(key):
        return None
    parts = table.texts(key)
    if len(parts) != 3 or not all(part.strip() for part in parts):
        raise table.wrong(key, "[value, scheme, meaning]")
    return Code(*parts)


def _operating_points(top: Table) -> tuple[m.OperatingPoint, ...]:
    points = tuple(
        m.OperatingPoint(
            key=_identifier(table, "key"),
            name=table.line("name", table.text("key")),
            threshold=table.number("threshold", least=0, most=1),
            default=table.truth("default", False),
        )
        for table in top.tables("operating_point", ("key", "name", "threshold", "default"))
    )
    if points and sum(point.default for point in points) != 1:
        raise ManifestError("operating_point: exactly one must say default = true.")
    return points
