"""Where the month happens: IOM's office in Erbil, the month before this one, and people who each do what is theirs.

Everybody speaks over HTTP to the production profile, by the documents of schema/operations alone.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final, cast
from uuid import uuid4

from reintegration.database.embedded import DatabaseAddresses
from reintegration.kernel.actor import Role
from reintegration.kernel.clock import add_months, first_of_month, today
from reintegration.storage.address import ObjectStoreAddress
from tests.http_client import Server
from tests.operations.walk import Part, Person, open_walk

OFFICE: Final = "IOM-IQ"
FUND: Final = "AMIF-2021-2027"
NAMES: Final = {
    "officer": Role.FIELD_OFFICER,
    "approver": Role.FIELD_APPROVER,
    "coordinator": Role.PARTNER_COORDINATOR,
    "counsellor": Role.RETURN_COUNSELLOR,
    "programme": Role.FEDASIL_PROGRAMME,
    "finance": Role.FEDASIL_FINANCE,
    "auditor": Role.AUDITOR,
    "administrator": Role.ADMINISTRATOR,
}


@dataclass(frozen=True, slots=True)
class Hand(Person):
    """Somebody of the story; what they send and are refused is kept, for the page tells it."""

    played: set[str] = field(default_factory=set)
    refusals: set[str] = field(default_factory=set)

    async def asks(self, operation: str, **variables: object) -> Part:
        """As a person asks."""
        self.played.add(operation)
        answer = await Person.asks(self, operation, **variables)
        if "code" in answer and "message" in answer:
            self.refusals.add(answer["code"])
        return answer

    async def asks_all(self, operation: str) -> Part:
        """All root fields of a document's answer."""
        self.played.add(operation)
        answer = await self.server.post(documentId=operation, token=self.token)
        return answer.data

    async def asks_list(self, operation: str, **variables: object) -> list[Part]:
        """The list that a document's root field is."""
        return cast("list[Part]", await self.asks(operation, **variables))

    async def refused(self, operation: str, code: str, **asked: object) -> Part:
        """A problem with this code, to a mutation that must change nothing."""
        answer = await self.sends(operation, {"idempotencyKey": str(uuid4()), **asked})
        assert answer.get("code") == code, (operation, answer)
        return answer


@dataclass(frozen=True, slots=True)
class Story:
    """The server, its people, and what the chapters have made so far, by names of the story."""

    server: Server
    month: date
    played: set[str] = field(default_factory=set)
    refusals: set[str] = field(default_factory=set)
    ids: dict[str, str] = field(default_factory=dict)
    differences: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Of each payment at a version: what its money had cost beside its euro."""

    def hand(self, name: str) -> Hand:
        """A person, by the name of their part."""
        return Hand(self.server, self.server.token(NAMES[name], office=OFFICE), self.played, self.refusals)

    @property
    def officer(self) -> Hand:
        """Of the office: prepares and settles."""
        return self.hand("officer")

    @property
    def approver(self) -> Hand:
        """Of the office: approves, and says which money came."""
        return self.hand("approver")

    @property
    def coordinator(self) -> Hand:
        """Of IOM in Brussels: puts plans in force, releases, sends money."""
        return self.hand("coordinator")

    @property
    def counsellor(self) -> Hand:
        """Of Fedasil's desk."""
        return self.hand("counsellor")

    @property
    def programme(self) -> Hand:
        """Of Fedasil."""
        return self.hand("programme")

    @property
    def finance(self) -> Hand:
        """Of Fedasil."""
        return self.hand("finance")

    @property
    def auditor(self) -> Hand:
        """Sees everything but names, and changes nothing."""
        return self.hand("auditor")

    def day(self, number: int) -> date:
        """A day of the month; every month has 28."""
        return self.month.replace(day=number)

    def on(self, number: int) -> str:
        """The same as clients write it."""
        return self.day(number).isoformat()


@asynccontextmanager
async def open_story(database: DatabaseAddresses, objects: ObjectStoreAddress, data_dir: Path) -> AsyncIterator[Story]:
    """The month before this one, on a database and a bucket of its own."""
    month = first_of_month(first_of_month(today()) - timedelta(days=1))
    async with open_walk(database, objects, data_dir) as people:
        story = Story(people.server, month)
        places = await story.officer.asks_all("Places")
        story.ids["office"] = next(one["id"] for one in places["offices"] if one["code"] == OFFICE)
        story.ids["partner"] = next(one["id"] for one in places["partners"] if one["code"] == "IOM")
        story.ids["fund"] = next(one["id"] for one in places["funds"] if one["code"] == FUND)
        yield story


def money(amount: str, currency: str = "EUR") -> dict[str, str]:
    """As clients write it."""
    return {"amount": amount, "currency": currency}


def version_of(record: Mapping[str, object]) -> dict[str, object]:
    """What an update says of the version that it saw."""
    return {"expectedVersion": record["version"]}


def seen(record: Mapping[str, object]) -> dict[str, object]:
    """The version and the content that a person saw before saying yes."""
    return {"expectedVersion": record["version"], "contentDigest": record["contentDigest"]}


def a_year_before(day: date) -> date:
    """The arrival whose twelve months end on this day."""
    return add_months(day, -12)
