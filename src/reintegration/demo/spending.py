"""Invented money: the ceiling of a case, the items that divide it, the payments that use them.

A ceiling is 1,000 to 2,500 EUR for each adult (the range published for Brazil, domain.md 3.1) and half of that for each child;
both the drawn value and the half are invented. Each payment's lines, converted one by one at the rate of the payment's month,
stay within the budget of their item.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from reintegration.demo.draw import Draw
from reintegration.demo.households import age_on, is_minor
from reintegration.demo.names import plan_texts, supplier_name
from reintegration.demo.values import (
    CloseReason,
    OfficeSlot,
    Outcome,
    PaymentKind,
    Rates,
    SyntheticItem,
    SyntheticMember,
    SyntheticPayment,
)
from reintegration.kernel.clock import add_months

LAST_PAYMENT_DAY: Final = date(2024, 12, 31)
"""The last day for which amif.md 6.4 has a rate."""

MONTHS_TO_USE_BUDGET: Final = 12
_FIRST_PAYMENT_AFTER_DAYS: Final = 20
_FIRST_WEEKEND_DAY: Final = 5
_PAID_IN_EURO: Final = frozenset({"AL", "BA", "CM", "MA", "MD", "ME", "MK", "RS", "SN", "TN", "UA", "XK"})
_ITEM_STEP_MINOR: Final = 1000
_SCHOOL_AGE: Final = 5
_WORKING_AGE: Final = 65

_PAYMENTS: Final = ((1, 740), (2, 210), (3, 50))
_LINES: Final = ((1, 660), (2, 270), (3, 70))
_HOUSEHOLD_KINDS: Final = (
    ("micro_business", 34),
    ("housing_rent", 14),
    ("housing_renovation", 14),
    ("furnishing", 10),
    ("agriculture_livestock", 8),
    ("basic_needs", 8),
)
_WORK_KINDS: Final = (("vocational_training", 60), ("job_placement", 40))
_OUTCOMES: Final[tuple[tuple[Outcome, int], ...]] = (
    ("paid", 950),
    ("unconfirmed", 10),
    ("failed", 12),
    ("reversed", 10),
    ("draft", 6),
    ("submitted", 6),
    ("approved", 6),
)
_UNDECIDED: Final = frozenset({"unconfirmed", "draft", "submitted", "approved"})
_EARLY_ENDS: Final[tuple[tuple[CloseReason | None, int], ...]] = (
    (None, 970),
    ("lost_contact", 15),
    ("re_migrated", 9),
    ("returned_to_belgium", 4),
    ("deceased", 2),
)


@dataclass(frozen=True, slots=True)
class Spending:
    """The money of one supported case."""

    ceiling_minor: int
    items: tuple[SyntheticItem, ...]
    payments: tuple[SyntheticPayment, ...]
    closed_on: date | None
    close_reason: CloseReason | None


def ceiling_minor(draw: Draw, members: Sequence[SyntheticMember], departed_on: date) -> int:
    """The granted ceiling in euro cents: one drawn value for each adult, half of it for each person under 18."""
    adult_minor = draw.between(10, 25) * 10_000
    children = sum(is_minor(member, departed_on) for member in members)
    return (len(members) - children) * adult_minor + children * adult_minor // 2


def _personal_kinds(draw: Draw, members: Sequence[SyntheticMember], day: date) -> list[tuple[str, int]]:
    """Items that belong to one person of the household: care, school, work."""
    kinds: list[tuple[str, int]] = []
    for index, member in enumerate(members):
        age = age_on(member.birth_date, day)
        if {"complex_medical", "pregnant"} & set(member.vulnerabilities):
            kinds.append(("medical", index))
        if is_minor(member, day) and age >= _SCHOOL_AGE and draw.chance(500):
            kinds.append(("schooling_child", index))
        if not is_minor(member, day) and age < _WORKING_AGE and draw.chance(180):
            kinds.append((draw.weighted(_WORK_KINDS), index))
    return kinds


def _items(draw: Draw, members: Sequence[SyntheticMember], day: date, ceiling: int, count: int) -> tuple[SyntheticItem, ...]:
    """`count` items whose budgets, in steps of 10 EUR, sum to 85 to 100 % of `ceiling`."""
    chosen: list[tuple[str, int | None]] = [*_personal_kinds(draw, members, day)[:count]]
    while len(chosen) < count:
        kind = draw.weighted(_HOUSEHOLD_KINDS)
        if (kind, None) not in chosen:
            chosen.append((kind, None))
    planned = ceiling * draw.between(85, 100) // 100
    budgets = [share // _ITEM_STEP_MINOR * _ITEM_STEP_MINOR for share in draw.split(planned, count)]
    return tuple(
        SyntheticItem(kind, member_index, draw.pick(plan_texts()[kind][0]), budget)
        for (kind, member_index), budget in zip(chosen, budgets, strict=True)
    )


def _currency(office: OfficeSlot) -> str:
    """The currency that `office` pays in here: BRL in Brazil, EUR near the Union and in the CFA zone, else USD.

    Raises:
        ValueError: the office pays in none of BRL, USD and EUR.
    """
    wanted = ("EUR", "USD") if office.country_code in _PAID_IN_EURO else ("BRL", "USD", "EUR")
    for currency in wanted:
        if currency in office.currencies:
            return currency
    raise ValueError(f"office {office.code} pays in none of {', '.join(wanted)}")


def _payment_dates(draw: Draw, arrived_on: date, count: int) -> list[date]:
    """`count` working days in order, from about three weeks after arrival to the end of the twelve months."""
    last = min(add_months(arrived_on, MONTHS_TO_USE_BUDGET), LAST_PAYMENT_DAY)
    span = (last - arrived_on).days
    days = sorted(arrived_on + timedelta(days=draw.between(_FIRST_PAYMENT_AFTER_DAYS, span)) for _ in range(count))
    return [day - timedelta(days=max(0, day.weekday() - _FIRST_WEEKEND_DAY + 1)) for day in days]


def _local_minor(draw: Draw, euro_minor: int, rate: str) -> int:
    """At most `euro_minor` in the currency of `rate`, down to 5 cents or whole units (BRL, USD and EUR have two decimals)."""
    amount = int(Decimal(euro_minor) * Decimal(rate))
    step = 100 if draw.chance(500) else 5
    return amount // step * step


class Bookkeeper:
    """Makes the money of one case after another; it keeps the running number that makes every invoice number unique."""

    __slots__ = ("_draw", "_rates", "_serial")

    def __init__(self, draw: Draw, rates: Rates) -> None:
        self._draw = draw
        self._rates = rates
        self._serial = 0

    def spend(self, members: Sequence[SyntheticMember], office: OfficeSlot, departed_on: date, arrived_on: date) -> Spending:
        """Grant, plan and pay one case.

        Raises:
            ValueError: `office` pays in no currency that has a rate.
            KeyError: a month of 2022 to 2024 has no rate.
        """
        draw = self._draw
        ceiling = ceiling_minor(draw, members, departed_on)
        count = draw.weighted(_PAYMENTS)
        item_count = min(3, draw.between(1, count) + (1 if draw.chance(80) else 0))
        items = _items(draw, members, departed_on, ceiling, item_count)
        dates = _payment_dates(draw, arrived_on, count)
        shares = self._shares(items, count)
        payments = tuple(
            self._payment(index % item_count, items[index % item_count].kind, office, day, euro_minor)
            for index, (day, euro_minor) in enumerate(zip(dates, shares, strict=True))
        )
        closed_on, reason = self._closure(payments, item_count, arrived_on)
        return Spending(ceiling, items, payments, closed_on, reason)

    def _shares(self, items: Sequence[SyntheticItem], count: int) -> list[int]:
        """What each of `count` payments may cost in euro cents: 92 to 100 % of its item, with the item's others."""
        shares = [0] * count
        for item_index, item in enumerate(items):
            mine = range(item_index, count, len(items))
            if not mine:
                continue
            usable = item.budget_minor * self._draw.between(92, 100) // 100
            for index, share in zip(mine, self._draw.split(usable, len(mine)), strict=True):
                shares[index] = share
        return shares

    def _payment(self, item_index: int, kind: str, office: OfficeSlot, day: date, euro_minor: int) -> SyntheticPayment:
        draw = self._draw
        currency = _currency(office)
        rate = "1" if currency == "EUR" else self._rates[f"{day:%Y-%m}", currency]
        texts = draw.shuffled(plan_texts()[kind][1])
        shares = draw.split(euro_minor, draw.weighted(_LINES))
        lines = tuple((text, _local_minor(draw, share, rate), currency) for text, share in zip(texts, shares, strict=False))
        payment_kind: PaymentKind = "supplier_direct" if draw.chance(880) else "reimbursement"
        self._serial += 1
        return SyntheticPayment(
            item_index=item_index,
            kind=payment_kind,
            supplier_name=supplier_name(draw, office.country_code),
            invoice_number=f"{draw.between(100, 999)}/{day.year}/{self._serial:05d}",
            payment_date=day,
            lines=lines,
            outcome=draw.weighted(_OUTCOMES),
        )

    def _closure(
        self, payments: Sequence[SyntheticPayment], item_count: int, arrived_on: date
    ) -> tuple[date | None, CloseReason | None]:
        """When and why the case ends; a payment without an end keeps it open."""
        outcomes = {payment.outcome for payment in payments}
        if outcomes & _UNDECIDED:
            return None, None
        last = payments[-1].payment_date
        early = self._draw.weighted(_EARLY_ENDS)
        if early is not None:
            return last + timedelta(days=self._draw.between(30, 90)), early
        if outcomes == {"paid"} and len(payments) >= item_count:
            return last + timedelta(days=self._draw.between(14, 45)), "completed"
        return add_months(arrived_on, MONTHS_TO_USE_BUDGET) + timedelta(days=14), "partially_used_expired"
