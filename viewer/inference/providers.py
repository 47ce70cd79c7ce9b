"""Where a model runs: on what the user's own onnxruntime brings for the graphics card, else on the processor."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import onnxruntime  # type: ignore[import-untyped]  # it says no types
from attrs import frozen

from viewer.domain.errors import ModelError
from viewer.inference.session import Session, session_from
from viewer.inference.worker import limit_memory

if TYPE_CHECKING:
    from viewer.inference.worker import Request

PROCESSOR = "CPUExecutionProvider"
# Best first. TensorRT is left out: it compiles each model anew for minutes.
_WORDS = {
    "CUDAExecutionProvider": "CUDA",
    "ROCMExecutionProvider": "ROCm",
    "MIGraphXExecutionProvider": "MIGraphX",
    "DmlExecutionProvider": "DirectML",
    "CoreMLExecutionProvider": "CoreML",
    "OpenVINOExecutionProvider": "OpenVINO",
}


@frozen(eq=False)
class Chosen:
    """A session, in words what it runs on, and what to tell the user about that."""

    session: Session
    provider: str
    notes: tuple[str, ...] = ()


def provider_words(provider: str) -> str:
    """Return a provider's name for people."""
    return "processor" if provider == PROCESSOR else _WORDS.get(provider, provider.removesuffix("ExecutionProvider"))


def usable_providers() -> tuple[str, ...]:
    """Return the providers that a model is tried on, best first; the processor is always the last."""
    there = onnxruntime.get_available_providers()
    return (*(name for name in _WORDS if name in there), PROCESSOR)


def session_on(content: bytes, name: str, request: Request) -> Chosen:
    """Return a session on the best provider that takes the model; the fall-back to a lesser one is in its notes.

    On the processor the process's memory is limited before the model is loaded. Drivers of graphics cards reserve
    more addresses than there is memory, so that the same limit would stop them; the parent process watches then.

    Raises
    ------
    ModelError
        When not even the processor takes it.
    """
    notes = []
    for provider in () if request.processor_alone else usable_providers()[:-1]:
        words = provider_words(provider)
        try:
            with warnings.catch_warnings(action="ignore"):
                session = session_from(content, name, (provider, PROCESSOR))
        except ModelError as error:
            notes.append(f"{words} could not be used ({_first_line(error)}); another was taken.")
            continue
        used = session.get_providers()
        if provider in used:
            return Chosen(session, words, tuple(notes))
        notes.append(f"{words} is installed but did not start; another was taken.")
        del session
    limit_memory(request.memory_bytes)
    session = session_from(content, name, (PROCESSOR,))
    if notes:
        notes.append(f"{name} ran on the processor.")
    return Chosen(session, provider_words(PROCESSOR), tuple(notes))


def _first_line(error: ModelError) -> str:
    return (error.detail or error.sentence).strip().splitlines()[0][:120]
