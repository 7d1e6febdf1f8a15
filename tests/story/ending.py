"""The end of the month: a budget expires, the advances are settled, the month is closed, and something becomes known late."""

from reintegration.commands.clock import Tick, tick
from reintegration.kernel.clock import add_months
from tests.operations.walk import Part
from tests.story.carrying import confirmed
from tests.story.figures import CLOSED_SPENT, CLOSED_TRANSACTIONS
from tests.story.forty import PAYMENTS
from tests.story.setting import Story, money, version_of
from tests.story.statements import suspense


async def a_budget_expires(story: Story) -> None:
    """Sara's twelve months ended on the 20th. The worker's hourly job gives back what is left, once, and closes the draft."""
    work = story.server.resources.stores.unit_of_work
    first = await tick(work)
    assert (first.expired, first.released_minor, first.drafts_cancelled, first.failed) == (1, 117_960, 1, 0)
    assert await tick(work) == Tick()
    draft = await story.officer.asks("FieldOfficePayment", id=story.ids["39"])
    assert draft["status"] == "CANCELLED"
    late = {"paymentId": story.ids["39"], **version_of(draft)}
    await story.officer.refused("PaymentSubmit", "TRANSITION_NOT_ALLOWED", **late)


async def the_advances_are_settled(story: Story) -> None:
    """What is left goes back, euro come of it, and each advance is settled at zero by somebody who did not receive it."""
    coordinator, finance = story.coordinator, story.finance
    dinars = await _advance(story, "advance in IQD")
    settle = {"advanceId": dinars["id"], **version_of(dinars)}
    await coordinator.refused("AdvanceSettle", "ADVANCE_NOT_AT_ZERO", **settle)
    # 1,064,238 after the bank's charge are sold for 699.40
    for amount, currency, arrived in (("1076238.000", "IQD", "699.40"), ("43.64", "USD", "37.20"), ("150.00", "EUR", "150.00")):
        await _sent_back(story, currency, amount, arrived)
        advance = await _advance(story, f"advance in {currency}")
        settled = (await coordinator.does("AdvanceSettle", advanceId=advance["id"], **version_of(advance)))["advance"]
        assert (settled["held"], settled["heldCost"]) == (
            money("0.000" if currency == "IQD" else "0.00", currency),
            money("0.00"),
        )
    # 1,000 + 699.40 + 37.20 + 150
    partner = await _advance(story, "advance of the partner")
    assert partner["held"] == money("1886.60")
    said = {"advanceId": partner["id"], "amount": partner["held"], "sentOn": story.on(27), "reference": "IOM-BACK"}
    back = (await coordinator.does("AdvanceReturnSend", **said))["advanceReturn"]
    early = {"advanceId": partner["id"], **version_of(partner)}
    await finance.refused("AdvanceSettle", "ADVANCE_NOT_AT_ZERO", **early)
    came = {"returnId": back["id"], **version_of(back), "amount": money("1886.60"), "receivedOn": story.on(28)}
    await finance.does("AdvanceReturnReceive", **came)
    partner = await _advance(story, "advance of the partner")
    await finance.does("AdvanceSettle", advanceId=partner["id"], **version_of(partner))
    assert await finance.asks_list("AdvanceAgeing") == []


async def _sent_back(story: Story, currency: str, amount: str, arrived: str) -> None:
    said = {"advanceId": story.ids[f"advance in {currency}"], "amount": money(amount, currency), "sentOn": story.on(26)}
    back = (await story.officer.does("AdvanceReturnSend", **said, reference=f"BACK-{currency}"))["advanceReturn"]
    story.ids[f"return in {currency}"] = back["id"]
    came = {"returnId": back["id"], **version_of(back), "amount": money(arrived), "receivedOn": story.on(27)}
    await story.coordinator.does("AdvanceReturnReceive", **came)


async def _advance(story: Story, name: str) -> Part:
    page = await story.finance.asks("Advances")
    return next(edge["node"] for edge in page["edges"] if edge["node"]["id"] == story.ids[name])


async def the_month_is_closed(story: Story) -> None:
    """Refused while a line is nobody's; the office explains it, it stays open, and the month closes and never changes again."""
    finance = story.finance
    close = {"fundId": story.ids["fund"], "month": story.month.isoformat()}
    refused = await finance.refused("PeriodClose", "PERIOD_UNEXPLAINED", **close)
    assert (refused["payments"], refused["lines"]) == (0, 1)
    (line,) = await suspense(story, "bank")
    open_items = await story.officer.asks_list("OpenItems", fund=story.ids["fund"], month=story.month.isoformat())
    assert open_items == [{"paymentId": None, "statementLineId": line["id"]}]
    why = {"statementLineId": line["id"], "month": story.month.isoformat(), "reason": "The bank is asked whose 25,000 these are"}
    await finance.refused("PeriodClose", "PERIOD_NOT_OVER", **{**close, "month": add_months(story.month, 1).isoformat()})
    await story.officer.does("OpenItemExplain", **why)
    closed = (await finance.does("PeriodClose", **close))["periodClose"]
    assert (closed["transactions"], closed["spent"], closed["corrections"]) == (CLOSED_TRANSACTIONS, money(CLOSED_SPENT), 0)
    await finance.refused("PeriodClose", "PERIOD_ORDER", **close)
    story.ids["close"], story.ids["digest"] = closed["id"], closed["digest"]


async def something_becomes_known(story: Story) -> None:
    """The kitchen was paid on the 26th; the proof comes now. It counts in the next month, and names the one that it corrects."""
    kitchen = PAYMENTS[37]
    await confirmed(story, kitchen)
    (line,) = await suspense(story, "bank")
    said = {"kind": "OTHER", "amount": line["amount"], "note": "Paid in by the landlord: the deposit of the office"}
    await story.officer.does("StatementMatch", lineIds=[line["id"]], records=[said])
    assert await suspense(story, "bank") == []
    shown = await story.auditor.asks("AuditorPayment", id=story.ids["37"])
    entries = {entry["kind"]: entry for entry in shown["postings"]}
    spent = entries["PAYMENT_SPENT"]
    corrected = {"corrects": story.month.isoformat(), "month": add_months(story.month, 1).isoformat()}
    assert (spent["effectiveOn"], spent["corrections"]) == (story.on(26), [corrected])
    assert entries["PAYMENT_RESERVED"]["corrections"] == []
