"""A worker in a process of its own that kills itself with SIGKILL at a given step; run by test_export_kill.py.

    python -m tests.faults.export_process DATABASE_URL ENDPOINT BUCKET SCRATCH STEP

The keys of the store come on the standard input. A step is a door to the outside and when to die there: a writing transaction,
named by its statement, before or after its commit; or a request to the store, before it is sent or after its answer.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.exports import running
from reintegration.exports.errors import CONSTRAINTS
from reintegration.exports.running import ReportResources
from reintegration.exports.worker import WorkerPace, run_worker
from reintegration.kernel.actor import Actor
from reintegration.storage.address import ObjectStoreAddress
from reintegration.storage.client import ObjectStore
from reintegration.storage.wire import S3Client
from tests.exports import synthetic

T = TypeVar("T")
PACE = WorkerPace(timedelta(seconds=1), timedelta(seconds=0.3), lambda _: timedelta(0))
_NAMES = {sql: name for name, sql in load_queries(running.__file__).items()}


class Killer:
    """Dies at its step."""

    def __init__(self, step: str) -> None:
        self._step = step
        self._counts: dict[str, int] = {}

    def begin(self, door: str) -> str:
        """Note another passage of a door; its name with the number of the passage."""
        self._counts[door] = self._counts.get(door, 0) + 1
        return f"{door} {self._counts[door]}"

    def at(self, passage: str, when: str) -> None:
        """Die if this is the step."""
        if f"{passage} {when}" == self._step:
            os.kill(os.getpid(), signal.SIGKILL)


class WatchedTransaction(Transaction):
    """Remembers the names of what it executed."""

    def __init__(self, inner: Transaction) -> None:
        super().__init__(inner.raw, inner.actor)
        self.executed: list[str] = []

    async def execute(self, sql: str, *arguments: object) -> int:
        self.executed.append(_NAMES.get(sql, ""))
        return await super().execute(sql, *arguments)


class FragileUnitOfWork(UnitOfWork):
    """Dies around the commit of a writing transaction."""

    killer: Killer

    async def write(self, actor: Actor, work: Callable[[Transaction], Awaitable[T]]) -> T:
        passages: list[str] = []

        async def watched(transaction: Transaction) -> T:
            inner = WatchedTransaction(transaction)
            result = await work(inner)
            passages.extend(self.killer.begin(name) for name in dict.fromkeys(inner.executed))
            for passage in passages:
                self.killer.at(passage, "before")
            return result

        result = await super().write(actor, watched)
        for passage in passages:
            self.killer.at(passage, "after")
        return result


class FragileClient:
    """boto3's client; dies around a request."""

    def __init__(self, client: S3Client, killer: Killer) -> None:
        self._client = client
        self._killer = killer

    def __getattr__(self, name: str) -> Callable[..., object]:
        request: Callable[..., object] = getattr(self._client, name)

        def fragile(**parameters: object) -> object:
            passage = self._killer.begin(name)
            self._killer.at(passage, "before")
            answer = request(**parameters)
            self._killer.at(passage, "after")
            return answer

        return fragile


class FragileStore(ObjectStore):
    """Dies around a request."""

    def __init__(self, address: ObjectStoreAddress, killer: Killer) -> None:
        super().__init__(address)
        self._client = FragileClient(self._client, killer)  # type: ignore[assignment]  # it answers to every name


async def main(database_url: str, endpoint: str, bucket: str, scratch: str, step: str) -> None:
    access_key, secret_key = sys.stdin.read().split()
    killer = Killer(step)
    synthetic.declare(synthetic.large())
    address = ObjectStoreAddress(bucket=bucket, endpoint_url=endpoint, access_key=access_key, secret_key=secret_key)
    work = FragileUnitOfWork(await open_pool(database_url, max_size=4), CONSTRAINTS)
    work.killer = killer
    resources = ReportResources(work, FragileStore(address, killer), Path(scratch), "reintegration 0.1.0")
    await run_worker(resources, database_url, asyncio.Event(), PACE)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
