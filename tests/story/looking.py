"""What everybody sees at the end of a chapter, asked for over the same API, and compared with the figures."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from tests.operations.walk import Part
from tests.story.carrying import together
from tests.story.figures import GRANTED, STANDING, Budget, Standing, families_after
from tests.story.forty import FORTY
from tests.story.payment import FLOAT
from tests.story.setting import Story

_ACCOUNTS: Final = ("bank", "wallet", "euro account")


async def the_figures_hold(story: Story, chapter: str) -> None:
    """Every family, the fund, what is held in each currency, gains and losses, and what nobody explains."""
    families = await budgets(story)
    assert {family: budget for family, (budget, _) in families.items()} == families_after(chapter), chapter
    found = await standing(story, [budget for _, budget in families.values()])
    different = {
        name: (getattr(STANDING[chapter], name), getattr(found, name))
        for name in Standing.__dataclass_fields__
        if getattr(STANDING[chapter], name) != getattr(found, name)
    }
    assert different == {}, f"{chapter}: by hand, and found"


async def budgets(story: Story) -> dict[str, tuple[Budget, list[Part]]]:
    """The reintegration budget of each family that there is, and its balances of all streams."""
    names = [family for family in GRANTED if family in story.ids]
    cases = await together(story.officer.asks("FieldOfficeCase", id=story.ids[family]) for family in names)
    found = {}
    for family, case in zip(names, cases, strict=True):
        (one,) = [balance for balance in case["balances"] if balance["stream"] == "REINTEGRATION"]
        budget = Budget(*(one[name]["amount"] for name in ("spent", "reserved", "available")))
        found[family] = (budget, case["balances"])
    return found


async def standing(story: Story, balances: list[list[Part]]) -> Standing:
    """Everything that isn't one family's."""
    every = [one for case in balances for one in case]
    budget = [one for one in every if one["stream"] == "REINTEGRATION"]
    granted, spent, reserved, available = (
        total(one[name]["amount"] for one in budget) for name in ("granted", "spent", "reserved", "available")
    )
    held = await advances(story)
    accounts = {name: await account(story, name) for name in _ACCOUNTS if name in story.ids}
    bank = accounts["bank"]
    nothing_else = [found["suspenseLines"] for name, found in accounts.items() if name != "bank"]
    assert not any(nothing_else), "only the bank has lines that nobody explains"
    office = {name: held.get(name, ("0", "0")) for name in ("IQD", "USD", "EUR", "partner")}
    return Standing(
        granted=granted,
        spent=spent,
        reserved=reserved,
        available=available,
        returned=str(Decimal(granted) - Decimal(spent) - Decimal(reserved) - Decimal(available)),
        premiums=total(one["spent"]["amount"] for one in every if one["stream"] != "REINTEGRATION"),
        dinars=office["IQD"][0],
        dinars_cost=office["IQD"][1],
        dollars=office["USD"][0],
        dollars_cost=office["USD"][1],
        euros=office["EUR"][0],
        partner=office["partner"][0],
        outstanding=total(cost for _, cost in office.values()),
        difference=await difference(story),
        bank=bank["balance"]["amount"],
        wallet=accounts["wallet"]["balance"]["amount"],
        euro_account=accounts["euro account"]["balance"]["amount"],
        suspense=bank["suspense"]["amount"],
    )


async def advances(story: Story) -> dict[str, tuple[str, str]]:
    """What is left of each advance and what that has cost: the office's by currency, and the partner's own."""
    page = await story.finance.asks("Advances")
    assert page["totalCount"] == 4
    return {
        "partner" if one["office"] is None else one["held"]["currency"]: (one["held"]["amount"], one["heldCost"]["amount"])
        for one in (edge["node"] for edge in page["edges"])
    }


async def account(story: Story, name: str) -> Part:
    """What the bank says."""
    return await story.officer.asks("BankAccount", id=story.ids[name])


async def difference(story: Story) -> str:
    """Gains and losses of exchange, from each payment out of the float and each advance; a loss is positive."""
    drawn = {story.ids[str(one.number)] for one in FORTY if one.source in FLOAT and str(one.number) in story.ids}
    page = await story.finance.asks("FinancePayments")
    assert page["totalCount"] == len(page["edges"])
    versions = {edge["node"]["id"]: edge["node"]["version"] for edge in page["edges"] if edge["node"]["id"] in drawn}
    moved = [payment for payment, version in versions.items() if story.differences.get(payment, (0, ""))[0] != version]
    for found in await together(story.auditor.asks("AuditorPayment", id=payment) for payment in moved):
        story.differences[found["id"]] = (versions[found["id"]], _differing(found["cashTransactions"]))
    sent = await story.auditor.asks("AuditorAdvance", id=story.ids["advance of the partner"])
    of_advances = _differing([edge["node"]["transaction"] for edge in sent["postings"]["edges"]])
    return total([of_advances, *(found for _, found in story.differences.values())])


def _differing(entries: Iterable[Part]) -> str:
    postings = [one for entry in entries for one in entry["postings"]]
    return total(one["cost"]["amount"] for one in postings if one["account"]["kind"] == "DIFFERENCE")


def total(amounts: Iterable[str]) -> str:
    """A sum of amounts in euro."""
    return str(sum(map(Decimal, amounts), Decimal("0.00")))
