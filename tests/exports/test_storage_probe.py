"""When the embedded server counts as ready: once an object could be read, however long it answers to everything else before."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reintegration.storage import embedded_probe
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.embedded_probe import ReadinessProbe

BUCKET, OBJECT = "/readiness", "/readiness/probe"


class Server(ThreadingHTTPServer):
    """Speaks as much S3 as a probe needs. `faults` is what reads answer with, the first first; then what is stored counts."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults: list[tuple[int, str]] = []
        self.stored: dict[str, bytes] = {}
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append(f"GET {self.path}")
        if self.server.faults:
            self._refuse(*self.server.faults.pop(0))
        elif BUCKET not in self.server.stored:
            self._refuse(404, "NoSuchBucket")
        elif self.path not in self.server.stored:
            self._refuse(404, "NoSuchKey")
        else:
            self._answer(200, self.server.stored[self.path])

    def do_PUT(self) -> None:
        self.server.asked.append(f"PUT {self.path}")
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == BUCKET and BUCKET in self.server.stored:
            self._refuse(409, "BucketAlreadyOwnedByYou")
            return
        self.server.stored[self.path] = data
        self._answer(200, b"")

    def log_message(self, *_: object) -> None:
        pass

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>volume 1 not found</Message></Error>".encode())

    def _answer(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def probe(server: Server) -> Iterator[ReadinessProbe]:
    port = int(server.server_address[1])
    address = ObjectStoreAddress("reintegration", f"http://127.0.0.1:{port}", "key", "secret")
    with ReadinessProbe(address, port) as probe:
        yield probe


def test_at_a_first_start_the_object_is_written_and_read_back(server: Server, probe: ReadinessProbe) -> None:
    assert probe.failure() is None
    assert server.asked == [f"GET {OBJECT}", f"PUT {BUCKET}", f"PUT {OBJECT}", f"GET {OBJECT}"]


def test_a_restarted_server_is_ready_when_it_reads_and_not_when_it_answers(server: Server, probe: ReadinessProbe) -> None:
    assert probe.failure() is None
    server.asked.clear()
    server.faults = [(500, "InternalError")] * 3
    failures = [probe.failure() for _ in range(3)]
    assert [failure is not None and "InternalError" in failure and "volume 1 not found" in failure for failure in failures] == (
        [True] * 3
    )
    assert probe.failure() is None
    assert server.asked == [f"GET {OBJECT}"] * 4


def test_an_object_that_was_lost_or_cut_off_is_written_anew(
    server: Server, probe: ReadinessProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert probe.failure() is None
    whole = server.stored[OBJECT]
    server.stored[OBJECT] = whole[:-1]
    assert probe.failure() is None
    assert server.stored[OBJECT] == whole
    monkeypatch.setattr(embedded_probe, "_REWRITE_AFTER_S", -1.0)
    server.asked.clear()
    server.faults = [(500, "InternalError")]
    assert probe.failure() is None
    assert server.asked == [f"GET {OBJECT}", f"PUT {BUCKET}", f"PUT {OBJECT}", f"GET {OBJECT}"]


def test_a_server_that_refuses_our_keys_or_is_not_there_is_not_ready(server: Server, probe: ReadinessProbe) -> None:
    server.faults = [(403, "InvalidAccessKeyId")]
    failure = probe.failure()
    assert failure is not None
    assert "refuses our keys" in failure
    with ReadinessProbe(ObjectStoreAddress("reintegration", "http://127.0.0.1:1", "key", "secret"), 1) as nowhere:
        assert nowhere.failure() == "nothing listens on port 1"
