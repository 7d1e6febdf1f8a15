"""What the embedded S3 server must remember between starts: its ports, its keys and its process."""

import json
import os
import secrets
import socket
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final, Self

_TRIES: Final = 200
ADMIN_GRPC_OFFSET: Final = 10_000
"""The server's own worker looks for the admin port this much higher, whatever it is told."""
_LARGEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class ServerPorts:
    """Every port the server opens; one left out would be its well-known default."""

    s3: int
    s3_grpc: int
    master: int
    master_grpc: int
    volume: int
    volume_grpc: int
    filer: int
    filer_grpc: int
    admin: int

    @property
    def admin_grpc(self) -> int:
        """Follows from `admin`."""
        return self.admin + ADMIN_GRPC_OFFSET

    def all(self) -> tuple[int, ...]:
        """Every port, for the check that they are free."""
        return (*asdict(self).values(), self.admin_grpc)

    @classmethod
    def choose(cls) -> Self:
        """Ports that are free on loopback now."""
        admin = _free_pair()
        names = [name for name in cls.__dataclass_fields__ if name != "admin"]
        return cls(**dict(zip(names, _free_ports(len(names), {admin, admin + ADMIN_GRPC_OFFSET}), strict=True)), admin=admin)


@dataclass(frozen=True, slots=True)
class ServerState:
    """Kept in a 0600 file, so that links, keys and a left-over process are found again."""

    ports: ServerPorts
    access_key: str
    secret_key: str = field(repr=False)
    pid: int | None = None

    @classmethod
    def create(cls) -> Self:
        """New random keys and free ports."""
        return cls(ServerPorts.choose(), secrets.token_hex(10).upper(), secrets.token_urlsafe(32))

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """The remembered state; None before the first start.

        Raises:
            ValueError: the file is not one of ours.
        """
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        try:
            return cls(**{**document, "ports": ServerPorts(**document["ports"])})
        except (KeyError, TypeError) as error:
            raise ValueError("fields are missing") from error

    def save(self, path: Path) -> None:
        """Replace the file in one step, readable by its owner only."""
        write_private(path, json.dumps(asdict(self)))

    def with_pid(self, pid: int | None) -> Self:
        """The same, running as `pid`."""
        return replace(self, pid=pid)

    def with_free_ports(self) -> Self:
        """The same, on other ports, because a stranger took one of ours."""
        return replace(self, ports=ServerPorts.choose())


def write_private(path: Path, text: str) -> None:
    """Write a 0600 file atomically and durably."""
    scratch = path.with_suffix(".new")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def are_free(ports: Iterable[int]) -> bool:
    """Whether nothing listens on any of them."""
    return all(_is_free(port) for port in ports)


def _is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1 at `port` (connections that are still closing don't matter)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_ports(count: int, taken: set[int]) -> list[int]:
    """`count` different free ports, held together while they are chosen."""
    held: list[socket.socket] = []
    ports: list[int] = []
    try:
        while len(ports) < count:
            probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(probe)
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            if port not in taken:
                ports.append(port)
    finally:
        for probe in held:
            probe.close()
    return ports


def _free_pair() -> int:
    """A free port whose partner `ADMIN_GRPC_OFFSET` above is free, too."""
    for _ in range(_TRIES):
        [port] = _free_ports(1, set())
        low = port if port + ADMIN_GRPC_OFFSET <= _LARGEST_PORT else port - ADMIN_GRPC_OFFSET
        if are_free((low, low + ADMIN_GRPC_OFFSET)):
            return low
    raise OSError("no free pair of ports on 127.0.0.1")
