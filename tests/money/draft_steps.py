"""What payments are begun with: drafts, other content, papers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.builders import OFFICER
from tests.money import cases
from tests.money.cases import day
from tests.money.payment_steps import Onward
from tests.money.procedure import Procedure
from tests.money.records import Content, Payment, Said
from tests.money.reference import DIGITS
from tests.money.steps import OfPayment, Step, attachment, change
from tests.money.wishes import Request, Wish, World, decimal

DAYS = (-3, -34)
"""When a payment is dated: this month or, since 31 days lie between, surely in another one before."""
SUPPLIERS = (None, *cases.SUPPLIERS)
"""Whom a payment goes to; without one it is a reimbursement."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What a draft says; `invoice` 0 is a number of its own, any other one that several drafts may share."""

    amounts: tuple[tuple[int, str], ...] = ((1, "EUR"),)
    month: int = 0
    invoice: int = 0

    def content(self, name: str, supplier: str | None) -> Content:
        """As the reference has it."""
        invoice = f"F-{self.invoice}" if self.invoice else f"F-{name}"
        return self.amounts, DAYS[self.month], invoice if supplier else None


def asked_of(content: Content, world: World, supplier: str | None) -> dict[str, object]:
    """As the API is asked for it."""
    amounts, on, invoice = content
    lines = [
        {"description": "Sheep", "amount": {"amount": decimal(amount, DIGITS[currency]), "currency": currency}}
        for amount, currency in amounts
    ]
    named = {} if supplier is None else {"supplierId": world.ids[supplier], "invoiceNumber": f"{invoice}"}
    return {"description": "Sheep", "paymentDate": day(on).isoformat(), "lines": lines, **named}


@dataclass(frozen=True, slots=True)
class Draft(Step):
    """Begin a payment, with its paper, and carry it on."""

    case: int = 0
    line: int = 0
    supplier: int = 0
    bill: Bill = Bill()
    onward: int = 0
    has_paper: bool = True

    def parts(self, _world: World) -> Sequence[Step]:
        """The draft, then one step after the other."""
        return (self, *(Onward(self.case) for _ in range(self.onward)))

    def wishes(self, world: World) -> list[Wish]:
        """Of a line of the plan in force."""
        case = world.case(self.case)
        plan = world.ledger.cases[case].plan
        lines = list(world.ledger.asked[plan].budgets)
        line, supplier, name = lines[self.line % len(lines)], SUPPLIERS[self.supplier], world.new_name("p")
        content = self.bill.content(name, supplier)
        asked = {
            "id": world.mint(name, "Payment"),
            "caseId": world.ids[case],
            "kind": "SUPPLIER_DIRECT" if supplier else "REIMBURSEMENT",
            "planItemId": world.ids[f"{plan} {line}"],
            **asked_of(content, world, supplier),
        }

        def draft(ledger: Procedure, _: int) -> None:
            ledger.draft(name, Payment(case, plan, line, supplier, content, (OFFICER.id,)))

        says = f"{name} is drafted for {line}: {spelled(content, supplier)}"
        drafted = Request(says=says, who=OFFICER, mutation="paymentDraft", asked=asked, name=name, step=draft)
        return [drafted, attachment(world, case, name, "invoice" if supplier else "receipt")] if self.has_paper else [drafted]


def spelled(content: Content, supplier: str | None) -> str:
    """What a bill says, for people."""
    amounts, on, invoice = content
    sums = " + ".join(f"{decimal(amount, DIGITS[currency])} {currency}" for amount, currency in amounts)
    return f"{sums}, {'its own costs' if supplier is None else f'{invoice} of {supplier}'}, {-on} days ago"


@dataclass(frozen=True, slots=True)
class Amend(OfPayment):
    """Other content."""

    at = frozenset({"draft"})
    bill: Bill = Bill()

    def of(self, world: World, name: str) -> Iterable[Wish]:
        supplier = world.ledger.payments[name].supplier
        content = self.bill.content(name, supplier)

        def amend(ledger: Procedure, version: int) -> None:
            ledger.step("amend", name, version, OFFICER.id, Said(content=content))

        says = f"is amended: {spelled(content, supplier)}"
        yield change(world, name, "amend", OFFICER, "paymentAmend", says, amend, **asked_of(content, world, supplier))


@dataclass(frozen=True, slots=True)
class Attach(OfPayment):
    """A paper, at any step."""

    paper: str = "invoice"

    def of(self, world: World, name: str) -> Iterable[Wish]:
        yield attachment(world, world.ledger.payments[name].case, name, self.paper)
