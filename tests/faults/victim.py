"""`reintegration serve` with faults on demand: a request whose header `X-Fault` says `KIND NUMBER` meets one at that moment.

KIND is `die`; `client` or `database`, whose connections are cut; or `postgres:PID`, which is killed with all that it started.

    python -m tests.faults.victim serve --no-worker

The names of the moments are in the file that MOMENTS names when the answer comes; of a request that killed its server those
up to its end. Nothing of it is in the product: it stands around the application that `reintegration.app` makes.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
from aiohttp import web
from aiohttp.typedefs import Handler

from reintegration import app
from reintegration.api.limits import Limits
from reintegration.cli import main
from reintegration.resources import Resources
from tests.faults.postgres_processes import kill_postgres
from tests.faults.watching import Watch

FAULT = "X-Fault"
_make_app = app.make_app


def _write(names: list[str]) -> None:
    file = Path(os.environ["MOMENTS"])
    file.with_suffix(".new").write_text("\n".join(names))
    file.with_suffix(".new").replace(file)  # who waits for it finds all of it


def _die(watch: Watch, _request: web.Request, _argument: str) -> None:
    _write(watch.moments)
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_postgres(_watch: Watch, _request: web.Request, postmaster: str) -> None:
    kill_postgres(int(postmaster))


def _cut_client(_watch: Watch, request: web.Request, _argument: str) -> None:
    if request.transport is not None:
        request.transport.abort()


def _cut_database(_watch: Watch, _request: web.Request, _argument: str) -> None:
    """Our end of every connection to PostgreSQL that there is."""
    for found in gc.get_objects():
        if type(found) is asyncpg.Connection and not found.is_closed():
            found._transport.abort()  # noqa: SLF001 - as a network would, without a farewell


_FAULTS: dict[str, Callable[[Watch, web.Request, str], None]] = {
    "die": _die,
    "postgres": _kill_postgres,
    "client": _cut_client,
    "database": _cut_database,
}


@web.middleware
async def _watching(request: web.Request, handler: Handler) -> web.StreamResponse:
    if FAULT not in request.headers:
        return await handler(request)
    kind, number = request.headers[FAULT].split()
    name, _, argument = kind.partition(":")
    watch = Watch(int(number))
    watch.fault = lambda _moment: _FAULTS[name](watch, request, argument)
    await request.content.wait_eof()  # a body that comes in two pieces is waited for once more than another
    response = await watch.over(handler(request))  # type: ignore[arg-type] # a coroutine, which an Awaitable may be
    assert isinstance(response, web.StreamResponse)
    _write(watch.moments)
    return response


def _make_watched(resources: Resources, *, limits: Limits | None, operations: Path) -> web.Application:
    made = _make_app(resources, limits=limits, operations=operations)
    made.middlewares.insert(0, _watching)
    return made


if __name__ == "__main__":
    app.make_app = _make_watched
    sys.exit(main())
