"""The embedded S3 server: private, durable, shared by processes, and gone when the last one leaves."""

import asyncio
import hashlib
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from reintegration.storage.embedded import BUCKET, EmbeddedObjectStore
from reintegration.storage.embedded_probe import PROBE_BUCKET
from reintegration.storage.embedded_state import ServerState, are_free
from reintegration.storage.errors import EmbeddedServerError
from reintegration.storage.wire import connect

# The test process may hold a server of its own: these run in a process that can be killed.
USER = """
import sys, time
from pathlib import Path
from reintegration.storage.embedded import BUCKET, EmbeddedObjectStore
EmbeddedObjectStore(Path(sys.argv[1])).start()
print("started", flush=True)
time.sleep(600)
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder of one test alone, with nothing left running."""
    yield tmp_path
    EmbeddedObjectStore(tmp_path).stop()


def state_of(data_dir: Path) -> ServerState:
    state = ServerState.load(data_dir / "objects" / "server.json")
    assert state is not None
    return state


def running_pid(data_dir: Path) -> int:
    pid = state_of(data_dir).pid
    assert pid is not None
    return pid


def is_running(pid: int) -> bool:
    """Whether the process exists and isn't only waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except (FileNotFoundError, ProcessLookupError):
        return False


def keep(address: ObjectStoreAddress) -> bool:
    """Put one object; whether it was new."""

    async def put() -> bool:
        async with ObjectStore(address) as store:
            await store.ensure_bucket()
            return await store.put("kept", b"kept", "text/plain", sha256=hashlib.sha256(b"kept").hexdigest())

    return asyncio.run(put())


def read_at_once(address: ObjectStoreAddress) -> bytes:
    """By one request, which nothing repeats."""
    client = connect(address, attempts=1)
    try:
        return client.get_object(Bucket=address.bucket, Key="kept")["Body"].read()
    finally:
        client.close()


def listed(address: ObjectStoreAddress) -> set[str]:
    """The names of all buckets."""
    client = connect(address)
    try:
        return {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}  # type: ignore[attr-defined]  # the product never asks
    finally:
        client.close()


def listening(pid: int) -> set[tuple[str, int]]:
    """Hexadecimal address and port of all that the process listens on, from the kernel's tables."""
    links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                host, port = fields[1].split(":")
                found.add((host, int(port, 16)))
    return found


def sockets_outside(state: ServerState) -> list[str]:
    """The gRPC sockets that the server insists on putting into /tmp."""
    suffixes = tuple(f"-{port}.sock" for port in state.ports.all())
    return [path.name for path in Path("/tmp").glob("seaweedfs-*.sock") if path.name.endswith(suffixes)]  # noqa: S108  # see above


def test_the_server_is_private_and_leaves_nothing_outside(data_dir: Path) -> None:
    with EmbeddedObjectStore(data_dir) as address:
        home, state = data_dir / "objects", state_of(data_dir)
        assert {name: (home / name).stat().st_mode & 0o777 for name in ("server.json", "s3.json", "security.toml", ".")} == {
            "server.json": 0o600,
            "s3.json": 0o600,
            "security.toml": 0o600,
            ".": 0o700,
        }
        pid = running_pid(data_dir)
        # Its administration begins to listen a little later.
        later = {("0100007F", state.ports.admin), ("0100007F", state.ports.admin_grpc)}
        assert listening(pid) | later == {("0100007F", port) for port in state.ports.all()}
        command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
        assert "-master.telemetry=false" in command
        assert state.secret_key not in command
        assert state.secret_key not in repr(state)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{address.endpoint_url}/")  # noqa: S310  # our own server
        refused.value.close()
        assert refused.value.code == 403
    assert not is_running(pid)
    assert sockets_outside(state) == []
    assert state_of(data_dir).pid is None
    assert are_free(state.ports.all())


def answered(url: str, method: str = "GET") -> int:
    """The status that somebody without any key gets."""
    asked = urllib.request.Request(url, method=method, data=b"abc" if method == "PUT" else None)  # noqa: S310  # our own server
    try:
        with urllib.request.urlopen(asked, timeout=10) as response:  # noqa: S310  # the same
            return int(response.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def test_no_side_door_gives_or_takes_an_object_without_a_key(data_dir: Path) -> None:
    with EmbeddedObjectStore(data_dir) as address:
        assert keep(address)
        ports = state_of(data_dir).ports
        filer, volume, master, admin = (
            f"http://127.0.0.1:{port}" for port in (ports.filer, ports.volume, ports.master, ports.admin)
        )
        stored = f"{filer}/buckets/{address.bucket}/kept"
        assert {method: answered(stored, method) for method in ("GET", "HEAD", "PUT", "DELETE")} == dict.fromkeys(
            ("GET", "HEAD", "PUT", "DELETE"), 404
        )
        assert answered(f"{filer}/buckets/") == 404
        chunk = f"{volume}/1,01637037d6"
        assert {method: answered(chunk, method) for method in ("GET", "PUT", "DELETE")} == dict.fromkeys(
            ("GET", "PUT", "DELETE"), 401
        )
        doors = (
            "dir/assign",
            "dir/lookup?fileId=1,01637037d6&read=yes",
            "dir/status",
            "vol/status",
            f"col/delete?collection={BUCKET}",
        )
        assert {door: answered(f"{master}/{door}") for door in doors} == dict.fromkeys(doors, 404)
        assert answered(f"{master}/submit", "PUT") == 404
        assert answered(f"{admin}/") == 404
        assert not keep(address), "what was stored is still there, and S3 still reads it"


def test_address_and_objects_survive_restarts_and_kill_9_of_the_server(data_dir: Path) -> None:
    with EmbeddedObjectStore(data_dir) as first:
        assert keep(first) is True
        pid = running_pid(data_dir)
        os.kill(pid, signal.SIGKILL)
    with EmbeddedObjectStore(data_dir) as second:
        assert running_pid(data_dir) != pid
        assert second == first
        assert read_at_once(second) == b"kept"
        assert keep(second) is False
    with EmbeddedObjectStore(data_dir) as third:
        assert read_at_once(third) == b"kept"
        assert {name for name in listed(third) if name != PROBE_BUCKET} == {BUCKET}


def test_a_server_whose_user_was_killed_is_found_and_stopped_by_the_next(data_dir: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-c", USER, str(data_dir)], stdout=subprocess.PIPE, env=environment
    ) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == b"started\n"
        user.kill()
    pid = running_pid(data_dir)
    assert is_running(pid)
    with EmbeddedObjectStore(data_dir) as address:
        assert running_pid(data_dir) == pid
        assert keep(address) is True
    assert not is_running(pid)


def test_users_that_start_at_once_share_one_server_until_the_last_leaves(data_dir: Path) -> None:
    users = [EmbeddedObjectStore(data_dir) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        addresses = list(threads.map(lambda user: user.start(), users))
    assert len(set(addresses)) == 1
    pid = running_pid(data_dir)
    for user in users[:3]:
        user.stop()
        user.stop()
    assert is_running(pid)
    assert keep(addresses[0]) is True
    users[3].stop()
    assert not is_running(pid)


def test_a_port_that_a_stranger_took_is_given_up_and_the_objects_stay(data_dir: Path) -> None:
    with EmbeddedObjectStore(data_dir) as first:
        assert keep(first) is True
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", state_of(data_dir).ports.s3))
        stranger.listen()
        with EmbeddedObjectStore(data_dir) as second:
            assert second.endpoint_url != first.endpoint_url
            assert (second.access_key, second.secret_key) == (first.access_key, first.secret_key)
            assert keep(second) is False


def test_a_socket_that_another_user_left_is_passed_by(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In /tmp only its owner may remove it; root may everything, so here it is the removal that fails."""
    with EmbeddedObjectStore(data_dir) as first:
        assert keep(first) is True
    theirs = f"seaweedfs-s3-grpc-{state_of(data_dir).ports.s3_grpc}.sock"
    unlink = Path.unlink

    def refused(path: Path, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - pathlib's own
        if path.name == theirs:
            raise PermissionError(1, "Operation not permitted", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    with EmbeddedObjectStore(data_dir) as second:
        assert second.endpoint_url != first.endpoint_url
        assert keep(second) is False


def refusal(data_dir: Path) -> str:
    with pytest.raises(EmbeddedServerError) as caught:
        EmbeddedObjectStore(data_dir).start()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_wrong_with_the_folder_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "objects"
    assert refusal(tmp_path / "file") == f"embedded S3 can't use {home}: Not a directory"
    damaged = tmp_path / "damaged" / "objects" / "server.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{}", encoding="utf-8")
    assert refusal(tmp_path / "damaged") == f"{damaged} is damaged: fields are missing"
    broken = tmp_path / "broken" / "objects" / "data" / "filerldb2"
    broken.parent.mkdir(parents=True)
    broken.touch()
    assert refusal(tmp_path / "broken").startswith("embedded S3 ended while starting: ")
    assert state_of(tmp_path / "broken").pid is None
