"""The bare limit says what our API says, byte for byte; the load counts what a server answers."""

import json
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from graphql import OperationDefinitionNode, parse

from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.storage.address import ObjectStoreAddress
from tests.benchmarks.caseload import BIG_OFFICE, fill
from tests.benchmarks.load import FRESH, Job, run
from tests.benchmarks.servers import limit
from tests.benchmarks.work import HERE, operations, our_body
from tests.http_client import running

DOCUMENTS = sorted(path.stem for path in (HERE / "operations").glob("*.graphql"))


async def test_the_limit_spells_answers_like_our_api(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    owner = await asyncpg.connect(fresh_database.owner_url)
    await fill(owner, 300)
    reads = [one for one in await operations(owner) if one.is_read]
    office = str(await owner.fetchval("select id from field_offices where code = $1", BIG_OFFICE))
    await owner.close()
    settings = {"role": "reintegration_app", "timezone": "UTC", "default_transaction_read_only": "on"}
    bare = await asyncpg.connect(fresh_database.application_url, server_settings=settings)
    async with running(fresh_database, object_store_address, tmp_path, operations=HERE / "operations") as server:
        for operation in reads:
            role, offices = (Role.FEDASIL_FINANCE, "") if operation.name == "totals" else (Role.FIELD_OFFICER, office)
            token = server.token(role, "ana", office=BIG_OFFICE)
            for subject in operation.subjects[:3]:
                asked = json.loads(our_body(operation, subject))
                ours = await server.send(asked, token)
                statement, parameters = limit.asked(asked["documentId"], asked["variables"])
                body = await bare.fetchval(statement, "ana", role.value, offices, "", *parameters)
                assert json.loads(body) == ours.data
                assert body.decode() == json.dumps(ours.data, ensure_ascii=False, separators=(",", ":"))
    await bare.close()
    assert [one.name for one in reads] == ["case", "nested", "flat", "totals"]


def _name(document: str) -> str | None:
    operation = parse(document).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return operation.name.value if operation.name else None


@pytest.mark.parametrize("peer", ["postgraphile", "mercurius"])
def test_the_peers_have_every_document(peer: str) -> None:
    folder = HERE / "node" / peer
    names = {path.stem: _name(path.read_text()) for path in (folder / "operations").glob("*.graphql")}
    assert names == {name: f"Bench{name.capitalize()}" for name in DOCUMENTS}


@pytest.mark.parametrize("peer", ["postgraphile", "mercurius"])
def test_locks_name_digests_and_no_addresses(peer: str) -> None:
    lock = json.loads((HERE / "node" / peer / "package-lock.json").read_text())
    packages = [package for place, package in lock["packages"].items() if place]
    assert all("resolved" not in package and package["integrity"].startswith("sha512-") for package in packages)


async def test_the_load_counts_good_answers_and_others() -> None:
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked = await request.json()
        seen.append(asked["key"])
        match asked["say"]:
            case "refuse":
                return web.json_response({"data": 1}, status=503)
            case "err":
                return web.json_response({"errors": [{"message": "no"}]})
            case "other":
                return web.json_response({"data": {"problem": True}})
            case _:
                return web.json_response({"data": {"wanted": "x" * 100_000}})

    app = web.Application()
    app.router.add_post("/graphql", answer)
    async with TestServer(app) as server:
        bodies = [json.dumps({"say": word, "key": FRESH}) for word in ("good", "refuse", "err", "other")]
        counted = await run(Job(str(server.make_url("/graphql")), {"X-Actor": "officer"}, bodies, '"wanted"', 4, 0.5))
    assert counted.requests == len(seen) == len(set(seen))
    assert counted.requests >= 8
    quarter = counted.requests / 4
    assert 3 * quarter - 4 <= counted.errors <= 3 * quarter + 4
    assert 0 < counted.p50_ms <= counted.p99_ms
