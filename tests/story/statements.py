"""What the banks say: files are imported, lines explained, a typing error is found, and what nobody knows stays in suspense."""

from collections.abc import Sequence
from typing import Final

from tests.operations.walk import Part
from tests.story.bank_files import (
    BANK_FIRST,
    BANK_SECOND,
    EURO_ACCOUNT,
    WALLET_FIRST,
    WALLET_SECOND,
    Booking,
    bank_csv,
    euro_camt,
    wallet_csv,
)
from tests.story.carrying import carried, confirmed, digest_of, now_of, sent_file
from tests.story.forty import PAYMENTS
from tests.story.setting import Story, money, version_of

_DIGITS: Final = {"IQD": 3, "EUR": 2}


async def imported(story: Story, account: str, data: bytes, *, form: str = "CSV") -> Part:
    """A file on its way to the account, and what the answer says of the account then."""
    officer = story.officer
    said = {"accountId": story.ids[account], "format": form, "fileName": f"{account}.{form.lower()}"}
    told = await officer.does("StatementRequestUpload", **said, sizeBytes=len(data), sha256=digest_of(data))
    file = await sent_file(officer, told, data)
    done = await officer.does("StatementImport", fileId=file["id"], **version_of(file))
    found: Part = done["statementFile"]["account"]
    return found


async def the_first_half(story: Story) -> None:
    """The dinars and the mobile money until the 15th: every line is explained, and one of them is not what people wrote."""
    bank = await imported(story, "bank", bank_csv(story, 250_000, BANK_FIRST))
    assert (bank["balance"], bank["suspenseLines"]) == (money("1212000.000", "IQD"), len(BANK_FIRST))
    wallet = await imported(story, "wallet", wallet_csv(story, 0, WALLET_FIRST))
    assert (wallet["balance"], wallet["suspenseLines"]) == (money("380238.000", "IQD"), len(WALLET_FIRST))
    await a_file_comes_twice(story)
    await explain(story, "bank", [line for line in BANK_FIRST if line.of != "typo"], "IQD")
    await explain(story, "wallet", [line for line in WALLET_FIRST if line.of != "29"], "IQD")
    await the_clothes_were_paid(story)
    await the_typo(story)


async def a_file_comes_twice(story: Story) -> None:
    """The same bytes again: nothing is announced. Half of it as another file: it doesn't follow."""
    data = bank_csv(story, 250_000, BANK_FIRST)
    said = {"accountId": story.ids["bank"], "format": "CSV", "fileName": "again.csv", "sizeBytes": len(data)}
    await story.officer.refused("StatementRequestUpload", "STATEMENT_KNOWN", **said, sha256=digest_of(data))
    half = bank_csv(story, 250_000, BANK_FIRST[:6])
    asked = {**said, "sizeBytes": len(half), "sha256": digest_of(half)}
    file = await sent_file(story.officer, await story.officer.does("StatementRequestUpload", **asked), half)
    await story.officer.refused("StatementImport", "STATEMENT_GAP", fileId=file["id"], **version_of(file))


async def the_clothes_were_paid(story: Story) -> None:
    """The second transfer that nobody knew of: the wallet's statement has it, so it is confirmed, and matched."""
    await confirmed(story, PAYMENTS[29])
    await explain(story, "wallet", [line for line in WALLET_FIRST if line.of == "29"], "IQD")


async def the_typo(story: Story) -> None:
    """The bank paid the invoice's 385,000; somebody had typed 358,000. That one is reversed, the right one made anew."""
    officer, lining = story.officer, PAYMENTS[12]
    (line,) = await suspense(story, "bank")
    assert line["amount"] == money("-385000.000", "IQD")
    # The suggestion is not the amount: it is the day that it shares.
    suggested = await officer.asks_list("StatementSuggestions", line=line["id"])
    wrong = next(one for one in suggested if one["recordId"] == story.ids["12"])
    assert wrong["rest"] == money("-358000.000", "IQD")
    assert "amount" not in {reason["criterion"] for reason in wrong["reasons"]}
    record = {"kind": "PAYMENT", "recordId": story.ids["12"]}
    typed = {"lineIds": [line["id"]], "records": [{**record, "amount": wrong["rest"]}]}
    await officer.refused("StatementMatch", "MATCH_UNBALANCED", **typed)
    whole = {"lineIds": [line["id"]], "records": [{**record, "amount": line["amount"]}]}
    await officer.refused("StatementMatch", "RECORD_MATCHED", **whole)
    back = {"paymentId": story.ids["12"], **version_of(await now_of(story, lining))}
    await officer.refused("PaymentReverse", "FORBIDDEN", **back, reason="Typed 358,000")
    done = await story.coordinator.does("PaymentReverse", **back, reason="Typed 358,000 for the invoice's 385,000")
    assert done["payment"]["status"] == "REVERSED"
    await carried(story, PAYMENTS[40])
    match = {"lineIds": [line["id"]], "records": [{"kind": "PAYMENT", "recordId": story.ids["40"], "amount": line["amount"]}]}
    await officer.does("StatementMatch", **match)
    reverse = {"paymentId": story.ids["40"], **version_of(await now_of(story, PAYMENTS[40])), "reason": "Too much"}
    await story.coordinator.refused("PaymentReverse", "PAYMENT_MATCHED", **reverse)


async def the_second_half(story: Story) -> None:
    """The rest of the month, and the euro account's camt.053; 25,000 dinars on the 18th are nobody's."""
    await imported(story, "bank", bank_csv(story, 1_212_000, BANK_SECOND))
    await imported(story, "wallet", wallet_csv(story, 380_238, WALLET_SECOND))
    camt = euro_camt(story, EURO_ACCOUNT)
    euro = await imported(story, "euro account", camt, form="CAMT053")
    assert (euro["balance"], euro["suspenseLines"]) == (money("0.00"), len(EURO_ACCOUNT))
    said = {"accountId": story.ids["euro account"], "format": "CAMT053", "fileName": "again.xml", "sizeBytes": len(camt)}
    await story.officer.refused("StatementRequestUpload", "STATEMENT_KNOWN", **said, sha256=digest_of(camt))
    await explain(story, "bank", [line for line in BANK_SECOND if line.of not in {"nobody", "return in IQD"}], "IQD")
    await the_return_less_a_charge(story)
    await explain(story, "wallet", WALLET_SECOND, "IQD")
    await explain(story, "euro account", EURO_ACCOUNT, "EUR")
    (nobodys,) = await suspense(story, "bank")
    assert nobodys["amount"] == money("25000.000", "IQD")
    assert await story.officer.asks_list("StatementSuggestions", line=nobodys["id"]) == []


async def the_return_less_a_charge(story: Story) -> None:
    """1,076,238 left the float; the bank kept 12,000 and passed on 1,064,238: two lines that one record explains."""
    lines = [line["id"] for line in await suspense(story, "bank") if line["amount"]["amount"] in {"-12000.000", "-1064238.000"}]
    whole = {"kind": "RETURN_SENT", "recordId": story.ids["return in IQD"], "amount": money("-1076238.000", "IQD")}
    await story.officer.does("StatementMatch", lineIds=lines, records=[whole])


async def suspense(story: Story, account: str) -> list[Part]:
    """The lines that nothing explains yet."""
    page = await story.officer.asks("Suspense", account=story.ids[account])
    assert page["totalCount"] == len(page["edges"])
    return [edge["node"] for edge in page["edges"]]


async def explain(story: Story, account: str, bookings: Sequence[Booking], currency: str) -> None:
    """Say for each of these lines what it is; where a payment is, it is the first suggestion."""
    found = {(line["bookedOn"], line["amount"]["amount"]): line for line in await suspense(story, account)}
    for booking in bookings:
        amount = f"{booking.amount}.{'0' * _DIGITS[currency]}"
        line = found[story.on(booking.day), amount]
        if booking.of in story.ids and booking.of.isdigit():
            best = (await story.officer.asks_list("StatementSuggestions", line=line["id"]))[0]
            assert (best["kind"], best["recordId"]) == ("PAYMENT", story.ids[booking.of]), booking
        record = {**_record(story, booking), "amount": money(amount, currency)}
        await story.officer.does("StatementMatch", lineIds=[line["id"]], records=[record])


def _record(story: Story, booking: Booking) -> dict[str, object]:
    if booking.of == "own transfer":
        return {"kind": "OWN_TRANSFER", "note": "Between the bank and mobile money"}
    kinds = {"advance": "ADVANCE_RECEIVED", "return": "RETURN_SENT", "refund": "PAYMENT_REFUND"}
    return {"kind": kinds.get(booking.of.split(" ", maxsplit=1)[0], "PAYMENT"), "recordId": story.ids[booking.of]}
