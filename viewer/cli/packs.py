"""`casestage pack build`, `verify` and `install`: cases carried from one computer to another in one file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli.models import find_model
from viewer.cli.report import Report
from viewer.cli.terminal import progress_context, say, say_json
from viewer.domain.count_words import count_words
from viewer.domain.errors import PackError, StorageError
from viewer.inference.installed import installed_models
from viewer.inference.manifest import Manifest, card
from viewer.io.pack import ENDING, Pack, check_pack, signer_of
from viewer.io.pack_signature import fingerprint, new_key, public_key, public_place
from viewer.services.cases import case_of
from viewer.services.packing import build_pack, install_pack
from viewer.services.places import case_folders, config_folder, data_folder, model_folders
from viewer.services.trusted_keys import FILE_NAME, TrustedKeys

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from viewer.domain.walkthrough import Case


def verify(arguments: argparse.Namespace) -> int:
    """Say whether a pack is whole and unchanged."""
    path = Path(arguments.file)
    _say(check_pack(path, progress_context()), path, arguments.json, "Whole and unchanged")
    return 0


def build(arguments: argparse.Namespace) -> int:
    """Write a pack of cases."""
    out = Path(arguments.out)
    if out.suffix.lower() != ENDING:
        raise StorageError(f"Packs are called *{ENDING}.", f"End the name of --out in {ENDING}.")
    models = []
    for name in arguments.model or ():
        manifest = find_model(name)
        models.append((card(manifest).id, Path(manifest.folder)))
    cases = [case_of(name, case_folders()) for name in arguments.cases]
    key = Path(arguments.sign) if arguments.sign else None
    notes = _left_behind(cases, {model_id for model_id, _ in models})
    _say(build_pack(out, cases, models, progress_context(), key), out, arguments.json, "Written", notes)
    return 0


def _left_behind(cases: Sequence[Case], brought: set[str]) -> list[str]:
    """Return what is said of models that steps run live and that neither the pack nor the program brings."""
    shipped = installed_models(model_folders()[-1:])
    there = brought | {card(found).id for found in shipped if isinstance(found, Manifest)}
    return [
        f"Step {number} of “{case.title}” runs “{step.live.model_id}” live, which the pack does not bring. "
        f"Name it: --model {step.live.model_id}"
        for case in cases
        for number, step in enumerate(case.steps, 1)
        if step.live is not None and step.live.model_id not in there
    ]


def install(arguments: argparse.Namespace) -> int:
    """Install the cases and models of a pack."""
    path = Path(arguments.file)
    if arguments.trusted_only:
        key = signer_of(path)
        if key is None:
            raise PackError(
                "The pack is not signed.",
                "Ask its maker for a signed one; or compare the sha256 that “casestage pack verify” prints with what "
                "its maker tells, and install it without --trusted-only.",
            )
        if not _trusted().name_of(key):
            raise PackError(
                f"The pack is signed by a key that is not trusted here: {fingerprint(key)}.",
                "Compare that with its maker, and trust it with: casestage pack key trust FILE.pub --name NAME",
            )
    shipped = model_folders()[1:]
    done = install_pack(path, data_folder(), progress_context(), replace=arguments.replace, shipped_models=shipped)
    _say(done.pack, path, arguments.json, "Installed")
    return 0


def _say(found: Pack, path: Path, as_json: bool, what: str, notes: Sequence[str] = ()) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    cases = [{"id": item.id, "title": item.title} for item in found.cases]
    key = signer_of(path)
    name = _trusted().name_of(key) if key is not None else ""
    if as_json:
        signature = {"fingerprint": fingerprint(key), "trusted": bool(name), "name": name} if key is not None else None
        models = [item.id for item in found.models]
        told = {"cases": cases, "models": models, "files": len(found.files), "bytes": found.size, "sha256": digest}
        say_json({**told, "signature": signature, "notes": list(notes)})
        return
    say(f"{what}: {count_words(len(found.files), 'file')}, {found.size / 1e6:.1f} MB")
    for case in cases:
        say(f"  {case['id']}  {case['title']}")
    for model in found.models:
        say(f"  model {model.id}")
    for note in notes:
        say(f"  {note}")
    say(f"  sha256 {digest}")
    if key is None:
        say("  Not signed: compare the sha256 with the one that its maker tells.")
    elif name:
        say(f"  Signed by {name}, whom you trust: {fingerprint(key)}")
    else:
        say(f"  Signed by a key that is not trusted here: {fingerprint(key)}")
        say("  Compare that with its maker, and trust it with: casestage pack key trust FILE.pub --name NAME")


def key_new(arguments: argparse.Namespace) -> int:
    """Make a key."""
    out = Path(arguments.out)
    mark, told = fingerprint(new_key(out)), Report(arguments)
    told.say(f"Fingerprint: {mark}")
    told.say(f"{out} signs packs: keep it to yourself. {public_place(out).name} is to be given away.")
    told.finish(fingerprint=mark, private=str(out), public=str(public_place(out)))
    return 0


def key_show(arguments: argparse.Namespace) -> int:
    """Say a key's fingerprint."""
    key = public_key(Path(arguments.file))
    name = _trusted().name_of(key)
    told = Report(arguments)
    told.say(f"Fingerprint: {fingerprint(key)}" + (f", trusted as {name}" if name else ""))
    told.finish(fingerprint=fingerprint(key), trusted=bool(name), name=name)
    return 0


def key_trust(arguments: argparse.Namespace) -> int:
    """Trust a key."""
    made = _trusted().trust(public_key(Path(arguments.file), of_private=False), arguments.name)
    told = Report(arguments)
    told.say(f"Trusted: {made.name}, {made.fingerprint}")
    told.finish(name=made.name, fingerprint=made.fingerprint, trusted=True)
    return 0


def key_forget(arguments: argparse.Namespace) -> int:
    """Trust a key no more."""
    _trusted().forget(arguments.name)
    told = Report(arguments)
    told.say(f"Not trusted any more: {arguments.name}")
    told.finish(name=arguments.name, trusted=False)
    return 0


def key_list(arguments: argparse.Namespace) -> int:
    """List the trusted keys."""
    keys, told = _trusted().all(), Report(arguments)
    for key in keys:
        told.say(f"{key.fingerprint}  {key.name}")
    if not keys:
        told.say("No key is trusted here.")
    told.finish(keys=[{"name": key.name, "fingerprint": key.fingerprint} for key in keys])
    return 0


def _trusted() -> TrustedKeys:
    return TrustedKeys(config_folder() / FILE_NAME)
