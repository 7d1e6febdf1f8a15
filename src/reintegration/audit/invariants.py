"""What must always hold of the money, each as a named query that finds what breaks it: nothing, ever.

Constraints refuse most of it when it is written. These ask again of what is stored, as an auditor would who trusts nobody: a
restored backup, a hand in the database, a constraint that was dropped, a mistake of ours.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from reintegration.database.rows import database_now
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Actor, Role
from reintegration.kernel.ids import new_id

_SQL = load_queries(__file__)
_MOST_EXAMPLES: Final = 5
_COUNTED: Final = (
    "select count(*) as violations, (array_agg(distinct v.id) filter (where v.id is not null))[:$1] as examples from ({}) as v"
)
CHECKER: Final = Actor("invariants", Role.SYSTEM)
"""Who looks: an administrator may ask how the money stands without a right to see any case."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A sentence about the money, and what kind of record breaks it; None where it is no record."""

    name: str
    sentence: str
    record: str | None


INVARIANTS: Final = (
    Invariant("postings_balance", "The postings of a ledger transaction sum to zero per currency.", "LedgerTransaction"),
    Invariant("accounts_above_minimum", "No account is under its limit.", "LedgerAccount"),
    Invariant(
        "postings_belong", "A posting has the currency of its account and the case of its transaction.", "LedgerTransaction"
    ),
    Invariant("entitlements_granted", "The fund gave each entitlement exactly its amount.", "Entitlement"),
    Invariant(
        "payments_posted", "What a payment has reserved and spent in the ledger is what its lines say at its step.", "Payment"
    ),
    Invariant("payments_approved", "Money left by three people's hands, over the content that was approved.", "Payment"),
    Invariant("payments_proved", "Each paid payment has the documents that its kind requires.", "Payment"),
    Invariant(
        "payments_in_time", "Nothing was paid before the arrival, after the deadline, or off the day of departure.", "Payment"
    ),
    Invariant("payments_not_held", "Nothing was released while somebody held it.", "Payment"),
    Invariant(
        "payments_within_thresholds", "Nothing was released over a threshold that nobody else has endorsed it for.", "Payment"
    ),
    Invariant(
        "payments_to_cleared_suppliers",
        "Nothing was released to a supplier that was like an earlier one and not cleared.",
        "Payment",
    ),
    Invariant("supplier_likenesses", "Each two suppliers of a country that share something were found.", "Supplier"),
    Invariant("lines_converted", "The euro of each line are its amount divided by its rate, rounded half up.", "Payment"),
    Invariant("refunds_within_lines", "No more came back of a line, or is owed of it, than was paid of it.", "Payment"),
    Invariant(
        "receivables_accounted",
        "What is owed is what was confirmed, less what came and stayed and what was given up, and never below zero.",
        "Receivable",
    ),
    Invariant(
        "receivables_by_two", "Who confirms a receivable, writes it off or takes a receipt back did not ask for it.", "Receivable"
    ),
    Invariant("receipts_posted", "What came of a payment's line is no longer spent, unless it was taken back.", "Receivable"),
    Invariant("service_fees_posted", "What the ledger has of a partner's fee is what was done with it.", "ServiceFee"),
    Invariant(
        "service_fees_by_three",
        "A fee is what the tariff of its day says, and was claimed, approved and paid by three people.",
        "ServiceFee",
    ),
    Invariant(
        "transfers_posted", "An approved transfer between plan items moved its amount, another one nothing.", "BudgetTransfer"
    ),
    Invariant("expiries_posted", "An expiry gave back to the fund exactly what it says.", "Case"),
    Invariant("closed_cases_empty", "A closed case has nothing left.", "Case"),
    Invariant("payment_scopes", "A payment is shown to the office and partner that its case is with.", "Payment"),
    Invariant("cash_balances", "In the cash book amounts sum to zero per currency, and so do their costs.", "CashTransaction"),
    Invariant("cash_held", "Nobody holds less than nothing, and what is empty has cost nothing.", "CashAccount"),
    Invariant("advances_accounted", "An advance is on its way, received as it says, and empty once it is settled.", "Advance"),
    Invariant("float_payments", "What a payment has drawn and spent of the float is what its lines say at its step.", "Payment"),
    Invariant(
        "statements_follow",
        "Each statement opens with what the one before it closed with, and its lines give its end.",
        "BankStatement",
    ),
    Invariant("statement_matches", "Lines of a match and what explains them come to the same amount.", "StatementMatch"),
    Invariant(
        "records_matched",
        "Lines account for no more of a record than it moved, and for none that did not happen.",
        "StatementMatch",
    ),
    Invariant("bank_explained", "Opening, what is explained and what is in suspense give what the bank holds.", "BankAccount"),
    Invariant("orders_total", "An order is all of its lines, and each of them its payment's amount.", "PaymentOrder"),
    Invariant("orders_once", "No payment is in two live orders to a bank.", "Payment"),
    Invariant(
        "orders_sealed",
        "An order was sealed by a second person, and until it is sent no payment of it ends.",
        "PaymentOrder",
    ),
    Invariant(
        "periods_sealed", "A closed month holds what its digest was made of, and follows the one before it.", "PeriodClose"
    ),
    Invariant("payment_totals", "Totals by country and month are the sums of their payments and of what came back.", None),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """How many records break an invariant, and the ids of the first five."""

    name: str
    violations: int
    examples: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """All invariants at one moment."""

    checked_at: datetime
    findings: tuple[Finding, ...]

    @property
    def violations(self) -> int:
        """Of all invariants together; zero is what everybody wants to see."""
        return sum(finding.violations for finding in self.findings)


async def findings(transaction: Transaction) -> tuple[Finding, ...]:
    """Every invariant, asked in the transaction as its actor sees it: who does not see all, does not hear all."""
    return tuple([await _finding(transaction, invariant.name) for invariant in INVARIANTS])


async def check(work: UnitOfWork) -> Check:
    """Every invariant in one snapshot, whoever asks."""
    async with work.read(CHECKER) as snapshot:
        return Check(await database_now(snapshot), await findings(snapshot))


async def check_and_record(work: UnitOfWork) -> Check:
    """The same, kept for who asks how it stood."""
    done = await check(work)
    results = orjson.dumps([asdict(finding) for finding in done.findings]).decode()

    async def record(transaction: Transaction) -> None:
        actor = transaction.actor.id
        await transaction.execute(_SQL["record_check"], new_id(), done.checked_at, actor, done.violations, results)

    await work.write(CHECKER, record)
    return done


async def last_check(transaction: Transaction) -> Check | None:
    """The newest check that was recorded, if any."""
    row = await transaction.fetch_one(_SQL["last_check"])
    if row is None:
        return None
    kept = [(one["name"], one["violations"], one["examples"]) for one in orjson.loads(row["results"])]
    return Check(row["checked_at"], tuple(Finding(name, count, _ids(examples)) for name, count, examples in kept))


def _ids(texts: Sequence[str]) -> tuple[UUID, ...]:
    return tuple(UUID(text) for text in texts)


async def _finding(transaction: Transaction, name: str) -> Finding:
    row = await transaction.fetch_one(_COUNTED.format(_SQL[name]), _MOST_EXAMPLES)
    if row is None:
        raise AssertionError("an aggregate has a row")
    return Finding(name, row["violations"], tuple(row["examples"] or ()))
