"""A silent film: AV1 in WebM, or whatever an ffmpeg of the user's own makes of the pictures."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Protocol

import numpy as np

from viewer.domain.errors import StorageError
from viewer.io.atomic_file import remove_left
from viewer.io.av1 import coded
from viewer.io.staging import made_beside
from viewer.io.webm import WebmWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

RATE = 30
# After it took no more pictures.
_ENDS_WITHIN_S = 10.0
OWN_ENDING, H264_ENDING = ".webm", ".mp4"


class Film(Protocol):
    """A film that is being written."""

    def scene(self, pictures: Sequence[NDArray[np.uint8]], hold_s: float) -> None:
        """Add pictures of RGB, shape (h, w, 3), one after the other; the last stays for some seconds."""


@contextmanager
def film_at(path: Path, size: tuple[int, int], title: str) -> Iterator[Film]:
    """Give a film to add scenes to; it is at its place whole afterwards, or not at all.

    `.webm` is AV1, coded here. `.mp4` is H.264 of an ffmpeg that the user installed.

    Raises
    ------
    StorageError
        When it cannot be written, or there is no ffmpeg for `.mp4`.
    """
    if path.suffix.lower() == H264_ENDING:
        with made_beside(path, "The film") as waiting, _H264(waiting, size, title) as film:
            yield film
        remove_left(path.parent, path.name)
        return
    with made_beside(path, "The film") as waiting, waiting.open("wb+") as file:
        own = _Av1(file, size, title)
        yield own
        own.finish()
    remove_left(path.parent, path.name)


class _Av1:
    """AV1 in WebM. Every scene is coded alone, so that a player finds each step at once."""

    def __init__(self, file: IO[bytes], size: tuple[int, int], title: str) -> None:
        self._file, self._size, self._title = file, size, title
        self._writer: WebmWriter | None = None
        self._time_ms = 0

    def scene(self, pictures: Sequence[NDArray[np.uint8]], hold_s: float) -> None:
        hold_s = max(hold_s, 1 / RATE)
        # What stays is told again once a second: players that were moved into it show it at once.
        again = [pictures[-1]] * max(1, round(hold_s))
        configuration, made = coded([*pictures, *again])
        times = [round(n * 1000 / RATE) for n in range(len(pictures))]
        times += [times[-1] + 1000 * (n + 1) for n in range(len(again) - 1)]
        end = round((len(pictures) - 1) * 1000 / RATE + hold_s * 1000)
        times.append(max(times[-1] + 1, end - 34))
        if self._writer is None:
            self._writer = WebmWriter(self._file, self._size, configuration, self._title)
        self._writer.write(self._time_ms, list(zip(times, made, strict=True)))
        self._time_ms += end

    def finish(self) -> None:
        if self._writer is not None:
            self._writer.finish(self._time_ms)


class _H264:
    """Pictures handed to ffmpeg as they come."""

    def __init__(self, path: Path, size: tuple[int, int], title: str) -> None:
        program = shutil.which("ffmpeg")
        if program is None:
            raise StorageError(
                "There is no ffmpeg on this computer to make an H.264 film with.",
                "End the name in .webm for a film that browsers and VLC play, or install ffmpeg.",
            )
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", str(RATE), "-i", "-"]
        made = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18", "-preset", "medium", "-movflags", "+faststart"]
        said = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-metadata", f"title={title}"]
        quiet = ["-hide_banner", "-loglevel", "error", "-nostdin", "-y"]
        command = [program, *quiet, *source, *made, *said, "-f", "mp4", str(path)]
        # In a session of its own: Ctrl+C in a terminal is for the program alone, which ends it.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        # Read as it comes: a pipe that nobody empties would hold it up, and a full disk keeps no file of it.
        self._said = b""
        self._listener = threading.Thread(target=self._listen, name="casestage-ffmpeg", daemon=True)
        self._listener.start()

    def __enter__(self) -> _H264:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._process.kill()
        taken = self._all_taken()
        code = self._process.wait()
        self._listener.join(_ENDS_WITHIN_S)
        if (code != 0 or not taken) and kind is None:
            raise self._refused()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as complaints:
            self._said = complaints.read()

    def _all_taken(self) -> bool:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError:
            return False
        return True

    def scene(self, pictures: Sequence[NDArray[np.uint8]], hold_s: float) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            for picture in (*pictures, *[pictures[-1]] * max(1, round(hold_s * RATE))):
                pipe.write(np.ascontiguousarray(picture).tobytes())
        except OSError as error:
            raise self._refused() from error

    def _refused(self) -> OSError | StorageError:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDS_WITHIN_S)
        self._listener.join(_ENDS_WITHIN_S)
        if os.strerror(errno.ENOSPC).encode() in self._said:
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return StorageError(
            "The ffmpeg on this computer could not make an H.264 film.", "End the name in .webm, which needs none."
        )
