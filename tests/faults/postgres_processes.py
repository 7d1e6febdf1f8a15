"""kill -9 of a PostgreSQL: its first process and all that it started, so that none has a chance to say or write anything."""

import os
import signal
from contextlib import suppress
from pathlib import Path


def kill_postgres(postmaster: int) -> None:
    """End them all. The first is stopped before, for it would tell the others of one that died, and start new ones."""
    os.kill(postmaster, signal.SIGSTOP)
    children = _children(postmaster)
    for pid in (*children, postmaster):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            _, _, after = stat.read_text().rpartition(") ")  # a name may hold blanks and brackets
            if int(after.split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found
