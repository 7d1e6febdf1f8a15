"""Folders for files that an export needs for a moment: removed always, also after a kill -9."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A new folder in `parent`, removed at the end; folders of killed processes are removed at the beginning.

    A file lock says who is alive, because the kernel drops it with the process.
    """
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for stale in sorted(parent.glob("export-*.lock")):
        _remove_if_stale(stale)
    folder = parent / f"export-{uuid4().hex}"
    lock_path = folder.with_suffix(".lock")
    with lock_path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            folder.mkdir(mode=0o700)
            yield folder
        finally:
            if folder.exists():
                shutil.rmtree(folder)
            lock_path.unlink(missing_ok=True)


def _remove_if_stale(lock_path: Path) -> None:
    """Remove what the lock guards, unless its owner is alive or another process is faster."""
    try:
        lock = lock_path.open("r+b")
    except FileNotFoundError:
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        folder = lock_path.with_suffix("")
        if folder.exists():
            shutil.rmtree(folder)
        lock_path.unlink(missing_ok=True)
