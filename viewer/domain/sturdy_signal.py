"""Signals whose listeners do not fall over one another: where one raises, the others are still told."""

from __future__ import annotations

import sys
from typing import Any

from psygnal import EmitLoopError, Signal, SignalInstance


class SturdySignal(SignalInstance):
    """Tells every listener; what one of them raises goes to `sys.excepthook`, and the emitter goes on.

    One panel with a fault must not keep the stage, or whoever set the value, from the rest.
    """

    def _run_emit_loop_immediate(self) -> None:
        args = self._emit_queue.popleft()
        for caller in list(self._slots):
            if not caller._is_alive():
                continue
            try:
                caller.cb(args)
            except RecursionError:
                raise
            except EmitLoopError as error:
                _report(error.__cause__ or error)
            except Exception as error:  # noqa: BLE001 (reported where all unexpected errors are)
                _report(error)


def sturdy(*types: Any) -> Signal:
    """Return a signal with these arguments whose listeners do not fall over one another."""
    return Signal(*types, signal_instance_class=SturdySignal)


def _report(error: BaseException) -> None:
    sys.excepthook(type(error), error, error.__traceback__)
