"""An evaluation as a reader wants it: a model card in Markdown, and the few figures that model.toml repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viewer.inference.manifest import Manifest


def card_text(manifest: Manifest, evaluation: dict[str, Any]) -> str:
    """Return the model card, every number of which comes from the evaluation."""
    e = evaluation
    first, last = e["seeds"]
    scanned = e["by_thickness"] | e["by_kernel"] | e["by_contrast"] | e["by_dose"]
    if len(e["by_gantry"]) > 1:
        scanned |= e["by_gantry"]
    lines = [
        f"# {manifest.name} {manifest.version}",
        "",
        manifest.intended_use,
        "",
        f"**{manifest.regulatory_status}** {manifest.trained_on}",
        "",
        f"Model file SHA-256 `{e['sha256']}`.",
        "",
        "## One evaluation",
        "",
        f"{e['scans']} unseen synthetic scans, seeds {first} to {last}, frozen before scoring. A finding is true by "
        f"this rule: {e['rule']} Where nothing else is said, findings score at least {e['threshold']:g} (the default). "
        "Intervals are 95 %.",
        "",
        *_table("Sensitivity", {"All": e["sensitivity"]} | e["by_size"]),
        *_table("By kind", e["by_kind"]),
        *_table("By how it was scanned", scanned),
        "## Sensitivity against false positives",
        "",
        "| False positives per scan | " + " | ".join(k for k in e["froc"] if k != "mean") + " |",
        "|---|" + "---|" * (len(e["froc"]) - 1),
        "| Sensitivity | " + " | ".join(f"{v:.2f}" for k, v in e["froc"].items() if k != "mean") + " |",
        "",
        f"Mean {e['froc']['mean']:.2f}.",
        "",
        "False positives per scan at the default threshold: "
        + ", ".join(f"{v:.2f} ({_group(k)})" for k, v in e["false_positives_per_scan"].items())
        + ".",
        "",
        "## Case",
        "",
        f"Area under the ROC curve {e['case']['auc']:.2f} ({e['case']['low']:.2f} to {e['case']['high']:.2f}), "
        "the case scored by its highest finding.",
        "",
        *_calibration(e["calibration"]),
        "## Scores",
        "",
        "10th, 25th, 50th, 75th and 90th percentile: true findings "
        + ", ".join(f"{v:.2f}" for v in e["scores"]["true"])
        + "; false ones "
        + (", ".join(f"{v:.2f}" for v in e["scores"]["false"]) or "none")
        + ".",
        "",
        *_outlines(e["outlines"]),
        "## Runtime",
        "",
        f"From a loaded volume to findings: median {e['seconds']['median']:.1f} s, longest "
        f"{e['seconds']['longest']:.1f} s, on two processor cores that had other work too.",
        "",
        "## Limits",
        "",
        *(f"* {line}" for line in manifest.limitations),
        "",
        f"Made again by `python packaging/evaluate_demo_models.py {manifest.id}`.",
    ]
    return "\n".join(lines) + "\n"


def _group(key: str) -> str:
    return {"all": "all scans", "none": "scans without lesions", "mimics": "scans with mimics alone"}.get(
        key, f"scans {key}"
    )


def _table(title: str, rows: dict[str, Any]) -> list[str]:
    lines = [f"## {title}", "", "| | Found | Sensitivity | 95 % interval |", "|---|---|---|---|"]
    for name, row in rows.items():
        if row["of"]:
            lines.append(
                f"| {name[:1].upper()}{name[1:]} | {row['found']} of {row['of']} | {row['rate']:.2f} | "
                f"{row['low']:.2f} to {row['high']:.2f} |"
            )
    return [*lines, ""]


def _outlines(outlines: dict[str, Any]) -> list[str]:
    if not outlines["lesions"]:
        return []
    tenth, quarter, half, three, nine = outlines["volume_over_true"]
    return [
        "## Outlines",
        "",
        f"Of {outlines['lesions']} lesions found. Volume over the true volume: median {half:.2f}, half of them between "
        f"{quarter:.2f} and {three:.2f}, eight of ten between {tenth:.2f} and {nine:.2f}. Overlap (Dice): median "
        f"{outlines['dice'][2]:.2f}, half of them between {outlines['dice'][1]:.2f} and {outlines['dice'][3]:.2f}.",
        "",
    ]


def _calibration(calibration: dict[str, Any]) -> list[str]:
    if not calibration:
        return []
    lines = [
        "## Calibration",
        "",
        f"Expected calibration error of the probability of {calibration['findings']} findings "
        f"{calibration['ece']:.2f} (of the bare score {calibration['score_itself']:.2f}).",
        "",
        "| Probability | Findings | Said | True |",
        "|---|---|---|---|",
    ]
    for row in calibration["bins"]:
        lines.append(
            f"| {row['from']:.1f} to {row['to']:.1f} | {row['findings']} | {row['said']:.2f} | {row['true']:.2f} |"
        )
    return [*lines, ""]


def toml_metrics(evaluation: dict[str, Any]) -> str:
    """Return the [[model.card.metric]] tables of model.toml."""
    e = evaluation
    first, last = e["seeds"]
    where = f"{e['scans']} unseen synthetic scans, seeds {first} to {last}"
    at = f"IoU of at least 0.1 and score of at least {e['threshold']:g}"
    rows = [
        (f"Sensitivity, {name}", row["rate"], f"{row['found']} of {row['of']} in {where}, {at}")
        for name, row in e["by_size"].items()
    ]
    rows.append(("False positives per scan", e["false_positives_per_scan"]["all"], f"{where}, {at}"))
    rows.append(("Area under the ROC curve of cases", e["case"]["auc"], f"{where}, scored by the highest finding"))
    if e["outlines"]["lesions"]:
        low, _, half, _, high = e["outlines"]["volume_over_true"]
        said = f"{e['outlines']['lesions']} lesions found in {where}, eight of ten between {low:g} and {high:g}"
        rows.append(("Volume over true volume, median", half, said))
    if e["calibration"]:
        rows.append(
            (
                "Expected calibration error",
                e["calibration"]["ece"],
                f"{e['calibration']['findings']} findings in {where}",
            )
        )
    return "".join(
        f'[[model.card.metric]]\nname = "{name}"\nvalue = {value}\nmeasured_on = "{on}"\n\n' for name, value, on in rows
    )
