from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from viewer.domain.errors import ModelError
from viewer.inference import providers
from viewer.inference.manifest import read_manifest
from viewer.inference.providers import provider_words, session_on, usable_providers
from viewer.inference.session import checked_bytes
from viewer.inference.worker import Request

if TYPE_CHECKING:
    from viewer.inference.session import Session

Folder = Callable[..., Path]


@pytest.fixture(autouse=True)
def no_limit(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Notes when memory would be limited: this process is the tests' own."""
    limited: list[int | None] = []
    monkeypatch.setattr(providers, "limit_memory", limited.append)
    return limited


def with_providers(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(providers.onnxruntime, "get_available_providers", lambda: [*names, "CPUExecutionProvider"])


def test_the_processor_is_there_always_and_is_limited(
    model_folder: Folder, monkeypatch: pytest.MonkeyPatch, no_limit: list[int | None]
) -> None:
    with_providers(monkeypatch)
    assert usable_providers() == ("CPUExecutionProvider",)
    manifest = read_manifest(model_folder())
    chosen = session_on(checked_bytes(manifest.onnx_path), "Tiny", Request(memory_bytes=5))
    assert (chosen.provider, chosen.notes) == ("processor", ())
    assert no_limit == [5]


def test_a_provider_that_does_not_start_is_told_and_the_processor_taken(
    model_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Named, as a wheel for CUDA names it where its libraries are missing; here it really is not there.
    with_providers(monkeypatch, "CUDAExecutionProvider", "SomethingElseExecutionProvider")
    content = checked_bytes(read_manifest(model_folder()).onnx_path)
    chosen = session_on(content, "Tiny", Request())
    assert chosen.provider == "processor"
    assert chosen.notes[0].startswith("CUDA ")
    assert chosen.notes[-1] == "Tiny ran on the processor."
    assert session_on(content, "Tiny", Request(processor_alone=True)).notes == ()


def test_a_provider_that_fails_costs_a_note_with_the_reason(
    model_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_providers(monkeypatch, "CUDAExecutionProvider", "OpenVINOExecutionProvider")
    real = providers.session_from

    class OnOpenVino:
        def get_providers(self) -> list[str]:
            return ["OpenVINOExecutionProvider", "CPUExecutionProvider"]

    def made(content: bytes, name: str, chosen: tuple[str, ...]) -> Session | Any:
        if chosen[0].startswith("CUDA"):
            raise ModelError("Tiny cannot be loaded.", "", "CUDA failure 35: driver too old\nat line 7")
        return OnOpenVino() if chosen[0].startswith("OpenVINO") else real(content, name, chosen)

    monkeypatch.setattr(providers, "session_from", made)
    chosen = session_on(checked_bytes(read_manifest(model_folder()).onnx_path), "Tiny", Request())
    assert chosen.provider == "OpenVINO"
    assert chosen.notes == ("CUDA could not be used (CUDA failure 35: driver too old); another was taken.",)


def test_providers_have_names_for_people() -> None:
    assert provider_words("DmlExecutionProvider") == "DirectML"
    assert provider_words("CPUExecutionProvider") == "processor"
    assert provider_words("QNNExecutionProvider") == "QNN"
