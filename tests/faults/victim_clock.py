"""A worker's clock in a process of its own that kills itself with SIGKILL at a moment of its first look; see test_clock_kill.py.

    python -m tests.faults.victim_clock DATABASE_URL NUMBER

The number 0 is none: then it ends by itself where the clock would wait for the next hour. MOMENTS names the file for the names
of the moments.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from reintegration.commands.clock import keep_time
from reintegration.constraints import ALL_CONSTRAINTS
from reintegration.database.unit_of_work import UnitOfWork, open_pool
from reintegration.models import register_models
from tests.faults.watching import Watch

_WAITS = " keep_time sent"


def write(moments: list[str]) -> None:
    Path(os.environ["MOMENTS"]).write_text("\n".join(moments))


def die(moments: list[str]) -> None:
    write(moments)
    os.kill(os.getpid(), signal.SIGKILL)


async def main(database_url: str, number: int) -> None:
    """Look once."""
    await register_models()
    work = UnitOfWork(await open_pool(database_url, max_size=4), ALL_CONSTRAINTS)
    stop, watch = asyncio.Event(), Watch(number)

    watch.fault = lambda _moment: die(watch.moments)
    looking = asyncio.create_task(watch.over(keep_time(work, stop)))
    while not (waits := [place for place, moment in enumerate(watch.moments) if moment.endswith(_WAITS)]):
        assert not looking.done(), looking.result()
        await asyncio.sleep(0.005)
    watch.is_over = True
    write(watch.moments[: waits[0]])
    stop.set()
    await looking


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
