"""Reads what comes out of a model, from `model.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.domain.errors import ManifestError
from viewer.inference import manifest as m
from viewer.inference import manifest_terms as terms
from viewer.inference.manifest_terms import OutputKind, Task

if TYPE_CHECKING:
    from viewer.inference.strict_table import Table

_VOXELS = frozenset({OutputKind.VOXEL_LOGITS, OutputKind.VOXEL_PROBABILITIES, OutputKind.LABEL_MAP})
# Letters that a layout must and may have, and an example.
_LAYOUTS = {
    OutputKind.BOXES: ("B6", "N", "NB6"),
    OutputKind.BOX_SCORES: ("B", "NC", "NB"),
    OutputKind.BOX_LABELS: ("B", "N", "NB"),
    OutputKind.CLASS_LOGITS: ("", "NC", "NC"),
    OutputKind.CLASS_PROBABILITIES: ("", "NC", "NC"),
    OutputKind.ACTIVATION_MAP: ("HW", "NC", "NCHW"),
}


def read_outputs(top: Table, task: Task) -> tuple[m.OutputTensor, ...]:
    """Return the output tensors of a task.

    Raises
    ------
    ManifestError
        With the path of the key that is wrong.
    """
    names = top.named("output")
    section = top.table("output", tuple(names))
    known = ("kind", "layout", "activation", "calibration", "format", "frame", "origin", "order")
    main, side = terms.MAIN_OUTPUTS[task], terms.SIDE_OUTPUTS.get(task, frozenset())
    tables = {name: section.table(name, known) for name in names}
    for table in tables.values():
        kind = table.choice("kind", OutputKind)
        if kind not in main | side:
            raise ManifestError(
                f"{table.at('kind')}: {kind} does not belong to {task}, which takes {', '.join(sorted(main | side))}."
            )
    outputs = tuple(_output(table, name) for name, table in tables.items())
    for kind in {o.kind for o in outputs}:
        if sum(o.kind is kind for o in outputs) > 1:
            raise ManifestError(f"output: two tensors are of the kind {kind}; one is meant.")
    if sum(o.kind in main for o in outputs) != 1:
        raise ManifestError(f"output: {task} needs one tensor of the kind {' or '.join(sorted(main))}.")
    if task is Task.DETECTION and not any(o.kind is OutputKind.BOX_SCORES for o in outputs):
        raise ManifestError("output: boxes need a tensor of the kind box-scores beside them.")
    return outputs


def _output(table: Table, name: str) -> m.OutputTensor:
    kind = table.choice("kind", OutputKind)
    activation = table.choice("activation", terms.Activation, terms.Activation.NONE)
    if kind is not OutputKind.BOX_SCORES and (kind in terms.LOGITS) != (activation is not terms.Activation.NONE):
        raise ManifestError(f"{table.at('activation')} must be sigmoid or softmax for logits, and none otherwise.")
    layout = voxel_layout(table) if kind in _VOXELS else _layout(table, kind)
    if activation is terms.Activation.SOFTMAX and "C" not in layout:
        raise ManifestError(f"{table.at('activation')}: softmax is over channels, and {layout} has no C.")
    temperature, how = 1.0, ""
    if table.has("calibration"):
        calibration = table.table("calibration", ("temperature", "how"))
        temperature = calibration.number("temperature", 1.0, least=0.01, most=100)
        how = calibration.text("how", "")
        if kind not in terms.LOGITS and temperature != 1.0:
            raise ManifestError(f"{calibration.at('temperature')} works on logits only.")
    return m.OutputTensor(name, kind, layout, activation, temperature, how, _box(table, kind))


def voxel_layout(table: Table) -> str:
    """Return a layout of voxels."""
    layout = table.text("layout")
    if len(set(layout)) != len(layout) or not set("HW") <= set(layout) <= set("NCDHW") or not set("ND") & set(layout):
        raise table.wrong("layout", 'letters of N, C, D, H, W, each once, such as "NCDHW" or "NCHW"')
    return layout


def _layout(table: Table, kind: OutputKind) -> str:
    layout = table.text("layout")
    needed, more, example = _LAYOUTS[kind]
    if len(set(layout)) != len(layout) or not set(needed) <= set(layout) <= set(needed + more):
        raise table.wrong("layout", f'letters of {", ".join(needed + more)}, each once, such as "{example}"')
    return layout


def _box(table: Table, kind: OutputKind) -> m.BoxForm | None:
    if kind is not OutputKind.BOXES:
        for key in ("format", "frame", "origin", "order"):
            if table.has(key):
                raise ManifestError(f"{table.at(key)} belongs to boxes, not to {kind}.")
        return None
    order = table.text("order")
    if sorted(order) != ["i", "j", "k"]:
        raise table.wrong("order", 'i, j and k in the order of a box\'s coordinates, such as "ijk" or "kji"')
    form = m.BoxForm(
        format=table.choice("format", terms.BoxFormat),
        frame=table.choice("frame", terms.BoxFrame),
        origin=table.choice("origin", terms.BoxOrigin),
        order=order,
    )
    if form.origin is terms.BoxOrigin.INCLUSIVE and (form.format, form.frame) != (
        terms.BoxFormat.CORNERS,
        terms.BoxFrame.VOXELS,
    ):
        raise ManifestError(f"{table.at('origin')}: inclusive goes with corners in voxels alone.")
    return form
