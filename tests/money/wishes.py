"""What a step wants of the API and what the reference says about it; and the world of one history, in which names have ids."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from reintegration.api.identifiers import encode
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Actor
from reintegration.kernel.ids import new_id
from tests.money import cases
from tests.money.cases import Ground, MadeCase
from tests.money.procedure import Procedure
from tests.money.records import Asked, Case, Payment
from tests.money.reference import BUDGET, PREMIUM, RefusedError
from tests.operations.conftest import Api

Answer = dict[str, object]
_MUTATION = """
mutation ($input: {title}Input!) {{
  {name}(input: $input) {{ __typename ... on Problem {{ message }} ... on {title}Payload {{ replayed {shows} }} }}
}}
"""


@dataclass(slots=True)
class Known:
    """What ought to be: the ledger, and the idempotency keys with what was wanted first."""

    ledger: Procedure
    answered: dict[str, str] = field(default_factory=dict)

    def after(self, wish: "Wish") -> tuple[Answer, "Known"]:
        """The answer that a wish ought to get, and what is known after it."""
        then = deepcopy(self, {id(same): same for same in (*self.ledger.moves, self.ledger.rates)})
        try:
            return wish.expect(then), then
        except RefusedError as refused:
            return {"__typename": f"{refused}Problem"}, self


@dataclass(slots=True)
class Desk:
    """Where wishes are brought: the API, and the commands beside it."""

    api: Api
    work: UnitOfWork
    office_id: UUID | None = None
    account_id: UUID | None = None

    def seat(self, who: Actor) -> Actor:
        """Somebody in the office of the history that is played."""
        return replace(who, offices=frozenset({self.office_id})) if self.office_id and who.offices else who


@dataclass(slots=True)
class World:
    """One history: its cases by name, the ids of everything else, and what was asked so far."""

    ground: Ground
    known: Known
    made: dict[str, MadeCase] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    sent: list["Request"] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What is there before anybody asks for it."""
        self.ids |= {name: encode("Supplier", made) for name, made in zip(cases.SUPPLIERS, self.ground.supplier_ids, strict=True)}

    @property
    def ledger(self) -> Procedure:
        """What every account holds by now."""
        return self.known.ledger

    def case(self, number: int) -> str:
        """The name of a case; it is there from when a step asks for it."""
        name = "AB"[number]
        if name not in self.made:
            made = self.made[name] = self.ground.cases[number]
            lines = [f"{name}{place + 1}" for place in range(len(cases.BUDGETS))]
            plan = f"{name}-plan1"
            self.ids |= {name: encode("Case", made.id), f"{name} budget": encode("Entitlement", made.budget_id)}
            self.ids |= {
                f"{name} {kind}": encode("Document", paper) for kind, paper in zip(cases.PAPERS, made.paper_ids, strict=True)
            }
            self.names |= {str(made.id): name} | {str(line_id): line for line, line_id in zip(lines, made.line_ids, strict=True)}
            self.learn_lines(plan, lines, made.line_ids, made.item_ids)
            self.numbers |= {f"{name}-plan": 1, f"{name}-line": len(lines)}
            budgets = dict(zip(lines, cases.BUDGETS, strict=True))
            ledger = self.ledger
            ledger.cases[name] = Case(plan, cases.DEADLINE, version=5)
            ledger.asked[plan] = Asked("plan", "officer", (name,), budgets=budgets, status="approved", version=3)
            ledger.grant(name, BUDGET, cases.GRANTED)
            ledger.grant(name, PREMIUM, cases.PREMIUM)
            ledger.divide(plan, name, budgets)
        return name

    def learn_lines(self, plan: str, lines: list[str], line_ids: tuple[UUID, ...], item_ids: tuple[UUID, ...]) -> None:
        """Keep the ids of a plan's lines and of the items that they are in this version."""
        for line, line_id, item_id in zip(lines, line_ids, item_ids, strict=True):
            self.ids |= {line: str(line_id), f"{plan} {line}": encode("PlanItem", item_id)}

    def mint(self, name: str, type_: str) -> str:
        """The id of a new record of this name, which its maker chooses."""
        made = str(new_id())
        self.ids[name], self.names[made] = encode(type_, UUID(made)), name
        return made

    def new_name(self, kind: str) -> str:
        """The next name of a kind."""
        self.numbers[kind] = self.numbers.get(kind, 0) + 1
        return f"{kind}{self.numbers[kind]}"


class Wish(ABC):
    """Something that somebody asks for."""

    says: str

    @abstractmethod
    def expect(self, known: Known) -> Answer:
        """Do it as the reference does; raises RefusedError."""

    @abstractmethod
    async def bring(self, desk: Desk) -> Answer:
        """Ask for it in earnest."""

    def learn(self, _world: World, _answer: Answer) -> None:
        """Remember what the answer tells, if anything: ids and digests."""
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Wish):
    """A mutation about the record `name`, which the answer shows as `part` with the fields `shows`."""

    says: str
    who: Actor
    mutation: str
    asked: Mapping[str, object]
    name: str
    step: Callable[[Procedure, int], None]
    part: str = "payment"
    shows: str = "id version status contentDigest total { amount } lines { id }"
    version: int | None = None
    key: str = field(default_factory=lambda: str(uuid4()))
    lines: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The mutation's name as its types have it."""
        return self.mutation[0].upper() + self.mutation[1:]

    @property
    def wanted(self) -> str:
        """The input as the key remembers it."""
        return f"{self.mutation} {dict(self.asked)} {self.version}"

    def stale(self) -> "Request":
        """The same by somebody who has not looked since the last change."""
        return replace(self, version=(self.version or 0) - 1, says=f"{self.says}, having seen an older version")

    def expect(self, known: Known) -> Answer:
        """The payload's type, whether it is a replay, and the record as it is then."""
        replayed = self.key in known.answered
        if replayed and known.answered[self.key] != self.wanted:
            raise RefusedError("IdempotencyConflict")
        if not replayed:
            if "id" in self.asked and shown(known.ledger, self.name):
                raise RefusedError("ConstraintViolation")  # the client's id is taken
            self.step(known.ledger, self.version or 0)
            known.answered[self.key] = self.wanted
        return {"__typename": f"{self.title}Payload", "replayed": replayed, self.part: shown(known.ledger, self.name)}

    async def bring(self, desk: Desk) -> Answer:
        """Send it through HTTP; the answer is reduced to what the reference can know."""
        document = _MUTATION.format(title=self.title, name=self.mutation, shows=f"{self.part} {{ {self.shows} }}")
        versioned = {} if self.version is None else {"expectedVersion": self.version}
        asked = {"idempotencyKey": self.key, **versioned, **self.asked}
        answer = await desk.api.ask(desk.seat(self.who), document, input=asked)
        data = answer.get("data")
        if not isinstance(data, dict) or not isinstance(data.get(self.mutation), dict):
            return {"__typename": "no answer", "errors": str(answer.get("errors"))}
        return dict(data[self.mutation])

    def learn(self, world: World, answer: Answer) -> None:
        """What only the server knows: digests, and the ids of a plan's items."""
        record = answer.get(self.part)
        if not isinstance(record, dict):
            return
        for place, line in enumerate(record.get("lines") or ()):
            world.ids[f"{self.name}.{place}"] = line["id"]
        if record.get("contentDigest"):
            world.ids[f"{self.name} digest"] = record["contentDigest"]
        if self.lines:
            for line, item in zip(self.lines, record["items"], strict=True):
                world.names[item["lineId"]] = line
                world.ids |= {line: item["lineId"], f"{self.name} {line}": item["id"]}


def shown(ledger: Procedure, name: str) -> Answer:
    """What an answer shows of a record, as far as the reference knows it."""
    record = ledger.payments.get(name) or ledger.cases.get(name) or ledger.asked.get(name)
    if record is None:
        return {}
    if isinstance(record, Payment):
        total = record.total and {"amount": decimal(record.total)}
        return {"version": record.version, "status": record.status, "total": total}
    spent = {"total": {"amount": decimal(record.amount)}} if isinstance(record, Asked) and record.kind == "close" else {}
    return {"version": record.version, "status": record.status, **spent}


def decimal(amount: int, digits: int = 2) -> str:
    """Minor units as the graph spells them."""
    whole, rest = divmod(abs(amount), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}{f'.{rest:0{digits}d}' if digits else ''}"
