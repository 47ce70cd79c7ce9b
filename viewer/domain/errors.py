"""Expected failures, each a sentence for the user and a hint about what to do next."""

from __future__ import annotations

from pathlib import PurePath
from traceback import extract_tb
from typing import ClassVar

from viewer.domain.plain_text import plain_text


class CaseStageError(Exception):
    """An expected failure, shown to the user once.

    Parameters
    ----------
    sentence
        What went wrong, in one sentence a person understands, without patient identity.
    hint
        What to do about it; by default what usually helps with errors of this class, which may be nothing.
    detail
        Technical text for a copyable report; may be empty.
    """

    usual_hint: ClassVar[str] = ""

    def __init__(self, sentence: str, hint: str = "", detail: str = "") -> None:
        # Names out of files stand in it, and must neither part it nor turn its reading around.
        said = plain_text(sentence).replace("\n", " ")
        super().__init__(said)
        self.sentence = said
        self.hint = plain_text(hint).replace("\n", " ") or self.usual_hint
        self.detail = detail

    def __reduce__(self) -> tuple[type[CaseStageError], tuple[str, str, str]]:
        """Return what pickle needs, so that errors survive the way back from a worker process."""
        return (type(self), (self.sentence, self.hint, self.detail))


class NothingToOpenError(CaseStageError):
    """A path holds no image that can be opened."""


class UnreadableFileError(CaseStageError):
    """A file is damaged, ends early, or is of a kind that is not understood."""

    usual_hint = "Copy the file again from where it came, or export it anew."


class GeometryError(CaseStageError):
    """Positions or orientations do not describe a place in the patient."""


class ManifestError(CaseStageError):
    """A model's manifest does not say what it must; the sentence names the key's path."""

    usual_hint = "Correct model.toml, or ask whoever made the model."


class ModelError(CaseStageError):
    """A model cannot be loaded or did not give a result."""

    usual_hint = "Try another model, or ask whoever made this one."


class ModelRefusedError(ModelError):
    """A model's manifest says that it was not made for this volume; can be overridden by the user."""


class CaseDocumentError(CaseStageError):
    """A case document is damaged, from a newer version, or refers to what is not there."""


class WrongStepError(CaseDocumentError):
    """A step of a case names what the case does not have; the sentence names the key's path."""


class StorageError(CaseStageError):
    """Something could not be written, or could not be read back."""


class DeidentifyError(CaseStageError):
    """Something cannot be de-identified with certainty, so nothing of it was written."""

    usual_hint = "Make the case from another series."


class SignOffError(DeidentifyError):
    """Pictures may carry text of their own: a person has to look at them and say that they do not."""

    usual_hint = "Look at every image. Where none shows a name or a number of the patient, say so and save again."


class FaceSignOffError(SignOffError):
    """A face can be made of pictures of a head: a person has to allow it, and to look for text where `detail` says."""

    usual_hint = "Look at what they show. Where these images may be passed on, say so and save again."


class PackError(CaseStageError):
    """A pack is damaged, holds what it must not, or cannot be made."""

    usual_hint = "Copy the pack again from where it came, or ask whoever made it."


class ArchiveError(CaseStageError):
    """An archive (PACS) could not be reached, refused, or answered what cannot be used."""

    usual_hint = "Check the archive’s settings and the network, then try again."


class PasswordError(ArchiveError):
    """An archive wants a user and password, or refused those it was given."""


class TooLargeError(CaseStageError):
    """Something asks for more memory than is sensible here.

    `shrink` is by what whole number its images would have to be made smaller to fit; 0 where that is no way out.
    """

    def __init__(self, sentence: str, hint: str = "", detail: str = "", shrink: int = 0) -> None:
        super().__init__(sentence, hint, detail)
        self.shrink = shrink


class CancelledError(CaseStageError):
    """The user stopped the work; nothing is shown for it."""

    def __init__(self, sentence: str = "Stopped.", hint: str = "", detail: str = "") -> None:
        super().__init__(sentence, hint, detail)


def unexpected(error: BaseException) -> CaseStageError:
    """Return what is shown for a bug: its kind and where it happened, not its words, which may quote the file."""
    places = [frame for frame in extract_tb(error.__traceback__) if "viewer" in PurePath(frame.filename).parts]
    where = ", ".join(f"{PurePath(frame.filename).name} line {frame.lineno}" for frame in places[-3:])
    return CaseStageError(
        "Something went wrong inside the program.",
        "Please report the next line, with what you did.",
        f"{type(error).__name__} in {where or 'an unknown place'}",
    )
