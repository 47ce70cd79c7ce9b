"""An archive's settings: how it is called, where it is, how images come; and whether it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from viewer.domain.errors import CaseStageError
from viewer.io.archive.description import Archive, ArchiveKind, RetrieveBy, objection
from viewer.ui.fonts import Type, font
from viewer.ui.icons import IconBox
from viewer.ui.sheet import Sheet
from viewer.ui.theme import CONTROL_HEIGHT
from viewer.ui.widgets import Button, Kind, Segmented, text_label

if TYPE_CHECKING:
    from viewer.services.archives import Archives
    from viewer.ui.theme import Theme

LABEL_WIDTH = 148
PORT_WIDTH = 96
ANSWER_HEIGHT = 40
SPACING, TIGHT = 8, 2
# Below it not all settings would fit: a window of 1080 lines at twice the size.
ROOMY_PX = 600
CHECK, NO_CHECK = "check", "no check"
IN_CLEAR = "Names and images travel unencrypted on this connection."


KEPT = "The archive’s settings are kept as far as they were typed."


@frozen
class _Typed:
    """What stands in the fields, of the archive of that name, "" of a new one."""

    editing: str
    texts: tuple[str, ...] = field(repr=False)
    choices: tuple[str, ...]


class EditSheet(Sheet):
    """Adds an archive, or changes one; kept when Save is pressed."""

    def __init__(self, window: QWidget, theme: Theme, archives: Archives) -> None:
        super().__init__(window, theme, "Archive", width=640)
        self._archives = archives
        self._editing = ""
        self._sure = False
        self._asking = False
        self._as_asked: _Typed | None = None
        self._draft: _Typed | None = None
        self._rows = self.let_scroll()
        self.name = self._field("What to call it here", "Name of the archive")
        self._row("Name", self.name)
        self.kind = Segmented(
            theme, ((ArchiveKind.DICOMWEB, "DICOMweb", ""), (ArchiveKind.DIMSE, "DICOM (AE title)", ""))
        )
        self.kind.setAccessibleName("How the archive is spoken to")
        self.kind.chosen.connect(lambda _key: self._arrange())
        self._row("Spoken to by", self.kind)
        self._build_web(theme)
        self._build_dimse(theme)
        self._clear = text_label(IN_CLEAR, Type.CAPTION, "text2")
        self._clear.setContentsMargins(LABEL_WIDTH, 0, 0, 0)
        self._rows.addWidget(self._clear)
        self.body.addLayout(self._make_answer())
        foot = QHBoxLayout()
        foot.setSpacing(12)
        self.test = Button(theme, "Test connection", icon="activity")
        self.test.setToolTip("Ask the archive whether it answers")
        self.test.clicked.connect(self._test)
        self.remove = Button(theme, "Remove", icon="trash-2", kind=Kind.FLAT)
        self.remove.setToolTip("Forget this archive; images that came from it stay")
        self.remove.clicked.connect(self._remove)
        self.save = Button(theme, "Save", key="Return", kind=Kind.MAIN)
        self.save.setToolTip("Keep these settings (Enter)")
        self.save.clicked.connect(self._save)
        foot.addWidget(self.test)
        foot.addStretch()
        foot.addWidget(self.remove)
        foot.addWidget(self.save)
        self.body.addLayout(foot)
        archives.answered.connect(self._answered)
        archives.check_failed.connect(self._refused)
        self.closed.connect(archives.cancel_check)

    def _make_answer(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self._icon = IconBox(self.theme, 18)
        self._icon.setFixedSize(18, 20)
        self.answer = text_label("")
        self.answer.setWordWrap(True)
        self.answer.setMinimumHeight(ANSWER_HEIGHT)
        self.answer.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.answer, 1)
        return row

    def _build_web(self, theme: Theme) -> None:
        self.url = self._field("https://pacs.example.org/dicom-web", "Address of the DICOMweb service")
        self.user = self._field("Leave empty where none is needed", "User")
        self.password = self._field("Kept until CaseStage closes", "Password")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.verify = Segmented(theme, ((CHECK, "Check", ""), (NO_CHECK, "Do not check", "")))
        self.verify.setAccessibleName("Whether the server’s certificate is checked")
        self.verify.button(NO_CHECK).setToolTip("Takes any server for the archive. Only in a network that you trust")
        self.url.textChanged.connect(lambda _text: self._arrange())
        self._web = self._group(
            ("Address", self.url), ("User", self.user), ("Password", self.password), ("Certificate", self.verify)
        )

    def _build_dimse(self, theme: Theme) -> None:
        self.host = self._field("pacs.example.org", "Host of the archive")
        self.port = self._field("104", "Port of the archive")
        self.title_field = self._field("ARCHIVE", "AE title of the archive")
        self.own_title = self._field("CASESTAGE", "Our AE title")
        self.own_title.setToolTip("The archive has to know it: ask its administrator to register it")
        self.by = Segmented(theme, ((RetrieveBy.GET, "C-GET", ""), (RetrieveBy.MOVE, "C-MOVE", "")))
        self.by.setAccessibleName("How images are retrieved")
        self.by.button(RetrieveBy.GET).setToolTip("Images come on the connection that asks; nothing listens here")
        self.by.button(RetrieveBy.MOVE).setToolTip("The archive sends to this computer, which listens only meanwhile")
        self.by.chosen.connect(lambda _key: self._arrange())
        self.receiver_host = self._field("127.0.0.1", "Address to receive at")
        self.receiver_host.setToolTip("This computer’s address in the archive’s network")
        self.receiver_port = self._field("11112", "Port to receive at")
        for narrow in (self.port, self.receiver_port):
            narrow.setFixedWidth(PORT_WIDTH)
        self.host.textChanged.connect(lambda _text: self._arrange())
        self._dimse = self._group(
            ("Host and port", _side_by_side(self.host, self.port)),
            ("Its AE title", self.title_field),
            ("Our AE title", self.own_title),
            ("Retrieve by", self.by),
        )
        self._move = self._group(("Receive at", _side_by_side(self.receiver_host, self.receiver_port)))

    def place(self) -> None:
        """Move the rows together where the window is low, so that more of them can be seen."""
        over = self.parentWidget()
        spacing = SPACING if over is None or over.height() >= ROOMY_PX else TIGHT
        self.body.setSpacing(spacing)
        self._rows.setSpacing(spacing)
        for group in (self._web, self._dimse, self._move):
            rows = group.layout()
            if rows is not None:
                rows.setSpacing(spacing)
        super().place()

    def ask(self, archive: Archive | None) -> None:
        """Show the settings of an archive, or of a new one."""
        self._editing = archive.name if archive is not None else ""
        self._sure = False
        shown = archive or Archive("", port=104)
        self.title.setText(archive.name if archive is not None else "New archive")
        self.kind.choose(shown.kind)
        self.by.choose(shown.retrieve_by)
        self.verify.choose(CHECK if shown.verify_tls else NO_CHECK)
        texts = (
            shown.name,
            shown.url,
            shown.user,
            "",
            shown.host,
            str(shown.port),
            shown.title,
            shown.own_title,
            shown.receiver_host,
            str(shown.receiver_port),
        )
        for line, text in zip(self._fields, texts, strict=True):
            line.setText(text)
        self._as_asked = self._typed
        if self._draft is not None and self._draft.editing == self._editing:
            self._take(self._draft)
            self._draft = None
        self.remove.setVisible(archive is not None)
        self.remove.set_words("Remove")
        self._say("")
        self._arrange()
        self.open(self.name)

    def come_back(self) -> None:
        """Show again what was typed when it was put aside; nothing where that was not so."""
        if self._draft is not None:
            editing = self._draft.editing
            self.ask(next((archive for archive in self._archives.all if archive.name == editing), None))
            # Of an archive that has been removed since.
            self._draft = None

    def put_aside(self) -> str:
        """Close it and keep what was typed, the password too, until the archives are asked for again."""
        typed = self._typed
        if self.is_open and typed != self._as_asked:
            self._draft = typed
            self.dismiss()
            return KEPT
        return super().put_aside()

    @property
    def _fields(self) -> tuple[QLineEdit, ...]:
        return (
            self.name,
            self.url,
            self.user,
            self.password,
            self.host,
            self.port,
            self.title_field,
            self.own_title,
            self.receiver_host,
            self.receiver_port,
        )

    @property
    def _typed(self) -> _Typed:
        """What stands in it."""
        return _Typed(
            self._editing,
            tuple(line.text() for line in self._fields),
            tuple(choice.choice for choice in (self.kind, self.by, self.verify)),
        )

    def _take(self, typed: _Typed) -> None:
        for line, text in zip(self._fields, typed.texts, strict=True):
            line.setText(text)
        for choice, name in zip((self.kind, self.by, self.verify), typed.choices, strict=True):
            choice.choose(name)

    @property
    def described(self) -> Archive:
        """The archive as it stands in the fields."""
        web = self.kind.choice == ArchiveKind.DICOMWEB
        return Archive(
            name=self.name.text().strip(),
            kind=ArchiveKind(self.kind.choice),
            url=self.url.text().strip() if web else "",
            user=self.user.text().strip() if web else "",
            verify_tls=self.verify.choice != NO_CHECK,
            host=self.host.text().strip(),
            port=_port(self.port.text()),
            title=self.title_field.text().strip(),
            own_title=self.own_title.text().strip(),
            retrieve_by=RetrieveBy(self.by.choice),
            receiver_host=self.receiver_host.text().strip(),
            receiver_port=_port(self.receiver_port.text()),
        )

    def _arrange(self) -> None:
        web = self.kind.choice == ArchiveKind.DICOMWEB
        self._web.setVisible(web)
        self._dimse.setVisible(not web)
        self._move.setVisible(not web and self.by.choice == RetrieveBy.MOVE)
        self._say_in_clear()
        self.place()

    def _say_in_clear(self) -> None:
        made = self.described
        where = made.url if made.kind is ArchiveKind.DICOMWEB else made.host
        self._clear.setVisible(bool(where) and _in_clear(made))

    def _say(self, words: str, icon: str = "", role: str = "text2") -> None:
        self.answer.setText(words)
        self._icon.setVisible(bool(icon))
        if icon:
            self._icon.show_icon(icon, role)
        self.place()

    def _say_wrong(self, words: str) -> None:
        self._say(words, "triangle-alert", "disagree")

    def _test(self) -> None:
        if self._asking:
            return
        made = self.described
        wrong = objection(made)
        if wrong:
            self._say_wrong(wrong)
            return
        self._say("Asking …")
        # Disabled, it would hand the keys to Save.
        self._asking = True
        self._archives.check(made, self.password.text())

    def _answered(self, words: str) -> None:
        self._asking = False
        self._say(words, "circle-check", "agree")

    def _refused(self, error: CaseStageError) -> None:
        self._asking = False
        self._say_wrong(f"{error.sentence} {error.hint}")

    def _save(self) -> None:
        made = self.described
        wrong = objection(made)
        if wrong:
            self._say_wrong(wrong)
            return
        try:
            self._archives.keep(made, self._editing, password=self.password.text())
        except CaseStageError as error:
            self._say_wrong(f"{error.sentence} {error.hint}")
            return
        self._leave()

    def _remove(self) -> None:
        if not self._sure:
            self._sure = True
            self.remove.set_words(f"Remove “{self._editing}”?")
            return
        try:
            self._archives.forget(self._editing)
        except CaseStageError as error:
            self._say_wrong(f"{error.sentence} {error.hint}")
            return
        self._leave()

    def _leave(self) -> None:
        """Close it and leave the keys where the archives have just put them: on Edit or Add nobody could go on."""
        self._before = None
        self.dismiss()

    def dismiss(self) -> None:
        """Close it; what was typed as a password goes with it."""
        self.password.clear()
        self._asking = False
        super().dismiss()

    def _field(self, placeholder: str, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setFont(font(Type.BODY))
        field.setFixedHeight(CONTROL_HEIGHT)
        field.setPlaceholderText(placeholder)
        field.setAccessibleName(name)
        field.returnPressed.connect(self._save)
        # An answer is about what was asked, not about what is typed now.
        field.textEdited.connect(lambda _text: self._say(""))
        return field

    def _row(self, name: str, widget: QWidget) -> None:
        self._rows.addLayout(_labelled(name, widget))

    def _group(self, *rows: tuple[str, QWidget]) -> QWidget:
        group = QWidget()
        column = QVBoxLayout(group)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        for name, widget in rows:
            column.addLayout(_labelled(name, widget))
        self._rows.addWidget(group)
        return group


def _labelled(name: str, widget: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(0)
    label: QLabel = text_label(name, Type.BODY, "text2")
    label.setFixedWidth(LABEL_WIDTH)
    row.addWidget(label)
    stretches = not isinstance(widget, Segmented)
    row.addWidget(widget, 1 if stretches else 0)
    if not stretches:
        row.addStretch()
    return row


def _side_by_side(wide: QLineEdit, narrow: QLineEdit) -> QWidget:
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addWidget(wide, 1)
    row.addWidget(narrow)
    return both


def _port(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _in_clear(archive: Archive) -> bool:
    try:
        return archive.in_clear
    except ValueError:
        # Half an address, still being typed.
        return False
