"""Processes to be killed, born of one that has loaded our code: each is a process of its own, only its imports were made before.

    python -m tests.faults.nursery MODULE...

loads modules, takes a birth as a line of JSON on its standard input, and forks. It says who was born and who died, a line each,
on its output.
"""

import asyncio
import importlib
import json
import os
import runpy
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BIRTH_S = 120.0


@dataclass(slots=True)
class Child:
    """A process of the nursery; `ended` is its exit status, negative for a signal."""

    pid: int
    ended: "asyncio.Future[int]"

    async def kill(self) -> None:
        """End it without a chance to say anything, and whatever it has started."""
        if not self.ended.done():
            os.killpg(self.pid, signal.SIGKILL)
        await self.ended


@dataclass(slots=True)
class Nursery:
    """The process that others are born of."""

    process: asyncio.subprocess.Process
    children: dict[int, Child] = field(default_factory=dict)
    _born: "asyncio.Queue[Child]" = field(default_factory=asyncio.Queue)
    _reader: "asyncio.Task[None] | None" = None

    @classmethod
    async def open(cls, *modules: str) -> "Nursery":
        """Start it; the first birth waits until these are imported."""
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.nursery",
            *modules,
            cwd=ROOT,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        nursery = cls(process)
        nursery._reader = asyncio.create_task(nursery._listen())
        return nursery

    async def close(self) -> None:
        """End it and all that it bore."""
        for child in list(self.children.values()):
            await child.kill()
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.process.wait()
        if self._reader is not None:
            await self._reader

    async def bear(
        self,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        output: Path,
        errors: Path,
        given: str = "",
    ) -> Child:
        """Run a module as `python -m` would, in a session of its own, with `given` on its standard input."""
        assert self.process.stdin is not None
        birth = {
            "module": module,
            "arguments": list(arguments),
            "environment": dict(environment),
            "output": str(output),
            "errors": str(errors),
            "given": given,
        }
        self.process.stdin.write(json.dumps(birth).encode() + b"\n")
        await self.process.stdin.drain()
        return await asyncio.wait_for(self._born.get(), _BIRTH_S)

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            word, pid, *status = line.decode().split()
            if word == "born":
                child = Child(int(pid), asyncio.get_running_loop().create_future())
                self.children[child.pid] = child
                self._born.put_nowait(child)
            else:
                self.children.pop(int(pid)).ended.set_result(int(status[0]))


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())  # one write: two threads say something


def _live(birth: Mapping[str, object]) -> int:
    """The child's life, from the fork to its exit status."""
    os.setsid()
    source, sink = os.pipe()
    os.write(sink, str(birth["given"]).encode())
    os.close(sink)
    os.dup2(source, 0)
    for number, name in ((1, "output"), (2, "errors")):
        os.dup2(os.open(str(birth[name]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    os.environ.clear()
    environment, arguments = birth["environment"], birth["arguments"]
    assert isinstance(environment, dict)
    assert isinstance(arguments, list)
    os.environ.update(environment)
    sys.argv = [str(birth["module"]), *arguments]
    try:
        runpy.run_module(str(birth["module"]), run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _bury(pid: int) -> None:
    _, status = os.waitpid(pid, 0)
    _say(f"died {pid} {os.waitstatus_to_exitcode(status)}")


def main() -> None:
    """Load what the children will need, then fork until the input ends."""
    for module in sys.argv[1:]:
        importlib.import_module(module)
    for line in sys.stdin:
        birth = json.loads(line)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                status = _live(birth)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        _say(f"born {pid}")
        threading.Thread(target=_bury, args=(pid,), daemon=True).start()


if __name__ == "__main__":
    main()
