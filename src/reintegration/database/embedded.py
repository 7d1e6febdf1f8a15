"""The embedded PostgreSQL: a durable server of our own under the data folder, on loopback, for those who bring none."""

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO

from reintegration.database.embedded_addresses import (
    DATABASE,
    HOST,
    SERVER_LOGIN,
    Credentials,
    DatabaseAddresses,
    answers,
    complete,
    prepare,
)
from reintegration.database.embedded_binaries import (
    EmbeddedServerError,
    Runner,
    choose_runner,
    clean_environment,
    ensure_binaries,
    last_line,
    run,
)

__all__ = ["DATABASE", "SERVER_LOGIN", "DatabaseAddresses", "EmbeddedPostgres", "EmbeddedServerError"]

_START_TIMEOUT_S = 90.0
_FAST_STOP_TIMEOUT_S = 30.0
_POLL_S = 0.02
_LAUNCHES = 6
"""Bounds what heals by itself: a port taken meanwhile, a process of a killed server that has not noticed yet."""
_RELAUNCH_PAUSE_S = 0.25
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_error_verbosity": "terse",  # DETAIL would copy rows, and with them persons, into a file
    "log_min_error_statement": "panic",
}


class EmbeddedPostgres:
    """One PostgreSQL under `data_dir`/postgresql, shared by every process that starts it; a context manager.

    The first process starts it, others find it, and the last to stop leaves nothing running. Who uses it is known by a
    file lock that the kernel drops with the process, so a killed user is never waited for. `durable=False` is for
    tests alone: it switches fsync off.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._folder = data_dir.absolute() / "postgresql"
        self._cluster = self._folder / "cluster"
        self._durable = durable
        self._use: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> DatabaseAddresses:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> DatabaseAddresses:
        """Start the server, or find it running. Blocks: a first start takes about two seconds.

        Returns the addresses of the database `reintegration`, which exists, with its roles; it may be empty.

        Raises:
            EmbeddedServerError: it can't run here.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._lock():
                if self._use is None:
                    self._use = self._users_file()
                    fcntl.flock(self._use, fcntl.LOCK_SH)
                try:
                    credentials = self._started(self._credentials())
                    complete(prepare(credentials))
                except BaseException:
                    self._leave()
                    raise
        except OSError as error:
            raise EmbeddedServerError(f"the embedded PostgreSQL can't use {self._folder}: {error.strerror or error}") from error
        return credentials.addresses(DATABASE)

    def stop(self) -> None:
        """Leave the server; if nobody else uses it, stop it and wait until it is gone.

        Without a start of ours it stops a server that killed users left behind.
        """
        if self._folder.exists():
            with self._lock():
                self._leave()

    def _leave(self) -> None:
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
                self._shut_down()

    def _users_file(self) -> IO[bytes]:
        return (self._folder / "users.lock").open("ab")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One process at a time starts or stops; a waiter is never left behind by one that died."""
        with (self._folder / "start.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _credentials(self) -> Credentials:
        file = self._folder / "credentials.json"
        if file.exists():
            try:
                return Credentials(**json.loads(file.read_bytes()))
            except (ValueError, TypeError) as error:
                raise EmbeddedServerError(f"{file} is damaged; restore it, or remove {self._folder} to start empty") from error
        if self._cluster.exists():
            raise EmbeddedServerError(f"{file} is missing; restore it, or remove {self._folder} to start empty")
        credentials = Credentials(0, secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        return self._keep(credentials)

    def _keep(self, credentials: Credentials) -> Credentials:
        new = self._folder / "credentials.json.new"
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(credentials), file)
            file.flush()
            os.fsync(file.fileno())
        if os.geteuid() == 0:  # root in somebody's folder must not lock that person out
            folder = self._folder.stat()
            os.chown(new, folder.st_uid, folder.st_gid)
        new.replace(self._folder / "credentials.json")
        return credentials

    def _started(self, credentials: Credentials) -> Credentials:
        """Make the server accept connections; what is left of a killed one is waited for, then started again."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        launches = 0
        reason = "it never answered"
        while time.monotonic() < deadline:
            if self._running_pid() is None:
                if launches:
                    reason = last_line((self._folder / "start.log").read_text(errors="replace"))
                    if launches >= _LAUNCHES:
                        break
                    time.sleep(_RELAUNCH_PAUSE_S * launches)
                credentials = self._launch(credentials)
                launches += 1
            if complete(answers(credentials)):
                return credentials
            time.sleep(_POLL_S)
        raise EmbeddedServerError(f"the embedded PostgreSQL could not be started: {reason} (see {self._folder / 'start.log'})")

    def _launch(self, credentials: Credentials) -> Credentials:
        binaries = ensure_binaries(self._folder)
        runner = choose_runner(binaries, self._folder, self._cluster)
        if not self._cluster.exists():
            self._initialise(binaries, runner, credentials)
        self._disown_pid_file()
        if (port := _free_port(credentials.port)) != credentials.port:
            credentials = self._keep(replace(credentials, port=port))
        settings = _SETTINGS | {"port": str(credentials.port), "fsync": "on" if self._durable else "off"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        if self._process is not None:
            self._process.wait(_FAST_STOP_TIMEOUT_S)  # one that was killed has no command line before it has ended
        with (self._folder / "start.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program and arguments, no shell
                [*runner.prefix, str(binaries / "postgres"), "-D", str(self._cluster), *options],
                env=clean_environment(self._folder),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we then stop the server in order
            )
        while self._process.poll() is None and self._running_pid() is None:
            time.sleep(_POLL_S)
        return credentials

    def _initialise(self, binaries: Path, runner: Runner, credentials: Credentials) -> None:
        """Make the cluster under another name first, so that a kill in between leaves nothing that looks complete."""
        new = self._folder / "cluster.new"
        password = self._folder / "password.new"
        environment = clean_environment(self._folder)
        if new.exists():
            run(["rm", "-rf", str(new)], environment, self._folder)
        new.mkdir(mode=0o700)
        runner.own(new)
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(credentials.superuser_password)
        runner.own(password)
        options = ["--username=postgres", f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        sync = [] if self._durable else ["--no-sync"]
        try:
            run([*runner.prefix, str(binaries / "initdb"), "-D", str(new), *options, *locale, *sync], environment, self._folder)
        finally:
            password.unlink(missing_ok=True)
        new.rename(self._cluster)

    def _pid_file_pid(self) -> int | None:
        try:
            first, _, _ = (self._cluster / "postmaster.pid").read_text().partition("\n")
            return int(first)
        except (FileNotFoundError, ValueError):
            return None

    def _running_pid(self) -> int | None:
        """The server's process, None if it does not run; a number used again by another program is not it."""
        if self._process is not None:
            self._process.poll()
        pid = self._pid_file_pid()
        return pid if pid is not None and str(self._cluster) in _command(pid) else None

    def _disown_pid_file(self) -> None:
        """After a kill -9 the pid may belong to another program by now, and PostgreSQL would refuse to start.

        It takes its parent's pid as proof of a stale file; the rest of the file stays, for with it PostgreSQL finds out
        whether a process of the killed server still writes.
        """
        file = self._cluster / "postmaster.pid"
        if self._pid_file_pid() is not None:
            _, _, rest = file.read_text().partition("\n")
            file.write_text(f"{os.getpid()}\n{rest}")

    def _shut_down(self) -> None:
        for number, timeout_s in ((signal.SIGINT, _FAST_STOP_TIMEOUT_S), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            pid = self._running_pid()
            if pid is None:
                break
            os.kill(pid, number)
            deadline = time.monotonic() + timeout_s
            while self._running_pid() is not None and time.monotonic() < deadline:
                time.sleep(_POLL_S)
        if self._process is not None:
            self._process.wait(_FAST_STOP_TIMEOUT_S)
            self._process = None


def _command(pid: int) -> str:
    """The command line of a process, empty if there is none or it is only waiting to be reaped."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    shown = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)  # noqa: S603, S607 - ps of the system, a number
    return shown.stdout


def _free_port(wanted: int) -> int:
    """`wanted` if it is free, else a port that the system gives."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedServerError(f"no free port on {HOST}")
