"""The tables of schema/operations/a-month.md, made from the story's figures. WRITE_STORY=1 with test_page.py writes them anew."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from reintegration.app import OPERATIONS
from tests.story import bank_files
from tests.story.bank_files import Booking
from tests.story.figures import BUDGETS, GRANTED, LEDGER, STANDING, Standing, families_after
from tests.story.forty import FORTY, RATES

PAGE: Final = OPERATIONS / "a-month.md"
LINK: Final = re.compile(r"\[(\w+)\]\(([\w/-]+\.graphql)\)")
CODE: Final = re.compile(r"`([A-Z]+(?:_[A-Z]+)+|FORBIDDEN)`")
_MARKED: Final = re.compile(r"<!-- figures: ([\w -]+) -->\n.*?<!-- end -->", re.DOTALL)
_NOTHING: Final = Standing(
    dinars="0.000",
    dinars_cost="0.00",
    dollars="0.00",
    dollars_cost="0.00",
    euros="0.00",
    partner="0.00",
    outstanding="0.00",
    bank="0.000",
)
_LABELS: Final = {
    "granted": "Budgets granted, EUR",
    "spent": "Budgets: spent, EUR",
    "reserved": "Budgets: reserved, EUR",
    "available": "Budgets: available, EUR",
    "returned": "Budgets: back in the fund, EUR",
    "premiums": "Premiums and travel documents: spent, EUR",
    "dinars": "The office holds, IQD",
    "dinars_cost": "… which have cost, EUR",
    "dollars": "The office holds, USD",
    "dollars_cost": "… which have cost, EUR",
    "euros": "The office holds, EUR",
    "partner": "IOM in Brussels holds, EUR",
    "outstanding": "Advances outstanding, at cost, EUR",
    "difference": "Exchange: loss, or gain (below zero), EUR",
    "bank": "The bank says, IQD",
    "wallet": "Mobile money says, IQD",
    "euro_account": "The euro account says, EUR",
    "suspense": "In suspense at the bank, IQD",
}
_SAID: Final = {
    "return in IQD": "the return of the dinars",
    "return in EUR": "the return of the euro",
    "advance in IQD": "the advance in dinars",
    "advance in EUR": "the advance in euro",
    "refund": "the farm's refund (15)",
    "own transfer": "own transfer",
    "nobody": "nobody, until the month is closed",
    "typo": "40, once 12 is reversed",
}
Row = tuple[str, ...]


def written(text: str) -> str:
    """The page with the tables that the figures give.

    Raises:
        KeyError: it has a table that is none of the story's.
    """
    tables = dict(_tables())
    return _MARKED.sub(lambda found: f"<!-- figures: {found[1]} -->\n{tables[found[1]]}\n<!-- end -->", text)


def shown(amount: str) -> str:
    """As people read it: thousands apart, and no decimals of dinars."""
    whole, _, decimals = amount.partition(".")
    grouped = f"{int(whole):,}" if whole != "-0" else "-0"
    return grouped if decimals == "000" else f"{grouped}.{decimals}"


def _tables() -> Iterator[tuple[str, str]]:
    yield "rates", _table(("currency", "1 EUR is"), ((code, rate) for code, rate in RATES.items()))
    yield "families", _table(("family", "granted, EUR", "plan, EUR"), _families())
    yield (
        "forty",
        _table(
            ("no", "family", "what", "paid to", "out of", "day", "amount", "EUR at the month's rate", "EUR it had cost", "ends"),
            _forty(),
        ),
    )
    before = "nothing"
    for chapter in STANDING:
        yield f"after {chapter}", _table(("", "before", "after"), _changes(before, chapter))
        before = chapter
    for name in ("BANK_FIRST", "BANK_SECOND", "WALLET_FIRST", "WALLET_SECOND", "EURO_ACCOUNT"):
        bookings: tuple[Booking, ...] = getattr(bank_files, name)
        yield name.lower().replace("_", " "), _table(("day", "amount", "explained by"), _booked(bookings))
    yield (
        "ledger",
        _table(("column", "currency", "sum"), ((f"`{name}`", code, shown(amount)) for (name, code), amount in LEDGER.items())),
    )


def _families() -> Iterator[Row]:
    for family, granted in GRANTED.items():
        items = ", ".join(f"{kind.replace('_', ' ').lower()} {shown(budget)}" for kind, budget in BUDGETS[family].items())
        yield family, shown(granted), items


def _forty() -> Iterator[Row]:
    for one in FORTY:
        amount = " + ".join(shown(line.amount) for line in one.lines) + f" {one.currency}"
        payee = one.payee or ("the returnee" if one.source != "Belgium" else "the returnee, in cash")
        yield (
            str(one.number),
            one.family,
            one.what,
            payee,
            one.source,
            str(one.day),
            amount,
            shown(one.euro),
            one.cost and shown(one.cost),
            one.ends.lower(),
        )


def _changes(before: str, after: str) -> Iterator[Row]:
    old, new = STANDING.get(before, _NOTHING), STANDING[after]
    for name, label in _LABELS.items():
        if getattr(old, name) != getattr(new, name):
            yield label, shown(getattr(old, name)), shown(getattr(new, name))
    had = families_after(before) if before in STANDING else {}
    for family, budget in families_after(after).items():
        if had.get(family) != budget:
            was = had.get(family)
            yield f"{family}: spent, reserved, available", (was and _budget(was)) or "", _budget(budget)
    if old == new:
        yield "nothing", "", ""


def _budget(budget: object) -> str:
    return ", ".join(shown(str(getattr(budget, name))) for name in ("spent", "reserved", "available"))


def _booked(bookings: Iterable[Booking]) -> Iterator[Row]:
    for one in bookings:
        yield str(one.day), f"{one.amount:,}", _SAID.get(one.of, one.of)


def _table(heading: Row, rows: Iterable[Row]) -> str:
    lines = [heading, tuple("---" for _ in heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def linked(text: str) -> dict[str, Path]:
    """The operations that the page names, and the files that it says they are in."""
    return {name: OPERATIONS / path for name, path in LINK.findall(text)}
