"""HTTP to one archive and no other: bounded in size and time, stoppable, without traces of what was asked."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.connection import HTTPConnection, HTTPSConnection

from viewer.io.archive import failures
from viewer.io.archive.extra import silence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from viewer.domain.errors import ArchiveError
    from viewer.io.archive.description import Archive
    from viewer.io.archive.stopping import Stop

CONNECT_WITHIN_S = 8
LARGEST_ANSWER = 64 << 20
LONGEST_ANSWER_S = 120.0
CHUNK = 256 << 10
NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
PORTS = {"http": 80, "https": 443}
# Allowed as they are in a query (RFC 3986 section 3.4), and not understood escaped by some Orthanc (1.10).
UNESCAPED = {"%2A": "*", "%3F": "?", "%2F": "/"}

silence()


class _Body:
    """The bytes of one answer, read in pieces."""

    def __init__(self, raw: urllib3.BaseHTTPResponse, session: Session) -> None:
        self._raw, self._session = raw, session
        self._pieces = raw.stream(CHUNK, decode_content=True)
        self._left = session.largest_answer
        self._ends_s = time.monotonic() + session.longest_answer_s

    def read(self, _count: int | None = None) -> bytes:
        """Return the next piece, b"" at the end."""
        self._session.stop.check()
        piece = next(self._pieces, b"")
        self._left -= len(piece)
        if self._left < 0 or time.monotonic() > self._ends_s:
            self.close()
            raise failures.too_much(self._session.archive)
        return piece

    def close(self) -> None:
        """Close the connection."""
        self._session.forget(self)
        self._raw.close()

    def release_conn(self) -> None:
        """Give the connection back for the next question."""
        self._session.forget(self)
        self._raw.release_conn()


@cache
def _tls(*, verify: bool) -> ssl.SSLContext:
    """Return how servers prove who they are: by the system's authorities, which know a hospital's own ones."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _pools(watch: Callable[[socket.socket], None]) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    """Return connection pools that tell of every line as soon as it is open."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            watch(self.sock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            watch(self.sock)

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class _Adapter(HTTPAdapter):
    def __init__(self, session: Session) -> None:
        self._session = session
        super().__init__(max_retries=0, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._session.archive.url.startswith("https:"):
            kwargs["ssl_context"] = _tls(verify=self._session.archive.verify_tls)
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._session.watch)

    def build_response(self, req: Any, resp: Any) -> requests.Response:
        response = super().build_response(req, resp)
        response.raw = self._session.remember(_Body(resp, self._session))
        return response


class Session(requests.Session):
    """Asks one archive; neither proxies nor passwords of the user's environment are looked at."""

    def __init__(self, archive: Archive, password: str, stop: Stop) -> None:
        self.archive, self.stop = archive, stop
        self._open: set[_Body] = set()
        self._lines: set[socket.socket] = set()
        self._lock = threading.Lock()
        stop.ends(self._shut)
        self.largest_answer: float = LARGEST_ANSWER
        self.longest_answer_s = LONGEST_ANSWER_S
        super().__init__()
        self.trust_env = False
        self.verify = archive.verify_tls
        self.max_redirects = 5
        if archive.user:
            self.auth = HTTPBasicAuth(archive.user.encode(), password.encode())
        if not archive.verify_tls:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        # Images are compressed already, or cost more to compress than to send.
        self.headers.update({"User-Agent": "CaseStage", "Accept-Encoding": "identity"})
        self.mount(f"{urlsplit(archive.url).scheme}://", _Adapter(self))

    def remember(self, body: _Body) -> _Body:
        """Return an answer that is being read, to be closed with the session."""
        with self._lock:
            self._open.add(body)
        return body

    def forget(self, body: _Body) -> None:
        """Leave an answer alone that was read."""
        with self._lock:
            self._open.discard(body)

    def watch(self, line: socket.socket) -> None:
        """Let a line end with the work, whatever is waited for on it: an answer's head, or more of its body."""
        with self._lock:
            self._lines = {one for one in self._lines if one.fileno() >= 0} | {line}
        if self.stop.asked:
            self._shut()

    def _shut(self) -> None:
        with self._lock:
            lines = tuple(self._lines)
        for line in lines:
            with suppress(OSError):
                # Below TLS, whose own shutdown is not to be called while another thread reads.
                socket.socket.shutdown(line, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close all connections, also of answers that were not read to their end."""
        for body in tuple(self._open):
            body.close()
        super().close()

    def send(self, request: requests.PreparedRequest, **arguments: Any) -> requests.Response:
        """Return the answer to a request."""
        self.stop.check()
        # dicomweb-client names the host without its port.
        request.headers.pop("Host", None)
        path, question, query = (request.url or "").partition("?")
        for escape, plain in UNESCAPED.items():
            query = query.replace(escape, plain)
        request.url = path + question + query
        return super().send(request, **arguments)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where an answer points to, on the same server alone."""
        target: str | None = super().get_redirect_target(resp)
        if target is not None and _server(urljoin(resp.url, target)) != _server(resp.url):
            raise failures.redirected(self.archive)
        return target


def _server(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


@contextmanager
def http_failures(archive: Archive, *, retrieving: bool = False) -> Iterator[None]:
    """Turn what requests and urllib3 raise into sentences; their own words quote the address with the query.

    Raises
    ------
    ArchiveError
        When the archive cannot be reached, refuses, or its answer is not understood.
    """
    try:
        yield
    except requests.HTTPError as error:
        raise status_failure(archive, error.response.status_code if error.response is not None else 0) from None
    except (requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError) as error:
        # OpenSSL's name for an answer that is no TLS at all; the exceptions around it differ, their text does not.
        if any(sign in str(error) for sign in NOT_TLS):
            raise failures.no_tls(archive) from None
        raise failures.untrusted(archive) from None
    except requests.ConnectTimeout:
        raise failures.unreachable(archive, f"no connection within {CONNECT_WITHIN_S} s") from None
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        raise failures.silent(archive) from None
    except requests.exceptions.ChunkedEncodingError:
        raise failures.broken_off(archive, retrieving=retrieving) from None
    except requests.ConnectionError as error:
        raise _no_connection(archive, error, retrieving=retrieving) from None
    except requests.TooManyRedirects:
        raise failures.redirected(archive) from None
    except (urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError):
        raise failures.garbled(archive) from None
    except urllib3.exceptions.HTTPError:
        raise failures.broken_off(archive, retrieving=retrieving) from None
    except requests.exceptions.JSONDecodeError:
        raise failures.garbled(archive, "not JSON") from None
    except (requests.RequestException, ValueError, RecursionError) as error:
        raise failures.garbled(archive, type(error).__name__) from None


def _no_connection(archive: Archive, error: requests.ConnectionError, *, retrieving: bool) -> ArchiveError:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return failures.unknown_host(archive)
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return failures.unreachable(archive)
    return failures.broken_off(archive, retrieving=retrieving)


def status_failure(archive: Archive, status: int) -> ArchiveError:
    """Return the error for an HTTP status that is none of success."""
    if status == 401:
        return failures.wrong_password(archive, asked=bool(archive.user))
    if status == 403:
        return failures.not_allowed(archive)
    if status in (404, 405, 410):
        return failures.no_service(archive)
    if status == 413:
        return failures.too_much(archive)
    return failures.http_failure(archive, status)
