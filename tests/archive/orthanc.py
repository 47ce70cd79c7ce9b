"""A real archive for the tests: Orthanc from Debian's packages, with a configuration, ports and folders of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from base64 import b64encode
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve
from pydicom import dcmread

from viewer.io.archive.description import Archive, ArchiveKind, RetrieveBy

if TYPE_CHECKING:
    from collections.abc import Iterable

PROGRAM = Path("/usr/sbin/Orthanc")
DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
USER, PASSWORD = "reader", "Geheim-äöü-42"
TITLE, OUR_TITLE = "ARCHIVE", "CASESTAGE"
# Stands where a patient's name would; nothing that is printed or logged may hold any part of it.
PATIENT, PATIENT_ID = "CANARY^TWEETY", "ID-90210-SECRET"
ACCESSION = "ACC-1701"
MIXED_STUDY = "1.2.826.0.1.3680043.8.498.4711"
TRANSFER_SYNTAX_TAG = "0002,0010"


def free_port() -> int:
    """Return a port of loopback that nothing uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    """Return whether something listens at a port of loopback."""
    with socket.socket() as caller:
        caller.settimeout(2)
        return caller.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Orthanc:
    """One Orthanc; it starts empty and keeps what it holds when it is started again."""

    folder: Path
    http_port: int = field(default_factory=free_port)
    dicom_port: int = field(default_factory=free_port)
    receiver_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    encoding: str = "Latin1"

    def start(self) -> None:
        """Start it, and wait until both its ports answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        known = {"AET": OUR_TITLE, "Host": "127.0.0.1", "Port": self.receiver_port}
        known |= {f"Allow{what}": True for what in ("Echo", "Find", "Get", "Move", "Store")}
        settings = {
            "Name": "tests",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "HttpPort": self.http_port,
            "DicomPort": self.dicom_port,
            "DicomAet": TITLE,
            "DefaultEncoding": self.encoding,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "DicomCheckCalledAet": True,
            "DicomCheckModalityHost": True,
            "DicomAlwaysAllowEcho": False,
            "DicomAlwaysAllowStore": False,
            "DicomAlwaysAllowFind": False,
            "DicomAlwaysAllowGet": False,
            "DicomAlwaysAllowMove": False,
            "DicomModalities": {"us": known},
            "Plugins": [str(DICOMWEB)],
        }
        configuration = self.folder / "orthanc.json"
        configuration.write_text(json.dumps(settings), encoding="utf-8")
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen([PROGRAM, configuration], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while not (is_open(self.http_port) and is_open(self.dicom_port)):
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.folder / "log.txt").read_text("utf-8", "replace")[-2000:])
            time.sleep(0.02)

    def stop(self, *, at_once: bool = False) -> None:
        """End it; at once as if its plug were pulled."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)
            self.process.wait(20)
            self.process = None

    def load(self, files: Iterable[bytes]) -> None:
        """Store DICOM files."""
        line = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=20)
        account = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        for content in files:
            line.request("POST", "/instances", content, {"Authorization": f"Basic {account}"})
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
        line.close()

    def forget_all(self) -> None:
        """Remove everything that it holds."""
        line = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=20)
        account = {"Authorization": "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
        line.request("GET", "/patients", headers=account)
        for patient in json.loads(line.getresponse().read()):
            line.request("DELETE", f"/patients/{patient}", headers=account)
            line.getresponse().read()
        line.close()

    @property
    def web(self) -> Archive:
        """It, by DICOMweb."""
        return Archive("By web", url=f"http://127.0.0.1:{self.http_port}/dicom-web/", user=USER)

    @property
    def get(self) -> Archive:
        """It, by DIMSE with C-GET."""
        return Archive(
            "By C-GET",
            ArchiveKind.DIMSE,
            host="127.0.0.1",
            port=self.dicom_port,
            title=TITLE,
            own_title=OUR_TITLE,
            receiver_port=self.receiver_port,
        )

    @property
    def move(self) -> Archive:
        """It, by DIMSE with C-MOVE."""
        return evolve(self.get, name="By C-MOVE", retrieve_by=RetrieveBy.MOVE)


def in_every_syntax(folder: Path) -> dict[str, bytes]:
    """Return files of one study: the slice of a04 in each transfer syntax as a series of its own, by series UID."""
    made = {}
    for n, path in enumerate(sorted((folder / "a04_transfer_syntaxes" / "CTImage").iterdir())):
        image = dcmread(path)
        image.PatientName, image.PatientID = PATIENT, PATIENT_ID
        image.AccessionNumber = ACCESSION
        image.StudyInstanceUID = MIXED_STUDY
        image.SeriesInstanceUID = f"{MIXED_STUDY}.{n + 1}"
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"{MIXED_STUDY}.{n + 1}.1"
        image.SeriesNumber = n + 1
        image.SeriesDescription = f"Syntax {image.file_meta.TransferSyntaxUID.split('.1.2.')[-1]}"
        buffer = BytesIO()
        image.save_as(buffer, enforce_file_format=True)
        made[str(image.SeriesInstanceUID)] = buffer.getvalue()
    return made


def listening_ports() -> set[int]:
    """Return the TCP ports that this process listens at."""
    own = set()
    for handle in Path("/proc/self/fd").iterdir():
        try:
            target = os.readlink(handle)
        except OSError:
            continue
        if target.startswith("socket:["):
            own.add(target[8:-1])
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in own:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports
