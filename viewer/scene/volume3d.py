"""3D pictures of a volume and its findings, drawn in a thread of their own.

The thread makes its VTK window, uses it and ends it. Only the latest request counts: one is being drawn, one waits,
and a still is given up when something newer comes. The finest also lets what is asked for aside go first.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import define, field

from viewer.scene.opengl_probe import Capabilities, Unavailable3D, choose_window_kind, probed, waited_for
from viewer.scene.quality import Quality
from viewer.scene.volume_scene import Picture3D, VolumeScene

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from viewer.scene.dressed_volume import DressedVolume
    from viewer.scene.volume_window import VolumeWindow

# Of Linux, 0 to 19: enough for painting to come first, and not so much that other programs starve 3D.
_NICENESS = 4
# A window that fails is made anew, unless the last one was so shortly before.
_AGAIN_AFTER_S = 30.0
_LOOKS_EVERY_S = 0.2
# Who closes waits for the thread, but not for ever: a driver that hangs would hold up the whole window.
_LEFT_AFTER_S = 2.0


@define(eq=False)
class _Request:
    scene: VolumeScene
    quality: Quality
    generation: int
    answer: _Answer | None = None


@define(eq=False)
class _Answer:
    done: threading.Event = field(factory=threading.Event)
    picture: Picture3D | None = None
    then: Callable[[Picture3D | None], None] = lambda _picture: None

    def give(self, picture: Picture3D | None) -> None:
        """Hand over a picture, None where there is none."""
        self.picture = picture
        self.done.set()
        self.then(picture)


class Scene3D:
    """Draws 3D pictures on request.

    Parameters
    ----------
    on_picture
        Called with each picture, in the drawing thread (on macOS in the caller's, where windows have to live).
    on_unavailable
        Called there too, when this machine cannot draw 3D; later requests do nothing. Where its driver is only slow it
        is called before, and pictures come once the driver has answered.
    """

    def __init__(
        self,
        on_picture: Callable[[Picture3D], None] = lambda picture: None,
        on_unavailable: Callable[[Unavailable3D], None] = lambda why: None,
    ) -> None:
        self._on_picture = on_picture
        self._on_unavailable = on_unavailable
        self._changed = threading.Condition()
        self._pending: _Request | None = None
        self._owed: list[_Request] = []
        self._generation = 0
        self._closing = False
        self._drawing: _Request | None = None
        self._unavailable: Unavailable3D | None = None
        self._outlived = False
        self._thread: threading.Thread | None = None
        self._inline: VolumeWindow | None = None

    @property
    def unavailable(self) -> Unavailable3D | None:
        """Why there is no 3D, once that is known; None while there is or may be."""
        return self._unavailable

    def request(self, scene: VolumeScene, quality: Quality = Quality.STILL) -> int:
        """Ask for a picture and return its generation; what was asked for before and not begun is forgotten."""
        return self._ask(scene, quality, None)

    def render_once(self, scene: VolumeScene, *, timeout_s: float = 60.0) -> NDArray[np.uint32] | None:
        """Return a still picture, waiting for it; None where 3D cannot be drawn here."""
        picture = self.picture_once(scene, timeout_s=timeout_s)
        return None if picture is None else picture.pixels

    def picture_once(
        self, scene: VolumeScene, quality: Quality = Quality.STILL, timeout_s: float = 60
    ) -> Picture3D | None:
        """Return a picture with what it shows, waiting for it; None where 3D cannot be drawn here."""
        answer = _Answer()
        self._ask(scene, quality, answer)
        return answer.picture if answer.done.wait(timeout_s) else None

    def draw_aside(self, scene: VolumeScene, then: Callable[[Picture3D | None], None]) -> None:
        """Ask for a quick picture that is none of those on show, and call `then` with it in the drawing thread.

        It is called with None where 3D cannot be drawn here, and not at all where drawing has ended before.
        """
        self._ask(scene, Quality.MOVING, _Answer(then=then))

    def _ask(self, scene: VolumeScene, quality: Quality, answer: _Answer | None) -> int:
        with self._changed:
            if self._closing or self._unavailable is not None:
                if answer is not None:
                    answer.give(None)
                return self._generation
            self._generation += 1
            request = _Request(scene, quality, self._generation, answer)
            if answer is None:
                self._pending = request
            else:
                self._owed.append(request)
            generation = self._generation
            if sys.platform != "darwin" and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="3D", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        if sys.platform == "darwin":
            self._run_inline()
        return generation

    def outlive(self) -> None:
        """Draw the next picture in a new window: the computer slept, and the driver may have lost what it held."""
        self._outlived = True

    def close(self) -> None:
        """Stop drawing and end the window; returns when the thread has ended, or is held up by a driver that hangs."""
        with self._changed:
            self._closing = True
            self._pending = None
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_LEFT_AFTER_S)
        if self._inline is not None:
            self._inline.close()
            self._inline = None
        self._thread = None

    def _superseded(self) -> bool:
        """Return whether what is being drawn need not be finished."""
        drawing = self._drawing
        if self._closing:
            return True
        if drawing is None or drawing.answer is not None or drawing.quality is Quality.MOVING:
            return False
        return self._pending is not None or (drawing.quality is Quality.FINEST and bool(self._owed))

    def _opened(self) -> VolumeWindow | None:
        found = probed()
        if isinstance(found, Unavailable3D) and found.slow and sys.platform != "darwin":
            # Said at once; requests wait with this thread.
            self._on_unavailable(found)
            found = self._waited_for(found)
        if isinstance(found, Capabilities):
            # Voxels first: meanwhile planes are painted, which would wait for who loads VTK.
            ahead = self._dressed(full=not found.software)
            # Loaded here, so that the first window of the program does not wait for VTK.
            from viewer.scene.volume_window import VolumeWindow

            choose_window_kind()
            return VolumeWindow(software=found.software, stop=self._superseded, ahead=ahead)
        self._give_up(found)
        return None

    def _waited_for(self, slow: Unavailable3D) -> Capabilities | Unavailable3D:
        """Return what a slow driver says at last; what is known of it where drawing is ended meanwhile."""
        said: list[Capabilities | Unavailable3D] = []
        threading.Thread(target=lambda: said.append(waited_for()), name="3D waits", daemon=True).start()
        with self._changed:
            while not said and not self._closing:
                self._changed.wait(_LOOKS_EVERY_S)
        return said[0] if said else slow

    def _dressed(self, *, full: bool) -> DressedVolume | None:
        """Return the voxels of the picture that will be drawn first; None where they have to be made later."""
        from viewer.scene.dressed_volume import dressed_for

        with self._changed:
            first = self._owed[0] if self._owed else self._pending
        try:
            return None if first is None else dressed_for(first.scene, full=full)
        except Exception:  # noqa: BLE001 (drawing will meet it again, and say so)
            return None

    def _give_up(self, why: Unavailable3D) -> None:
        with self._changed:
            self._unavailable = why
            waiting, self._owed, self._pending = self._owed, [], None
        for request in waiting:
            if request.answer is not None:
                request.answer.give(None)
        self._on_unavailable(why)

    def _run(self) -> None:
        _give_way()
        window = self._opened()
        if window is None:
            return
        failed_s = -_AGAIN_AFTER_S
        try:
            while (request := self._next()) is not None:
                if self._outlived:
                    window = self._anew(window)
                try:
                    self._serve(window, request)
                except (RuntimeError, ValueError, MemoryError):
                    # A driver that was reset, or came back from sleep, lets every window lose what it holds.
                    if time.monotonic() - failed_s < _AGAIN_AFTER_S:
                        raise
                    failed_s = time.monotonic()
                    window = self._anew(window)
                    self._serve(window, request)
        except Exception as error:  # noqa: BLE001 (the last net: without a word 3D would be prepared for ever)
            failed = self._drawing
            self._give_up(Unavailable3D("3D stopped: drawing it failed.", detail=repr(error)))
            if failed is not None and failed.answer is not None:
                failed.answer.give(None)
        finally:
            self._drawing = None
            window.close()
            self._release()

    def _anew(self, window: VolumeWindow) -> VolumeWindow:
        """Return a new window in the place of one that may have lost what it holds."""
        self._outlived = False
        window.close()
        made = self._opened()
        if made is None:
            raise RuntimeError("OpenGL did not come back")
        return made

    def _release(self) -> None:
        with self._changed:
            owed, self._owed = self._owed, []
        for request in owed:
            if request.answer is not None:
                request.answer.done.set()

    def _next(self) -> _Request | None:
        with self._changed:
            while not (self._closing or self._owed or self._pending):
                self._changed.wait()
            if self._closing:
                return None
            if self._owed:
                self._drawing = self._owed.pop(0)
            else:
                self._drawing, self._pending = self._pending, None
            return self._drawing

    def _serve(self, window: VolumeWindow, request: _Request) -> None:
        start = time.perf_counter()
        pixels = window.draw(request.scene, request.quality)
        picture = None
        if pixels is not None:
            seconds = time.perf_counter() - start
            scene = request.scene
            about = (request.generation, request.quality, seconds, window.drawn, scene.masked, scene.camera)
            # Drawn in the caller's thread it would hold that up.
            finer = request.quality is Quality.STILL and window.finer and self._inline is None
            picture = Picture3D(pixels, *about, window.whole, scene.volume, finer)
        if request.answer is not None:
            request.answer.give(picture)
        elif picture is not None:
            self._on_picture(picture)
        elif request.quality is Quality.FINEST:
            self._put_off(request)

    def _put_off(self, request: _Request) -> None:
        """Draw what was given up for what is owed after that, unless something newer is wanted then."""
        with self._changed:
            if self._pending is None and self._owed:
                self._pending = request

    def _run_inline(self) -> None:
        """Draw at once in the caller's thread, which on macOS has to be the main one."""
        if self._inline is None and self._unavailable is None:
            self._inline = self._opened()
        if self._inline is None:
            return
        while self._owed or self._pending:
            request = self._next()
            if request is None:
                return
            self._serve(self._inline, request)


def _give_way() -> None:
    """Let whoever paints the window go first on a busy machine; threads that cast rays for this one do as it does."""
    if sys.platform == "linux":  # elsewhere this is about the whole program
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
