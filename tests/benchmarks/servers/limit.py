"""The bare limit: aiohttp, asyncpg, uvloop and SQL written by hand for these documents alone.

It keeps the policies and settings of our API and one statement a request is its whole transaction, but it is no API: it signs
nobody in (the actor is a header), validates nothing, logs nothing and knows no other document.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
import orjson
import uvloop
from aiohttp import web

from reintegration.api.connections import Ordering
from reintegration.api.identifiers import decode
from reintegration.database.roles import APPLICATION_ROLE
from reintegration.database.sql import load_queries
from tests.benchmarks.caseload import BIG_OFFICE
from tests.benchmarks.servers.protocol import FINANCE, OFFICER, Place, announce, read_place, until_stdin_ends

_SQL = load_queries(__file__)
_ID = re.compile(r"@id\((\w+), ([\w.]+)\)")
_CURSOR = re.compile(r"@cursor\(([\w.]+), (.+?\))\)")
_CASES = Ordering("cases.newest", (UUID,))
_PAYMENTS = Ordering("payments.newest", (UUID,))
_LAST = UUID(int=2**128 - 1)

Settings = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Server:
    """The pool, and the settings of each actor by the header's value."""

    pool: asyncpg.Pool
    actors: Mapping[str, Settings]

    async def __call__(self, request: web.Request) -> web.Response:
        given = orjson.loads(await request.read())
        statement, parameters = asked(given["documentId"], given.get("variables") or {})
        async with self.pool.acquire() as connection:
            body = await connection.fetchval(statement, *self.actors[request.headers["X-Actor"]], *parameters)
        return web.Response(body=b'{"data":' + body + b"}", content_type="application/json", charset="utf-8")


def asked(document: str, variables: Mapping[str, str]) -> tuple[str, tuple[object, ...]]:
    """The statement of a document, and its own parameters."""
    match document:
        case "BenchCase":
            return _STATEMENTS["case"], (decode(variables["id"], "Case"),)
        case "BenchNested":
            return _STATEMENTS["nested"], (_after(_CASES, variables),)
        case "BenchFlat":
            return _STATEMENTS["flat"], (_after(_PAYMENTS, variables),)
        case "BenchTotals":
            return _STATEMENTS["totals"], tuple(date.fromisoformat(variables[name]) for name in ("firstMonth", "lastMonth"))
        case _:
            raise web.HTTPNotFound


def _after(ordering: Ordering, variables: Mapping[str, str]) -> object:
    after = variables.get("after")
    return ordering.key(after, "after")[0] if after else _LAST


def _statement(name: str) -> str:
    query = _ID.sub(lambda found: _opaque(found[1], found[2]), _SQL[name])
    query = _CURSOR.sub(lambda found: _cursor(found[1], found[2]), query)
    return _SQL["settings"].replace("{query}", query)


def _opaque(kind: str, column: str) -> str:
    """An id of ours: UUID and type, and four bytes of the checksum."""
    body = f"uuid_send({column}) || '{kind}'::bytea"
    return _base64(f"{body} || substr(sha256('reintegration.id\\000'::bytea || {body}), 1, 4)")


def _cursor(name: str, key: str) -> str:
    return _base64(f"""convert_to('["{name}","' || {key} || '"]', 'UTF8')""")


def _base64(sql: str) -> str:
    return f"translate(encode({sql}, 'base64'), E'+/=\\n', '-_')"


_STATEMENTS = {name: _statement(name) for name in ("case", "nested", "flat", "totals")}


async def _leave_as_it_is(_connection: asyncpg.Connection) -> None:
    """A statement of its own leaves nothing behind."""


async def _serve(place: Place) -> None:
    pool = await asyncpg.create_pool(
        place.database_url,
        min_size=10,
        max_size=10,
        reset=_leave_as_it_is,
        server_settings={
            "role": APPLICATION_ROLE,
            "timezone": "UTC",
            "default_transaction_read_only": "on",
            "plan_cache_mode": "force_generic_plan",
            "jit": "off",
        },
    )
    actors: dict[str, Settings] = {
        OFFICER: ("officer@bench.invalid", "field_officer", place.offices[BIG_OFFICE], ""),
        FINANCE: ("finance@bench.invalid", "fedasil_finance", "", ""),
    }
    app = web.Application()
    app.router.add_post("/graphql", Server(pool, actors))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    announce(f"http://127.0.0.1:{runner.addresses[0][1]}/graphql", {actor: {"X-Actor": actor} for actor in actors})
    await until_stdin_ends()
    await runner.cleanup()
    await pool.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.Loop) as loop_runner:
        loop_runner.run(_serve(read_place()))
