"""Plans and payments of a synthetic case as rows, documents as bytes, and the ledger entries of each step."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from reintegration.demo.receipts import invoice_pdf, receipt_png
from reintegration.demo.staging import Cells, StagedCase, at, demo_id, person
from reintegration.demo.values import SyntheticPayment
from reintegration.kernel.canonical import digest
from reintegration.kernel.clock import first_of_month
from reintegration.kernel.money import EURO, Money, minor_digits, to_euro
from reintegration.ledger.service import Pot
from reintegration.payments.content import content_digest
from reintegration.plans.commands import PlanLine
from reintegration.plans.content import plan_content
from reintegration.programme.rates import FrozenRate

FrozenRates = Mapping[tuple[str, date], FrozenRate]
"""The confirmed rate of each currency and first day of a month that payments need."""


@dataclass(slots=True)
class File:
    """A document to store: its row and its bytes."""

    row: Cells
    data: bytes


@dataclass(slots=True)
class StagedPayment:
    """A payment with everything that its steps need."""

    source: SyntheticPayment
    row: Cells
    pot: Pot
    total_minor: int
    office: str
    lines: list[Cells] = field(default_factory=list)
    request: list[File] = field(default_factory=list)
    settlement: list[File] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        """The payment's id."""
        return UUID(str(self.row["id"]))


def stage_plan(staged: StagedCase) -> Mapping[UUID, int]:
    """Add the plan and its items; returns the budget of each line."""
    source = staged.source
    arrived_on = source.arrived_on or source.departed_on
    officer = person("officer", source.office_code)
    plan_id = demo_id(arrived_on, source.reference, "plan")
    lines = [
        (
            demo_id(arrived_on, source.reference, "line", index),
            PlanLine(
                kind=item.kind,
                description=item.description,
                budget=Money(item.budget_minor, EURO),
                returnee_id=None if item.member_index is None else staged.member_ids[item.member_index],
            ),
        )
        for index, item in enumerate(source.items)
    ]
    staged.add(
        "plans",
        {
            "id": plan_id,
            "case_id": staged.id,
            "number": 1,
            "status": "draft",
            "content_digest": digest([plan_content(line_id, line) for line_id, line in lines]),
            "prepared_by": officer,
            "prepared_at": at(arrived_on, 10),
            "version": 1,
        },
    )
    for position, (line_id, line) in enumerate(lines, start=1):
        staged.add(
            "plan_items",
            {
                "id": demo_id(arrived_on, source.reference, "item", position),
                "plan_id": plan_id,
                "case_id": staged.id,
                "line_id": line_id,
                "position": position,
                "returnee_id": line.returnee_id,
                "kind": line.kind,
                "description": line.description,
                "budget_minor": line.budget.amount_minor,
                "currency": EURO,
                "co_investment_minor": 0,
            },
        )
    return {line_id: line.budget.amount_minor for line_id, line in lines}


def stage_payments(staged: StagedCase, fund_id: UUID, rates: FrozenRates) -> list[StagedPayment]:
    """The payments of a case with frozen lines, documents and digests, as drafts."""
    return [_payment(staged, index, payment, fund_id, rates) for index, payment in enumerate(staged.source.payments)]


def supplier_id(office: str, name: str) -> UUID:
    """A supplier's id follows from its office and name."""
    return demo_id(date(2022, 1, 1), "supplier", office, name)


def _payment(staged: StagedCase, index: int, source: SyntheticPayment, fund_id: UUID, rates: FrozenRates) -> StagedPayment:
    case, item = staged.source, staged.rows["plan_items"][source.item_index]
    office = case.office_code or ""
    payment_id = demo_id(source.payment_date, case.reference, "payment", index)
    direct = source.kind == "supplier_direct"
    row: Cells = {
        "id": payment_id,
        "case_id": staged.id,
        "field_office_id": staged.office_id,
        "fund_id": fund_id,
        "kind": source.kind,
        "stream": "reintegration",
        "plan_item_id": item["id"],
        "entitlement_id": None,
        "supplier_id": supplier_id(office, source.supplier_name) if direct else None,
        "invoice_number": source.invoice_number if direct else None,
        "description": item["description"],
        "payment_date": source.payment_date,
        "status": "draft",
        "rate_rule": "PAYMENT_MONTH",
        "prepared_by": person("officer", office),
        "prepared_at": at(source.payment_date, 8),
        "version": 1,
    }
    if direct:
        staged.add(
            "suppliers",
            {
                "id": row["supplier_id"],
                "field_office_id": staged.office_id,
                "name": source.supplier_name,
                "registered_by": row["prepared_by"],
                "registered_at": at(date(2022, 1, 1), 8),
                "version": 1,
            },
        )
    lines = [_line(payment_id, staged.id, position, line, source, rates) for position, line in enumerate(source.lines, start=1)]
    pot = Pot(staged.id, "reintegration", fund_id, UUID(str(item["line_id"])))
    total = sum(int(str(line["euro_minor"])) for line in lines)
    made = StagedPayment(source, row, pot, total, office, lines)
    _documents(staged, made, index)
    requested = [(str(file.row["kind"]), str(file.row["sha256"])) for file in made.request]
    row["content_digest"] = content_digest(row, lines, requested)
    return made


def _line(
    payment_id: UUID, case_id: UUID, position: int, line: tuple[str, int, str], source: SyntheticPayment, rates: FrozenRates
) -> Cells:
    description, amount_minor, currency = line
    frozen = rates[currency, first_of_month(source.payment_date)]
    return {
        "id": demo_id(source.payment_date, payment_id, "line", position),
        "payment_id": payment_id,
        "case_id": case_id,
        "position": position,
        "description": description,
        "amount_minor": amount_minor,
        "currency": currency,
        "minor_digits": minor_digits(currency),
        "rate": frozen.rate,
        "rate_month": frozen.month,
        "rate_source": frozen.source,
        "euro_minor": to_euro(Money(amount_minor, currency), frozen.rate).amount_minor,
    }


def _documents(staged: StagedCase, made: StagedPayment, index: int) -> None:
    source = made.source
    money = [Money(amount, currency) for _, amount, currency in source.lines]
    total = f"{Money(sum(found.amount_minor for found in money), money[0].currency).decimal()} {money[0].currency}"
    texts = [(text, f"{amount.decimal()} {amount.currency}") for (text, _, _), amount in zip(source.lines, money, strict=True)]
    if source.kind == "supplier_direct":
        data = invoice_pdf(
            supplier=source.supplier_name,
            number=source.invoice_number,
            issued_on=source.payment_date.isoformat(),
            customer=made.office,
            lines=texts,
            total=total,
        )
        made.request.append(_file(staged, made, index, "invoice", "application/pdf", data))
        paid = receipt_png([source.supplier_name, source.invoice_number, str(source.payment_date), "PAID", total])
        made.settlement.append(_file(staged, made, index, "proof_of_payment", "image/png", paid))
    else:
        data = receipt_png([source.supplier_name, source.invoice_number, str(source.payment_date), total])
        made.request.append(_file(staged, made, index, "receipt", "image/png", data))


def _file(staged: StagedCase, made: StagedPayment, index: int, kind: str, media_type: str, data: bytes) -> File:
    sha256 = hashlib.sha256(data).hexdigest()
    document_id = demo_id(made.source.payment_date, staged.source.reference, "document", index, kind)
    suffix = media_type.rsplit("/", 1)[-1]
    row: Cells = {
        "id": document_id,
        "case_id": staged.id,
        "field_office_id": staged.office_id,
        "kind": kind,
        "file_name": f"{kind}-{staged.source.reference}-{index + 1}.{suffix}",
        "media_type": media_type,
        "size_bytes": len(data),
        "sha256": sha256,
        "object_key": f"evidence/{staged.id}/{document_id}/{sha256}",
        "status": "pending",
        "uploaded_by": person("officer", made.office),
        "requested_at": at(made.source.payment_date, 7),
        "version": 1,
    }
    return File(row, data)
