"""Eight cases and five payments, by hand and through the database's own law, so that every figure can be counted here.

| case | returned | status | people on departure | reintegration |
| --- | --- | --- | --- | --- |
| BE-2020-000001 | 2020-12-31 MN | no_legal_stay | woman of 65 | AMIF, first paid 2021-02-01 |
| BE-2022-000001 | 2022-05-10 MN | no_legal_stay | woman of 38, boy of 12 | AMIF, first paid 2022-07-05 |
| BE-2023-000001 | 2023-03-01 BR | asylum_applicant | man of 18 that day | none granted |
| BE-2023-000002 | 2023-06-01 GE | rejected_applicant | woman of 60 | AMIF, first paid 2024-02-01, at 61 |
| BE-2023-000003 | 2023-04-01 BG | rejected_applicant | two people, Dublin | none |
| BE-2023-000004 | 2023-08-01 RO | no_legal_stay | Romanian, 33, non-binary | none granted |
| BE-2023-000005 | 2023-09-01 MN | no_legal_stay | 33, non-binary | AMIF, paid and reversed |
| BE-2023-000006 | 2023-12-30 MN | no_legal_stay | young man, 18 two days later | paid by the national budget |
"""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid5

from reintegration.database.transaction import Transaction
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.canonical import digest
from reintegration.ledger.service import Pot, flows, post, post_many
from reintegration.programme.reference import identifier
from tests.builders import SYSTEM

_NAMESPACE = UUID("5b1c7f0a-0d0e-5c1b-9d57-2f4b8f6a1c11")
_OFFICE = {"MN": "IOM-MN", "GE": "IOM-GE", "BR": "IOM-BR"}
HOSTILE = '=HYPERLINK("http://evil.example","pay")'


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the caseload."""

    gender: str
    born_on: date
    nationality: str


@dataclass(frozen=True, slots=True)
class File:
    """A case of the caseload."""

    reference: str
    country: str
    departed_on: date
    status: str
    members: tuple[Member, ...]
    dublin: bool = False


def an_id(*parts: object) -> UUID:
    """The same on every run, so that rows come in a known order."""
    return uuid5(_NAMESPACE, "/".join(map(str, parts)))


FILES = (
    File("BE-2020-000001", "MN", date(2020, 12, 31), "no_legal_stay", (Member("female", date(1955, 6, 1), "MN"),)),
    File(
        "BE-2022-000001",
        "MN",
        date(2022, 5, 10),
        "no_legal_stay",
        (Member("female", date(1984, 1, 1), "MN"), Member("male", date(2010, 3, 3), "MN")),
    ),
    File("BE-2023-000001", "BR", date(2023, 3, 1), "asylum_applicant", (Member("male", date(2005, 3, 1), "BR"),)),
    File("BE-2023-000002", "GE", date(2023, 6, 1), "rejected_applicant", (Member("female", date(1963, 1, 15), "GE"),)),
    File(
        "BE-2023-000003",
        "BG",
        date(2023, 4, 1),
        "rejected_applicant",
        (Member("male", date(1990, 1, 1), "AF"), Member("female", date(1991, 1, 1), "AF")),
        dublin=True,
    ),
    File("BE-2023-000004", "RO", date(2023, 8, 1), "no_legal_stay", (Member("non_binary", date(1990, 1, 1), "RO"),)),
    File("BE-2023-000005", "MN", date(2023, 9, 1), "no_legal_stay", (Member("non_binary", date(1990, 1, 1), "MN"),)),
    File("BE-2023-000006", "MN", date(2023, 12, 30), "no_legal_stay", (Member("male", date(2006, 1, 1), "MN"),)),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its frozen rate."""

    amount_minor: int
    currency: str
    rate: str
    euro_minor: int


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment of a case that was paid."""

    reference: str
    paid_on: date
    lines: tuple[Line, ...]
    fund: str = "AMIF-2021-2027"
    is_reversed: bool = False

    @property
    def id(self) -> UUID:
        """Its id."""
        return an_id("payment", self.reference, self.paid_on)


PAYMENTS = (
    Paid("BE-2020-000001", date(2021, 2, 1), (Line(10_000, "EUR", "1", 10_000),)),
    Paid("BE-2022-000001", date(2022, 7, 5), (Line(10_000, "EUR", "1", 10_000), Line(5_000, "USD", "1.05", 4_762))),
    Paid("BE-2023-000002", date(2024, 2, 1), (Line(20_000, "EUR", "1", 20_000),)),
    Paid("BE-2023-000005", date(2023, 10, 2), (Line(30_000, "EUR", "1", 30_000),), is_reversed=True),
    Paid("BE-2023-000006", date(2024, 1, 15), (Line(40_000, "EUR", "1", 40_000),), fund="BE-NATIONAL"),
)


async def load(work: UnitOfWork) -> None:
    """Everything above, in one transaction."""

    async def rows(transaction: Transaction) -> None:
        for file in FILES:
            await _case(transaction, file)
        for payment in PAYMENTS:
            await _payment(transaction, payment)
        await _refund(transaction, PAYMENTS[1])

    await work.write(SYSTEM, rows)


async def pay(work: UnitOfWork, payment: Paid) -> None:
    """One payment more, of a case that has none yet."""
    await work.write(SYSTEM, lambda transaction: _payment(transaction, payment))


async def _case(transaction: Transaction, file: File) -> None:
    case_id, partner = an_id("case", file.reference), None if file.dublin else identifier("partner", "IOM")
    office = None if file.dublin else identifier("field_office", _OFFICE.get(file.country, "IOM-MN"))
    await transaction.execute(
        "insert into cases (id, reference, status, country_of_return, partner_id, field_office_id, dublin, registered_by) "
        "values ($1, $2, 'registered', $3, $4, $5, $6, 'hand')",
        case_id,
        file.reference,
        file.country,
        partner,
        office,
        file.dublin,
    )
    await transaction.execute(
        "insert into case_intakes (case_id, administrative_status, referral_channel, applied_on) values ($1, $2, 'ngo', $3)",
        case_id,
        file.status,
        file.departed_on - timedelta(days=60),
    )
    for position, member in enumerate(file.members, start=1):
        await transaction.execute(
            "insert into returnees (id, case_id, position, household_role, gender, birth_date, nationality) "
            "values ($1, $2, $3, $4, $5, $6, $7)",
            an_id("returnee", file.reference, position),
            case_id,
            position,
            "head" if position == 1 else "other",
            member.gender,
            member.born_on,
            member.nationality,
        )
    await transaction.execute("update cases set status = 'departed', departed_on = $2 where id = $1", case_id, file.departed_on)
    if not file.dublin:
        await transaction.execute(
            "update cases set status = 'arrived', arrived_on = $2, arrival_confirmed_by = 'hand', arrival_confirmed_at = now() "
            "where id = $1",
            case_id,
            file.departed_on + timedelta(days=1),
        )


async def _payment(transaction: Transaction, payment: Paid) -> None:
    """Grant, item, supplier, evidence, and the payment through every step."""
    reference, case_id = payment.reference, an_id("case", payment.reference)
    country = next(file.country for file in FILES if file.reference == reference)
    office = identifier("field_office", _OFFICE[country])
    item, supplier = an_id("item", reference), an_id("supplier", office)
    fund = await transaction.fetch_value("select id from funds where code = $1", payment.fund)
    tariff = await transaction.fetch_value("select id from tariff_versions order by code limit 1")
    await transaction.execute(
        "insert into entitlement_assessments (id, case_id, tariff_version_id, facts, facts_digest, steps, result, result_digest,"
        " assessed_by) values ($1, $2, $3, '{}', $4, '[]', '{}', $4, 'hand')",
        an_id("assessment", reference),
        case_id,
        tariff,
        digest({}),
    )
    await transaction.execute(
        "insert into entitlements (id, case_id, assessment_id, stream, rule_id, fund_id, amount_minor, use_months,"
        " use_counted_from, deadline_on, granted_by, granted_on)"
        " values ($1, $2, $3, 'reintegration', 'BE-REIN-04', $4, 180000, 12, 'arrival', '2026-01-01', 'hand', '2020-12-01')",
        an_id("entitlement", reference),
        case_id,
        an_id("assessment", reference),
        fund,
    )
    await transaction.execute(
        "insert into plans (id, case_id, number, status, content_digest, prepared_by) values ($1, $2, 1, 'draft', $3, 'hand')",
        an_id("plan", reference),
        case_id,
        digest({}),
    )
    await transaction.execute(
        "insert into plan_items (id, plan_id, case_id, line_id, position, kind, description, budget_minor) "
        "values ($1, $2, $3, $1, 1, 'micro_business', 'A shop', 180000)",
        item,
        an_id("plan", reference),
        case_id,
    )
    await transaction.execute(
        "insert into suppliers (id, field_office_id, name, registered_by) values ($1, $2, '@supplier', 'hand') "
        "on conflict do nothing",
        supplier,
        office,
    )
    await transaction.execute(
        "insert into payments (id, case_id, field_office_id, fund_id, kind, stream, plan_item_id, supplier_id, invoice_number,"
        " description, payment_date, status, rate_rule, content_digest, prepared_by, prepared_at) values ($1, $2, $3, $4,"
        " 'supplier_direct', 'reintegration', $5, $6, '+1', $7, $8, 'draft', 'PAYMENT_MONTH', $9, 'officer', $10)",
        payment.id,
        case_id,
        office,
        fund,
        item,
        supplier,
        HOSTILE,
        payment.paid_on,
        digest(payment.reference),
        date(2020, 1, 1),
    )
    for position, line in enumerate(payment.lines, start=1):
        await transaction.execute(
            "insert into payment_lines (id, payment_id, case_id, position, description, amount_minor, currency, minor_digits,"
            " rate, rate_month, rate_source, euro_minor) values ($1, $2, $3, $4, 'Goods', $5, $6, 2, $7, $8, 'by hand', $9)",
            an_id("line", payment.id, position),
            payment.id,
            case_id,
            position,
            line.amount_minor,
            line.currency,
            line.rate,
            None if line.currency == "EUR" else payment.paid_on.replace(day=1),
            line.euro_minor,
        )
    await _document(transaction, payment, "invoice", "request")
    await _through_the_steps(transaction, payment)


async def _through_the_steps(transaction: Transaction, payment: Paid) -> None:
    steps = [
        "status = 'submitted', submitted_at = '2020-01-02'",
        "status = 'approved', approved_by = 'approver', approved_at = '2020-01-03', approved_digest = content_digest",
        "status = 'released', released_by = 'releaser', released_at = '2020-01-04'",
    ]
    for step in steps:
        await transaction.execute(f"update payments set {step} where id = $1", payment.id)  # noqa: S608 - our own words
    await _document(transaction, payment, "proof_of_payment", "settlement")
    await transaction.execute(
        "update payments set status = 'paid', paid_on = $2, settled_by = 'officer', settled_at = '2020-01-05',"
        " settlement_reference = 'bank 1' where id = $1",
        payment.id,
        payment.paid_on,
    )
    await transaction.execute(
        "insert into ledger_transactions (id, kind, case_id, reference_kind, reference_id, occasion, effective_on, actor_id)"
        " values ($1, 'payment_spent', $2, 'Payment', $3, 1, $4, 'hand')",
        an_id("ledger", payment.id),
        an_id("case", payment.reference),
        payment.id,
        payment.paid_on,
    )
    if payment.is_reversed:
        await transaction.execute(
            "update payments set status = 'reversed', reversed_by = 'coordinator', reversed_at = '2020-01-06',"
            " outcome_note = 'It came back' where id = $1",
            payment.id,
        )


async def _refund(transaction: Transaction, payment: Paid) -> None:
    """10.00 USD of the payment's second line came back on the last day of 2024."""
    await transaction.execute(
        "insert into payment_refunds (id, payment_id, case_id, line_id, evidence_id, number, amount_minor, currency, euro_minor,"
        " received_on, reference, reason, requested_by) values ($1, $2, $3, $4, $5, 1, 1000, 'USD', 952, '2024-12-31', 'bank 2',"
        " 'A sheep short', 'officer')",
        an_id("refund", payment.id),
        payment.id,
        an_id("case", payment.reference),
        an_id("line", payment.id, 2),
        an_id("attached", an_id("document", payment.id, "proof_of_payment")),
    )
    pot = await _spent(transaction, payment)
    await transaction.execute(
        "update payment_refunds set decision = 'approved', decided_by = 'coordinator', decided_at = '2025-01-02' where id = $1",
        an_id("refund", payment.id),
    )
    await post(transaction, flows.refund(pot, payment_id=payment.id, number=1, amount_minor=952, on=date(2024, 12, 31)))


async def _spent(transaction: Transaction, payment: Paid) -> Pot:
    """What a payment cost, granted and budgeted before, on the accounts of its case."""
    reference, case_id = payment.reference, an_id("case", payment.reference)
    fund = await transaction.fetch_value("select id from funds where code = $1", payment.fund)
    pot = Pot(case_id, "reintegration", UUID(str(fund)), an_id("item", reference))
    entitlement, on = an_id("entitlement", reference), date(2022, 5, 11)
    await post(transaction, flows.grant(pot, entitlement_id=entitlement, amount_minor=180_000, on=on))
    changes = {an_id("item", reference): 180_000}
    await post(transaction, flows.budget(pot, plan_id=an_id("plan", reference), changes=changes, on=on))
    total = sum(line.euro_minor for line in payment.lines)
    reserve = flows.reserve(pot, payment_id=an_id("another", payment.id), occasion=1, amount_minor=total, on=on)
    spend = flows.spend(pot, payment_id=an_id("another", payment.id), occasion=1, amount_minor=total, on=on)
    await post_many(transaction, (reserve, spend))
    return pot


async def _document(transaction: Transaction, payment: Paid, kind: str, stage: str) -> None:
    document, case_id = an_id("document", payment.id, kind), an_id("case", payment.reference)
    await transaction.execute(
        "insert into documents (id, case_id, kind, file_name, media_type, size_bytes, sha256, object_key, status, uploaded_by,"
        " completed_at) values ($1, $2, $3, 'scan.png', 'image/png', 1, $4, $5, 'stored', 'officer', now())",
        document,
        case_id,
        kind,
        digest(kind),
        f"evidence/{document}",
    )
    await transaction.execute(
        "insert into payment_documents (id, payment_id, document_id, case_id, stage, attached_by) "
        "values ($1, $2, $3, $4, $5, 'officer')",
        an_id("attached", document),
        payment.id,
        document,
        case_id,
        stage,
    )
