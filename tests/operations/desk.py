"""A desk at which anybody asks for a mutation, and the proofs that hold for every one of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

from aiohttp.test_utils import make_mocked_request

from reintegration.api.context import ApiContext
from reintegration.api.edge import EdgeSchema
from reintegration.api.identifiers import encode
from reintegration.api.schema import build_schema
from reintegration.database.embedded import DatabaseAddresses
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Actor
from reintegration.kernel.ids import new_id
from reintegration.storage.client import ObjectStore
from tests import builders
from tests.builders import AUDITOR
from tests.proofs import value

Asked = Mapping[str, object]
Answer = dict[str, object]

_POSITION = """
select (select coalesce(max(sequence), 0) from audit_log) + (select count(*) from export_jobs)
    + (select count(*) from jobs.pgqueuer)
"""
_DOCUMENT = """
mutation ($input: {title}Input!) {{
  {name}(input: $input) {{
    __typename
    ... on Problem {{ code message path }}
    ... on VersionConflictProblem {{ id expectedVersion currentVersion }}
    ... on IdempotencyConflictProblem {{ differences }}
    ... on {title}Payload {{ replayed {shows} }}
  }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A mutation that shall work, with all that is needed to see it refused.

    `record` is the input's field with the id that it is about, of the type `kind`; `hidden_from` has the role and not the
    scope. `changed` is put into the input to see the same key refused, because of `differences`.
    """

    name: str
    who: Actor
    asked: Asked
    shows: str
    changed: Asked
    differences: tuple[str, ...] = ()
    record: str = ""
    kind: str = ""
    hidden_from: Actor | None = None


@asynccontextmanager
async def open_desk(addresses: DatabaseAddresses, store: ObjectStore, *, max_size: int = 4) -> AsyncIterator["Desk"]:
    """A desk over a database."""
    async with builders.open_work(addresses, max_size=max_size) as work:
        yield Desk(build_schema(), work, store)


@dataclass(frozen=True, slots=True)
class Desk:
    """The whole graph without HTTP, over a real database and a real object store."""

    schema: EdgeSchema
    work: UnitOfWork
    store: ObjectStore

    def context(self, who: Actor) -> ApiContext:
        """The surroundings of an operation of somebody."""
        return ApiContext(make_mocked_request("POST", "/graphql"), self.work, self.store, who)

    async def ask(self, who: Actor, name: str, asked: Asked, shows: str = "", *, key: UUID | None = None) -> Answer:
        """The mutation's answer: its payload or a problem."""
        result = await self.schema.execute(
            _DOCUMENT.format(title=f"{name[0].upper()}{name[1:]}", name=name, shows=shows),
            {"input": {"idempotencyKey": str(key or uuid4()), **asked}},
            self.context(who),
        )
        assert result.errors is None, result.errors
        assert result.data is not None
        answer: Answer = result.data[name]
        return answer

    async def done(self, who: Actor, name: str, asked: Asked, shows: str = "") -> Answer:
        """The payload of a mutation that must work."""
        answer = await self.ask(who, name, asked, shows)
        assert answer["__typename"] == f"{name[0].upper()}{name[1:]}Payload", answer
        return answer

    async def refused(self, who: Actor, name: str, asked: Asked, *, key: UUID | None = None) -> Answer:
        """The problem of a mutation that must change nothing."""
        before = await value(self.work, _POSITION)
        answer = await self.ask(who, name, asked, key=key)
        assert str(answer["__typename"]).endswith("Problem"), answer
        assert await value(self.work, _POSITION) == before
        return answer

    async def prove(self, wish: Wish) -> Answer:
        """The wish's payload, after every refusal that all mutations share and before its replay and its conflict."""
        name, asked = wish.name, wish.asked
        assert (await self.refused(AUDITOR, name, asked))["code"] == "FORBIDDEN"
        await self._prove_hidden(wish)
        if "expectedVersion" in asked:
            stale = await self.refused(wish.who, name, {**asked, "expectedVersion": 999})
            assert stale["code"] == "VERSION_CONFLICT", stale
            assert (stale["expectedVersion"], stale["currentVersion"]) == (999, asked["expectedVersion"])
        key = uuid4()
        first = await self.ask(wish.who, name, asked, wish.shows, key=key)
        assert first["__typename"] == f"{name[0].upper()}{name[1:]}Payload", first
        assert first["replayed"] is False
        after = await value(self.work, _POSITION)
        again = await self.ask(wish.who, name, asked, wish.shows, key=key)
        assert again == {**first, "replayed": True}
        assert await value(self.work, _POSITION) == after
        conflict = await self.refused(wish.who, name, {**asked, **wish.changed}, key=key)
        assert conflict["code"] == "IDEMPOTENCY_CONFLICT", conflict
        assert conflict["differences"] == list(wish.differences or sorted(wish.changed))
        return first

    async def _prove_hidden(self, wish: Wish) -> None:
        """An id that isn't one, one of nothing, one of another type and one of somebody else's record get one answer."""
        if not wish.record:
            return
        others = ("nonsense", encode(wish.kind, new_id()), encode("Nothing", new_id()))
        answers = [await self.refused(wish.who, wish.name, {**wish.asked, wish.record: other}) for other in others]
        if wish.hidden_from is not None:
            answers.append(await self.refused(wish.hidden_from, wish.name, wish.asked))
        assert answers == [
            {
                "__typename": "NotFoundProblem",
                "code": "NOT_FOUND",
                "message": f"No such {wish.kind}, or it is not yours to see.",
                "path": [],
            }
        ] * len(answers)
