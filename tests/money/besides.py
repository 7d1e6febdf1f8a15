"""What happens beside the API: the clock looks at a case, time passes, a bank sends a statement."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from reintegration.api.identifiers import encode
from reintegration.commands.clock import CLOCK
from reintegration.database.transaction import Transaction
from reintegration.kernel.errors import DomainError
from reintegration.payments.service import expire_case
from tests.builders import OFFICER, SYSTEM
from tests.money.cases import day
from tests.money.wishes import Answer, Desk, Known, Wish, World, decimal
from tests.statement_steps import an_account, opening, some_lines

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Expiry(Wish):
    """The clock looks at one case, as it does at each that is due."""

    says: str
    case: str
    case_id: UUID

    def expect(self, known: Known) -> Answer:
        """What goes back and which drafts are closed, if any."""
        return {"__typename": "Expiry", "done": known.ledger.expire(self.case)}

    async def bring(self, desk: Desk) -> Answer:
        """A case that fails beside somebody else's step is tried again at the next look."""
        for attempt in range(_TRIES):
            try:
                done = await desk.work.write(CLOCK, lambda transaction: expire_case(transaction, self.case_id))
            except (DomainError, asyncpg.PostgresError) as error:
                if attempt == _TRIES - 1:
                    return {"__typename": type(error).__name__, "message": str(error)}
            else:
                return {"__typename": "Expiry", "done": done and (done.released_minor, done.drafts_cancelled)}
        raise AssertionError("the last attempt returns")


@dataclass(slots=True)
class Booking(Wish):
    """A bank's statement of one line, which somebody imports into the office's account; the account is opened first."""

    name: str
    amount: int
    on: int
    line_id: UUID | None = None

    @property
    def says(self) -> str:
        """In euro."""
        return f"{self.name} is booked: {decimal(self.amount)} EUR, {-self.on} days ago"

    def expect(self, known: Known) -> Answer:
        """It is in suspense."""
        known.ledger.book(self.name, self.amount, self.on)
        return {"__typename": "Booking"}

    async def bring(self, desk: Desk) -> Answer:
        """As the worker does it that has read a file."""
        officer = desk.seat(OFFICER)
        if desk.account_id is None:
            desk.account_id = await an_account(desk.work, opening(office=desk.office_id), who=officer)
        (self.line_id,) = await some_lines(desk.work, desk.account_id, self.amount, who=officer, on=day(self.on))
        return {"__typename": "Booking"}

    def learn(self, world: World, _answer: Answer) -> None:
        """The line's id."""
        world.ids[self.name] = encode("StatementLine", self.line_id)


@dataclass(frozen=True, slots=True)
class Passing(Wish):
    """Time passes: the last day to use a budget moves, which no mutation does."""

    says: str
    case: str
    case_id: UUID
    days: int

    def expect(self, known: Known) -> Answer:
        """Nothing but the deadline changes."""
        known.ledger.cases[self.case].deadline = self.days
        return {"__typename": "Passing"}

    async def bring(self, desk: Desk) -> Answer:
        """Write it as the system."""

        async def move(transaction: Transaction) -> None:
            sql = "update entitlements set deadline_on = $2 where case_id = $1 and stream = 'reintegration'"
            assert await transaction.execute(sql, self.case_id, day(self.days)) == 1

        await desk.work.write(SYSTEM, move)
        return {"__typename": "Passing"}
