"""How a payment is carried from a draft to its end, by whom, and with which papers."""

import asyncio
import hashlib
from collections.abc import Awaitable, Iterable
from typing import Final, TypeVar
from uuid import uuid4

from reintegration.demo.receipts import receipt_png
from tests.operations.walk import Part
from tests.story.payment import BELGIUM, FLOAT, Payment
from tests.story.setting import Hand, Story, money, seen, version_of

T = TypeVar("T")
_AT_ONCE: Final = 4
_REQUEST_PAPERS: Final = {"SUPPLIER_DIRECT": "INVOICE", "REIMBURSEMENT": "RECEIPT", "TRAVEL_DOCUMENT_REFUND": "RECEIPT"}
_OUTCOME_PAPERS: Final = {"SUPPLIER_DIRECT": "PROOF_OF_PAYMENT", "CASH_PREMIUM": "SIGNED_RECEIPT"}


async def together(doing: Iterable[Awaitable[T]]) -> list[T]:
    """Several things at once, as people of an office do them; the server has four connections."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(thing: Awaitable[T]) -> T:
        async with turns:
            return await thing

    return list(await asyncio.gather(*map(one, doing)))


def preparer(story: Story, payment: Payment) -> Hand:
    """Who drafts it: the office, and in Belgium the counsellor."""
    return story.counsellor if payment.source == BELGIUM else story.officer


def releaser(story: Story, payment: Payment) -> Hand:
    """Who lets the money go: the coordinator, and in Belgium finance."""
    return story.finance if payment.source == BELGIUM else story.coordinator


def asked_for(story: Story, payment: Payment) -> dict[str, object]:
    """The input of its draft."""
    target = "entitlementId" if payment.source == BELGIUM else "planItemId"
    asked: dict[str, object] = {
        "caseId": story.ids[payment.family],
        "kind": payment.kind,
        target: story.ids[f"{payment.family} {payment.item if payment.item != 'PREMIUM' else payment.what}"],
        "description": payment.what,
        "paymentDate": story.on(payment.day),
        "lines": [{"description": payment.what, "amount": money(line.amount, payment.currency)} for line in payment.lines],
    }
    if payment.payee:
        asked |= {"supplierId": story.ids[payment.payee], "invoiceNumber": payment.invoice}
    return asked


async def drafted(story: Story, payment: Payment) -> None:
    """A draft with the paper that it is asked for with; a lost connection may have made the draft already."""
    who = preparer(story, payment)
    if str(payment.number) not in story.ids:
        operation = "PremiumDraft" if payment.source == BELGIUM else "PaymentDraft"
        made = (await who.does(operation, **asked_for(story, payment)))["payment"]
        story.ids[str(payment.number)] = made["id"]
    if payment.kind in _REQUEST_PAPERS:
        await paper(story, payment, _REQUEST_PAPERS[payment.kind])


async def paper(story: Story, payment: Payment, kind: str, who: Hand | None = None) -> str:
    """A photo of a paper, sent to the object store and shown with the payment; the document's id."""
    said = [f"{kind} {payment.number:02}", payment.what.upper(), f"{payment.lines[0].amount} {payment.currency}"]
    hand = who or preparer(story, payment)
    return await hand.shows(story.ids[payment.family], story.ids[str(payment.number)], kind, receipt_png(said))


async def now_of(story: Story, payment: Payment) -> Part:
    """The payment as whoever releases it sees it now."""
    return await releaser(story, payment).asks("FieldOfficePayment", id=story.ids[str(payment.number)])


async def approved(story: Story, payment: Payment) -> None:
    """Submitted by who prepared it, and approved by another one; the euro are those of the month's rate."""
    name = {"paymentId": story.ids[str(payment.number)]}
    asked = await preparer(story, payment).does("PaymentSubmit", **name, expectedVersion=1)
    assert asked["payment"]["total"] == money(payment.euro), payment.number
    approver = story.programme if payment.source == BELGIUM else story.approver
    found = await approver.asks("FieldOfficePayment", id=name["paymentId"])
    euros = [(line["amount"], line["euro"]) for line in found["lines"]]
    assert euros == [(money(line.amount, payment.currency), money(line.euro)) for line in payment.lines], payment.number
    await approver.does("PaymentApprove", **name, **seen(found))


async def released(story: Story, payment: Payment) -> None:
    """Let go by a third person, out of the office's float or not."""
    asked = {"paymentId": story.ids[str(payment.number)], **seen(await now_of(story, payment))}
    from_float = {"fromFloat": True} if payment.source in FLOAT else {}
    await releaser(story, payment).does("PaymentRelease", **asked, **from_float)


async def confirmed(story: Story, payment: Payment, **more: object) -> None:
    """Paid on its day, with the proof that its kind needs."""
    if payment.kind in _OUTCOME_PAPERS:
        await paper(story, payment, _OUTCOME_PAPERS[payment.kind])
    who = story.finance if payment.source == BELGIUM else story.officer
    asked = {"paymentId": story.ids[str(payment.number)], **version_of(await now_of(story, payment))}
    paid = await who.does("PaymentConfirm", **asked, paidOn=story.on(payment.day), reference=f"REF-{payment.number:02}", **more)
    assert paid["payment"]["status"] == "PAID"


async def carried(story: Story, payment: Payment) -> None:
    """From the draft to the end, one step after the other."""
    for step in (drafted, approved, released, confirmed):
        await step(story, payment)


async def sent_file(who: Hand, announced: Part, data: bytes) -> Part:
    """A bank's file, sent to where the announcement said; the file."""
    await who.puts(announced["upload"], data)
    found: Part = announced["statementFile"]
    return found


def digest_of(data: bytes) -> str:
    """SHA-256, as a client announces it."""
    return hashlib.sha256(data).hexdigest()


def a_key() -> str:
    """An idempotency key of one intention."""
    return str(uuid4())
